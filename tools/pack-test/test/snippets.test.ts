import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { runShell, runTypescript } from '../src/run-snippets.mjs';
import { snippetsOf } from '../src/snippets.mjs';

const DOCUMENT = [
  '# Title', '```ts', 'not run', '```', '```ts run', 'console.log(1);', '```', 'It prints', '```text output', '1', '```',
  '```sh run', 'true', '```', '- in a list', '  ```ts run file=plugin.ts', '  export const x = `', '  ```;', '  ```', '````md', '```ts run', 'quoted', '```', '````', '```text output', 'stray', '```',
].join('\n');

it('takes the blocks that are marked, with their line, name and expected output', () => {
  expect(snippetsOf('README.md', DOCUMENT)).toEqual([
    { doc: 'README.md', line: 5, language: 'ts', file: undefined, code: 'console.log(1);\n', output: '1\n' },
    { doc: 'README.md', line: 12, language: 'sh', file: undefined, code: 'true\n', output: undefined },
    { doc: 'README.md', line: 16, language: 'ts', file: 'plugin.ts', code: 'export const x = `\n```;\n', output: undefined },
  ]);
});

const sh = (code: string): string[] => runShell(snippetsOf('a.md', `\`\`\`sh run\n${code}\n\`\`\`\n\`\`\`text output\nyes\n\`\`\`\n`));

it.each([
  ['the expected output', 'echo yes', []],
  ['another output', 'echo no', ['a.md:1: expected output:\nyes\n\nactual output:\nno\n']],
  ['a failure without a word', 'echo yes | false', ['a.md:1: exit code 1, without a word']],
  ['a failure in the middle', 'ls /nowhere-at-all 2>/dev/null; echo yes', ['a.md:1: exit code 2, without a word']],
])('runs shell blocks: %s', (_label, code, problems) => {
  expect(sh(code)).toEqual(problems);
});

it.each([
  ['good', 'const x: number = 1;\nconsole.log(x);', /^$/],
  ['wrong type', "const x: number = '1';\nconsole.log(x);", /do not type-check[^]*TS2322/],
  ['throw', "throw new Error('boom');", /^a\.md:1: [^]*boom/],
])('type-checks and runs ts blocks: %s', (_label, code, expected) => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'skbuff-snippets-'));
  try {
    expect(runTypescript(dir, snippetsOf('a.md', `\`\`\`ts run\n${code}\n\`\`\`\n`)).join('\n')).toMatch(expected);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

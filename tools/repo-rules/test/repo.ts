import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readRepository } from '../src/repository.mjs';
import { RULES } from '../src/rules/index.mjs';

/** Files of a repository, by path from its root. */
export type Files = Readonly<Record<string, string>>;

const CONDITIONS = (name: string) => ({ 'skbuff-source': `./src/${name}.ts`, types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` });

/** The manifest of a package as it shall be, with changes. */
export function manifest(name: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const fields = {
    name, version: '0.1.0', description: 'A package of a test.', license: 'MIT', type: 'module', sideEffects: false,
    exports: { '.': CONDITIONS('index') }, files: ['dist', 'src'], engines: { node: '>=20.20' },
    scripts: { build: 'tsc -p tsconfig.json' }, dependencies: {}, ...changes,
  };
  return JSON.stringify(fields, null, 2);
}

/** The exports of a package with `index` and one more entry. */
export function exportsWith(subpath: string): Record<string, unknown> {
  return { '.': CONDITIONS('index'), [`./${subpath}`]: CONDITIONS(subpath) };
}

/** A package in which no rule finds anything. */
export function pkg(dir: string, files: Files = {}, changes: Readonly<Record<string, unknown>> = {}): Files {
  const depth = dir.split('/').map(() => '..').join('/');
  const tsconfig = { extends: `${depth}/tsconfig.base.json`, compilerOptions: { rootDir: 'src', outDir: 'dist' }, include: ['src'] };
  const all: Files = {
    'package.json': manifest(`@skbuff/${path.posix.basename(dir)}`, changes),
    'tsconfig.json': JSON.stringify(tsconfig),
    'README.md': '# A package\n\n```ts run\nconsole.log(1);\n```\n',
    'src/index.ts': '/**\n * A package of a test.\n * @packageDocumentation\n */\nexport { answer } from \'./answer.ts\';\n',
    'src/answer.ts': 'export const answer: number = 42;\n',
    'test/answer.test.ts': "import { expect, it } from 'vitest';\nit('answers', () => expect(42).toBe(42));\n",
    ...files,
  };
  return Object.fromEntries(Object.entries(all).map(([file, text]) => [`${dir}/${file}`, text]));
}

/** What the rules say about a repository of these files: `rule file:line message`. */
export function lint(files: Files, only?: string): string[] {
  const root = mkdtempSync(path.join(os.tmpdir(), 'skbuff-rules-'));
  try {
    const all: Files = { 'package.json': JSON.stringify({ devDependencies: { vitest: '4', 'fast-check': '4' } }), ...files };
    for (const [file, text] of Object.entries(all)) {
      mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(root, file), text);
    }
    const repo = readRepository(root);
    return RULES.filter((rule) => only === undefined || rule.name === only).flatMap((rule) =>
      [...rule.check(repo)].map(({ file, line, message, mend }) => {
        if (mend === '' || rule.reason === '') throw new Error(`${rule.name} does not say why or how to mend`);
        return `${rule.name} ${file}:${line} ${message}`;
      }),
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { bundleWith, cutAt, replaceExpressions } from '../lib/bundle.mjs';

const toy = new URL('./fixtures/toy-forward.mjs', import.meta.url).pathname;

it('replaces expressions by their source, and counts them', () => {
  const { transform, counts } = replaceExpressions([{ match: /^[\w.]+\.nf\.mask & NF_BIT_\w+$/, by: '0' }]);
  const code = `// net.nf.mask & NF_BIT_A stays in a comment
export function ipRcv(net: Net): number {
  if ((net.nf.mask & NF_BIT_A) !== 0 && net.nf.run() !== 1) return 0;
  return (skb.dev.net.nf.mask & NF_BIT_B) !== 0 ? 1 : 2;
}`;
  expect(transform(code, '/x/ip-input.ts')).toBe(
    code.replace('(net.nf.mask & NF_BIT_A)', '(0)').replace('(skb.dev.net.nf.mask & NF_BIT_B)', '(0)'),
  );
  expect(counts).toEqual([2]);
});

it('replaces nested ones too, with what was captured', () => {
  const { transform, counts } = replaceExpressions([{ match: /^hook\((.*), (\w+)\)$/, by: '$2($1)' }]);
  expect(transform('export const f = hook(hook(1, a), b);', '/x/a.mjs')).toBe('export const f = b(a(1));');
  expect(counts).toEqual([2]);
});

it("leaves alone what does not match, and other people's packages", () => {
  const { transform, counts } = replaceExpressions([{ match: /^hook\(\)$/, by: '1' }]);
  expect(transform('function hook(): number { return 1; }', '/x/a.ts')).toBeUndefined();
  expect(transform('hook();', '/x/node_modules/y/a.js')).toBeUndefined();
  expect(counts).toEqual([0]);
});

it('refuses a replacement that would never end', () => {
  expect(() => replaceExpressions([{ match: /^f\(\)$/, by: 'f()' }]).transform('f();', '/x/a.ts')).toThrow(/contains what it replaces/);
});

it('cuts a function off, declared or a method', () => {
  const cut = cutAt({ function: 'ipForward', body: 'kfreeSkb(skb); return 0;', imports: "import { kfreeSkb } from './skb.ts';\n" });
  expect(cut.transform('export function ipForward(skb: Skb): number { return next(skb); }', '/x/a.ts')).toBe(
    "import { kfreeSkb } from './skb.ts';\nexport function ipForward(skb: Skb): number { kfreeSkb(skb); return 0; }",
  );
  expect(cut.count()).toBe(1);
  expect(cutAt({ function: 'xmit', body: 'return 1;' }).transform('class A { xmit(s: Skb): number { return 0; } }', '/x/a.ts')).toBe(
    'class A { xmit(s: Skb): number { return 1; } }',
  );
});

it('bundles to one file that runs, with the transform applied', async () => {
  const directory = mkdtempSync(join(os.tmpdir(), 'bench-test-'));
  try {
    const { transform } = cutAt({ function: 'xmit', body: 'return value;' });
    for (const [name, change, moved] of [['plain', undefined, true], ['cut', transform, false]] as const) {
      const file = await bundleWith(toy, join(directory, `${name}.mjs`), change);
      const { setup } = (await import(pathToFileURL(file).href)) as { setup: (options: object) => { run: (ms: number) => { packets: number } } };
      expect(setup({}).run(1).packets > 0, name).toBe(moved);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

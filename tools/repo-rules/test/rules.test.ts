import { describe, expect, it } from 'vitest';
import { findCycles } from '../src/rules/no-cycle.mjs';
import { exportsWith, lint, manifest, pkg, type Files } from './repo.ts';

const LINK = 'packages/link/veth';
const A = 'packages/base/a';
const B = 'packages/base/b';
const WORKSPACE = 'workspace:^';
const lines = (count: number): string => 'export const x = 1;\n'.repeat(count);
const inFunction = (count: number): string => `export function f(): void {\n${'  g();\n'.repeat(count - 2)}}\nfunction g(): void {}\n`;

/** What a rule must say, by sentence. */
type Case = readonly [sentence: string, files: Files, expected: readonly RegExp[]];

function cases(rule: string, fires: readonly Case[], silent: readonly (readonly [string, Files])[]): void {
  describe(rule, () => {
    it.each(fires)('finds %s', (_sentence, files, expected) => {
      const found = lint(files, rule);
      expect(found).toHaveLength(expected.length);
      for (const pattern of expected) expect(found.join('\n')).toMatch(pattern);
    });
    it.each(silent)('lets pass %s', (_sentence, files) => {
      expect(lint(files, rule)).toEqual([]);
    });
  });
}

it('no rule finds anything in a small house that is in order', () => {
  const upper = pkg(LINK, { 'src/answer.ts': "export { answer } from '@skbuff/a';\n" }, { dependencies: { '@skbuff/a': WORKSPACE } });
  const changeset = { '.changeset/first.md': '---\n"@skbuff/a": minor\n"@skbuff/veth": minor\n---\n' };
  expect(lint({ ...pkg(A), ...upper, ...changeset })).toEqual([]);
});

cases('layer-order', [
  ['a package in an unknown layer', pkg('packages/attic/a'), [/packages\/attic:1 not a package of a known layer/]],
  ['a folder without a manifest', { 'packages/base/a/src/x.ts': '' }, [/packages\/base\/a:1 not a package/]],
  [
    'a dependency and an import upward',
    { ...pkg(A, { 'src/answer.ts': "import '@skbuff/veth';\n" }, { dependencies: { '@skbuff/veth': WORKSPACE } }), ...pkg(LINK) },
    [/base\/a\/package\.json:\d+ layer base may not import layer link/, /base\/a\/src\/answer\.ts:1 layer base may not import layer link/],
  ],
  ['an import upward in a test', { ...pkg(A, { 'test/answer.test.ts': "import '@skbuff/veth';\n" }), ...pkg(LINK) }, [/test\/answer\.test\.ts:1 layer base/]],
  [
    'a package that imports an app',
    { ...pkg(A, { 'src/answer.ts': "import '@skbuff/lab';\n" }), 'apps/lab/package.json': manifest('@skbuff/lab') },
    [/is an app/],
  ],
], [
  ['an import downward', { ...pkg(A), ...pkg(LINK, { 'src/answer.ts': "import '@skbuff/a';\n" }, { dependencies: { '@skbuff/a': WORKSPACE } }) }],
  ['an import within the layer', { ...pkg(A), ...pkg(B, { 'src/answer.ts': "import '@skbuff/a';\n" }, { dependencies: { '@skbuff/a': WORKSPACE } }) }],
  ['an app that imports a package', { ...pkg(A), 'apps/lab/package.json': manifest('@skbuff/lab', { dependencies: { '@skbuff/a': WORKSPACE } }) }],
]);

cases('no-cycle', [
  [
    'two packages that depend on each other',
    { ...pkg(A, {}, { dependencies: { '@skbuff/b': WORKSPACE } }), ...pkg(B, {}, { dependencies: { '@skbuff/a': WORKSPACE } }) },
    [/packages in a circle: @skbuff\/a → @skbuff\/b → @skbuff\/a/],
  ],
  [
    'a circle through a devDependency',
    { ...pkg(A, {}, { devDependencies: { '@skbuff/b': WORKSPACE } }), ...pkg(B, {}, { dependencies: { '@skbuff/a': WORKSPACE } }) },
    [/packages in a circle/],
  ],
  [
    'three files in a circle',
    pkg(A, { 'src/x.ts': "import './y.ts';\n", 'src/y.ts': "export * from './z.ts';\n", 'src/z.ts': "\nimport { x } from './x.ts';\nvoid x;\n" }),
    [/src\/x\.ts:1 files in a circle: .*x\.ts → .*y\.ts → .*z\.ts → .*x\.ts/],
  ],
  ['a file that imports itself', pkg(A, { 'src/x.ts': "import './x.ts';\n" }), [/files in a circle/]],
], [
  ['a circle of types', pkg(A, { 'src/x.ts': "import type { Y } from './y.ts';\nexport type X = Y;\n", 'src/y.ts': "import './x.ts';\nexport type Y = 1;\n" })],
  ['a diamond', pkg(A, { 'src/w.ts': "import './x.ts';\nimport './y.ts';\n", 'src/x.ts': "import './z.ts';\n", 'src/y.ts': "import './z.ts';\n", 'src/z.ts': '' })],
]);

cases('no-deep-import', [
  ['a file of another package', { ...pkg(A), ...pkg(LINK, { 'src/answer.ts': "import '@skbuff/a/src/answer.ts';\n" }) }, [/veth\/src\/answer\.ts:1 `@skbuff\/a\/src\/answer\.ts` is not exported/]],
  ['a relative path out of the package', { ...pkg(A), ...pkg(B, { 'src/answer.ts': "import '../../a/src/answer.ts';\n" }) }, [/leaves the package/]],
  ['a file that is not there', pkg(A, { 'src/answer.ts': "import './other.js';\n", 'src/other.ts': '' }), [/`\.\/other\.js` names no file/]],
  ['an import that is computed', pkg(A, { 'src/answer.ts': 'export const load = (name: string): unknown => import(name);\n' }), [/only the running program knows/]],
  ['a package that imports itself by name', pkg(A, { 'src/answer.ts': "import '@skbuff/a';\n" }), [/imports itself/]],
], [
  [
    'a declared subpath',
    { ...pkg(A, { 'src/testing.ts': '' }, { exports: exportsWith('testing') }), ...pkg(LINK, { 'test/answer.test.ts': "import '@skbuff/a/testing';\n" }) },
  ],
  ['a measurement of what was built', pkg(A, { 'bench/lookup.mjs': "import '../dist/index.js';\n" })],
  ['a test that reaches into its own package', pkg(A, { 'test/answer.test.ts': "import '../src/answer.ts';\n" })],
]);

cases('dependencies', [
  ['an import that is not declared', { ...pkg(A), ...pkg(LINK, { 'src/answer.ts': "\nimport '@skbuff/a';\n" }) }, [/veth\/src\/answer\.ts:2 `@skbuff\/a` is not declared/]],
  ['a type import that is not declared', pkg(A, { 'src/answer.ts': "export type T = import('yaml').Document;\n" }), [/`yaml` is not declared/]],
  ['a devDependency in a source', pkg(A, { 'src/answer.ts': "import 'yaml';\n" }, { devDependencies: { yaml: '2' } }), [/`yaml` is not declared/]],
  ['a tool of the repository in a source', pkg(A, { 'src/answer.ts': "import 'fast-check';\n" }), [/`fast-check` is not declared/]],
  ['a dependency that only tests use', pkg(A, { 'test/answer.test.ts': "import 'yaml';\n" }, { dependencies: { yaml: '2' } }), [/package\.json:\d+ `yaml` is declared but no file in src/]],
  ['a devDependency that nothing uses', pkg(A, {}, { devDependencies: { yaml: '2' } }), [/declared but nothing imports it/]],
], [
  ['a declared import', pkg(A, { 'src/answer.ts': "import 'yaml';\n" }, { dependencies: { yaml: '2' } })],
  ['a devDependency of a test', pkg(A, { 'test/answer.test.ts': "import 'yaml';\n" }, { devDependencies: { yaml: '2' } })],
  ['the test runner in a test', pkg(A)],
]);

cases('manifest', [
  ['a field that is missing', pkg(A, { 'package.json': JSON.stringify({ ...JSON.parse(manifest('@skbuff/a')), license: undefined }) }), [/field "license" is missing/]],
  ['a field that is not ours', pkg(A, {}, { main: './dist/index.js' }), [/field "main" is not one of ours/]],
  ['a name that is not the folder', pkg(A, { 'package.json': manifest('@skbuff/other') }), [/name is "@skbuff\/other"/]],
  ['another licence', pkg(A, {}, { license: 'ISC' }), [/"license" is not uniform/]],
  ['side effects', pkg(A, {}, { sideEffects: true }), [/"sideEffects" is not uniform/]],
  ['other engines', pkg(A, {}, { engines: { node: '>=18' } }), [/"engines" is not uniform/]],
  ['an empty description', pkg(A, {}, { description: '' }), [/description says nothing/]],
  ['a range that is not of the workspace', { ...pkg(A), ...pkg(LINK, {}, { dependencies: { '@skbuff/a': '^0.1.0' } }) }, [/range of @skbuff\/a is "\^0\.1\.0"/]],
  ['an export without a source', pkg(A, {}, { exports: exportsWith('nothing') }), [/exports\["\.\/nothing"\] names no source file/]],
  [
    'an export in another shape',
    pkg(A, {}, { exports: { '.': { types: './dist/index.d.ts', 'skbuff-source': './src/index.ts', default: './dist/index.js' } } }),
    [/exports\["\."\] is not uniform/],
  ],
  ['a tsconfig of its own taste', pkg(A, { 'tsconfig.json': '{ "compilerOptions": { "strict": false } }' }), [/tsconfig is not uniform/]],
  ['a stray file', pkg(A, { 'notes.txt': '' }), [/notes\.txt:1 this has no place/]],
  ['a file name in camel case', pkg(A, { 'src/ipInput.ts': '' }), [/ipInput\.ts:1 file name is not kebab case/]],
  ['a file that is no plain TypeScript', pkg(A, { 'src/globals.d.ts': '', 'src/old.cjs': '' }), [/globals\.d\.ts:1 file name/, /old\.cjs:1 file name/]],
  ['a script in src', pkg(A, { 'src/lookup.mjs': '' }), [/lookup\.mjs:1 file name/]],
  ['a README without an example that runs', pkg(A, { 'README.md': '# A\n' }), [/README\.md:1 no example that runs/]],
  ['an index with code', pkg(A, { 'src/index.ts': '/** @packageDocumentation */\nexport const x = 1;\n' }), [/index\.ts:2 src\/index\.ts holds more/]],
  ['an index without documentation', pkg(A, { 'src/index.ts': "export { answer } from './answer.ts';\n" }), [/no @packageDocumentation/]],
  ['a tool that would be published', { 'tools/x/package.json': manifest('@skbuff/x') }, [/a tool is private/]],
  ['an app without engines', { 'apps/x/package.json': JSON.stringify({ private: true, license: 'MIT', type: 'module' }) }, [/engines is not uniform/]],
], [
  ['a package in order', pkg(A)],
  ['a second entry', pkg(A, { 'src/testing.ts': '' }, { exports: exportsWith('testing') })],
  ['a script in bench', pkg(A, { 'bench/lookup.mjs': '' })],
  ['the preset with the bare name', pkg('packages/preset/skbuff', { 'package.json': manifest('skbuff') })],
]);

cases('no-platform', [
  ['console', pkg(A, { 'src/answer.ts': '\nconsole.log(1);\n' }), [/answer\.ts:2 `console` is not part of ECMAScript/]],
  ['a global behind globalThis', pkg(A, { 'src/answer.ts': "globalThis['process'];\n" }), [/`globalThis`/]],
  ['a type of the platform', pkg(A, { 'src/answer.ts': 'export let t: NodeJS.Timeout;\n' }), [/`NodeJS`/]],
  ['a declaration that invents a global', pkg(A, { 'src/answer.ts': 'declare const window: unknown;\nvoid window;\n' }), [/a `declare`/]],
  ['a global that another function has as a parameter', pkg(A, { 'src/answer.ts': 'export function f(process: number): number { return process; }\nvoid process;\n' }), [/answer\.ts:2 `process`/]],
  ['a module of Node', pkg(A, { 'src/answer.ts': "import 'node:fs';\n" }), [/import of `node:fs`/]],
  ['TextEncoder', pkg('packages/userland/a', { 'src/answer.ts': 'new TextEncoder();\n' }), [/`TextEncoder`/]],
], [
  ['the language', pkg(A, { 'src/answer.ts': 'export const x = new Map([[Symbol.iterator, undefined]]);\nMath.imul(1, 2); new Uint8Array(1); void x; void (1 as unknown as Partial<object>);\n' })],
  ['a brand', pkg(A, { 'src/answer.ts': 'declare const brand: unique symbol;\nexport type Id = number & { readonly [brand]?: true };\n' })],
  ['a local name like a global', pkg(A, { 'src/answer.ts': 'export function f(process: number): number { return process; }\n' })],
  ['the host layer', pkg('packages/host/tap', { 'src/answer.ts': "import 'node:fs';\nconsole.log(process.pid);\n" })],
  ['tests', pkg(A, { 'test/answer.test.ts': "import 'node:fs';\nconsole.log(1);\n" })],
  ['the event loop of the real clock', pkg('packages/core', { 'src/time/platform.ts': 'globalThis;\n' })],
]);

cases('no-real-time', [
  ['Date.now', pkg(A, { 'src/answer.ts': '\nDate.now();\n' }), [/answer\.ts:2 `Date\.now`/]],
  ['Date.now behind globalThis', pkg(A, { 'src/answer.ts': 'globalThis.Date.now();\n' }), [/`Date\.now`/]],
  ['new Date()', pkg(A, { 'src/answer.ts': 'new Date();\n' }), [/Date of now/]],
  ['Math.random', pkg(A, { 'src/answer.ts': 'Math.random();\n' }), [/`Math\.random`/]],
  ['timers', pkg(A, { 'src/answer.ts': 'setTimeout(() => {}, 1);\nqueueMicrotask(() => {});\n' }), [/:1 `setTimeout`/, /:2 `queueMicrotask`/]],
  ['performance.now', pkg(A, { 'src/answer.ts': 'const { now } = performance;\nvoid now;\n' }), [/`performance`/]],
  ['chance in a test', pkg(A, { 'test/answer.test.ts': 'Math.random();\n' }), [/`Math\.random`/]],
], [
  ['the clock of the core', pkg('packages/core', { 'src/time/real-clock.ts': 'Date.now();\n' })],
  ['the host layer', pkg('packages/host/tap', { 'src/answer.ts': 'setTimeout(() => {}, Date.now());\n' })],
  ['a date that is given', pkg(A, { 'src/answer.ts': 'new Date(0);\nMath.floor(1);\n' })],
  ['a local function of that name', pkg(A, { 'src/answer.ts': 'export function f(setTimeout: (n: number) => void): void { setTimeout(1); }\n' })],
]);

cases('plain-typescript', [
  ['any', pkg(A, { 'src/answer.ts': 'export let x: any;\n' }), [/answer\.ts:1 `any`/]],
  ['any in a test', pkg(A, { 'test/answer.test.ts': 'const x = 1 as any;\nvoid x;\n' }), [/`any`/]],
  ['enum', pkg(A, { 'src/answer.ts': '\nexport enum E { a }\n' }), [/answer\.ts:2 `enum`/]],
  ['a silenced compiler', pkg(A, { 'src/answer.ts': '// @ts-' + 'ignore\nexport const x = 1;\n' }), [/silenced/]],
  ['what does not parse', pkg(A, { 'src/answer.ts': 'export const = 1;\n' }), [/does not parse/]],
], [
  ['unknown, and words that look alike', pkg(A, { 'src/answer.ts': '// any enum\nexport const any: unknown = "enum";\n' })],
]);

cases('no-whole-namespace', [
  ['a namespace taken apart', pkg(A, { 'src/answer.ts': "import * as U from './u.ts';\nexport const { x } = U;\n", 'src/u.ts': 'export const x = 1;\n' }), [/answer\.ts:2 all of `U` is taken/]],
  ['a member by its name at run time', pkg(A, { 'src/answer.ts': "import * as U from './u.ts';\nexport const f = (name: 'x'): number => U[name];\n", 'src/u.ts': 'export const x = 1;\n' }), [/`U`/]],
], [
  ['members, types, and a property of that name', pkg(A, { 'src/answer.ts': "import * as U from './u.ts';\nexport const a: { U: U.T } = { U: U.x };\n", 'src/u.ts': 'export const x = 1;\nexport type T = number;\n' })],
]);

cases('size', [
  ['a long file', pkg(A, { 'src/answer.ts': lines(601) }), [/answer\.ts:1 601 lines/]],
  ['a long function', pkg(A, { 'src/answer.ts': inFunction(81) }), [/answer\.ts:1 a function of 81 lines/]],
  ['a waiver without a reason', pkg(A, { 'src/answer.ts': `// long:\n${inFunction(81)}` }), [/a function of 81 lines/]],
], [
  ['a file at the limit', pkg(A, { 'src/answer.ts': lines(600) })],
  ['a long file with a reason', pkg(A, { 'src/answer.ts': `// long: the numbers of one header\n${lines(601)}` })],
  ['a function at the limit', pkg(A, { 'src/answer.ts': inFunction(80) })],
  ['a long function with a reason', pkg(A, { 'src/answer.ts': `// long: one step of the RFC\n/** Does g. */\n${inFunction(81)}` })],
  ['a long describe', pkg(A, { 'test/answer.test.ts': inFunction(81) })],
]);

const mark = 'TO' + 'DO';
cases('no-leftovers', [
  ['a note', pkg(A, { 'src/answer.ts': `/**\n * ${mark}: later\n */\nexport const x = 1;\n` }), [new RegExp(`answer\\.ts:2 a ${mark} note`)]],
], [
  ['the word in a string', pkg(A, { 'src/answer.ts': `export const x = '${mark}';\n` })],
]);

cases('no-skipped-test', [
  ['it.skip', pkg(A, { 'test/answer.test.ts': "it.skip('x', () => {});\n" }), [/answer\.test\.ts:1 `\.skip`/]],
  ['describe.only', pkg(A, { 'test/answer.test.ts': "describe.only('x', () => {});\n" }), [/`\.only`/]],
  ['it.each().todo', pkg(A, { 'test/answer.test.ts': "it.each([1]).todo('x');\n" }), [/`\.todo`/]],
  ['xit', pkg(A, { 'test/answer.test.ts': "xit('x', () => {});\n" }), [/`xit`/]],
], [
  ['skipIf', pkg(A, { 'test/answer.test.ts': "it.skipIf(process.getuid?.() !== 0)('asks the kernel', () => {});\n" })],
  ['a method of that name', pkg(A, { 'src/answer.ts': 'export function f(reader: { skip(n: number): void }): void { reader.skip(1); }\n' })],
]);

const changeset = (text: string): Files => ({ ...pkg(A), '.changeset/first.md': `---\n"@skbuff/a": minor\n${text}\n---\n\nFirst.\n` });
cases('changesets', [
  ['a package that does not exist', changeset('"@skbuff/gone": minor'), [/first\.md:3 no publishable package is called "@skbuff\/gone"/]],
  ['a release that does not exist', changeset('"@skbuff/a": huge'), [/"huge" is no kind of release/]],
  ['a package that nothing announces', { ...pkg(A), '.changeset/README.md': '# "@skbuff/a": minor\n' }, [/base\/a\/package\.json:1 never released/]],
], [
  ['a changeset of a package', changeset('')],
  ['a package that was released before', pkg(A, { 'CHANGELOG.md': '' })],
  ['an app that nobody installs', { 'apps/x/package.json': JSON.stringify({ private: true }) }],
]);

it('finds the circles of a graph', () => {
  expect(findCycles(new Map([['a', ['b']], ['b', ['c', 'a']], ['c', ['d']], ['d', []]]))).toEqual([['a', 'b']]);
  expect(findCycles(new Map([['a', ['outside']]]))).toEqual([]);
});

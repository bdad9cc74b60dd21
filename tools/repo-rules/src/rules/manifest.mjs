import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { lineOf, partOf } from '../repository.mjs';

/** @typedef {import('../repository.mjs').Package} Package */
/** @typedef {import('../repository.mjs').Repository} Repository */

const FIELDS = ['name', 'version', 'description', 'license', 'type', 'sideEffects', 'exports', 'files', 'engines', 'scripts', 'dependencies'];
const OPTIONAL = ['bin', 'devDependencies'];
const ENTRIES = new Set(['README.md', 'package.json', 'tsconfig.json', 'src', 'test', 'bench', 'dist', 'node_modules', 'CHANGELOG.md', '.turbo']);
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench))?\.ts$/;
const SCRIPT_NAME = /^[a-z0-9]+(-[a-z0-9]+)*\.(ts|mjs)$/;

/** @param {unknown} a @param {unknown} b */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The name that the folder asks for; a preset called like the repository is published under the bare name. @param {Package} pkg */
function expectedName(pkg) {
  const folder = path.posix.basename(pkg.dir);
  return pkg.layer === 'preset' && folder === 'skbuff' ? 'skbuff' : `@skbuff/${folder}`;
}

/** @param {Repository} repo @param {Package} pkg @returns {Iterable<[key: string, message: string, mend: string]>} */
function* exportsOf(repo, pkg) {
  const table = pkg.manifest.exports ?? {};
  if (table['.'] === undefined) yield ['exports', 'exports has no "."', 'Copy the exports of packages/base/uapi.'];
  for (const [subpath, conditions] of Object.entries(table)) {
    const source = conditions['skbuff-source'] ?? '';
    const built = source.replace('./src/', './dist/').replace(/\.ts$/, '');
    const want = { 'skbuff-source': source, types: `${built}.d.ts`, default: `${built}.js` };
    if (!/^\.\/src\/.*\.ts$/.test(source) || !existsSync(path.join(repo.root, pkg.dir, source))) {
      yield [subpath, `exports["${subpath}"] names no source file`, 'Give the condition `skbuff-source` first: "./src/….ts".'];
    } else if (!same(conditions, want)) yield [subpath, `exports["${subpath}"] is not uniform`, `Write ${JSON.stringify(want)}.`];
  }
}

/** @param {Repository} repo @param {Package} pkg @returns {Iterable<[key: string, message: string, mend: string]>} */
function* fieldsOf(repo, pkg) {
  const m = pkg.manifest;
  for (const field of FIELDS) if (m[field] === undefined) yield ['name', `field "${field}" is missing`, 'Copy the shape of packages/base/uapi/package.json.'];
  for (const field of Object.keys(m)) {
    if (!FIELDS.includes(field) && !OPTIONAL.includes(field)) yield [field, `field "${field}" is not one of ours`, `Remove it. Known: ${[...FIELDS, ...OPTIONAL].join(', ')}.`];
  }
  if (m.name !== expectedName(pkg)) yield ['name', `name is "${m.name}"`, `Folder and name belong together: "${expectedName(pkg)}".`];
  if (typeof m.description !== 'string' || m.description.length < 10) yield ['description', 'description says nothing', 'Say in one sentence what the package does.'];
  /** @type {[string, unknown][]} */
  const fixed = [['license', 'MIT'], ['type', 'module'], ['sideEffects', false], ['files', ['dist', 'src']], ['engines', { node: '>=20.20' }], ['scripts', { build: 'tsc -p tsconfig.json' }]];
  for (const [field, want] of fixed) {
    if (m[field] !== undefined && !same(m[field], want)) yield [field, `"${field}" is not uniform`, `Write ${JSON.stringify(want)}.`];
  }
  const names = new Set(repo.packages.map((p) => p.manifest.name));
  for (const [name, range] of Object.entries({ ...m.dependencies, ...m.devDependencies })) {
    if (names.has(name) && range !== 'workspace:^') yield [name, `range of ${name} is "${range}"`, 'Write "workspace:^".'];
  }
}

/** Apps are as they need to be; what users may install is called and built like a package. @param {Package} pkg @returns {Iterable<[key: string, message: string, mend: string]>} */
function* appFields(pkg) {
  const m = pkg.manifest;
  if (m.license !== 'MIT' || m.type !== 'module') yield ['name', 'license must be "MIT" and type "module"', 'Add both.'];
  if (!same(m.engines, { node: '>=20.20' })) yield ['engines', 'engines is not uniform', 'Write { "node": ">=20.20" }.'];
  if (m.private === true) return;
  if (pkg.kind === 'tool') yield ['name', 'a tool is private', 'Add "private": true.'];
  for (const field of ['name', 'version', 'description', 'sideEffects', 'files', 'scripts']) {
    if (m[field] === undefined) yield ['name', `field "${field}" is missing`, 'Add it, or "private": true if nobody shall install the app.'];
  }
}

/** @param {Repository} repo @param {Package} pkg @returns {Iterable<import('../repository.mjs').Finding>} */
function* layout(repo, pkg) {
  const at = (/** @type {string} */ file, /** @type {string} */ message, /** @type {string} */ mend) => ({ file: `${pkg.dir}/${file}`, line: 1, message, mend });
  for (const needed of ['README.md', 'tsconfig.json', 'src', 'test']) {
    if (!pkg.entries.includes(needed)) yield at(needed, `${needed} is missing`, '`npm run create-package` writes all that a package needs.');
  }
  if (pkg.entries.includes('README.md') && !/^```ts run\b/m.test(readFileSync(path.join(repo.root, pkg.dir, 'README.md'), 'utf8'))) {
    yield at('README.md', 'no example that runs', 'Fence a short example with ```ts run: CI runs it against the packed packages.');
  }
  for (const entry of pkg.entries) if (!ENTRIES.has(entry)) yield at(entry, 'this has no place in a package', `A package holds ${[...ENTRIES].join(', ')}.`);
  for (const file of pkg.files) {
    const name = path.posix.basename(file.path);
    if (!(partOf(pkg, file) === 'bench' ? SCRIPT_NAME : FILE_NAME).test(name)) yield { file: file.path, line: 1, message: 'file name is not kebab case', mend: 'Name it after the source file of the kernel, in kebab case: ip-input.ts.' };
  }
  if (pkg.entries.includes('tsconfig.json')) {
    const depth = pkg.dir.split('/').map(() => '..').join('/');
    const want = { extends: `${depth}/tsconfig.base.json`, compilerOptions: { rootDir: 'src', outDir: 'dist' }, include: ['src'] };
    if (!same(JSON.parse(readFileSync(path.join(repo.root, pkg.dir, 'tsconfig.json'), 'utf8')), want)) {
      yield at('tsconfig.json', 'tsconfig is not uniform', `Write ${JSON.stringify(want)}.`);
    }
  }
}

/** @param {import('../repository.mjs').SourceFile | undefined} index @param {Package} pkg @returns {Iterable<import('../repository.mjs').Finding>} */
function* indexOf(index, pkg) {
  if (index === undefined) {
    yield { file: `${pkg.dir}/src/index.ts`, line: 1, message: 'src/index.ts is missing', mend: 'It says what the package exports.' };
    return;
  }
  if (!index.comments.some((c) => c.text.includes('@packageDocumentation'))) {
    yield { file: index.path, line: 1, message: 'no @packageDocumentation comment', mend: 'Say above the exports what the package does.' };
  }
  for (const statement of /** @type {import('../source-file.mjs').Node[]} */ (index.program.body)) {
    const reexport = (statement.type === 'ExportAllDeclaration' || statement.type === 'ExportNamedDeclaration') && statement.source;
    if (!reexport) yield { file: index.path, line: index.lineAt(statement.start), message: 'src/index.ts holds more than re-exports', mend: 'Move the code to a file of its own and export it from there.' };
  }
}

/** @type {import('../repository.mjs').Rule} */
export default {
  name: 'manifest',
  reason: 'Packages that all look alike can be published, found and read alike.',
  *check(repo) {
    for (const pkg of repo.packages) {
      const file = `${pkg.dir}/package.json`;
      const fields = pkg.kind === 'package' ? [...fieldsOf(repo, pkg), ...exportsOf(repo, pkg)] : [...appFields(pkg)];
      for (const [key, message, mend] of fields) yield { file, line: lineOf(pkg.manifestText, `"${key}"`), message, mend };
      if (pkg.kind !== 'package') continue;
      yield* layout(repo, pkg);
      yield* indexOf(pkg.files.find((f) => f.path === `${pkg.dir}/src/index.ts`), pkg);
    }
  },
};

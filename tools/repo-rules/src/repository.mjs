import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { LAYERS, SINGLE_PACKAGE_LAYER } from './layers.mjs';
import { parseSource } from './source-file.mjs';

/**
 * @typedef {import('./source-file.mjs').SourceFile} SourceFile
 * @typedef {Record<string, unknown> & { name?: string, private?: boolean, dependencies?: Record<string, string>, devDependencies?: Record<string, string>,
 *   exports?: Record<string, Record<string, string>> }} Manifest
 * @typedef {object} Package one workspace package
 * @property {'package' | 'app' | 'tool'} kind
 * @property {string} dir from the root, with `/`
 * @property {string | undefined} layer folder name below `packages`
 * @property {Manifest} manifest
 * @property {string} manifestText
 * @property {string[]} entries names of the files and folders in `dir`
 * @property {SourceFile[]} files
 * @typedef {object} Repository
 * @property {string} root absolute
 * @property {Package[]} packages
 * @property {SourceFile[]} tools sources below `tools` that belong to no workspace package
 * @property {Manifest} rootManifest
 * @property {string[]} strays folders below `packages` that are in no known layer
 */

/** @typedef {{ file: string, line: number, message: string, mend: string }} Finding */
/** @typedef {{ name: string, reason: string, check: (repo: Repository) => Iterable<Finding> }} Rule */

const SOURCES = ['**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}'];
const GENERATED = ['**/node_modules/**', '**/dist/**', '**/test/fixtures/**'];

/** @param {string} root @param {string} dir @param {string[]} patterns @param {string[]} [ignore] @returns {SourceFile[]} */
function readSources(root, dir, patterns, ignore = []) {
  return globSync(patterns, { cwd: path.join(root, dir), ignore: [...GENERATED, ...ignore] })
    .sort()
    .map((file) => parseSource(path.posix.join(dir, file), readFileSync(path.join(root, dir, file), 'utf8')));
}

/** @param {string} root @param {string} dir @param {Package['kind']} kind @param {string} [layer] @returns {Package} */
function readPackage(root, dir, kind, layer) {
  const manifestText = readFileSync(path.join(root, dir, 'package.json'), 'utf8');
  return {
    kind,
    dir,
    layer,
    manifest: JSON.parse(manifestText),
    manifestText,
    entries: readdirSync(path.join(root, dir)).sort(),
    files: readSources(root, dir, SOURCES),
  };
}

/** @param {string} root @param {string} dir @returns {string[]} */
function folders(root, dir) {
  const full = path.join(root, dir);
  if (!existsSync(full)) return [];
  return readdirSync(full, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map((entry) => path.posix.join(dir, entry.name))
    .sort();
}

/** @param {string} root */
function findPackages(root) {
  /** @type {Package[]} */
  const packages = [];
  /** @type {string[]} */
  const strays = [];
  const isPackage = (/** @type {string} */ dir) => existsSync(path.join(root, dir, 'package.json'));
  for (const dir of folders(root, 'packages')) {
    const layer = path.posix.basename(dir);
    if (!LAYERS.includes(layer)) strays.push(dir);
    const candidates = layer === SINGLE_PACKAGE_LAYER ? [dir] : folders(root, dir);
    for (const candidate of candidates) {
      if (isPackage(candidate)) packages.push(readPackage(root, candidate, 'package', layer));
      else strays.push(candidate);
    }
  }
  for (const dir of folders(root, 'apps')) {
    if (isPackage(dir)) packages.push(readPackage(root, dir, 'app'));
    else strays.push(dir);
  }
  for (const dir of folders(root, 'tools')) if (isPackage(dir)) packages.push(readPackage(root, dir, 'tool'));
  return { packages, strays };
}

/** @param {string} root @returns {Repository} */
export function readRepository(root) {
  const { packages, strays } = findPackages(root);
  const owned = packages.filter((p) => p.kind === 'tool').map((p) => `${path.posix.relative('tools', p.dir)}/**`);
  return {
    root,
    packages,
    strays,
    tools: existsSync(path.join(root, 'tools')) ? readSources(root, 'tools', SOURCES, owned) : [],
    rootManifest: JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')),
  };
}

/** `src`, `test`, `bench` or `.` @param {Package} pkg @param {SourceFile} file */
export function partOf(pkg, file) {
  const rest = path.posix.relative(pkg.dir, file.path);
  const slash = rest.indexOf('/');
  return slash === -1 ? '.' : rest.slice(0, slash);
}

/** @param {Package} pkg @returns {SourceFile[]} */
export function sourcesOf(pkg) {
  return pkg.files.filter((file) => partOf(pkg, file) === 'src');
}

/** Every parsed source of the repository. @param {Repository} repo @returns {SourceFile[]} */
export function allFiles(repo) {
  return [...repo.packages.flatMap((p) => p.files), ...repo.tools];
}

/** Line of the first occurrence of `needle` in a text, or 1. @param {string} text @param {string} needle */
export function lineOf(text, needle) {
  const at = text.indexOf(needle);
  return at === -1 ? 1 : text.slice(0, at).split('\n').length;
}

/** The package part of a bare specifier: `@skbuff/uapi` of `@skbuff/uapi/testing`. @param {string} specifier */
export function packageName(specifier) {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : /** @type {string} */ (parts[0]);
}

/** @param {string} specifier */
export function isBare(specifier) {
  return !specifier.startsWith('.') && !specifier.startsWith('/') && !isNode(specifier);
}

/** @param {string} specifier */
export function isNode(specifier) {
  return specifier.startsWith('node:');
}

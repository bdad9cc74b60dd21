import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { ROOT, capture } from '../../run.mjs';
import { snippetsOf } from './snippets.mjs';

/** @typedef {import('./snippets.mjs').Snippet} Snippet */

const DOCUMENTS = ['*.md', 'docs/**/*.md', 'packages/core/README.md', 'packages/*/*/README.md', 'apps/*/README.md', 'tools/*/README.md'];

/** @returns {Snippet[]} */
export function allSnippets() {
  return globSync(DOCUMENTS, { cwd: ROOT, ignore: ['**/node_modules/**'] })
    .sort()
    .flatMap((doc) => snippetsOf(doc, readFileSync(path.join(ROOT, doc), 'utf8')));
}

/** A project of a user: strict, with the packages installed and nothing else. @param {string} dir @param {readonly import('./pack.mjs').Packed[]} packages @returns {string | undefined} what failed */
export function installInto(dir, packages) {
  const dependencies = Object.fromEntries(packages.map((p) => [p.name, `file:${p.tarball}`]));
  const overrides = Object.fromEntries(packages.map((p) => [p.name, `$${p.name}`]));
  writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies, overrides }, null, 2));
  const { ok, output } = capture(['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: dir });
  return ok ? undefined : output;
}

/** What is wrong with a run of a snippet. @param {Snippet} snippet @param {{ ok: boolean, stdout: string, output: string }} run @returns {string[]} */
function problemsOf({ doc, line, output }, run) {
  if (!run.ok) return [`${doc}:${line}: ${run.output}`];
  if (output === undefined || output.trimEnd() === run.stdout.trimEnd()) return [];
  return [`${doc}:${line}: expected output:\n${output}\nactual output:\n${run.stdout}`];
}

/** @param {string} dir @param {readonly Snippet[]} snippets @returns {Map<Snippet, string>} the compiled file of each */
function writeSources(dir, snippets) {
  /** @type {Map<Snippet, string>} */
  const compiled = new Map();
  for (const snippet of snippets) {
    const folder = snippet.doc.replace(/\.md$/, '').replaceAll('/', '-');
    const name = snippet.file ?? `line-${snippet.line}.ts`;
    mkdirSync(path.join(dir, 'snippets', folder), { recursive: true });
    writeFileSync(path.join(dir, 'snippets', folder, name), snippet.code);
    compiled.set(snippet, path.join(dir, 'built', folder, name.replace(/\.ts$/, '.js')));
  }
  const compilerOptions = {
    target: 'ES2023', lib: ['ES2023'], module: 'NodeNext', strict: true, verbatimModuleSyntax: true, exactOptionalPropertyTypes: true,
    rewriteRelativeImportExtensions: true, moduleDetection: 'force', rootDir: 'snippets', outDir: 'built',
    types: ['node'], typeRoots: [path.join(ROOT, 'node_modules', '@types')],
  };
  writeFileSync(path.join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['snippets'] }));
  return compiled;
}

/** Type-checks the `ts run` blocks and runs them on plain node. @param {string} dir @param {readonly Snippet[]} snippets @returns {string[]} problems */
export function runTypescript(dir, snippets) {
  if (snippets.length === 0) return [];
  const compiled = writeSources(dir, snippets);
  const { ok, output } = capture([process.execPath, path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json', '--pretty', 'false'], { cwd: dir });
  if (!ok) return [`snippets do not type-check:\n${output}`];
  return [...compiled].flatMap(([snippet, file]) => problemsOf(snippet, capture([process.execPath, file], { cwd: dir })));
}

/** Runs the `sh run` blocks in the root of the repository. @param {readonly Snippet[]} snippets @returns {string[]} problems */
export function runShell(snippets) {
  return snippets.flatMap((snippet) => problemsOf(snippet, capture(['bash', '-euo', 'pipefail', '-c', snippet.code])));
}

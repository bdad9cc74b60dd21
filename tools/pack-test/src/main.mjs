#!/usr/bin/env node
// Packs every publishable package, looks at the tarballs, installs them into an empty folder and runs the documents' snippets there.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from './inspect.mjs';
import { packAll } from './pack.mjs';
import { allSnippets, installInto, runShell, runTypescript } from './run-snippets.mjs';

const temp = mkdtempSync(path.join(os.tmpdir(), 'skbuff-pack-'));
/** @type {string[]} */
const problems = [];

/** @param {string} name @param {() => string[] | Promise<string[]>} work */
async function part(name, work) {
  const begin = Date.now();
  const found = await work();
  problems.push(...found);
  console.log(`  ${found.length === 0 ? '✓' : '✗'} ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
}

try {
  const tarballs = path.join(temp, 'tarballs');
  const project = path.join(temp, 'project');
  mkdirSync(tarballs);
  mkdirSync(project);
  const packages = packAll(tarballs);
  const snippets = allSnippets();
  const typescript = snippets.filter((s) => s.language === 'ts');
  const shell = snippets.filter((s) => s.language === 'sh');
  await part(`publint and are-the-types-wrong: ${packages.length} tarballs`, async () => {
    const lists = [];
    for (const packed of packages) lists.push((await inspect(packed)).map((problem) => `${packed.name}: ${problem}`));
    return lists.flat();
  });
  await part('install the tarballs into an empty folder', () => {
    const failure = installInto(project, packages);
    return failure === undefined ? [] : [failure];
  });
  await part(`${typescript.length} ts snippets`, () => runTypescript(project, typescript));
  await part(`${shell.length} sh snippets`, () => runShell(shell));
} finally {
  rmSync(temp, { recursive: true, force: true });
}
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

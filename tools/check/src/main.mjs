#!/usr/bin/env node
// `npm run check`: everything that can be said about the repository without running its tests.
import path from 'node:path';
import { ROOT, prepare, show, step } from '../../run.mjs';

const tool = (/** @type {string[]} */ ...words) => [process.execPath, path.join(ROOT, 'tools', ...words)];

/** Name, command, and whether its output is worth reading when all is well. @type {[string, string[], boolean][]} */
const STEPS = [
  ['types: sources, tests and tools together', [process.execPath, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--pretty', 'false'], false],
  ['lint', tool('repo-rules', 'src', 'main.mjs'), true],
  ['specification', [...tool('spec', 'src', 'main.mjs'), '--check'], true],
  ['publishing', tool('pack-test', 'src', 'main.mjs'), true],
];

/** @type {string[]} */
const failed = [];
if (!prepare()) failed.push('install and build');
for (const [name, command, verbose] of STEPS) {
  const ok = verbose ? show(command) === 0 : step(name, command);
  if (!ok) failed.push(name);
}
console.log(failed.length === 0 ? 'check: all is well' : `check FAILED: ${failed.join('; ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

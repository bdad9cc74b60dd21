#!/usr/bin/env node
// `npm start`, `npm test`, `npm run build` on a machine that has only Node and npm: installs, builds, then does what was asked.
// Plain JavaScript without a dependency, because it runs before anything is installed.
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { prepare, show } from './run.mjs';
import { REPORT, readTally } from './tally.mjs';

const QUICK_START = ['apps/lab/dist/main.js', 'test', 'apps/lab/examples/quick-start.clab.yml', '--verbose', '--pcap', 'captures'];

const [command = '', ...rest] = process.argv.slice(2);

function start() {
  return show([process.execPath, ...QUICK_START, ...rest]);
}

/** With SKBUFF_NO_SKIP=1 (CI) a skipped test is a failure; with SKBUFF_NO_TALLY=1 the caller prints the last line itself. */
function test() {
  mkdirSync(path.dirname(REPORT), { recursive: true });
  rmSync(REPORT, { force: true });
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`, ...rest];
  let code = show([process.execPath, ...vitest]);
  const result = readTally();
  if (result === undefined) {
    console.log('vitest wrote no report');
    return code === 0 ? 1 : code;
  }
  if (result.skipped.length > 0) {
    console.log(`${result.skipped.length} skipped:\n${result.skipped.map((name) => `  ${name}`).join('\n')}`);
    if (process.env.SKBUFF_NO_SKIP === '1') {
      console.log('Skipped tests are failures here: SKBUFF_NO_SKIP=1.');
      code = 1;
    }
  }
  if (process.env.SKBUFF_NO_TALLY !== '1') console.log(`${result.passed} passed, ${result.failed} failed`);
  return code;
}

/** Older versions of Node fail in places that nobody would understand. */
function nodeIsNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 20);
}

const commands = { start, test, build: () => 0 };
if (!Object.hasOwn(commands, command)) {
  console.error(`usage: node tools/bootstrap.mjs ${Object.keys(commands).join('|')}`);
  process.exitCode = 2;
} else if (!nodeIsNewEnough()) {
  console.error(`Node ${process.versions.node} is too old: skbuff needs 20.20 or newer (for one command: npx -y -p node@24 npm test).`);
  process.exitCode = 2;
} else {
  process.exitCode = prepare() ? commands[/** @type {keyof typeof commands} */ (command)]() : 1;
}

// Runs code in a Node of its own, on the built packages: `node lib/node.mjs PAGE INPUT` prints what the page returns.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const HERE = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const ROOT = path.dirname(path.dirname(HERE));

/** @param {string} page @param {object} input @returns {Record<string, unknown>} */
export const runPageInNode = (page, input) => JSON.parse(node([fileURLToPath(import.meta.url), page, JSON.stringify(input)]));

/** What a module prints. @param {string} code @returns {string} */
export const printedInNode = (code) => node(['--input-type=module', '--eval', code]);

/** @param {string[]} args */
function node(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: HERE, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(stderr || `node ended with ${status}`);
  return stdout;
}

const [, script = '', page = '', input = '{}'] = process.argv;
if (import.meta.url === pathToFileURL(script).href) {
  const { run } = await import(pathToFileURL(path.resolve(HERE, page)).href);
  process.stdout.write(JSON.stringify(await run(JSON.parse(input))));
}

// Scripts that run in a network and a mount namespace of their own, with a /run/netns of their own: whatever they make goes with them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { atExit, pinned, run } from './process.mjs';

/**
 * @param {Record<string, string>} files by name; the script finds them in its working directory
 * @param {string} script for sh; its standard output, which is JSON, comes back
 * @param {number | undefined} core
 */
export async function inNamespaces(files, script, core) {
  const directory = mkdtempSync(join(os.tmpdir(), 'skbuff-bench-'));
  atExit(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  writeFileSync(join(directory, 'script'), `set -e\nmount -t tmpfs tmpfs /run/netns\ncd ${directory}\nnow() { date +%s%N; }\n${script}`);
  mkdirSync('/run/netns', { recursive: true });
  return JSON.parse(await run(pinned(core, ['unshare', '--net', '--mount', 'sh', join(directory, 'script')])));
}

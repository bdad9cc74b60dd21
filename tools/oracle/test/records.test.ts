/** Records that tests of IPv6 packages replay: those that are quickly asked again are still what the running kernel says. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { kernelMissing } from '../src/index.ts';

const RECORDER = fileURLToPath(new URL('../record/record.py', import.meta.url));
const missing = kernelMissing() ?? (spawnSync('python3', ['-V']).status === 0 ? null : 'it needs python3');
if (missing !== null) console.warn(`records against the running kernel SKIPPED: ${missing}`);

function check(name: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('python3', ['-B', RECORDER, '--check', name], { maxBuffer: 1 << 26 }, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

describe.runIf(missing === null).concurrent('what was recorded', () => {
  it.each(['addrconf/conf-default', 'addrconf/conf-writes', 'addrconf/conf-steps', 'fib6/multipath', 'socket/udpv6/options-kernel.txt'])('is what the running kernel says: %s', async (name) => {
    const said = await check(name);
    const [, same, all] = /: (\d+) of (\d+) cases are what they were\n$/.exec(said) ?? [];
    console.log(said.trimEnd());
    expect(same, said).toBe(all);
    expect(Number(all)).toBeGreaterThan(10);
  }, 60_000);
});

/**
 * `ip -6 route` with random lines, in a namespace of the Linux kernel underneath and in ours: answers, tables and ways have to be the same,
 * letter by letter. Which of several equal ways a destination gets is a matter of chance there.
 */
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNet } from '../src/index.ts';
import { SETUP } from './route6-setup.ts';

const NS = `skbuff-r6-${process.pid}`;

const kernel = (line: string): string => {
  const { stdout, stderr } = spawnSync('ip', ['-n', NS, ...line.split(' ').slice(1)], { encoding: 'utf8' });
  return stdout + stderr;
};

const possible = process.getuid?.() === 0 && spawnSync('ip', ['-V']).stdout?.toString().includes('iproute2') === true;
if (!possible) console.warn('IPv6 routes oracle SKIPPED: it needs root and the command ip of iproute2');

const PREFIXES = ['default', '2001:db8:10::/48', '2001:db8:10:1::/64', '2001:db8:11::/48', '2001:db8:10::5', '2001:d00::/24', 'fd00::/8'];
const GATEWAYS = ['via 2001:db8::2', 'via 2001:db8::3', 'via 2001:db8:1::4', 'via fe80::9 dev v0', 'via fe80::9 dev v1'];
const WAYS = [...GATEWAYS, 'dev v0', 'dev v1', 'via 2001:db8:77::1', 'via 2001:db8::1', 'via 2001:db8::2 dev v1', 'via 2001:db8:10::9', 'dev lo', 'via 2001:db8:99::1 dev v0 onlink'];
const DESTINATIONS = ['2001:db8:10::5', '2001:db8:10:1::7', '2001:db8:11::1', 'fd00::5', '2001:d01::1', '2001:db8::9', '3000::1'];

/** xorshift: the same lines in every run. */
function lines(seed: number, count: number): string[] {
  const random = (n: number): number => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % n;
  };
  const pick = (from: readonly string[]): string => from[random(from.length)] as string;
  const sometimes = (n: number, text: () => string): string => (random(n) === 0 ? ` ${text()}` : '');
  const hop = (): string => `nexthop ${pick(GATEWAYS)}${sometimes(3, () => `weight ${1 + random(4)}`)}`;
  const line = (): string => {
    const from = sometimes(8, () => `from ${pick(['2001:db8:10::/48', '2001:db8::/32', '2001:db8::1'])}`);
    const rest = sometimes(3, () => `metric ${pick(['5', '1024', '2000'])}`) + sometimes(6, () => 'table 100');
    const prefix = pick(PREFIXES);
    const kind = random(20);
    if (kind < 7) return `${pick(['add', 'append', 'replace', 'prepend', 'change'])} ${prefix}${from} ${pick(WAYS)}${rest}${sometimes(6, () => 'mtu 1400')}${sometimes(8, () => `pref ${pick(['low', 'high'])}`)}`;
    if (kind < 9) return `${pick(['add', 'append', 'replace'])} ${prefix}${from}${rest} ${hop()} ${hop()}${sometimes(2, hop)}`;
    if (kind < 11) return `${pick(['add', 'append', 'replace'])} ${pick(['blackhole', 'unreachable', 'prohibit', 'throw'])} ${prefix}${rest}`;
    if (kind < 14) return `del ${prefix}${from}${rest}${sometimes(2, () => pick(WAYS.slice(0, 7)))}`;
    if (kind < 17) return 'show table all';
    return `get ${pick(DESTINATIONS)}${sometimes(3, () => `from ${pick(['2001:db8:10::77 iif v0', '2001:db8::1'])}`)}`;
  };
  return Array.from({ length: count }, () => `ip -6 route ${line()}`);
}

/** Of an answer to `get`: only whether there is a way, where there may be several. */
const way = (line: string, text: string): string => (line.includes(' get ') && text.includes(' via ') ? `${text.split(' ')[0]} by a gateway` : text);

describe.skipIf(!possible)('ip -6 route, beside the kernel', () => {
  beforeEach(() => {
    spawnSync('ip', ['netns', 'add', NS]);
    for (const line of SETUP) kernel(line);
  });

  afterEach(() => {
    spawnSync('ip', ['netns', 'del', NS]);
  });

  it.each([7, 8, 9])('answers, shows and chooses the same through 250 random lines, seed %i [IP6T-08] [IP6T-09] [IP6T-07]', async (seed) => {
    const net = createNet({ seed: 1 });
    const [host] = net.hosts('h');
    for (const line of SETUP) expect((await host.run(line)).code, line).toBe(0);
    await net.advance(2000);
    const wrong: unknown[] = [];
    for (const line of lines(seed, 250)) {
      const { stdout, stderr } = await host.run(line);
      const [theirs, ours] = [way(line, kernel(line)), way(line, stdout + stderr)];
      if (ours !== theirs) wrong.push({ line, theirs, ours });
    }
    expect(net.close()).toEqual({});
    expect(wrong).toEqual([]);
  }, 60_000);
});

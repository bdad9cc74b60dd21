/**
 * Packets to and through a router, with what a running Linux 6.18 did with them: what it sent and which counters rose. Identifications
 * that the router chose and the times of its time stamps are left out of the comparison.
 */
import { readFileSync } from 'node:fs';
import { be16, ipComputeCsum, setBe16, setBe32 } from '@skbuff/wire';
import { expect, describe, it } from 'vitest';
import { Router, type Sent } from './support.ts';

interface RecordedCase {
  readonly name: string;
  readonly sysctls: Record<string, number>;
  readonly mtu: Record<string, number>;
  readonly sends: readonly { readonly dev: string; readonly ip: string; readonly dst?: string }[];
  readonly replies: readonly { readonly dev: string; readonly ip: string }[];
  readonly counters: Record<string, number>;
  readonly drops: Record<string, number>;
}

const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

function records(name: string): RecordedCase[] {
  return JSON.parse(readFileSync(new URL(`./records/rec_${name}.json`, import.meta.url), 'utf8')) as RecordedCase[];
}

/** Without what differs from run to run. `own`: the router made the packet, and chose its identification. */
function masked({ dev, ip }: Sent): string {
  const b = ip.slice();
  const hlen = (b[0] & 15) * 4;
  const own = b[12] === 10 && b[13] === 0 && b[15] === 1;
  if (own) setBe16(b, 4, 0);
  const quoted = maskTimestamps(b, 0, hlen);
  if (own && b[9] === 1 && b[hlen] === 14) b.fill(0, hlen + 12, hlen + 20);
  if (own && b[9] === 1 && b[hlen] >= 3 && b[hlen] <= 12 && b[hlen] !== 8) maskTimestamps(b, hlen + 8, ((b[hlen + 8] & 15) * 4));
  if (own || quoted) setBe16(b, 10, 0);
  if (own && b[9] === 1) setBe16(b, hlen + 2, 0);
  return `${dev} ${Buffer.from(b).toString('hex')}`;
}

/** Times near to now in a time stamp option. */
function maskTimestamps(b: Uint8Array, iph: number, hlen: number): boolean {
  for (let at = iph + 20; at < iph + hlen; ) {
    if (b[at] === 0) break;
    if (b[at] === 1) {
      at++;
      continue;
    }
    if (b[at + 1] < 2) break;
    if (b[at] === 68) {
      const step = (b[at + 3] & 15) === 0 ? 4 : 8;
      for (let slot = at + 4 + step - 4; slot + 4 <= at + b[at + 1]; slot += step) if (b[slot] === 0 && b[slot + 1] !== 0) setBe32(b, slot, 0x55);
      setBe16(b, iph + 10, 0);
      return true;
    }
    at += b[at + 1];
  }
  return false;
}

function checksumsGood({ ip }: Sent): boolean {
  const hlen = (ip[0] & 15) * 4;
  if (ipComputeCsum(ip, 0, hlen) !== 0) return false;
  return ip[9] !== 1 || (be16(ip, 6) & 0x3fff) !== 0 || ip[12] !== 10 || ip[15] !== 1 || ipComputeCsum(ip, hlen, ip.length - hlen) === 0;
}

function play(c: RecordedCase): { replies: string[]; counters: Record<string, number>; drops: Record<string, number> } {
  const r = new Router();
  const settings = { 'net.ipv4.ip_forward': 1, 'net.ipv4.icmp_ratelimit': 0, 'net.ipv4.icmp_msgs_per_sec': 1000000, ...c.sysctls };
  r.sysctl('net/ipv4/conf/all/send_redirects', 0);
  for (const dev of ['v0', 'v1']) r.sysctl(`net/ipv4/conf/${dev}/send_redirects`, 0);
  for (const [name, value] of Object.entries(settings)) r.sysctl(name.replaceAll('.', '/'), value);
  for (const [dev, mtu] of Object.entries(c.mtu)) r.mtu(dev === 'v0' ? r.v0 : r.v1, mtu);
  const before = r.counters();
  for (const { dev, ip, dst } of c.sends) r.receive(dev === 'v0' ? r.v0 : r.v1, unhex(ip), ...(dst === undefined ? [] : [unhex(dst)]));
  const after = r.counters();
  const counters: Record<string, number> = {};
  for (const [name, value] of Object.entries(after)) {
    const rose = value - (before[name] ?? 0);
    if (rose !== 0 && !name.includes('Octets')) counters[name] = rose;
  }
  const drops = r.allDrops();
  const sent = r.take();
  for (const packet of sent) expect(checksumsGood(packet)).toBe(true);
  r.clock.advance(31e9);
  expect(r.shutdown()).toEqual({});
  return { replies: sent.map(masked), counters, drops };
}

for (const group of ['icmp', 'errors', 'ip', 'frag']) {
  describe(group, () => {
    it.each(records(group).map((c) => [c.name, c] as const))('%s', (_name, c) => {
      const expected = { replies: c.replies.map((reply) => masked({ dev: reply.dev, ip: unhex(reply.ip) })), counters: c.counters, drops: c.drops };
      expect(play(c)).toEqual(expected);
    });
  });
}

/**
 * Packets to and through a router, with what a running Linux 6.18 did with them: what it sent and which counters rose. Identifications
 * that the router chose and the times of its time stamps are left out of the comparison.
 */
import { readFileSync } from 'node:fs';
import { be16, ipComputeCsum, setBe16, setBe32 } from '@skbuff/wire';
import { type Sent, dropsByName } from '@skbuff/testkit';
import { expect, describe, it } from 'vitest';
import { Router } from './support.ts';

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
  return JSON.parse(readFileSync(new URL(`./records/${name}.json`, import.meta.url), 'utf8')) as RecordedCase[];
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
  const drops = dropsByName(r.kernel);
  const sent = r.take();
  for (const packet of sent) expect(checksumsGood(packet)).toBe(true);
  r.clock.advance(31e9);
  expect(r.shutdown()).toEqual({});
  return { replies: sent.map(masked), counters, drops };
}

const seen = new Set<string>();

/** The cases of a group whose names fit. */
function cases(group: string, names: RegExp): [string, RecordedCase][] {
  const found = records(group).filter(({ name }) => names.test(name));
  for (const { name } of found) seen.add(`${group}/${name}`);
  return found.map((c) => [c.name, c]);
}

function check(_name: string, c: RecordedCase): void {
  const replies = c.replies.map((reply) => masked({ dev: reply.dev, ip: unhex(reply.ip) }));
  expect(play(c)).toEqual({ replies, counters: c.counters, drops: c.drops });
}

describe('questions', () => {
  it.each(cases('icmp', /^echo( tos| code 5| odd| to other.*)?$/))('%s is answered from the address that was asked [ICMP-13, ICMP-24, ICMP-05]', check);
  it.each(cases('icmp', /^echo ignored$/))('%s with icmp_echo_ignore_all [ICMP-13]', check);
  it.each(cases('icmp', /^(bad checksum|\d bytes|empty)$/))('%s counts as an error and nothing else is tried [ICMP-08, ICMP-09]', check);
  it.each(cases('icmp', /^(echo to .* ignore=\d|13 to broadcast ignored)$/))('%s [ICMP-11]', check);
  it.each(cases('icmp', /^type \d+ to broadcast/))('%s [ICMP-12]', check);
  it.each(cases('icmp', /^timestamp/))('%s [ICMP-14]', check);
  it.each(cases('icmp', /^type \d+$/))('%s to this host [ICMP-07, ICMP-10, ICMP-15, ICMP-21, ICMP-22]', check);
  it.each(cases('icmp', /^error \d+/))('%s about a packet of ours [ICMP-17, ICMP-19, ICMP-20]', check);
});

describe('options', () => {
  it.each(cases('icmp', /^echo RR/))('%s comes back with the record going on [OPT-10, OPT-26]', check);
  it.each(cases('icmp', /^echo TS \d($| other)/))('%s comes back with the stamps going on [OPT-12, OPT-13, OPT-14, OPT-16, OPT-26]', check);
  it.each(cases('icmp', /^echo TS .*(overflow|kind)/))('%s [OPT-15]', check);
  it.each(cases('icmp', /^echo (NOP|RA|SEC|unknown)/))('%s [OPT-01, OPT-06, OPT-07, OPT-25]', check);
  it.each(cases('icmp', /SRR/))('%s [OPT-17, OPT-18, OPT-26]', check);
  it.each(cases('icmp', /^bad option/))('%s [IP4-15, OPT-04, OPT-05, OPT-08, OPT-09, OPT-11, OPT-25, OPT-27, ICMP-26, ICMP-38]', check);
  it.each(cases('ip', /^forward option/))('%s [OPT-06, OPT-10, OPT-12, OPT-13, OPT-14, OPT-15, OPT-18, OPT-20]', check);
  it.each(cases('ip', /SRR/))('%s [OPT-17, OPT-18, OPT-19, OPT-20]', check);
  it.each(cases('ip', /^fragment options$/))('%s: only copied ones in later fragments [OPT-02, OPT-21, FRG-09]', check);
});

describe('errors', () => {
  it.each(cases('errors', /^prot unreach (tos|payload)/))('%s [ICMP-06, ICMP-25, ICMP-33]', check);
  it.each(cases('errors', /^prot unreach (options|LSRR|long options)/))('%s [OPT-26]', check);
  it.each(cases('errors', /^prot unreach (broadcast|multicast|L2|from)/))('%s is not answered [ICMP-27]', check);
  it.each(cases('errors', /inbound$/))('%s [ICMP-28]', check);
  it.each(cases('errors', /^ttl (0|1|1 DF id|1 RR|1 long)$/))('%s [ICMP-37, FWD-05]', check);
  it.each(cases('errors', /^ttl 1 (icmp|frag|L2)/))('%s: answered unless it may not be [ICMP-27]', check);
  it.each(cases('errors', /^(DF|frag needed)/))('%s [ICMP-35, FWD-07]', check);
  it.each(cases('errors', /^(redirect|no redirect)/))('%s [FWD-10]', check);
  it.each(cases('errors', /^rate limit/))('%s [ICMP-31, ICMP-32]', check);
  it.each(cases('errors', /^(net unreachable|local 127|from |to 0|class E|source route)/))('%s [IP4-21]', check);
});

describe('receiving and forwarding', () => {
  it.each(cases('ip', /^(version|ihl|tot_len|frame cut)/))('%s [IP4-02, IP4-09, IP4-11]', check);
  it.each(cases('ip', /^checksum wrong$/))('%s [IP4-07, IP4-10]', check);
  it.each(cases('ip', /^(padding|other host)$/))('%s [IP4-11]', check);
  it.each(cases('ip', /^ECN/))('%s are counted by value [IP4-03]', check);
  it.each(cases('ip', /^(forward( ttl 2| DF| fragment| check wrap)?|CE flag)$/))('%s: one hop less, the checksum right, nothing else changed [FWD-09, FWD-12, IP4-06]', check);
  it.each(cases('ip', /^forward L2/))('%s is dropped [FWD-04]', check);
  it.each(cases('ip', /^not forwarding$/))('%s [IP4-21]', check);
  it.each(cases('ip', /^(forward fragment mtu|refragment)/))('%s [FRG-01, FRG-06, FRG-07, FRG-08]', check);
});

describe('reassembly', () => {
  it.each(cases('frag', /^order/))('%s [DFR-01, DFR-03, DFR-05, DFR-06, DFR-08, IP4-18]', check);
  it.each(cases('frag', /^(duplicate|overlap|contained|covering)/))('%s [DFR-09]', check);
  it.each(cases('frag', /^(last|two lasts|beyond|not multiple|empty|7 byte|different)/))('%s [DFR-03, DFR-07]', check);
  it.each(cases('frag', /^oversize$/))('%s [DFR-10]', check);
  it.each(cases('frag', /^ecn/))('%s [DFR-13]', check);
  it.each(cases('frag', /^(options|DF|max_dist)/))('%s [DFR-06, DFR-08]', check);
  it.each(cases('frag', /^9008/))('%s: the answer leaves in as many pieces as it needs [FRG-03, FRG-04, FRG-05, TX4-15]', check);
});

it('looks at every recorded case', () => {
  const all = ['icmp', 'errors', 'ip', 'frag'].flatMap((group) => records(group).map(({ name }) => `${group}/${name}`));
  expect(all.filter((name) => !seen.has(name))).toEqual([]);
});

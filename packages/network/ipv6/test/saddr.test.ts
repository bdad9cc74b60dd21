/** Which of its addresses a host sends from: random hosts whose answers a running Linux 6.18 gave, and the rules written down plainly. */
import { readFileSync } from 'node:fs';
import { Random, type NetDevice } from '@skbuff/core';
import { IFA_F_DEPRECATED, IFA_F_OPTIMISTIC, IFA_F_TEMPORARY, IFA_F_TENTATIVE } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import { expect, it } from 'vitest';
import { addrLabelNet, Inet6Ifaddr, ip6addrlblAdd, ipv6AddrScope, ipv6DevGetSaddr } from '../src/index.ts';
import { type Host6, in6, useHost6 } from './support.ts';

interface DevConf {
  readonly use_tempaddr: number;
  readonly use_optimistic: number;
  readonly optimistic_dad: number;
  readonly use_oif_addrs_only: number;
}

/** Device, address, prefix length, IFA_F_*; as a dump lists them. */
type Have = readonly [string, string, number, number];

interface Scene {
  readonly conf: Readonly<Record<string, DevConf>>;
  readonly all: { readonly optimistic_dad: number; readonly use_optimistic: number };
  readonly have: readonly Have[];
  /** Prefix, its length, the interface's number as the recorder had it, label. */
  readonly labels: readonly (readonly [string, number, number, number])[];
  /** Destination, device, IPV6_PREFER_SRC_*, the answer or errno. */
  readonly asks: readonly (readonly [string, string, number, string | number])[];
}

const recorded = JSON.parse(readFileSync(new URL('./records/saddr.json', import.meta.url), 'utf8')) as { index: Record<string, number>; scenes: Scene[] };
const t = useHost6();

function give(h: Host6, dev: NetDevice, text: string, plen: number, flags: number): void {
  const addr = in6(text);
  h.idev(dev).addrList.push(new Inet6Ifaddr(h.idev(dev), addr, plen, flags, ipv6AddrScope(addr)));
}

function devices(h: Host6): Map<string, NetDevice> {
  const lo = h.net.loopbackDev as NetDevice;
  return new Map([['lo', lo], ...['d0', 'd1', 'd2'].map((name) => [name, h.eth(name)] as const)]);
}

function configure(h: Host6, dev: NetDevice, conf: DevConf): void {
  const { cnf } = h.idev(dev);
  cnf.useTempaddr = conf.use_tempaddr;
  cnf.useOptimistic = conf.use_optimistic;
  cnf.optimisticDad = conf.optimistic_dad;
  cnf.useOifAddrsOnly = conf.use_oif_addrs_only;
}

function ask(h: Host6, dev: NetDevice | null, dst: string, prefs: number): string | number {
  const saddr = new In6Addr();
  const err = ipv6DevGetSaddr(h.net, dev, in6(dst), prefs, saddr);
  return err === 0 ? saddr.toString() : err;
}

it(`chooses as the kernel did for ${recorded.scenes.length} random hosts`, () => {
  const { h } = t;
  const devs = devices(h);
  const nameOf = new Map(Object.entries(recorded.index).map(([name, index]) => [index, name]));
  const table = addrLabelNet.of(h.net);
  const defaults = [...table.list];
  const wrong: unknown[] = [];
  let asked = 0;
  for (const scene of recorded.scenes) {
    for (const dev of devs.values()) h.idev(dev).addrList.length = 0;
    for (const [name, conf] of Object.entries(scene.conf)) configure(h, devs.get(name) as NetDevice, conf);
    h.state.devconfAll.optimisticDad = scene.all.optimistic_dad;
    h.state.devconfAll.useOptimistic = scene.all.use_optimistic;
    for (const [name, addr, plen, flags] of scene.have) give(h, devs.get(name) as NetDevice, addr, plen, flags);
    table.list.splice(0, table.list.length, ...defaults);
    for (const [prefix, plen, index, label] of scene.labels) {
      const ifindex = index === 0 ? 0 : (devs.get(nameOf.get(index) as string)?.ifindex ?? 0);
      expect(ip6addrlblAdd(table, in6(prefix), plen, ifindex, label, false)).toBe(0);
    }
    for (const [dst, dev, prefs, answer] of scene.asks) {
      asked++;
      const ours = ask(h, devs.get(dev) as NetDevice, dst, prefs);
      if (ours !== (typeof answer === 'string' ? in6(answer).toString() : answer)) wrong.push({ dst, dev, prefs, answer, ours, have: scene.have });
    }
  }
  for (const dev of devs.values()) h.idev(dev).addrList.length = 0;
  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(1500);
});

/** An address as one big number, for arithmetic that has nothing in common with four words. */
function big(text: string): bigint {
  return [...in6(text).toBytes()].reduce((n, byte) => (n << 8n) | BigInt(byte), 0n);
}

function inPrefix(addr: bigint, prefix: string, plen: number): boolean {
  return addr >> BigInt(128 - plen) === big(prefix) >> BigInt(128 - plen);
}

/** RFC 4291 §2.7, RFC 6724 §3.1. */
function scopeOf(addr: bigint): number {
  if (inPrefix(addr, 'ff00::', 8)) return Number((addr >> 112n) & 15n);
  if (addr === 1n || inPrefix(addr, 'fe80::', 10)) return 2;
  return inPrefix(addr, 'fec0::', 10) ? 5 : 14;
}

/** The table of RFC 6724 §2.1 with what Linux has beside it; the longest prefix counts. */
const LABELS: readonly (readonly [string, number, number])[] = [
  ['::1', 128, 0],
  ['::ffff:0:0', 96, 4],
  ['::', 96, 3],
  ['2001::', 32, 6],
  ['2001:10::', 28, 7],
  ['3ffe::', 16, 12],
  ['2002::', 16, 2],
  ['fec0::', 10, 11],
  ['fc00::', 7, 5],
  ['::', 0, 1],
];

function labelOf(addr: bigint): number {
  return (LABELS.find(([prefix, plen]) => inPrefix(addr, prefix, plen)) as readonly [string, number, number])[2];
}

function common(a: bigint, b: bigint): number {
  for (let bits = 128; bits > 0; bits--) if (a >> BigInt(128 - bits) === b >> BigInt(128 - bits)) return bits;
  return 0;
}

interface Candidate {
  readonly dev: string;
  readonly text: string;
  readonly plen: number;
  readonly flags: number;
}

/** -1: `a` is better, 1: `b`; one rule after the other (RFC 6724 §5). */
function compare(a: Candidate, b: Candidate, dst: bigint, dev: string, prefs: number, tempaddr: (dev: string) => number): number {
  const [x, y] = [big(a.text), big(b.text)];
  const prefer = (ofA: boolean, ofB: boolean): number => Number(ofB) - Number(ofA);
  const [sa, sb, sd] = [scopeOf(x), scopeOf(y), scopeOf(dst)];
  const byScope = sa === sb ? 0 : sa < sb ? (sa < sd ? 1 : -1) : sb < sd ? -1 : 1;
  const always = (n: bigint): boolean => n === 1n || inPrefix(n, '::', 96) || inPrefix(n, '::ffff:0:0', 96);
  const good = (c: Candidate, n: bigint): boolean => always(n) || (c.flags & (IFA_F_DEPRECATED | IFA_F_OPTIMISTIC)) === 0;
  const temporary = (c: Candidate): boolean => ((c.flags & IFA_F_TEMPORARY) !== 0) === ((prefs & 3) !== 0 ? (prefs & 1) !== 0 : tempaddr(c.dev) >= 2);
  const orchid = (n: bigint): boolean => inPrefix(n, '2001:10::', 28) === inPrefix(dst, '2001:10::', 28);
  const rules = [
    prefer(x === dst, y === dst),
    byScope,
    prefer(good(a, x), good(b, y)),
    prefer(a.dev === dev, b.dev === dev),
    prefer(labelOf(x) === labelOf(dst), labelOf(y) === labelOf(dst)),
    prefer(temporary(a), temporary(b)),
    prefer(orchid(x), orchid(y)),
    Math.min(common(y, dst), b.plen) - Math.min(common(x, dst), a.plen),
    prefer((a.flags & IFA_F_OPTIMISTIC) === 0, (b.flags & IFA_F_OPTIMISTIC) === 0),
  ];
  return rules.find((rule) => rule !== 0) ?? 0;
}

const POOL = ['2001:db8:1::', '2001:db8:1:2::', '2600::', 'fd00:1::', 'fec0::', '2002:102:304::', '2001:0:5::', '2001:10:7::', '3ffe::', '::102:300', 'fe80::', '::ffff:10.0.0.0'];
const FLAGS = [0, 0, 0, IFA_F_DEPRECATED, IFA_F_TEMPORARY, IFA_F_TENTATIVE, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, IFA_F_OPTIMISTIC, IFA_F_TEMPORARY | IFA_F_DEPRECATED];

it('agrees with the rules of RFC 6724 applied one after the other', () => {
  const { h } = t;
  const devs = devices(h);
  const random = new Random(6724);
  const pick = <T>(of: readonly T[]): T => of[random.below(of.length)] as T;
  const address = (): string => {
    const addr = in6(pick(POOL));
    return addr.set(addr.w0, addr.w1 ^ (random.below(4) === 0 ? 1 << random.below(32) : 0), addr.w2, addr.w3 | (1 + random.below(3))).toString();
  };
  for (let round = 0; round < 2000; round++) {
    const all: Candidate[] = [];
    const dev = pick(['d0', 'd1', 'd2']);
    const usage = new Map([...devs.keys()].map((name) => [name, random.below(3)] as const));
    for (const [name, each] of devs) {
      h.idev(each).addrList.length = 0;
      h.idev(each).cnf.useTempaddr = usage.get(name) as number;
      for (let n = random.below(4); n > 0; n--) {
        const c: Candidate = { dev: name, text: address(), plen: pick([0, 10, 32, 48, 64, 64, 96, 128]), flags: pick(FLAGS) };
        give(h, each, c.text, c.plen, c.flags);
        all.push(c);
      }
    }
    const dst = pick([address(), address(), 'ff02::5', 'ff05::5', 'ff0e::5']);
    const prefs = pick([0, 0, 1, 2]);
    const local = scopeOf(big(dst)) <= 2 || dst.startsWith('ff');
    const usable = all.filter((c) => (c.flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)) !== IFA_F_TENTATIVE && (!local || c.dev === dev));
    // sort() is stable: of equals the first stays first.
    const [first] = usable.sort((a, b) => compare(a, b, big(dst), dev, prefs, (name) => usage.get(name) as number));
    expect([dst, dev, prefs, ask(h, devs.get(dev) as NetDevice, dst, prefs), all]).toEqual([dst, dev, prefs, first?.text ?? -99, all]);
  }
  for (const dev of devs.values()) h.idev(dev).addrList.length = 0;
});

it('without a device any address will do, and of equals the first interface has it', () => {
  const { h } = t;
  const devs = devices(h);
  give(h, devs.get('d1') as NetDevice, '2001:db8::1', 64, 0);
  give(h, devs.get('d2') as NetDevice, '2001:db8::2', 64, 0);
  expect(ask(h, null, '2001:db8::77', 0)).toBe('2001:db8::1');
  expect(ask(h, devs.get('d2') as NetDevice, '2001:db8::77', 0)).toBe('2001:db8::2');
  for (const dev of devs.values()) h.idev(dev).addrList.length = 0;
});

/** The neighbouring subsystem with ARP on top of it, and what programs see of it. */
import { SKB_DROP_REASON_NEIGH_CREATEFAIL, type NetDevice, type SkBuff } from '@skbuff/core';
import { NdMsg, type NetlinkPort, netlinkPort, nlmsgAll } from '@skbuff/netlink';
import { NEIGHBOUR, type NeighTable } from '@skbuff/neighbour';
import { procNetOf } from '@skbuff/procfs';
import { SockaddrIn } from '@skbuff/af-inet';
import { kernelTask } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostLink, type HostNet, linux } from '../src/index.ts';

const ETH_P_ALL = 3;
const ETH_P_ARP = 0x0806;
const NETLINK_ROUTE = 0;
const NETLINK_ADD_MEMBERSHIP = 1;
const RTNLGRP_NEIGH = 3;
const RTM_DELNEIGH = 29;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const IPPROTO_ICMP = 1;
const MSG_CONFIRM = 0x800;

let net: HostNet;
let a: Host;
let b: Host;
let link: HostLink;
const undos: (() => void)[] = [];

beforeEach(async () => {
  // Every frame and every neighbour counts: those of IPv6 are elsewhere.
  net = createNet({ seed: 3, debug: true, plugins: linux({ ipv6: false }) });
  [a, b] = net.hosts('a', 'b');
  link = net.link(a, b, { a: { mac: '02:00:00:00:00:0a' }, b: { mac: '02:00:00:00:00:0b' } });
  a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  await net.advance(1000);
});

afterEach(() => {
  for (const undo of undos.splice(0)) undo();
  expect(net.close()).toEqual({});
});

const now = (): number => Math.round(net.now() / 1e6);

const table = (): NeighTable => net.kernel.services.get(NEIGHBOUR).tables[0] as NeighTable;

/** Frames on a device in both directions: milliseconds, destination, and what ARP says or how many bytes of IP. */
function watch(dev: NetDevice): string[] {
  const seen: string[] = [];
  const pt = {
    type: ETH_P_ALL,
    dev,
    net: null,
    ignoreOutgoing: false,
    func(skb: SkBuff): number {
      seen.push(`${now()} ${text(skb)}`);
      skb.consume();
      return 0;
    },
    listFunc: null,
  };
  dev.net.softnet.addPack(pt);
  undos.push(() => dev.net.softnet.removePack(pt));
  return seen;
}

function text(skb: SkBuff): string {
  const frame = skb.bytes.slice(skb.macHeader, skb.tail);
  const to = frame[0] === 0xff ? '*' : (frame[5] as number).toString(16);
  if (skb.protocol !== ETH_P_ARP) return `to ${to}: ip`;
  return frame[21] === 1 ? `to ${to}: who has .${frame[41]}` : `to ${to}: .${frame[31]} is at ${(frame[27] as number).toString(16)}`;
}

/** What the group RTNLGRP_NEIGH of a host hears: NEW or DEL, last byte of the address, state. */
function monitor(host: Host): () => string[] {
  const port = netlinkPort(host.ns, NETLINK_ROUTE) as NetlinkPort;
  port.setsockopt(NETLINK_ADD_MEMBERSHIP, RTNLGRP_NEIGH);
  undos.push(() => port.close());
  return () => {
    const out: string[] = [];
    for (let d = port.recvmsg(); typeof d !== 'number'; d = port.recvmsg()) {
      for (const nlh of nlmsgAll(d.data)) {
        const { state } = new NdMsg().read(nlh.buf, nlh.data);
        out.push(`${nlh.type === RTM_DELNEIGH ? 'DEL' : 'NEW'} ${nlh.buf[nlh.data + NdMsg.LEN + 7]} ${state}`);
      }
    }
    return out;
  };
}

describe('a neighbour that answers', () => {
  it('is asked once by broadcast, learns the asker as STALE from the question, and is used from then on without one [NEIGH-14] [NEIGH-21] [NEIGH-26]', async () => {
    const seen = watch(link.a);
    expect((await a.ping('10.0.0.2', { count: 2, interval: 10 })).replies.length).toBe(2);
    expect(seen.map((line) => line.replace(/^\d+ /, ''))).toEqual(['to *: who has .2', 'to a: .2 is at b', 'to b: ip', 'to a: ip', 'to b: ip', 'to a: ip']);
    expect(a.ip`neigh show`).toBe('10.0.0.2 dev eth0 lladdr 02:00:00:00:00:0b REACHABLE \n');
    // It was told, not asked; its answer was a use.
    expect(b.ip`neigh show`).toBe('10.0.0.1 dev eth0 lladdr 02:00:00:00:00:0a DELAY \n');
  });

  it('is probed by unicast five seconds after it is used when stale, and confirmed by its answer [NEIGH-14] [NEIGH-15]', async () => {
    const events = monitor(a);
    await a.ping('10.0.0.2');
    await net.advance(50_000);
    expect(events()).toEqual(['NEW 2 2', 'NEW 2 4']);
    const seen = watch(link.a);
    await a.ping('10.0.0.2');
    const used = Number((seen[0] as string).split(' ')[0]);
    await net.advance(10_000);
    const own = seen.filter((line) => line.includes('.2'));
    expect(own).toEqual([`${used + 5000} to b: who has .2`, `${used + 5000} to a: .2 is at b`]);
    expect(events()).toEqual(['NEW 2 16', 'NEW 2 2']);
  });

  it.each([
    ['UDP', SOCK_DGRAM, 0],
    ['raw', SOCK_RAW, IPPROTO_ICMP],
    ['ping', SOCK_DGRAM, IPPROTO_ICMP],
  ])('is believed without a probe when a program says over a %s socket that it heard of it (MSG_CONFIRM) [NEIGH-20]', async (_kind, type, protocol) => {
    await a.ping('10.0.0.2');
    a.sysctl('net.ipv4.ping_group_range', '0 100');
    a.ip`neigh change 10.0.0.2 dev eth0 lladdr 02:00:00:00:00:0b nud stale`;
    const task = kernelTask(a.ns);
    const fd = task.socket(2, type, protocol);
    const seen = watch(link.a);
    const echo = Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0);
    expect(task.sendto(fd, echo, MSG_CONFIRM, new SockaddrIn(0x0a000002, 9))).toBe(8);
    await net.advance(5500);
    expect(a.ip`neigh show 10.0.0.2`).toContain('REACHABLE');
    expect(seen.filter((line) => line.includes('who has .2'))).toEqual([]);
    // Without the flag the same traffic ends in a probe.
    a.ip`neigh change 10.0.0.2 dev eth0 lladdr 02:00:00:00:00:0b nud stale`;
    task.sendto(fd, echo, 0, new SockaddrIn(0x0a000002, 9));
    await net.advance(5500);
    expect(seen.filter((line) => line.includes('to b: who has .2')).length).toBe(1);
    task.exit();
  });
});

describe('a neighbour that does not answer', () => {
  it('is asked for three times, a second apart; who waits for it hears that the host is unreachable [NEIGH-15] [NEIGH-16] [NEIGH-17]', async () => {
    const seen = watch(link.a);
    const start = now();
    const { stdout } = await a.run('ping -c 1 -W 5 10.0.0.9');
    expect(seen).toEqual([0, 1000, 2000].map((at) => `${start + at} to *: who has .9`));
    expect(stdout).toContain('From 10.0.0.1 icmp_seq=1 Destination Host Unreachable');
    expect(a.ip`neigh show`).toBe('10.0.0.9 dev eth0 FAILED \n');
    expect(table().stats.resFailed).toBe(1);
  });

  it('keeps only so many packets waiting as unres_qlen_bytes allows [NEIGH-21] [NEIGH-34]', async () => {
    a.sysctl('net.ipv4.neigh.eth0.unres_qlen', 2);
    expect(a.sysctl('net.ipv4.neigh.eth0.unres_qlen_bytes')).toBe('4180');
    await a.ping('10.0.0.9', { count: 10, interval: 10, timeout: 100 });
    expect(table().stats.unresDiscards).toBeGreaterThan(3);
  });
});

describe('ip neigh', () => {
  it('adds a permanent entry, which needs no question, survives collections of either kind and a flush, and goes when it is deleted [NEIGH-27] [NEIGH-28] [NEIGH-29] [NEIGH-31]', async () => {
    const seen = watch(link.a);
    a.ip`neigh add 10.0.0.2 lladdr 02:00:00:00:00:0b dev eth0 nud permanent`;
    expect(() => a.ip`neigh add 10.0.0.2 lladdr 02:00:00:00:00:0b dev eth0`).toThrow('File exists');
    await a.ping('10.0.0.2');
    expect(seen[0]).toContain('to b: ip');
    a.ip`neigh add 10.0.0.3 lladdr 02:00:00:00:00:03 dev eth0 nud stale`;
    Object.assign(table(), { gcThresh1: 0, gcThresh2: 0 });
    await net.advance(200_000);
    a.ip`neigh flush dev eth0`;
    expect(a.ip`neigh show`).toBe('10.0.0.2 dev eth0 lladdr 02:00:00:00:00:0b PERMANENT \n');
    expect(table().stats.periodicGcRuns).toBeGreaterThan(10);
    const events = monitor(a);
    a.ip`neigh del 10.0.0.2 dev eth0`;
    expect([a.ip`neigh show`, events()]).toEqual(['', ['NEW 2 32', 'DEL 2 32']]);
    expect(() => a.ip`neigh del 10.0.0.2 dev eth0`).toThrow('No such file or directory');
  });

  it('keeps fixed entries when the carrier goes, and loses all when the device does [NEIGH-13] [NEIGH-31]', async () => {
    a.ip`neigh add 10.0.0.2 lladdr 02:00:00:00:00:0b dev eth0 nud permanent`;
    a.ip`neigh add 10.0.0.3 lladdr 02:00:00:00:00:03 dev eth0 nud reachable`;
    const events = monitor(a);
    b.link.set({ dev: 'eth0', up: false });
    await net.advance(2000);
    expect([a.ip`neigh show nud all`, events()]).toEqual(['10.0.0.2 dev eth0 lladdr 02:00:00:00:00:0b PERMANENT \n', ['DEL 3 2']]);
    a.link.set({ dev: 'eth0', up: false });
    expect([a.ip`neigh show nud all`, events()]).toEqual(['', ['DEL 2 128']]);
  });

  it('shows references, ages and probes with -s, and one entry with get [NEIGH-01] [NEIGH-29]', async () => {
    await a.ping('10.0.0.2');
    await net.advance(7300);
    expect(a.ip`-s neigh show`).toMatch(/^10\.0\.0\.2 dev eth0 lladdr 02:00:00:00:00:0b {2}ref 1 used 7\/7\/7probes 4 REACHABLE \n$/);
    expect(a.ip`neigh get 10.0.0.2 dev eth0`).toBe('10.0.0.2 dev eth0 lladdr 02:00:00:00:00:0b REACHABLE \n');
    expect(() => a.ip`neigh get 10.0.0.3 dev eth0`).toThrow('Neighbour entry not found');
  });

  it('keeps a managed entry resolved without any traffic [NEIGH-27]', async () => {
    a.ip`neigh add 10.0.0.2 dev eth0 managed`;
    await net.advance(300_000);
    expect(a.ip`neigh show`).toMatch(/^10\.0\.0\.2 dev eth0 lladdr 02:00:00:00:00:0b managed (REACHABLE|DELAY|PROBE|STALE) \n$/);
    expect(table().stats.resFailed).toBe(0);
  });
});

describe('proxied addresses', () => {
  it('are answered for after a random time below proxy_delay, at once if that is 0, and not any more when they are deleted [NEIGH-32] [NEIGH-33]', async () => {
    const r = net.router('r');
    const c = net.host('c');
    net.link(c, r, { a: { mac: '02:00:00:00:00:0c' }, b: { mac: '02:00:00:00:00:0e' } });
    const other = net.link(r, net.host('d'));
    r.addr.add({ dev: 'eth0', cidr: '10.1.0.1/24' });
    r.addr.add({ dev: other.a.name, cidr: '10.2.0.1/24' });
    c.addr.add({ dev: 'eth0', cidr: '10.1.0.2/8' });
    r.ip`neigh add proxy 10.2.0.9 dev eth0`;
    expect(r.ip`neigh show proxy`).toBe('10.2.0.9 dev eth0 proxy \n');
    const seen = watch(c.ns.devGetByName('eth0') as NetDevice);
    const ask = async (): Promise<number[]> => {
      seen.length = 0;
      c.ip`neigh flush dev eth0`;
      await c.ping('10.2.0.9', { timeout: 900 });
      const at = (what: string): number => Number((seen.find((line) => line.includes(what)) ?? 'NaN').split(' ')[0]);
      return [at('.9 is at e') - at('who has .9')];
    };
    const delays = [...(await ask()), ...(await ask()), ...(await ask()), ...(await ask())];
    for (const ms of delays) expect(ms).toBeLessThan(800);
    expect(Math.max(...delays)).toBeGreaterThan(0);
    expect(new Set(delays).size).toBeGreaterThan(1);
    r.sysctl('net.ipv4.neigh.eth0.proxy_delay', 0);
    expect(await ask()).toEqual([0]);
    r.ip`neigh del proxy 10.2.0.9 dev eth0`;
    expect(await ask()).toEqual([Number.NaN]);
    // The proxy learned from the questions who asks.
    expect(r.ip`neigh show 10.1.0.2`).toContain('lladdr 02:00:00:00:00:0c');
  });
});

describe('a full table', () => {
  it('refuses a packet for one neighbour more, until a collection makes room for it at once [NEIGH-07] [NEIGH-08] [NEIGH-10]', async () => {
    const { initNet } = net.kernel;
    const set = (name: string, value: number): void => expect(sysctlOf(initNet).write(`net/ipv4/neigh/default/${name}`, `${value}\n`)).toBe(0);
    const used = table().gcEntries;
    set('gc_thresh2', used + 2);
    set('gc_thresh3', used + 2);
    await a.ping('10.0.0.8', { timeout: 10 });
    await a.ping('10.0.0.9', { timeout: 10 });
    const drops = net.kernel.skbs.drops;
    const before = drops[SKB_DROP_REASON_NEIGH_CREATEFAIL] as number;
    await a.ping('10.0.0.7', { timeout: 10 });
    expect([(drops[SKB_DROP_REASON_NEIGH_CREATEFAIL] as number) - before, table().stats.tableFulls]).toEqual([1, 1]);
    // Both have failed: they may go.
    await net.advance(4000);
    const { forcedGcRuns, tableFulls } = table().stats;
    await a.ping('10.0.0.7', { timeout: 10 });
    expect(table().stats).toMatchObject({ forcedGcRuns: forcedGcRuns + 1, tableFulls });
    expect(a.ip`neigh show nud all`).toContain('10.0.0.7 dev eth0 INCOMPLETE');
  });
});

describe('/proc/net/stat/arp_cache', () => {
  it('counts for the whole kernel, and is there in the first namespace only [NEIGH-34] [NEIGH-35]', async () => {
    await a.ping('10.0.0.2');
    await a.ping('10.0.0.9', { timeout: 4000 });
    const stat = procNetOf(net.kernel.initNet).read('stat/arp_cache') as string;
    const [heading, row] = stat.split('\n').map((line) => line.trim().split(/\s+/)) as [string[], string[]];
    const value = (name: string): number => Number.parseInt(row[heading.indexOf(name)] as string, 16);
    const { stats, entries } = table();
    expect(['entries', 'allocs', 'destroys', 'res_failed', 'table_fulls'].map(value)).toEqual([entries, stats.allocs, 0, 1, 0]);
    expect(value('lookups')).toBeGreaterThanOrEqual(value('hits'));
    expect(stat.split('\n').length).toBe(3);
    expect(procNetOf(a.ns).list('stat')).toEqual([]);
  });
});

/**
 * A host with the real IPv6 and routing. Addresses, neighbours, ICMPv6 and the links are in the hands of the test.
 */
import { NETDEV_CHANGE, NETDEV_DOWN, NETDEV_UNREGISTER, NETDEV_UP, NOTIFY_DONE, type Kernel, type Net, type NetDevice, type Plugin, type SkBuff, VirtualClock, createKernel, devClose, devOpen } from '@skbuff/core';
import { type AddrconfOps, Flowi6, IPV6, Inet6Dev, Inet6Ifaddr, type Ip6RoutingProvider, type Ipv6, type NdiscOps, type Rt6Info, in6DevGet, in6DevSet, ip6cbInit, ipv6, ipv6AddrScope, ipv6Net } from '@skbuff/ipv6';
import { loopback } from '@skbuff/loopback';
import { type Neighbour, neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { ip6Packet, testDevice } from '@skbuff/testkit';
import * as U from '@skbuff/uapi';
import { In6Addr, in6Pton } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { type Fib6Net, type Fib6Rt, type Fib6RtConfig, fib6, fib6GetTable, fib6Net, ip6RouteAdd, ip6RouteDel, ip6RouteMultipathAdd } from '../src/index.ts';
import { PlainTable } from './plain-table.ts';

export const SEC = 1e9;

export const addr6 = (text: string): In6Addr => {
  const a = in6Pton(text);
  if (a === null) throw new Error(`not an address: ${text}`);
  return a;
};

const TYPES: Readonly<Record<string, number>> = { local: U.RTN_LOCAL, anycast: U.RTN_ANYCAST, multicast: U.RTN_MULTICAST, blackhole: U.RTN_BLACKHOLE, unreachable: U.RTN_UNREACHABLE, prohibit: U.RTN_PROHIBIT, throw: U.RTN_THROW };
const TYPE_NAMES: Readonly<Record<number, string>> = Object.fromEntries(Object.entries(TYPES).map(([name, type]) => [type, `${name} `]));
const NLFLAGS: Readonly<Record<string, number>> = {
  add: U.NLM_F_CREATE | U.NLM_F_EXCL,
  append: U.NLM_F_CREATE | U.NLM_F_APPEND,
  prepend: U.NLM_F_CREATE,
  replace: U.NLM_F_CREATE | U.NLM_F_REPLACE,
  change: U.NLM_F_REPLACE,
};
const PREFS: Readonly<Record<string, number>> = { low: 3, medium: 0, high: 1 };
const ERRNO: Readonly<Record<number, string>> = { [U.EEXIST]: 'EEXIST', [U.ENOENT]: 'ENOENT', [U.ESRCH]: 'ESRCH', [U.EINVAL]: 'EINVAL', [U.EHOSTUNREACH]: 'EHOSTUNREACH', [U.ENETUNREACH]: 'ENETUNREACH', [U.EACCES]: 'EACCES', [U.ENODEV]: 'ENODEV', [U.ENETDOWN]: 'ENETDOWN', [U.EAGAIN]: 'EAGAIN' };

/** What a call returned: '' or the errno, with the kernel's words where it says any. */
const said = (err: number, message: string): string => (err === 0 ? '' : message === '' ? (ERRNO[-err] ?? String(err)) : `${ERRNO[-err]} ${message}`);

export class Host {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  /** ICMPv6 errors that were asked for: `1/0 2001:db8::1`, the destination of the packet. */
  readonly icmp: string[] = [];
  /** NUD_* of neighbours by address; who is not here was never asked for. */
  readonly nud: Map<string, number> = new Map();
  /** Solicitations of routing's own: `eth0 fe80::1`. */
  readonly probes: string[] = [];

  constructor() {
    const plugins = [netlink(), sysctl(), procfs(), neighbour(), ipv6(), fib6({ table: () => new PlainTable() }), devices(), loopback()];
    this.kernel = createKernel({ clock: this.clock, debug: true, plugins });
    this.ip.icmp = { icmpv6Send: (skb, type, code) => void this.icmp.push(`${type}/${code} ${daddrOf(skb)}`), paramProb: () => {}, notify: () => 0, outCount: () => {} };
    this.ip.ndisc = this.ndisc();
    this.clock.advance(600 * SEC);
    in6DevSet(this.lo, new Inet6Dev(this.lo, ipv6Net.of(this.net).devconfDflt.copy()));
    expect(devOpen(this.lo)).toBe(0);
    this.addr(this.lo, '::1/128');
  }

  private ndisc(): NdiscOps {
    const lookup = (_dev: NetDevice, w0: number, w1: number, w2: number, w3: number): Neighbour | null => {
      const nudState = this.nud.get(new In6Addr(w0, w1, w2, w3).toString());
      return nudState === undefined ? null : ({ nudState, updated: 0, flags: U.NTF_ROUTER, parms: {}, timer: { pending: () => true }, tbl: { timers: { jiffies: 0, modTimer: () => {} } } } as unknown as Neighbour);
    };
    const sendNs: NdiscOps['sendNs'] = (dev, solicit) => void this.probes.push(`${dev.name} ${solicit.toString()}`);
    const redirectTarget = (): Neighbour => ({}) as Neighbour;
    return { tbl: { lookup, ifdown: () => {} }, sendNs, redirectTarget } as unknown as NdiscOps;
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get ip(): Ipv6 {
    return this.kernel.services.get(IPV6);
  }

  get routing(): Ip6RoutingProvider {
    return this.ip.routing as Ip6RoutingProvider;
  }

  get state(): Fib6Net {
    return fib6Net.of(this.net);
  }

  get stats(): Float64Array {
    return ipv6Net.of(this.net).stats;
  }

  get lo(): NetDevice {
    return this.net.loopbackDev as NetDevice;
  }

  dev(name: string): NetDevice {
    return this.net.devGetByName(name) as NetDevice;
  }

  idev(name: string): Inet6Dev {
    return in6DevGet(this.dev(name)) as Inet6Dev;
  }

  /** A device that is up, with addresses `2001:db8::1/64`, the routes to them and their prefixes, and ff00::/8. */
  eth(name: string, ...addrs: string[]): NetDevice {
    const dev = testDevice(this.net, name, () => {});
    const idev = new Inet6Dev(dev, ipv6Net.of(this.net).devconfDflt.copy());
    idev.cnf.mtu6 = 1500;
    in6DevSet(dev, idev);
    expect(devOpen(dev)).toBe(0);
    this.clock.advance(0);
    for (const text of addrs) this.addr(dev, text);
    const flags = U.RTF_UP;
    expect(ip6RouteAdd(this.net, { table: U.RT_TABLE_LOCAL, metric: 256, ifindex: dev.ifindex, flags, type: U.RTN_MULTICAST, dst: addr6('ff00::'), dstLen: 8, protocol: U.RTPROT_KERNEL }, null)).toBe(0);
    return dev;
  }

  /** Gives an address, as address configuration does. */
  addr(dev: NetDevice, text: string): Inet6Ifaddr {
    const [local, plen] = text.split('/') as [string, string];
    const idev = in6DevGet(dev) as Inet6Dev;
    const a = addr6(local);
    const ifp = new Inet6Ifaddr(idev, a, Number(plen), U.IFA_F_PERMANENT, ipv6AddrScope(a));
    ipv6Net.of(this.net).addrs.add(ifp);
    idev.addrList.push(ifp);
    const rt = this.routing.f6iAlloc(this.net, idev, a, false);
    if (typeof rt === 'number') throw new Error(`no route to an own address: ${rt}`);
    ifp.rt = rt;
    expect(this.routing.insRt(this.net, rt)).toBe(0);
    if (plen !== '128') this.prefixRoute(dev, a, Number(plen));
    return ifp;
  }

  private prefixRoute(dev: NetDevice, dst: In6Addr, dstLen: number): void {
    const flags = U.RTF_UP;
    expect(ip6RouteAdd(this.net, { table: U.RT_TABLE_MAIN, metric: U.IP6_RT_PRIO_ADDRCONF, ifindex: dev.ifindex, flags, dst, dstLen, protocol: U.RTPROT_KERNEL }, null)).toBe(0);
  }

  /** `ip -6 route add default via fe80::1 dev eth0`: what iproute2 makes of the words. Returns '' or the error. */
  route(line: string): string {
    const [verb, ...words] = line.split(' ') as [string, ...string[]];
    const ext = { message: '' };
    const [first, ...hops] = words.join(' ').split(' nexthop ');
    const cfg = this.config(first.split(' '));
    if (verb === 'del') return said(ip6RouteDel(this.net, { ...cfg, ...(line.includes(' proto ') ? {} : { protocol: 0 }), deleteAllNh: true }, ext), ext.message);
    const nlflags = NLFLAGS[verb];
    if (hops.length === 0) return said(ip6RouteAdd(this.net, { ...cfg, nlflags }, ext), ext.message);
    const nexthops = hops.map((hop) => ({ ...this.config(['::', ...hop.split(' ')]) }));
    for (const hop of nexthops as { dst?: unknown; dstLen?: unknown; table?: unknown; type?: unknown }[]) for (const name of ['dst', 'dstLen', 'table', 'type'] as const) delete hop[name];
    return said(ip6RouteMultipathAdd(this.net, { ...cfg, nlflags }, nexthops, ext), ext.message);
  }

  private config(words: string[]): Fib6RtConfig {
    let type = U.RTN_UNICAST;
    if (words[0] in TYPES) type = TYPES[words.shift() as string] as number;
    const prefix = (text: string): { a: In6Addr; len: number } => {
      const [a, len] = text.split('/') as [string, string?];
      return a === 'default' ? { a: addr6('::'), len: 0 } : { a: addr6(a), len: Number(len ?? 128) };
    };
    const dst = prefix(words.shift() as string);
    const cfg: { -readonly [K in keyof Fib6RtConfig]: Fib6RtConfig[K] } = { dst: dst.a, dstLen: dst.len, type, table: type === U.RTN_LOCAL || type === U.RTN_ANYCAST ? U.RT_TABLE_LOCAL : U.RT_TABLE_MAIN, protocol: U.RTPROT_BOOT };
    let flags = U.RTF_UP;
    if (type >= U.RTN_BLACKHOLE) flags |= U.RTF_REJECT;
    if (type === U.RTN_LOCAL) flags |= U.RTF_LOCAL;
    while (words.length > 0) {
      const word = words.shift() as string;
      if (word === 'onlink') {
        flags |= U.RTNH_F_ONLINK;
        continue;
      }
      const value = words.shift() as string;
      if (word === 'via') {
        cfg.gateway = addr6(value);
        flags |= U.RTF_GATEWAY;
      } else if (word === 'dev') cfg.ifindex = this.dev(value).ifindex;
      else if (word === 'metric') cfg.metric = Number(value);
      else if (word === 'table') cfg.table = Number(value);
      else if (word === 'src') cfg.prefsrc = addr6(value);
      else if (word === 'proto') cfg.protocol = Number(value);
      else if (word === 'weight') cfg.weight = Number(value);
      else if (word === 'from') {
        const src = prefix(value);
        cfg.src = src.a;
        cfg.srcLen = src.len;
      } else if (word === 'expires') {
        cfg.expires = Number(value) * 1000;
        flags |= U.RTF_EXPIRES;
      } else if (word === 'pref') flags |= (PREFS[value] as number) << U.RTF_PREF_SHIFT;
    }
    cfg.flags = flags >>> 0;
    return cfg;
  }

  /** The routes of a table in the order of a dump. */
  show(table: number = U.RT_TABLE_MAIN): string[] {
    return (fib6GetTable(this.state, table)?.routes() ?? []).map((rt) => routeText(rt));
  }

  /** The way of what this host sends: `via fe80::1 dev eth0`, `dev lo`, or the errno. */
  get(daddr: string, more: { readonly from?: string; readonly oif?: string; readonly mark?: number } = {}): string {
    const fl6 = new Flowi6().init(0);
    fl6.daddr.copy(addr6(daddr));
    if (more.from !== undefined) fl6.saddr.copy(addr6(more.from));
    if (more.oif !== undefined) fl6.oif = this.dev(more.oif).ifindex;
    fl6.mark = more.mark ?? 0;
    const rt = this.routing.routeOutput(this.net, null, fl6, 0);
    const text = wayText(rt);
    rt.release();
    return text;
  }

  /** The way of a packet received on `dev`. */
  input(dev: string, saddr: string, daddr: string): string {
    const skb = this.packet(dev, saddr, daddr);
    this.routing.routeInput(skb);
    const text = wayText(skb.dst as Rt6Info);
    skb.kfree(2);
    return text;
  }

  packet(dev: string, saddr: string, daddr: string, more: Parameters<typeof ip6Packet>[0] = {}): SkBuff {
    const bytes = ip6Packet({ saddr, daddr, ttl: 64, ...more });
    const skb = this.net.skbs.alloc(bytes.length + 64) as SkBuff;
    skb.reserve(64);
    skb.putData(bytes, 0, bytes.length);
    skb.resetNetworkHeader();
    skb.transportHeader = skb.data + 40;
    skb.protocol = U.ETH_P_IPV6;
    skb.dev = this.dev(dev);
    ip6cbInit(skb, skb.dev.ifindex);
    return skb;
  }

  down(name: string): void {
    devClose(this.dev(name));
  }

  up(name: string): void {
    expect(devOpen(this.dev(name))).toBe(0);
  }
}

function daddrOf(skb: SkBuff): string {
  return new In6Addr().load(skb.bytes, skb.networkHeader + 24).toString();
}

export function routeText(rt: Fib6Rt): string {
  const dst = rt.plen === 0 ? 'default' : rt.plen === 128 ? rt.dst.toString() : `${rt.dst.toString()}/${rt.plen}`;
  const from = rt.srcLen === 0 ? '' : ` from ${rt.src.toString()}/${rt.srcLen}`;
  const via = rt.nh.hasGw ? ` via ${rt.nh.gw.toString()}` : '';
  const dead = (rt.nh.flags & U.RTNH_F_DEAD) !== 0 ? ' dead' : '';
  const linkdown = (rt.nh.flags & U.RTNH_F_LINKDOWN) !== 0 ? ' linkdown' : '';
  return `${TYPE_NAMES[rt.type] ?? ''}${dst}${from}${via} dev ${rt.nh.dev.name} metric ${rt.metric}${dead}${linkdown}`;
}

export function wayText(rt: Rt6Info): string {
  if (rt.error !== 0) return ERRNO[-rt.error] ?? String(rt.error);
  const via = (rt.rtFlags & U.RTF_GATEWAY) !== 0 ? `via ${rt.gateway.toString()} ` : '';
  return `${via}dev ${rt.dev.name}`;
}

/** What address configuration tells routing of devices. */
function devices(): Plugin {
  return {
    name: 'test-devices',
    requires: ['@skbuff/fib6'],
    init(ctx) {
      const ip = ctx.get(IPV6);
      ip.addrconf = {} as AddrconfOps;
      ctx.netdeviceNotifier({
        notifierCall(_nb, event, { dev }) {
          if (event === NETDEV_DOWN || event === NETDEV_UNREGISTER) ip.routing?.disableIp(dev, event);
          if (event === NETDEV_UP) ip.routing?.syncUp(dev, U.RTNH_F_DEAD);
          if (event === NETDEV_CHANGE && dev.carrierOk()) ip.routing?.syncUp(dev, U.RTNH_F_LINKDOWN);
          if (event === NETDEV_CHANGE && !dev.carrierOk()) ip.routing?.syncDownDev(dev, event);
          return NOTIFY_DONE;
        },
      });
      ctx.onUnload(() => {
        ip.addrconf = null;
      });
    },
  };
}


/** A fresh host for each test; after it nothing may be left. */
export function useHost(): { readonly h: Host } {
  const holder = { h: null as unknown as Host };
  beforeEach(() => {
    holder.h = new Host();
  });
  afterEach(() => {
    expect(holder.h.kernel.shutdown()).toEqual({});
  });
  return holder;
}

/** A host whose routing, neighbour discovery and MLD are notebooks: what is asked of them is a line, as `ip -6 monitor` would write it. */
import { createKernel, devOpen, devClose, type Kernel, type Net, type NetDevice, type SkBuff, unregisterNetdevice, VirtualClock } from '@skbuff/core';
import {
  type Fib6Config,
  type Fib6Info,
  in6DevGet,
  type Inet6Dev,
  type Inet6Ifaddr,
  INFINITY_LIFE_TIME,
  type Ip6RoutingProvider,
  IPV6,
  ipv6,
  type Ipv6,
  type Ipv6Net,
  ipv6Net,
  type MldOps,
  type NdiscOps,
} from '@skbuff/ipv6';
import { loopback } from '@skbuff/loopback';
import { IfaCacheInfo, IfAddrMsg, netlink, type NetlinkPort, netlinkPort, nlaPolicySet, NlAttrs, nlmsgAll, nlmsgParseDeprecated, type NlMsgHdr } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { testDevice } from '@skbuff/testkit';
import {
  EEXIST,
  ENETDOWN,
  ENOENT,
  IFA_ADDRESS,
  IFA_CACHEINFO,
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_MANAGETEMPADDR,
  IFA_F_NODAD,
  IFA_F_OPTIMISTIC,
  IFA_F_PERMANENT,
  IFA_F_STABLE_PRIVACY,
  IFA_F_TEMPORARY,
  IFA_F_TENTATIVE,
  IFA_FLAGS,
  IFA_LOCAL,
  IFA_MAX,
  IFF_UP,
  NETLINK_ROUTE,
  NLA_HDRLEN,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
  RTF_ANYCAST,
  RTF_EXPIRES,
  RTF_LOCAL,
  RTM_DELADDR,
  RTN_MULTICAST,
  RTNLGRP_IPV6_IFADDR,
} from '@skbuff/uapi';
import { In6Addr, in6Pton, ipv6AddrPrefix } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { addrconf, type Ifa6Config, inet6AddrAdd } from '../src/index.ts';

/** Nanoseconds. */
export const SEC = 1e9;
export const MS = 1e6;

export function in6(text: string): In6Addr {
  const addr = in6Pton(text);
  if (addr === null) throw new Error(text);
  return addr;
}

/** A route as the notebook keeps it. */
export interface NotedRoute extends Fib6Info {
  table: number;
  dev: NetDevice;
  linked: boolean;
  expires: number;
  type: string;
  protocol: number;
}

/** Flags of addresses, by the words of `ip`. */
const WORDS: readonly (readonly [number, string])[] = [
  [IFA_F_TEMPORARY, 'temporary'],
  [IFA_F_NODAD, 'nodad'],
  [IFA_F_OPTIMISTIC, 'optimistic'],
  [IFA_F_DADFAILED, 'dadfailed'],
  [IFA_F_DEPRECATED, 'deprecated'],
  [IFA_F_TENTATIVE, 'tentative'],
  [IFA_F_MANAGETEMPADDR, 'mngtmpaddr'],
  [IFA_F_STABLE_PRIVACY, 'stable-privacy'],
];

export function flagWords(flags: number): string {
  return WORDS.filter(([flag]) => (flags & flag) !== 0)
    .map(([, word]) => ` ${word}`)
    .join('');
}

export class Host {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly ip: Ipv6;
  /** What happened, and when in milliseconds. */
  readonly events: { at: number; text: string }[] = [];
  readonly routes: NotedRoute[] = [];
  /** Groups by device and how often each was joined. */
  readonly groups: Map<string, number> = new Map();
  /** Kinds of lines that are not wanted. */
  quiet: readonly string[] = ['mld', 'group'];
  retransTime = 1000;
  /** Nonces of the solicitations that were sent. */
  readonly nonces: string[] = [];
  private readonly monitor: NetlinkPort;
  private readonly devices: NetDevice[] = [];

  constructor(seed = 1) {
    this.kernel = createKernel({ clock: this.clock, debug: true, seed, plugins: [netlink(), sysctl(), procfs(), loopback(), ipv6(), this.doors(), addrconf()] });
    this.ip = this.kernel.services.get(IPV6);
    this.monitor = this.port();
    this.monitor.bind(0, 1 << (RTNLGRP_IPV6_IFADDR - 1));
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get state(): Ipv6Net {
    return ipv6Net.of(this.net);
  }

  port(): NetlinkPort {
    const port = netlinkPort(this.net, NETLINK_ROUTE);
    if (typeof port === 'number') throw new Error(`netlinkPort: ${port}`);
    return port;
  }

  private doors() {
    return {
      name: '@skbuff/doors',
      requires: ['@skbuff/ipv6'],
      init: (ctx: { get: (token: typeof IPV6) => Ipv6; onUnload: (undo: () => void) => void }) => {
        const ip = ctx.get(IPV6);
        ip.routing = this.routing();
        ip.ndisc = this.ndisc();
        ip.mld = this.mld();
        ctx.onUnload(() => {
          ip.routing = null;
          ip.ndisc = null;
          ip.mld = null;
        });
      },
    };
  }

  note(kind: string, text: string): void {
    this.drain();
    if (!this.quiet.includes(kind)) this.events.push({ at: Math.round(this.clock.now() / MS), text: `${kind} ${text}` });
  }

  /** Messages of netlink come in their place among the lines. */
  private drain(): void {
    if (this.monitor === undefined) return;
    for (let dgram = this.monitor.recvmsg(); typeof dgram !== 'number'; dgram = this.monitor.recvmsg()) {
      for (const nlh of nlmsgAll(dgram.data)) this.events.push({ at: Math.round(this.clock.now() / MS), text: addrLine(nlh) });
    }
  }

  /** The lines since the last call. */
  lines(): string[] {
    this.drain();
    return this.events.splice(0).map(({ text }) => text);
  }

  timed(): { at: number; text: string }[] {
    this.drain();
    return this.events.splice(0);
  }

  /** A device whose MAC address is 02:00:00:00:00 and the code of its name's last letter. */
  eth(name: string, setup: (dev: NetDevice) => void = () => {}): NetDevice {
    const dev = testDevice(this.net, name, () => {}, setup);
    this.devices.push(dev);
    return dev;
  }

  up(dev: NetDevice): Inet6Dev {
    expect(devOpen(dev)).toBe(0);
    return this.idev(dev);
  }

  down(dev: NetDevice): void {
    devClose(dev);
  }

  idev(dev: NetDevice): Inet6Dev {
    const idev = in6DevGet(dev);
    if (idev === null) throw new Error(`${dev.name}: no IPv6`);
    return idev;
  }

  /** Runs `seconds`, in steps as exact as messages get their time: milliseconds, or tenths of a second if it is long. */
  run(seconds: number): void {
    const until = this.clock.now() + Math.round(seconds * SEC);
    const step = seconds > 10 ? 100 * MS : MS;
    this.clock.advance(0);
    while (this.clock.now() < until) {
      this.drain();
      this.clock.advance(Math.min(step, until - this.clock.now()));
    }
  }

  /** Addresses of a device as `ip -6 addr` lists them. */
  addrs(dev: NetDevice): string[] {
    return (in6DevGet(dev)?.addrList ?? []).map((ifp) => `${ifp.addr.toString()}/${ifp.prefixLen}${flagWords(ifp.flags)}`);
  }

  ifp(dev: NetDevice, addr: string): Inet6Ifaddr {
    const ifp = this.idev(dev).addrList.find((other) => other.addr.equals(in6(addr)));
    if (ifp === undefined) throw new Error(addr);
    return ifp;
  }

  /** `ip -6 addr add`: 0, or errno with its message. */
  add(dev: NetDevice, prefix: string, more: Partial<Ifa6Config> = {}): number | string {
    const extack = { message: '' };
    const err = inet6AddrAdd(this.net, dev, cfg(prefix, more), extack);
    return err === 0 ? 0 : extack.message === '' ? err : extack.message;
  }

  shutdown(): Record<string, number> {
    this.monitor.close();
    for (const dev of this.devices) if (dev.net.devList.includes(dev)) unregisterNetdevice(dev);
    return this.kernel.shutdown();
  }

  /** One prefix information option in a router advertisement. */
  prefix(dev: NetDevice, prefix: string, valid: number, prefered: number, flags = 0xc0, plen = 64, len = 32, sllao = true): void {
    const bytes = new Uint8Array(40);
    const view = new DataView(bytes.buffer);
    bytes.set([3, 4, plen, flags], 8);
    view.setUint32(12, valid);
    view.setUint32(16, prefered);
    in6(prefix).store(bytes, 24);
    this.ip.addrconf?.prefixRcv(dev, bytes, 8, len, sllao);
  }

  /** A frame says that somebody else has an address. */
  collide(ifp: Inet6Ifaddr): void {
    const skb = this.net.skbs.allocRx(ifp.idev.dev, 64) as SkBuff;
    skb.putData(Uint8Array.of(0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0x99, 0x86, 0xdd), 0, 14);
    skb.macHeader = skb.data;
    this.ip.addrconf?.dadFailure(skb, ifp);
    skb.consume();
  }

  private line(rt: NotedRoute): string {
    const expires = rt.expires === 0 ? '' : ` expires ${Math.round((rt.expires - this.net.timers.jiffies) / 1000)}`;
    return `${rt.type}${rt.dst.toString()}/${rt.plen} ${rt.dev.name} table ${rt.table} metric ${rt.metric}${expires}`;
  }

  private routing(): Ip6RoutingProvider {
    const find = (table: number, dst: In6Addr, plen: number, dev: NetDevice): NotedRoute[] =>
      this.routes.filter((rt) => rt.table === table && rt.dst.equals(dst) && rt.plen === plen && rt.dev === dev).sort((x, y) => x.metric - y.metric);
    const link = (rt: NotedRoute): number => {
      if (rt.linked || find(rt.table, rt.dst, rt.plen, rt.dev).some(({ metric }) => metric === rt.metric)) return -EEXIST;
      rt.linked = true;
      this.routes.push(rt);
      this.note('+', this.line(rt));
      return 0;
    };
    const unlink = (rt: NotedRoute): number => {
      if (!rt.linked) return -ENOENT;
      rt.linked = false;
      this.routes.splice(this.routes.indexOf(rt), 1);
      this.note('-', this.line(rt));
      return 0;
    };
    const fake: Partial<Ip6RoutingProvider> = {
      addRoute: (net: Net, c: Fib6Config) => {
        const dev = net.devGetByIndex(c.ifindex ?? 0) as NetDevice;
        const dst = ipv6AddrPrefix(new In6Addr(), c.dst as In6Addr, c.dstLen ?? 0);
        if ((dev.flags & IFF_UP) === 0) return -ENETDOWN;
        const expires = ((c.flags ?? 0) & RTF_EXPIRES) !== 0 ? net.timers.jiffies + (c.expires ?? 0) : 0;
        const same = find(c.table ?? 0, dst, c.dstLen ?? 0, dev).find((rt) => rt.metric === c.metric);
        if (same !== undefined) {
          if (same.expires !== 0) same.expires = expires;
          return -EEXIST;
        }
        const type = c.type === RTN_MULTICAST ? 'multicast ' : '';
        return link({ dst, plen: c.dstLen ?? 0, flags: (c.flags ?? 0) & ~RTF_EXPIRES, metric: c.metric ?? 0, expires, linked: false, table: c.table ?? 0, dev, type, protocol: c.protocol ?? 0 });
      },
      f6iAlloc: (_net, idev, addr, anycast): NotedRoute => ({
        dst: addr.clone(),
        plen: 128,
        flags: anycast ? RTF_ANYCAST : RTF_LOCAL,
        metric: 0,
        expires: 0,
        linked: false,
        table: RT_TABLE_LOCAL,
        dev: idev.dev,
        type: anycast ? 'anycast ' : 'local ',
        protocol: 2,
      }),
      insRt: (_net, rt) => link(rt as NotedRoute),
      delRt: (_net, rt) => unlink(rt as NotedRoute),
      getPrefixRoute: (_net, dev, prefix, plen, flags, noflags) => {
        const dst = ipv6AddrPrefix(new In6Addr(), prefix, plen);
        return find(RT_TABLE_MAIN, dst, plen, dev).find((rt) => (rt.flags & flags) === flags && (rt.flags & noflags) === 0) ?? null;
      },
      setExpires: (_net, rt, jiffies) => {
        (rt as NotedRoute).expires = jiffies;
        this.note('~', this.line(rt as NotedRoute));
      },
      disableIp: (dev) => {
        for (const rt of this.routes.filter((each) => each.dev === dev)) unlink(rt);
      },
      cacheFlush: () => {},
      removePrefsrc: (ifp) => this.note('prefsrc', ifp.addr.toString()),
      purgeDfltRouters: () => this.note('purge', 'default routers'),
      syncUp: (dev, flags) => this.note('sync', `up ${dev.name} ${flags}`),
      syncDownDev: (dev, event) => this.note('sync', `down ${dev.name} ${event}`),
      mtuChange: (dev, mtu) => this.note('mtu', `${dev.name} ${mtu}`),
    };
    return fake as Ip6RoutingProvider;
  }

  private ndisc(): NdiscOps {
    const parms = { retransTime: 0, setAll: () => {} };
    Object.defineProperty(parms, 'retransTime', { get: () => this.retransTime });
    const tbl = { parmsOf: () => parms, ifdown: () => {}, forgetDevice: () => {} };
    const fake = {
      tbl: tbl as unknown,
      sendRs: (dev: NetDevice, saddr: In6Addr, daddr: In6Addr) => this.note('RS', `${dev.name} ${saddr.toString()} > ${daddr.toString()}`),
      sendNs: (dev: NetDevice, target: In6Addr, daddr: In6Addr, saddr: In6Addr | null, hi: number, lo: number) => {
        if (hi !== 0 || lo !== 0) this.nonces.push(`${hi} ${lo}`);
        this.note('NS', `${dev.name} ${saddr?.toString() ?? ''} > ${daddr.toString()} ${target.toString()}${hi === 0 && lo === 0 ? '' : ' nonce'}`);
      },
      sendNa: (dev: NetDevice, daddr: In6Addr, target: In6Addr, router: boolean, solicited: boolean, override: boolean, opt: boolean) =>
        this.note('NA', `${dev.name} > ${daddr.toString()} ${target.toString()} ${Number(router)}${Number(solicited)}${Number(override)}${Number(opt)}`),
    };
    return fake as unknown as NdiscOps;
  }

  private mld(): MldOps {
    const count = (dev: NetDevice, group: In6Addr, by: number): number => {
      const key = `${dev.name} ${group.toString()}`;
      const users = (this.groups.get(key) ?? 0) + by;
      if (users < 0) return -ENOENT;
      if (users === 0) this.groups.delete(key);
      else this.groups.set(key, users);
      this.note('group', `${by > 0 ? '+' : '-'}${key}`);
      return 0;
    };
    const fake: Partial<MldOps> = {
      initDev: (idev) => this.note('mld', `init ${idev.dev.name}`),
      up: (idev) => this.note('mld', `up ${idev.dev.name}`),
      down: (idev) => this.note('mld', `down ${idev.dev.name}`),
      remap: (idev) => this.note('mld', `remap ${idev.dev.name}`),
      unmap: (idev) => this.note('mld', `unmap ${idev.dev.name}`),
      destroyDev: (idev) => {
        for (const key of [...this.groups.keys()]) if (key.startsWith(`${idev.dev.name} `)) this.groups.delete(key);
        this.note('mld', `destroy ${idev.dev.name}`);
      },
      mcInc: (dev, group) => count(dev, group, 1),
      mcDec: (idev, group) => count(idev.dev, group, -1),
      dadComplete: (idev) => this.note('mld', `dad complete ${idev.dev.name}`),
    };
    return fake as MldOps;
  }
}

/** What `ip -6 addr add` makes of its words. */
export function cfg(prefix: string, more: Partial<Ifa6Config> = {}): Ifa6Config {
  const [addr, plen = '128'] = prefix.split('/') as [string, string?];
  return { pfx: in6(addr), plen: Number(plen), peerPfx: null, rtPriority: 0, ifaProto: 0, ifaFlags: 0, preferedLft: INFINITY_LIFE_TIME, validLft: INFINITY_LIFE_TIME, scope: 0, ...more };
}

function lft(seconds: number): string {
  return seconds === INFINITY_LIFE_TIME ? 'forever' : String(seconds);
}

function addrLine(nlh: NlMsgHdr): string {
  const tb = new NlAttrs(IFA_MAX);
  nlmsgParseDeprecated(nlh, IfAddrMsg.LEN, tb, nlaPolicySet(IFA_MAX, {}), null);
  const ifm = new IfAddrMsg().read(nlh.buf, nlh.data);
  const at = tb.has(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS;
  const addr = new In6Addr().load(tb.buf, tb.at(at) + NLA_HDRLEN);
  const peer = tb.has(IFA_LOCAL) ? ` peer ${new In6Addr().load(tb.buf, tb.at(IFA_ADDRESS) + NLA_HDRLEN).toString()}` : '';
  const ci = new IfaCacheInfo().read(tb.buf, tb.at(IFA_CACHEINFO) + NLA_HDRLEN);
  const flags = tb.u32(IFA_FLAGS);
  const dynamic = (flags & IFA_F_PERMANENT) === 0 ? ` dynamic ${lft(ci.valid)} ${lft(ci.prefered)}` : '';
  return `${nlh.type === RTM_DELADDR ? 'deladdr' : 'addr'} ${addr.toString()}${peer}/${ifm.prefixlen}${flagWords(flags)}${dynamic}`;
}

/** A host for each test, with nothing left over behind it. */
export function useHost(seed = 1): { h: Host } {
  const holder = {} as { h: Host };
  beforeEach(() => {
    holder.h = new Host(seed);
  });
  afterEach(() => {
    expect(holder.h.shutdown()).toEqual({});
  });
  return holder;
}

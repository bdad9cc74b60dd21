/** The router that the records were made with, but for its routing, which is a list: v0 2001:db8::1/64, v1 2001:db8:1::1/64, fe80::1 on both. */
import {
  createKernel,
  devOpen,
  devSetMtu,
  type Kernel,
  type KernelOptions,
  type Net,
  type NetDevice,
  SKB_DROP_REASON_IP_INNOROUTES,
  type SkBuff,
  unregisterNetdevice,
  VirtualClock,
} from '@skbuff/core';
import {
  type Flowi6,
  in6DevGet,
  in6DevSet,
  Inet6Dev,
  Inet6Ifaddr,
  IPV6,
  ipv6,
  type Ipv6,
  ipv6AddrScope,
  ipv6Net,
  type Ip6RoutingProvider,
  ip6Forward,
  ip6IncStats,
  ip6Input,
  ip6McInput,
  ip6Output,
  type MldOps,
  type NdiscOps,
  Rt6Info,
  snmp6RegisterDev,
  snmp6UnregisterDev,
} from '@skbuff/ipv6';
import { loopback } from '@skbuff/loopback';
import { type NeighTable, neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs, procNetOf } from '@skbuff/procfs';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { type Ip6Packet, type Sent, dropsByName, ethFrame, icmp6Message, ip6Packet, knownTable, receiveFrame, testDevice } from '@skbuff/testkit';
import {
  AF_INET6,
  ENETUNREACH,
  ETH_P_IPV6,
  ICMP6_MIB_INERRORS,
  ICMPV6_DEST_UNREACH,
  ICMPV6_NOROUTE,
  IPPROTO_UDP,
  IPSTATS_MIB_INNOROUTES,
  RTF_ANYCAST,
  RTF_LOCAL,
  RTN_ANYCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_UNICAST,
  RTN_UNREACHABLE,
} from '@skbuff/uapi';
import { In6Addr, in6Pton, ipv6AddrPrefix, ipv6PrefixEqual } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { icmpv6, icmpv6Net } from '../src/index.ts';

export const SEC = 1e9;
export const A = '2001:db8::2';
export const R = '2001:db8::1';
export const FAR = '2001:db8:1::2';

export const in6 = (text: string): In6Addr => in6Pton(text) as In6Addr;

interface TestRoute {
  readonly dst: In6Addr;
  readonly plen: number;
  readonly dev: NetDevice;
  readonly type: number;
  readonly setup: (rt: Rt6Info) => void;
}

export class Router {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly ip: Ipv6;
  readonly sent: Sent[] = [];
  readonly routes: TestRoute[] = [];
  readonly groups: Set<string> = new Set(['ff02::1', 'ff02::2', 'ff02::1:ff00:1', 'ff05::2', 'ff01::1', 'ff01::2', 'ff02::1:ff00:0']);
  /** Path MTUs and redirects that routing was told of. */
  readonly learned: [what: string, ...numbers: number[]][] = [];
  readonly v0: NetDevice;
  readonly v1: NetDevice;
  private readonly borrowed: Rt6Info[] = [];

  constructor(options: Partial<KernelOptions> = {}) {
    this.kernel = createKernel({
      clock: this.clock,
      debug: true,
      plugins: [netlink(), sysctl(), procfs(), neighbour(), ipv6(), neighbours(), icmpv6(), loopback()],
      ...options,
    });
    this.ip = this.kernel.services.get(IPV6);
    this.ip.routing = this.routing();
    this.ip.mld = { chkMcastAddr: (_dev: NetDevice, group: In6Addr) => this.groups.has(group.toString()) } as unknown as MldOps;
    // As UDP without a socket: it counts the errors that are nobody's.
    const errHandler = (skb: SkBuff): void => icmpv6Net.of(this.net).count(in6DevGet(skb.dev as NetDevice), ICMP6_MIB_INERRORS);
    this.ip.addProtocol(IPPROTO_UDP, { handler: ip6PktDiscard, errHandler, final: true, noPolicy: true });
    const lo = this.net.loopbackDev as NetDevice;
    devOpen(lo);
    this.speak(lo, '::1');
    this.v0 = this.eth('v0', R);
    this.v1 = this.eth('v1', '2001:db8:1::1');
    ipv6Net.of(this.net).devconfAll.forwarding = 1;
    ipv6Net.of(this.net).autoFlowlabels = 0;
    this.clock.advance(10 * SEC);
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  private speak(dev: NetDevice, ...addrs: string[]): Inet6Dev {
    const state = ipv6Net.of(dev.net);
    const idev = new Inet6Dev(dev, state.devconfDflt.copy());
    idev.cnf.mtu6 = dev.mtu;
    idev.cnf.forwarding = 1;
    in6DevSet(dev, idev);
    snmp6RegisterDev(idev);
    for (const text of addrs) this.addr(idev, text);
    return idev;
  }

  addr(idev: Inet6Dev, text: string): void {
    const addr = in6(text);
    const ifp = new Inet6Ifaddr(idev, addr, 64, 0, ipv6AddrScope(addr));
    idev.addrList.push(ifp);
    ipv6Net.of(this.net).addrs.add(ifp);
    this.route(text, 128, idev.dev, RTN_LOCAL);
  }

  eth(name: string, addr: string): NetDevice {
    const onFrame = (frame: Uint8Array, d: NetDevice): void => void this.sent.push({ dev: d.name, ip: frame.slice(14) });
    const dev = testDevice(this.net, name, onFrame, (d) => d.devAddr.set([2, 0, 0, 0, name.charCodeAt(1) - 48, 1]));
    expect(devOpen(dev)).toBe(0);
    const idev = this.speak(dev, addr, 'fe80::1');
    const subnet = ipv6AddrPrefix(new In6Addr(), in6(addr), 64);
    this.route(subnet.toString(), 64, dev);
    this.route('fe80::', 64, dev);
    this.anycast(idev, subnet.toString());
    return dev;
  }

  /** Routers have the subnet's first address together. */
  anycast(idev: Inet6Dev, text: string): void {
    idev.acList.push({ addr: in6(text), idev, rt: null, users: 1, cstamp: 0, tstamp: 0 });
    this.route(text, 128, idev.dev, RTN_ANYCAST);
  }

  route(dst: string, plen: number, dev: NetDevice, type: number = RTN_UNICAST, setup: (rt: Rt6Info) => void = () => {}): void {
    this.routes.push({ dst: in6(dst), plen, dev, type, setup });
  }

  /** What ICMPv6 and IPv6 ask routing for. */
  private routing(): Ip6RoutingProvider {
    const daddr = new In6Addr();
    const routeInput = (skb: SkBuff): void => {
      const dev = skb.dev as NetDevice;
      const rt = this.lookup(dev.net, daddr.load(skb.bytes, skb.networkHeader + 24), dev);
      this.borrowed.push(rt);
      skb.dstSetNoref(rt);
    };
    const routeOutput = (net: Net, _sk: unknown, fl6: Flowi6): Rt6Info => this.lookup(net, fl6.daddr, net.devGetByIndex(fl6.oif));
    return {
      routeInput,
      routeOutput,
      updatePmtu: (_net: Net, _skb: SkBuff, mtu: number, oif: number, mark: number) => void this.learned.push(['mtu', mtu, oif, mark]),
      redirect: (_net: Net, _skb: SkBuff, oif: number, mark: number) => void this.learned.push(['redirect', oif, mark]),
      removePrefsrc() {},
      cacheFlush() {},
    } as unknown as Ip6RoutingProvider;
  }

  private lookup(net: Net, daddr: In6Addr, dev: NetDevice | null): Rt6Info {
    const lo = net.loopbackDev as NetDevice;
    if (daddr.isMulticast()) return this.make(dev ?? this.v0, dev ?? this.v0, RTN_MULTICAST, 0);
    const fits = this.routes.filter((r) => ipv6PrefixEqual(r.dst, daddr, r.plen) && (!daddr.isLinkLocal() || r.dev === dev));
    const found = fits.sort((a, b) => b.plen - a.plen)[0];
    if (found === undefined) return this.make(lo, lo, RTN_UNREACHABLE, 0);
    const own = found.type === RTN_LOCAL || found.type === RTN_ANYCAST;
    const rt = this.make(own ? lo : found.dev, found.dev, found.type, found.type === RTN_LOCAL ? RTF_LOCAL : found.type === RTN_ANYCAST ? RTF_ANYCAST : 0);
    rt.dstAddr.copy(found.dst);
    rt.dstPlen = found.plen;
    found.setup(rt);
    return rt;
  }

  private make(dev: NetDevice, owner: NetDevice, type: number, flags: number): Rt6Info {
    const rt = new Rt6Info(dev, this.ip.dstOps);
    rt.idev = in6DevGet(owner);
    rt.type = type;
    rt.rtFlags = flags;
    rt.error = type === RTN_UNREACHABLE ? -ENETUNREACH : 0;
    rt.output = ip6Output;
    rt.input = type === RTN_UNICAST ? ip6Forward : type === RTN_MULTICAST ? ip6McInput : type === RTN_UNREACHABLE ? ip6PktDiscard : ip6Input;
    return rt;
  }

  sysctl(path: string, text: string | number): number {
    const conf = /^net\/ipv6\/conf\/(\w+)\/(\w+)$/.exec(path);
    // Address configuration is not there, which has these files.
    if (conf === null) return sysctlOf(this.net).write(path, `${text}\n`);
    const state = ipv6Net.of(this.net);
    const cnf = conf[1] === 'all' ? state.devconfAll : (in6DevGet(this.net.devGetByName(conf[1] as string) as NetDevice) as Inet6Dev).cnf;
    const field = (conf[2] as string).replace(/_([a-z])/g, (_all, c: string) => c.toUpperCase());
    (cnf as unknown as Record<string, number>)[field] = Number(text);
    return 0;
  }

  mtu(dev: NetDevice, mtu: number): void {
    expect(devSetMtu(dev, mtu)).toBe(0);
    (in6DevGet(dev) as Inet6Dev).cnf.mtu6 = mtu;
  }

  receive(dev: NetDevice, packet: Uint8Array, to?: Uint8Array): void {
    receiveFrame(dev, ethFrame(to ?? dev, packet, { type: ETH_P_IPV6 }));
    this.clock.advance(0);
  }

  take(): Sent[] {
    return this.sent.splice(0);
  }

  /** The counters of a file in /proc/net that are not 0. */
  counters(file = 'snmp6'): Record<string, number> {
    const lines = String(procNetOf(this.net).read(file)).trimEnd().split('\n');
    const all = lines.map((line): [string, number] => [line.slice(0, 32).trimEnd(), Number(line.slice(33))]);
    return Object.fromEntries(all.filter(([, n]) => n !== 0));
  }

  get drops(): Record<string, number> {
    return dropsByName(this.kernel);
  }

  shutdown(): Record<string, number> {
    for (const rt of this.borrowed.splice(0)) rt.release();
    for (const dev of this.net.devList) snmp6UnregisterDev(in6DevGet(dev) as Inet6Dev);
    for (const dev of [...this.net.devList]) if (dev !== this.net.loopbackDev) unregisterNetdevice(dev);
    return this.kernel.shutdown();
  }
}

/** `ip6_pkt_discard`: nobody knows the way. */
function ip6PktDiscard(skb: SkBuff): number {
  const dev = skb.dev as NetDevice;
  const state = ipv6Net.of(dev.net);
  ip6IncStats(state, in6DevGet(dev), IPSTATS_MIB_INNOROUTES);
  state.ip.icmp?.icmpv6Send(skb, ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE, 0);
  skb.kfree(SKB_DROP_REASON_IP_INNOROUTES);
  return 0;
}

function neighbours(): ReturnType<typeof knownTable<Ipv6>> {
  const put = (ip: Ipv6, tbl: NeighTable | null): void => {
    ip.ndisc = tbl === null ? null : ({ tbl, sendRedirect() {}, isProxied: () => false } as unknown as NdiscOps);
  };
  return knownTable<Ipv6>({ name: 'known-neighbours6', of: '@skbuff/ipv6', service: IPV6, put, family: AF_INET6, keyLen: 16, protocol: ETH_P_IPV6, sysctlDir: 'ipv6' });
}

/** A fresh router for each test, checked for leaks after it. */
export function useRouter(): { r: Router } {
  const holder = { r: null as unknown as Router };
  beforeEach(() => {
    holder.r = new Router();
  });
  afterEach(() => {
    expect(holder.r.shutdown()).toEqual({});
  });
  return holder;
}

/** An IPv6 packet; by default an echo request of {@link A} to the router. */
export function packet(f: Ip6Packet = {}): Uint8Array {
  const { saddr = A, daddr = R } = f;
  return ip6Packet({ proto: 58, saddr, daddr, payload: icmp6Message(saddr, daddr, 128), ...f });
}

/** Hosts with IPv6 whose routing is a short list, whose neighbours are known and whose links are in the hands of the test. */
import { createKernel, devOpen, type Kernel, type KernelOptions, type Net, type NetDevice, type SkBuff, unregisterNetdevice, VirtualClock } from '@skbuff/core';
import { loopback } from '@skbuff/loopback';
import { type NeighTable, neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { type Sent, dropsByName, ethFrame, knownTable, receiveFrame, testDevice } from '@skbuff/testkit';
import { AF_INET6, ENETUNREACH, ETH_P_IPV6, RTF_GATEWAY, RTF_LOCAL, RTN_LOCAL, RTN_MULTICAST, RTN_UNICAST, RTN_UNREACHABLE } from '@skbuff/uapi';
import * as U from '@skbuff/uapi';
import { In6Addr, in6Pton, ipv6PrefixEqual } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import {
  type Flowi6,
  in6DevGet,
  in6DevSet,
  Inet6Dev,
  Inet6Ifaddr,
  type Inet6Sock,
  IPV6,
  ipv6,
  type Ipv6,
  type Ipv6Net,
  ipv6Net,
  Ipv6Pinfo,
  type Ip6RoutingProvider,
  type Ipcm6Cookie,
  ip6Forward,
  ip6Input,
  ip6McInput,
  ip6Output,
  type MldOps,
  type MulticastRouting6,
  type NdiscOps,
  newIpcm6Cookie,
  Rt6Info,
  ipv6AddrScope,
} from '../src/index.ts';

export function in6(text: string): In6Addr {
  const addr = in6Pton(text);
  if (addr === null) throw new Error(text);
  return addr;
}

interface TestRoute {
  readonly prefix: In6Addr;
  readonly plen: number;
  readonly dev: NetDevice;
  readonly gateway: In6Addr | null;
  readonly setup: (rt: Rt6Info) => void;
}

/** Own addresses and their subnets, and routes that a test adds; the longest prefix wins. */
export class TestRouting {
  readonly routes: TestRoute[] = [];
  lookups = 0;
  private readonly ip: Ipv6;
  private readonly made: Rt6Info[] = [];
  private readonly kept: Map<string, Rt6Info> = new Map();

  constructor(ip: Ipv6) {
    this.ip = ip;
  }

  /** The few functions that IPv6 itself calls. */
  get provider(): Ip6RoutingProvider {
    const nothing = (): void => {};
    const routeInput = (skb: SkBuff): void => this.routeInput(skb);
    const routeOutput = (net: Net, _sk: unknown, fl6: Flowi6): Rt6Info => this.make(net, fl6.daddr, fl6.oif, null);
    return { routeInput, routeOutput, removePrefsrc: nothing, cacheFlush: nothing } as unknown as Ip6RoutingProvider;
  }

  private routeInput(skb: SkBuff): void {
    this.lookups++;
    const dev = skb.dev as NetDevice;
    const daddr = new In6Addr().load(skb.bytes, skb.networkHeader + 24);
    const key = `${dev.ifindex} ${daddr.toString()}`;
    const rt = this.kept.get(key) ?? this.make(dev.net, daddr, 0, dev);
    if (!this.kept.has(key)) this.made.push(rt);
    this.kept.set(key, rt);
    skb.dstSetNoref(rt);
  }

  private addrs(net: Net): Inet6Ifaddr[] {
    return net.devList.flatMap((dev) => in6DevGet(dev)?.addrList ?? []);
  }

  private make(net: Net, daddr: In6Addr, oif: number, indev: NetDevice | null): Rt6Info {
    const lo = net.loopbackDev as NetDevice;
    const own = daddr.isLoopback() ? lo : (this.addrs(net).find((ifp) => ifp.addr.equals(daddr))?.idev.dev ?? null);
    if (own !== null) return this.rt(lo, own, RTN_LOCAL, RTF_LOCAL, ip6Input);
    const chosen = oif === 0 ? indev : net.devGetByIndex(oif);
    if (daddr.isMulticast()) {
      const dev = chosen ?? (net.devList.find((d) => d !== lo) as NetDevice);
      return this.rt(dev, dev, RTN_MULTICAST, 0, ip6McInput);
    }
    const found = this.find(net, daddr);
    const rt = found === null ? this.rt(lo, lo, RTN_UNREACHABLE, 0, noRoute) : this.rt(found.dev, found.dev, RTN_UNICAST, 0, ip6Forward);
    if (found === null) rt.error = -ENETUNREACH;
    if (found !== null && found.gateway !== null) {
      rt.gateway.copy(found.gateway);
      rt.rtFlags |= RTF_GATEWAY;
    }
    found?.setup(rt);
    return rt;
  }

  private find(net: Net, addr: In6Addr): TestRoute | null {
    const subnets = this.addrs(net).map(({ addr: prefix, prefixLen, idev }): TestRoute => ({ prefix, plen: prefixLen, dev: idev.dev, gateway: null, setup() {} }));
    const all = [...this.routes, ...subnets].filter((r) => ipv6PrefixEqual(r.prefix, addr, r.plen));
    return all.sort((a, b) => b.plen - a.plen)[0] ?? null;
  }

  private rt(dev: NetDevice, owner: NetDevice, type: number, flags: number, input: Rt6Info['input']): Rt6Info {
    const rt = new Rt6Info(dev, this.ip.dstOps);
    rt.idev = in6DevGet(owner);
    rt.type = type;
    rt.rtFlags = flags;
    rt.input = input;
    rt.output = ip6Output;
    return rt;
  }

  /** Input routes are borrowed by packets: they live until the test lets them go. */
  release(): void {
    for (const rt of this.made.splice(0)) rt.release();
    this.kept.clear();
  }
}

function noRoute(skb: SkBuff): number {
  skb.kfree(88);
  return 0;
}

/** A socket as IPv6 sees it. */
export class TestSock6 implements Inet6Sock {
  readonly net: Net;
  readonly pinet6: Ipv6Pinfo = new Ipv6Pinfo();
  priority = 0;
  mark = 0;
  charged = 0;
  refuse = 0;
  /** errno and MTU of each error that the user hears, 0 and the MTU of IPV6_RECVPATHMTU. */
  readonly errors: [number, number][] = [];

  constructor(net: Net) {
    this.net = net;
  }

  mayAlloc(): number {
    return this.refuse;
  }

  setOwnerW(skb: SkBuff): void {
    skb.sk = this;
    this.charged += skb.truesize;
    skb.destructor = uncharge;
  }

  localError6(err: number, _fl6: Flowi6, info: number): void {
    this.errors.push([err, info]);
  }

  localRxpmtu(_fl6: Flowi6, mtu: number): void {
    this.errors.push([0, mtu]);
  }
}

function uncharge(skb: SkBuff): void {
  (skb.sk as unknown as TestSock6).charged -= skb.truesize;
}

export function cookie6(v: Partial<Ipcm6Cookie> = {}): Ipcm6Cookie {
  return { ...newIpcm6Cookie(), ...v };
}

/** Multicast routing that is on, and does that with what it gets. */
export function mroute(input: MulticastRouting6['input'], isSocket = false): MulticastRouting6 {
  return { input, isSocket: () => isSocket } as unknown as MulticastRouting6;
}

/** Groups that interfaces are in, and sources that they do not want. */
export class TestMld {
  readonly groups: Set<string> = new Set();
  readonly blocked: Set<string> = new Set();

  get ops(): MldOps {
    const chkMcastAddr: MldOps['chkMcastAddr'] = (dev, group, saddr) =>
      this.groups.has(`${dev.name} ${group.toString()}`) && (saddr === null || !this.blocked.has(saddr.toString()));
    return { chkMcastAddr } as unknown as MldOps;
  }
}

export class Host6 {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly ip: Ipv6;
  readonly routing: TestRouting;
  readonly mld: TestMld = new TestMld();
  readonly sent: Sent[] = [];
  /** ICMPv6 errors that IPv6 asked for: type, code, info. */
  readonly icmp: [number, number, number][] = [];
  /** ICMPv6 messages that were counted as sent: their types. */
  readonly icmpOut: number[] = [];
  /** Targets of redirects. */
  readonly redirects: string[] = [];
  /** Addresses that are answered for. */
  readonly proxied: Set<string> = new Set();
  /** What came up to the transport of protocol 17: bytes from the IPv6 header on. */
  readonly delivered: Uint8Array[] = [];

  constructor(options: Partial<KernelOptions> = {}) {
    this.kernel = createKernel({
      clock: this.clock,
      debug: true,
      plugins: [netlink(), sysctl(), procfs(), neighbour(), ipv6(), this.neighbours(), loopback()],
      ...options,
    });
    this.ip = this.kernel.services.get(IPV6);
    this.routing = new TestRouting(this.ip);
    this.ip.routing = this.routing.provider;
    this.ip.mld = this.mld.ops;
    this.ip.icmp = {
      icmpv6Send: (_skb, type, code, info) => void this.icmp.push([type, code, info]),
      paramProb: (skb, code, pos, reason) => {
        this.icmp.push([4, code, pos]);
        skb.kfree(reason);
      },
      notify: () => 0,
      outCount: (_net, _idev, type) => void this.icmpOut.push(type),
    };
    this.ip.addProtocol(17, { handler: (skb) => this.deliver(skb), errHandler: null, final: true, noPolicy: false });
    const lo = this.net.loopbackDev as NetDevice;
    devOpen(lo);
    this.speak(lo);
  }

  private neighbours(): ReturnType<typeof knownTable<Ipv6>> {
    const put = (ip: Ipv6, tbl: NeighTable | null): void => {
      const sendRedirect: NdiscOps['sendRedirect'] = (_skb, target) => void this.redirects.push(target.toString());
      const isProxied: NdiscOps['isProxied'] = (_net, addr) => this.proxied.has(addr.toString());
      ip.ndisc = tbl === null ? null : ({ tbl, sendRedirect, isProxied } as unknown as NdiscOps);
    };
    const table = { family: AF_INET6, keyLen: 16, protocol: ETH_P_IPV6, sysctlDir: 'ipv6' } as const;
    return knownTable<Ipv6>({ name: 'known-neighbours6', of: '@skbuff/ipv6', service: IPV6, put, ...table });
  }

  private deliver(skb: SkBuff): number {
    const whole = new Uint8Array(skb.len + skb.transportHeader - skb.networkHeader);
    whole.set(skb.bytes.slice(skb.networkHeader, skb.transportHeader));
    skb.copyBits(0, whole, skb.transportHeader - skb.networkHeader, skb.len);
    this.delivered.push(whole);
    skb.consume();
    return 0;
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get state(): Ipv6Net {
    return ipv6Net.of(this.net);
  }

  /** A device whose frames the test sees; down, and without IPv6. */
  device(name: string): NetDevice {
    return testDevice(this.net, name, (frame, d) => void this.sent.push({ dev: d.name, ip: frame.slice(14) }), (d) => void (d.minMtu = 0));
  }

  /** IPv6 on a device, as address configuration would put it there. */
  speak(dev: NetDevice): Inet6Dev {
    const idev = new Inet6Dev(dev, this.state.devconfDflt.copy());
    idev.cnf.mtu6 = dev.mtu;
    in6DevSet(dev, idev);
    return idev;
  }

  /** An interface that is up and has addresses, each with a /64. */
  eth(name: string, ...addrs: string[]): NetDevice {
    const dev = this.device(name);
    expect(devOpen(dev)).toBe(0);
    const idev = this.speak(dev);
    for (const text of addrs) this.addr(idev, text);
    return dev;
  }

  addr(idev: Inet6Dev, text: string, flags = 0): Inet6Ifaddr {
    const addr = in6(text);
    const ifp = new Inet6Ifaddr(idev, addr, 64, flags, ipv6AddrScope(addr));
    idev.addrList.push(ifp);
    this.state.addrs.add(ifp);
    return ifp;
  }

  idev(dev: NetDevice): Inet6Dev {
    return in6DevGet(dev) as Inet6Dev;
  }

  route(prefix: string, plen: number, dev: NetDevice, gateway = '', setup: (rt: Rt6Info) => void = () => {}): void {
    this.routing.routes.push({ prefix: in6(prefix), plen, dev, gateway: gateway === '' ? null : in6(gateway), setup });
  }

  /** A frame with this packet arrives. `to`: its destination, default the device. */
  receive(dev: NetDevice, packet: Uint8Array, to?: Uint8Array, prepare?: (skb: SkBuff) => void): void {
    receiveFrame(dev, ethFrame(to ?? dev, packet, { type: ETH_P_IPV6 }), prepare);
    this.clock.advance(0);
  }

  take(): Sent[] {
    return this.sent.splice(0);
  }

  /** Packets lost, by the name of the reason. */
  get drops(): Record<string, number> {
    return dropsByName(this.kernel);
  }

  /** Counters that are not 0, of the namespace or of an interface, by the names of IPSTATS_MIB_* without that, octets and ECN left out. */
  counters(dev: NetDevice | null = null): Record<string, number> {
    const stats = dev === null ? this.state.stats : this.idev(dev).stats;
    const all: Record<string, number> = {};
    for (const [name, at] of Object.entries(U)) {
      if (!name.startsWith('IPSTATS_MIB_') || /_(MAX|NUM|.*OCTETS|NOECTPKTS)$/.test(name)) continue;
      const value = stats[at as number] as number;
      if (value !== 0) all[name.slice('IPSTATS_MIB_'.length)] = value;
    }
    return all;
  }

  shutdown(): Record<string, number> {
    this.routing.release();
    for (const dev of [...this.net.devList]) if (dev !== this.net.loopbackDev) unregisterNetdevice(dev);
    return this.kernel.shutdown();
  }
}

/** A fresh host for each test, checked for leaks after it. */
export function useHost6(): { h: Host6 } {
  const holder = { h: null as unknown as Host6 };
  beforeEach(() => {
    holder.h = new Host6();
  });
  afterEach(() => {
    expect(holder.h.shutdown()).toEqual({});
  });
  return holder;
}

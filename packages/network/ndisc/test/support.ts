/**
 * A host with the real IPv6 and neighbour discovery, and devices whose wire the test holds in its hands. Routing, addresses, groups and
 * ICMPv6 are written down instead of done: each in the tables below.
 */
import { createKernel, devOpen, devSetMacAddress, ethMacAddr, IFF_LIVE_ADDR_CHANGE, type Kernel, type Net, type NetDevice, type SkBuff, SKB_CONSUMED, unregisterNetdevice, VirtualClock } from '@skbuff/core';
import { ethTypeTransChecked } from '@skbuff/ethernet';
import {
  type AddrconfOps,
  type Icmpv6Sender,
  Inet6Dev,
  Inet6Ifaddr,
  type Ip6RoutingProvider,
  IPV6,
  type Ipv6,
  in6DevGet,
  in6DevSet,
  ip6Output,
  ipv6,
  ipv6AddrScope,
  ipv6AddrSrcScope,
  ipv6Net,
  type Ipv6Net,
  type MldOps,
  type NdiscOps,
  RA_ROUTER_FAILED,
  RA_ROUTER_NEW,
  RA_ROUTER_OLD,
  type RaRouter,
  Rt6Info,
} from '@skbuff/ipv6';
import { loopback } from '@skbuff/loopback';
import { NEIGH_UPDATE_F_ADMIN, NEIGH_UPDATE_F_ISROUTER, NEIGH_UPDATE_F_OVERRIDE, NEIGH_UPDATE_F_OVERRIDE_ISROUTER, neighbour, type NeighTable, type Neighbour, neighUpdate } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { dropsByName, nudName, testDevice } from '@skbuff/testkit';
import * as U from '@skbuff/uapi';
import { In6Addr, setBe32 } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { ndisc } from '../src/index.ts';
import { addr6, describeFrame, mac, short } from './frames.ts';

/** Nanoseconds. */
export const MS = 1e6;
export const SEC = 1e9;

const VALID = U.NUD_PERMANENT | U.NUD_NOARP | U.NUD_REACHABLE | U.NUD_PROBE | U.NUD_STALE | U.NUD_DELAY;

export class Host {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly log: string[] = [];
  /** What was sent, as text with the device's name, and raw. */
  readonly sent: string[] = [];
  readonly frames: Uint8Array[] = [];
  /** What was asked of the packages beside: `dadFailure 2001:db8::8`. */
  readonly calls: string[] = [];
  /** Default routes can be made. */
  routersWelcome = true;
  /** Those that have a default route. */
  private readonly routers: Set<string> = new Set();
  /** Gateway of the routes that {@link Ip6RoutingProvider.routeOutput} gives; null: on the link. */
  gateway: In6Addr | null = null;

  constructor() {
    const onLog = (line: string): void => void this.log.push(line);
    this.kernel = createKernel({ clock: this.clock, debug: true, onLog, plugins: [sysctl(), procfs(), netlink(), neighbour(), ipv6(), loopback(), ndisc()] });
    this.ip.routing = this.routing();
    this.ip.addrconf = this.addrconf();
    this.ip.mld = this.mld();
    this.ip.icmp = this.icmp();
    this.clock.advance(10 * SEC);
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get ip(): Ipv6 {
    return this.kernel.services.get(IPV6);
  }

  get state(): Ipv6Net {
    return ipv6Net.of(this.net);
  }

  get nd(): NdiscOps {
    return this.ip.ndisc as NdiscOps;
  }

  get tbl(): NeighTable {
    return this.nd.tbl;
  }

  private note(text: string): number {
    this.calls.push(text);
    return 0;
  }

  private route(dev: NetDevice): Rt6Info {
    const rt = new Rt6Info(dev, this.ip.dstOps);
    rt.idev = in6DevGet(dev);
    rt.output = ip6Output;
    return rt;
  }

  private routing(): Ip6RoutingProvider {
    const routeOutput: Ip6RoutingProvider['routeOutput'] = (net, _sk, fl6) => {
      const rt = this.route(net.devGetByIndex(fl6.oif) as NetDevice);
      if (this.gateway === null) return rt;
      rt.rtFlags |= U.RTF_GATEWAY;
      rt.gateway.copy(this.gateway);
      return rt;
    };
    const raRouter = (dev: NetDevice, gateway: In6Addr, r: RaRouter): number => {
      this.note(`router ${gateway} ${dev.name} ${r.lifetime} s pref ${r.pref} metric ${r.metric} hops ${r.hopLimit} mtu ${r.mtu}`);
      if (!this.routersWelcome) return RA_ROUTER_FAILED;
      const before = this.routers.size;
      return this.routers.add(gateway.toString()).size > before ? RA_ROUTER_NEW : RA_ROUTER_OLD;
    };
    const fake: Partial<Ip6RoutingProvider> = {
      routeOutput,
      icmp6DstAlloc: (dev) => this.route(dev),
      raRouter,
      routeInfo: (_dev, gateway, prefix, plen, pref, lifetime) => void this.note(`route ${prefix}/${plen} via ${gateway} pref ${pref} ${lifetime} s`),
      cleanTohost: (_net, gateway) => void this.note(`cleanTohost ${gateway}`),
      runGc: () => void this.note('gc'),
      mtuChange: (dev, mtu) => void this.note(`mtu ${dev.name} ${mtu}`),
      linkFailure: () => {},
      redirectNoHeader: () => void this.note('redirect without header'),
      removePrefsrc() {},
    };
    return fake as Ip6RoutingProvider;
  }

  private addrconf(): AddrconfOps {
    const fake: Partial<AddrconfOps> = {
      dadFailure: (_skb, ifp) => void this.note(`dadFailure ${ifp.addr}`),
      prefixRcv: (_dev, bytes, opt, len, sllao) => void this.note(`prefix ${new In6Addr().load(bytes, opt + 16)}/${bytes[opt + 2]} of ${len}${sllao ? ' sllao' : ''}`),
      ifinfoNotify: (event, idev) => void this.note(`ifinfo ${event} ${idev.dev.name}`),
      netconfNotify: () => {},
    };
    return fake as AddrconfOps;
  }

  private mld(): MldOps {
    const fake: Partial<MldOps> = {
      mcInc: (dev, group) => this.note(`join ${group} ${dev.name}`),
      mcDec: (idev, group) => this.note(`leave ${group} ${idev.dev.name}`),
      chkMcastAddr: () => true,
    };
    return fake as MldOps;
  }

  private icmp(): Icmpv6Sender {
    return {
      icmpv6Send: (_skb, type, code) => void this.note(`icmp ${type}/${code}`),
      paramProb: (skb, _code, _pos, reason) => skb.kfree(reason),
      notify: (skb, type, code, info) => {
        this.note(`notify ${type}/${code} ${info}: ${describePacket(skb)}`);
        return SKB_CONSUMED;
      },
      outCount: (_net, idev, type) => void this.note(`count ${type} ${idev?.dev.name}`),
    };
  }

  /** An Ethernet device with the address 02:00:00:00:00:XX and IPv6 addresses, up. */
  eth(name: string, last: string, ...addrs: string[]): NetDevice {
    const dev = this.device(name, last);
    expect(devOpen(dev)).toBe(0);
    this.clock.advance(0);
    for (const addr of addrs) this.addr(dev, addr);
    return dev;
  }

  /** The same before it is brought up; `setup` may make it another kind of device. */
  device(name: string, last: string, setup: (dev: NetDevice) => void = () => {}): NetDevice {
    const onFrame = (frame: Uint8Array, dev: NetDevice): void => {
      this.frames.push(frame);
      this.sent.push(`${dev.name} ${describeFrame(frame)}`);
    };
    const dev = testDevice(this.net, name, onFrame, (d) => {
      d.devAddr.set(mac(last));
      d.ops = { ...d.ops, ndoSetMacAddress: ethMacAddr };
      d.privFlags |= IFF_LIVE_ADDR_CHANGE;
      setup(d);
    });
    const idev = new Inet6Dev(dev, this.state.devconfDflt.copy());
    idev.cnf.mtu6 = dev.mtu;
    in6DevSet(dev, idev);
    idev.ndParms = this.tbl.parmsOf(dev);
    return dev;
  }

  idev(dev: NetDevice): Inet6Dev {
    return in6DevGet(dev) as Inet6Dev;
  }

  /** An address as `2001:db8::1/64`. */
  addr(dev: NetDevice, text: string, flags: number = U.IFA_F_PERMANENT): Inet6Ifaddr {
    const [address, plen] = text.split('/');
    const addr = addr6(address as string);
    const ifp = new Inet6Ifaddr(this.idev(dev), addr, Number(plen), flags, ipv6AddrScope(addr));
    const list = this.idev(dev).addrList;
    const before = list.findIndex((other) => ipv6AddrSrcScope(addr) >= ipv6AddrSrcScope(other.addr));
    list.splice(before < 0 ? list.length : before, 0, ifp);
    this.state.addrs.add(ifp);
    return ifp;
  }

  /** net.ipv6.neigh.eth0.proxy_delay and the like. */
  set(name: string, value: number): void {
    expect(sysctlOf(this.net).write(`net/ipv6/neigh/${name.replaceAll('.', '/')}`, `${value}\n`), name).toBe(0);
  }

  has(name: string): boolean {
    return typeof sysctlOf(this.net).read(`net/ipv6/neigh/${name.replaceAll('.', '/')}`) === 'string';
  }

  setMac(dev: NetDevice, last: string): void {
    expect(devSetMacAddress(dev, mac(last))).toBe(0);
  }

  get(name: string): string {
    return String(sysctlOf(this.net).read(`net/ipv6/neigh/${name.replaceAll('.', '/')}`)).trim();
  }

  /** A frame comes in and gets to neighbour discovery; what goes out before any time has passed. `prepare`: what was done to the packet before. */
  receive(dev: NetDevice, frame: Uint8Array, prepare: (skb: SkBuff) => void = () => {}): string[] {
    this.take();
    this.reason = this.deliver(dev, frame, prepare);
    this.clock.advance(0);
    this.sentHex = this.frames.map((bytes) => Buffer.from(bytes).toString('hex'));
    return this.take();
  }

  /** The drop reason of the last message, and what was sent then. */
  reason = 0;
  sentHex: string[] = [];

  private deliver(dev: NetDevice, frame: Uint8Array, prepare: (skb: SkBuff) => void): number {
    const skb = this.kernel.skbs.allocRx(dev, frame.length) as SkBuff;
    skb.putData(frame, 0, frame.length);
    skb.protocol = ethTypeTransChecked(skb, dev);
    skb.resetNetworkHeader();
    skb.pull(40);
    skb.transportHeader = skb.data;
    prepare(skb);
    const reason = this.nd.rcv(skb);
    skb.kfree(reason);
    return reason;
  }

  /** An IPv6 packet of 48 bytes leaves by the device; what goes out before any time has passed. */
  send(dev: NetDevice, saddr: string, daddr: string): string[] {
    this.take();
    const skb = this.packet(saddr, daddr, 48);
    skb.dev = dev;
    skb.dstSet(this.route(dev));
    ip6Output(this.net, null, skb);
    this.clock.advance(0);
    return this.take();
  }

  packet(saddr: string, daddr: string, len: number): SkBuff {
    const skb = this.kernel.skbs.alloc(len + 128) as SkBuff;
    skb.reserve(128);
    const iph = skb.putZero(len);
    skb.resetNetworkHeader();
    skb.protocol = U.ETH_P_IPV6;
    setBe32(skb.bytes, iph, 0x60000000);
    skb.bytes[iph + 5] = len - 40;
    skb.bytes[iph + 6] = 17;
    skb.bytes[iph + 7] = 64;
    addr6(saddr).store(skb.bytes, iph + 8);
    addr6(daddr).store(skb.bytes, iph + 24);
    return skb;
  }

  /** What the administrator says about a neighbour. */
  known(dev: NetDevice, addr: string, last: string, state: number, router = false): Neighbour {
    const { w0, w1, w2, w3 } = addr6(addr);
    const neigh = this.tbl.lookup(dev, w0, w1, w2, w3) ?? (this.tbl.create(dev, w0, w1, w2, w3) as Neighbour);
    const flags = NEIGH_UPDATE_F_OVERRIDE | NEIGH_UPDATE_F_OVERRIDE_ISROUTER | NEIGH_UPDATE_F_ADMIN | (router ? NEIGH_UPDATE_F_ISROUTER : 0);
    expect(neighUpdate(neigh, last === '' ? null : mac(last), 0, state, flags)).toBe(0);
    return neigh;
  }

  /** The neighbours, sorted: `2001:db8::2 eth0 02 router STALE`; groups are left out. */
  neigh(): string[] {
    return [...this.tbl.all()]
      .filter((n) => n.type === U.RTN_UNICAST)
      .map((n) => {
        const words = [new In6Addr(n.k0, n.k1, n.k2, n.k3).toString(), n.dev.name];
        if ((n.nudState & VALID) !== 0) words.push(short(n.ha));
        if ((n.flags & U.NTF_ROUTER) !== 0) words.push('router');
        return [...words, nudName(n.nudState)].join(' ');
      })
      .sort();
  }

  /** Nobody is known any more. */
  flush(): void {
    for (const dev of this.net.devList) this.tbl.changeaddr(dev);
    this.take();
  }

  /** What was sent since the last call. */
  take(): string[] {
    this.frames.length = 0;
    return this.sent.splice(0);
  }

  /** What was asked of other packages since the last call, but for the counters. */
  told(): string[] {
    return this.calls.splice(0).filter((call) => !call.startsWith('count '));
  }

  /** What is sent while `ns` pass. */
  during(ns: number): string[] {
    this.take();
    this.clock.advance(ns);
    return this.take();
  }

  /** Packets lost, by the name of the reason. */
  drops(): Record<string, number> {
    return dropsByName(this.kernel);
  }

  shutdown(): Record<string, number> {
    for (const dev of [...this.net.devList]) if (dev !== this.net.loopbackDev) unregisterNetdevice(dev);
    return this.kernel.shutdown();
  }
}

function describePacket(skb: SkBuff): string {
  const at = (off: number): string => new In6Addr().load(skb.bytes, skb.data + off).toString();
  return `${at(8)} > ${at(24)}`;
}

/** A fresh host for each test, checked for leaks after it. */
export function useHost(): { h: Host } {
  const holder = { h: null as unknown as Host };
  beforeEach(() => {
    holder.h = new Host();
  });
  afterEach(() => {
    expect(holder.h.shutdown()).toEqual({});
  });
  return holder;
}

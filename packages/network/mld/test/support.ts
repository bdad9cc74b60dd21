/** An interface with IPv6 and multicast listeners; addresses, routes and ICMPv6 are the test's. */
import {
  createKernel,
  devClose,
  devOpen,
  type Kernel,
  type Net,
  type NetDevice,
  type Plugin,
  type SkBuff,
  unregisterNetdevice,
  VirtualClock,
} from '@skbuff/core';
import {
  in6DevSet,
  INET6_IFADDR_STATE_POSTDAD,
  Inet6Dev,
  Inet6Ifaddr,
  IP6CB_FLAGS,
  IP6CB_RA,
  IP6SKB_ROUTERALERT,
  IPV6,
  ipv6,
  type Ipv6,
  Ipv6Devconf,
  ipv6Net,
  type MldOps,
  Rt6Info,
} from '@skbuff/ipv6';
import { netlink } from '@skbuff/netlink';
import { procfs, procNetOf } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { bytesOf, icmp6Message, ip6Packet, testDevice } from '@skbuff/testkit';
import { IFA_F_TENTATIVE, IFF_UP, IPPROTO_HOPOPTS, IPPROTO_ICMPV6, PACKET_MULTICAST } from '@skbuff/uapi';
import { addrconfAddrSolictMult, be16, In6Addr, in6addrInterfacelocalAllnodes, in6addrLinklocalAllnodes, in6Pton, IPV6HDR_LEN } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { mld } from '../src/index.ts';

export const MSEC = 1e6;
export const SEC = 1e9;
export const ip6 = (text: string): In6Addr => in6Pton(text) as In6Addr;
export const LINK_LOCAL = 'fe80::ff:fe00:1';
/** Router alert with a value, or a hop-by-hop header without one. */
const ALERT = [0, 0, 5, 2, 0, 0, 1, 0];

export interface Sent {
  /** Milliseconds of the clock. */
  readonly at: number;
  readonly packet: Uint8Array;
  readonly priority: number;
}

/** What ICMPv6 is here: it counts. */
function icmpv6(counts: Map<number, number>): Plugin {
  return {
    name: '@skbuff/icmpv6',
    requires: ['@skbuff/ipv6'],
    init(ctx) {
      const none = (): void => {};
      const outCount = (_net: Net, _idev: Inet6Dev | null, type: number): void => void counts.set(type, (counts.get(type) ?? 0) + 1);
      (ctx.get(IPV6) as { icmp: unknown }).icmp = { icmpv6Send: none, paramProb: none, outCount };
    },
  };
}

export class Listener {
  readonly clock: VirtualClock = new VirtualClock();
  /** ICMPv6 messages that were counted, by type. */
  readonly counts: Map<number, number> = new Map();
  readonly kernel: Kernel;
  readonly sent: Sent[] = [];
  readonly dev: NetDevice;
  readonly idev: Inet6Dev;
  private linkLocal: Inet6Ifaddr | null = null;

  constructor(name = 'v0', mtu = 1500) {
    this.kernel = createKernel({ clock: this.clock, debug: true, plugins: [netlink(), sysctl(), procfs(), ipv6(), icmpv6(this.counts), mld()] });
    this.clock.advance(10 * SEC);
    this.dev = testDevice(this.net, name, () => {}, (dev) => {
      dev.devAddr.set([2, 0, 0, 0, 0, 1]);
      dev.mtu = mtu;
      dev.maxMtu = 65535;
    });
    (this.ip as { routing: unknown }).routing = { icmp6DstAlloc: (dev: NetDevice) => this.route(dev) };
    this.idev = this.makeIdev(this.dev);
    this.clock.advance(0);
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get ip(): Ipv6 {
    return this.kernel.services.get(IPV6);
  }

  get mld(): MldOps {
    return this.ip.mld as MldOps;
  }

  /** As address configuration does for a device that appears. */
  makeIdev(dev: NetDevice): Inet6Dev {
    const idev = new Inet6Dev(dev, new Ipv6Devconf());
    in6DevSet(dev, idev);
    this.mld.initDev(idev);
    this.mld.mcInc(dev, in6addrInterfacelocalAllnodes);
    this.mld.mcInc(dev, in6addrLinklocalAllnodes);
    return idev;
  }

  private route(dev: NetDevice): Rt6Info {
    const rt = new Rt6Info(dev, this.ip.dstOps);
    rt.output = (_net, _sk, skb: SkBuff) => {
      // What a device gets that is down is lost.
      if ((dev.flags & IFF_UP) !== 0) this.sent.push({ at: this.clock.now() / MSEC, packet: bytesOf(skb), priority: skb.priority });
      skb.consume();
      return 0;
    };
    return rt;
  }

  up(): void {
    expect(devOpen(this.dev)).toBe(0);
    this.mld.up(this.idev);
  }

  /** The link-local address, tentative until {@link ready}; of its group the device is a member. */
  address(): void {
    const ifp = new Inet6Ifaddr(this.idev, ip6(LINK_LOCAL), 64, IFA_F_TENTATIVE, 0x20);
    this.linkLocal = ifp;
    this.idev.addrList.push(ifp);
    this.mld.mcInc(this.dev, addrconfAddrSolictMult(new In6Addr(), ifp.addr));
  }

  ready(): void {
    const ifp = this.linkLocal as Inet6Ifaddr;
    ifp.flags &= ~IFA_F_TENTATIVE;
    ifp.state = INET6_IFADDR_STATE_POSTDAD;
    this.mld.dadComplete(this.idev);
  }

  /** As the device of the records: up, with an address. */
  start(): void {
    this.up();
    this.address();
    this.clock.advance(SEC);
    this.ready();
    this.clock.advance(30 * SEC);
    this.sent.length = 0;
  }

  down(): void {
    devClose(this.dev);
    if (this.linkLocal !== null) this.mld.mcDec(this.idev, addrconfAddrSolictMult(new In6Addr(), this.linkLocal.addr));
    this.idev.addrList.length = 0;
    this.linkLocal = null;
    this.mld.down(this.idev);
  }

  /** Milliseconds pass; what was sent meanwhile. */
  wait(ms: number): Sent[] {
    this.clock.advance(ms * MSEC);
    return this.sent.splice(0);
  }

  join(group: string, mode?: number): number {
    return this.mld.mcInc(this.dev, ip6(group), mode);
  }

  leave(group: string): number {
    return this.mld.mcDec(this.idev, ip6(group));
  }

  proc(file: string): string {
    return String(procNetOf(this.net).read(file));
  }

  conf(name: 'forceMldVersion' | 'mldv1UnsolicitedReportInterval' | 'mldv2UnsolicitedReportInterval', value: number, all = false): void {
    (all ? ipv6Net.of(this.net).devconfAll : this.idev.cnf)[name] = value;
  }

  /** A message of MLD comes in, as ICMPv6 would hand it over. */
  receive(type: number, dst: string, rest: readonly number[], f: { readonly src?: string; readonly hop?: number; readonly ra?: boolean; readonly alert?: number; readonly pktType?: number } = {}): void {
    const src = f.src ?? 'fe80::2';
    const ext: [number, number[]][] = f.ra === false ? [] : [[IPPROTO_HOPOPTS, [...ALERT]]];
    const packet = ip6Packet({ saddr: src, daddr: dst, ttl: f.hop ?? 1, proto: IPPROTO_ICMPV6, ext, payload: icmp6Message(src, dst, type, 0, rest) });
    const skb = this.net.skbs.allocRx(this.dev, packet.length) as SkBuff;
    skb.putData(packet, 0, packet.length);
    skb.networkHeader = skb.data;
    skb.pull(IPV6HDR_LEN + ext.length * 8);
    skb.transportHeader = skb.data;
    skb.pktType = f.pktType ?? PACKET_MULTICAST;
    skb.cb[IP6CB_FLAGS] = ext.length === 0 ? 0 : IP6SKB_ROUTERALERT;
    skb.cb[IP6CB_RA] = f.alert ?? 0;
    if (type === 130) this.mld.eventQuery(skb);
    else this.mld.eventReport(skb);
  }

  queryV1(group: string, delay: number): void {
    this.receive(130, group === '::' ? 'ff02::1' : group, [delay >> 8, delay & 0xff, 0, 0, ...ip6(group).toBytes()]);
  }

  /** `qrv`: the byte with the robustness variable; `nsrcs`: what the message says of the number of sources, if it lies. */
  queryV2(group: string, delay: number, qrv = 2, qqic = 125, sources: readonly string[] = [], f: { src?: string; hop?: number; ra?: boolean; alert?: number; nsrcs?: number } = {}): void {
    const nsrcs = f.nsrcs ?? sources.length;
    const rest = [delay >> 8, delay & 0xff, 0, 0, ...ip6(group).toBytes(), qrv, qqic, nsrcs >> 8, nsrcs & 0xff, ...sources.flatMap((s) => [...ip6(s).toBytes()])];
    this.receive(130, group === '::' ? 'ff02::1' : group, rest, f);
  }

  reportV1(group: string, f: { src?: string; pktType?: number } = {}): void {
    this.receive(131, group, [0, 0, 0, 0, ...ip6(group).toBytes()], f);
  }

  shutdown(): Record<string, number> {
    if (this.ip.mld !== null) this.mld.destroyDev(this.idev);
    in6DevSet(this.dev, null);
    unregisterNetdevice(this.dev);
    return this.kernel.shutdown();
  }
}

/** A fresh one for each test, checked for leaks after it. */
export function useListener(): { l: Listener } {
  const holder = { l: null as unknown as Listener };
  beforeEach(() => {
    holder.l = new Listener();
  });
  afterEach(() => {
    expect(holder.l.shutdown()).toEqual({});
  });
  return holder;
}

const TYPES = ['', 'IS_IN', 'IS_EX', 'TO_IN', 'TO_EX', 'ALLOW', 'BLOCK'];

/** A report of MLDv2 in words: `TO_EX ff15::1, ALLOW ff15::2 (2001:db8::1 2001:db8::2)`; of MLDv1: `report ff15::1`, `done ff15::1`. */
export function told({ packet }: Sent): string {
  const message = IPV6HDR_LEN + 8;
  const type = packet[message];
  const addr = (at: number): string => new In6Addr().load(packet, at).toString();
  if (type !== 143) return `${type === 131 ? 'report' : 'done'} ${addr(message + 8)}`;
  const records: string[] = [];
  for (let at = message + 8, n = be16(packet, message + 6); n > 0; n--) {
    const nsrcs = be16(packet, at + 2);
    const sources = Array.from({ length: nsrcs }, (_, i) => addr(at + 20 + i * 16));
    records.push(`${TYPES[packet[at] as number]} ${addr(at + 4)}${nsrcs === 0 ? '' : ` (${sources.join(' ')})`}`);
    at += 20 + nsrcs * 16;
  }
  return records.join(', ');
}

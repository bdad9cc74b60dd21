/** A multicast router with interfaces v0, v1, v2 (indices 10, 11, 12); addresses and routes are the test's, and so are the sockets of daemons. */
import { createKernel, devOpen, type Kernel, type Net, type NetDevice, type SkBuff, unregisterNetdevice, VirtualClock } from '@skbuff/core';
import { fibRules } from '@skbuff/fib-rules';
import { in6DevSet, Inet6Dev, ip6McInput, ip6cbInit, IPV6, ipv6, type Ipv6, Ipv6Devconf, type Flowi6, type Mroute6Sock, type MulticastRouting6, Rt6Info } from '@skbuff/ipv6';
import { netlink, type NetlinkPort, netlinkPort, nlmsgAll, type NlMsgHdr } from '@skbuff/netlink';
import { procfs, procNetOf } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { bytesOf, ip6Packet, testDevice } from '@skbuff/testkit';
import { NETLINK_ADD_MEMBERSHIP, NETLINK_ROUTE, PACKET_MULTICAST, RTNLGRP_IPV6_MROUTE, RTNLGRP_IPV6_MROUTE_R } from '@skbuff/uapi';
import { inetPton6, setLe16, setLe32 } from '@skbuff/wire';
import { expect } from 'vitest';
import { ip6mr } from '../src/index.ts';

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A socket of a daemon, as the layer of sockets would make it. */
export class Daemon implements Mroute6Sock {
  readonly net: Net;
  readonly priority = 0;
  readonly mark = 0;
  readonly isRawIcmpv6: boolean;
  netAdmin = true;
  ip6mrTable = 0;
  readonly upcalls: string[] = [];
  /** What its queue answers. */
  err = 0;

  constructor(net: Net, isRawIcmpv6: boolean) {
    this.net = net;
    this.isRawIcmpv6 = isRawIcmpv6;
  }

  setOwnerW(): void {}

  queueRcv(skb: SkBuff): number {
    if (this.err === 0) this.upcalls.push(hex(bytesOf(skb)));
    skb.consume();
    return this.err;
  }
}

export class Router {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly devs: NetDevice[];
  /** Packets that left: number of the interface, and bytes. */
  readonly frames: string[] = [];
  /** Settings that were told: index of the interface, and value. */
  readonly netconf: string[] = [];
  readonly port: NetlinkPort;

  constructor() {
    this.kernel = createKernel({ clock: this.clock, debug: true, plugins: [netlink(), sysctl(), procfs(), fibRules(), ipv6(), ip6mr()] });
    this.clock.advance(10e9);
    const fakes = this.ip as { routing: unknown; mld: unknown; addrconf: unknown };
    fakes.mld = { chkMcastAddr: () => false };
    fakes.routing = { routeOutput: (_net: Net, _sk: null, fl6: Flowi6) => this.route(fl6), routeInput: (skb: SkBuff) => this.routeInput(skb) };
    fakes.addrconf = { netconfNotify: (_net: Net, _type: number, _attr: number, ifindex: number, cnf: Ipv6Devconf) => void this.netconf.push(`${ifindex} ${cnf.mcForwarding}`) };
    this.devs = [0, 1, 2].map((i) => this.eth(i));
    this.port = netlinkPort(this.net, NETLINK_ROUTE) as NetlinkPort;
    this.port.bind();
    for (const group of [RTNLGRP_IPV6_MROUTE, RTNLGRP_IPV6_MROUTE_R]) this.port.setsockopt(NETLINK_ADD_MEMBERSHIP, group);
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get ip(): Ipv6 {
    return this.kernel.services.get(IPV6);
  }

  get mroute(): MulticastRouting6 {
    return this.ip.mroute as MulticastRouting6;
  }

  private eth(i: number): NetDevice {
    const dev = testDevice(this.net, `v${i}`, () => {}, (d) => {
      d.ifindex = 10 + i;
    });
    expect(devOpen(dev)).toBe(0);
    in6DevSet(dev, new Inet6Dev(dev, new Ipv6Devconf()));
    return dev;
  }

  /** To groups, where there is no choice. */
  private routeInput(skb: SkBuff): void {
    const rt = new Rt6Info(skb.dev as NetDevice, this.ip.dstOps);
    rt.input = ip6McInput;
    skb.dstSet(rt);
  }

  private route({ oif }: Flowi6): Rt6Info {
    const dev = this.net.devGetByIndex(oif) as NetDevice;
    const rt = new Rt6Info(dev, this.ip.dstOps);
    rt.output = (_net, _sk, skb) => {
      this.frames.push(`${oif - 10} ${hex(bytesOf(skb))}`);
      skb.consume();
      return 0;
    };
    return rt;
  }

  /** A UDP datagram to a group comes in by interface `i`, as routed by IPv6. */
  receive(i: number, saddr: string, daddr: string, ttl: number): void {
    const packet = ip6Packet({ saddr, daddr, ttl, proto: 17, payload: Uint8Array.from([3, 232, 7, 208, 0, 12, 0, 0, 100, 97, 116, 97]) });
    const dev = this.devs[i] as NetDevice;
    const skb = this.net.skbs.allocRx(dev, packet.length) as SkBuff;
    skb.putData(packet, 0, packet.length);
    skb.resetNetworkHeader();
    ip6cbInit(skb, dev.ifindex);
    skb.pktType = PACKET_MULTICAST;
    ip6McInput(skb);
  }

  notes(): string[] {
    const texts: string[] = [];
    for (let got = this.port.recvmsg(); typeof got !== 'number'; got = this.port.recvmsg()) texts.push(hex(got.data));
    return texts;
  }

  messages(): NlMsgHdr[] {
    const all: NlMsgHdr[] = [];
    for (let got = this.port.recvmsg(); typeof got !== 'number'; got = this.port.recvmsg()) all.push(...nlmsgAll(got.data));
    return all;
  }

  proc(file: string): string[] {
    return String(procNetOf(this.net).read(file)).split('\n').slice(1, -1);
  }

  unregister(i: number): void {
    const dev = this.devs[i] as NetDevice;
    unregisterNetdevice(dev);
    in6DevSet(dev, null);
  }

  shutdown(): Record<string, number> {
    this.port.close();
    for (const [i, dev] of this.devs.entries()) if (this.net.devList.includes(dev)) this.unregister(i);
    return this.kernel.shutdown();
  }
}

export function sockaddr(b: Uint8Array, at: number, addr: string): void {
  setLe16(b, at, 10);
  b.set(inetPton6(addr) as Uint8Array, at + 8);
}

export function int(v: number): Uint8Array {
  const b = new Uint8Array(4);
  setLe32(b, 0, v);
  return b;
}

export function mif6ctl(mifi: number, pifi: number, threshold = 1, flags = 0): Uint8Array {
  const b = new Uint8Array(12);
  setLe16(b, 0, mifi);
  b[2] = flags;
  b[3] = threshold;
  setLe16(b, 4, pifi);
  return b;
}

export function mf6cctl(origin: string, group: string, parent: number, ifs: readonly number[]): Uint8Array {
  const b = new Uint8Array(92);
  sockaddr(b, 0, origin);
  sockaddr(b, 28, group);
  setLe16(b, 56, parent);
  setLe32(b, 60, ifs.reduce((set, i) => set | (1 << i), 0));
  return b;
}

/** A host with the real IPv4, FIB and ARP, and devices whose wire the test holds in its hands. */
import {
  createKernel,
  devOpen,
  ethMacAddr,
  IFF_LIVE_ADDR_CHANGE,
  type Kernel,
  type Net,
  type NetDevice,
  type SkBuff,
  unregisterNetdevice,
  VirtualClock,
} from '@skbuff/core';
import { fib, FibConfig, fibNet, fibNewTable, fibTableInsert } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { Flowi4, type IfaddrInit, inDevGet, type InDevice, type InIfaddr, inetAllocIfa, inetDelIfa, inetInsertIfa, ipLocalOut, IPV4, type Ipv4, ipv4, type Rtable } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour, NEIGH_UPDATE_F_ADMIN, NEIGH_UPDATE_F_OVERRIDE, type NeighTable, type Neighbour, neighUpdate } from '@skbuff/neighbour';
import { NdMsg, netlink, NlAttrs, nlaPolicySet, type NetlinkPort, netlinkPort, nlmsgAll, type NlMsgHdr, nlmsgParseDeprecated } from '@skbuff/netlink';
import { procfs, procNetOf } from '@skbuff/procfs';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { dropsByName, mib, nudName, receiveFrame, testDevice } from '@skbuff/testkit';
import * as U from '@skbuff/uapi';
import { inetNtoa, inetPton4, setBe32 } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { arp } from '../src/index.ts';
import { type ArpFields, arpFrame, describeFrame, mac, short } from './frames.ts';

/** Nanoseconds. */
export const MS = 1e6;
export const SEC = 1e9;

/** Settings by their last two components: `eth0.arp_ignore` is net.ipv4.conf.eth0.arp_ignore; `neigh.eth0.locktime` has its directory in front. */
export type Settings = Readonly<Record<string, number>>;

export class Host {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  /** What was sent, as text with the device's name, and raw. */
  readonly sent: string[] = [];
  readonly frames: Uint8Array[] = [];
  /** ICMP errors that were asked for: type and code. */
  readonly icmp: [type: number, code: number][] = [];
  private readonly monitor: NetlinkPort;

  constructor() {
    this.kernel = createKernel({
      clock: this.clock,
      debug: true,
      plugins: [sysctl(), procfs(), netlink(), neighbour(), ipv4(), fib({ table: () => new FibTrie() }), loopback(), arp()],
    });
    this.ip.icmp = { icmpSend: (_skb, type, code) => void this.icmp.push([type, code]), outCount() {} };
    this.monitor = netlinkPort(this.net, U.NETLINK_ROUTE) as NetlinkPort;
    expect(devOpen(this.net.loopbackDev as NetDevice)).toBe(0);
    this.clock.advance(10 * SEC);
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get ip(): Ipv4 {
    return this.kernel.services.get(IPV4);
  }

  get tbl(): NeighTable {
    return this.ip.arpTbl as NeighTable;
  }

  get lo(): NetDevice {
    return this.net.loopbackDev as NetDevice;
  }

  /** An Ethernet device with the address 02:00:00:00:00:XX and addresses `10.0.0.1/24`, up. */
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
    return testDevice(this.net, name, onFrame, (dev) => {
      dev.devAddr.set(mac(last));
      dev.ops = { ...dev.ops, ndoSetMacAddress: ethMacAddr };
      dev.privFlags |= IFF_LIVE_ADDR_CHANGE;
      setup(dev);
    });
  }

  addr(dev: NetDevice, text: string, more: Partial<IfaddrInit> = {}): InIfaddr {
    const [local, plen] = text.split('/');
    const ifa = inetAllocIfa(inDevGet(dev) as InDevice, { local: inetPton4(local), prefixlen: Number(plen), flags: U.IFA_F_PERMANENT, ...more });
    expect(inetInsertIfa(ifa)).toBe(0);
    return ifa;
  }

  unaddr(ifa: InIfaddr): void {
    inetDelIfa(ifa.inDev, ifa);
  }

  route(prefix: string, dev: NetDevice, more: Partial<FibConfig> = {}): void {
    const [dst, plen] = prefix.split('/');
    const gw = more.gw ?? 0;
    const cfg = FibConfig.of({ dst: inetPton4(dst), dstLen: Number(plen), nlflags: 0x600, oif: dev.ifindex, scope: gw === 0 ? U.RT_SCOPE_LINK : 0, ...more });
    expect(fibTableInsert(fibNet.of(this.net), fibNewTable(fibNet.of(this.net), cfg.table), cfg, null)).toBe(0);
  }

  set(settings: Settings): void {
    for (const [name, value] of Object.entries(settings)) {
      const path = name.startsWith('neigh.') ? `net/ipv4/${name}` : `net/ipv4/conf/${name}`;
      expect(sysctlOf(this.net).write(path.replaceAll('.', '/'), `${value}\n`), path).toBe(0);
    }
  }

  /** A frame comes in; what goes out before any time has passed. */
  arp(dev: NetDevice, fields: ArpFields = {}): string[] {
    return this.receive(dev, arpFrame(fields));
  }

  /** `prepare`: what the device or somebody before ARP did to the packet. */
  receive(dev: NetDevice, frame: Uint8Array, prepare?: (skb: SkBuff) => void): string[] {
    this.take();
    receiveFrame(dev, frame, prepare);
    this.clock.advance(0);
    return this.take();
  }

  /** An IP packet of 28 bytes leaves this host, from whatever address it says; what goes out before any time has passed. */
  send(daddr: string, saddr = '10.0.0.1', oif = 0, len = 28): string[] {
    this.take();
    const rt = this.ip.routing?.routeOutput(this.net, new Flowi4().init(oif, 0, 0, 0, 17, 1, inetPton4(daddr), 0, 0, 0), null) as Rtable;
    expect(typeof rt).toBe('object');
    const skb = this.kernel.skbs.alloc(len + 64) as SkBuff;
    skb.reserve(64);
    const iph = skb.putZero(len);
    skb.resetNetworkHeader();
    skb.bytes[iph] = 0x45;
    skb.bytes[iph + 8] = 64;
    skb.bytes[iph + 9] = 17;
    setBe32(skb.bytes, iph + 12, inetPton4(saddr));
    setBe32(skb.bytes, iph + 16, inetPton4(daddr));
    skb.dstSet(rt);
    expect(ipLocalOut(this.net, null, skb)).toBe(0);
    this.clock.advance(0);
    return this.take();
  }

  /** What the administrator says about a neighbour. */
  known(dev: NetDevice, addr: string, last: string, state: number): Neighbour {
    const neigh = this.tbl.lookup(dev, inetPton4(addr)) ?? (this.tbl.create(dev, inetPton4(addr)) as Neighbour);
    expect(neighUpdate(neigh, mac(last), 0, state, NEIGH_UPDATE_F_OVERRIDE | NEIGH_UPDATE_F_ADMIN)).toBe(0);
    return neigh;
  }

  /** The neighbours but those of the loopback device, sorted: `10.0.0.2 eth0 02 STALE`. */
  neigh(): string[] {
    const valid = U.NUD_PERMANENT | U.NUD_NOARP | U.NUD_REACHABLE | U.NUD_PROBE | U.NUD_STALE | U.NUD_DELAY;
    return [...this.tbl.all()]
      .filter((n) => n.dev !== this.lo)
      .map((n) => `${inetNtoa(n.addr4)} ${n.dev.name}${(n.nudState & valid) === 0 ? '' : ` ${short(n.ha)}`} ${nudName(n.nudState)}`)
      .sort();
  }

  /** Nobody is known any more. */
  flush(): void {
    for (const dev of this.net.devList) this.tbl.changeaddr(dev);
  }

  /** From now on {@link events} tells what the group RTNLGRP_NEIGH hears. */
  listen(): void {
    expect(this.monitor.setsockopt(U.NETLINK_ADD_MEMBERSHIP, U.RTNLGRP_NEIGH)).toBe(0);
  }

  /** Notifications since the last call: `NEW 10.0.0.2 STALE 02`. */
  events(): string[] {
    const out: string[] = [];
    for (let d = this.monitor.recvmsg(); typeof d !== 'number'; d = this.monitor.recvmsg()) out.push(...nlmsgAll(d.data).map(describeEvent));
    return out;
  }

  /** What was sent since the last call. */
  take(): string[] {
    return this.sent.splice(0);
  }

  /** What is sent while `ns` pass. */
  during(ns: number): string[] {
    this.take();
    this.clock.advance(ns);
    return this.take();
  }

  proc(path: string): string {
    return String(procNetOf(this.net).read(path));
  }

  /** A counter of /proc/net/netstat. */
  netstat(name: string): number {
    return mib(this.net, 'TcpExt', name);
  }

  /** Packets lost, by the name of the reason. */
  drops(): Record<string, number> {
    return dropsByName(this.kernel);
  }

  shutdown(): Record<string, number> {
    this.monitor.close();
    for (const dev of [...this.net.devList]) if (dev !== this.lo) unregisterNetdevice(dev);
    return this.kernel.shutdown();
  }
}

const TYPES: Readonly<Record<number, string>> = { [U.RTM_NEWNEIGH]: 'NEW', [U.RTM_DELNEIGH]: 'DEL', [U.RTM_GETNEIGH]: 'GET' };

function describeEvent(nlh: NlMsgHdr): string {
  const tb = new NlAttrs(U.NDA_MAX);
  expect(nlmsgParseDeprecated(nlh, NdMsg.LEN, tb, nlaPolicySet(U.NDA_MAX, {}), null)).toBe(0);
  const ndm = new NdMsg().read(nlh.buf, nlh.data);
  const lladdr = tb.bytes(U.NDA_LLADDR);
  return `${TYPES[nlh.type]} ${tb.bytes(U.NDA_DST)?.join('.')} ${nudName(ndm.state)}${lladdr === null ? '' : ` ${short(lladdr)}`}`;
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

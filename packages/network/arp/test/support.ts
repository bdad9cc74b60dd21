/** A host with ARP whose routing is a table of its own addresses, and devices whose wire the test holds in its hands. */
import {
  createKernel,
  devOpen,
  type Kernel,
  type KernelOptions,
  type Net,
  NETDEV_DOWN,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  NETDEV_TX_OK,
  type NetDevice,
  type NetDeviceOps,
  netdevOpsDefaults,
  NOTIFY_DONE,
  type Plugin,
  registerNetdevice,
  type SkBuff,
  unregisterNetdevice,
  VirtualClock,
  DstCounter,
  ethMacAddr,
  IFF_LIVE_ADDR_CHANGE,
} from '@skbuff/core';
import { allocEtherdev, ethTypeTrans } from '@skbuff/ethernet';
import {
  InDevice,
  type InIfaddr,
  inDevGet,
  inDevSet,
  IPV4,
  Ipv4,
  Ipv4Net,
  inetIfaMatch,
  ipv4Net,
  Rtable,
  type RoutingProvider,
} from '@skbuff/ipv4';
import { netlink } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { neighbour, type NeighTable, type Neighbour, neighOutput } from '@skbuff/neighbour';
import {
  ENETUNREACH,
  ETH_P_IP,
  IFA_F_SECONDARY,
  RT_SCOPE_UNIVERSE,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_UNICAST,
} from '@skbuff/uapi';
import { formatMac, inetMakeMask, inetNtoa, inetPton4, ipv4IsMulticast, parseMac } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { arp } from '../src/index.ts';

/** Nanoseconds. */
export const MS = 1e6;
export const SEC = 1e9;

/** Routes beside the addresses' own subnets: prefix and device. */
interface TestRoute {
  readonly prefix: number;
  readonly mask: number;
  readonly dev: NetDevice;
}

/** Longest prefix, local addresses first: as much of a FIB as ARP asks for. */
export class TestRouting implements RoutingProvider {
  readonly counter: DstCounter = new DstCounter();
  routes: TestRoute[] = [];
  readonly made: Rtable[] = [];

  private ifas(net: Net): InIfaddr[] {
    return net.devList.flatMap((dev) => [...(inDevGet(dev)?.ifaList ?? [])]);
  }

  private devFor(net: Net, addr: number): NetDevice | null {
    const known = this.routes.filter((r) => r.dev.net === net && ((addr ^ r.prefix) & r.mask) === 0);
    const subnets = this.ifas(net).filter((ifa) => inetIfaMatch(addr, ifa));
    const all = [...known, ...subnets.map((ifa) => ({ mask: ifa.mask, dev: ifa.inDev.dev }))];
    return all.sort((a, b) => b.mask - a.mask)[0]?.dev ?? null;
  }

  readonly addrType: RoutingProvider['addrType'] = (net, addr, _dev) => {
    if (ipv4IsMulticast(addr)) return RTN_MULTICAST;
    if (addr === 0 || addr === 0xffffffff) return RTN_BROADCAST;
    const ifas = this.ifas(net);
    if (ifas.some((ifa) => ifa.local === addr)) return RTN_LOCAL;
    return ifas.some((ifa) => ifa.prefixlen < 31 && ((ifa.address | ~ifa.mask) >>> 0) === addr) ? RTN_BROADCAST : RTN_UNICAST;
  };

  readonly routeInput: RoutingProvider['routeInput'] = (skb, daddr, _saddr, _tos, dev) => {
    const type = this.addrType(dev.net, daddr, dev);
    const out = type === RTN_LOCAL ? dev : this.devFor(dev.net, daddr);
    if (out === null) return 2;
    const rt = new Rtable(out, this.counter, type, 0, 0, true);
    this.made.push(rt);
    skb.dstSetNoref(rt);
    return 0;
  };

  readonly routeOutput: RoutingProvider['routeOutput'] = (net, fl4) => {
    const out = this.devFor(net, fl4.daddr);
    return out === null ? -ENETUNREACH : new Rtable(out, this.counter, RTN_UNICAST, 0, 0, false);
  };

  readonly check: RoutingProvider['check'] = () => true;
  readonly sendRedirect: RoutingProvider['sendRedirect'] = () => {};
  readonly updatePmtu: RoutingProvider['updatePmtu'] = () => {};
  readonly redirect: RoutingProvider['redirect'] = () => {};

  release(): void {
    for (const rt of this.made.splice(0)) rt.release();
  }
}

/** What ARP needs of the IPv4 package: interfaces, addresses, and the table of services. */
function testIpv4(ip: Ipv4, routing: TestRouting): Plugin {
  return {
    name: '@skbuff/ipv4',
    init(ctx) {
      ip.routing = routing;
      ctx.provide(IPV4, () => ip);
      ctx.pernetSubsys({
        name: 'ipv4',
        init: (net) => (ipv4Net.set(net, new Ipv4Net(ip, net)), 0),
        exit: (net) => ipv4Net.set(net, null),
      });
      ctx.netdeviceNotifier({
        notifierCall(_nb, event, { dev }) {
          const state = ipv4Net.of(dev.net);
          if (event === NETDEV_REGISTER) inDevSet(dev, new InDevice(dev, state.devconfDflt.copy(), state.devconfAll));
          if (event === NETDEV_UNREGISTER) inDevSet(dev, null);
          return NOTIFY_DONE;
        },
      });
    },
  };
}

/** A frame on the wire as text: `aa > bb: who-has 10.0.0.1 tell 10.0.0.2` and the like. */
export function describeFrame(frame: Uint8Array): string {
  const way = `${short(frame, 6)} > ${short(frame, 0)}`;
  const view = new DataView(frame.buffer, frame.byteOffset);
  if (view.getUint16(12) !== 0x0806) return `${way}: ip ${inetNtoa(view.getUint32(26))} > ${inetNtoa(view.getUint32(30))}`;
  const sip = inetNtoa(view.getUint32(28));
  const tip = inetNtoa(view.getUint32(38));
  if (view.getUint16(20) === 1) return `${way}: who-has ${tip} (${short(frame, 32)}) tell ${sip} (${short(frame, 22)})`;
  return `${way}: reply ${sip} is-at ${short(frame, 22)} to ${tip} (${short(frame, 32)})`;
}

/** `*` for broadcast, `-` for zeros, else the last byte of an address in hex. */
function short(frame: Uint8Array, off: number): string {
  const text = formatMac(frame, off);
  if (text === 'ff:ff:ff:ff:ff:ff') return '*';
  return text === '00:00:00:00:00:00' ? '-' : text.startsWith('01:00:5e') ? text : text.slice(-2);
}

export interface ArpFields {
  readonly op: number;
  readonly sha: string;
  readonly sip: string;
  readonly tha?: string;
  readonly tip: string;
  /** Link-layer destination; default broadcast. */
  readonly to?: string;
  readonly hrd?: number;
  readonly pro?: number;
  readonly hln?: number;
  readonly pln?: number;
  /** Bytes of the ARP packet that are sent. */
  readonly cut?: number;
}

const mac = (text: string): Uint8Array => {
  if (text === '*') return new Uint8Array(6).fill(0xff);
  return text.length === 2 ? Uint8Array.from([2, 0, 0, 0, 0, Number.parseInt(text, 16)]) : (parseMac(text) as Uint8Array);
};

/** An ARP frame. Hardware addresses may be given by their last byte: `aa` is 02:00:00:00:00:aa. */
export function arpFrame(f: ArpFields): Uint8Array {
  const frame = new Uint8Array(42);
  const view = new DataView(frame.buffer);
  frame.set(mac(f.to ?? '*'), 0);
  frame.set(mac(f.sha), 6);
  view.setUint16(12, 0x0806);
  view.setUint16(14, f.hrd ?? 1);
  view.setUint16(16, f.pro ?? 0x0800);
  frame[18] = f.hln ?? 6;
  frame[19] = f.pln ?? 4;
  view.setUint16(20, f.op);
  frame.set(mac(f.sha), 22);
  view.setUint32(28, inetPton4(f.sip));
  if (f.tha !== undefined) frame.set(mac(f.tha), 32);
  view.setUint32(38, inetPton4(f.tip));
  return frame.slice(0, 14 + (f.cut ?? 28));
}

export class Host {
  readonly clock: VirtualClock = new VirtualClock();
  readonly ip: Ipv4 = new Ipv4();
  readonly routing: TestRouting = new TestRouting();
  readonly kernel: Kernel;
  /** What was sent, as text with the device's name, and raw. */
  readonly sent: string[] = [];
  readonly frames: Uint8Array[] = [];
  /** ICMP errors that were sent: type and code. */
  readonly icmp: [number, number][] = [];

  constructor(options: Partial<KernelOptions> = {}, withArp = true) {
    this.ip.icmp = { icmpSend: (_skb, type, code) => void this.icmp.push([type, code]) };
    this.kernel = createKernel({
      clock: this.clock,
      debug: true,
      plugins: [sysctl(), procfs(), netlink(), neighbour(), testIpv4(this.ip, this.routing), ...(withArp ? [arp()] : [])],
      ...options,
    });
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get tbl(): NeighTable {
    return this.ip.arpTbl as NeighTable;
  }

  /** An Ethernet device with the address 02:00:00:00:00:XX, up. */
  eth(name: string, last: string, addr = '', plen = 24, setup: (dev: NetDevice) => void = () => {}): NetDevice {
    const dev = allocEtherdev(this.net, { name, ops: this.ops() });
    dev.devAddr.set(mac(last));
    dev.privFlags |= IFF_LIVE_ADDR_CHANGE;
    setup(dev);
    expect(registerNetdevice(dev)).toBe(0);
    if (addr !== '') this.addAddr(dev, addr, plen);
    expect(devOpen(dev)).toBe(0);
    this.clock.advance(0);
    return dev;
  }

  ops(): NetDeviceOps {
    return {
      ...netdevOpsDefaults,
      ndoSetMacAddress: ethMacAddr,
      ndoStartXmit: (skb, dev) => {
        const frame = skb.bytes.slice(skb.data, skb.data + skb.len);
        this.frames.push(frame);
        this.sent.push(`${dev.name} ${describeFrame(frame)}`);
        skb.consume();
        return NETDEV_TX_OK;
      },
    };
  }

  inDev(dev: NetDevice): InDevice {
    return inDevGet(dev) as InDevice;
  }

  addAddr(dev: NetDevice, text: string, prefixlen: number, scope: number = RT_SCOPE_UNIVERSE): InIfaddr {
    const inDev = this.inDev(dev);
    const local = inetPton4(text);
    const mask = inetMakeMask(prefixlen);
    const known = inDev.ifaList.some((ifa) => ifa.mask === mask && inetIfaMatch(local, ifa));
    const ifa: InIfaddr = {
      local,
      address: local,
      prefixlen,
      mask,
      broadcast: 0,
      scope,
      flags: known ? IFA_F_SECONDARY : 0,
      label: dev.name,
      rtPriority: 0,
      proto: 0,
      inDev,
      validLft: 0xffffffff,
      preferredLft: 0xffffffff,
      cstamp: 0,
      tstamp: 0,
    };
    inDev.ifaList = [...inDev.ifaList, ifa];
    this.ip.inetaddrChain.callChain(NETDEV_UP, { ifa });
    return ifa;
  }

  delAddr(ifa: InIfaddr): void {
    ifa.inDev.ifaList = ifa.inDev.ifaList.filter((other) => other !== ifa);
    this.ip.inetaddrChain.callChain(NETDEV_DOWN, { ifa });
  }

  route(prefix: string, plen: number, dev: NetDevice): void {
    this.routing.routes.push({ prefix: inetPton4(prefix), mask: inetMakeMask(plen), dev });
  }

  /** A frame arrives. */
  receive(dev: NetDevice, frame: Uint8Array): void {
    const skb = this.kernel.skbs.allocRx(dev, frame.length) as SkBuff;
    skb.putData(frame, 0, frame.length);
    skb.protocol = ethTypeTrans(skb, dev);
    this.kernel.softnet.netifRx(skb);
    this.routing.release();
  }

  arp(dev: NetDevice, fields: ArpFields): void {
    this.receive(dev, arpFrame(fields));
  }

  /** An IP packet of 28 bytes leaves for a neighbour, as the IP layer sends it. */
  send(dev: NetDevice, nexthop: string, saddr: string, len = 28): number {
    const skb = this.kernel.skbs.alloc(len + 64) as SkBuff;
    skb.reserve(64);
    const iph = skb.putZero(len);
    skb.resetNetworkHeader();
    skb.bytes[iph] = 0x45;
    const view = new DataView(skb.bytes.buffer, skb.bytes.byteOffset);
    view.setUint32(iph + 12, inetPton4(saddr));
    view.setUint32(iph + 16, inetPton4(nexthop));
    skb.protocol = ETH_P_IP;
    skb.dev = dev;
    const neigh = this.tbl.lookup(dev, inetPton4(nexthop)) ?? this.tbl.create(dev, inetPton4(nexthop));
    if (typeof neigh !== 'number') return neighOutput(neigh, skb);
    skb.kfree(2);
    return neigh;
  }

  neigh(dev: NetDevice, addr: string): Neighbour | null {
    return this.tbl.lookup(dev, inetPton4(addr));
  }

  state(dev: NetDevice, addr: string): number {
    return this.neigh(dev, addr)?.nudState ?? -1;
  }

  ha(dev: NetDevice, addr: string): string {
    const neigh = this.neigh(dev, addr);
    return neigh === null ? '' : formatMac(neigh.ha).slice(-2);
  }

  /** What was sent since the last call. */
  take(): string[] {
    return this.sent.splice(0);
  }

  advance(ns: number): void {
    this.clock.advance(ns);
    this.routing.release();
  }

  remove(dev: NetDevice): void {
    unregisterNetdevice(dev);
  }

  shutdown(): Record<string, number> {
    for (const dev of [...this.net.devList]) unregisterNetdevice(dev);
    const leaks = this.kernel.shutdown();
    return this.routing.counter.entries === 0 ? leaks : { ...leaks, route: this.routing.counter.entries };
  }
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

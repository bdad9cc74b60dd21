/** Hosts with IPv4 whose routing is a short list and whose links are in the hands of the test. */
import {
  createKernel,
  devOpen,
  type DstOps,
  type Kernel,
  type KernelOptions,
  type Net,
  type NetDevice,
  type SkBuff,
  type SkbSock,
  unregisterNetdevice,
  VirtualClock,
} from '@skbuff/core';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { type NetlinkPort, netlink, netlinkPort } from '@skbuff/netlink';
import { procfs, procNetOf } from '@skbuff/procfs';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { type Sent, ethFrame, knownNeighbours, mib, receiveFrame, testDevice } from '@skbuff/testkit';
import {
  ENETUNREACH,
  ETH_P_IP,
  IFA_F_PERMANENT,
  NETLINK_ROUTE,
  RTN_BROADCAST,
  RTN_LOCAL,
  RTN_MULTICAST,
  RTN_UNICAST,
} from '@skbuff/uapi';
import { inetMakeMask, inetPton4, ipv4IsMulticast } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import {
  fibComputeSpecDst,
  inDevGet,
  inetAllocIfa,
  type IfaddrInit,
  type InDevice,
  type InetCork,
  type InetSock,
  type InIfaddr,
  inetInsertIfa,
  inetSelectAddr,
  ipcbInit,
  ipCheckMc,
  ipForward,
  ipLocalDeliver,
  type IpOptions,
  ipOutput,
  type IpcmCookie,
  IPV4,
  ipv4,
  type Ipv4,
  type Ipv4Net,
  ipv4Net,
  ipv4Mtu,
  newInetCork,
  newIpcmCookie,
  type RoutingProvider,
  RTCF_BROADCAST,
  RTCF_DOREDIRECT,
  RTCF_LOCAL,
  RTCF_MULTICAST,
  Rtable,
} from '../src/index.ts';

export { fibComputeSpecDst, ipcbInit, IFA_F_PERMANENT };

export const SEC = 1e9;
export const ip4 = (text: string): number => inetPton4(text);

interface TestRoute {
  readonly prefix: number;
  readonly plen: number;
  readonly dev: NetDevice;
  readonly gateway: number;
  readonly type: number;
  readonly redirect: boolean;
}

/** Own addresses and their subnets, and routes that a test adds; the longest prefix wins. */
export class TestRouting implements RoutingProvider {
  readonly counter: DstOps = { entries: 0, check: () => true, mtu: ipv4Mtu, confirmNeigh: null };
  readonly routes: TestRoute[] = [];
  private readonly made: Rtable[] = [];
  redirects = 0;

  ifas(net: Net): InIfaddr[] {
    return net.devList.flatMap((dev) => [...(inDevGet(dev)?.ifaList ?? [])]);
  }

  readonly addrType: RoutingProvider['addrType'] = (net, addr) => {
    if (ipv4IsMulticast(addr)) return RTN_MULTICAST;
    if (addr >>> 24 === 0 || addr === 0xffffffff) return RTN_BROADCAST;
    const ifas = this.ifas(net);
    if (addr >>> 24 === 127 || ifas.some((ifa) => ifa.local === addr)) return RTN_LOCAL;
    return ifas.some((ifa) => ifa.prefixlen < 31 && ((ifa.address | ~ifa.mask) >>> 0) === addr) ? RTN_BROADCAST : RTN_UNICAST;
  };

  private find(net: Net, addr: number): TestRoute | null {
    const subnets = this.ifas(net).map((ifa) => ({
      prefix: ifa.address,
      plen: ifa.prefixlen,
      dev: ifa.inDev.dev,
      gateway: 0,
      type: RTN_UNICAST,
      redirect: false,
    }));
    const all = [...this.routes.filter((r) => r.dev.net === net), ...subnets];
    return all.filter((r) => ((r.prefix ^ addr) & inetMakeMask(r.plen)) === 0).sort((a, b) => b.plen - a.plen)[0] ?? null;
  }

  readonly routeInput: RoutingProvider['routeInput'] = (skb, daddr, saddr, _tos, dev) => {
    const rt = this.inputRoute(daddr, dev);
    if (rt === null) return 2;
    this.made.push(rt);
    if ((rt.rtFlags & RTCF_DOREDIRECT) !== 0) skb.cb[0] |= 1 << 5;
    skb.dstSetNoref(rt);
    return saddr === 0xffffffff ? 90 : 0;
  };

  private inputRoute(daddr: number, dev: NetDevice): Rtable | null {
    const type = this.addrType(dev.net, daddr, dev);
    if (type === RTN_MULTICAST && !ipCheckMc(inDevGet(dev) as InDevice, daddr)) return null;
    if (type !== RTN_UNICAST) {
      const flags = type === RTN_MULTICAST ? RTCF_MULTICAST : type === RTN_BROADCAST ? RTCF_BROADCAST : RTCF_LOCAL;
      const rt = new Rtable(type === RTN_LOCAL ? (dev.net.loopbackDev ?? dev) : dev, this.counter, type, flags, 0, true);
      rt.input = ipLocalDeliver;
      return rt;
    }
    const route = this.find(dev.net, daddr);
    if (route === null) return null;
    const rt = new Rtable(route.dev, this.counter, route.type, route.redirect ? RTCF_DOREDIRECT : 0, 0, true);
    rt.gateway = route.gateway;
    rt.input = ipForward;
    rt.output = ipOutput;
    return rt;
  }

  readonly routeOutput: RoutingProvider['routeOutput'] = (net, fl4) => {
    const type = this.addrType(net, fl4.daddr, null);
    const route = this.find(net, fl4.daddr);
    const given = fl4.oif === 0 ? null : net.devGetByIndex(fl4.oif);
    const dev = type === RTN_LOCAL ? net.loopbackDev : (given ?? route?.dev ?? null);
    if (dev === null) return -ENETUNREACH;
    const rt = new Rtable(dev, this.counter, type, type === RTN_LOCAL ? RTCF_LOCAL : 0, 0, false);
    rt.gateway = route?.gateway ?? 0;
    rt.input = ipLocalDeliver;
    rt.output = ipOutput;
    if (fl4.saddr === 0) fl4.saddr = type === RTN_LOCAL ? fl4.daddr : inetSelectAddr(dev, rt.gateway !== 0 ? rt.gateway : fl4.daddr, 0);
    fl4.oif = dev.ifindex;
    return rt;
  };

  readonly sendRedirect: NonNullable<RoutingProvider['sendRedirect']> = () => {
    this.redirects++;
  };
  cacheFlush: RoutingProvider['cacheFlush'] = () => {};
  ifaddr?: NonNullable<RoutingProvider['ifaddr']>;

  /** Input routes are borrowed by packets: they live until the test lets them go. */
  release(): void {
    for (const rt of this.made.splice(0)) rt.release();
  }
}

/** A socket as IPv4 sees it. */
export class TestSock implements InetSock {
  readonly net: Net;
  priority = 0;
  mark = 0;
  tos = 0;
  ucTtl = -1;
  mcTtl = 1;
  mcLoop = true;
  pmtudisc = 1;
  inetOpt: IpOptions | null = null;
  inetDaddr = 0;
  inetId = 0;
  readonly cork: InetCork = newInetCork();
  charged = 0;
  refuse = 0;
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

  localError(err: number, _daddr: number, info: number): void {
    this.errors.push([err, info]);
  }
}

function uncharge(skb: SkBuff): void {
  (skb.sk as SkbSock as TestSock).charged -= skb.truesize;
}

export function cookie(v: Partial<IpcmCookie> = {}): IpcmCookie {
  return { ...newIpcmCookie(), ...v };
}

export class Host {
  readonly clock: VirtualClock = new VirtualClock();
  readonly routing: TestRouting = new TestRouting();
  readonly kernel: Kernel;
  readonly ip: Ipv4;
  readonly sent: Sent[] = [];
  /** ICMP errors that IPv4 asked for: type, code, info. */
  readonly icmp: [number, number, number][] = [];
  /** What came up to the transport of protocol 17: bytes from the IP header on. */
  readonly delivered: Uint8Array[] = [];
  private readonly ports: NetlinkPort[] = [];

  constructor(options: Partial<KernelOptions> = {}) {
    this.kernel = createKernel({
      clock: this.clock,
      debug: true,
      plugins: [netlink(), sysctl(), procfs(), neighbour(), ipv4(), knownNeighbours(IPV4), loopback()],
      ...options,
    });
    this.ip = this.kernel.services.get(IPV4);
    this.ip.routing = this.routing;
    this.ip.icmp = { icmpSend: (_skb, type, code, info) => void this.icmp.push([type, code, info]), outCount() {} };
    this.ip.addProtocol(17, { handler: (skb) => this.deliver(skb), errHandler: null, noPolicy: false });
    devOpen(this.net.loopbackDev as NetDevice);
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

  get state(): Ipv4Net {
    return ipv4Net.of(this.net);
  }

  get stats(): Float64Array {
    return this.state.stats;
  }

  /** A device whose frames the test sees; down. */
  device(name: string, setup: (dev: NetDevice) => void = () => {}, net: Net = this.net): NetDevice {
    const all = (d: NetDevice): void => {
      d.minMtu = 0;
      setup(d);
    };
    return testDevice(net, name, (frame, d) => void this.sent.push({ dev: d.name, ip: frame.slice(14) }), all);
  }

  /** An interface that is up and has an address. */
  eth(name: string, addr = '', plen = 24, setup: (dev: NetDevice) => void = () => {}): NetDevice {
    const dev = this.device(name, setup);
    expect(devOpen(dev)).toBe(0);
    if (addr !== '') this.addr(dev, { local: ip4(addr), prefixlen: plen });
    return dev;
  }

  inDev(dev: NetDevice): InDevice {
    return inDevGet(dev) as InDevice;
  }

  addr(dev: NetDevice, init: IfaddrInit): InIfaddr {
    const ifa = inetAllocIfa(this.inDev(dev), { flags: IFA_F_PERMANENT, ...init });
    expect(inetInsertIfa(ifa)).toBe(0);
    return ifa;
  }

  route(prefix: string, plen: number, dev: NetDevice, gateway = '', type: number = RTN_UNICAST, redirect = false): void {
    this.routing.routes.push({ prefix: ip4(prefix), plen, dev, gateway: gateway === '' ? 0 : ip4(gateway), type, redirect });
  }

  /** A frame with this IP packet arrives. `to`: its destination, default the device. */
  receive(dev: NetDevice, packet: Uint8Array, to?: Uint8Array, prepare?: (skb: SkBuff) => void): void {
    receiveFrame(dev, ethFrame(to ?? dev, packet, { type: ETH_P_IP }), prepare);
    this.clock.advance(0);
  }

  take(): Sent[] {
    return this.sent.splice(0);
  }

  drops(reason: number): number {
    return this.kernel.skbs.drops[reason];
  }

  sysctl(path: string, text: string): number {
    return sysctlOf(this.net).write(path, text);
  }

  sysctlRead(path: string): string | number {
    return sysctlOf(this.net).read(path);
  }

  proc(path: string): string {
    return procNetOf(this.net).read(path) as string;
  }

  /** A counter of /proc/net/snmp or netstat by group and name. */
  mib(group: string, name: string): number {
    return mib(this.net, group, name);
  }

  port(): NetlinkPort {
    const port = netlinkPort(this.net, NETLINK_ROUTE);
    if (typeof port === 'number') throw new Error(`netlinkPort: ${port}`);
    this.ports.push(port);
    return port;
  }

  shutdown(): Record<string, number> {
    this.routing.release();
    for (const port of this.ports) port.close();
    for (const dev of [...this.net.devList]) if (dev !== this.net.loopbackDev) unregisterNetdevice(dev);
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

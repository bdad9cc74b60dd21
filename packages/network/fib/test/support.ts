/** Hosts with the real IPv4 and FIB; their links and their ICMP are in the hands of the test. */
import {
  createKernel,
  devOpen,
  dropReasonName,
  type Kernel,
  type Net,
  type NetDevice,
  type SkBuff,
  VirtualClock,
} from '@skbuff/core';
import {
  type Flowi4 as Flow,
  Flowi4,
  inDevGet,
  inetAllocIfa,
  inetDelIfa,
  type IfaddrInit,
  type InDevice,
  type InIfaddr,
  inetInsertIfa,
  ipcbInit,
  IPV4,
  ipv4,
  type Ipv4,
  ipv4Net,
  type Rtable,
} from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { NETLINK_ROUTE } from '@skbuff/uapi';
import {
  netlink,
  type NetlinkPort,
  netlinkPort,
  NlMsgBuilder,
  type NlMsgHdr,
  nlmsgAll,
  nlTalk,
  type NlReply,
  RtMsg,
  rtnlOf,
} from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { type Sent, ethFrame, ipPacket, knownNeighbours, receiveFrame, testDevice } from '@skbuff/testkit';
import {
  AF_INET,
  ETH_P_IP,
  IFA_F_PERMANENT,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NLM_F_ACK,
  NLM_F_REQUEST,
} from '@skbuff/uapi';
import { inetNtoa, inetPton4 } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { fib, FibConfig, type FibNet, fibNet, fibNewTable, fibTableDelete, fibTableInsert } from '../src/index.ts';
import { PlainTable } from './plain-table.ts';

export const SEC = 1e9;
export const ip4 = (text: string): number => {
  const addr = inetPton4(text);
  if (addr < 0) throw new Error(`not an address: ${text}`);
  return addr;
};

export { inetNtoa, rtnlOf };
export type { Flow, NlMsgHdr };

export class Host {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly ip: Ipv4;
  readonly sent: Sent[] = [];
  /** ICMP messages that were asked for: type, code, the second word, and the destination of the packet they are about. */
  readonly icmp: [type: number, code: number, info: string, daddr: string][] = [];
  /** Source and destination of what was delivered to a transport. */
  readonly delivered: string[] = [];
  readonly log: string[] = [];
  private seq = 0;

  constructor() {
    this.kernel = createKernel({
      clock: this.clock,
      debug: true,
      onLog: (line) => void this.log.push(line.replace(/^\[[^\]]*\] /, '')),
      plugins: [netlink(), sysctl(), procfs(), neighbour(), ipv4(), fib({ table: () => new PlainTable() }), knownNeighbours(IPV4), loopback()],
    });
    this.ip = this.kernel.services.get(IPV4);
    this.ip.icmp = {
      icmpSend: (skb, type, code, info) => {
        const iph = skb.networkHeader;
        const daddr = [16, 17, 18, 19].map((i) => skb.bytes[iph + i]).join('.');
        this.icmp.push([type, code, type === 5 ? inetNtoa(info >>> 0) : String(info), daddr]);
      },
      outCount() {},
    };
    this.ip.addProtocol(17, { handler: (skb) => this.deliver(skb), errHandler: null, noPolicy: false });
  }

  private deliver(skb: SkBuff): number {
    const at = (off: number): string => [0, 1, 2, 3].map((i) => skb.bytes[skb.networkHeader + off + i]).join('.');
    this.delivered.push(`${at(12)} > ${at(16)}`);
    skb.consume();
    return 0;
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get state(): FibNet {
    return fibNet.of(this.net);
  }

  get stats(): Float64Array {
    return ipv4Net.of(this.net).stats;
  }

  get lo(): NetDevice {
    return this.net.loopbackDev as NetDevice;
  }

  loUp(): void {
    expect(devOpen(this.lo)).toBe(0);
  }

  /** A device whose frames the test sees; down. */
  device(name: string): NetDevice {
    return testDevice(this.net, name, (frame, d) => void this.sent.push({ dev: d.name, ip: frame.slice(14) }));
  }

  /** A device that is up, with addresses `10.0.0.1/24`. */
  eth(name: string, ...addrs: string[]): NetDevice {
    const dev = this.device(name);
    expect(devOpen(dev)).toBe(0);
    this.clock.advance(0);
    for (const addr of addrs) this.addr(dev, addr);
    return dev;
  }

  inDev(dev: NetDevice): InDevice {
    return inDevGet(dev) as InDevice;
  }

  /** Gives an address; `more` as for `inetAllocIfa`. */
  addr(dev: NetDevice, text: string, more: Partial<IfaddrInit> = {}): InIfaddr {
    const [local, plen] = text.split('/');
    const ifa = inetAllocIfa(this.inDev(dev), { local: ip4(local), prefixlen: Number(plen), flags: IFA_F_PERMANENT, ...more });
    expect(inetInsertIfa(ifa)).toBe(0);
    return ifa;
  }

  unaddr(dev: NetDevice, local: string): void {
    const ifa = this.inDev(dev).ifaList.find((other) => other.local === ip4(local));
    if (ifa === undefined) throw new Error(`no address ${local}`);
    inetDelIfa(this.inDev(dev), ifa);
  }

  forwarding(on = true): void {
    for (const dev of this.net.devList) this.inDev(dev).cnf.forwarding = on ? 1 : 0;
  }

  /** Puts a route in without netlink: 0 or the errno. */
  route(prefix: string, values: Partial<FibConfig> = {}): number {
    const [dst, plen] = prefix === 'default' ? ['0.0.0.0', '0'] : prefix.split('/');
    const cfg = FibConfig.of({ dst: ip4(dst), dstLen: Number(plen), nlflags: 0x600, ...values });
    return fibTableInsert(this.state, fibNewTable(this.state, cfg.table), cfg, null);
  }

  unroute(prefix: string, values: Partial<FibConfig> = {}): number {
    const [dst, plen] = prefix.split('/');
    const cfg = FibConfig.of({ dst: ip4(dst), dstLen: Number(plen), scope: 255, type: 0, protocol: 0, ...values });
    return fibTableDelete(this.state, fibNewTable(this.state, cfg.table), cfg, null);
  }

  /** Source, destination, device and gateway of what this host would send, or the errno. */
  get(daddr: string, more: Partial<Flow> = {}): string | number {
    const fl4 = Object.assign(new Flowi4(), { daddr: ip4(daddr) }, more);
    const rt = this.output(fl4);
    if (typeof rt === 'number') return rt;
    const text = `${inetNtoa(fl4.saddr)} > ${inetNtoa(fl4.daddr)} dev ${rt.dev.name}${rt.gateway === 0 ? '' : ` via ${inetNtoa(rt.gateway)}`}`;
    rt.release();
    return text;
  }

  output(fl4: Flow): Rtable | number {
    return this.ip.routing!.routeOutput(this.net, fl4, null);
  }

  /** A received packet without anything behind its IP header; the caller frees it. */
  packet(dev: NetDevice, saddr: string, daddr: string, tos = 0, proto = 17, protocol: number = ETH_P_IP): SkBuff {
    const skb = this.kernel.skbs.allocRx(dev, 64) as SkBuff;
    const ip = ipPacket({ saddr, daddr, tos, proto });
    skb.putData(ip, 0, ip.length);
    skb.dev = dev;
    skb.skbIif = dev.ifindex;
    skb.protocol = protocol;
    skb.resetNetworkHeader();
    skb.transportHeader = skb.networkHeader + 20;
    ipcbInit(skb, dev.ifindex);
    return skb;
  }

  /** What `routeInput` says of a packet: the drop reason's name, or the decision (and the packet is freed). */
  input(dev: NetDevice, saddr: string, daddr: string, tos = 0, proto = 17): string {
    const skb = this.packet(dev, saddr, daddr, tos, proto);
    const reason = this.ip.routing!.routeInput(skb, ip4(daddr), ip4(saddr), tos, dev);
    const rt = skb.dst as Rtable | null;
    const text = reason !== 0 ? dropReasonName(reason) : describe(rt as Rtable);
    skb.consume();
    return text;
  }

  /** The decision for a received packet, borrowed as the packet has it. */
  inputRt(dev: NetDevice, saddr: string, daddr: string, tos = 0): Rtable {
    const skb = this.packet(dev, saddr, daddr, tos);
    expect(this.ip.routing!.routeInput(skb, ip4(daddr), ip4(saddr), tos, dev)).toBe(0);
    const rt = skb.dst as Rtable;
    skb.consume();
    return rt;
  }

  /** A frame with a packet arrives and goes its whole way. */
  receive(dev: NetDevice, saddr: string, daddr: string, tos = 0): void {
    receiveFrame(dev, ethFrame(dev, ipPacket({ saddr, daddr, tos })));
    this.clock.advance(0);
  }

  port(options: { strict?: boolean; groups?: number } = {}): NetlinkPort {
    const port = netlinkPort(this.net, NETLINK_ROUTE);
    if (typeof port === 'number') throw new Error(`netlinkPort: ${port}`);
    expect(port.bind(0, options.groups ?? 0)).toBe(0);
    port.setsockopt(NETLINK_EXT_ACK, 1);
    if (options.strict === true) port.setsockopt(NETLINK_GET_STRICT_CHK, 1);
    return port;
  }

  /** Sends one request with an `rtmsg` and attributes. */
  talk(port: NetlinkPort, type: number, flags: number, rtm: Partial<RtMsg>, attrs: (b: NlMsgBuilder) => void = () => {}): NlReply {
    const b = new NlMsgBuilder();
    const nlh = b.nlmsgPut(type, NLM_F_REQUEST | NLM_F_ACK | flags, ++this.seq, 0, RtMsg.of({ family: AF_INET, ...rtm }));
    attrs(b);
    b.nlmsgEnd(nlh);
    return nlTalk(port, b.bytes().slice());
  }

  /** Notifications that lie in a port: type, flags and the bytes behind the header in hex. */
  heard(port: NetlinkPort): string[] {
    const out: string[] = [];
    for (;;) {
      const dgram = port.recvmsg();
      if (typeof dgram === 'number') return out;
      for (const nlh of nlmsgAll(dgram.data)) out.push(`${nlh.type} ${nlh.flags.toString(16)} ${payload(nlh)}`);
    }
  }
}

export function payload(nlh: NlMsgHdr): string {
  return Buffer.from(nlh.buf.slice(nlh.data, nlh.off + nlh.len)).toString('hex');
}

export function describe(rt: Rtable): string {
  const input = rt.input.name;
  const error = rt.error === 0 ? '' : ` ${rt.error}`;
  return `${input} dev ${rt.dev.name}${rt.gateway === 0 ? '' : ` via ${inetNtoa(rt.gateway)}`}${error}`;
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

/** A kernel with two protocols like ARP and neighbour discovery, whose questions, frames and reports are only written down. */
import {
  createKernel,
  devOpen,
  type Kernel,
  NETDEV_DOWN,
  type Net,
  type NetDevice,
  type NetDeviceOps,
  netdevOpsDefaults,
  NOTIFY_DONE,
  type Plugin,
  registerNetdevice,
  type SkBuff,
  SKB_DROP_REASON_NEIGH_FAILED,
  unregisterNetdevice,
  VirtualClock,
} from '@skbuff/core';
import { allocEtherdev } from '@skbuff/ethernet';
import { NdaCacheInfo, NdMsg, NlAttrs, netlink, type NetlinkPort, netlinkPort, NlMsgBuilder, type NlMsgHdr, type NlReply, type NlStruct, nlaPolicySet, nlmsgAll, nlmsgParseDeprecated, nlTalk } from '@skbuff/netlink';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { formatMac, inetNtoa, inetPton4, setBe32 } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { NEIGHBOUR, type Neighbour, type NeighOps, neighbour, neighOutput, neighResolveOutput, NeighTable, type NeighTableOptions } from '../src/index.ts';

/** Nanoseconds. */
export const MS = 1e6;
export const SEC = 1e9;

const NUD_NAMES: Readonly<Record<number, string>> = {
  [U.NUD_NONE]: 'NONE',
  [U.NUD_INCOMPLETE]: 'INCOMPLETE',
  [U.NUD_REACHABLE]: 'REACHABLE',
  [U.NUD_STALE]: 'STALE',
  [U.NUD_DELAY]: 'DELAY',
  [U.NUD_PROBE]: 'PROBE',
  [U.NUD_FAILED]: 'FAILED',
  [U.NUD_NOARP]: 'NOARP',
  [U.NUD_PERMANENT]: 'PERMANENT',
};

export const stateName = (state: number): string => NUD_NAMES[state] ?? `0x${state.toString(16)}`;

/** A link-layer address by its last byte. */
export const mac = (last: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, last);

/** What a test may want otherwise. */
export interface BenchOptions {
  readonly seed?: number;
  readonly table?: Partial<NeighTableOptions>;
  readonly neighOps?: Partial<NeighOps>;
}

export class Bench {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly log: string[] = [];
  /** Questions: milliseconds, address, state, and which question it is. */
  readonly asked: string[] = [];
  /** Frames that left: destination and length. */
  readonly sent: string[] = [];
  /** Packets that were reported undeliverable: length. */
  readonly reported: number[] = [];
  /** Requests that came back from the proxy queue: milliseconds. */
  readonly redone: number[] = [];
  tbl!: NeighTable;
  tbl6!: NeighTable;
  readonly dev: NetDevice;
  private readonly port: NetlinkPort;
  private readonly monitor: NetlinkPort;

  constructor(options: BenchOptions = {}) {
    const plugins = [sysctl(), netlink(), neighbour(), this.protocols(options)];
    this.kernel = createKernel({ clock: this.clock, debug: true, seed: options.seed ?? 1, onLog: (line) => void this.log.push(line), plugins });
    this.port = netlinkPort(this.net, U.NETLINK_ROUTE) as NetlinkPort;
    this.port.setsockopt(U.NETLINK_EXT_ACK, 1);
    this.monitor = netlinkPort(this.net, U.NETLINK_ROUTE) as NetlinkPort;
    this.dev = this.device();
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  private protocols({ table, neighOps }: BenchOptions): Plugin {
    const ops = (family: number): NeighOps => ({
      family,
      solicit: (neigh) => void this.asked.push(`${this.now()} ${this.name(neigh)} ${stateName(neigh.nudState)} ${neigh.probes}`),
      errorReport: (_neigh, skb) => {
        this.reported.push(skb.len);
        skb.kfree(SKB_DROP_REASON_NEIGH_FAILED);
      },
      output: neighResolveOutput,
      connectedOutput: neighResolveOutput,
      ...neighOps,
    });
    const options = (id: string, family: number, keyLen: 4 | 16): NeighTableOptions => {
      const own = ops(family);
      return {
        id,
        family,
        keyLen,
        protocol: family === U.AF_INET ? U.ETH_P_IP : U.ETH_P_IPV6,
        sysctlDir: family === U.AF_INET ? 'ipv4' : 'ipv6',
        ops: own,
        construct: (neigh) => {
          neigh.tbl.bindParms(neigh, neigh.tbl.parmsOf(neigh.dev));
          neigh.type = U.RTN_UNICAST;
          neigh.ops = own;
          neigh.outputFn = own.output;
          return 0;
        },
        isMulticast: (neigh) => neigh.addr4 >>> 28 === 14,
        allowAdd: null,
        oneNeighFlags: 0,
        parms: {},
        ...table,
      };
    };
    return {
      name: 'test-protocols',
      requires: ['@skbuff/neighbour'],
      init: (ctx) => {
        const core = ctx.get(NEIGHBOUR);
        this.tbl = new NeighTable(core, options('test_cache', U.AF_INET, 4));
        this.tbl6 = new NeighTable(core, options('test6_cache', U.AF_INET6, 16));
        for (const tbl of [this.tbl, this.tbl6]) {
          tbl.proxyOps = {
            pconstruct: null,
            pdestruct: null,
            proxyRedo: (skb) => {
              this.redone.push(this.now());
              skb.consume();
            },
          };
        }
        ctx.onUnload(() => {
          this.tbl6.clear();
          this.tbl.clear();
        });
        ctx.netdeviceNotifier({
          notifierCall: (_nb, event, info) => {
            if (event === NETDEV_DOWN) for (const tbl of [this.tbl, this.tbl6]) tbl.ifdown(info.dev);
            return NOTIFY_DONE;
          },
        });
      },
    };
  }

  /** An Ethernet device, up. */
  device(ops: Partial<NetDeviceOps> = {}, net: Net = this.net): NetDevice {
    const dev = allocEtherdev(net, {
      ops: {
        ...netdevOpsDefaults,
        ndoStartXmit: (skb) => {
          this.sent.push(`${formatMac(skb.bytes, skb.data).slice(-2)} ${skb.len}`);
          skb.consume();
          return 0;
        },
        ...ops,
      },
    });
    dev.devAddr.set(mac(0x10 + net.devList.length));
    expect(registerNetdevice(dev)).toBe(0);
    expect(devOpen(dev)).toBe(0);
    this.clock.advance(0);
    return dev;
  }

  /** Milliseconds since the start: one is a jiffy. */
  now(): number {
    return this.clock.now() / MS;
  }

  ms(n: number): void {
    this.clock.advance(n * MS);
  }

  name(neigh: Neighbour): string {
    return neigh.tbl.keyLen === 4 ? inetNtoa(neigh.addr4) : `::${(neigh.k3 >>> 0).toString(16)}`;
  }

  /** The entry of an IPv4 address, made if there is none. */
  entry(addr: string, dev: NetDevice = this.dev): Neighbour {
    const key = inetPton4(addr);
    const neigh = this.tbl.lookup(dev, key) ?? this.tbl.create(dev, key);
    if (typeof neigh === 'number') throw new Error(`${addr}: errno ${neigh}`);
    return neigh;
  }

  /** The same of an IPv6 address `::n`. */
  entry6(n: number, dev: NetDevice = this.dev): Neighbour {
    const neigh = this.tbl6.lookup(dev, 0, 0, 0, n) ?? this.tbl6.create(dev, 0, 0, 0, n);
    if (typeof neigh === 'number') throw new Error(`::${n}: errno ${neigh}`);
    return neigh;
  }

  state(addr: string, dev: NetDevice = this.dev): string {
    const neigh = this.tbl.lookup(dev, inetPton4(addr));
    return neigh === null ? '-' : stateName(neigh.nudState);
  }

  /** An IP packet of so many bytes. */
  packet(size = 100, dev: NetDevice = this.dev): SkBuff {
    const skb = this.kernel.skbs.alloc(64 + size) as SkBuff;
    skb.reserve(64);
    skb.put(size);
    skb.resetNetworkHeader();
    skb.dev = dev;
    skb.protocol = U.ETH_P_IP;
    return skb;
  }

  send(addr: string, size = 100): number {
    return neighOutput(this.entry(addr), this.packet(size));
  }

  drops(reason: number): number {
    return this.kernel.skbs.drops[reason] as number;
  }

  sysctl(name: string, value?: number): string | number {
    const tree = sysctlOf(this.net);
    if (value !== undefined) return tree.write(`net/${name}`, `${value}\n`);
    const text = tree.read(`net/${name}`);
    return typeof text === 'number' ? text : text.trimEnd();
  }

  /** One request over netlink; `attrs` as pairs of type and bytes, or a number for 32 bits. */
  talk(type: number, flags: number, header: NlStruct, attrs: readonly (readonly [type: number, value: Uint8Array | number])[] = [], port: NetlinkPort = this.port): NlReply {
    return this.request(type, flags, header, (b) => {
      for (const [attr, value] of attrs) {
        if (typeof value === 'number') b.nlaPutU32(attr, value);
        else b.nlaPut(attr, value);
      }
    }, port);
  }

  request(type: number, flags: number, header: NlStruct, fill: (b: NlMsgBuilder) => void, port: NetlinkPort = this.port): NlReply {
    const b = new NlMsgBuilder();
    const nlh = b.nlmsgPut(type, flags | U.NLM_F_REQUEST | U.NLM_F_ACK, 7, 0, header);
    fill(b);
    b.nlmsgEnd(nlh);
    const reply = nlTalk(port, b.bytes());
    this.clock.advance(0);
    return reply;
  }

  /** A port of its own, for options or another namespace; `finish` closes it. */
  open(net: Net = this.net): NetlinkPort {
    const port = netlinkPort(net, U.NETLINK_ROUTE) as NetlinkPort;
    port.setsockopt(U.NETLINK_EXT_ACK, 1);
    this.opened.push(port);
    return port;
  }

  private readonly opened: NetlinkPort[] = [];

  /** From now on {@link events} tells what the group RTNLGRP_NEIGH hears. */
  listen(): void {
    expect(this.monitor.setsockopt(U.NETLINK_ADD_MEMBERSHIP, U.RTNLGRP_NEIGH)).toBe(0);
  }

  /** Notifications since the last call, as {@link describe} puts them. */
  events(): string[] {
    const out: string[] = [];
    for (let d = this.monitor.recvmsg(); typeof d !== 'number'; d = this.monitor.recvmsg()) out.push(...nlmsgAll(d.data).map(describe));
    return out;
  }

  get portid(): number {
    return this.port.portid;
  }

  shutdown(): Record<string, number> {
    for (const port of [this.port, this.monitor, ...this.opened]) port.close();
    for (const net of this.kernel.netns.list) for (const dev of [...net.devList]) unregisterNetdevice(dev);
    return this.kernel.shutdown();
  }
}

const TYPES: Readonly<Record<number, string>> = { [U.RTM_NEWNEIGH]: 'NEW', [U.RTM_DELNEIGH]: 'DEL', [U.RTM_GETNEIGH]: 'GET' };

/** A message about a neighbour: type, address, state, then what it has besides. */
export function describe(nlh: NlMsgHdr): string {
  const { ndm, tb } = readNeigh(nlh);
  const dst = tb.bytes(U.NDA_DST) as Uint8Array;
  const lladdr = tb.bytes(U.NDA_LLADDR);
  return [
    TYPES[nlh.type] ?? nlh.type,
    dst.length === 4 ? dst.join('.') : `::${dst[15]?.toString(16)}`,
    stateName(ndm.state),
    ...(lladdr === null ? [] : [formatMac(lladdr).slice(-2)]),
    ...(ndm.flags === 0 ? [] : [`flags ${ndm.flags.toString(16)}`]),
    ...(tb.has(U.NDA_FLAGS_EXT) ? [`ext ${tb.u32(U.NDA_FLAGS_EXT)}`] : []),
    ...(tb.has(U.NDA_PROTOCOL) ? [`proto ${tb.u8(U.NDA_PROTOCOL)}`] : []),
    ...(tb.u32(U.NDA_PROBES) === 0 ? [] : [`probes ${tb.u32(U.NDA_PROBES)}`]),
  ].join(' ');
}

export function readNeigh(nlh: NlMsgHdr): { ndm: NdMsg; tb: NlAttrs; ci: NdaCacheInfo } {
  const tb = new NlAttrs(U.NDA_MAX);
  expect(nlmsgParseDeprecated(nlh, NdMsg.LEN, tb, nlaPolicySet(U.NDA_MAX, {}), null)).toBe(0);
  const at = tb.at(U.NDA_CACHEINFO);
  const ci = new NdaCacheInfo();
  return { ndm: new NdMsg().read(nlh.buf, nlh.data), tb, ci: at < 0 ? ci : ci.read(tb.buf, at + U.NLA_HDRLEN) };
}

/** The bytes of an address: four of an IPv4 address, sixteen of `::n`. */
export function dst(addr: string | number): Uint8Array {
  const b = new Uint8Array(typeof addr === 'string' ? 4 : 16);
  if (typeof addr === 'string') setBe32(b, 0, inetPton4(addr));
  else b[15] = addr;
  return b;
}

/** A fresh bench for each test, checked for leaks after it. */
export function useBench(options: BenchOptions = {}): { b: Bench } {
  const holder = { b: null as unknown as Bench };
  beforeEach(() => {
    holder.b = new Bench(options);
  });
  afterEach(() => {
    expect(holder.b.shutdown()).toEqual({});
  });
  return holder;
}

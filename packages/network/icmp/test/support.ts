/** A router with the whole of IPv4, as the one that the records were made with: v0 10.0.0.1/24 and v1 10.0.1.1/24. */
import * as core from '@skbuff/core';
import {
  createKernel,
  devOpen,
  devSetMtu,
  type Kernel,
  type KernelOptions,
  type Net,
  NETDEV_TX_OK,
  type NetDevice,
  netdevOpsDefaults,
  registerNetdevice,
  type SkBuff,
  unregisterNetdevice,
  VirtualClock,
} from '@skbuff/core';
import { arp } from '@skbuff/arp';
import { allocEtherdev, ethTypeTransChecked } from '@skbuff/ethernet';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { inDevGet, inetAllocIfa, inetInsertIfa, type InDevice, IPV4, ipv4, type Ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour, NEIGH_UPDATE_F_ADMIN, NEIGH_UPDATE_F_OVERRIDE, type Neighbour, neighUpdate } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs, procNetOf } from '@skbuff/procfs';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { ETH_P_IP, IFA_F_PERMANENT, NUD_PERMANENT } from '@skbuff/uapi';
import { inetPton4, ipComputeCsum, setBe16, setBe32 } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { icmp } from '../src/index.ts';

export const SEC = 1e9;
export const ip4 = (text: string): number => inetPton4(text);

export interface Sent {
  readonly dev: string;
  readonly ip: Uint8Array;
}

export class Router {
  /** Three in the morning of 2020-01-01, universal time. */
  readonly clock: VirtualClock = new VirtualClock({ epoch: 1_577_847_600_000_000_000 });
  readonly kernel: Kernel;
  readonly sent: Sent[] = [];
  readonly v0: NetDevice;
  readonly v1: NetDevice;

  constructor(options: Partial<KernelOptions> = {}) {
    this.kernel = createKernel({
      clock: this.clock,
      debug: true,
      plugins: [netlink(), sysctl(), procfs(), neighbour(), ipv4(), arp(), fib({ table: () => new FibTrie() }), icmp(), loopback()],
      ...options,
    });
    this.clock.advance(10 * SEC);
    expect(devOpen(this.net.loopbackDev as NetDevice)).toBe(0);
    this.v0 = this.eth('v0', '10.0.0.1');
    this.v1 = this.eth('v1', '10.0.1.1');
    for (const addr of [2, 3, 4, 5, 6, 7].map((n) => `10.0.0.${n}`)) this.known(this.v0, addr);
    this.known(this.v1, '10.0.1.2');
    this.clock.advance(0);
    this.sent.length = 0;
  }

  get net(): Net {
    return this.kernel.initNet;
  }

  get ip(): Ipv4 {
    return this.kernel.services.get(IPV4);
  }

  eth(name: string, addr: string, plen = 24): NetDevice {
    const dev = allocEtherdev(this.net, {
      name,
      ops: {
        ...netdevOpsDefaults,
        ndoStartXmit: (skb, d) => {
          const frame = new Uint8Array(skb.len);
          skb.copyBits(0, frame, 0, skb.len);
          if (frame[12] === 8 && frame[13] === 0) this.sent.push({ dev: d.name, ip: frame.slice(14) });
          skb.consume();
          return NETDEV_TX_OK;
        },
      },
    });
    dev.devAddr.set([2, 0, 0, 0, name.charCodeAt(1) - 48, 1]);
    expect(registerNetdevice(dev)).toBe(0);
    expect(devOpen(dev)).toBe(0);
    const local = ip4(addr);
    const broadcast = 0;
    expect(inetInsertIfa(inetAllocIfa(inDevGet(dev) as InDevice, { local, prefixlen: plen, broadcast, flags: IFA_F_PERMANENT }))).toBe(0);
    return dev;
  }

  known(dev: NetDevice, addr: string): void {
    const tbl = this.ip.arpTbl;
    const neigh = tbl?.lookup(dev, ip4(addr)) ?? (tbl?.create(dev, ip4(addr)) as Neighbour);
    neighUpdate(neigh, Uint8Array.of(2, 0, 0, 0, 9, ip4(addr)), 0, NUD_PERMANENT, NEIGH_UPDATE_F_OVERRIDE | NEIGH_UPDATE_F_ADMIN);
  }

  sysctl(path: string, text: string | number): void {
    expect(sysctlOf(this.net).write(path, `${text}\n`), path).toBe(0);
  }

  mtu(dev: NetDevice, mtu: number): void {
    expect(devSetMtu(dev, mtu)).toBe(0);
  }

  /** A frame arrives, whatever is in it. */
  frame(dev: NetDevice, frame: Uint8Array, prepare: (skb: SkBuff) => void = () => {}): void {
    const skb = this.kernel.skbs.allocRx(dev, frame.length) as SkBuff;
    skb.putData(frame, 0, frame.length);
    const type = ethTypeTransChecked(skb, dev);
    if (type < 0) return skb.kfree(2);
    skb.protocol = type;
    prepare(skb);
    this.kernel.softnet.netifRx(skb);
  }

  receive(dev: NetDevice, packet: Uint8Array, to: Uint8Array = dev.devAddr.slice(0, 6)): void {
    const frame = new Uint8Array(14 + packet.length);
    frame.set(to);
    frame.set([2, 0, 0, 0, 0, 9], 6);
    setBe16(frame, 12, ETH_P_IP);
    frame.set(packet, 14);
    this.frame(dev, frame);
    this.clock.advance(0);
  }

  take(): Sent[] {
    return this.sent.splice(0);
  }

  /** The counters of /proc/net/snmp and netstat that are not zero. */
  counters(): Record<string, number> {
    const lines = `${procNetOf(this.net).read('snmp')}${procNetOf(this.net).read('netstat')}`.split('\n');
    const all: Record<string, number> = {};
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const names = (lines[i] as string).split(' ');
      const values = (lines[i + 1] as string).split(' ');
      for (let k = 1; k < names.length; k++) if (values[k] !== '0') all[`${names[0]}${names[k]}`] = Number(values[k]);
    }
    return all;
  }

  drops(reason: number): number {
    return this.kernel.skbs.drops[reason];
  }

  /** Packets lost, by the name of the reason. */
  allDrops(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const [name, reason] of Object.entries(core)) {
      if (!name.startsWith('SKB_DROP_REASON_') || typeof reason !== 'number') continue;
      const count = this.kernel.skbs.drops[reason];
      if (count > 0) all[name.slice('SKB_DROP_REASON_'.length)] = count;
    }
    return all;
  }

  shutdown(): Record<string, number> {
    for (const dev of [...this.net.devList]) if (dev !== this.net.loopbackDev) unregisterNetdevice(dev);
    return this.kernel.shutdown();
  }
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

export interface IpFields {
  readonly saddr?: string;
  readonly daddr?: string;
  readonly proto?: number;
  readonly tos?: number;
  readonly id?: number;
  readonly ttl?: number;
  readonly fragOff?: number;
  readonly options?: readonly number[];
  readonly payload?: Uint8Array;
}

/** An IPv4 packet; by default an echo request of 10.0.0.2 to the router. */
export function ipPacket(f: IpFields = {}): Uint8Array {
  const options = f.options ?? [];
  const payload = f.payload ?? icmpMessage(8, 0);
  const hlen = 20 + options.length;
  const b = new Uint8Array(hlen + payload.length);
  b[0] = 0x40 | (hlen >> 2);
  b[1] = f.tos ?? 0;
  setBe16(b, 2, b.length);
  setBe16(b, 4, f.id ?? 1);
  setBe16(b, 6, f.fragOff ?? 0);
  b[8] = f.ttl ?? 64;
  b[9] = f.proto ?? 1;
  setBe32(b, 12, ip4(f.saddr ?? '10.0.0.2'));
  setBe32(b, 16, ip4(f.daddr ?? '10.0.0.1'));
  b.set(options, 20);
  setBe16(b, 10, ipComputeCsum(b, 0, hlen));
  b.set(payload, hlen);
  return b;
}

/** An ICMP message with a good checksum. */
export function icmpMessage(type: number, code: number, un = 0x12340001, data: Uint8Array = new Uint8Array(8)): Uint8Array {
  const b = new Uint8Array(8 + data.length);
  b[0] = type;
  b[1] = code;
  setBe32(b, 4, un);
  b.set(data, 8);
  setBe16(b, 2, ipComputeCsum(b, 0, b.length));
  return b;
}

/** A router with the whole of IPv4, as the one that the records were made with: v0 10.0.0.1/24 and v1 10.0.1.1/24. */
import {
  createKernel,
  devOpen,
  devSetMtu,
  type Kernel,
  type KernelOptions,
  type Net,
  type NetDevice,
  unregisterNetdevice,
  VirtualClock,
} from '@skbuff/core';
import { arp } from '@skbuff/arp';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { inDevGet, inetAllocIfa, inetInsertIfa, type InDevice, IPV4, ipv4, type Ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour, NEIGH_UPDATE_F_ADMIN, NEIGH_UPDATE_F_OVERRIDE, type Neighbour, neighUpdate } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { type IpPacket, type Sent, ethFrame, icmpMessage, ipPacket as packet, mibs, receiveFrame, testDevice } from '@skbuff/testkit';
import { ETH_P_IP, IFA_F_PERMANENT, NUD_PERMANENT } from '@skbuff/uapi';
import { inetPton4 } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { icmp } from '../src/index.ts';

export const SEC = 1e9;
export const ip4 = (text: string): number => inetPton4(text);

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
    const onFrame = (frame: Uint8Array, d: NetDevice): void => {
      if (frame[12] === 8 && frame[13] === 0) this.sent.push({ dev: d.name, ip: frame.slice(14) });
    };
    const dev = testDevice(this.net, name, onFrame, (d) => d.devAddr.set([2, 0, 0, 0, name.charCodeAt(1) - 48, 1]));
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

  receive(dev: NetDevice, packet: Uint8Array, to?: Uint8Array): void {
    receiveFrame(dev, ethFrame(to ?? dev, packet, { type: ETH_P_IP }));
    this.clock.advance(0);
  }

  take(): Sent[] {
    return this.sent.splice(0);
  }

  /** The counters of /proc/net/snmp and netstat that are not zero. */
  counters(): Record<string, number> {
    return Object.fromEntries(Object.entries(mibs(this.net)).filter(([, count]) => count !== 0));
  }

  drops(reason: number): number {
    return this.kernel.skbs.drops[reason];
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

/** An IPv4 packet; by default an echo request of 10.0.0.2 to the router. */
export function ipPacket(f: IpPacket = {}): Uint8Array {
  return packet({ proto: 1, saddr: '10.0.0.2', daddr: '10.0.0.1', payload: icmpMessage(8, 0), ...f });
}

/** Two namespaces of one kernel, joined by a veth pair, each with its loopback and a task. */
import { SockaddrIn, afInet } from '@skbuff/af-inet';
import { arp } from '@skbuff/arp';
import {
  setupNet,
  type Kernel,
  NETDEV_TX_OK,
  type Net,
  type NetDevice,
  type Plugin,
  type SkBuff,
  VirtualClock,
  createKernel,
  devOpen,
} from '@skbuff/core';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { IPV4, type InDevice, type Ipv4, inDevGet, inetAllocIfa, inetInsertIfa, ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { namespaces } from '@skbuff/namespaces';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procNetOf, procfs } from '@skbuff/procfs';
import { type Task, kernelTask, sock } from '@skbuff/sock';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { HOST_A, HOST_B, bytesOf, mib, receiveFrame } from '@skbuff/testkit';
import { veth, vethCreate } from '@skbuff/veth';
import { inetMakeMask, inetPton4 } from '@skbuff/wire';

/** Nanoseconds. */
export const MS = 1e6;
export const SEC = 1e9;

/** An AF_INET address for system calls. */
export function sin(addr: string, port: number): SockaddrIn {
  return new SockaddrIn(inetPton4(addr), port);
}

/** The bytes of an ASCII text. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** The first `n` bytes of `buf` as ASCII text. */
export function text(buf: Uint8Array, n: number): string {
  return String.fromCharCode(...buf.subarray(0, n));
}

/** An ICMP error that was sent while ICMP itself is not loaded. */
export interface IcmpSent {
  readonly net: Net;
  readonly type: number;
  readonly code: number;
}

/**
 * Host a has `va` with 10.0.0.1/24, host b `vb` with 10.0.0.2/24; ten seconds have passed, so that ICMP has its credit. End a test
 * with {@link close}.
 */
export class TwoHosts {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly ip: Ipv4;
  readonly a: Net;
  readonly b: Net;
  readonly va: NetDevice;
  readonly vb: NetDevice;
  readonly ta: Task;
  readonly tb: Task;
  /** With ICMP among the plugins errors are sent for real, and nothing is here. */
  readonly icmp: IcmpSent[] = [];

  /** @param plugins what is being tested, beside IPv4 with routing and ARP and the socket layer */
  constructor(plugins: readonly Plugin[]) {
    const seen: { ip: Ipv4 | null } = { ip: null };
    const look: Plugin = { name: 'testbed', requires: ['@skbuff/ipv4'], init: (ctx) => void (seen.ip = ctx.get(IPV4)) };
    const below = [sysctl(), procfs(), netlink(), neighbour(), veth(), loopback(), ipv4(), fib({ table: () => new FibTrie() }), arp(), namespaces(), sock(), afInet()];
    this.kernel = createKernel({ clock: this.clock, debug: true, plugins: [...below, look, ...plugins] });
    this.ip = seen.ip as Ipv4;
    this.ip.icmp ??= { icmpSend: (skb, type, code) => void this.icmp.push({ net: (skb.dev as NetDevice).net, type, code }) };
    this.a = this.kernel.initNet;
    this.b = setupNet(this.kernel) as Net;
    const pair = vethCreate(this.a, 'va', this.b, 'vb');
    if (typeof pair === 'number') throw new Error(`veth: ${pair}`);
    this.va = pair.dev;
    this.vb = pair.peer;
    for (const net of [this.a, this.b]) devOpen(net.loopbackDev as NetDevice);
    for (const dev of [this.va, this.vb]) devOpen(dev);
    this.addr(this.va, HOST_A, 24);
    this.addr(this.vb, HOST_B, 24);
    this.clock.advance(10 * SEC);
    this.ta = kernelTask(this.a);
    this.tb = kernelTask(this.b);
  }

  /** Gives a device one more address, with the broadcast address of its prefix. */
  addr(dev: NetDevice, addr: string, prefixlen: number): void {
    const local = inetPton4(addr);
    const broadcast = prefixlen < 31 ? (local | ~inetMakeMask(prefixlen)) >>> 0 : 0;
    const err = inetInsertIfa(inetAllocIfa(inDevGet(dev) as InDevice, { local, prefixlen, broadcast }));
    if (err !== 0) throw new Error(`${addr}/${prefixlen} on ${dev.name}: ${err}`);
  }

  /** What stands in a file of /proc/net. */
  proc(net: Net, path: string): string {
    return procNetOf(net).read(path) as string;
  }

  /** Writes a sysctl (`net/ipv4/ip_forward`): 0 or a negative errno. */
  sysctl(net: Net, path: string, value: string): number {
    return sysctlOf(net).write(path, value);
  }

  readSysctl(net: Net, path: string): string {
    return sysctlOf(net).read(path) as string;
  }

  /** A counter of a group of /proc/net/snmp or netstat. */
  snmp(net: Net, group: string, name: string): number {
    return mib(net, group, name);
  }

  /** Every frame that a device sends from now on. */
  capture(dev: NetDevice): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const { ops } = dev;
    dev.ops = {
      ...ops,
      ndoStartXmit: (skb: SkBuff, to: NetDevice) => {
        frames.push(bytesOf(skb));
        return ops.ndoStartXmit(skb, to);
      },
    };
    return frames;
  }

  /** A frame comes in by a device, as if its wire had brought it. */
  inject(dev: NetDevice, frame: Uint8Array): void {
    receiveFrame(dev, frame);
  }

  /** The device swallows what it is given from now on; the caller frees the sk_buffs. */
  hold(dev: NetDevice): SkBuff[] {
    const held: SkBuff[] = [];
    dev.ops = {
      ...dev.ops,
      ndoStartXmit: (skb: SkBuff) => {
        held.push(skb);
        return NETDEV_TX_OK;
      },
    };
    return held;
  }

  /** Unloads everything; what is left behind, which should be `{}`. */
  close(): Record<string, number> {
    return this.kernel.shutdown();
  }
}

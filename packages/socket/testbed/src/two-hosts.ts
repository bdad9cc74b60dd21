/** Two namespaces of one kernel, joined by a veth pair, each with its loopback and a task. */
import { setupNet, type Kernel, NETDEV_TX_OK, type Net, type NetDevice, type Plugin, type SkBuff, VirtualClock, createKernel, devOpen } from '@skbuff/core';
import { IPV4, type Ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { namespaces } from '@skbuff/namespaces';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procNetOf, procfs } from '@skbuff/procfs';
import { type Task, kernelTask, sock } from '@skbuff/sock';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { bytesOf, mib, receiveFrame } from '@skbuff/testkit';
import { veth, vethCreate } from '@skbuff/veth';
import type { HostFamily, IcmpSent } from './host-family.ts';
import { hosts4 } from './ipv4-hosts.ts';
import { hosts6 } from './ipv6-hosts.ts';

/** The IP versions that hosts speak. */
export const hostFamilies: readonly HostFamily[] = [hosts4, hosts6];

/** Nanoseconds. */
export const MS = 1e6;
export const SEC = 1e9;

/** The bytes of an ASCII text. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** The first `n` bytes of `buf` as ASCII text. */
export function text(buf: Uint8Array, n: number): string {
  return String.fromCharCode(...buf.subarray(0, n));
}

/**
 * Host a has `va` with 10.0.0.1/24, host b `vb` with 10.0.0.2/24, or the addresses of another family; ten seconds have passed, so that
 * ICMP has its credit. End a test with {@link close}.
 */
export class TwoHosts {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly family: HostFamily;
  readonly a: Net;
  readonly b: Net;
  readonly va: NetDevice;
  readonly vb: NetDevice;
  readonly ta: Task;
  readonly tb: Task;
  /** With ICMP among the plugins errors are sent for real, and nothing is here. */
  readonly icmp: IcmpSent[] = [];

  /** @param plugins what is being tested, beside the network layer of the family with routing and neighbours and the socket layer */
  constructor(plugins: readonly Plugin[], family: HostFamily = hosts4) {
    this.family = family;
    const own = new Set(plugins.map(({ name }) => name));
    const network = family.plugins().filter(({ name }) => !own.has(name));
    const below = [sysctl(), procfs(), netlink(), neighbour(), veth(), loopback(), ...network, namespaces(), sock()];
    this.kernel = createKernel({ clock: this.clock, debug: true, plugins: [...below, ...plugins] });
    family.hearErrors(this.kernel, (error) => void this.icmp.push(error), own);
    this.a = this.kernel.initNet;
    this.b = setupNet(this.kernel) as Net;
    const pair = vethCreate(this.a, 'va', this.b, 'vb');
    if (typeof pair === 'number') throw new Error(`veth: ${pair}`);
    this.va = pair.dev;
    this.vb = pair.peer;
    for (const net of [this.a, this.b]) devOpen(net.loopbackDev as NetDevice);
    for (const dev of [this.va, this.vb]) devOpen(dev);
    this.addr(this.va, family.hostA, family.prefixlen);
    this.addr(this.vb, family.hostB, family.prefixlen);
    this.clock.advance(10 * SEC);
    this.ta = kernelTask(this.a);
    this.tb = kernelTask(this.b);
  }

  get ip(): Ipv4 {
    return this.kernel.services.get(IPV4);
  }

  /** Gives a device one more address, of the family. */
  addr(dev: NetDevice, addr: string, prefixlen: number): void {
    const err = this.family.addAddress(dev, addr, prefixlen);
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

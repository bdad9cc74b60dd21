/** Two namespaces of one kernel, joined by a veth pair: 10.0.0.1 and 10.0.0.2, each with its loopback and a task. */
import { type Kernel, type Net, type NetDevice, createKernel, devOpen, NETDEV_TX_OK, VirtualClock, type Plugin, type SkBuff } from '@skbuff/core';
import { arp } from '@skbuff/arp';
import { ethTypeTrans } from '@skbuff/ethernet';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { IPV4, inDevGet, inetAllocIfa, inetInsertIfa, ipv4 } from '@skbuff/ipv4';
import type { InDevice, Ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procNetOf, procfs } from '@skbuff/procfs';
import { type CredOptions, type Task, kernelTask, sock } from '@skbuff/sock';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { afInet, SockaddrIn } from '@skbuff/af-inet';
import { veth, vethCreate } from '@skbuff/veth';
import { csumTcpudpMagic, csumPartial, inetMakeMask, inetPton4, ipComputeCsum, setBe16, setBe32 } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { udp } from '../src/index.ts';

/** Nanoseconds. */
export const MS = 1e6;
export const SEC = 1e9;

export function ip4(text: string): number {
  return inetPton4(text);
}

export function sin(addr: string, port: number): SockaddrIn {
  return new SockaddrIn(ip4(addr), port);
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

export function text(buf: Uint8Array, n: number): string {
  return String.fromCharCode(...buf.subarray(0, n));
}

export interface UdpFrame {
  readonly to: NetDevice;
  readonly saddr?: string;
  readonly daddr?: string;
  readonly sport?: number;
  readonly dport: number;
  readonly payload?: Uint8Array;
  /** What the length field of UDP says; default the truth. */
  readonly ulen?: number;
  /** What the checksum field says; default the truth. */
  readonly check?: number;
  readonly tos?: number;
  readonly ttl?: number;
  /** Bytes behind the IP header that are sent; default all. */
  readonly cut?: number;
  /** Link-layer destination; default the device's address. */
  readonly mac?: readonly number[];
}

/** A whole Ethernet frame with a UDP datagram, from 10.0.0.1:1000 to 10.0.0.2 unless told otherwise. */
export function udpFrame(f: UdpFrame): Uint8Array {
  const payload = f.payload ?? bytes('data');
  const whole = 8 + payload.length;
  const body = Math.min(f.cut ?? whole, whole);
  const saddr = ip4(f.saddr ?? '10.0.0.1');
  const daddr = ip4(f.daddr ?? '10.0.0.2');
  const udpPart = new Uint8Array(whole);
  setBe16(udpPart, 0, f.sport ?? 1000);
  setBe16(udpPart, 2, f.dport);
  setBe16(udpPart, 4, f.ulen ?? whole);
  udpPart.set(payload, 8);
  setBe16(udpPart, 6, f.check ?? (csumTcpudpMagic(saddr, daddr, whole, 17, csumPartial(udpPart, 0, whole, 0)) || 0xffff));
  const frame = new Uint8Array(14 + 20 + body);
  frame.set(f.mac ?? f.to.devAddr.subarray(0, 6), 0);
  setBe16(frame, 12, 0x0800);
  frame[14] = 0x45;
  frame[15] = f.tos ?? 0;
  setBe16(frame, 16, 20 + body);
  frame[22] = f.ttl ?? 64;
  frame[23] = 17;
  setBe32(frame, 26, saddr);
  setBe32(frame, 30, daddr);
  setBe16(frame, 24, ipComputeCsum(frame, 14, 20));
  frame.set(udpPart.subarray(0, body), 34);
  return frame;
}

/** An ICMP error that was sent. */
export interface IcmpSent {
  readonly net: Net;
  readonly type: number;
  readonly code: number;
}

export class Lab {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly ip: Ipv4;
  readonly a: Net;
  readonly b: Net;
  readonly va: NetDevice;
  readonly vb: NetDevice;
  readonly ta: Task;
  readonly tb: Task;
  readonly icmp: IcmpSent[] = [];

  /** @param more plugins beside those of UDP; with ICMP among them errors are sent for real */
  constructor(more: readonly Plugin[] = []) {
    const services: { ip: Ipv4 | null } = { ip: null };
    const grab: Plugin = { name: 'grab', requires: ['@skbuff/ipv4'], init: (ctx) => void (services.ip = ctx.get(IPV4)) };
    this.kernel = createKernel({
      clock: this.clock,
      debug: true,
      plugins: [
        sysctl(),
        procfs(),
        netlink(),
        neighbour(),
        veth(),
        fib({ table: () => new FibTrie() }),
        arp(),
        grab,
        udp(),
        ...plugins(),
        ...more,
      ],
    });
    this.ip = services.ip as Ipv4;
    this.ip.icmp ??= { icmpSend: (skb, type, code) => void this.icmp.push({ net: (skb.dev as NetDevice).net, type, code }) };
    this.a = this.kernel.initNet;
    this.b = this.kernel.netns.create() as Net;
    const pair = vethCreate(this.a, 'va', this.b, 'vb');
    if (typeof pair === 'number') throw new Error(`veth: ${pair}`);
    this.va = pair.dev;
    this.vb = pair.peer;
    for (const net of [this.a, this.b]) devOpen(net.loopbackDev as NetDevice);
    for (const dev of [this.va, this.vb]) devOpen(dev);
    this.addr(this.va, '10.0.0.1', 24);
    this.addr(this.vb, '10.0.0.2', 24);
    // ICMP has its credit only after a while.
    this.clock.advance(10 * SEC);
    this.ta = kernelTask(this.a);
    this.tb = kernelTask(this.b);
  }

  addr(dev: NetDevice, addr: string, prefixlen: number): void {
    const local = ip4(addr);
    const broadcast = prefixlen < 31 ? (local | ~inetMakeMask(prefixlen)) >>> 0 : 0;
    expect(inetInsertIfa(inetAllocIfa(inDevGet(dev) as InDevice, { local, prefixlen, broadcast }))).toBe(0);
  }

  task(net: Net, cred: CredOptions): Task {
    return kernelTask(net, cred);
  }

  proc(net: Net, path: string): string {
    return procNetOf(net).read(path) as string;
  }

  sysctl(net: Net, path: string, value: string): number {
    return sysctlOf(net).write(path, value);
  }

  /** A counter of a group of /proc/net/snmp. */
  snmp(net: Net, group: string, name: string): number {
    const [names, values] = this.proc(net, 'snmp').split('\n').filter((line) => line.startsWith(`${group}:`)).map((line) => line.split(' '));
    return Number(values?.[names?.indexOf(name) ?? -1]);
  }

  /** Every frame that a device sends, until the test ends. */
  capture(dev: NetDevice): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const { ops } = dev;
    dev.ops = {
      ...ops,
      ndoStartXmit: (skb: SkBuff, to: NetDevice) => {
        const frame = new Uint8Array(skb.len);
        skb.copyBits(0, frame, 0, skb.len);
        frames.push(frame);
        return ops.ndoStartXmit(skb, to);
      },
    };
    return frames;
  }

  /** A frame comes in by a device, as if its wire had brought it. */
  inject(dev: NetDevice, frame: Uint8Array): void {
    const skb = this.kernel.skbs.allocRx(dev, frame.length) as SkBuff;
    skb.putData(frame, 0, frame.length);
    skb.protocol = ethTypeTrans(skb, dev);
    dev.net.softnet.netifRx(skb);
  }

  /** The device swallows what it is given and keeps the sk_buffs until they are freed by the test. */
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
}

function plugins(): Plugin[] {
  return [ipv4(), loopback(), sock(), afInet()];
}

/** A fresh {@link Lab} for each test, with the leak check at its end. */
export function useLab(more: () => readonly Plugin[] = () => []): { readonly lab: Lab } {
  const holder: { lab: Lab } = { lab: null as unknown as Lab };
  beforeEach(() => {
    holder.lab = new Lab(more());
  });
  afterEach(() => {
    expect(holder.lab.kernel.shutdown()).toEqual({});
  });
  return holder;
}

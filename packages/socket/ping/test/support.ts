/** Two namespaces of one kernel, joined by a veth pair: 10.0.0.1 and 10.0.0.2, each with its loopback and a task. */
import { type Kernel, type Net, type NetDevice, createKernel, devOpen, VirtualClock, type Plugin, type SkBuff } from '@skbuff/core';
import { arp } from '@skbuff/arp';
import { icmp } from '@skbuff/icmp';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { inDevGet, inetAllocIfa, inetInsertIfa, ipv4 } from '@skbuff/ipv4';
import type { InDevice } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { NlMsgBuilder, RtMsg, netlink, netlinkPort, nlTalk } from '@skbuff/netlink';
import { AF_INET, NETLINK_ROUTE, NLM_F_CREATE, NLM_F_REQUEST, RTA_DST, RTA_GATEWAY, RTA_OIF, RTM_NEWROUTE, RTN_UNICAST, RT_TABLE_MAIN } from '@skbuff/uapi';
import { procNetOf, procfs } from '@skbuff/procfs';
import { type CredOptions, type Task, kernelTask, sock } from '@skbuff/sock';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { afInet, SockaddrIn } from '@skbuff/af-inet';
import { veth, vethCreate } from '@skbuff/veth';
import { inetMakeMask, inetPton4, setBe32 } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { ping } from '../src/index.ts';

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

export class Lab {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly a: Net;
  readonly b: Net;
  readonly va: NetDevice;
  readonly vb: NetDevice;
  readonly ta: Task;
  readonly tb: Task;

  /** @param more plugins */
  constructor(more: readonly Plugin[] = []) {
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
        ping(),
        icmp(),
        ...plugins(),
        ...more,
      ],
    });
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

  readSysctl(net: Net, path: string): string {
    return sysctlOf(net).read(path) as string;
  }

  /** `ip route add PREFIX/PLEN via GW`. */
  route(net: Net, prefix: string, plen: number, gw: string): void {
    const b = new NlMsgBuilder();
    const dev = net.devList.find((d) => d.name === 'va') as NetDevice;
    const nlh = b.nlmsgPut(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_CREATE, 1, 0, RtMsg.of({ family: AF_INET, dstLen: plen, table: RT_TABLE_MAIN, protocol: 4, scope: 0, type: RTN_UNICAST }));
    const be = (addr: string): Uint8Array => {
      const out = new Uint8Array(4);
      setBe32(out, 0, ip4(addr));
      return out;
    };
    b.nlaPut(RTA_DST, be(prefix));
    b.nlaPut(RTA_GATEWAY, be(gw));
    b.nlaPutU32(RTA_OIF, dev.ifindex);
    b.nlmsgEnd(nlh);
    const port = netlinkPort(net, NETLINK_ROUTE);
    if (typeof port === 'number') throw new Error(`netlink: ${port}`);
    expect(nlTalk(port, b.bytes()).error).toBe(0);
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

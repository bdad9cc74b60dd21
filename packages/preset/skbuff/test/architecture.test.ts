/** How the layers hang together: the way of a packet through a host, seen from hooks, taps, wires and sockets. */
import { IPCB_FLAGS, IPSKB_REROUTED, ipv4Net } from '@skbuff/ipv4';
import {
  createKernel,
  devSetMacAddress,
  devSetMtu,
  devSetWantedFeatures,
  type NetDevice,
  NETIF_F_HW_CSUM,
  NF_HOOK_OK,
  RX_DROPPED,
  type NfHookFn,
  type SkBuff,
  SkBuff as SkBuffClass,
  VirtualClock,
  nfRegisterNetHook,
  nfUnregisterNetHook,
} from '@skbuff/core';
import { procNetOf } from '@skbuff/procfs';
import { kernelTask, type Task } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet, linux, SockaddrIn } from '../src/index.ts';

const R1 = 0x0a000101;
const H2 = 0x0a000202;
const POINTS = ['PRE_ROUTING', 'LOCAL_IN', 'FORWARD', 'LOCAL_OUT', 'POST_ROUTING'];
const ETHERNET = 14;

let clock: VirtualClock;
let net: HostNet;
let h1: Host;
let r1: Host;
let h2: Host;
let sender: Task;
let receiver: Task;
/** The receiver's socket, on port 53. */
let to: number;
let undo: (() => void)[];

beforeEach(() => {
  clock = new VirtualClock();
  net = createNet({ seed: 7, debug: true, clock });
  [h1, r1, h2] = [net.host('h1'), net.router('r1'), net.host('h2')];
  net.link(h1, r1);
  net.link(r1, h2);
  h1.addr.add({ dev: 'eth0', cidr: '10.0.1.2/24' });
  r1.addr.add({ dev: 'eth0', cidr: '10.0.1.1/24' });
  r1.addr.add({ dev: 'eth1', cidr: '10.0.2.1/24' });
  h2.addr.add({ dev: 'eth0', cidr: '10.0.2.2/24' });
  h1.route.add({ to: 'default', via: '10.0.1.1' });
  h2.route.add({ to: 'default', via: '10.0.2.1' });
  [sender, receiver] = [kernelTask(h1.ns), kernelTask(h2.ns)];
  to = udp(receiver, 53);
  undo = [];
});

afterEach(() => {
  for (const take of undo) take();
  for (const task of [sender, receiver]) task.exit();
  expect(net.close()).toEqual({});
});

const dev = (host: Host, name: string): NetDevice => host.ns.devGetByName(name) as NetDevice;

function hook(host: Host, hooknum: number, fn: NfHookFn): void {
  const ops = { hook: fn, pf: U.NFPROTO_IPV4, hooknum, priority: 0 };
  nfRegisterNetHook(host.ns, ops);
  undo.push(() => nfUnregisterNetHook(host.ns, ops));
}

/** The hook points of a host that packets of a protocol pass, in order. */
function points(host: Host, protocol: number): string[] {
  const seen: string[] = [];
  POINTS.forEach((name, hooknum) =>
    hook(host, hooknum, (_priv, skb) => {
      if (skb.bytes[skb.networkHeader + 9] === protocol) seen.push(name);
      return U.NF_ACCEPT;
    }),
  );
  return seen;
}

/** Frames that a device sends and receives, from the link-layer header on. */
function wire(on: NetDevice, protocol = 0): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const pt = {
    type: U.ETH_P_ALL,
    dev: on,
    net: null,
    ignoreOutgoing: false,
    listFunc: null,
    func(skb: SkBuff): number {
      if (protocol === 0 || skb.protocol === protocol) frames.push(skb.bytes.slice(skb.macHeader, skb.tail));
      skb.consume();
      return 0;
    },
  };
  on.net.softnet.addPack(pt);
  undo.push(() => on.net.softnet.removePack(pt));
  return frames;
}

function udp(task: Task, port: number): number {
  const fd = task.socket(U.AF_INET, U.SOCK_DGRAM);
  expect(task.bind(fd, new SockaddrIn(0, port))).toBe(0);
  return fd;
}

function send(fd: number, n: number, addr = H2): number {
  const rc = sender.sendto(fd, new Uint8Array(n).fill(0x61), 0, new SockaddrIn(addr, 53)) as number;
  clock.advance(1e9);
  return rc;
}

const read = (): number => receiver.recvfrom(to, new Uint8Array(3000), U.MSG_DONTWAIT) as number;

describe('the layers', () => {
  it('each add their header on the way down and take it off on the way up: 14 bytes for Ethernet, 20 for IPv4, 8 for UDP [ARCH-01] [SKI-10]', () => {
    const lengths: number[] = [];
    const from = udp(sender, 1000);
    send(from, 1);
    hook(h1, U.NF_INET_LOCAL_OUT, (_p, skb) => (lengths.push(skb.len), U.NF_ACCEPT));
    hook(h2, U.NF_INET_LOCAL_IN, (_p, skb) => (lengths.push(skb.len), U.NF_ACCEPT));
    const frames = wire(dev(h1, 'eth0'), U.ETH_P_IP);
    send(from, 100);
    expect([lengths, frames.map((f) => f.length), read(), read()]).toEqual([[128, 128], [142], 1, 100]);
  });

  it('are found by a number in the header of the one below, EtherType, then protocol, then port: a packet whose number nobody has goes no further [ARCH-01]', () => {
    const from = udp(sender, 1000);
    send(from, 1);
    const counts = (): number[] => [dev(r1, 'eth0').stats[RX_DROPPED] as number, counter(r1, 'snmp', 'Ip', 'InUnknownProtos'), counter(r1, 'snmp', 'Udp', 'NoPorts')];
    const rises = (act: () => number): number[] => {
      const before = counts();
      expect(act()).toBeGreaterThan(0);
      clock.advance(1e9);
      return counts().map((n, i) => n - (before[i] as number));
    };
    const frame = sender.socket(U.AF_PACKET, U.SOCK_RAW, 0);
    const [out, into] = [dev(h1, 'eth0'), dev(r1, 'eth0')];
    const sll = Uint8Array.of(U.AF_PACKET, 0, 0x88, 0xb5, out.ifindex, 0, 0, 0, 0, 0, 0, 6, ...into.devAddr.slice(0, 6), 0, 0);
    expect(rises(() => sender.sendto(frame, Uint8Array.of(...into.devAddr.slice(0, 6), ...out.devAddr.slice(0, 6), 0x88, 0xb5, ...new Uint8Array(46)), 0, sll) as number)).toEqual([1, 0, 0]);
    const odd = sender.socket(U.AF_INET, U.SOCK_RAW, 99);
    expect(rises(() => sender.sendto(odd, new Uint8Array(8), 0, new SockaddrIn(R1, 0)) as number)).toEqual([0, 1, 0]);
    expect(rises(() => send(from, 8, R1))).toEqual([0, 0, 1]);
  });

  it('are known to each other whatever the order of the plugins: IPv4 takes packets, ICMP and UDP are known to it [RXI-05]', () => {
    const types = net.kernel.softnet.packetTypes().map(({ type }) => type);
    expect([U.ETH_P_IP, U.ETH_P_ARP].map((type) => types.includes(type))).toEqual([true, true]);
    const kernel = createKernel({ plugins: linux().reverse() });
    const { ip } = ipv4Net.of(kernel.initNet);
    expect([U.IPPROTO_ICMP, U.IPPROTO_UDP, U.IPPROTO_TCP].map((protocol) => (ip.protos[protocol] ?? null) !== null)).toEqual([true, true, false]);
    expect([ip.icmp !== null, kernel.softnet.packetTypes().some(({ type }) => type === U.ETH_P_IP), kernel.shutdown()]).toEqual([true, true, {}]);
  });

  it('above are two objects: what the descriptor stands for, and what the packets know, which may outlive it [ARCH-13] [SKI-09]', () => {
    const fd = udp(sender, 1000);
    const sock = sender.socketOf(fd);
    if (typeof sock === 'number') throw new Error('no socket');
    const { sk } = sock;
    expect([sk?.socket === sock, sk?.type, sk?.family]).toEqual([true, U.SOCK_DGRAM, U.AF_INET]);
    const owners: unknown[] = [];
    let held: SkBuff | null = null;
    hook(h1, U.NF_INET_POST_ROUTING, (_p, skb) => (owners.push(skb.sk === sk), (held = skb), U.NF_STOLEN));
    hook(r1, U.NF_INET_FORWARD, (_p, skb) => (owners.push(skb.sk), U.NF_ACCEPT));
    expect([send(fd, 10), sender.close(fd), sock.sk, sk?.wmemAlloc !== 0]).toEqual([10, 0, null, true]);
    (held as SkBuff | null)?.consume();
    for (const take of undo.splice(0, 1)) take();
    send(udp(sender, 1001), 10);
    expect([owners[0], sk?.wmemAlloc]).toEqual([true, 0]);
  });

  it('own a forwarded packet no socket [SKI-09] [SKI-08]', () => {
    const seen: unknown[] = [];
    const from = udp(sender, 1000);
    send(from, 1);
    hook(r1, U.NF_INET_PRE_ROUTING, (_p, skb) => (seen.push(skb.dev?.name), U.NF_ACCEPT));
    hook(r1, U.NF_INET_FORWARD, (_p, skb) => (seen.push(skb.sk), U.NF_ACCEPT));
    hook(r1, U.NF_INET_POST_ROUTING, (_p, skb) => (seen.push(skb.dev?.name), U.NF_ACCEPT));
    send(from, 1);
    expect(seen).toEqual(['eth0', null, 'eth1']);
  });
});

describe('a received frame', () => {
  it('has all its positions, its device and its kind [SKI-01] [SKI-08]', () => {
    const from = udp(sender, 1000);
    send(from, 1);
    const seen: unknown[] = [];
    hook(h2, U.NF_INET_LOCAL_IN, (_p, skb) => {
      const { head, data, tail, end, macHeader, networkHeader, transportHeader } = skb;
      seen.push(skb instanceof SkBuffClass, head <= data && data <= tail && tail <= end, networkHeader - macHeader, transportHeader - networkHeader);
      seen.push(data === networkHeader, skb.dev === dev(h2, 'eth0'), skb.skbIif === dev(h2, 'eth0').ifindex, skb.pktType, skb.protocol, skb.sk);
      return U.NF_ACCEPT;
    });
    send(from, 1);
    expect(seen).toEqual([true, true, ETHERNET, 20, true, true, true, U.PACKET_HOST, U.ETH_P_IP, null]);
  });

  it('goes up or on as the route says, which is asked for behind the first hook [ARCH-02] [ARCH-05] [NFI-05] [NFI-06]', () => {
    const from = udp(sender, 1000);
    send(from, 1);
    const routes: unknown[] = [];
    hook(r1, U.NF_INET_PRE_ROUTING, (_p, skb) => (routes.push(skb.dst), U.NF_ACCEPT));
    const seen = points(r1, U.IPPROTO_UDP);
    hook(r1, U.NF_INET_FORWARD, (_p, skb) => (routes.push(skb.dst?.dev.name), U.NF_ACCEPT));
    hook(r1, U.NF_INET_LOCAL_IN, (_p, skb) => (routes.push(skb.dst?.dev === r1.ns.loopbackDev || skb.dst?.dev.name), U.NF_ACCEPT));
    send(from, 1);
    expect([seen.splice(0), routes.splice(0)]).toEqual([['PRE_ROUTING', 'FORWARD', 'POST_ROUTING'], [null, 'eth1']]);
    send(from, 1, R1);
    expect([seen.splice(0), routes[0]]).toEqual([['PRE_ROUTING', 'LOCAL_IN'], null]);
  });

  it('may be sent elsewhere by a hook before that: the route is that of what it changed [NFI-06] [ARCH-04]', () => {
    const from = udp(sender, 1000);
    // Destination address translation, in two lines.
    hook(r1, U.NF_INET_PRE_ROUTING, (_p, skb) => {
      const iph = skb.networkHeader;
      if (be32(skb.bytes, iph + 16) !== R1) return U.NF_ACCEPT;
      skb.bytes.set([10, 0, 2, 2], iph + 16);
      skb.bytes.set([0, 0], iph + 10);
      const sum = ipComputeCsum(skb.bytes, iph, 20);
      skb.bytes.set([sum >>> 8, sum & 0xff], iph + 10);
      // No UDP checksum at all, which IPv4 allows.
      skb.bytes.set([0, 0], iph + 26);
      skb.ipSummed = 0;
      return U.NF_ACCEPT;
    });
    const seen = points(r1, U.IPPROTO_UDP);
    send(from, 5, R1);
    expect([seen, read()]).toEqual([['PRE_ROUTING', 'FORWARD', 'POST_ROUTING'], 5]);
  });
});

describe('a packet of the host’s own', () => {
  it('is routed, too, and passes two hooks; without a route there is none [ARCH-03] [ARCH-05] [NFI-05]', () => {
    const from = udp(sender, 1000);
    send(from, 1);
    const seen = points(h1, U.IPPROTO_UDP);
    const out: unknown[] = [];
    hook(h1, U.NF_INET_LOCAL_OUT, (_p, skb) => {
      const { dst } = skb;
      if (dst === null) return U.NF_ACCEPT;
      out.push(dst.dev.name);
      // What the packet is sent by is the callback of its route.
      const { output } = dst;
      dst.output = (...args) => (out.push('output'), (dst.output = output), output(...args));
      return U.NF_ACCEPT;
    });
    send(from, 1);
    expect([seen.splice(0), out]).toEqual([['LOCAL_OUT', 'POST_ROUTING'], ['eth0', 'output']]);
    h1.route.del({ to: 'default' });
    expect([send(from, 1, 0x08080808), seen]).toEqual([-U.ENETUNREACH, []]);
  });

  it('hears what the hooks decided: the result of going on, EPERM for a drop, success for a theft [NFI-01]', () => {
    const from = udp(sender, 1000);
    let verdict = U.NF_ACCEPT;
    hook(h1, U.NF_INET_LOCAL_OUT, (_p, skb) => {
      if (verdict === U.NF_STOLEN) skb.consume();
      return verdict;
    });
    const results = [U.NF_ACCEPT, U.NF_DROP, U.NF_STOLEN].map((v) => ((verdict = v), send(from, 7)));
    expect([results, NF_HOOK_OK]).toEqual([[7, -U.EPERM, 7], 1]);
    // What comes behind the hooks fails: that is what the sender hears.
    verdict = U.NF_ACCEPT;
    hook(h1, U.NF_INET_POST_ROUTING, () => U.NF_DROP);
    expect(send(from, 7)).toBe(-U.EPERM);
    for (const take of undo.splice(0)) take();
    expect(send(from, 7)).toBe(7);
  });

  it('that was routed anew passes the last hooks no second time [NFI-02]', () => {
    const from = udp(sender, 1000);
    let rerouted = false;
    hook(h1, U.NF_INET_LOCAL_OUT, (_p, skb) => {
      if (rerouted) skb.cb[IPCB_FLAGS] |= IPSKB_REROUTED;
      return U.NF_ACCEPT;
    });
    let last = 0;
    hook(h1, U.NF_INET_POST_ROUTING, () => (last++, U.NF_ACCEPT));
    send(from, 1);
    rerouted = true;
    expect([send(from, 1), last]).toEqual([1, 1]);
  });
});

describe('on the way', () => {
  it('a packet may be cut and put together, changed and summed anew, dropped, and answered with an error [ARCH-04] [ARCH-07] [GLO-04] [SKI-08]', () => {
    const from = udp(sender, 1000);
    send(from, 1);
    read();
    expect(devSetMtu(dev(r1, 'eth1'), 600)).toBe(0);
    sender.setsockopt(from, U.SOL_IP, U.IP_MTU_DISCOVER, U.IP_PMTUDISC_DONT);
    sender.setsockopt(from, U.SOL_IP, U.IP_TTL, 2);
    const near = wire(dev(h1, 'eth0'), U.ETH_P_IP);
    const far = wire(dev(r1, 'eth1'), U.ETH_P_IP);
    send(from, 1400);
    expect([near.length, far.length, read()]).toEqual([1, 3, 1400]);
    for (const frame of [...near, ...far]) expect(ipComputeCsum(frame, ETHERNET, 20)).toBe(0);
    expect([near, far].map((frames) => frames[0]?.[ETHERNET + 8])).toEqual([2, 1]);
    expect(be16(near[0] as Uint8Array, ETHERNET + 10)).not.toBe(be16(far[0] as Uint8Array, ETHERNET + 10));
    // Not one hop more.
    near.length = 0;
    sender.setsockopt(from, U.SOL_IP, U.IP_TTL, 1);
    send(from, 5);
    const [, error] = near as [Uint8Array, Uint8Array];
    expect([near.length, read(), error[ETHERNET + 9], error[ETHERNET + 20], error[ETHERNET + 21], be32(error, ETHERNET + 12)]).toEqual([2, -U.EAGAIN, U.IPPROTO_ICMP, U.ICMP_TIME_EXCEEDED, U.ICMP_EXC_TTL, R1]);
  });

  it('nobody sends to an address whose neighbour he does not know: he asks everybody first [ARCH-09]', () => {
    const frames = wire(dev(h1, 'eth0'));
    send(udp(sender, 1000), 1);
    const [ask, answer, packet] = frames.map((frame) => ({ to: frame.slice(0, 6), type: be16(frame, 12) })) as [{ to: Uint8Array; type: number }, { to: Uint8Array; type: number }, { to: Uint8Array; type: number }];
    expect([ask.type, [...ask.to], answer.type, packet.type]).toEqual([U.ETH_P_ARP, [255, 255, 255, 255, 255, 255], U.ETH_P_ARP, U.ETH_P_IP]);
    expect([...packet.to]).toEqual([...dev(r1, 'eth0').devAddr.slice(0, 6)]);
  });

  it('one, some and all are told apart: by the link, by the route, and in the counters [ARCH-08]', () => {
    const from = udp(sender, 1000);
    sender.setsockopt(from, U.SOL_SOCKET, U.SO_BROADCAST, 1);
    send(from, 1, R1);
    const kinds: number[] = [];
    hook(r1, U.NF_INET_PRE_ROUTING, (_p, skb) => (kinds.push(skb.pktType), U.NF_ACCEPT));
    const counters = (): number[] => ['InMcastPkts', 'InBcastPkts'].map((name) => counter(r1, 'netstat', 'IpExt', name));
    const before = counters();
    const target = kernelTask(r1.ns);
    const group = udp(target, 53);
    for (const addr of [R1, 0xe0000001, 0x0a0001ff]) send(from, 1, addr);
    expect([kinds, counters()]).toEqual([[U.PACKET_HOST, U.PACKET_MULTICAST, U.PACKET_BROADCAST], before.map((n) => n + 1)]);
    // A route to everybody and to a group is a local one here: the application has all three.
    expect([1, 2, 3, 4].map(() => target.recvfrom(group, new Uint8Array(9), U.MSG_DONTWAIT))).toEqual([1, 1, 1, -U.EAGAIN]);
    target.exit();
  });
});

describe('a device', () => {
  it('with another address has it in all its later frames [DVI-05]', () => {
    const from = udp(sender, 1000);
    send(from, 1);
    const frames = wire(dev(h1, 'eth0'), U.ETH_P_IP);
    send(from, 1);
    const mac = [2, 0, 0, 0, 0, 0x99];
    expect(h1.ip`link set eth0 address 02:00:00:00:00:99`).toBe('');
    send(from, 1);
    expect(frames.map((frame) => [...frame.slice(6, 12)]).at(-1)).toEqual(mac);
    expect([...(frames[0] as Uint8Array).slice(6, 12)]).not.toEqual(mac);
    expect(devSetMacAddress(dev(h1, 'eth0'), Uint8Array.from([1, 0, 0, 0, 0, 1]))).toBe(-U.EADDRNOTAVAIL);
  });

  it('that sums is given packets without their sums; one that does not, with them [DVI-07]', () => {
    const from = udp(sender, 1000);
    send(from, 1);
    const eth0 = dev(h1, 'eth0');
    const frames = wire(eth0, U.ETH_P_IP);
    send(from, 3);
    expect(devSetWantedFeatures(eth0, 0, NETIF_F_HW_CSUM)).toBe(0);
    send(from, 3);
    const whole = (frame: Uint8Array): boolean => udpSumRight(frame.subarray(ETHERNET));
    expect(frames.map(whole)).toEqual([false, true]);
  });
});

/** A counter of /proc/net/netstat or snmp. */
function counter(host: Host, file: 'netstat' | 'snmp', table: string, name: string): number {
  const [names, values] = String(procNetOf(host.ns).read(file)).split('\n').filter((line) => line.startsWith(`${table}:`)).map((line) => line.split(' ')) as [string[], string[]];
  return Number(values[names.indexOf(name)]);
}

const be16 = (b: Uint8Array, at: number): number => ((b[at] as number) << 8) | (b[at + 1] as number);
const be32 = (b: Uint8Array, at: number): number => (be16(b, at) * 65536 + be16(b, at + 2)) >>> 0;

/** The Internet checksum of so many bytes, as a header has it. */
function ipComputeCsum(b: Uint8Array, at: number, n: number): number {
  let sum = 0;
  for (let i = at; i < at + n; i += 2) sum += be16(b, i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum ^ 0xffff;
}

/** Whether the UDP checksum of an IPv4 packet without options is right. */
function udpSumRight(packet: Uint8Array): boolean {
  const length = packet.length - 20;
  let sum = U.IPPROTO_UDP + length;
  for (let i = 12; i < 20; i += 2) sum += be16(packet, i);
  for (let i = 0; i < length; i += 2) sum += ((packet[20 + i] as number) << 8) | (packet[21 + i] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum === 0xffff;
}

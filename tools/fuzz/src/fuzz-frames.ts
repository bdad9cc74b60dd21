/**
 * Frames against a host and a router with sockets open:
 *
 *     a eth0 ── eth0 r eth1 ── eth0 b          10.1.1.0/24, 10.1.2.0/24; frames come in at a, r and b
 */
import { dropReasonName, type NetDevice, Random, SKB_DROP_REASON_NOT_SPECIFIED } from '@skbuff/core';
import type { Task } from '@skbuff/sock';
import { receiveFrame } from '@skbuff/testkit';
import * as U from '@skbuff/uapi';
import { createNet, type Host, type HostNet, sockaddr, SockaddrIn, VirtualClock } from 'skbuff';
import { Frames, type Places } from './frames.ts';
import { fault, type Outcome, outcome, tally, thrown } from './report.ts';

/** Each of so many frames has a network of its own, which is taken down and looked over afterwards. */
const EPOCH = 50_000;
const PORTS = [53, 1000, 2000, 2001, 4000, 0, 65535];

class World {
  readonly clock: VirtualClock = new VirtualClock();
  readonly net: HostNet;
  readonly hosts: readonly Host[];
  readonly devices: readonly NetDevice[];
  /** Sockets that are read now and then; the others fill up. */
  private readonly read: { readonly task: Task; readonly fd: number }[] = [];
  private readonly into: Uint8Array = new Uint8Array(65536);
  private readonly control: Uint8Array = new Uint8Array(512);

  constructor(seed: number) {
    this.net = createNet({ seed, debug: true, clock: this.clock, memory: 16 << 20 });
    const [a, r, b] = this.net.hosts('a', 'r', 'b');
    this.hosts = [a, r, b];
    const left = this.net.link(a, r);
    const right = this.net.link(r, b);
    this.devices = [left.a, left.b, right.a, right.b];
    a.addr.add({ dev: 'eth0', cidr: '10.1.1.1/24' });
    r.addr.add({ dev: 'eth0', cidr: '10.1.1.254/24' });
    r.addr.add({ dev: 'eth1', cidr: '10.1.2.254/24' });
    b.addr.add({ dev: 'eth0', cidr: '10.1.2.1/24' });
    a.route.add({ to: 'default', via: '10.1.1.254' });
    b.route.add({ to: 'default', via: '10.1.2.254' });
    r.ip`route add blackhole 10.1.3.0/24`;
    r.ip`route add prohibit 10.1.4.0/24`;
    r.ip`route add 10.1.5.0/24 via 10.1.2.1 mtu lock 600`;
    this.settings(r, b);
    for (const host of this.hosts) this.open(host.task);
  }

  private settings(r: Host, b: Host): void {
    r.sysctl('net.ipv4.ip_forward', 1);
    for (const host of [r, b]) {
      host.sysctl('net.ipv4.conf.all.accept_source_route', 1);
      host.sysctl('net.ipv4.icmp_ratelimit', 0);
    }
    r.sysctl('net.ipv4.conf.eth0.proxy_arp', 1);
    r.sysctl('net.ipv4.conf.eth1.rp_filter', 1);
    b.sysctl('net.ipv4.icmp_echo_ignore_broadcasts', 0);
    b.sysctl('net.ipv4.conf.all.arp_accept', 1);
    b.sysctl('net.ipv4.ping_group_range', '0 100');
  }

  private open(task: Task): void {
    const open = (type: number, protocol: number, options: readonly (readonly [number, number, number | Uint8Array])[], family: number = U.AF_INET): number => {
      const fd = task.socket(family, type, protocol);
      if (fd < 0) throw new Error(`socket: ${fd}`);
      for (const [level, name, value] of options) if (task.setsockopt(fd, level, name, value) < 0) throw new Error(`setsockopt ${level} ${name}`);
      return fd;
    };
    const all = [[U.SOL_IP, U.IP_RECVERR, 1], [U.SOL_IP, U.IP_PKTINFO, 1], [U.SOL_IP, U.IP_RECVOPTS, 1], [U.SOL_IP, U.IP_RECVTTL, 1]] as const;
    const udp = open(U.SOCK_DGRAM, 0, all);
    task.bind(udp, new SockaddrIn(0, 1000));
    task.setsockopt(udp, U.SOL_IP, U.IP_ADD_MEMBERSHIP, Uint8Array.of(224, 1, 1, 1, 0, 0, 0, 0));
    const connected = open(U.SOCK_DGRAM, 0, all);
    task.bind(connected, new SockaddrIn(0, 2000));
    void task.connect(connected, sockaddr('10.1.1.1', 53));
    task.bind(open(U.SOCK_DGRAM, 0, []), new SockaddrIn(0, 4000));
    const raw = open(U.SOCK_RAW, U.IPPROTO_ICMP, all);
    open(U.SOCK_RAW, 253, []);
    const tap = open(U.SOCK_RAW, 0x0300, [[U.SOL_PACKET, U.PACKET_AUXDATA, 1]], U.AF_PACKET);
    open(U.SOCK_DGRAM, 0x0300, [], U.AF_PACKET);
    open(U.SOCK_DGRAM, 0x0608, [], U.AF_PACKET);
    for (const fd of [udp, connected, raw, tap]) this.read.push({ task, fd });
  }

  /** Everything that waits in the sockets, errors too. */
  drain(): void {
    for (const { task, fd } of this.read) {
      for (const flags of [U.MSG_DONTWAIT, U.MSG_DONTWAIT | U.MSG_ERRQUEUE]) {
        let left = 1000;
        while (--left > 0 && (task.recvmsg(fd, { name: null, iov: [this.into], control: this.control, controllen: 512, flags: 0 } as never, flags) as number) >= 0);
      }
    }
  }
}

export async function fuzzFrames(count: number, seed: number, until: () => boolean = () => false): Promise<Outcome> {
  const result = outcome('frames');
  for (let epoch = 0; result.done < count && !until(); epoch++) await oneNetwork(result, Math.min(EPOCH, count - result.done), seed + epoch);
  return result;
}

async function oneNetwork(result: Outcome, count: number, seed: number): Promise<void> {
  const world = new World(seed);
  const { clock, devices, net } = world;
  const { skbs } = net.kernel;
  const random = new Random(seed).fork('frames');
  const frames = new Frames(random, placesOf(devices));
  skbs.dropMonitor = (_skb, reason) => {
    tally(result.ends, dropReasonName(reason));
    if (reason === SKB_DROP_REASON_NOT_SPECIFIED) tally(result.unspecified, whoDropped());
  };
  for (let i = 0; i < count; i++) {
    const dev = devices[random.below(devices.length)] as NetDevice;
    const frame = frames.next(dev.devAddr.subarray(0, 6));
    // No device takes in less than a header: that is for it to say, not for the stack.
    if (frame.length < U.ETH_HLEN) continue;
    try {
      receiveFrame(dev, frame);
      if (i % 16 === 0) clock.advance(i % 4096 === 0 ? 5e9 : 1e5);
      if (i % 64 === 0) world.drain();
    } catch (error) {
      thrown(result, error, frame);
    }
    if (skbs.inUse > result.mostPackets) result.mostPackets = skbs.inUse;
  }
  result.done += count;
  // Fragments and neighbours that did not answer are given up; then all is as before.
  clock.advance(120e9);
  world.drain();
  const { replies } = await (world.hosts[0] as Host).ping('10.1.2.1', { count: 2 });
  if (replies.length !== 2) fault(result, `seed ${seed}: after ${count} frames a does not reach b any more`);
  const leaks = net.close();
  if (Object.keys(leaks).length > 0) fault(result, `seed ${seed}: leaks ${JSON.stringify(leaks)}`);
}

function placesOf(devices: readonly NetDevice[]): Places {
  const own = devices.map((dev) => dev.devAddr.slice(0, 6));
  return {
    macs: [...own, ...own, Uint8Array.of(255, 255, 255, 255, 255, 255), Uint8Array.of(1, 0, 0x5e, 1, 1, 1), Uint8Array.of(2, 9, 9, 9, 9, 9), new Uint8Array(6)],
    hosts: ['10.1.1.1', '10.1.1.254', '10.1.2.254', '10.1.2.1'],
    others: [
      '10.1.1.77', '10.1.2.88', '10.1.3.1', '10.1.4.1', '10.1.5.1', '10.1.1.255', '10.1.2.255', '10.1.1.0', '255.255.255.255', '0.0.0.0', '127.0.0.1', '224.0.0.1', '224.1.1.1', '239.9.9.9', '240.0.0.1', '192.0.2.1',
    ],
    ports: PORTS,
  };
}

/** The function that dropped a packet, from the stack: only asked where no reason was given. */
function whoDropped(): string {
  const lines = (new Error().stack ?? '').split('\n').slice(2);
  const names = lines.map((line) => /at (?:\w+\.)?([\w$]+)/.exec(line)?.[1] ?? '?').filter((name) => !PLUMBING.has(name));
  return names.slice(0, 2).join(' ← ');
}

const PLUMBING: ReadonlySet<string> = new Set(['dropMonitor', 'countDrop', 'kfree', 'drop', 'error', 'bad', 'dropped', 'traceKfree', 'unreachable', 'forwardDrop', 'skbs']);

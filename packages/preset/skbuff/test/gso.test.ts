/** Super-packets through a router, as Linux 6.18 treats them. */
import { SockaddrIn } from '@skbuff/af-inet';
import { devSetMtu, type NetDevice, type SkBuff, VirtualClock } from '@skbuff/core';
import { kernelTask, type Task } from '@skbuff/sock';
import { AF_INET, EMSGSIZE, IP_MTU_DISCOVER, IP_PMTUDISC_DO, MSG_DONTWAIT, SOCK_DGRAM, SOL_IP, SOL_UDP, UDP_GRO, UDP_SEGMENT } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { createNet, type HostNet } from '../src/index.ts';

interface Routed {
  readonly net: HostNet;
  readonly clock: VirtualClock;
  /** What comes into the router by the wide link and goes out by the narrow one. */
  readonly into: string[];
  readonly out: string[];
  readonly task: Task;
  readonly peer: Task;
  readonly s: number;
  readonly r: number;
}

const to = new SockaddrIn(0x0a000202, 53);

/** A sender, a router, and behind a link of 600 bytes a receiver with UDP_GRO. */
function routed(): Routed {
  const clock = new VirtualClock();
  const net = createNet({ seed: 7, debug: true, clock });
  const [h1, r1, h2] = [net.host('h1'), net.router('r1'), net.host('h2')];
  net.link(h1, r1);
  net.link(r1, h2);
  h1.addr.add({ dev: 'eth0', cidr: '10.0.1.2/24' });
  r1.addr.add({ dev: 'eth0', cidr: '10.0.1.1/24' });
  r1.addr.add({ dev: 'eth1', cidr: '10.0.2.1/24' });
  h2.addr.add({ dev: 'eth0', cidr: '10.0.2.2/24' });
  h1.route.add({ to: 'default', via: '10.0.1.1' });
  h2.route.add({ to: 'default', via: '10.0.2.1' });
  const [wide, narrow] = ['eth0', 'eth1'].map((name) => r1.ns.devGetByName(name) as NetDevice) as [NetDevice, NetDevice];
  expect(devSetMtu(narrow, 600)).toBe(0);
  const [task, peer] = [kernelTask(h1.ns), kernelTask(h2.ns)];
  const s = task.socket(AF_INET, SOCK_DGRAM);
  const r = peer.socket(AF_INET, SOCK_DGRAM);
  expect([peer.bind(r, to), peer.setsockopt(r, SOL_UDP, UDP_GRO, 1)]).toEqual([0, 0]);
  task.sendto(s, new Uint8Array(1), 0, to);
  clock.advance(1e9);
  read(peer, r);
  return { net, clock, into: tap(wide), out: tap(narrow), task, peer, s, r };
}

/** IPv4 packets of a device: length, identification beyond the first's, fragment field. */
function tap(dev: NetDevice): string[] {
  const seen: string[] = [];
  let first = -1;
  dev.net.softnet.addPack({
    type: 3,
    dev,
    net: null,
    ignoreOutgoing: false,
    listFunc: null,
    func(skb: SkBuff): number {
      const { bytes, networkHeader: iph } = skb;
      if (skb.protocol === 0x0800) {
        if (first < 0) first = be16(bytes, iph + 4);
        seen.push(`${be16(bytes, iph + 2)}+${(be16(bytes, iph + 4) - first) & 0xffff} ${be16(bytes, iph + 6).toString(16)}`);
      }
      skb.consume();
      return 0;
    },
  });
  return seen;
}

function be16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function read(task: Task, fd: number): number[] {
  const lengths: number[] = [];
  for (;;) {
    const n = task.recvfrom(fd, new Uint8Array(70000), MSG_DONTWAIT) as number;
    if (n < 0) return lengths;
    lengths.push(n);
  }
}

function close({ net, into, out }: Routed): void {
  for (const host of net.kernel.netns.list) for (const dev of host.devList) for (const pt of dev.ptypeAll) net.kernel.softnet.removePack(pt);
  expect([into.length + out.length > 0, net.close()]).toEqual([true, {}]);
}

describe('a router with a narrow way out', () => {
  it('forwards a super-packet whole if its segments fit [TX-10]', () => {
    const t = routed();
    t.task.setsockopt(t.s, SOL_UDP, UDP_SEGMENT, 572);
    t.task.sendto(t.s, new Uint8Array(3000), 0, to);
    expect([t.into, t.out, read(t.peer, t.r)]).toEqual([['3028+0 0'], ['3028+0 0'], [3000]]);
    close(t);
  });

  it('cuts it and fragments the segments if not [TX-10]', () => {
    const t = routed();
    t.task.setsockopt(t.s, SOL_UDP, UDP_SEGMENT, 1000);
    t.task.sendto(t.s, new Uint8Array(3000), 0, to);
    expect(t.out).toEqual(['596+0 2000', '452+0 48', '596+1 2000', '452+1 48', '596+2 2000', '452+2 48']);
    expect(read(t.peer, t.r)).toEqual([1000, 1000, 1000]);
    close(t);
  });

  it('tells the sender of one with DF, who sends smaller segments or none', () => {
    const t = routed();
    t.task.setsockopt(t.s, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    const send = (size: number, n: number): number => {
      t.task.setsockopt(t.s, SOL_UDP, UDP_SEGMENT, size);
      return t.task.sendto(t.s, new Uint8Array(n), 0, to) as number;
    };
    expect([send(1000, 3000), t.out.length, read(t.peer, t.r)]).toEqual([3000, 0, []]);
    expect([send(1000, 3000), send(500, 1200), t.out, read(t.peer, t.r)]).toEqual([-EMSGSIZE, 1200, ['1228+0 4000'], [1200]]);
    close(t);
  });
});

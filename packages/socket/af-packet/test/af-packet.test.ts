import { bpfStmt, encodeSockFilter } from '@skbuff/bpf';
import {
  devChangeNetNamespace,
  devClose,
  devOpen,
  NETIF_F_HW_CSUM,
  netifCarrierOff,
  SKB_DROP_REASON_PACKET_SOCK_ERROR,
  SKB_DROP_REASON_SOCKET_FILTER,
  skbSetFragList,
  TX_DROPPED,
  unregisterNetdevice,
} from '@skbuff/core';
import { icmp } from '@skbuff/icmp';
import { ping } from '@skbuff/ping';
import { raw } from '@skbuff/raw';
import { type Cmsg, type Task, int32Bytes, kernelTask } from '@skbuff/sock';
import { SEC, TwoHosts, bytes, sin, text } from '@skbuff/testbed';
import { ipFrame, mib, receiveFrame, udpFrame } from '@skbuff/testkit';
import {
  AF_INET,
  AF_PACKET,
  CAP_NET_RAW,
  EAGAIN,
  EINVAL,
  ENETDOWN,
  ENOBUFS,
  ENOENT,
  ENXIO,
  EOPNOTSUPP,
  EPERM,
  ETH_P_ALL,
  ETH_P_ARP,
  ETH_P_IP,
  IFF_PROMISC,
  IPPROTO_ICMP,
  IPPROTO_UDP,
  MSG_DONTWAIT,
  PACKET_ADD_MEMBERSHIP,
  PACKET_BROADCAST,
  PACKET_FANOUT,
  PACKET_FANOUT_CPU,
  PACKET_FANOUT_FLAG_ROLLOVER,
  PACKET_FANOUT_FLAG_UNIQUEID,
  PACKET_FANOUT_HASH,
  PACKET_FANOUT_LB,
  PACKET_FANOUT_QM,
  PACKET_FANOUT_RND,
  PACKET_FANOUT_ROLLOVER,
  PACKET_HOST,
  PACKET_MR_PROMISC,
  PACKET_OTHERHOST,
  PACKET_OUTGOING,
  PACKET_QDISC_BYPASS,
  PACKET_ROLLOVER_STATS,
  PACKET_STATISTICS,
  PACKET_VNET_HDR,
  POLLERR,
  POLLIN,
  SIOCGIFADDR,
  SIOCGIFINDEX,
  SIOCGSTAMP,
  SKF_AD_IFINDEX,
  SKF_AD_OFF,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_PACKET,
  SOL_SOCKET,
  SO_ATTACH_FILTER,
  SO_DETACH_FILTER,
  SO_LOCK_FILTER,
  SO_PEEK_OFF,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_TIMESTAMPNS,
} from '@skbuff/uapi';
import { udp } from '@skbuff/udp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leS32 } from '@skbuff/wire';
import { type PacketSock, SockaddrLl, afPacket, packetProtocol } from '../src/index.ts';

let lab: TwoHosts;
beforeEach(() => {
  lab = new TwoHosts([udp(), raw(), ping(), icmp(), afPacket()]);
});
afterEach(() => expect(lab.close()).toEqual({}));

/** A program that keeps `n` bytes of everything. */
const keep = (n: number): Uint8Array => encodeSockFilter([bpfStmt(0x06, n)]);

function open(task: Task, type = SOCK_RAW, proto = ETH_P_ALL, ifindex = 0): number {
  const fd = task.socket(AF_PACKET, type, packetProtocol(proto));
  expect(fd).toBeGreaterThanOrEqual(0);
  if (ifindex !== 0) expect(task.bind(fd, new SockaddrLl(proto, ifindex))).toBe(0);
  return fd;
}

/** The oldest frame with its address, or the errno. */
function recv(task: Task, fd: number): { bytes: Uint8Array; from: SockaddrLl } | number {
  const buf = new Uint8Array(4000);
  const from = new SockaddrLl();
  const rc = task.recvfrom(fd, buf, MSG_DONTWAIT, from) as number;
  return rc < 0 ? rc : { bytes: buf.slice(0, rc), from };
}

/** What waits, as kind of packet and EtherType. */
function kinds(task: Task, fd: number): string[] {
  const list: string[] = [];
  for (let got = recv(task, fd); typeof got !== 'number'; got = recv(task, fd)) list.push(`${got.from.pkttype} ${got.from.protocol.toString(16)}`);
  return list;
}

function stats(task: Task, fd: number): number[] {
  const out = new Uint8Array(8);
  expect(task.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, out)).toBe(8);
  return [leS32(out, 0), leS32(out, 4)];
}

function sockOf(task: Task, fd: number): PacketSock {
  const sock = task.socketOf(fd);
  return (typeof sock === 'number' ? null : sock.sk) as PacketSock;
}

function mreq(ifindex: number, type: number): Uint8Array {
  const value = new Uint8Array(16);
  value.set(int32Bytes(ifindex));
  value[4] = type;
  return value;
}

const tick = (): void => lab.clock.advance(1000);

describe('a tap', () => {
  it('has no SO_PEEK_OFF, and keeps from SO_PROTOCOL what it listens for', () => {
    const { ta } = lab;
    const fd = open(ta);
    expect([ta.getsockoptInt(fd, SOL_SOCKET, SO_PROTOCOL), ta.getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, new Uint8Array(4))]).toEqual([0, -EOPNOTSUPP]);
  });

  it('sees both directions, what is sent before the device has it and what is received before the stack [PTY-02]', () => {
    const { ta, tb, va, vb } = lab;
    const fd = open(ta, SOCK_RAW, ETH_P_ALL, va.ifindex);
    const s = ta.socket(AF_INET, SOCK_DGRAM);
    const r = tb.socket(AF_INET, SOCK_DGRAM);
    tb.bind(r, sin('10.0.0.2', 53));
    ta.sendto(s, bytes('hi'), 0, sin('10.0.0.2', 53));
    tick();
    // ARP asks and is answered, then the datagram goes.
    expect(kinds(ta, fd)).toEqual([`${PACKET_OUTGOING} 806`, `${PACKET_HOST} 806`, `${PACKET_OUTGOING} 800`]);
    lab.inject(va, ipFrame(vb, IPPROTO_UDP, new Uint8Array(8)));
    const got = recv(ta, fd);
    expect(typeof got === 'number' ? got : [got.from.pkttype, got.from.ifindex, got.from.hatype]).toEqual([PACKET_OTHERHOST, va.ifindex, 1]);
  });

  it('of a protocol sees only what is received of it, without the header if it is a datagram socket', () => {
    const { ta, tb, vb } = lab;
    const fd = open(tb, SOCK_DGRAM, ETH_P_ARP);
    ta.sendto(ta.socket(AF_INET, SOCK_DGRAM), bytes('hi'), 0, sin('10.0.0.2', 9));
    tick();
    const got = recv(tb, fd);
    if (typeof got === 'number') throw new Error(String(got));
    expect([got.bytes.length, got.bytes[7], got.from.pkttype, got.from.protocol, got.from.ifindex]).toEqual([28, 1, PACKET_BROADCAST, ETH_P_ARP, vb.ifindex]);
    expect([...got.from.addr.subarray(0, 6)]).toEqual([...lab.va.devAddr.subarray(0, 6)]);
    expect(recv(tb, fd)).toBe(-EAGAIN);
  });

  it('costs nothing once it is closed: no door is open', () => {
    const { ta, va } = lab;
    const { softnet } = lab.kernel;
    const fds = [open(ta), open(ta, SOCK_RAW, ETH_P_ALL, va.ifindex), open(ta, SOCK_RAW, ETH_P_IP, va.ifindex)];
    expect([softnet.ptypeAll.length, va.ptypeAll.length, va.ptypeSpecific.length, va.rxDoors !== 0]).toEqual([1, 1, 1, true]);
    for (const fd of fds) ta.close(fd);
    expect([softnet.ptypeAll.length, va.ptypeAll.length, va.ptypeSpecific.length, va.rxDoors]).toEqual([0, 0, 0, 0]);
  });

  it('is of its namespace only', () => {
    const { ta, tb, va } = lab;
    const [fa, fb] = [open(ta), open(tb)];
    lab.inject(va, udpFrame({ to: va, dport: 9, payload: bytes('x') }));
    expect(kinds(ta, fa).length).toBeGreaterThan(0);
    tick();
    expect(kinds(tb, fb)).not.toContain(`${PACKET_HOST} 800 x`);
    expect(lab.proc(lab.a, 'packet').split('\n').length).toBe(3);
    expect(ta.close(fa)).toBe(0);
    expect(lab.proc(lab.a, 'packet')).toBe('sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n');
    expect(lab.proc(lab.b, 'packet')).toMatch(/^0{16} 3 {6}3 {4}0003 {3}0 {5}1 0 {6}0 {6}\d+ +$/m);
  });

  it('does not disturb those who get the frame after it', () => {
    const { tb, va, vb } = lab;
    const taps = [open(tb), open(tb, SOCK_DGRAM), open(tb, SOCK_RAW, ETH_P_ALL, vb.ifindex), open(tb, SOCK_DGRAM, ETH_P_IP)];
    expect(tb.setsockopt(taps[0] as number, SOL_SOCKET, SO_ATTACH_FILTER, keep(20))).toBe(0);
    expect(tb.setsockopt(taps[2] as number, SOL_SOCKET, SO_ATTACH_FILTER, keep(0))).toBe(0);
    const r = tb.socket(AF_INET, SOCK_DGRAM);
    tb.bind(r, sin('10.0.0.2', 53));
    lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes('abc') }));
    const buf = new Uint8Array(10);
    expect(text(buf, tb.recvfrom(r, buf, MSG_DONTWAIT) as number)).toBe('abc');
    const sizes = taps.map((fd) => {
      const got = recv(tb, fd);
      return typeof got === 'number' ? got : got.bytes.length;
    });
    expect(sizes).toEqual([20, 31, -EAGAIN, 31]);
    expect(va.rxDoors).toBe(0);
  });

  it('needs CAP_NET_RAW', () => {
    const user = kernelTask(lab.a, { uid: 1000 });
    expect(user.socket(AF_PACKET, SOCK_RAW, 0)).toBe(-EPERM);
    user.exit();
    const privileged = kernelTask(lab.a, { uid: 1000, caps: [CAP_NET_RAW] });
    expect(privileged.socket(AF_PACKET, SOCK_RAW, 0)).toBeGreaterThanOrEqual(0);
    privileged.exit();
  });
});

describe('losses', () => {
  it('are counted when the buffer is full, and by the drop monitor', () => {
    const { tb, vb } = lab;
    const fd = open(tb, SOCK_RAW, ETH_P_IP, vb.ifindex);
    tb.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 1);
    const before = lab.kernel.skbs.drops[SKB_DROP_REASON_PACKET_SOCK_ERROR] as number;
    for (let i = 0; i < 10; i++) lab.inject(vb, udpFrame({ to: vb, dport: 9, payload: new Uint8Array(100) }));
    const got = kinds(tb, fd).length;
    expect(got).toBeGreaterThan(0);
    expect(stats(tb, fd)).toEqual([10, 10 - got]);
    expect(stats(tb, fd)).toEqual([0, 0]);
    expect(sockOf(tb, fd).drops).toBe(10 - got);
    // A socket of one protocol and device is the last to get a frame: what it loses is lost.
    expect((lab.kernel.skbs.drops[SKB_DROP_REASON_PACKET_SOCK_ERROR] as number) - before).toBe(10 - got);
  });
});

describe('time', () => {
  it('of arrival is told by SIOCGSTAMP and SO_TIMESTAMPNS, for what is sent too', () => {
    const { ta, va } = lab;
    const fd = open(ta, SOCK_RAW, ETH_P_ALL, va.ifindex);
    expect(ta.ioctl(fd, SIOCGSTAMP, new Uint8Array(16))).toBe(-ENOENT);
    ta.setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    const s = open(ta, SOCK_RAW, 0);
    const now = lab.kernel.realTime();
    ta.sendto(s, new Uint8Array(20), 0, new SockaddrLl(0x88b5, va.ifindex));
    lab.clock.advance(SEC);
    const control: Cmsg[] = [];
    ta.recvmsg(fd, { iov: [new Uint8Array(100)], control }, MSG_DONTWAIT);
    const stamp = control[0]?.data as Uint8Array;
    expect(leS32(stamp, 0) * 1e9 + leS32(stamp, 8)).toBeCloseTo(now, -3);
    expect(ta.ioctl(fd, SIOCGSTAMP, new Uint8Array(16))).toBe(0);
  });
});

describe('devices', () => {
  it('that go down or away end listening with ENETDOWN, memberships end with them', () => {
    const { ta, va } = lab;
    const fd = open(ta, SOCK_RAW, ETH_P_ALL, va.ifindex);
    ta.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, mreq(va.ifindex, PACKET_MR_PROMISC));
    expect([va.promiscuity, (va.flags & IFF_PROMISC) !== 0]).toEqual([1, true]);
    devClose(va);
    const poll = { fd, events: POLLIN, revents: 0 };
    ta.poll([poll], 0);
    expect(poll.revents & POLLERR).toBe(POLLERR);
    expect(recv(ta, fd)).toBe(-ENETDOWN);
    devOpen(va);
    lab.inject(va, udpFrame({ to: va, dport: 9, payload: bytes('x') }));
    expect(kinds(ta, fd)).toContain(`${PACKET_HOST} 800`);
    unregisterNetdevice(va);
    expect([recv(ta, fd), ta.sendto(fd, new Uint8Array(20))]).toEqual([-ENETDOWN, -ENXIO]);
    expect(sockOf(ta, fd).mclist).toEqual([]);
  });

  it('that move to another namespace leave the socket behind', () => {
    const { ta, va } = lab;
    const fd = open(ta, SOCK_RAW, ETH_P_ALL, va.ifindex);
    ta.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, mreq(va.ifindex, PACKET_MR_PROMISC));
    expect(devChangeNetNamespace(va, lab.b, 'vc')).toBe(0);
    expect([recv(ta, fd), va.promiscuity, va.rxDoors]).toEqual([-ENETDOWN, 0, 0]);
    expect(recv(ta, fd)).toBe(-EAGAIN);
  });

  it('two sniffers make promiscuous twice; closing one leaves it so [DVI-04]', () => {
    const { ta, va } = lab;
    const fds = [open(ta), open(ta)];
    for (const fd of fds) ta.setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, mreq(va.ifindex, PACKET_MR_PROMISC));
    expect(va.promiscuity).toBe(2);
    ta.close(fds[0] as number);
    expect([va.promiscuity, va.flags & IFF_PROMISC]).toEqual([1, IFF_PROMISC]);
    ta.close(fds[1] as number);
    expect([va.promiscuity, va.flags & IFF_PROMISC]).toEqual([0, 0]);
  });

  it('are asked for their number and address as on any socket', () => {
    const { ta, va } = lab;
    const fd = ta.socket(AF_PACKET, SOCK_RAW, 0);
    const ifreq = new Uint8Array(40);
    ifreq.set(bytes('va'));
    expect(ta.ioctl(fd, SIOCGIFINDEX, ifreq)).toBe(0);
    expect(leS32(ifreq, 16)).toBe(va.ifindex);
    expect(ta.ioctl(fd, SIOCGIFADDR, ifreq)).toBe(0);
    expect([...ifreq.subarray(16, 24)]).toEqual([2, 0, 0, 0, 10, 0, 0, 1]);
  });

  it('get what goes past the queue without the taps; without carrier it is lost', () => {
    const { ta, va } = lab;
    const fd = open(ta, SOCK_RAW, ETH_P_IP, va.ifindex);
    const tap = open(ta, SOCK_RAW, ETH_P_ALL, va.ifindex);
    const frames = lab.capture(va);
    ta.setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
    expect([ta.sendto(fd, new Uint8Array(20)), frames.length, kinds(ta, tap)]).toEqual([20, 1, []]);
    netifCarrierOff(va);
    const lost = va.stats[TX_DROPPED] as number;
    expect([ta.sendto(fd, new Uint8Array(20)), frames.length, va.stats[TX_DROPPED]]).toEqual([-ENOBUFS, 1, lost + 1]);
  });
});

describe('a frame in several parts', () => {
  it('goes out as one, whatever lay where it was put together', () => {
    const { ta, tb, va, vb } = lab;
    const s = open(ta, SOCK_RAW, ETH_P_IP, va.ifindex);
    const r = open(tb, SOCK_RAW, ETH_P_IP, vb.ifindex);
    const frame = udpFrame({ to: vb, dport: 53, payload: bytes('hello') });
    const parts = [frame.slice(0, 9), frame.slice(9, 20), frame.slice(20)];
    expect(ta.sendmsg(s, { iov: parts })).toBe(frame.length);
    ta.setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, 1);
    expect(ta.sendmsg(s, { iov: [new Uint8Array(7), new Uint8Array(3), ...parts] })).toBe(10 + frame.length);
    const d = open(ta, SOCK_DGRAM, ETH_P_IP, va.ifindex);
    expect(ta.sendmsg(d, { iov: [frame.slice(14, 30), frame.slice(30)], name: new SockaddrLl(ETH_P_IP, va.ifindex, vb.devAddr.slice(0, 6)) })).toBe(frame.length - 14);
    tick();
    for (const from of [0, 0, 14]) {
      const got = recv(tb, r);
      expect(typeof got === 'number' ? got : [...got.bytes.slice(from)]).toEqual([...frame.slice(from)]);
    }
  });
});

describe('a super-packet from user space', () => {
  /** `struct virtio_net_hdr` in front of a UDP frame of four datagrams of 500 bytes. */
  function frame(flags: number): Uint8Array {
    const udpBytes = udpFrame({ to: lab.vb, dport: 53, payload: new Uint8Array(2000).fill(7) });
    const out = new Uint8Array(10 + udpBytes.length);
    out.set([flags, 5, 42, 0, 500 & 0xff, 500 >> 8, 34, 0, 6, 0]);
    out.set(udpBytes, 10);
    return out;
  }

  it('is whole on a link that takes it, and cut for one that does not', () => {
    const { ta, tb, va, vb } = lab;
    const s = open(ta, SOCK_RAW, ETH_P_IP, va.ifindex);
    const r = open(tb, SOCK_RAW, ETH_P_IP, vb.ifindex);
    ta.setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, 1);
    expect(ta.sendto(s, frame(1))).toBe(10 + 14 + 28 + 2000);
    tick();
    const whole = recv(tb, r);
    expect(typeof whole === 'number' ? whole : whole.bytes.length).toBe(2042);
    va.features = 0;
    expect(ta.sendto(s, frame(1))).toBe(2052);
    tick();
    const sizes: number[] = [];
    for (let got = recv(tb, r); typeof got !== 'number'; got = recv(tb, r)) sizes.push(got.bytes.length);
    expect(sizes).toEqual([542, 542, 542, 542]);
    expect(va.features & NETIF_F_HW_CSUM).toBe(0);
  });

  it('may claim anything in its header: it is refused, cut or dropped, and nothing stays behind', () => {
    const { ta, tb, va, vb } = lab;
    const s = open(ta, SOCK_RAW, ETH_P_IP, va.ifindex);
    const dgram = open(ta, SOCK_DGRAM, ETH_P_IP, va.ifindex);
    const r = open(tb, SOCK_RAW, ETH_P_ALL, vb.ifindex);
    ta.setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, 1);
    ta.setsockopt(r, SOL_PACKET, PACKET_VNET_HDR, 1);
    const { random } = lab.kernel;
    let sent = 0;
    for (let round = 0; round < 3000; round++) {
      const out = frame(1).slice(0, random.below(4) === 0 ? random.below(80) : undefined);
      for (let i = random.below(4); i > 0 && out.length > 0; i--) out[random.below(Math.min(out.length, 60))] = random.u32();
      va.features = round % 3 === 0 ? 0 : -1 >>> random.below(32);
      ta.setsockopt(s, SOL_PACKET, PACKET_QDISC_BYPASS, round & 1);
      const rc = ta.sendto(s, out, MSG_DONTWAIT) as number;
      if (rc >= 0) sent++;
      ta.sendto(dgram, out, MSG_DONTWAIT, new SockaddrLl(out[12] ?? 0, va.ifindex, vb.devAddr.slice(0, 6)));
      tick();
      kinds(tb, r);
    }
    expect(sent).toBeGreaterThan(1000);
    lab.clock.advance(60 * SEC);
    expect([sockOf(ta, s).wmemAlloc, sockOf(ta, dgram).wmemAlloc]).toEqual([0, 0]);
  });

  it('without an unfinished checksum is refused', () => {
    const { ta, va } = lab;
    const s = open(ta, SOCK_RAW, ETH_P_IP, va.ifindex);
    ta.setsockopt(s, SOL_PACKET, PACKET_VNET_HDR, 1);
    expect(ta.sendto(s, frame(0))).toBe(-EINVAL);
  });
});

describe('a fanout group', () => {
  const NONE: number[] = [];

  function group(mode: number, count = 3, flags = 0): number[] {
    const fds = Array.from({ length: count }, () => open(lab.tb, SOCK_RAW, ETH_P_IP, lab.vb.ifindex));
    for (const fd of fds) expect(lab.tb.setsockopt(fd, SOL_PACKET, PACKET_FANOUT, int32Bytes(5 | (mode << 16) | (flags << 16)))).toBe(0);
    return fds;
  }

  /** Frames of different flows; how many each socket got. */
  function shares(fds: readonly number[], frames = 60): number[] {
    for (let i = 0; i < frames; i++) lab.inject(lab.vb, udpFrame({ to: lab.vb, dport: 53, sport: 1000 + i, payload: bytes('x') }));
    return fds.map((fd) => kinds(lab.tb, fd).length);
  }

  it('takes turns', () => expect(shares(group(PACKET_FANOUT_LB))).toEqual([20, 20, 20]));
  it('goes by CPU', () => expect(shares(group(PACKET_FANOUT_CPU))).toEqual([60, 0, 0]));
  it('goes by queue', () => expect(shares(group(PACKET_FANOUT_QM))).toEqual([60, 0, 0]));

  it.each([PACKET_FANOUT_HASH, PACKET_FANOUT_RND])('spreads flows over its members (mode %i)', (mode) => {
    const got = shares(group(mode));
    expect(got.reduce((sum, n) => sum + n, 0)).toBe(60);
    expect(Math.min(...got)).toBeGreaterThan(5);
  });

  it('keeps a flow together by hash', () => {
    const fds = group(PACKET_FANOUT_HASH);
    for (let i = 0; i < 10; i++) lab.inject(lab.vb, udpFrame({ to: lab.vb, dport: 53, sport: 77, payload: bytes('x') }));
    expect(fds.map((fd) => kinds(lab.tb, fd).length).sort()).toEqual([0, 0, 10]);
  });

  it('goes on to the next when one is full, and says how often', () => {
    const fds = group(PACKET_FANOUT_ROLLOVER, 2);
    lab.tb.setsockopt(fds[0] as number, SOL_SOCKET, SO_RCVBUF, 8192);
    const [first = 0, second = 0] = shares(fds);
    expect([first + second, first > 0, second > first]).toEqual([60, true, true]);
    const out = new Uint8Array(24);
    expect(lab.tb.getsockopt(fds[0] as number, SOL_PACKET, PACKET_ROLLOVER_STATS, out)).toBe(24);
    expect(leS32(out, 0)).toBeGreaterThan(0);
  });

  it('rolls over from its own choice if asked to', () => {
    const fds = group(PACKET_FANOUT_CPU, 2, PACKET_FANOUT_FLAG_ROLLOVER);
    lab.tb.setsockopt(fds[0] as number, SOL_SOCKET, SO_RCVBUF, 8192);
    const [first = 0, second = 0] = shares(fds);
    expect([first + second, first > 0, second > 0]).toEqual([60, true, true]);
  });

  it('finds a free number, and ends with its last member', () => {
    const { tb } = lab;
    const fds = [open(tb, SOCK_RAW, ETH_P_IP), open(tb, SOCK_RAW, ETH_P_IP)];
    const ids = fds.map((fd) => {
      expect(tb.setsockopt(fd, SOL_PACKET, PACKET_FANOUT, int32Bytes(PACKET_FANOUT_FLAG_UNIQUEID << 16))).toBe(0);
      return tb.getsockoptInt(fd, SOL_PACKET, PACKET_FANOUT);
    });
    expect(new Set(ids).size).toBe(2);
    for (const fd of fds) tb.close(fd);
    expect(lab.kernel.softnet.ptypeAll).toEqual(NONE);
  });

  it('does not hear what one of it sends', () => {
    const { tb, vb } = lab;
    const fds = [open(tb, SOCK_RAW, ETH_P_ALL, vb.ifindex), open(tb, SOCK_RAW, ETH_P_ALL, vb.ifindex)];
    for (const fd of fds) tb.setsockopt(fd, SOL_PACKET, PACKET_FANOUT, int32Bytes(5));
    tb.sendto(fds[0] as number, new Uint8Array(20));
    expect(fds.map((fd) => kinds(tb, fd).length)).toEqual([0, 0]);
    const other = open(tb, SOCK_RAW, ETH_P_IP, vb.ifindex);
    tb.sendto(other, new Uint8Array(20));
    expect(fds.map((fd) => kinds(tb, fd).length).sort()).toEqual([0, 1]);
  });
});

describe('a filter', () => {
  /** ld #pktlen; sub #off; ret a: how long the packet is for the filter. */
  const lengthLess = (n: number): Uint8Array => encodeSockFilter([bpfStmt(0x80, 0), bpfStmt(0x14, n), bpfStmt(0x16, 0)]);
  const ldb = (off: number, want: number, size: number): Uint8Array =>
    encodeSockFilter([bpfStmt(0x30, off), { code: 0x15, jt: 0, jf: 1, k: want }, bpfStmt(0x06, size), bpfStmt(0x06, 0)]);

  it('on a UDP socket sees the UDP header and drops with a reason, counted as an error', () => {
    const { tb, vb } = lab;
    const r = tb.socket(AF_INET, SOCK_DGRAM);
    tb.bind(r, sin('10.0.0.2', 53));
    expect(tb.setsockopt(r, SOL_SOCKET, SO_ATTACH_FILTER, ldb(8, 0x61, 11))).toBe(0);
    const before = lab.kernel.skbs.drops[SKB_DROP_REASON_SOCKET_FILTER] as number;
    for (const payload of ['abcdef', 'xyz']) lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes(payload) }));
    const buf = new Uint8Array(20);
    expect(text(buf, tb.recvfrom(r, buf, MSG_DONTWAIT) as number)).toBe('abc');
    expect(tb.recvfrom(r, buf, MSG_DONTWAIT)).toBe(-EAGAIN);
    expect((lab.kernel.skbs.drops[SKB_DROP_REASON_SOCKET_FILTER] as number) - before).toBe(1);
    expect([mib(lab.b, 'Udp', 'InErrors'), sockOf(tb, r).drops]).toEqual([1, 1]);
    expect(tb.setsockopt(r, SOL_SOCKET, SO_ATTACH_FILTER, lengthLess(2))).toBe(0);
    lab.inject(vb, udpFrame({ to: vb, dport: 53, payload: bytes('abcdef') }));
    expect(tb.recvfrom(r, buf, MSG_DONTWAIT)).toBe(4);
    expect(tb.setsockopt(r, SOL_SOCKET, SO_DETACH_FILTER, 0)).toBe(0);
    expect(tb.setsockopt(r, SOL_SOCKET, SO_DETACH_FILTER, 0)).toBe(-ENOENT);
  });

  it('on a raw socket sees the IP header, on a ping socket the ICMP header', () => {
    const { ta, tb, vb } = lab;
    const r = tb.socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
    expect(tb.setsockopt(r, SOL_SOCKET, SO_ATTACH_FILTER, ldb(0, 0x45, 22))).toBe(0);
    lab.inject(vb, udpFrame({ to: vb, dport: 9, payload: bytes('abc') }));
    expect(tb.recvfrom(r, new Uint8Array(99), MSG_DONTWAIT)).toBe(22);
    lab.sysctl(lab.a, 'net/ipv4/ping_group_range', '0 0');
    const p = ta.socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
    expect(ta.setsockopt(p, SOL_SOCKET, SO_ATTACH_FILTER, ldb(0, 0, 9))).toBe(0);
    ta.sendto(p, Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3), 0, sin('10.0.0.2', 0));
    tick();
    expect(ta.recvfrom(p, new Uint8Array(99), MSG_DONTWAIT)).toBe(9);
    expect(ta.setsockopt(p, SOL_SOCKET, SO_ATTACH_FILTER, ldb(0, 8, 9))).toBe(0);
    ta.sendto(p, Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3), 0, sin('10.0.0.2', 0));
    tick();
    expect(ta.recvfrom(p, new Uint8Array(99), MSG_DONTWAIT)).toBe(-EAGAIN);
  });

  it('can ask for the device', () => {
    const { tb, vb } = lab;
    const fd = open(tb, SOCK_RAW, ETH_P_IP);
    const program = encodeSockFilter([bpfStmt(0x20, SKF_AD_OFF + SKF_AD_IFINDEX), { code: 0x15, jt: 0, jf: 1, k: vb.ifindex }, bpfStmt(0x06, 15), bpfStmt(0x06, 0)]);
    expect(tb.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program)).toBe(0);
    lab.inject(vb, udpFrame({ to: vb, dport: 9, payload: bytes('abc') }));
    const got = recv(tb, fd);
    expect(typeof got === 'number' ? got : got.bytes.length).toBe(15);
  });

  it('reads and cuts a frame that lies in pieces, and the stack has it whole', () => {
    const { tb, vb } = lab;
    const fd = open(tb, SOCK_RAW, ETH_P_ALL, vb.ifindex);
    const r = tb.socket(AF_INET, SOCK_RAW, 253);
    const want = encodeSockFilter([bpfStmt(0x20, 14 + 20 + 8 + 40), { code: 0x15, jt: 0, jf: 1, k: 0x77777777 }, bpfStmt(0x06, 70), bpfStmt(0x06, 0)]);
    expect(tb.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, want)).toBe(0);
    receiveFrame(vb, ipFrame(vb, 253, new Uint8Array(58).fill(1)), (skb) => {
      const sub = lab.b.skbs.alloc(100);
      if (sub === null) throw new Error('no memory');
      skb.trim(20 + 8);
      sub.put(50);
      sub.bytes.fill(0x77, sub.data, sub.tail);
      skbSetFragList(skb, sub);
      skb.len += 50;
      skb.dataLen += 50;
    });
    const got = recv(tb, fd);
    expect(typeof got === 'number' ? got : [got.bytes.length, got.bytes[41], got.bytes[42], got.bytes[69]]).toEqual([70, 1, 0x77, 0x77]);
    expect(tb.recvfrom(r, new Uint8Array(200), MSG_DONTWAIT)).toBe(78);
  });

  it('is given back, can be locked for ever, and is refused where the kernel would', () => {
    const { ta } = lab;
    const fd = ta.socket(AF_INET, SOCK_DGRAM);
    const program = keep(7);
    expect(ta.getsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(8))).toBe(0);
    expect([new Uint8Array(0), program.slice(1), int32Bytes(1), encodeSockFilter([bpfStmt(0x00, 1)])].map((value) => ta.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, value))).toEqual([
      -EINVAL, -EINVAL, -EINVAL, -EINVAL,
    ]);
    expect(ta.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program)).toBe(0);
    const out = new Uint8Array(16);
    expect(ta.getsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(0))).toBe(8);
    expect(ta.getsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(7))).toBe(-EINVAL);
    expect(ta.getsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, out)).toBe(8);
    expect([...out.subarray(0, 8)]).toEqual([...program]);
    expect(ta.getsockoptInt(fd, SOL_SOCKET, SO_LOCK_FILTER)).toBe(0);
    expect(ta.setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, 1)).toBe(0);
    expect([
      ta.getsockoptInt(fd, SOL_SOCKET, SO_LOCK_FILTER),
      ta.setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, 0),
      ta.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program),
      ta.setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, 0),
    ]).toEqual([1, -EPERM, -EPERM, -EPERM]);
  });
});

/** Datagrams as they arrive: right, damaged, without a checksum, for whom. */
import { MS, bytes, in6, ipFrame, sin6, udpDatagram } from '@skbuff/testbed';
import type { UdpSock } from '@skbuff/udp';
import * as U from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab();

function listener(port = 5000, addr = '::', ...options: readonly number[]): number {
  const fd = t.lab.tb.socket(U.AF_INET6, U.SOCK_DGRAM);
  for (const option of options) t.lab.tb.setsockopt(fd, U.SOL_SOCKET, option, 1);
  expect(t.lab.tb.bind(fd, sin6(addr, port))).toBe(0);
  return fd;
}

const read = (fd: number): unknown => t.lab.tb.recvfrom(fd, new Uint8Array(100), U.MSG_DONTWAIT);

/** A datagram from a to b comes in; `change` does something to its bytes. */
function arrives(dport: number, payload: string, change: (udp: Uint8Array) => void = () => {}, daddr = '2001:db8::2'): void {
  const { lab } = t;
  const udp = Uint8Array.from(udpDatagram({ sport: 1000, dport, payload: bytes(payload), daddr }, lab.family));
  change(udp);
  lab.inject(lab.vb, ipFrame(lab.vb, U.IPPROTO_UDP, udp, { daddr }, lab.family));
}

const counter = (name: string): number => Number(new RegExp(`^Udp6${name}\\s+(\\d+)$`, 'm').exec(t.lab.proc(t.lab.b, 'snmp6'))?.[1]);

describe('checksums', () => {
  it('a datagram that is right is read, and counted', () => {
    const fd = listener();
    arrives(5000, 'abc');
    expect([read(fd), counter('InDatagrams')]).toEqual([3, 1]);
  });

  it.each<[string, (udp: Uint8Array) => void]>([
    ['damaged', (udp) => void (udp[8] ^= 1)],
    ['shorter than a header', (udp) => void (udp[5] = 7)],
    ['longer than the packet', (udp) => void (udp[5] = 99)],
  ])('one that is %s is lost, and counted', (what, change) => {
    const fd = listener();
    arrives(5000, 'abc', change);
    expect([read(fd), counter('InErrors'), counter('InCsumErrors')]).toEqual([-U.EAGAIN, 1, Number(what === 'damaged')]);
  });

  it('one without is only for who takes it [IP6H-06]', () => {
    const fd = listener();
    const none = (udp: Uint8Array): void => void udp.fill(0, 6, 8);
    arrives(5000, 'abc', none);
    expect([read(fd), counter('InErrors')]).toEqual([-U.EAGAIN, 1]);
    t.lab.tb.setsockopt(fd, U.SOL_UDP, U.UDP_NO_CHECK6_RX, 1);
    arrives(5000, 'abc', none);
    expect(read(fd)).toBe(3);
    // Nobody is told of it either.
    arrives(5999, 'abc', none);
    expect([t.lab.icmp.length, counter('NoPorts'), counter('InErrors')]).toEqual([0, 0, 2]);
    arrives(5999, 'abc');
    expect([t.lab.icmp.map(({ type, code }) => [type, code]), counter('NoPorts')]).toEqual([[[1, 4]], 1]);
  });

  it('UDP_NO_CHECK6_TX sends none', () => {
    const { ta, lab } = { ta: t.lab.ta, lab: t.lab };
    const frames = lab.capture(lab.va);
    const fd = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    ta.setsockopt(fd, U.SOL_UDP, U.UDP_NO_CHECK6_TX, 1);
    ta.sendto(fd, bytes('x'), 0, sin6('2001:db8::2', 9));
    const sent = frames.find((frame) => frame[20] === U.IPPROTO_UDP) as Uint8Array;
    expect([sent[60], sent[61]]).toEqual([0, 0]);
  });
});

describe('the socket that gets it', () => {
  it('is connected rather than bound to the address rather than to any, and bound to the device', () => {
    const any = listener(5000, '::', U.SO_REUSEADDR);
    const addr = listener(5000, '2001:db8::2', U.SO_REUSEADDR);
    arrives(5000, 'a');
    expect([read(any), read(addr)]).toEqual([-U.EAGAIN, 1]);
    const connected = listener(5000, '2001:db8::2', U.SO_REUSEADDR);
    expect(t.lab.tb.connect(connected, sin6('2001:db8::1', 1000))).toBe(0);
    arrives(5000, 'a');
    expect([read(addr), read(connected)]).toEqual([-U.EAGAIN, 1]);
    expect(t.lab.tb.connect(connected, sin6('2001:db8::1', 1001))).toBe(0);
    arrives(5000, 'a');
    expect([read(addr), read(connected)]).toEqual([1, -U.EAGAIN]);
    const device = listener(5000, '2001:db8::2', U.SO_REUSEADDR);
    t.lab.tb.setsockopt(device, U.SOL_SOCKET, U.SO_BINDTODEVICE, bytes('vb'));
    arrives(5000, 'a');
    expect([read(addr), read(device)]).toEqual([-U.EAGAIN, 1]);
  });

  it('of a group that shares the port is always the same for a flow', () => {
    const fds = Array.from({ length: 4 }, () => listener(5000, '::', U.SO_REUSEPORT));
    for (let i = 0; i < 3; i++) arrives(5000, 'a');
    const counts = fds.map((fd) => {
      let n = 0;
      while (read(fd) === 1) n++;
      return n;
    });
    expect(counts.filter((n) => n > 0)).toEqual([3]);
  });

  it('may be a tunnel, which sees it first', () => {
    const fd = listener();
    const sock = t.lab.tb.socketOf(fd);
    const sk = (typeof sock === 'number' ? null : sock.sk) as UdpSock;
    const seen: number[] = [];
    sk.encapRcv = (_sk, skb) => {
      seen.push(skb.len);
      skb.consume();
      return 0;
    };
    arrives(5000, 'abc');
    expect([seen, read(fd)]).toEqual([[11], -U.EAGAIN]);
  });
});

describe('files of /proc', () => {
  it('show addresses word by word, as Linux does', () => {
    const fd = listener(5000, '::1');
    t.lab.tb.connect(fd, sin6('::1', 9));
    const [, line] = t.lab.proc(t.lab.b, 'udp6').split('\n');
    expect(line).toMatch(
      /^ *\d+: 00000000000000000000000001000000:1388 00000000000000000000000001000000:0009 01 00000000:00000000 00:00000000 00000000 {5}0 {8}0 \d+ 2 0000000000000000 0$/,
    );
    expect(t.lab.proc(t.lab.b, 'udp').split('\n')).toHaveLength(2);
    expect(t.lab.proc(t.lab.b, 'sockstat6')).toBe('TCP6: inuse 0\nUDP6: inuse 1\nUDPLITE6: inuse 0\nRAW6: inuse 0\nFRAG6: inuse 0 memory 0\n');
    expect(t.lab.proc(t.lab.b, 'protocols')).toMatch(/^UDPv6 {5}1472 {6}1 {7}0   NI {7}0 {3}yes {2}kernel {6}y {2}y {2}y {2}n {2}y/m);
  });
});

describe('super-packets', () => {
  it('UDP_SEGMENT sends many datagrams at once, UDP_GRO reads them as one', () => {
    const { ta, tb } = t.lab;
    const fd = listener();
    const to = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    ta.setsockopt(to, U.SOL_UDP, U.UDP_SEGMENT, 100);
    expect(ta.sendto(to, new Uint8Array(250), 0, sin6('2001:db8::2', 5000))).toBe(250);
    const buf = new Uint8Array(3000);
    const take = (): unknown => tb.recvfrom(fd, buf, U.MSG_DONTWAIT);
    expect([take(), take(), take(), take()]).toEqual([100, 100, 50, -U.EAGAIN]);
    tb.setsockopt(fd, U.SOL_UDP, U.UDP_GRO, 1);
    ta.sendto(to, new Uint8Array(250), 0, sin6('2001:db8::2', 5000));
    expect([take(), take()]).toEqual([250, -U.EAGAIN]);
    expect(ta.setsockopt(to, U.SOL_UDP, U.UDP_SEGMENT, 2000)).toBe(0);
    expect(ta.sendto(to, new Uint8Array(4000), 0, sin6('2001:db8::2', 5000))).toBe(-U.EMSGSIZE);
  });

  it('with extension headers they are cut before a device has them', () => {
    const { ta, tb } = t.lab;
    const fd = listener();
    tb.setsockopt(fd, U.SOL_UDP, U.UDP_GRO, 1);
    const to = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    ta.setsockopt(to, U.SOL_UDP, U.UDP_SEGMENT, 100);
    ta.setsockopt(to, U.SOL_IPV6, U.IPV6_DSTOPTS, Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0));
    expect(ta.sendto(to, new Uint8Array(250), 0, sin6('2001:db8::2', 5000))).toBe(250);
    const take = (): unknown => tb.recvfrom(fd, new Uint8Array(3000), U.MSG_DONTWAIT);
    expect([take(), take(), take(), take()]).toEqual([100, 100, 50, -U.EAGAIN]);
  });

  it('what a host sends to an address of its own is as long as the loopback device takes', () => {
    const { lab } = t;
    const { tb } = lab;
    const fd = listener();
    expect(tb.sendto(tb.socket(U.AF_INET6, U.SOCK_DGRAM), new Uint8Array(20_000), 0, sin6('2001:db8::2', 5000))).toBe(20_000);
    expect([tb.recvfrom(fd, new Uint8Array(30_000), U.MSG_DONTWAIT), /^Ip6FragCreates\s+(\d+)$/m.exec(lab.proc(lab.b, 'snmp6'))?.[1]]).toEqual([20_000, '0']);
  });

  it('long datagrams come in fragments, and together again', () => {
    const { ta, tb } = t.lab;
    const fd = listener();
    tb.setsockopt(fd, U.SOL_IPV6, U.IPV6_RECVFRAGSIZE, 1);
    const to = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    expect(ta.sendto(to, new Uint8Array(4000).fill(7), 0, sin6('2001:db8::2', 5000))).toBe(4000);
    const buf = new Uint8Array(5000);
    const control: { level: number; type: number; data: Uint8Array }[] = [];
    expect(tb.recvmsg(fd, { iov: [buf], control }, U.MSG_DONTWAIT)).toBe(4000);
    expect(buf.subarray(0, 4000).every((b) => b === 7)).toBe(true);
    expect(control.map(({ type, data }) => [type, data[0] | (data[1] << 8)])).toEqual([[U.IPV6_RECVFRAGSIZE, 1496]]);
  });
});

describe('link-local addresses', () => {
  it('need an interface, and are told with it', () => {
    const { ta, tb, va, vb } = t.lab;
    const addr = 'fe80::1';
    for (const [dev, last] of [[va, '1'], [vb, '2']] as const) t.lab.addr(dev, `fe80::${last}`, 64);
    t.lab.clock.advance(10 * MS);
    const fd = listener(5000, '::');
    const from = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
    // Without one the first that has such a route will do.
    expect(ta.sendto(ta.socket(U.AF_INET6, U.SOCK_DGRAM), bytes('x'), 0, sin6('fe80::2', 5001))).toBe(1);
    expect(ta.bind(from, sin6(addr, 4000, va.ifindex))).toBe(0);
    expect(ta.sendto(from, bytes('x'), 0, sin6('fe80::2', 5000, va.ifindex))).toBe(1);
    const name = sin6('::', 0);
    expect(tb.recvfrom(fd, new Uint8Array(9), U.MSG_DONTWAIT, name)).toBe(1);
    expect([name.addr.equals(in6(addr)), name.port, name.scopeId]).toEqual([true, 4000, vb.ifindex]);
  });
});

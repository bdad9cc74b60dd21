import { icmp } from '@skbuff/icmp';
import { inDevGet } from '@skbuff/ipv4';
import type { Cmsg } from '@skbuff/sock';
import {
  AF_INET,
  EAGAIN,
  ECONNREFUSED,
  EMSGSIZE,
  IPPROTO_ICMP,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_CHECKSUM,
  IP_PKTINFO,
  IP_PMTUDISC_DO,
  IP_RECVERR,
  IP_RECVORIGDSTADDR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  POLLERR,
  POLLIN,
  SOCK_DGRAM,
  SOL_IP,
  SOL_SOCKET,
  SO_ERROR,
} from '@skbuff/uapi';
import { SockaddrIn } from '@skbuff/af-inet';
import { bytes, icmpMessage, ipFrame, sin, text, udpFrame } from '@skbuff/testbed';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab(() => [icmp()]);
const udp = (): number => t.lab.ta.socket(AF_INET, SOCK_DGRAM, 0);

const hex = (data: Uint8Array): string => [...data].map((b) => b.toString(16).padStart(2, '0')).join('');

/** What MSG_ERRQUEUE gives: data, source, and ancillary data as hex. */
function errqueue(fd: number): { data: string; from: string; cmsgs: [number, string][]; flags: number } | number {
  const buf = new Uint8Array(100);
  const from = new SockaddrIn(0, 0);
  const control: Cmsg[] = [];
  const user = { iov: [buf], name: from, control, flags: 0 };
  const n = t.lab.ta.recvmsg(fd, user, MSG_ERRQUEUE) as number;
  if (n < 0) return n;
  return { data: text(buf, n), from: `${from.addr.toString(16)}:${from.port}`, cmsgs: control.map((c) => [c.type, hex(c.data)]), flags: user.flags };
}

/** `struct sock_extended_err` and offender of a port unreachable from 10.0.0.2. */
const REFUSED = '6f00000002030300000000000000000002000000' + '0a000002' + '0000000000000000';

describe('port unreachable', () => {
  it('makes the next call of a connected socket fail, once [UDP-26]', () => {
    const { ta } = t.lab;
    const fd = udp();
    ta.connect(fd, sin('10.0.0.2', 9));
    expect(ta.sendto(fd, bytes('hello'))).toBe(5);
    expect(ta.getsockoptInt(fd, SOL_SOCKET, SO_ERROR)).toBe(ECONNREFUSED);
    expect(ta.getsockoptInt(fd, SOL_SOCKET, SO_ERROR)).toBe(0);
    ta.sendto(fd, bytes('x'));
    expect(ta.recvfrom(fd, new Uint8Array(1), MSG_DONTWAIT)).toBe(-ECONNREFUSED);
    ta.sendto(fd, bytes('x'));
    expect(ta.sendto(fd, bytes('y'))).toBe(-ECONNREFUSED);
  });

  it('wakes who waits [UDP-26]', async () => {
    const { ta } = t.lab;
    const fd = udp();
    ta.connect(fd, sin('10.0.0.2', 9));
    const waiting = ta.recvfrom(fd, new Uint8Array(1));
    ta.sendto(fd, bytes('x'));
    expect(await waiting).toBe(-ECONNREFUSED);
  });

  it('does not concern a socket that is not connected', () => {
    const { ta } = t.lab;
    const fd = udp();
    ta.sendto(fd, bytes('hello'), 0, sin('10.0.0.2', 9));
    expect(ta.recvfrom(fd, new Uint8Array(1), MSG_DONTWAIT)).toBe(-EAGAIN);
    expect(errqueue(fd)).toBe(-EAGAIN);
  });

  it('with IP_RECVERR lies in the error queue, with what was sent and who complains', () => {
    const { ta } = t.lab;
    const fd = udp();
    ta.setsockopt(fd, SOL_IP, IP_RECVERR, 1);
    ta.sendto(fd, bytes('hello'), 0, sin('10.0.0.2', 9));
    const fds = [{ fd, events: POLLIN, revents: 0 }];
    expect(ta.poll(fds, 0)).toBe(1);
    expect(fds[0]?.revents).toBe(POLLERR);
    expect(errqueue(fd)).toEqual({ data: 'hello', from: 'a000002:9', cmsgs: [[IP_RECVERR, REFUSED]], flags: MSG_ERRQUEUE });
    expect(errqueue(fd)).toBe(-EAGAIN);
    expect(ta.recvfrom(fd, new Uint8Array(1), MSG_DONTWAIT)).toBe(-EAGAIN);
  });

  it('makes itself heard for every record', () => {
    const { ta } = t.lab;
    const fd = udp();
    ta.setsockopt(fd, SOL_IP, IP_RECVERR, 1);
    ta.sendto(fd, bytes('one'), 0, sin('10.0.0.2', 9));
    expect(ta.sendto(fd, bytes('two'), 0, sin('10.0.0.2', 9))).toBe(-ECONNREFUSED);
    expect(ta.sendto(fd, bytes('two'), 0, sin('10.0.0.2', 9))).toBe(3);
    expect(errqueue(fd)).toMatchObject({ data: 'one' });
    expect(ta.getsockoptInt(fd, SOL_SOCKET, SO_ERROR)).toBe(ECONNREFUSED);
    expect(errqueue(fd)).toMatchObject({ data: 'two' });
    expect(ta.getsockoptInt(fd, SOL_SOCKET, SO_ERROR)).toBe(0);
  });

  it('comes with the ancillary data of the ICMP packet, before its own', () => {
    const { ta } = t.lab;
    const fd = udp();
    for (const option of [IP_RECVERR, IP_PKTINFO, IP_RECVTTL, IP_RECVTOS, IP_RECVORIGDSTADDR, IP_CHECKSUM]) ta.setsockopt(fd, SOL_IP, option, 1);
    ta.sendto(fd, bytes('hello'), 0, sin('10.0.0.2', 9));
    const ifindex = t.lab.va.ifindex.toString(16).padStart(2, '0');
    expect(errqueue(fd)).toMatchObject({
      cmsgs: [
        [IP_PKTINFO, `${ifindex}000000000000000a000001`],
        [IP_TTL, '40000000'],
        [IP_TOS, 'c0'],
        [IP_RECVORIGDSTADDR, '02006c6c0a0000010000000000000000'],
        [IP_CHECKSUM, 'ffff0000'],
        [IP_RECVERR, REFUSED],
      ],
    });
  });

  it('is forgotten when IP_RECVERR is switched off', () => {
    const { ta } = t.lab;
    const fd = udp();
    ta.setsockopt(fd, SOL_IP, IP_RECVERR, 1);
    ta.sendto(fd, bytes('hello'), 0, sin('10.0.0.2', 9));
    ta.setsockopt(fd, SOL_IP, IP_RECVERR, 0);
    expect(errqueue(fd)).toBe(-EAGAIN);
  });

  it('about a datagram that nobody sent is nobody’s', () => {
    const { lab } = t;
    const fd = udp();
    lab.ta.setsockopt(fd, SOL_IP, IP_RECVERR, 1);
    lab.ta.bind(fd, sin('10.0.0.1', 5000));
    // 10.0.0.2 complains about a packet from another port.
    lab.inject(lab.vb, udpFrame({ to: lab.vb, saddr: '10.0.0.1', sport: 5001, dport: 9 }));
    expect(errqueue(fd)).toBe(-EAGAIN);
  });
});

describe('path MTU', () => {
  it('a datagram too long for a socket that forbids fragments is refused, and the queue tells the MTU', () => {
    const { ta } = t.lab;
    const fd = udp();
    ta.setsockopt(fd, SOL_IP, IP_RECVERR, 1);
    ta.setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    expect(ta.sendto(fd, new Uint8Array(2000), 0, sin('10.0.0.2', 9))).toBe(-EMSGSIZE);
    expect(errqueue(fd)).toEqual({
      data: '',
      from: 'a000002:0',
      cmsgs: [[IP_RECVERR, '5a00000001000000dc0500000000000000000000000000000000000000000000']],
      flags: MSG_ERRQUEUE,
    });
    expect(ta.getsockoptInt(fd, SOL_SOCKET, SO_ERROR)).toBe(0);
  });

  it('fragmentation needed is learned, and reported to a connected socket', () => {
    const { lab } = t;
    const { ta } = lab;
    const fd = udp();
    ta.bind(fd, sin('10.0.0.1', 4000));
    ta.connect(fd, sin('10.0.0.2', 9));
    expect(ta.getsockoptInt(fd, SOL_IP, IP_MTU)).toBe(1500);
    const quoted = udpFrame({ to: lab.vb, saddr: '10.0.0.1', sport: 4000, dport: 9, payload: new Uint8Array(0) }).subarray(14);
    lab.inject(lab.va, ipFrame(lab.va, IPPROTO_ICMP, icmpMessage(3, 4, 1280, quoted), { saddr: '10.0.0.2', daddr: '10.0.0.1' }));
    expect(ta.getsockoptInt(fd, SOL_SOCKET, SO_ERROR)).toBe(EMSGSIZE);
    expect(ta.sendto(fd, bytes('x'))).toBe(1);
    expect(ta.getsockoptInt(fd, SOL_IP, IP_MTU)).toBe(1280);
    expect(inDevGet(lab.va)?.dev.mtu).toBe(1500);
  });
});

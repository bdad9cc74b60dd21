/** Options of sockets, step by step on one socket each; results and values are those of Linux 6.18, where it has 1000 ticks. */
import { kernelTask } from '@skbuff/sock';
import { bytes } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab();

type Step =
  | readonly ['set', level: number, name: number, value: number | readonly number[], result: number]
  | readonly ['get', level: number, name: number, room: number, value: readonly number[] | number];

const i32 = (n: number): number[] => [n & 0xff, (n >> 8) & 0xff, (n >> 16) & 0xff, (n >> 24) & 0xff];
const timeval = (sec: number, usec: number): number[] => [...i32(sec), ...i32(sec < 0 ? -1 : 0), ...i32(usec), 0, 0, 0, 0];
const set = (level: number, name: number, value: number | readonly number[], result = 0): Step => ['set', level, name, value, result];
const get = (level: number, name: number, value: readonly number[] | number, room = 4): Step => ['get', level, name, room, value];
const getInt = (level: number, name: number, value: number): Step => get(level, name, i32(value));
const S = U.SOL_SOCKET;
const IP = U.SOL_IP;

function run(steps: readonly Step[], fd: number): void {
  const { ta } = t.lab;
  for (const step of steps) {
    if (step[0] === 'set') {
      const [, level, name, value, result] = step;
      const got = ta.setsockopt(fd, level, name, typeof value === 'number' ? value : Uint8Array.from(value));
      expect([...step.slice(0, 4), got]).toEqual([...step.slice(0, 4), result]);
    } else {
      const [, level, name, room, value] = step;
      const out = new Uint8Array(room);
      const n = ta.getsockopt(fd, level, name, out);
      const got = n < 0 ? n : [...out.subarray(0, n)];
      expect([level, name, got]).toEqual([level, name, value]);
    }
  }
}

describe('SOL_SOCKET', () => {
  it.each<[string, readonly Step[]]>([
    ['who it is', [getInt(S, U.SO_TYPE, U.SOCK_DGRAM), getInt(S, U.SO_DOMAIN, U.AF_INET), getInt(S, U.SO_PROTOCOL, U.IPPROTO_UDP), getInt(S, U.SO_ACCEPTCONN, 0)]],
    ['what can only be read', [set(S, U.SO_TYPE, 1, -U.ENOPROTOOPT), set(S, U.SO_ERROR, 1, -U.ENOPROTOOPT), set(S, U.SO_ACCEPTCONN, 1, -U.ENOPROTOOPT)]],
    ['what does not exist', [set(S, 99, 1, -U.ENOPROTOOPT), get(S, 99, -U.ENOPROTOOPT)]],
    ['too short a value', [set(S, U.SO_BROADCAST, [1, 0], -U.EINVAL)]],
    [
      'buffers: doubled, with limits [SK-11]',
      [
        getInt(S, U.SO_SNDBUF, 212992),
        getInt(S, U.SO_RCVBUF, 212992),
        set(S, U.SO_SNDBUF, 1),
        getInt(S, U.SO_SNDBUF, 4608),
        set(S, U.SO_RCVBUF, 1),
        getInt(S, U.SO_RCVBUF, 2304),
        set(S, U.SO_RCVBUF, 10000),
        getInt(S, U.SO_RCVBUF, 20000),
        set(S, U.SO_RCVBUF, -1),
        getInt(S, U.SO_RCVBUF, 8388608),
        set(S, U.SO_RCVBUFFORCE, -5),
        getInt(S, U.SO_RCVBUF, 2304),
        set(S, U.SO_SNDBUF, 0x7fffffff),
        getInt(S, U.SO_SNDBUF, 8388608),
        set(S, U.SO_SNDBUFFORCE, 0x7fffffff),
        getInt(S, U.SO_SNDBUF, 0x7ffffffe),
      ],
    ],
    [
      'switches',
      [U.SO_BROADCAST, U.SO_DONTROUTE, U.SO_KEEPALIVE, U.SO_OOBINLINE, U.SO_NO_CHECK, U.SO_REUSEADDR, U.SO_REUSEPORT, U.SO_RXQ_OVFL, U.SO_SELECT_ERR_QUEUE, U.SO_DEBUG].flatMap((name) => [
        getInt(S, name, 0),
        set(S, name, 7),
        getInt(S, name, 1),
        set(S, name, 0),
        getInt(S, name, 0),
      ]),
    ],
    ['priority and mark', [set(S, U.SO_PRIORITY, 7), getInt(S, U.SO_PRIORITY, 7), set(S, U.SO_MARK, 5), getInt(S, U.SO_MARK, 5)]],
    ['low water', [getInt(S, U.SO_RCVLOWAT, 1), set(S, U.SO_RCVLOWAT, -1), getInt(S, U.SO_RCVLOWAT, 0x7fffffff), set(S, U.SO_RCVLOWAT, 0), getInt(S, U.SO_RCVLOWAT, 1), getInt(S, U.SO_SNDLOWAT, 1)]],
    [
      'time limits, rounded up to ticks',
      [
        get(S, U.SO_RCVTIMEO, timeval(0, 0), 16),
        set(S, U.SO_RCVTIMEO, timeval(1, 500)),
        get(S, U.SO_RCVTIMEO, timeval(1, 1000), 16),
        set(S, U.SO_RCVTIMEO, timeval(1, 1000000), -U.EDOM),
        set(S, U.SO_RCVTIMEO, timeval(-1, 0)),
        get(S, U.SO_RCVTIMEO, timeval(0, 0), 16),
        set(S, U.SO_RCVTIMEO, [1, 2, 3, 4], -U.EINVAL),
        set(S, U.SO_SNDTIMEO, timeval(3, 250000)),
        get(S, U.SO_SNDTIMEO, timeval(3, 250000), 16),
      ],
    ],
    ['linger', [get(S, U.SO_LINGER, [0, 0, 0, 0, 0, 0, 0, 0], 8), set(S, U.SO_LINGER, [1, 0, 0, 0, 7, 0, 0, 0]), get(S, U.SO_LINGER, [1, 0, 0, 0, 7, 0, 0, 0], 64), set(S, U.SO_LINGER, [1, 0, 0, 0], -U.EINVAL)]],
    [
      'device by name and by index',
      [
        get(S, U.SO_BINDTODEVICE, [], 16),
        set(S, U.SO_BINDTODEVICE, [...bytes('nodev')], -U.ENODEV),
        set(S, U.SO_BINDTODEVICE, [...bytes('lo\0')]),
        get(S, U.SO_BINDTODEVICE, [...bytes('lo\0')], 16),
        get(S, U.SO_BINDTODEVICE, -U.EINVAL, 4),
        getInt(S, U.SO_BINDTOIFINDEX, 1),
        set(S, U.SO_BINDTOIFINDEX, -1, -U.EINVAL),
        set(S, U.SO_BINDTODEVICE, []),
        get(S, U.SO_BINDTODEVICE, [], 16),
        set(S, U.SO_BINDTOIFINDEX, 1),
        get(S, U.SO_BINDTODEVICE, [...bytes('lo\0')], 20),
      ],
    ],
    ['time stamps: one kind at a time', [set(S, U.SO_TIMESTAMP, 1), getInt(S, U.SO_TIMESTAMP, 1), getInt(S, U.SO_TIMESTAMPNS, 0), set(S, U.SO_TIMESTAMPNS, 1), getInt(S, U.SO_TIMESTAMP, 0), getInt(S, U.SO_TIMESTAMPNS, 1)]],
    ['peek offset', [getInt(S, U.SO_PEEK_OFF, -1), set(S, U.SO_PEEK_OFF, 5), getInt(S, U.SO_PEEK_OFF, 5)]],
    ['memory', [get(S, U.SO_MEMINFO, [0, 0, 0, 0, ...i32(212992), 0, 0, 0, 0, ...i32(212992), ...new Array<number>(20).fill(0)], 64)]],
  ])('%s', (_what, steps) => {
    run(steps, t.lab.ta.socket(U.AF_INET, U.SOCK_DGRAM));
  });

  it('new sockets begin with net.core.rmem_default and wmem_default', () => {
    const { lab } = t;
    expect(lab.sysctl(lab.a, 'net/core/rmem_default', '100000')).toBe(0);
    expect(lab.sysctl(lab.a, 'net/core/wmem_default', '90000')).toBe(0);
    run([getInt(S, U.SO_RCVBUF, 100000), getInt(S, U.SO_SNDBUF, 90000)], lab.ta.socket(U.AF_INET, U.SOCK_DGRAM));
    lab.sysctl(lab.a, 'net/core/rmem_max', '5000');
    run([set(S, U.SO_RCVBUF, 9000), getInt(S, U.SO_RCVBUF, 10000)], lab.ta.socket(U.AF_INET, U.SOCK_DGRAM));
    // Limits are the machine's: other namespaces see them.
    expect([lab.sysctl(lab.b, 'net/core/rmem_max', '5000'), lab.readSysctl(lab.b, 'net/core/rmem_max')]).toEqual([-U.EACCES, '5000\n']);
    expect(lab.sysctl(lab.b, 'net/core/optmem_max', '5000')).toBe(0);
  });

  it('asks for capabilities', () => {
    const { lab } = t;
    const user = kernelTask(lab.a, { uid: 1000 });
    const fd = user.socket(U.AF_INET, U.SOCK_DGRAM);
    expect(user.setsockopt(fd, S, U.SO_MARK, 1)).toBe(-U.EPERM);
    expect(user.setsockopt(fd, S, U.SO_RCVBUFFORCE, 1)).toBe(-U.EPERM);
    expect(user.setsockopt(fd, S, U.SO_SNDBUFFORCE, 1)).toBe(-U.EPERM);
    expect(user.setsockopt(fd, S, U.SO_DEBUG, 1)).toBe(-U.EACCES);
    expect(user.setsockopt(fd, IP, U.IP_TRANSPARENT, 1)).toBe(-U.EPERM);
    // Whoever is bound to a device needs privilege to leave it.
    expect(user.setsockopt(fd, S, U.SO_BINDTODEVICE, bytes('lo'))).toBe(0);
    expect(user.setsockopt(fd, S, U.SO_BINDTODEVICE, bytes('va'))).toBe(-U.EPERM);
  });
});

describe('SOL_IP and SOL_UDP', () => {
  const addr = (...b: number[]): number[] => b;
  it.each<[string, readonly Step[]]>([
    [
      'TOS and the priority that goes with it',
      [getInt(IP, U.IP_TOS, 0), set(IP, U.IP_TOS, 0x1b), getInt(IP, U.IP_TOS, 0x1b), getInt(S, U.SO_PRIORITY, 4), get(IP, U.IP_TOS, [0x1b], 1)],
    ],
    ['TTL', [getInt(IP, U.IP_TTL, 64), set(IP, U.IP_TTL, 0, -U.EINVAL), set(IP, U.IP_TTL, 256, -U.EINVAL), set(IP, U.IP_TTL, -1), getInt(IP, U.IP_TTL, 64), set(IP, U.IP_TTL, 77), getInt(IP, U.IP_TTL, 77), set(IP, U.IP_TTL, [], -U.EINVAL)]],
    ['what is for raw sockets only', [set(IP, U.IP_HDRINCL, 1, -U.ENOPROTOOPT), set(IP, U.IP_NODEFRAG, 1, -U.ENOPROTOOPT), set(IP, U.IP_ROUTER_ALERT, 1, -U.EINVAL)]],
    ['path MTU discovery', [getInt(IP, U.IP_MTU_DISCOVER, 1), set(IP, U.IP_MTU_DISCOVER, 6, -U.EINVAL), set(IP, U.IP_MTU_DISCOVER, 2), getInt(IP, U.IP_MTU_DISCOVER, 2), get(IP, U.IP_MTU, -U.ENOTCONN)]],
    [
      'multicast TTL, loop, all',
      [
        getInt(IP, U.IP_MULTICAST_TTL, 1),
        set(IP, U.IP_MULTICAST_TTL, 256, -U.EINVAL),
        set(IP, U.IP_MULTICAST_TTL, [5]),
        getInt(IP, U.IP_MULTICAST_TTL, 5),
        set(IP, U.IP_MULTICAST_TTL, -1),
        getInt(IP, U.IP_MULTICAST_TTL, 1),
        getInt(IP, U.IP_MULTICAST_LOOP, 1),
        set(IP, U.IP_MULTICAST_LOOP, 0),
        getInt(IP, U.IP_MULTICAST_LOOP, 0),
        set(IP, U.IP_MULTICAST_ALL, 2, -U.EINVAL),
        getInt(IP, U.IP_MULTICAST_ALL, 1),
        set(IP, U.IP_MULTICAST_ALL, 0),
        getInt(IP, U.IP_MULTICAST_ALL, 0),
      ],
    ],
    ['unicast interface, big endian', [set(IP, U.IP_UNICAST_IF, [0, 0, 0, 77], -U.EADDRNOTAVAIL), set(IP, U.IP_UNICAST_IF, [0, 0, 0, 1]), get(IP, U.IP_UNICAST_IF, [0, 0, 0, 1]), set(IP, U.IP_UNICAST_IF, [1], -U.EINVAL)]],
    [
      'multicast interface by address or index',
      [
        set(IP, U.IP_MULTICAST_IF, addr(9, 9, 9, 9), -U.EADDRNOTAVAIL),
        set(IP, U.IP_MULTICAST_IF, addr(10, 0, 0, 1)),
        get(IP, U.IP_MULTICAST_IF, addr(10, 0, 0, 1)),
        set(IP, U.IP_MULTICAST_IF, [1, 2, 3], -U.EINVAL),
        set(IP, U.IP_MULTICAST_IF, [0, 0, 0, 0, 10, 0, 0, 1, 1, 0, 0, 0]),
        get(IP, U.IP_MULTICAST_IF, addr(10, 0, 0, 1)),
        set(IP, U.IP_MULTICAST_IF, addr(0, 0, 0, 0)),
        get(IP, U.IP_MULTICAST_IF, addr(0, 0, 0, 0)),
      ],
    ],
    [
      'groups',
      [
        set(IP, U.IP_ADD_MEMBERSHIP, [10, 1, 1, 1, 0, 0, 0, 0], -U.EINVAL),
        set(IP, U.IP_ADD_MEMBERSHIP, [239, 1, 1, 1, 10, 0, 0, 1]),
        set(IP, U.IP_ADD_MEMBERSHIP, [239, 1, 1, 1, 10, 0, 0, 1], -U.EADDRINUSE),
        set(IP, U.IP_ADD_MEMBERSHIP, [239, 1, 1, 2, 0, 0, 0, 0], -U.ENODEV),
        set(IP, U.IP_ADD_MEMBERSHIP, [239, 1, 1, 2, 0, 0, 0, 0, 99, 0, 0, 0], -U.ENODEV),
        set(IP, U.IP_DROP_MEMBERSHIP, [239, 1, 1, 3, 10, 0, 0, 1], -U.EADDRNOTAVAIL),
        set(IP, U.IP_DROP_MEMBERSHIP, [239, 1, 1, 1, 10, 0, 0, 1]),
        set(IP, U.IP_DROP_MEMBERSHIP, [1, 2, 3], -U.EINVAL),
        set(IP, U.IP_ADD_MEMBERSHIP, [239, 1, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0]),
      ],
    ],
    [
      'more switches',
      [U.IP_PKTINFO, U.IP_RECVTTL, U.IP_RECVTOS, U.IP_RECVOPTS, U.IP_RETOPTS, U.IP_RECVORIGDSTADDR, U.IP_CHECKSUM, U.IP_RECVFRAGSIZE, U.IP_RECVERR, U.IP_FREEBIND, U.IP_TRANSPARENT, U.IP_BIND_ADDRESS_NO_PORT, U.IP_RECVERR_RFC4884].flatMap(
        (name) => [getInt(IP, name, 0), set(IP, name, 1), getInt(IP, name, 1), set(IP, name, 0), getInt(IP, name, 0)],
      ),
    ],
    ['minimal TTL and port range', [set(IP, U.IP_MINTTL, 300, -U.EINVAL), set(IP, U.IP_MINTTL, 30), getInt(IP, U.IP_MINTTL, 30), set(IP, U.IP_LOCAL_PORT_RANGE, (50000 << 16) | 40000), getInt(IP, U.IP_LOCAL_PORT_RANGE, (50000 << 16) | 40000), set(IP, U.IP_LOCAL_PORT_RANGE, (40000 << 16) | 50000, -U.EINVAL)]],
    [
      'IP options',
      [
        get(IP, U.IP_OPTIONS, [], 40),
        set(IP, U.IP_OPTIONS, [7, 7, 4, 0, 0, 0, 0, 0]),
        get(IP, U.IP_OPTIONS, [7, 7, 4, 0, 0, 0, 0, 0], 40),
        set(IP, U.IP_OPTIONS, new Array<number>(41).fill(1), -U.EINVAL),
        set(IP, U.IP_OPTIONS, [7, 2], -U.EINVAL),
        set(IP, U.IP_OPTIONS, []),
        get(IP, U.IP_OPTIONS, [], 40),
      ],
    ],
    ['what does not exist', [set(IP, 99, 1, -U.ENOPROTOOPT), get(IP, 60, -U.ENOPROTOOPT), set(U.SOL_TCP, 1, 1, -U.ENOPROTOOPT), get(U.SOL_TCP, 1, -U.EOPNOTSUPP), set(U.SOL_RAW, 1, 1, -U.ENOPROTOOPT)]],
    ['corking', [set(U.SOL_UDP, U.UDP_CORK, [1], -U.EINVAL), set(U.SOL_UDP, U.UDP_CORK, 1), getInt(U.SOL_UDP, U.UDP_CORK, 1), set(U.SOL_UDP, 99, 1, -U.ENOPROTOOPT)]],
  ])('%s', (_what, steps) => {
    run(steps, t.lab.ta.socket(U.AF_INET, U.SOCK_DGRAM));
  });
});

/** Groups and anycast addresses of sockets. What is expected is what Linux 6.18 said, on a device with index 2 that has 2001:db8::1/64. */
import { bytes, in6, sin6 } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab();
const G = 'ff02::77';
const VA = 2;

type Step = readonly [name: number, value: Uint8Array];

function int(value: number): Uint8Array {
  const data = new Uint8Array(4);
  setLe32(data, 0, value);
  return data;
}

const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const mreq = (group: string, ifindex: number): Uint8Array => join(in6(group).toBytes(), int(ifindex));

function storage(addr: string, family: number): Uint8Array {
  const data = new Uint8Array(128);
  data[0] = family;
  in6(addr).store(data, 8);
  return data;
}

const groupReq = (group: string, ifindex: number, family = U.AF_INET6): Uint8Array => join(int(ifindex), int(0), storage(group, family));
const sourceReq = (group: string, source: string, ifindex: number, family = U.AF_INET6, sourceFamily = U.AF_INET6): Uint8Array =>
  join(groupReq(group, ifindex, family), storage(source, sourceFamily));
const filter = (group: string, ifindex: number, mode: number, sources: readonly string[], family = U.AF_INET6, count = sources.length): Uint8Array =>
  join(groupReq(group, ifindex, family), int(mode), int(count), ...sources.map((source) => storage(source, U.AF_INET6)));

const add = (value: Uint8Array): Step => [U.IPV6_ADD_MEMBERSHIP, value];
const drop = (value: Uint8Array): Step => [U.IPV6_DROP_MEMBERSHIP, value];
const joinGroup = (value: Uint8Array): Step => [U.MCAST_JOIN_GROUP, value];
const leaveGroup = (value: Uint8Array): Step => [U.MCAST_LEAVE_GROUP, value];
const joinSource = (value: Uint8Array): Step => [U.MCAST_JOIN_SOURCE_GROUP, value];
const leaveSource = (value: Uint8Array): Step => [U.MCAST_LEAVE_SOURCE_GROUP, value];
const block = (value: Uint8Array): Step => [U.MCAST_BLOCK_SOURCE, value];
const unblock = (value: Uint8Array): Step => [U.MCAST_UNBLOCK_SOURCE, value];
const msfilter = (value: Uint8Array): Step => [U.MCAST_MSFILTER, value];
const joinAny = (value: Uint8Array): Step => [U.IPV6_JOIN_ANYCAST, value];
const leaveAny = (value: Uint8Array): Step => [U.IPV6_LEAVE_ANYCAST, value];

function errno(result: number): string {
  if (result === 0) return '0';
  return Object.entries(U).find(([name, value]) => /^E[A-Z0-9]+$/.test(name) && value === -result)?.[0] ?? `${result}`;
}

function run(fd: number, steps: readonly Step[]): string {
  return steps.map(([name, value]) => errno(t.lab.ta.setsockopt(fd, U.SOL_IPV6, name, value))).join(' ');
}

const socket = (): number => t.lab.ta.socket(U.AF_INET6, U.SOCK_DGRAM);
/** The groups of the device, as /proc shows them. */
const groups = (): string => t.lab.proc(t.lab.a, 'igmp6');
const IN_G = /va\s+ff020000000000000000000000000077/;

describe('options about groups', () => {
  it('IPV6_JOIN_GROUP and LEAVE_GROUP: on each device once, 0 is any [IP6M-07] [IP6M-08] [IP6M-15]', () => {
    const fd = socket();
    expect(run(fd, [add(mreq(G, VA)), add(mreq(G, VA)), add(mreq(G, 0)), add(mreq(G, 1))])).toBe('0 EADDRINUSE EADDRINUSE 0');
    expect(groups()).toMatch(IN_G);
    expect(run(fd, [drop(mreq(G, VA)), drop(mreq(G, VA)), drop(mreq(G, 0)), drop(mreq(G, 0))])).toBe('0 EADDRNOTAVAIL 0 EADDRNOTAVAIL');
    expect(groups()).not.toMatch(IN_G);
  });

  it('a closed socket leaves its groups [IP6M-08]', () => {
    const fd = socket();
    run(fd, [add(mreq(G, VA))]);
    t.lab.ta.close(fd);
    expect(groups()).not.toMatch(IN_G);
  });

  it.each<[string, readonly Step[], string]>([
    [
      'what is no group, no device, no request',
      [add(mreq('2001::1', VA)), add(mreq(G, 99)), add(mreq(G, VA).slice(0, 19)), add(join(mreq(G, VA), int(0))), drop(mreq('2001::1', VA)), drop(mreq(G, 99)), drop(new Uint8Array(0))],
      'EINVAL ENODEV EINVAL 0 EINVAL EADDRNOTAVAIL EINVAL',
    ],
    [
      'MCAST_JOIN_GROUP and LEAVE_GROUP',
      [
        joinGroup(groupReq(G, VA)),
        joinGroup(groupReq(G, VA)),
        joinGroup(groupReq(G, VA).slice(0, 135)),
        joinGroup(groupReq(G, VA, U.AF_INET)),
        joinGroup(groupReq('2001::1', VA)),
        joinGroup(groupReq(G, 99)),
        leaveGroup(groupReq(G, VA, U.AF_INET)),
        leaveGroup(groupReq(G, 99)),
        leaveGroup(groupReq(G, VA)),
        leaveGroup(groupReq(G, VA)),
      ],
      '0 EADDRINUSE EINVAL EADDRNOTAVAIL EINVAL ENODEV EADDRNOTAVAIL EADDRNOTAVAIL 0 EADDRNOTAVAIL',
    ],
    [
      'MCAST_JOIN_SOURCE_GROUP and LEAVE_SOURCE_GROUP',
      [
        joinSource(sourceReq(G, '2001::1', VA)),
        joinSource(sourceReq(G, '2001::1', VA)),
        joinSource(sourceReq(G, '2001::2', VA)),
        block(sourceReq(G, '2001::3', VA)),
        leaveSource(sourceReq(G, '2001::9', VA)),
        leaveSource(sourceReq(G, '2001::1', VA)),
        leaveSource(sourceReq(G, '2001::2', VA)),
        leaveSource(sourceReq(G, '2001::2', VA)),
      ],
      '0 EADDRNOTAVAIL 0 EINVAL EADDRNOTAVAIL 0 0 EINVAL',
    ],
    [
      'MCAST_BLOCK_SOURCE and UNBLOCK_SOURCE',
      [
        block(sourceReq(G, '2001::1', VA)),
        add(mreq(G, VA)),
        block(sourceReq(G, '2001::1', VA)),
        block(sourceReq(G, '2001::1', VA)),
        unblock(sourceReq(G, '2001::2', VA)),
        joinSource(sourceReq(G, '2001::1', VA)),
        unblock(sourceReq(G, '2001::1', VA)),
        joinSource(sourceReq(G, '2001::5', VA)),
        leaveSource(sourceReq(G, '2001::5', VA)),
      ],
      'EINVAL 0 0 EADDRNOTAVAIL EADDRNOTAVAIL EINVAL 0 EINVAL EINVAL',
    ],
    [
      'sources, wrongly',
      [
        joinSource(sourceReq(G, '2001::1', VA).slice(0, 263)),
        joinSource(join(sourceReq(G, '2001::1', VA), int(0))),
        joinSource(sourceReq(G, '2001::1', VA, U.AF_INET)),
        joinSource(sourceReq(G, '2001::1', VA, U.AF_INET6, U.AF_INET)),
        joinSource(sourceReq('2001::5', '2001::1', VA)),
        joinSource(sourceReq(G, '2001::1', 99)),
        block(sourceReq(G, '2001::1', 99)),
      ],
      'EINVAL 0 EADDRNOTAVAIL EADDRNOTAVAIL EINVAL ENODEV ENODEV',
    ],
    [
      'MCAST_MSFILTER',
      [
        msfilter(filter(G, VA, U.MCAST_INCLUDE, ['2001::1'])),
        add(mreq(G, VA)),
        msfilter(filter(G, VA, U.MCAST_INCLUDE, ['2001::1', '2001::2'])),
        msfilter(filter(G, VA, U.MCAST_EXCLUDE, [])),
        msfilter(filter(G, VA, 2, [])),
        msfilter(filter(G, VA, U.MCAST_INCLUDE, [])),
        msfilter(filter(G, VA, U.MCAST_INCLUDE, [])),
      ],
      'EINVAL 0 0 0 EINVAL 0 EADDRNOTAVAIL',
    ],
    [
      'MCAST_MSFILTER, wrongly',
      [
        msfilter(filter(G, VA, U.MCAST_INCLUDE, ['2001::1']).slice(0, 143)),
        msfilter(filter(G, VA, U.MCAST_INCLUDE, ['2001::1'], U.AF_INET6, 2)),
        msfilter(filter(G, VA, U.MCAST_INCLUDE, ['2001::1'], U.AF_INET)),
        msfilter(filter(G, VA, U.MCAST_INCLUDE, new Array<string>(65).fill('2001::1'))),
        msfilter(filter('2001::1', VA, U.MCAST_INCLUDE, ['2001::1'])),
        msfilter(filter(G, 99, U.MCAST_INCLUDE, ['2001::1'])),
      ],
      'EINVAL EINVAL EINVAL ENOBUFS EINVAL ENODEV',
    ],
    [
      'anycast addresses',
      [
        joinAny(mreq('2001:db8::77', VA)),
        joinAny(mreq('2001:db8::77', VA)),
        leaveAny(mreq('2001:db8::77', VA)),
        leaveAny(mreq('2001:db8::77', VA)),
        leaveAny(mreq('2001:db8::77', VA)),
        joinAny(mreq('2001:db9::77', VA)),
        joinAny(mreq('2001:db8::1', VA)),
        joinAny(mreq(G, VA)),
        joinAny(mreq('2001:db8::77', 99)),
        joinAny(mreq('2001:db8::77', 0)),
        joinAny(new Uint8Array(1)),
        leaveAny(new Uint8Array(1)),
      ],
      '0 0 0 0 ENOENT EADDRNOTAVAIL EINVAL EINVAL ENODEV 0 EINVAL EINVAL',
    ],
  ])('%s [IP6M-15]', (_what, steps, results) => {
    expect(run(socket(), steps)).toBe(results);
  });

  it('no more than mld_max_msf sources', () => {
    const fd = socket();
    const results = Array.from({ length: 66 }, (_, i) => run(fd, [joinSource(sourceReq(G, `2001::${(i + 1).toString(16)}`, VA))]));
    expect([results.indexOf('ENOBUFS'), results[63]]).toEqual([64, '0']);
  });

  it('a filter reads back as far as there is room [IP6M-11]', () => {
    const fd = socket();
    run(fd, [add(mreq(G, VA)), msfilter(filter(G, VA, U.MCAST_INCLUDE, ['2001::1', '2001::2']))]);
    const get = (asked: Uint8Array, room: number): readonly number[] | number => {
      const out = join(asked, new Uint8Array(room));
      const n = t.lab.ta.getsockopt(fd, U.SOL_IPV6, U.MCAST_MSFILTER, out);
      return n < 0 ? n : [n, out[136] as number, out[140] as number];
    };
    expect(get(filter(G, VA, 0, [], U.AF_INET6, 9), 512)).toEqual([400, U.MCAST_INCLUDE, 2]);
    expect(get(filter(G, VA, 0, [], U.AF_INET6, 1), 512)).toEqual([272, U.MCAST_INCLUDE, 2]);
    expect(get(filter(G, VA, 0, []), 0)).toEqual([144, U.MCAST_INCLUDE, 2]);
    const short = filter(G, VA, 0, []).slice(0, 143);
    expect([get(short, 0), get(filter(G, 0, 0, []), 0), get(filter(G, 99, 0, []), 0), get(filter(G, VA, 0, [], U.AF_INET), 0), get(filter('2001::1', VA, 0, []), 0)]).toEqual([
      -U.EINVAL,
      -U.EADDRNOTAVAIL,
      -U.EADDRNOTAVAIL,
      -U.EADDRNOTAVAIL,
      -U.EINVAL,
    ]);
  });
});

describe('who hears what is sent to a group', () => {
  /** Whether a socket hears a datagram from 2001:db8::1 on a host that is in the group. */
  function hears(all: number, steps: readonly Step[], loop = 1): boolean {
    const { ta } = t.lab;
    const fd = socket();
    ta.bind(fd, sin6('::', 5000));
    ta.setsockopt(fd, U.SOL_IPV6, U.IPV6_MULTICAST_ALL, all);
    run(fd, steps);
    run(socket(), [add(mreq(G, VA))]);
    const sender = socket();
    ta.bind(sender, sin6('2001:db8::1', 0));
    ta.setsockopt(sender, U.SOL_IPV6, U.IPV6_MULTICAST_LOOP, loop);
    ta.sendto(sender, bytes('x'), 0, sin6(G, 5000, VA));
    return ta.recvfrom(fd, new Uint8Array(9), U.MSG_DONTWAIT) === 1;
  }

  it.each<[string, number, readonly Step[], boolean]>([
    ['who is no member', 1, [], true],
    ['who is no member and has switched that off', 0, [], false],
    ['who is a member', 0, [add(mreq(G, VA))], true],
    ['who includes the source', 1, [joinSource(sourceReq(G, '2001:db8::1', VA))], true],
    ['who includes another source', 1, [joinSource(sourceReq(G, '2001:db8::5', VA))], false],
    ['who excludes the source', 1, [add(mreq(G, VA)), block(sourceReq(G, '2001:db8::1', VA))], false],
    ['who excludes another source', 1, [add(mreq(G, VA)), block(sourceReq(G, '2001:db8::5', VA))], true],
  ])('%s [IP6M-09] [IP6M-12] [IP6M-13]', (_what, all, steps, result) => {
    expect(hears(all, steps)).toBe(result);
  });

  it('nobody on the host itself without IPV6_MULTICAST_LOOP', () => {
    expect(hears(1, [add(mreq(G, VA))], 0)).toBe(false);
  });

  it('each socket gets a copy; the interface is the one of IPV6_MULTICAST_IF', () => {
    const { ta, tb } = t.lab;
    const fds = [0, 1].map(() => {
      const fd = tb.socket(U.AF_INET6, U.SOCK_DGRAM);
      tb.setsockopt(fd, U.SOL_SOCKET, U.SO_REUSEADDR, 1);
      tb.bind(fd, sin6('::', 5000));
      tb.setsockopt(fd, U.SOL_IPV6, U.IPV6_ADD_MEMBERSHIP, mreq(G, t.lab.vb.ifindex));
      return fd;
    });
    const fd = socket();
    ta.setsockopt(fd, U.SOL_IPV6, U.IPV6_MULTICAST_IF, VA);
    expect(ta.sendto(fd, bytes('x'), 0, sin6(G, 5000))).toBe(1);
    expect(fds.map((each) => tb.recvfrom(each, new Uint8Array(9), U.MSG_DONTWAIT))).toEqual([1, 1]);
  });
});

import {
  EADDRNOTAVAIL,
  ECONNREFUSED,
  EHOSTUNREACH,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  ENOBUFS,
  EPROTO,
  EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
  ICMP_DEST_UNREACH,
  ICMP_PARAMETERPROB,
  ICMP_TIME_EXCEEDED,
  IPPROTO_ICMP,
  IPPROTO_IP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
} from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  type GroupFamily,
  type InetProtosw,
  type InetSk,
  Inetsw,
  SockaddrIn,
  groupFilter,
  groupFilterAsked,
  groupReq,
  groupSourceReq,
  icmpErrConvert,
  inetEhashfn,
  inetRcvSaddrEqual,
  pktinfoCmsg,
  pktinfoOf,
  procAddr,
  putGroupFilter,
  sockaddrInCodec,
} from '../src/index.ts';

/** An entry of the table as far as the table looks at it. */
function entry(type: number, protocol: number, isDefault: boolean): InetProtosw {
  const fake = { type, protocol, isDefault, reuse: false, icsk: false };
  return fake as unknown as InetProtosw;
}

describe('sockaddr_in', () => {
  it('is 16 bytes, the family little endian, the rest big endian', () => {
    const bytes = new Uint8Array(16).fill(0xa5);
    sockaddrInCodec.encode(new SockaddrIn(0xc0000201, 0x1234), bytes);
    expect([...bytes]).toEqual([2, 0, 0x12, 0x34, 0xc0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(sockaddrInCodec.decode(bytes)).toEqual(new SockaddrIn(0xc0000201, 0x1234));
  });

  it('an IP_PKTINFO holds an index and two addresses', () => {
    const info = { ifindex: 3, specDst: 0xc0000201, addr: 0xe0000001 };
    const { data } = pktinfoCmsg(info);
    expect([...data]).toEqual([3, 0, 0, 0, 0xc0, 0, 2, 1, 0xe0, 0, 0, 1]);
    expect(pktinfoOf(data)).toEqual(info);
  });
});

describe('inetsw', () => {
  const udp = entry(SOCK_DGRAM, IPPROTO_UDP, true);
  const ping = entry(SOCK_DGRAM, IPPROTO_ICMP, false);
  const raw = entry(SOCK_RAW, IPPROTO_IP, false);

  it('finds by type and protocol, whatever the order of loading [SK-16] [SK-17]', () => {
    for (const order of [
      [raw, ping, udp],
      [udp, raw, ping],
    ]) {
      const table = new Inetsw();
      for (const e of order) table.register(e);
      expect(table.lookup(SOCK_DGRAM, 0)).toBe(udp);
      expect(table.lookup(SOCK_DGRAM, IPPROTO_ICMP)).toBe(ping);
      expect(table.lookup(SOCK_RAW, 253)).toBe(raw);
      expect(table.lookup(SOCK_RAW, 0)).toBe(-EPROTONOSUPPORT);
      expect(table.lookup(SOCK_DGRAM, 6)).toBe(-EPROTONOSUPPORT);
      expect(table.lookup(SOCK_STREAM, 0)).toBe(-ESOCKTNOSUPPORT);
    }
  });

  it('asks a protocol of its own before one that takes any', () => {
    const table = new Inetsw();
    const special = entry(SOCK_RAW, 253, false);
    table.register(raw);
    const undo = table.register(special);
    expect(table.lookup(SOCK_RAW, 253)).toBe(special);
    undo();
    expect(table.lookup(SOCK_RAW, 253)).toBe(raw);
  });
});

describe('what an ICMP error means', () => {
  it.each([
    ['network unreachable', ICMP_DEST_UNREACH, 0, true, ENETUNREACH, false],
    ['port unreachable', ICMP_DEST_UNREACH, 3, true, ECONNREFUSED, true],
    ['fragmentation needed, when the MTU is discovered', ICMP_DEST_UNREACH, 4, true, EMSGSIZE, true],
    ['fragmentation needed, when it is not', ICMP_DEST_UNREACH, 4, false, EMSGSIZE, false],
    ['filtered', ICMP_DEST_UNREACH, 13, true, EHOSTUNREACH, true],
    ['a code that nobody knows', ICMP_DEST_UNREACH, 99, true, EHOSTUNREACH, false],
    ['time exceeded', ICMP_TIME_EXCEEDED, 0, true, EHOSTUNREACH, false],
    ['parameter problem', ICMP_PARAMETERPROB, 0, true, EPROTO, true],
  ])('%s [ICMP-17]', (_what, type, code, discovers, errno, hard) => {
    expect(icmpErrConvert(type, code, discovers)).toEqual({ errno, hard });
  });
});

it('flows hash the same way every time, and apart from each other', () => {
  expect(inetEhashfn(1, 2, 3, 4, 5)).toBe(inetEhashfn(1, 2, 3, 4, 5));
  const hashes = new Set(Array.from({ length: 1000 }, (_v, port) => inetEhashfn(7, 0x0a000001, 53, 0x0a000002, port)));
  expect(hashes.size).toBe(1000);
});

it('addresses in /proc are as they lie in memory', () => {
  expect(procAddr(0x7f000001, 53)).toBe('0100007F:0035');
  expect(procAddr(0xffffffff, 65535)).toBe('FFFFFFFF:FFFF');
});

describe('groups in the words of RFC 3678', () => {
  /** A family of one letter. */
  const letters: GroupFamily<string> = {
    get: (bytes, at) => (bytes[at] === 77 ? String.fromCharCode(bytes[at + 2] as number) : null),
    put: (bytes, at, letter) => bytes.set([77, 0, letter.charCodeAt(0)], at),
    foreign: EINVAL,
    exact: true,
  };

  function written(length: number, ...addresses: readonly (readonly [at: number, letter: string])[]): Uint8Array {
    const bytes = new Uint8Array(length);
    bytes[0] = 3;
    for (const [at, letter] of addresses) letters.put(bytes, at, letter);
    return bytes;
  }

  it('hold addresses of any family', () => {
    expect(groupReq(letters, written(136, [8, 'g']))).toEqual({ ifindex: 3, group: 'g' });
    expect(groupSourceReq(letters, written(264, [8, 'g'], [136, 's']))).toEqual({ ifindex: 3, group: 'g', source: 's' });
    const filter = written(400, [8, 'g'], [144, 's'], [272, 't']);
    filter.set([1, 0, 0, 0, 2], 136);
    expect(groupFilter(letters, filter, 400, 2)).toEqual({ ifindex: 3, group: 'g', mode: 1, sources: ['s', 't'] });
    expect(groupFilterAsked(letters, filter)).toEqual({ ifindex: 3, group: 'g' });
    filter[140] = 1;
    expect(putGroupFilter(letters, filter, 0, ['x', 'y', 'z'])).toBe(272);
    expect([filter[136], filter[140], letters.get(filter, 144), letters.get(filter, 272)]).toEqual([0, 3, 'x', 't']);
  });

  it('and nothing else: too short, too long, of another family', () => {
    expect([groupReq(letters, written(135, [8, 'g'])), groupReq(letters, written(136))]).toEqual([-EINVAL, -EINVAL]);
    expect([groupSourceReq(letters, written(265, [8, 'g'], [136, 's'])), groupSourceReq(letters, written(264, [8, 'g']))]).toEqual([-EINVAL, -EADDRNOTAVAIL]);
    const filter = written(272, [8, 'g'], [144, 's']);
    filter[140] = 2;
    expect([groupFilter(letters, filter, 272, 2), groupFilter(letters, filter, 272, 1), groupFilter(letters, filter, 271, 2)]).toEqual([-EINVAL, -ENOBUFS, -ENOBUFS]);
    filter[140] = 1;
    filter[144] = 2;
    expect([groupFilter(letters, filter, 272, 2), groupFilter(letters, filter.subarray(0, 143), 272, 2), groupFilterAsked(letters, filter.subarray(0, 143))]).toEqual([
      -EADDRNOTAVAIL,
      -EINVAL,
      -EINVAL,
    ]);
  });
});

it.each([
  [0, 0, false, true],
  [1, 1, false, true],
  [1, 2, true, false],
  [0, 1, false, false],
  [0, 1, true, true],
  [1, 0, true, true],
])('sockets at %i and %i, wildcards counting: %s, hear the same address: %s', (a, b, wildcard, same) => {
  const at = (inetRcvSaddr: number): InetSk => ({ inetRcvSaddr, pinet6: null, ipv6only: false }) as unknown as InetSk;
  expect(inetRcvSaddrEqual(at(a), at(b), wildcard)).toBe(same);
});

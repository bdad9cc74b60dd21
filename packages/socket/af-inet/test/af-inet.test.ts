import {
  ECONNREFUSED,
  EHOSTUNREACH,
  EMSGSIZE,
  ENETUNREACH,
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
import { type InetProtosw, Inetsw, SockaddrIn, flowHash, icmpErrVerdict, pktinfoCmsg, pktinfoOf, procAddr, sockaddrInCodec } from '../src/index.ts';

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
    const back = sockaddrInCodec.create() as SockaddrIn;
    sockaddrInCodec.decode(bytes, back);
    expect(back).toEqual(new SockaddrIn(0xc0000201, 0x1234));
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
    expect(icmpErrVerdict(type, code, discovers)).toEqual({ errno, hard });
  });
});

it('flows hash the same way every time, and apart from each other', () => {
  expect(flowHash(1, 2, 3, 4, 5)).toBe(flowHash(1, 2, 3, 4, 5));
  const hashes = new Set(Array.from({ length: 1000 }, (_v, port) => flowHash(7, 0x0a000001, 53, 0x0a000002, port)));
  expect(hashes.size).toBe(1000);
});

it('addresses in /proc are as they lie in memory', () => {
  expect(procAddr(0x7f000001, 53)).toBe('0100007F:0035');
  expect(procAddr(0xffffffff, 65535)).toBe('FFFFFFFF:FFFF');
});

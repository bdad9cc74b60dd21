/** What a second network layer finds beside UDP over IPv4: a socket of a family that there is none of, with addresses only its hash knows. */
import { SKB_DROP_REASON_UDP_CSUM, type Net, type SkBuff } from '@skbuff/core';
import { AF_INET, EADDRINUSE, IPPROTO_UDP, SOCK_DGRAM, UDP_CORK, UDP_MIB_CSUMERRORS, UDP_MIB_INDATAGRAMS, UDP_MIB_INERRORS, UDP_MIB_MAX, UDP_MIB_RCVBUFERRORS } from '@skbuff/uapi';
import { sin } from '@skbuff/testbed';
import { setBe16, setLe32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import {
  UdpSock,
  udpEnqueueScheduleSkb,
  udpLibClose,
  udpLibGetPort,
  udpLibRehash,
  udpLibSetsockopt,
  udpNet,
  udpPoll,
  udpProt,
  udpRcvDrop,
  udpRecvIntact,
} from '../src/index.ts';
import { useLab } from './support.ts';

const t = useLab();
const FAMILY = 44;
const HASH = 0x5eed0000;

function other(net: Net): UdpSock {
  return new UdpSock(net, FAMILY, SOCK_DGRAM, IPPROTO_UDP, udpProt, true);
}

/** A datagram that arrived over whatever it was, `data` at its header; nobody vouches for it, and its sum is wrong if `damaged`. */
function datagram(net: Net, length: number, damaged: boolean): SkBuff {
  const skb = net.skbs.alloc(length) as SkBuff;
  skb.transportHeader = skb.putZero(length);
  setBe16(skb.bytes, skb.transportHeader + 4, length);
  // All zeros but the length, whose sum the pseudo-header takes away again.
  skb.csum = (~length & 0xffff) + (damaged ? 1 : 0);
  return skb;
}

describe('a socket of another family', () => {
  it('shares the ports, but not the files of /proc', () => {
    const { lab } = t;
    const sk = other(lab.a);
    expect(udpLibGetPort(sk, 5353, HASH)).toBe(0);
    const fd = lab.ta.socket(AF_INET, SOCK_DGRAM);
    expect(lab.ta.bind(fd, sin('0.0.0.0', 5353))).toBe(-EADDRINUSE);
    expect(lab.ta.bind(fd, sin('0.0.0.0', 5354))).toBe(0);
    expect(lab.proc(lab.a, 'udp').trimEnd().split('\n').slice(1).map((line) => line.split(/\s+/)[2])).toEqual(['00000000:14EA']);
    udpLibClose(sk);
    expect(lab.ta.bind(lab.ta.socket(AF_INET, SOCK_DGRAM), sin('0.0.0.0', 5353))).toBe(0);
  });

  it('is found by the hash of its address and port, also after the address changed', () => {
    const { table } = udpNet.of(t.lab.a);
    const sk = other(t.lab.a);
    udpLibGetPort(sk, 5353, HASH);
    expect(table.addrChain(HASH ^ 5353) === sk).toBe(true);
    udpLibRehash(sk, HASH + 1);
    expect([table.addrChain(HASH ^ 5353) === sk, table.addrChain(HASH + 1) === sk]).toEqual([false, true]);
    udpLibClose(sk);
    expect(table.addrChain(HASH + 1)).toBe(null);
  });

  it('sends by its own means what it has corked', () => {
    const sk = other(t.lab.a);
    const pushed: UdpSock[] = [];
    const cork = (on: number): number => {
      const value = new Uint8Array(4);
      setLe32(value, 0, on);
      return udpLibSetsockopt(sk, UDP_CORK, value, (which) => pushed.push(which));
    };
    expect([cork(1), pushed.length, sk.corkFlag]).toEqual([0, 0, true]);
    expect([cork(0), pushed.length, pushed[0] === sk]).toEqual([0, 1, true]);
    udpLibClose(sk);
  });
});

describe('counters', () => {
  it('are those of the family that hands them in', () => {
    const { lab } = t;
    const sk = other(lab.a);
    const stats = new Float64Array(UDP_MIB_MAX);
    sk.rcvbuf = 1;
    udpEnqueueScheduleSkb(sk, datagram(lab.a, 100, true), stats);
    udpEnqueueScheduleSkb(sk, datagram(lab.a, 100, false), stats);
    expect([sk.receiveQueue.qlen, sk.drops, stats[UDP_MIB_RCVBUFERRORS], stats[UDP_MIB_INERRORS]]).toEqual([1, 1, 1, 1]);
    expect(udpPoll(sk, stats) & 1).toBe(0);
    udpRcvDrop(datagram(lab.a, 100, true), stats, SKB_DROP_REASON_UDP_CSUM);
    expect([sk.receiveQueue.qlen, sk.drops, stats[UDP_MIB_CSUMERRORS], stats[UDP_MIB_INERRORS]]).toEqual([0, 2, 2, 3]);
    expect([...udpNet.of(lab.a).stats]).toEqual(new Array<number>(UDP_MIB_MAX).fill(0));
    udpLibClose(sk);
  });

  it('leave out a datagram that is damaged, and read the one after it', () => {
    const sk = other(t.lab.a);
    const stats = new Float64Array(UDP_MIB_MAX);
    for (const damaged of [true, false]) udpEnqueueScheduleSkb(sk, datagram(t.lab.a, 100, damaged), stats);
    const [bad, good] = [sk.receiveQueue.dequeue() as SkBuff, sk.receiveQueue.first as SkBuff];
    const got = udpRecvIntact(sk, bad, 0, stats);
    expect([got === good, stats[UDP_MIB_CSUMERRORS], stats[UDP_MIB_INDATAGRAMS]]).toEqual([true, 1, 0]);
    good.consume();
    udpLibClose(sk);
  });
});

import { createKernel, HZ, type Kernel, type Net, type SkBuff, VirtualClock } from '@skbuff/core';
import { EAGAIN } from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CtlSock, icmpGlobal, icmpGlobalAllow, icmpGlobalConsume, InetPeer, type InetPeerBase, inetGetpeer, inetPeerXrlimAllow, snmpItems, snmpLines } from '../src/index.ts';

let clock: VirtualClock;
let kernel: Kernel;
let net: Net;

beforeEach(() => {
  clock = new VirtualClock();
  kernel = createKernel({ clock, debug: true });
  net = kernel.initNet;
});

afterEach(() => {
  expect(kernel.shutdown()).toEqual({});
});

describe('peers', () => {
  it('are made when first asked for, in each base its own', () => {
    const [v4, other] = [new Map(), new Map()] as [InetPeerBase<number>, InetPeerBase<string>];
    const peer = inetGetpeer(v4, 0x0a000001, 5);
    expect([inetGetpeer(v4, 0x0a000001, 9) === peer, peer.dtime]).toEqual([true, 9]);
    expect([inetGetpeer(v4, 0x0a000002, 9) === peer, inetGetpeer(other, '10.0.0.1', 9) === peer]).toEqual([false, false]);
    expect([v4.size, other.size]).toEqual([2, 1]);
  });

  it('are forgotten when there are too many: those that were not used for two minutes, else all', () => {
    const base = new Map<number, InetPeer>();
    const full = 65536 + 128;
    for (let i = 0; i < full; i++) inetGetpeer(base, i, i < 10 ? 0 : 200 * HZ);
    inetGetpeer(base, full, 200 * HZ);
    expect([base.size, base.has(0), base.has(10)]).toEqual([full - 10 + 1, false, true]);
    for (let i = 0; i < 10; i++) inetGetpeer(base, full + 1 + i, 201 * HZ);
    expect([base.size, base.has(full + 10)]).toEqual([1, true]);
  });

  it('may get six packets of a kind at once, then one in each time', () => {
    const peer = new InetPeer(0);
    const sent = (now: number): number => {
      let count = 0;
      while (inetPeerXrlimAllow(peer, now, HZ)) count++;
      return count;
    };
    expect([sent(0), sent(HZ - 1), sent(HZ), sent(3 * HZ), sent(100 * HZ)]).toEqual([6, 0, 1, 2, 6]);
  });
});

describe('the limit of ICMP messages', () => {
  it('is a credit that comes back when it is used up, 20 ms later at the soonest', () => {
    const limit = icmpGlobal(net);
    expect([icmpGlobalAllow(net), limit.credit]).toEqual([true, 50]);
    limit.credit = 0;
    clock.advance(19e6);
    expect(icmpGlobalAllow(net)).toBe(false);
    clock.advance(1e6);
    expect([icmpGlobalAllow(net), limit.credit]).toEqual([true, 20]);
    limit.credit = 0;
    limit.msgsPerSec = 0;
    clock.advance(10e9);
    expect(icmpGlobalAllow(net)).toBe(false);
  });

  it('takes 0, 1 or 2 for a message', () => {
    const limit = icmpGlobal(net);
    const seen = new Set<number>();
    for (let i = 0; i < 200; i++) {
      limit.credit = 10;
      icmpGlobalConsume(net);
      seen.add(limit.credit);
    }
    expect([...seen].sort()).toEqual([10, 8, 9]);
  });
});

it('charges a socket of the stack for what it sends, until that is gone', () => {
  const sk = new CtlSock(net, 1000);
  const skb = kernel.skbs.alloc(900) as SkBuff;
  expect(sk.mayAlloc()).toBe(0);
  sk.setOwnerW(skb);
  expect([sk.wmemAlloc, skb.sk === sk, sk.mayAlloc()]).toEqual([skb.truesize, true, -EAGAIN]);
  skb.consume();
  expect([sk.wmemAlloc, sk.mayAlloc()]).toEqual([0, 0]);
});

it('writes counters as a line of names and one of values', () => {
  const mib = Float64Array.of(0, 7, 8, 9);
  expect(snmpLines('Ip', snmpItems(mib, [['InReceives', 1], ['OutRequests', 3]]))).toBe('Ip: InReceives OutRequests\nIp: 7 9\n');
});

/** Messages of all types cut at every length, and with bytes that chance has changed: nothing is thrown and nothing leaks. */
import { type NetDevice, SKB_CONSUMED, SKB_NOT_DROPPED_YET } from '@skbuff/core';
import { ip6Bytes, ip6Packet } from '@skbuff/testkit';
import { NUD_STALE } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { be32Bytes, na, ns, ra, redirect, rs, S, sll, tll } from './frames.ts';
import { useHost } from './support.ts';

const t = useHost();
let eth0: NetDevice;

beforeEach(() => {
  eth0 = t.h.eth('eth0', '01', 'fe80::1/64', '2001:db8::1/64');
  const { cnf } = t.h.idev(eth0);
  cnf.forwarding = 1;
  cnf.acceptRa = 2;
  cnf.acceptRaRtInfoMaxPlen = 128;
  t.h.known(eth0, '2001:db8::2', '02', NUD_STALE);
});

const prefix = [3, 4, 64, 0xc0, ...be32Bytes(3600), ...be32Bytes(1800), 0, 0, 0, 0, ...ip6Bytes('2001:db8:1::')];
const route = [24, 2, 48, 0, ...be32Bytes(600), ...ip6Bytes('2001:db8:2::').subarray(0, 8)];
const quoted = [4, 7, 0, 0, 0, 0, 0, 0, ...ip6Packet({ saddr: '2001:db8::1', daddr: '2001:db8:9::9' })];

const whole: readonly (readonly [string, Uint8Array])[] = [
  ['a solicitation', ns('2001:db8::2', '2001:db8::1', '2001:db8::1', [...sll('02'), 14, 1, 1, 2, 3, 4, 5, 6])],
  ['an advertisement', na('2001:db8::2', '2001:db8::1', '2001:db8::2', S, tll('02'))],
  ['a router solicitation', rs('fe80::2', sll('02'))],
  ['a router advertisement', ra({ options: [...sll('02'), ...prefix, 5, 1, 0, 0, ...be32Bytes(1400), ...route] })],
  ['a redirect', redirect('fe80::2', 'fe80::3', '2001:db8:9::9', [...tll('03'), ...quoted])],
];

describe.each(whole)('%s', (_what, frame) => {
  it('of whatever length has a reason', () => {
    const reasons = new Set<number>();
    for (let len = 54 + 8; len <= frame.length; len++) {
      t.h.receive(eth0, frame.slice(0, len));
      reasons.add(t.h.reason);
    }
    expect([reasons.has(SKB_NOT_DROPPED_YET), reasons.has(SKB_CONSUMED), reasons.size > 1]).toEqual([false, true, true]);
  });

  it('with changed bytes has one', () => {
    const random = t.h.kernel.random.fork('broken');
    for (let i = 0; i < 500; i++) {
      const broken = frame.slice();
      for (let n = 0; n <= random.below(3); n++) broken[22 + random.below(frame.length - 22)] = random.below(256);
      t.h.receive(eth0, broken);
      expect(t.h.reason).toBeGreaterThan(0);
    }
  });
});

/** Redirects, heard and sent. */
import { dropReasonName, type NetDevice } from '@skbuff/core';
import { ip6Packet } from '@skbuff/testkit';
import { IFA_F_TENTATIVE, NUD_STALE } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { addr6, redirect, tll } from './frames.ts';
import { MS, useHost } from './support.ts';

const t = useHost();
let eth0: NetDevice;

beforeEach(() => {
  eth0 = t.h.eth('eth0', '01', 'fe80::1/64', '2001:db8::1/64');
});

describe('a redirect that comes in', () => {
  const quoted = (len: number): number[] => [4, (len + 8) / 8, 0, 0, 0, 0, 0, 0, ...ip6Packet({ saddr: '2001:db8::1', daddr: '2001:db8:9::9', payload: new Uint8Array(len - 40) })];
  const hears = (saddr: string, options: readonly number[], cut = 0): [string, string[]] => {
    t.h.receive(eth0, redirect(saddr, 'fe80::3', '2001:db8:9::9', options), (skb) => void (cut > 0 && skb.trim(cut)));
    return [dropReasonName(t.h.reason), t.h.told()];
  };

  it('is for the transport of the packet that it quotes [NDISC-23]', () => {
    expect(hears('fe80::2', [...tll('03'), ...quoted(48)])).toEqual(['CONSUMED', ['notify 137/0 0: 2001:db8::1 > 2001:db8:9::9']]);
  });

  it('is for routing alone where it quotes nothing [NDISC-23]', () => {
    expect(hears('fe80::2', tll('03'))).toEqual(['NOT_SPECIFIED', ['redirect without header']]);
  });

  it.each([
    ['does not come from the link', '2001:db8::2', tll('03'), 0, 'NOT_SPECIFIED'],
    ['has an option of length 0', 'fe80::2', [2, 0, 0, 0, 0, 0, 0, 0], 0, 'IPV6_NDISC_BAD_OPTIONS'],
    ['is cut off', 'fe80::2', [], 39, 'IPV6_NDISC_BAD_OPTIONS'],
  ])('and %s is dropped [NDISC-23]', (_what, saddr, options, cut, reason) => {
    expect(hears(saddr, options, cut)).toEqual([reason, []]);
  });

  it('makes its target a neighbour, and a router unless the target is who is looked for [NDISC-23]', () => {
    const { h } = t;
    h.receive(eth0, redirect('fe80::2', 'fe80::3', '2001:db8:9::9', tll('03')), (skb) => {
      expect(h.nd.redirectTarget(skb, false)?.nudState).toBe(NUD_STALE);
    });
    h.receive(eth0, redirect('fe80::2', '2001:db8:9::9', '2001:db8:9::9', tll('09')), (skb) => {
      expect(h.nd.redirectTarget(skb, true)?.nudState).toBe(NUD_STALE);
    });
    expect(h.neigh()).toEqual(['2001:db8:9::9 eth0 09 STALE', 'fe80::3 eth0 03 router STALE']);
    h.receive(eth0, redirect('fe80::2', 'fe80::4', '2001:db8:9::9', [2, 2, ...new Array<number>(14).fill(0)]), (skb) => {
      expect(h.nd.redirectTarget(skb, false)).toBe(null);
    });
  });
});

describe('a redirect that goes out', () => {
  const sends = (target: string, daddr: string, len = 48): string[] => {
    t.h.take();
    const skb = t.h.packet('2001:db8::2', daddr, len);
    skb.dev = eth0;
    t.h.nd.sendRedirect(skb, addr6(target));
    skb.consume();
    t.h.clock.advance(0);
    return [...t.h.sent];
  };

  beforeEach(() => {
    t.h.known(eth0, '2001:db8::2', '02', NUD_STALE);
  });

  it('names the better hop, its link-layer address if it is known, and quotes the packet [NDISC-23]', () => {
    const { h } = t;
    const HEAD = 'eth0 01 > 02 fe80::1 > 2001:db8::2 redirect';
    expect(sends('fe80::3', '2001:db8:9::9')).toEqual([`${HEAD} fe80::3 for 2001:db8:9::9 option 4 of 56`]);
    h.clock.advance(1000 * MS);
    h.known(eth0, '2001:db8::3', '03', NUD_STALE);
    expect(sends('2001:db8::3', '2001:db8::3')).toEqual([`${HEAD} 2001:db8::3 for 2001:db8::3 tll 03 option 4 of 56`]);
    const frame = h.frames.at(-1) as Uint8Array;
    expect([frame.length, [...frame.subarray(14 + 40 + 40 + 8 + 8, 14 + 40 + 40 + 8 + 8 + 8)]]).toEqual([158, [0x60, 0, 0, 0, 0, 8, 17, 64]]);
  });

  it('is what Linux sends, byte for byte [NDISC-23]', () => {
    const { h } = t;
    h.known(eth0, 'fe80::3', '03', NUD_STALE);
    sends('fe80::3', '2001:db8:9::9');
    const [head, ...words] = ['02000000000202000000000186dd6000000000683aff', 'fe800000000000000000000000000001', '20010db8000000000000000000000002', '890048f700000000'];
    const rest = 'fe80000000000000000000000000000320010db800090000000000000000000902010200000000030407000000000000';
    const quoted = '600000000008114020010db800000000000000000000000220010db80009000000000000000000090000000000000000';
    expect(Buffer.from(h.frames.at(-1) as Uint8Array).toString('hex')).toBe([head, ...words, rest, quoted].join(''));
  });

  it('is no longer than 1280 bytes [NDISC-23]', () => {
    sends('fe80::3', '2001:db8:9::9', 1500);
    expect((t.h.frames.at(-1) as Uint8Array).length).toBe(14 + 1280);
  });

  it('is not sent to a host more than six times at once, then once a second [NDISC-23]', () => {
    const counts = Array.from({ length: 8 }, () => sends('fe80::3', '2001:db8:9::9').length);
    expect(counts).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
    t.h.clock.advance(1000 * MS);
    expect([sends('fe80::3', '2001:db8:9::9').length, sends('fe80::3', '2001:db8:9::9').length]).toEqual([1, 0]);
  });

  it('needs a hop on the link, a sender on the link and an address to send from [NDISC-23]', () => {
    const { h } = t;
    expect(sends('2001:db8::7', '2001:db8:9::9')).toEqual([]);
    h.gateway = addr6('fe80::9');
    expect(sends('fe80::3', '2001:db8:9::9')).toEqual([]);
    h.gateway = null;
    (h.idev(eth0).addrList.find((ifa) => ifa.addr.isLinkLocal()) as { flags: number }).flags |= IFA_F_TENTATIVE;
    expect(sends('fe80::3', '2001:db8:9::9')).toEqual([]);
  });
});

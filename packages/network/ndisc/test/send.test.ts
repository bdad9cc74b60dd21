/** Messages that are sent, byte for byte, and what is counted. */
import { type NetDevice, type NfHookOps, nfRegisterNetHook, nfUnregisterNetHook, SKB_DROP_REASON_NETFILTER_DROP, type SkBuff } from '@skbuff/core';
import { IFA_F_OPTIMISTIC, IFA_F_PERMANENT, IFA_F_TENTATIVE, IPSTATS_MIB_OUTREQUESTS, NF_ACCEPT, NF_DROP, NF_INET_LOCAL_OUT, NF_STOLEN, NFPROTO_IPV6, NUD_REACHABLE } from '@skbuff/uapi';
import { in6addrAny, in6addrLinklocalAllrouters } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { addr6 } from './frames.ts';
import { useHost } from './support.ts';

const t = useHost();
let eth0: NetDevice;

beforeEach(() => {
  eth0 = t.h.eth('eth0', '01', 'fe80::1/64', '2001:db8::1/64');
});

/** What is sent by `send`, from the IPv6 header on. */
function bytes(send: () => void): string {
  t.h.take();
  send();
  t.h.clock.advance(0);
  expect(t.h.frames.length).toBe(1);
  return Buffer.from((t.h.frames[0] as Uint8Array).subarray(14)).toString('hex');
}

const GROUP8 = addr6('ff02::1:ff00:8');
const FE80_1 = 'fe80000000000000' + '0000000000000001';

it('builds a solicitation as Linux does: target, link-layer address [NDISC-08] [NDISC-10]', () => {
  const { nd } = t.h;
  const expected = `6000000000203aff${FE80_1}ff0200000000000000000001ff00000887004b530000000020010db80000000000000000000000080101020000000001`;
  expect(bytes(() => nd.sendNs(eth0, addr6('2001:db8::8'), GROUP8, null, 0, 0))).toBe(expected);
});

it('builds an advertisement and a router solicitation as Linux does [NDISC-08] [NDISC-11]', () => {
  const { h } = t;
  const all = addr6('ff02::1');
  const na = `6000000000203aff20010db8000000000000000000000001ff0200000000000000000000000000018800f91c2000000020010db8000000000000000000000001020102000000000f`;
  eth0.devAddr[5] = 0x0f;
  expect(bytes(() => h.nd.sendNa(eth0, all, addr6('2001:db8::1'), false, false, true, true))).toBe(na);
  eth0.devAddr[5] = 0x01;
  const rs = `6000000000103aff${FE80_1}ff02000000000000000000000000000285007a2c000000000101020000000001`;
  expect(bytes(() => h.nd.sendRs(eth0, addr6('fe80::1'), addr6('ff02::2')))).toBe(rs);
});

it('builds the question whether an address is taken as Linux does: from nobody, with a nonce [NDISC-08] [DAD-02]', () => {
  const { nd } = t.h;
  const nobody = '0'.repeat(32);
  const recorded = `6000000000203aff${nobody}ff0200000000000000000001ff0000088700b45d0000000020010db80000000000000000000000080e019f70aae9401e`;
  expect(bytes(() => nd.sendNs(eth0, addr6('2001:db8::8'), GROUP8, in6addrAny.clone(), 0x9f70, 0xaae9401e))).toBe(recorded);
  expect(bytes(() => nd.sendNs(eth0, addr6('2001:db8::8'), GROUP8, in6addrAny.clone(), 0x9f70, 0xaae9401e | 0))).toBe(recorded);
  expect(bytes(() => nd.sendNs(eth0, addr6('2001:db8::8'), GROUP8, in6addrAny.clone(), 0, 0)).length).toBe(2 * 64);
});

it('has no link-layer address where the device has none, and the traffic class of ndisc_tclass [NDISC-10] [NDISC-11]', () => {
  const { h } = t;
  h.known(eth0, 'fe80::2', '02', NUD_REACHABLE);
  h.idev(eth0).cnf.ndiscTclass = 0xc0;
  const na = bytes(() => h.nd.sendNa(eth0, addr6('fe80::2'), addr6('fe80::1'), true, true, true, false));
  expect([na.slice(0, 16), na.length / 2, na.slice(88, 96)]).toEqual(['6c00000000183aff', 64, 'e0000000']);
  (eth0 as { addrLen: number }).addrLen = 0;
  expect(bytes(() => h.nd.sendNa(eth0, addr6('fe80::2'), addr6('fe80::1'), true, true, true, true)).length / 2).toBe(64);
  expect(bytes(() => h.nd.sendNs(eth0, addr6('2001:db8::8'), GROUP8, null, 0, 0)).length / 2).toBe(64);
  (eth0 as { addrLen: number }).addrLen = 6;
});

describe('an advertisement', () => {
  const sends = (flags: number, forceTllao: number): string => {
    const { h } = t;
    h.known(eth0, 'fe80::2', '02', NUD_REACHABLE);
    h.addr(eth0, '2001:db8::7/64', flags);
    h.idev(eth0).cnf.forceTllao = forceTllao;
    h.nd.sendNa(eth0, addr6('fe80::2'), addr6('2001:db8::7'), false, true, true, false);
    h.clock.advance(0);
    return h.take().at(-1) as string;
  };

  it.each([
    ['replaces what is known', IFA_F_PERMANENT, 0, 'SO'],
    ['does not, of an optimistic address', IFA_F_OPTIMISTIC | IFA_F_TENTATIVE, 0, 'S'],
    ['says where it comes from even if that is known, with force_tllao', IFA_F_PERMANENT, 1, 'SO tll 01'],
  ])('%s [NDISC-09] [NDISC-11]', (_what, flags, forceTllao, expected) => {
    expect(sends(flags, forceTllao)).toBe(`eth0 01 > 02 2001:db8::7 > fe80::2 NA 2001:db8::7 ${expected}`);
  });
});

describe('a router solicitation', () => {
  it('says where it comes from, if its address is sure [NDISC-02]', () => {
    const { h } = t;
    const send = (saddr: string): string => {
      h.nd.sendRs(eth0, addr6(saddr), in6addrLinklocalAllrouters.clone());
      h.clock.advance(0);
      return h.take().at(-1) as string;
    };
    expect(send('fe80::1')).toBe('eth0 01 > 33:33:00:00:00:02 fe80::1 > ff02::2 RS sll 01');
    expect(send('::')).toBe('eth0 01 > 33:33:00:00:00:02 :: > ff02::2 RS');
    h.addr(eth0, 'fe80::7/64', IFA_F_OPTIMISTIC | IFA_F_TENTATIVE);
    expect(send('fe80::7')).toBe('eth0 01 > 33:33:00:00:00:02 fe80::7 > ff02::2 RS');
  });
});

it('goes past the hooks of what is sent, and counts what has passed [NDISC-10]', () => {
  const { h } = t;
  let verdict = NF_DROP;
  const seen: string[] = [];
  const ops: NfHookOps = {
    hook: (_priv: unknown, skb: SkBuff) => {
      seen.push(`${skb.len} ${skb.sk === null ? 'nobody' : 'socket'}`);
      if (verdict === NF_STOLEN) skb.consume();
      return verdict;
    },
    pf: NFPROTO_IPV6,
    hooknum: NF_INET_LOCAL_OUT,
    priority: 0,
  };
  expect(nfRegisterNetHook(h.net, ops)).toBe(0);
  const requests = (): number[] => [h.state.stats[IPSTATS_MIB_OUTREQUESTS] as number, h.idev(eth0).stats[IPSTATS_MIB_OUTREQUESTS] as number];
  h.calls.length = 0;
  h.nd.sendNs(eth0, addr6('2001:db8::8'), GROUP8, null, 0, 0);
  expect([h.calls, requests(), h.kernel.skbs.drops[SKB_DROP_REASON_NETFILTER_DROP]]).toEqual([[], [1, 1], 1]);
  verdict = NF_ACCEPT;
  h.nd.sendNs(eth0, addr6('2001:db8::8'), GROUP8, null, 0, 0);
  h.clock.advance(0);
  expect([h.calls, requests(), seen]).toEqual([['count 135 eth0'], [2, 2], ['72 socket', '72 socket']]);
  verdict = NF_STOLEN;
  h.calls.length = 0;
  h.nd.sendNs(eth0, addr6('2001:db8::8'), GROUP8, null, 0, 0);
  expect([h.calls, h.sent.length]).toEqual([['count 135 eth0'], 1]);
  nfUnregisterNetHook(h.net, ops);
});

it('sends nothing without routing [NDISC-10]', () => {
  const { h } = t;
  const { routing } = h.ip;
  h.ip.routing = null;
  h.nd.sendNs(eth0, addr6('2001:db8::8'), GROUP8, null, 0, 0);
  h.ip.routing = routing;
  expect([h.during(0), h.drops()]).toEqual([[], { NOT_SPECIFIED: 1 }]);
});

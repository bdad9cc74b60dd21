/** RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE: errno, text and bytes are what a Linux 6.18 gave for the same requests. */
import { devOpen } from '@skbuff/core';
import { inetNtoa } from '@skbuff/wire';
import { type NetlinkPort, type NlMsgBuilder, type NlReply, RtMsg, RtNextHop } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { ip4, payload, useHost } from './support.ts';

const t = useHost();
let port: NetlinkPort;
let strict: NetlinkPort;
/** Index of the interface with 10.0.0.1/24, and of one that is down. */
const V0 = 3;
const DOWN = 5;

/** As the namespace that the answers were recorded in: lo, v1, v0 (10.0.0.1/24), w1, w0; the last two down. */
beforeEach(() => {
  t.h.loUp();
  const v1 = t.h.device('v1');
  const v0 = t.h.device('v0');
  t.h.device('w1');
  t.h.device('w0');
  expect([devOpen(v1), devOpen(v0)]).toEqual([0, 0]);
  t.h.addr(v0, '10.0.0.1/24');
  port = t.h.port();
  strict = t.h.port({ strict: true });
});

type Attrs = (b: NlMsgBuilder) => void;
const join = (...list: Attrs[]): Attrs => (b) => list.forEach((put) => put(b));
const addr = (type: number, text: string): Attrs => (b) => b.nlaPutInAddr(type, ip4(text));
const u32 = (type: number, value: number): Attrs => (b) => b.nlaPutU32(type, value);
const raw = (type: number, ...bytes: number[]): Attrs => (b) => b.nlaPut(type, Uint8Array.from(bytes));
const dst = (text: string): Attrs => addr(U.RTA_DST, text);
const gw = (text: string): Attrs => addr(U.RTA_GATEWAY, text);
const oif = (index: number): Attrs => u32(U.RTA_OIF, index);
const metrics = (put: Attrs): Attrs => (b) => {
  const nest = b.nlaNestStartNoflag(U.RTA_METRICS);
  put(b);
  b.nlaNestEnd(nest);
};
const nexthop = (ifindex: number, flags = 0, hops = 0, put: Attrs = () => {}): Attrs => (b) => {
  const at = b.put(RtNextHop.LEN);
  put(b);
  RtNextHop.of({ len: b.len - at, flags, hops, ifindex }).write(b.buf, at);
};
const multipath = (...list: Attrs[]): Attrs => (b) => {
  const nest = b.nlaNestStartNoflag(U.RTA_MULTIPATH);
  list.forEach((put) => put(b));
  b.nlaNestEnd(nest);
};
const via4 = (...bytes: number[]): Attrs => raw(U.RTA_VIA, U.AF_INET, 0, ...bytes);

const CREATE = U.NLM_F_CREATE | U.NLM_F_EXCL;
const base: Partial<RtMsg> = { dstLen: 16, protocol: U.RTPROT_BOOT, type: U.RTN_UNICAST };

function add(rtm: Partial<RtMsg>, attrs: Attrs, flags: number = CREATE): NlReply {
  return t.h.talk(port, U.RTM_NEWROUTE, flags, { ...base, ...rtm }, attrs);
}

function del(attrs: Attrs, rtm: Partial<RtMsg> = {}): NlReply {
  return t.h.talk(port, U.RTM_DELROUTE, 0, { dstLen: 16, scope: U.RT_SCOPE_NOWHERE, ...rtm }, attrs);
}

const D = dst('10.1.0.0');
const { EINVAL, ENODEV, ENETDOWN, ENETUNREACH, ERANGE, ESRCH, EEXIST, ENOENT, EAFNOSUPPORT } = U;

describe('requests that are refused', () => {
  it.each<[why: string, rtm: Partial<RtMsg>, attrs: Attrs, error: number, text: string]>([
    ['a prefix length over 32', { dstLen: 33 }, join(D, oif(V0)), -EINVAL, 'Invalid prefix length'],
    ['bits beyond the prefix', {}, join(dst('10.1.1.0'), oif(V0)), -EINVAL, 'Invalid prefix for given prefix length'],
    ['ECN bits in the TOS', { tos: 3 }, join(D, oif(V0)), -EINVAL, 'Invalid dsfield (tos): ECN bits must be 0'],
    ['a type that does not exist', { type: 12 }, join(D, oif(V0)), -EINVAL, 'Invalid route type'],
    ['no type', { type: 0 }, join(D, oif(V0)), -EINVAL, 'Invalid scope'],
    ['XRESOLVE with a device', { type: 11, scope: 255 }, join(D, oif(V0)), -EINVAL, 'Gateway, device and multipath can not be specified for this route type'],
    ['scope nowhere', { scope: 255 }, join(D, oif(V0)), -EINVAL, 'Invalid scope'],
    ['a local route of scope universe', { type: U.RTN_LOCAL }, join(D, oif(V0)), -EINVAL, 'Invalid scope'],
    ['the flag DEAD', { flags: 1 }, join(D, oif(V0)), -EINVAL, 'Invalid rtm_flags - can not contain DEAD or LINKDOWN'],
    ['the flag LINKDOWN', { flags: 16 }, join(D, oif(V0)), -EINVAL, 'Invalid rtm_flags - can not contain DEAD or LINKDOWN'],
    ['onlink without a gateway', { flags: 4 }, join(D, oif(V0)), -EINVAL, 'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set'],
    ['pervasive without a gateway', { flags: 2 }, join(D, oif(V0)), -EINVAL, 'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set'],
    ['neither device nor gateway', {}, D, -ENODEV, ''],
    ['a device that does not exist', {}, join(D, oif(999)), -ENODEV, ''],
    ['a device that is down', {}, join(D, oif(DOWN)), -ENETDOWN, 'Device for nexthop is not up'],
    ['onlink on a device that is down', { flags: 4 }, join(D, oif(DOWN), gw('1.1.1.1')), -ENETDOWN, 'Nexthop device is not up'],
    ['onlink without a device', { flags: 4 }, join(D, gw('1.1.1.1')), -ENODEV, 'Nexthop device required for onlink'],
    ['onlink by an address of its own', { flags: 4 }, join(D, oif(V0), gw('10.0.0.1')), -EINVAL, 'Nexthop has invalid gateway'],
    ['onlink of scope link', { flags: 4, scope: 253 }, join(D, oif(V0), gw('10.0.0.7')), -EINVAL, 'Nexthop has invalid scope'],
    ['a gateway that cannot be reached', {}, join(D, gw('11.0.0.1')), -ENETUNREACH, 'Nexthop has invalid gateway'],
    ['a broadcast address as gateway', {}, join(D, gw('10.0.0.255')), -EINVAL, 'Nexthop has invalid gateway'],
    ['a gateway on another device', {}, join(D, gw('10.0.0.9'), oif(1)), -ENETUNREACH, 'Nexthop has invalid gateway'],
    ['a gateway for a route of scope link', { scope: 253 }, join(D, gw('10.0.0.9')), -ENETUNREACH, 'Nexthop has invalid gateway'],
    ['a gateway for a route of scope host', { scope: 254 }, join(D, gw('10.0.0.9')), -EINVAL, 'Route with host scope can not have a gateway'],
    ['scope host without its device', { scope: 254 }, join(D, oif(999)), -ENODEV, ''],
    ['a preferred source that is not ours', {}, join(D, oif(V0), addr(U.RTA_PREFSRC, '10.0.0.88')), -EINVAL, 'Invalid prefsrc address'],
    ['a metric that does not exist', {}, join(D, oif(V0), metrics(u32(18, 5))), -EINVAL, 'Invalid metric type'],
    ['a metric of two bytes', {}, join(D, oif(V0), metrics(raw(U.RTAX_MTU, 1, 2))), -EINVAL, 'Invalid attribute in metrics'],
    ['an unknown feature', {}, join(D, oif(V0), metrics(u32(U.RTAX_FEATURES, 0x100))), -EINVAL, 'Unknown flag set in feature mask in metrics attribute'],
    ['an unknown congestion control', {}, join(D, oif(V0), metrics((b) => b.nlaPutString(U.RTAX_CC_ALGO, 'nosuch'))), -EINVAL, 'Unknown tcp congestion algorithm'],
    ['a nexthop object', {}, join(D, u32(U.RTA_NH_ID, 5)), -EINVAL, 'Nexthop id does not exist'],
    ['a nexthop object and a device', {}, join(D, u32(U.RTA_NH_ID, 5), oif(V0)), -EINVAL, 'Nexthop specification and nexthop id are mutually exclusive'],
    ['two gateways', {}, join(D, gw('10.0.0.9'), via4(10, 0, 0, 9)), -EINVAL, 'Nexthop configuration can not contain both GATEWAY and VIA'],
    ['a via of one byte', {}, join(D, raw(U.RTA_VIA, 2)), -EINVAL, 'Invalid attribute length for RTA_VIA'],
    ['a via of family 7', {}, join(D, raw(U.RTA_VIA, 7, 0, 1, 2, 3, 4)), -EINVAL, 'Unsupported address family in RTA_VIA'],
    ['a via of five bytes', {}, join(D, via4(1, 2, 3, 4, 5)), -EINVAL, 'Invalid IPv4 address in RTA_VIA'],
    ['an IPv6 gateway', {}, join(D, oif(V0), raw(U.RTA_VIA, 10, 0, 0xfe, 0x80, ...new Array<number>(13).fill(0), 1)), -EAFNOSUPPORT, 'IPv6 support not enabled in kernel'],
    ['an encapsulation', {}, join(D, oif(V0), raw(U.RTA_ENCAP_TYPE, 77, 0), raw(U.RTA_ENCAP)), -EINVAL, 'Unknown lwt encapsulation type'],
    ['no nexthop in a list', {}, join(D, raw(U.RTA_MULTIPATH)), -ERANGE, 'Attribute failed policy validation'],
    ['junk behind the nexthops', {}, join(D, multipath(nexthop(V0), (b) => void b.put(4))), -EINVAL, 'Invalid nexthop configuration - extra data after nexthops'],
    ['a dead nexthop', {}, join(D, multipath(nexthop(V0, 1))), -EINVAL, 'Invalid flags for nexthop - can not contain DEAD or LINKDOWN'],
    ['another device than the first nexthop', {}, join(D, oif(1), multipath(nexthop(V0), nexthop(V0))), -EINVAL, 'Nexthop device index does not match RTA_OIF'],
    ['another gateway than the first nexthop', {}, join(D, gw('10.0.0.8'), multipath(nexthop(V0), nexthop(V0))), -EINVAL, 'Nexthop gateway does not match RTA_GATEWAY or RTA_VIA'],
    ['another realm than the first nexthop', {}, join(D, u32(U.RTA_FLOW, 8), multipath(nexthop(V0), nexthop(V0))), -EINVAL, 'Nexthop class id does not match RTA_FLOW'],
    ['two nexthops of scope host', { scope: 254 }, join(D, multipath(nexthop(V0), nexthop(V0, 0, 0, gw('10.0.0.9')))), -EINVAL, 'Route with host scope can not have multiple nexthops'],
    ['a nexthop gateway of two bytes', {}, join(D, multipath(nexthop(V0, 0, 0, raw(U.RTA_GATEWAY, 1, 2)))), -EINVAL, 'Invalid IPv4 address in RTA_GATEWAY'],
    ['a nexthop with two gateways', {}, join(D, multipath(nexthop(V0, 0, 0, join(gw('10.0.0.9'), via4(1, 2, 3, 4))))), -EINVAL, 'Nexthop configuration can not contain both GATEWAY and VIA'],
    ['nexthops for unreachable', { type: 7 }, join(D, multipath(nexthop(V0), nexthop(V0))), -EINVAL, 'Gateway, device and multipath can not be specified for this route type'],
    ['a destination of two bytes', {}, raw(U.RTA_DST, 1, 2), -ERANGE, 'Attribute failed policy validation'],
  ])('%s [FTAB-12]', (_why, rtm, attrs, error, text) => {
    const before = t.h.state.infos.count;
    const reply = add(rtm, attrs);
    expect([reply.error, reply.extack]).toEqual([error, text]);
    expect(t.h.state.infos.count).toBe(before);
  });

  it('a header that is too short, without a word', () => {
    const reply = t.h.talk(port, U.RTM_NEWROUTE, CREATE, {});
    expect(reply.error).toBeLessThan(0);
  });

  it('deletion from a table that does not exist, or of a route that does not [FTAB-08 FTAB-13]', () => {
    const table = del(D, { table: 77 });
    expect([table.error, table.extack]).toEqual([-ESRCH, 'FIB table does not exist']);
    const route = del(dst('10.77.0.0'));
    expect([route.error, route.extack]).toEqual([-ESRCH, '']);
  });
});

/** Sends with NLM_F_ECHO: what comes back, in hex behind the flags. */
function echo(rtm: Partial<RtMsg>, attrs: Attrs): string {
  const { error, msgs } = add(rtm, attrs, CREATE | U.NLM_F_ECHO);
  expect(error).toBe(0);
  return msgs.map((m) => `${m.type} ${m.flags.toString(16)} ${payload(m)}`).join();
}

describe('a route as a message', () => {
  it('cuts metrics to their range [FINFO-13]', () => {
    const put = join(u32(U.RTAX_MTU, 100000), u32(U.RTAX_ADVMSS, 100000), u32(U.RTAX_HOPLIMIT, 300), u32(U.RTAX_LOCK, 4), u32(0, 7), u32(U.RTAX_FEATURES, 1));
    expect(echo({}, join(D, oif(V0), metrics(put)))).toBe(
      '24 600 02100000fe0300010000000008000f00fe000000080001000a0100002c000800080001000400000008000200f0ff000008000800d7ff000008000a00ff00000008000c00010000000800040003000000',
    );
  });

  it('takes an IPv4 gateway from RTA_VIA', () => {
    expect(echo({}, join(D, via4(10, 0, 0, 9)))).toBe('24 600 02100000fe0300010000000008000f00fe000000080001000a010000080005000a0000090800040003000000');
  });

  it('shows one nexthop plainly, however it was given', () => {
    expect(echo({}, join(D, multipath(nexthop(V0, 0, 4, gw('10.0.0.9')))))).toBe(
      '24 600 02100000fe0300010000000008000f00fe000000080001000a010000080005000a0000090800040003000000',
    );
  });

  it('shows several nexthops with their weights and flags [FINFO-16]', () => {
    expect(echo({}, join(dst('10.2.0.0'), multipath(nexthop(V0, 0, 4, gw('10.0.0.9')), nexthop(V0, 4, 0, gw('10.0.0.8')))))).toBe(
      '24 600 02100000fe0300010000000008000f00fe000000080001000a020000240009001000000403000000080005000a0000091000040003000000080005000a000008',
    );
  });

  it('shows an unreachable route without a device [FINFO-17]', () => {
    expect(echo({ type: U.RTN_UNREACHABLE }, dst('10.5.0.0'))).toBe('24 600 02100000fe0300070000000008000f00fe000000080001000a050000');
  });

  it('carries table numbers above 255 in RTA_TABLE only [FTAB-02]', () => {
    const text = echo({}, join(D, oif(V0), u32(U.RTA_TABLE, 1000)));
    expect(text).toContain('02100000fc03');
    expect(text).toContain('08000f00e8030000');
  });
});

describe('NLM_F_CREATE, EXCL, REPLACE, APPEND', () => {
  let listener: NetlinkPort;
  const C = U.NLM_F_CREATE;
  const { NLM_F_EXCL: X, NLM_F_REPLACE: R, NLM_F_APPEND: A } = U;

  const route = (flags: number, gateway: string, to = '10.9.0.0'): number => add({}, join(dst(to), gw(gateway)), flags).error;
  const gateways = (): string[] => t.h.state.main!.store.aliases(ip4('10.9.0.0'), 16).map((fa) => inetNtoa(fa.info.nhs[0].gw));
  const flagsHeard = (): string[] => t.h.heard(listener).map((line) => line.split(' ').slice(0, 2).join(' '));

  beforeEach(() => {
    listener = t.h.port({ groups: U.RTMGRP_IPV4_ROUTE });
    expect(route(C | X, '10.0.0.9')).toBe(0);
    expect(flagsHeard()).toEqual(['24 600']);
  });

  it('refuses a second route with EXCL, whatever its gateway [FTAB-07]', () => {
    expect([route(C | X, '10.0.0.9'), route(C | X, '10.0.0.8'), route(X, '10.0.0.6')]).toEqual([-EEXIST, -EEXIST, -EEXIST]);
    expect(flagsHeard()).toEqual([]);
  });

  it('appends, prepends, and refuses the very same route [FTAB-07]', () => {
    expect([route(C | A, '10.0.0.8'), route(C, '10.0.0.7'), route(C | A, '10.0.0.8'), route(C, '10.0.0.9'), route(0, '10.0.0.9')]).toEqual([0, 0, -EEXIST, -EEXIST, -EEXIST]);
    expect(gateways()).toEqual(['10.0.0.7', '10.0.0.9', '10.0.0.8']);
    expect(flagsHeard()).toEqual(['24 c00', '24 400']);
  });

  it('replaces the first one; the same again changes nothing; one that is there later is in the way [FTAB-07]', () => {
    expect([route(C | A, '10.0.0.8'), route(C | R, '10.0.0.6'), route(C | R, '10.0.0.6'), route(C | R, '10.0.0.8')]).toEqual([0, 0, 0, -EEXIST]);
    expect(gateways()).toEqual(['10.0.0.6', '10.0.0.8']);
    expect(flagsHeard()).toEqual(['24 c00', '24 100']);
  });

  it('does not create without CREATE [FTAB-07]', () => {
    const none = '10.6.0.0';
    expect([route(R, '10.0.0.8', none), route(A, '10.0.0.5', none), route(X, '10.0.0.6', none), route(A, '10.0.0.5'), route(0, '10.0.0.4')]).toEqual([-ENOENT, -ENOENT, -ENOENT, -ENOENT, -ENOENT]);
    expect(route(R | C, '10.0.0.3', none)).toBe(0);
    expect(flagsHeard()).toEqual(['24 600']);
  });

  it('puts EXCL before REPLACE [FTAB-07]', () => {
    expect(route(C | R | X, '10.0.0.3')).toBe(-EEXIST);
  });

  it('deletes the first that fits, and tells it [FTAB-08]', () => {
    route(C | A, '10.0.0.8');
    t.h.heard(listener);
    expect(del(join(dst('10.9.0.0'), gw('10.0.0.8'))).error).toBe(0);
    expect(t.h.heard(listener)).toEqual(['25 0 02100000fe0300010000000008000f00fe000000080001000a090000080005000a0000080800040003000000']);
    expect(gateways()).toEqual(['10.0.0.9']);
    expect(del(join(dst('10.9.0.0'), gw('10.0.0.8'))).error).toBe(-ESRCH);
  });

  it.each<[what: string, rtm: Partial<RtMsg>, attrs: Attrs, fits: boolean]>([
    ['nothing but the prefix', {}, () => {}, true],
    ['the device', {}, oif(V0), true],
    ['another device', {}, oif(1), false],
    ['another type', { type: U.RTN_BLACKHOLE }, () => {}, false],
    ['its protocol', { protocol: U.RTPROT_BOOT }, () => {}, true],
    ['another protocol', { protocol: U.RTPROT_STATIC }, () => {}, false],
    ['its scope', { scope: U.RT_SCOPE_UNIVERSE }, () => {}, true],
    ['another scope', { scope: U.RT_SCOPE_LINK }, () => {}, false],
    ['another preferred source', {}, addr(U.RTA_PREFSRC, '10.0.0.1'), false],
    ['another priority', {}, u32(U.RTA_PRIORITY, 7), false],
    ['another TOS', { tos: 0x10 }, () => {}, false],
    ['a metric it does not have', {}, metrics(u32(U.RTAX_MTU, 800)), false],
  ])('deletes by %s [FTAB-13]', (_what, rtm, attrs, fits) => {
    expect(del(join(dst('10.9.0.0'), attrs), rtm).error).toBe(fits ? 0 : -ESRCH);
  });
});

describe('RTM_GETROUTE for one destination', () => {
  const get = (p: NetlinkPort, rtm: Partial<RtMsg>, attrs: Attrs): string => {
    const { error, extack, msgs } = t.h.talk(p, U.RTM_GETROUTE, 0, rtm, attrs);
    return msgs.length > 0 ? msgs.map((m) => payload(m)).join() : `${error} ${extack}`.trim();
  };
  const cacheinfo = (refs: string): string => `24000c00${refs}000000${'0'.repeat(56)}`;

  it.each<[what: string, rtm: Partial<RtMsg>, attrs: Attrs, answer: string]>([
    ['a neighbour', { dstLen: 32 }, dst('10.0.0.5'), `02200000fe0000010002000008000f00fe000000080001000a0000050800040003000000080007000a0000010800190000000000${cacheinfo('02')}`],
    ['the route itself', { dstLen: 32, flags: U.RTM_F_FIB_MATCH }, dst('10.0.0.5'), '02180000fe02fd010000000008000f00fe000000080001000a000000080007000a0000010800040003000000'],
    ['nothing: this host', { dstLen: 32 }, () => {}, `02200000fe0000020002008008000f00fe00000008000100000000000800040001000000080007007f0000010800190000000000${cacheinfo('01')}`],
    ['from an address of ours', { dstLen: 32, srcLen: 32 }, join(dst('10.0.0.5'), addr(U.RTA_SRC, '10.0.0.1')), `02202000fe0000010002000008000f00fe000000080001000a000005080002000a00000108000400030000000800190000000000${cacheinfo('02')}`],
    ['received on an interface', { dstLen: 32, srcLen: 32 }, join(dst('10.0.0.1'), addr(U.RTA_SRC, '10.0.0.5'), u32(U.RTA_IIF, V0)), `02202000fe0000020002008008000f00fe000000080001000a000001080002000a00000508000400010000000800030003000000${cacheinfo('02')}`],
    ['with a mark', { dstLen: 32 }, join(dst('10.0.0.5'), u32(U.RTA_MARK, 7)), `02200000fe0000010002000008000f00fe000000080001000a0000050800040003000000080007000a00000108001000070000000800190000000000${cacheinfo('02')}`],
    ['for a user', { dstLen: 32 }, join(dst('10.0.0.5'), u32(U.RTA_UID, 7)), `02200000fe0000010002000008000f00fe000000080001000a0000050800040003000000080007000a0000010800190007000000${cacheinfo('02')}`],
    ['with RTM_F_NOTIFY', { dstLen: 32, flags: U.RTM_F_NOTIFY }, dst('10.0.0.5'), `02200000fe0000010003010008000f00fe000000080001000a0000050800040003000000080007000a0000010800190000000000${cacheinfo('02')}`],
  ])('answers for %s [FIB-25]', (_what, rtm, attrs, answer) => {
    expect(get(port, rtm, attrs)).toBe(answer);
    expect(get(strict, rtm, attrs)).toBe(answer);
  });

  it.each<[what: string, rtm: Partial<RtMsg>, attrs: Attrs, answer: string]>([
    ['no route', { dstLen: 32 }, dst('99.0.0.5'), `${-ENETUNREACH}`],
    ['no route to match', { dstLen: 32, flags: U.RTM_F_FIB_MATCH }, dst('99.0.0.5'), `${-ENETUNREACH}`],
    ['an interface that does not exist', { dstLen: 32 }, join(dst('10.0.0.5'), u32(U.RTA_IIF, 99)), `${-ENODEV}`],
    ['an output device that does not exist', { dstLen: 32 }, join(dst('10.0.0.5'), oif(99)), `${-ENODEV}`],
    ['an unsupported protocol', { dstLen: 32 }, join(dst('10.0.0.5'), raw(U.RTA_IP_PROTO, 0x99)), `${-U.EOPNOTSUPP} Unsupported ip proto`],
  ])('refuses: %s [FIB-05]', (_what, rtm, attrs, answer) => {
    expect([get(port, rtm, attrs), get(strict, rtm, attrs)]).toEqual([answer, answer]);
  });

  it.each<[what: string, rtm: Partial<RtMsg>, attrs: Attrs, text: string]>([
    ['a length of 0 with a destination', {}, dst('10.0.0.5'), 'ipv4: rtm_src_len and rtm_dst_len must be 32 for IPv4'],
    ['a length of 24', { dstLen: 24 }, dst('10.0.0.5'), 'ipv4: Invalid values in header for route get request'],
    ['a source without its length', { dstLen: 32 }, join(dst('10.0.0.5'), addr(U.RTA_SRC, '10.0.0.1')), 'ipv4: rtm_src_len and rtm_dst_len must be 32 for IPv4'],
    ['a table', { dstLen: 32, table: 254 }, dst('10.0.0.5'), 'ipv4: Invalid values in header for route get request'],
    ['a scope', { dstLen: 32, scope: 253 }, dst('10.0.0.5'), 'ipv4: Invalid values in header for route get request'],
    ['another flag', { dstLen: 32, flags: U.RTM_F_PREFIX }, dst('10.0.0.5'), 'ipv4: Unsupported rtm_flags for route get request'],
    ['another attribute', { dstLen: 32 }, join(dst('10.0.0.5'), u32(U.RTA_PRIORITY, 3)), 'ipv4: Unsupported attribute in route get request'],
    ['an attribute nobody knows', { dstLen: 32 }, join(dst('10.0.0.5'), u32(45, 99)), 'Unknown attribute type'],
  ])('is strict about %s where that is asked for', (_what, rtm, attrs, text) => {
    expect(get(strict, rtm, attrs)).toBe(`${-EINVAL} ${text}`);
    expect(get(port, rtm, attrs)).toContain('080001000a000005');
  });

  it('tells the error of an error route [FIB-18]', () => {
    for (const [i, type] of [U.RTN_UNREACHABLE, U.RTN_BLACKHOLE, U.RTN_PROHIBIT, U.RTN_THROW].entries()) add({ type }, dst(`10.${50 + i}.0.0`));
    const answers = [0, 1, 2, 3].map((i) => get(port, { dstLen: 32 }, dst(`10.${50 + i}.1.1`)));
    expect(answers).toEqual([-U.EHOSTUNREACH, -EINVAL, -U.EACCES, -ENETUNREACH].map(String));
  });

  it('asks about a packet from elsewhere without sending anything', () => {
    const before = [...t.h.stats];
    expect(get(port, { dstLen: 32, srcLen: 32 }, join(dst('10.9.0.1'), addr(U.RTA_SRC, '10.0.0.5'), u32(U.RTA_IIF, V0)))).toBe(`${-U.EHOSTUNREACH}`);
    expect([...t.h.stats]).toEqual(before);
    expect([t.h.sent, t.h.icmp]).toEqual([[], []]);
  });
});

describe('dumps', () => {
  const dump = (p: NetlinkPort, rtm: Partial<RtMsg>, attrs: Attrs = () => {}): string | string[] => {
    const { error, extack, msgs } = t.h.talk(p, U.RTM_GETROUTE, U.NLM_F_DUMP, rtm, attrs);
    return error !== 0 ? `${error} ${extack}`.trim() : msgs.map((m) => `${m.flags.toString(16)} ${payload(m)}`);
  };

  it('tells main, then local, each ascending, with who made each [FTAB-14 FTAB-04 FINFO-07]', () => {
    expect(dump(port, {})).toEqual([
      '2 02180000fe02fd010000000008000f00fe000000080001000a000000080007000a0000010800040003000000',
      '2 02200000ff02fe020000000008000f00ff000000080001000a000001080007000a0000010800040003000000',
      '2 02200000ff02fd030000000008000f00ff000000080001000a0000ff080007000a0000010800040003000000',
      '2 02080000ff02fe020000000008000f00ff000000080001007f000000080007007f0000010800040001000000',
      '2 02200000ff02fe020000000008000f00ff000000080001007f000001080007007f0000010800040001000000',
      '2 02200000ff02fd030000000008000f00ff000000080001007fffffff080007007f0000010800040001000000',
    ]);
  });

  it.each<[what: string, rtm: Partial<RtMsg>, attrs: Attrs, messages: number]>([
    ['a table', { table: 254 }, () => {}, 1],
    ['a table by attribute', {}, u32(U.RTA_TABLE, 255), 5],
    ['a protocol', { protocol: U.RTPROT_KERNEL }, () => {}, 6],
    ['a protocol nobody has', { protocol: U.RTPROT_ZEBRA }, () => {}, 0],
    ['a type', { type: U.RTN_LOCAL }, () => {}, 3],
    ['a device', {}, oif(V0), 3],
    ['learned exceptions', { flags: U.RTM_F_CLONED }, () => {}, 0],
    ['prefixes of router advertisements', { flags: U.RTM_F_PREFIX }, () => {}, 0],
  ])('filters by %s in a strict dump, and says so', (_what, rtm, attrs, messages) => {
    const told = dump(strict, rtm, attrs) as string[];
    expect(told.length).toBe(messages);
    expect(told.every((line) => line.startsWith('22 '))).toBe(true);
  });

  it.each<[what: string, rtm: Partial<RtMsg>, attrs: Attrs, answer: string]>([
    ['a table that does not exist', {}, u32(U.RTA_TABLE, 77), `${-ENOENT} ipv4: FIB table does not exist`],
    ['a device that does not exist', {}, oif(99), `${-ENODEV}`],
    ['another flag', { flags: U.RTM_F_NOTIFY }, () => {}, `${-EINVAL} Invalid flags for FIB dump request`],
    ['a prefix length', { dstLen: 8 }, () => {}, `${-EINVAL} Invalid values in header for FIB dump request`],
    ['a scope', { scope: 8 }, () => {}, `${-EINVAL} Invalid values in header for FIB dump request`],
    ['a destination', {}, dst('10.0.0.0'), `${-EINVAL} Unsupported attribute in dump request`],
  ])('refuses %s in a strict dump', (_what, rtm, attrs, answer) => {
    expect(dump(strict, rtm, attrs)).toBe(answer);
  });

  it('tells ten thousand routes in parts, each once [FTAB-14 FTAB-17]', () => {
    for (let i = 0; i < 10_000; i++) expect(t.h.route(`20.${i >> 8}.${i & 255}.0/24`, { gw: ip4('10.0.0.9') })).toBe(0);
    const told = dump(strict, { table: 254 }) as string[];
    expect(told.length).toBe(10_001);
    expect(new Set(told).size).toBe(10_001);
  });

  it('orders the prefixes of one address by length, the longest first', () => {
    for (const plen of [8, 24, 16]) t.h.route(`20.0.0.0/${plen}`, { gw: ip4('10.0.0.9') });
    const told = dump(strict, { table: 254, protocol: U.RTPROT_BOOT }) as string[];
    expect(told.map((line) => Number.parseInt(line.slice(5, 7), 16))).toEqual([24, 16, 8]);
  });
});

import { type Kernel, type NetDevice, VirtualClock, createKernel, devOpen } from '@skbuff/core';
import { type Fib6RtConfig, fib6, fib6Net, ip6RouteAdd } from '@skbuff/fib6';
import { Fib6Trie } from '@skbuff/fib6-trie';
import { fibRules } from '@skbuff/fib-rules';
import { Flowi6, IPV6, Inet6Dev, Inet6Ifaddr, type Rt6Info, in6DevSet, ip6cbInit, ipv6, ipv6AddrScope, ipv6Net } from '@skbuff/ipv6';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { FibRuleHdr, NlMsgBuilder, type NetlinkPort, netlink, netlinkPort, nlTalk } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { ip6Packet, testDevice } from '@skbuff/testkit';
import * as U from '@skbuff/uapi';
import { In6Addr, in6Pton } from '@skbuff/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fib6Rules } from '../src/index.ts';

type Attrs = readonly (readonly [type: number, value: Uint8Array])[];

const u32 = (v: number): Uint8Array => Uint8Array.of(v, v >>> 8, v >>> 16, v >>> 24);
const name = (v: string): Uint8Array => Uint8Array.from(`${v}\0`, (c) => c.charCodeAt(0));
const a6 = (text: string): In6Addr => in6Pton(text) as In6Addr;
const pref = (v: number): [number, Uint8Array] => [U.FRA_PRIORITY, u32(v)];
const prefix = (attr: number, text: string): [number, Uint8Array] => [attr, a6(text).toBytes()];

let kernel: Kernel;
let port: NetlinkPort;
let devs: NetDevice[];

function route(cfg: Fib6RtConfig): void {
  expect(ip6RouteAdd(kernel.initNet, { nlflags: U.NLM_F_CREATE, dst: a6('::'), flags: U.RTF_UP | U.RTF_GATEWAY, ...cfg }, null)).toBe(0);
}

beforeEach(() => {
  const plugins = [netlink(), sysctl(), procfs(), neighbour(), ipv6(), fib6({ table: () => new Fib6Trie() }), fibRules(), fib6Rules(), loopback()];
  kernel = createKernel({ clock: new VirtualClock(), debug: true, plugins });
  const net = kernel.initNet;
  devs = ['v0', 'v1'].map((each) => testDevice(net, each, () => {}));
  for (const dev of [net.loopbackDev as NetDevice, ...devs]) {
    in6DevSet(dev, new Inet6Dev(dev, ipv6Net.of(net).devconfDflt.copy()));
    expect(devOpen(dev)).toBe(0);
  }
  const own = a6('2001:db8::1');
  ipv6Net.of(net).addrs.add(new Inet6Ifaddr(new Inet6Dev(devs[0], ipv6Net.of(net).devconfDflt.copy()), own, 64, 0, ipv6AddrScope(own)));
  route({ table: U.RT_TABLE_MAIN, dst: a6('2001:db8::'), dstLen: 64, ifindex: devs[0].ifindex, flags: U.RTF_UP });
  route({ table: U.RT_TABLE_MAIN, gateway: a6('2001:db8::2') });
  route({ table: 100, gateway: a6('2001:db8::9') });
  route({ table: 100, dst: a6('2001:db8:5::'), dstLen: 48, type: U.RTN_THROW, flags: U.RTF_UP | U.RTF_REJECT });
  route({ table: 101, type: U.RTN_UNREACHABLE, flags: U.RTF_UP | U.RTF_REJECT });
  port = netlinkPort(net, U.NETLINK_ROUTE) as NetlinkPort;
  port.bind();
  port.setsockopt(U.NETLINK_EXT_ACK, 1);
});

afterEach(() => {
  port.close();
  const { routing } = kernel.services.get(IPV6);
  for (const dev of [...devs, kernel.initNet.loopbackDev as NetDevice]) routing?.disableIp(dev, 6);
  expect(kernel.shutdown()).toEqual({});
});

function send(type: number, flags: number, frh: Partial<FibRuleHdr>, attrs: Attrs): ReturnType<typeof nlTalk> {
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(type, U.NLM_F_REQUEST | flags, 1, 0, FibRuleHdr.of({ family: U.AF_INET6, ...frh }));
  for (const [attr, value] of attrs) b.nlaPut(attr, value);
  b.nlmsgEnd(nlh);
  return nlTalk(port, b.bytes().slice());
}

function add(frh: Partial<FibRuleHdr>, ...attrs: Attrs): [number, string] {
  const { error, extack } = send(U.RTM_NEWRULE, U.NLM_F_ACK | U.NLM_F_CREATE | U.NLM_F_EXCL, { action: U.FR_ACT_TO_TBL, ...frh }, attrs);
  return [error, extack];
}

function del(frh: Partial<FibRuleHdr>, ...attrs: Attrs): number {
  return send(U.RTM_DELRULE, U.NLM_F_ACK, frh, attrs).error;
}

/** Rules as bytes, behind the netlink header. */
function dump(): string[] {
  return send(U.RTM_GETRULE, U.NLM_F_DUMP, {}, []).msgs.map((nlh) => Buffer.from(nlh.buf.slice(nlh.data, nlh.off + nlh.len)).toString('hex'));
}

interface Flow {
  readonly from?: string;
  readonly mark?: number;
  readonly proto?: number;
  readonly dport?: number;
  readonly tclass?: number;
  readonly uid?: number;
}

function text(rt: Rt6Info): string {
  return rt.error !== 0 ? String(rt.error) : rt.gateway.toString();
}

/** The gateway of what the host sends, or the errno. */
function get(daddr: string, { from = '::', mark = 0, proto = 0, dport = 0, tclass = 0, uid = 0 }: Flow = {}): string {
  const fl6 = new Flowi6().init(proto);
  fl6.daddr.copy(a6(daddr));
  fl6.saddr.copy(a6(from));
  fl6.flowlabel = tclass << 20;
  Object.assign(fl6, { mark, dport, uid });
  const rt = kernel.services.get(IPV6).routing?.routeOutput(kernel.initNet, null, fl6, 0) as Rt6Info;
  const answer = text(rt);
  rt.release();
  return answer;
}

/** The gateway of a packet received on a device, or the errno. */
function input(dev: NetDevice, saddr: string, payload: readonly number[] = [0, 7, 0, 53, 0, 8, 0, 0]): string {
  const bytes = ip6Packet({ saddr, daddr: '2001:db8:99::1', proto: U.IPPROTO_UDP, payload: Uint8Array.from(payload) });
  const skb = kernel.skbs.alloc(bytes.length);
  if (skb === null) throw new Error('no memory');
  skb.putData(bytes, 0, bytes.length);
  skb.resetNetworkHeader();
  skb.protocol = U.ETH_P_IPV6;
  skb.dev = dev;
  ip6cbInit(skb, dev.ifindex);
  kernel.services.get(IPV6).routing?.routeInput(skb);
  const answer = text(skb.dst as Rt6Info);
  skb.kfree(2);
  return answer;
}

const MAIN = '2001:db8::2';
const OTHER = '2001:db8::9';

describe('rules of IPv6 by netlink', () => {
  it('are two at first, as Linux 6.18 shows them [RULE-14]', () => {
    expect(dump()).toEqual([
      '0a000000ff0000010000000008000f00ff00000008000e00ffffffff0500150002000000',
      '0a000000fe0000010000000008000f00fe00000008000e00ffffffff050015000200000008000600fe7f0000',
    ]);
  });

  it('show their addresses and their class', () => {
    add({ table: 100, srcLen: 48, dstLen: 128, tos: 0x80 }, pref(9), prefix(U.FRA_SRC, '2001:db8:1::'), prefix(U.FRA_DST, '2001:db8::7'));
    const shown = dump()[1];
    expect(shown.slice(0, 24)).toBe('0a8030806400000100000000');
    expect([shown.includes('1400010020010db8000000000000000000000007'), shown.includes('1400020020010db8000100000000000000000000')]).toEqual([true, true]);
  });

  it('are refused with the kernel’s words', () => {
    expect(add({ table: 100, tos: 0x11 }, pref(5))).toEqual([-U.EINVAL, 'Invalid dsfield (tos): ECN bits must be 0']);
    expect(add({ table: 0 }, pref(5))).toEqual([-U.EINVAL, 'Invalid table']);
    expect(del({}, pref(9999))).toBe(-U.ENOENT);
  });

  it('make the tables that they name, and are deleted by what they select', () => {
    expect(add({ table: 102 }, pref(5))).toEqual([0, '']);
    expect(fib6Net.of(kernel.initNet).tables.has(102)).toBe(true);
    add({ table: 100, srcLen: 48 }, pref(6), prefix(U.FRA_SRC, '2001:db8:1::'));
    expect([del({ srcLen: 48 }, prefix(U.FRA_SRC, '2001:db8:2::')), del({ srcLen: 48 }, prefix(U.FRA_SRC, '2001:db8:1::')), dump().length]).toEqual([-U.ENOENT, 0, 3]);
  });
});

describe('a rule of IPv6 selects by', () => {
  it('nothing, until there is one', () => {
    expect([get('2001:db8:99::1'), input(devs[0], '2001:db8:1::5')]).toEqual([MAIN, MAIN]);
  });

  it('source, once that is known', () => {
    add({ table: 100, srcLen: 48 }, prefix(U.FRA_SRC, '2001:db8:1::'));
    expect([get('2001:db8:99::1'), get('2001:db8:99::1', { from: '2001:db8:1::7' }), input(devs[0], '2001:db8:1::5'), input(devs[0], '2001:db8:2::5')]).toEqual([MAIN, OTHER, OTHER, MAIN]);
  });

  it('the opposite: a source that is not known is none of those', () => {
    add({ table: 101, srcLen: 32, flags: U.FIB_RULE_INVERT }, pref(59), prefix(U.FRA_SRC, '2001:db8::'));
    expect([get('2001:db8:99::1'), get('2001:db8:99::1', { from: '2001:db8::1' })]).toEqual([String(-U.EHOSTUNREACH), MAIN]);
  });

  it('destination, and says how it goes on', () => {
    for (const [i, action] of [U.FR_ACT_PROHIBIT, U.FR_ACT_BLACKHOLE, U.FR_ACT_UNREACHABLE].entries()) add({ action, dstLen: 48 }, prefix(U.FRA_DST, `2001:db8:${7 + i}::`));
    expect(['7', '8', '9', 'a'].map((x) => get(`2001:db8:${x}::1`))).toEqual([String(-U.EACCES), String(-U.EINVAL), String(-U.ENETUNREACH), MAIN]);
  });

  it('mark, interface, class, protocol and port, user', () => {
    add({ table: 100 }, pref(50), [U.FRA_FWMARK, u32(5)]);
    add({ table: 100 }, pref(51), [U.FRA_IIFNAME, name('v1')]);
    add({ table: 100, tos: 0x80 }, pref(54));
    add({ table: 100 }, pref(55), [U.FRA_IP_PROTO, Uint8Array.of(17)], [U.FRA_DPORT_RANGE, Uint8Array.of(53, 0, 53, 0)]);
    add({ table: 100 }, pref(56), [U.FRA_UID_RANGE, Uint8Array.of(5, 0, 0, 0, 6, 0, 0, 0)]);
    const to = '2001:db8:99::1';
    expect([get(to), get(to, { mark: 5 }), get(to, { tclass: 0x83 }), get(to, { proto: 17, dport: 53 }), get(to, { proto: 17, dport: 54 }), get(to, { uid: 6 }), get(to, { uid: 7 })]).toEqual([MAIN, OTHER, OTHER, OTHER, MAIN, OTHER, MAIN]);
    expect([input(devs[1], '2001:db8:3::1', [0, 7, 0, 9, 0, 8, 0, 0]), input(devs[0], '2001:db8:3::1', [0, 7, 0, 9, 0, 8, 0, 0])]).toEqual([OTHER, MAIN]);
  });
});

describe('the answer of a rule’s table', () => {
  it('is looked for further on where the table says throw, or has none', () => {
    add({ table: 102 }, pref(5));
    add({ table: 100 }, pref(6));
    expect([get('2001:db8:99::1'), get('2001:db8:5::1')]).toEqual([OTHER, MAIN]);
  });

  it('is not good enough if it is too short', () => {
    add({ table: 100 }, pref(5), [U.FRA_SUPPRESS_PREFIXLEN, u32(0)]);
    expect(get('2001:db8:99::1')).toBe(MAIN);
    add({ table: 101 }, pref(6), [U.FRA_SUPPRESS_PREFIXLEN, u32(0)]);
    expect(get('2001:db8:99::1')).toBe(String(-U.EHOSTUNREACH));
  });

  it('is asked for again by those who had one', () => {
    const before = fib6Net.of(kernel.initNet).genid;
    add({ table: 100 }, pref(5));
    expect(fib6Net.of(kernel.initNet).genid).toBeGreaterThan(before);
    expect([get('2001:db8:99::1'), del({}, pref(5)), get('2001:db8:99::1')]).toEqual([OTHER, 0, MAIN]);
  });
});

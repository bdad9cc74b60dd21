/** Walking over headers, and putting them in front. What becomes of packets that have them: test/kernel.test.ts of @skbuff/icmpv6. */
import { rmmod, type SkBuff, skbSetFragList } from '@skbuff/core';
import { procNetOf } from '@skbuff/procfs';
import { sysctlOf } from '@skbuff/sysctl';
import { ip6Bytes, ip6Packet } from '@skbuff/testkit';
import { EINVAL, IPPROTO_AH, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_NONE, IPPROTO_ROUTING, IPV6_DSTOPTS, IPV6_HOPOPTS, IPV6_RTHDR, IPV6_RTHDRDSTOPTS, IPV6_TLV_HAO } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  exthdrWalk,
  fl6UpdateDst,
  Flowi6,
  type Ipv6TxOptions,
  ipv6ExtHdr,
  ipv6FindHdr,
  ipv6FindTlv,
  ipv6PushFragOpts,
  ipv6PushNfragOpts,
  ipv6RenewOptions,
  ipv6SkipExthdr,
  snmp6RegisterDev,
  snmp6UnregisterDev,
} from '../src/index.ts';
import { in6, useHost6 } from './support.ts';

const t = useHost6();
const OPTIONS = [0, 0, 1, 4, 0, 0, 0, 0];
const fragment = (offset: number): number[] => [0, 0, offset >> 8, offset & 0xff, 0, 0, 0, 1];

/** The packet in an sk_buff; what is behind the first `linear` bytes is in a second one. */
function skbOf(bytes: Uint8Array, linear: number = bytes.length): SkBuff {
  const { skbs } = t.h.kernel;
  const skb = skbs.alloc(linear) as SkBuff;
  skb.networkHeader = skb.putData(bytes, 0, linear);
  if (linear === bytes.length) return skb;
  const rest = skbs.alloc(bytes.length - linear) as SkBuff;
  rest.putData(bytes, linear, bytes.length - linear);
  skbSetFragList(skb, rest);
  skb.len += rest.len;
  skb.dataLen += rest.len;
  return skb;
}

const packet = (ext: readonly (readonly [number, readonly number[]])[], proto = 17): Uint8Array => ip6Packet({ ext, proto, payload: new Uint8Array(8) });

function walk(bytes: Uint8Array, linear?: number): unknown[] {
  const skb = skbOf(bytes, linear);
  const at = ipv6SkipExthdr(skb, 40, bytes[6] as number);
  skb.consume();
  return [at, exthdrWalk.nexthdr, exthdrWalk.fragOff];
}

describe('walking', () => {
  it('knows which headers have another one behind them [IP6X-14]', () => {
    const known = Array.from({ length: 256 }, (_, n) => n).filter(ipv6ExtHdr);
    expect(known).toEqual([IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_AH, IPPROTO_NONE, IPPROTO_DSTOPTS]);
  });

  it('goes from header to header, each of a multiple of 8 bytes but AH, whose units are 4 [IP6X-01, IP6X-04]', () => {
    expect(walk(packet([[0, OPTIONS], [43, [0, 1, ...new Array<number>(14).fill(0)]], [60, OPTIONS]]))).toEqual([72, 17, 0]);
    expect(walk(packet([[51, [0, 4, ...new Array<number>(22).fill(0)]], [60, OPTIONS]]))).toEqual([72, 17, 0]);
    expect(walk(packet([]))).toEqual([40, 17, 0]);
  });

  it('reads headers that are not linear [IP6X-01]', () => {
    for (let n = 40; n <= 64; n++) expect([n, ...walk(packet([[0, OPTIONS], [44, fragment(1)], [60, OPTIONS]]), n)]).toEqual([n, 64, 17, 1]);
  });

  it('ends at the header of a later fragment, where the packet ends, and where nothing follows', () => {
    expect(walk(packet([[0, OPTIONS], [44, fragment(9)], [60, OPTIONS]]))).toEqual([48, 44, 9]);
    expect(walk(packet([[60, OPTIONS]], 59))[0]).toBe(-1);
    for (const n of [40, 41, 48, 49]) expect([n, walk(packet([[60, OPTIONS], [60, OPTIONS]]).slice(0, n))[0]]).toEqual([n, -1]);
    expect(walk(packet([[44, fragment(0)]]).slice(0, 43))[0]).toBe(-1);
  });

  it('finds a header, or the first that is none of these', () => {
    const find = (target: number, bytes: Uint8Array): unknown[] => {
      const skb = skbOf(bytes);
      const found = [ipv6FindHdr(skb, target), exthdrWalk.nexthdr];
      skb.consume();
      return found;
    };
    const bytes = packet([[0, OPTIONS], [44, fragment(1)], [51, [0, 1, ...new Array<number>(10).fill(0)]], [60, OPTIONS]]);
    expect([find(-1, bytes), find(60, bytes), find(51, bytes), find(44, bytes)]).toEqual([[76, 17], [68, 60], [56, 51], [48, 44]]);
    expect([find(43, bytes)[0], find(17, bytes), find(-1, packet([], 59))]).toEqual([-1, [76, 17], [40, 59]]);
    expect([find(-1, packet([[44, fragment(8)]])), find(-1, packet([[60, OPTIONS]]).slice(0, 41))[0]]).toEqual([[-1, 17], -1]);
  });

  it('finds an option', () => {
    const find = (body: readonly number[], type: number, cut = 0): number => {
      const bytes = packet([[60, [0, (body.length + 2) / 8 - 1, ...body]]]);
      const skb = skbOf(cut === 0 ? bytes : bytes.slice(0, cut));
      const at = ipv6FindTlv(skb, 40, type);
      skb.consume();
      return at;
    };
    const home = [1, 2, 0, 0, IPV6_TLV_HAO, 16, ...new Array<number>(16).fill(0)];
    expect([find(home, IPV6_TLV_HAO), find([0, 0, 0, 5, 0, 0], 5), find(home, 7), find(home, IPV6_TLV_HAO, 60), find(home, IPV6_TLV_HAO, 41)]).toEqual([46, 45, -1, -1, -1]);
    expect([find([1, 9, 5, 0, 0, 0], 5), find([1, 3, 0, 0, 0, 9], 5)]).toEqual([-1, -1]);
  });
});

describe('options of sockets', () => {
  const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
  const header = (first: number): Uint8Array => bytes(0, 0, 1, 4, first, 0, 0, 0);
  const rthdr = (type: number, left: number, ...addrs: string[]): Uint8Array => Uint8Array.from([0, addrs.length * 2, type, left, 0, 0, 0, 0, ...addrs.flatMap((a) => [...ip6Bytes(a)])]);
  const none: Ipv6TxOptions = { hopopt: null, dst0opt: null, srcrt: null, dst1opt: null };

  /** What is in front of the payload 0xee, the first next header, and where the packet goes. */
  function push(opt: Ipv6TxOptions, daddr = '2001:db8::9'): unknown[] {
    const skb = t.h.kernel.skbs.alloc(300) as SkBuff;
    skb.reserve(250);
    skb.put(1);
    skb.bytes[skb.data] = 0xee;
    const to = in6(daddr);
    const proto = ipv6PushNfragOpts(skb, opt, ipv6PushFragOpts(skb, opt, 17), to);
    const pushed = [...skb.bytes.slice(skb.data, skb.tail)];
    skb.consume();
    return [proto, pushed, to.toString()];
  }

  it('stand in the order of RFC 8200 §4.1, chained to the payload [IP6X-01, IP6X-02, IP6X-13]', () => {
    expect(push({ hopopt: header(1), dst0opt: header(2), srcrt: null, dst1opt: header(4) })).toEqual([0, [60, 0, 1, 4, 1, 0, 0, 0, 17, 0, 1, 4, 4, 0, 0, 0, 0xee], '2001:db8::9']);
    const [proto, pushed, to] = push({ hopopt: header(1), dst0opt: header(2), srcrt: rthdr(4, 0, '2001:db8::5'), dst1opt: header(4) });
    expect([proto, (pushed as number[]).length, to]).toEqual([0, 8 + 8 + 24 + 8 + 1, '2001:db8::5']);
    expect([0, 8, 16, 40].map((at) => (pushed as number[])[at])).toEqual([60, 43, 60, 17]);
    expect(push(none)).toEqual([17, [0xee], '2001:db8::9']);
  });

  it('of routing send the packet to the first stop, and have its end in the list', () => {
    const list = (pushed: unknown, i: number): unknown => (pushed as number[]).slice(8 + i * 16, 24 + i * 16);
    const [, zero, first] = push({ ...none, srcrt: rthdr(0, 2, '2001:db8::5', '2001:db8::6') });
    expect([first, list(zero, 0), list(zero, 1)]).toEqual(['2001:db8::5', [...ip6Bytes('2001:db8::6')], [...ip6Bytes('2001:db8::9')]]);
    const [, srh, stop] = push({ ...none, srcrt: rthdr(4, 2, '::', '2001:db8::5', '2001:db8::6') });
    expect([stop, list(srh, 0), list(srh, 1), list(srh, 2)]).toEqual(['2001:db8::6', [...ip6Bytes('2001:db8::9')], [...ip6Bytes('2001:db8::5')], [...ip6Bytes('2001:db8::6')]]);
  });

  it('of routing are looked up by the first stop', () => {
    const fl6 = new Flowi6();
    const final = in6('::');
    fl6.daddr.copy(in6('2001:db8::9'));
    expect([fl6UpdateDst(fl6, null, final), fl6UpdateDst(fl6, { ...none, dst1opt: header(1) }, final), fl6.daddr.toString()]).toEqual([false, false, '2001:db8::9']);
    expect([fl6UpdateDst(fl6, { ...none, srcrt: rthdr(2, 1, '2001:db8::5') }, final), fl6.daddr.toString(), final.toString()]).toEqual([true, '2001:db8::5', '2001:db8::9']);
  });

  it('are replaced one by one', () => {
    const one = ipv6RenewOptions(null, IPV6_HOPOPTS, header(1)) as Ipv6TxOptions;
    const two = ipv6RenewOptions(ipv6RenewOptions(one, IPV6_DSTOPTS, header(2)), IPV6_RTHDRDSTOPTS, header(3)) as Ipv6TxOptions;
    expect(two).toEqual({ hopopt: header(1), dst0opt: header(3), srcrt: null, dst1opt: header(2) });
    expect([one.dst1opt, ipv6RenewOptions(one, IPV6_HOPOPTS, null), ipv6RenewOptions(null, IPV6_RTHDR, null)]).toEqual([null, null, null]);
  });
});

describe('files', () => {
  it('have a line for each counter, messages by number where there were some', () => {
    const idev = t.h.idev(t.h.eth('a', '2001:db8::1'));
    snmp6RegisterDev(idev);
    idev.icmpv6MsgStats[256 + 143] = 3;
    t.h.state.icmpv6MsgStats[200] = 1;
    const text = String(procNetOf(t.h.net).read('snmp6')).split('\n');
    expect([text.length - 1, text[0], text[32], text[38], text[69], text.slice(-10, -8)]).toEqual([
      87,
      'Ip6InReceives                   \t0',
      'Ip6OutTransmits                 \t0',
      'Icmp6OutRateLimitHost           \t0',
      'Icmp6InType200                  \t1',
      ['Udp6MemErrors                   \t0', 'UdpLite6InDatagrams             \t0'],
    ]);
    const own = String(procNetOf(t.h.net).read('dev_snmp6/a')).split('\n');
    expect([own.length - 1, own[0], own[68], own[69]]).toEqual([70, `ifIndex                         \t${idev.dev.ifindex}`, 'Icmp6OutMLDv2Reports            \t3', 'Icmp6OutType143                 \t3']);
    snmp6UnregisterDev(idev);
    snmp6UnregisterDev(idev);
    expect(procNetOf(t.h.net).read('dev_snmp6/a')).toBeLessThan(0);
  });

  it('show what other packages count in the place of their group', () => {
    t.h.state.snmpGroups.set('Udp6', () => 'Udp6 was here\n');
    const text = String(procNetOf(t.h.net).read('snmp6'));
    expect([text.includes('Udp6InDatagrams                 \t0'), text.indexOf('Udp6 was here') < text.indexOf('UdpLite6InDatagrams')]).toEqual([false, true]);
  });

  it('of settings take what the kernel takes', () => {
    const limits: Record<string, readonly [dflt: string, good: readonly string[], bad: readonly string[]]> = {
      anycast_src_echo_reply: ['0', ['255'], ['256', '-1']],
      auto_flowlabels: ['1', ['0', '3'], ['4']],
      bindv6only: ['0', ['255'], ['256']],
      fib_multipath_hash_fields: ['7', ['1', '4095'], ['0', '4096']],
      fib_multipath_hash_policy: ['0', ['3'], ['4', '-1']],
      fib_notify_on_flag_change: ['0', ['2'], ['3']],
      flowlabel_consistency: ['1', ['255'], ['256']],
      flowlabel_reflect: ['0', ['7'], ['8']],
      flowlabel_state_ranges: ['0', ['255'], ['256']],
      fwmark_reflect: ['0', ['255'], ['256']],
      ioam6_id: ['16777215', ['0', '16777215'], ['16777216', '-1']],
      ioam6_id_wide: ['72057594037927935', ['0', '9007199254740993', '72057594037927935'], ['72057594037927936', '18446744073709551616', '-1', 'abc']],
      seg6_flowlabel: ['0', ['-2147483648', '2147483647'], ['2147483648']],
      idgen_delay: ['1', ['-1', '2147483'], ['2147484']],
      idgen_retries: ['3', ['-2147483648', '2147483647'], ['2147483648']],
      ip_nonlocal_bind: ['0', ['255'], ['256']],
      max_dst_opts_length: ['2147483647', ['-1'], ['2147483648']],
      max_dst_opts_number: ['8', ['-8'], ['2147483648']],
      max_hbh_length: ['2147483647', ['-1'], ['2147483648']],
      max_hbh_opts_number: ['8', ['-8'], ['2147483648']],
    };
    const tree = sysctlOf(t.h.net);
    for (const [name, [dflt, good, bad]] of Object.entries(limits)) {
      const path = `net/ipv6/${name}`;
      expect([name, tree.read(path)]).toEqual([name, `${dflt}\n`]);
      for (const value of good) expect([name, tree.write(path, value), tree.read(path)]).toEqual([name, 0, `${value}\n`]);
      for (const value of bad) expect([name, value, tree.write(path, value)]).toEqual([name, value, -EINVAL]);
    }
  });

  it('go when IPv6 is unloaded', () => {
    t.h.routing.release();
    expect(rmmod(t.h.kernel, 'known-neighbours6')).toBe(0);
    expect(rmmod(t.h.kernel, '@skbuff/ipv6')).toBe(0);
    expect([sysctlOf(t.h.net).list('net/ipv6').filter((path) => !path.includes('/neigh/')), procNetOf(t.h.net).read('snmp6')]).toEqual([[], expect.any(Number)]);
  });
});

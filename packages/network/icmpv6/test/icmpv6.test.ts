import { type NetDevice, nfRegisterNetHook, nfUnregisterNetHook, rmmod, setupNet, SKB_DROP_REASON_NO_SOCKET, SKB_DROP_REASON_PKT_TOO_BIG, type SkBuff, type SkbSock } from '@skbuff/core';
import { icmpGlobal } from '@skbuff/inet';
import { in6DevGet, type Inet6Protocol, type MldOps, type NdiscOps, type Raw6Delivery } from '@skbuff/ipv6';
import { procNetOf } from '@skbuff/procfs';
import { sysctlOf } from '@skbuff/sysctl';
import { type Sent, icmp6Message } from '@skbuff/testkit';
import { EINVAL, IPPROTO_ICMPV6, NFPROTO_IPV6, NF_ACCEPT, NF_INET_LOCAL_OUT } from '@skbuff/uapi';
import { be16, be32, csumFold, csumIpv6Nofold, csumPartial } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { ICMPV6, icmpv6Err, icmpv6Net, icmpv6Notify } from '../src/index.ts';
import { A, FAR, R, Router, SEC, packet, useRouter } from './support.ts';

const t = useRouter();
const service = (r: Router) => r.kernel.services.get(ICMPV6);
const mib = (name: string): number => t.r.counters()[`Icmp6${name}`] ?? 0;
const typeOf = (ip: Uint8Array): [number, number] => [ip[40] as number, ip[41] as number];
const unknown = (saddr = A): Uint8Array => packet({ saddr, proto: 253, payload: new Uint8Array(16) });
const quote = (proto: number, payload: Uint8Array = new Uint8Array(8)): Uint8Array => packet({ saddr: R, daddr: A, proto, payload });
const error = (type: number, code: number, quoted: Uint8Array, word: readonly number[] = [0, 0, 0, 0]): Uint8Array =>
  packet({ payload: icmp6Message(A, R, type, code, [...word, ...quoted]) });

describe('set-up', () => {
  it('is the handler of next header 58, the last one of a packet, needs no IPsec policy, and refuses a second one [IC6-01, IC6-02]', () => {
    const proto = t.r.ip.protos[IPPROTO_ICMPV6] as Inet6Protocol;
    expect([proto.final, proto.noPolicy, proto.errHandler]).toEqual([true, true, icmpv6Err]);
    expect(t.r.ip.addProtocol(IPPROTO_ICMPV6, proto)).toBeNull();
  });

  it('sends by a socket of the stack\'s own, one for each namespace [IC6-03]', () => {
    const senders: boolean[] = [];
    const own: SkbSock = icmpv6Net.of(t.r.net).sk;
    const hook = (_ops: unknown, skb: SkBuff): number => (senders.push(skb.sk === own), NF_ACCEPT);
    const ops = { hook, pf: NFPROTO_IPV6, hooknum: NF_INET_LOCAL_OUT, priority: 0 } as unknown as Parameters<typeof nfRegisterNetHook>[1];
    expect(nfRegisterNetHook(t.r.net, ops)).toBe(0);
    t.r.receive(t.r.v0, packet());
    nfUnregisterNetHook(t.r.net, ops);
    const other = setupNet(t.r.kernel);
    if (typeof other === 'number') throw new Error(String(other));
    expect([senders, icmpv6Net.of(other).sk === own]).toEqual([[true], false]);
    other.put();
  });

  it('begins with the kernel\'s settings, one set for each namespace, and takes what the kernel takes', () => {
    const tree = sysctlOf(t.r.net);
    const names = ['echo_ignore_all', 'echo_ignore_anycast', 'echo_ignore_multicast', 'error_anycast_as_unicast', 'ratelimit', 'ratemask'];
    expect(names.map((name) => String(tree.read(`net/ipv6/icmp/${name}`)).trim())).toEqual(['0', '0', '0', '0', '100', '0-1,3-127']);
    const write = (name: string, text: string): number => tree.write(`net/ipv6/icmp/${name}`, text);
    expect([write('echo_ignore_all', '255'), write('echo_ignore_all', '256'), write('error_anycast_as_unicast', '2')]).toEqual([0, -EINVAL, -EINVAL]);
    expect([write('ratelimit', '-1'), write('ratelimit', '2147483647'), write('ratemask', '256'), write('ratemask', '5-3')]).toEqual([-EINVAL, 0, -EINVAL, -EINVAL]);
    expect([write('ratemask', '1,2,255'), tree.read('net/ipv6/icmp/ratemask')]).toEqual([0, '1-2,255\n']);
    expect([write('ratemask', ''), write('ratemask', '1-3'), tree.read('net/ipv6/icmp/ratemask')]).toEqual([0, 0, '1-3\n']);
  });

  it('leaves no trace when it is unloaded: nothing is answered any more', () => {
    expect(rmmod(t.r.kernel, '@skbuff/icmpv6')).toBe(0);
    t.r.receive(t.r.v0, packet());
    t.r.receive(t.r.v0, unknown());
    t.r.receive(t.r.v0, packet({ daddr: FAR, ttl: 1 }));
    t.r.receive(t.r.v0, packet({ ext: [[43, [0, 0, 0, 1, 0, 0, 0, 0]]] }));
    expect([t.r.take(), sysctlOf(t.r.net).list('net/ipv6/icmp')]).toEqual([[], []]);
  });
});

describe('reception', () => {
  it('counts what comes, by type too, in the namespace and on the interface [IC6-06, IC6-07]', () => {
    t.r.receive(t.r.v0, packet());
    t.r.receive(t.r.v0, packet({ payload: icmp6Message(A, R, 143, 0) }));
    const counts = { Icmp6InMsgs: 2, Icmp6InEchos: 1, Icmp6InMLDv2Reports: 1, Icmp6InType128: 1, Icmp6InType143: 1 };
    expect(t.r.counters()).toMatchObject(counts);
    expect(t.r.counters('dev_snmp6/v0')).toMatchObject(counts);
  });

  it('drops what is damaged: its sum covers the addresses [IC6-04, IC6-06]', () => {
    t.r.receive(t.r.v0, packet({ payload: icmp6Message('2001:db8::3', R, 128) }));
    expect([t.r.take(), mib('InErrors'), mib('InCsumErrors'), mib('InEchos'), t.r.drops.ICMP_CSUM]).toEqual([[], 1, 1, 0, 1]);
  });

  it('answers an echo request with the same identifier, number and data, type 129, and a sum over the pseudo-header [IC6-04, IC6-08]', () => {
    const data = [0xab, 0xcd, 0, 7, ...Array.from({ length: 33 }, (_, i) => i)];
    t.r.receive(t.r.v0, packet({ payload: icmp6Message(A, R, 128, 0, data) }));
    const [{ ip }] = t.r.take() as [Sent];
    expect([typeOf(ip), [...ip.slice(44)]]).toEqual([[129, 0], data]);
    expect(csumFold(csumPartial(ip, 40, ip.length - 40, csumIpv6Nofold(ip, 8, ip.length - 40, 58)))).toBe(0);
  });

  it('counts an answer that cannot be made, and leaves nothing behind [IC6-08]', () => {
    const sk = icmpv6Net.of(t.r.net).sk as unknown as { wmemAlloc: number };
    sk.wmemAlloc += 1e9;
    t.r.receive(t.r.v0, packet());
    t.r.receive(t.r.v0, unknown());
    sk.wmemAlloc -= 1e9;
    expect([t.r.take(), mib('OutErrors'), mib('OutMsgs'), sk.wmemAlloc]).toEqual([[], 2, 0, 0]);
  });

  it('gives echo replies to ping sockets, without the header; nobody wants them otherwise [IC6-09]', () => {
    const got: number[][] = [];
    service(t.r).ping = { rcv: (skb) => (got.push([skb.bytes[skb.transportHeader] as number, skb.data - skb.transportHeader, skb.len]), 0), err() {} };
    t.r.receive(t.r.v0, packet({ payload: icmp6Message(A, R, 129) }));
    t.r.receive(t.r.v0, packet({ payload: icmp6Message(A, R, 161) }));
    service(t.r).ping = null;
    t.r.receive(t.r.v0, packet({ payload: icmp6Message(A, R, 129) }));
    expect([got, t.r.kernel.skbs.drops[SKB_DROP_REASON_NO_SOCKET]]).toEqual([[[129, 8, 4], [161, 8, 4]], 1]);
  });

  it('gives types 133 to 137 to neighbour discovery and frees them [IC6-12]', () => {
    const got: number[][] = [];
    const { ndisc } = t.r.ip;
    t.r.ip.ndisc = { ...(ndisc as NdiscOps), rcv: (skb) => (got.push([skb.bytes[skb.data] as number, skb.data - skb.transportHeader, skb.len]), 0) };
    for (let type = 132; type <= 138; type++) t.r.receive(t.r.v0, packet({ payload: icmp6Message(A, R, type) }));
    t.r.ip.ndisc = ndisc;
    expect(got).toEqual([133, 134, 135, 136, 137].map((type) => [type, 0, 12]));
  });

  it('gives listener queries and reports to MLD, which has the sk_buff from then on [IC6-13]', () => {
    const got: [string, number, number][] = [];
    const take = (what: string) => (skb: SkBuff): void => {
      got.push([what, skb.bytes[skb.data] as number, skb.data - skb.transportHeader]);
      skb.consume();
    };
    t.r.ip.mld = { ...(t.r.ip.mld as MldOps), eventQuery: take('query'), eventReport: take('report') };
    for (const type of [130, 131, 132, 143]) t.r.receive(t.r.v0, packet({ payload: icmp6Message(A, R, type) }));
    expect(got).toEqual([['query', 130, 0], ['report', 131, 0]]);
  });

  it('makes nothing of messages to others: done, version 2 reports, node information, mobility [IC6-14]', () => {
    const types = [132, 139, 140, 143, 144, 145, 146, 147];
    const told: number[] = [];
    t.r.ip.raw = { localDeliver: () => false, icmpError: () => void told.push(1), raChain: () => false };
    for (const type of types) t.r.receive(t.r.v0, packet({ payload: icmp6Message(A, R, type, 0, [0, 0, 0, 0, ...quote(17)]) }));
    expect([t.r.take(), told, mib('InErrors'), mib('InMsgs')]).toEqual([[], [], 0, types.length]);
  });
});

describe('errors about packets of this host', () => {
  it('go to the transport and the raw sockets, whatever extension headers there are: types 1 to 4, and unknown ones [IC6-11, IC6-15]', () => {
    const told: [string, ...number[]][] = [];
    const errHandler: Inet6Protocol['errHandler'] = (skb, type, code, offset, info) => void told.push(['transport', type, code, offset, info, skb.bytes[skb.data] as number]);
    t.r.ip.addProtocol(99, { handler: (skb) => (skb.consume(), 0), errHandler, final: true, noPolicy: false });
    const raw: Raw6Delivery = {
      localDeliver: () => false,
      icmpError: (_skb, nexthdr, type, code, offset, info) => void told.push(['raw', type, code, offset, info, nexthdr]),
      raChain: () => false,
    };
    t.r.ip.raw = raw;
    const quoted = packet({ saddr: R, daddr: A, proto: 99, payload: new Uint8Array(8), ext: [[60, [0, 0, 1, 4, 0, 0, 0, 0]]] });
    for (const type of [1, 2, 3, 4, 77]) t.r.receive(t.r.v0, error(type, 5, quoted, [0, 0, 4, type]));
    // Unknown messages that are no errors are nobody's.
    t.r.receive(t.r.v0, error(200, 5, quoted));
    expect(told).toEqual([1, 2, 3, 4, 77].flatMap((type) => [['transport', type, 5, 48, 0x400 + type, 0x60], ['raw', type, 5, 48, 0x400 + type, 99]]));
  });

  it('are not passed on when too little is quoted; Packet Too Big must have the whole header [IC6-10]', () => {
    const told: number[] = [];
    t.r.ip.raw = { localDeliver: () => false, icmpError: (_skb, _nexthdr, type) => void told.push(type), raChain: () => false };
    for (const n of [39, 40, 47, 48]) for (const type of [1, 2]) t.r.receive(t.r.v0, error(type, 0, quote(253).slice(0, n)));
    expect([told, mib('InErrors')]).toEqual([[1, 2], 6]);
  });

  it('about what ICMPv6 sent teach routing, and reach the ping socket that asked', () => {
    const told: number[][] = [];
    service(t.r).ping = { rcv: () => 0, err: (_skb, type, code, offset, info) => void told.push([type, code, offset, info]) };
    t.r.receive(t.r.v0, error(2, 0, quote(58, icmp6Message(R, A, 128)), [0, 0, 5, 0x14]));
    t.r.receive(t.r.v0, error(1, 3, quote(58, icmp6Message(R, A, 128))));
    t.r.receive(t.r.v0, error(1, 3, quote(58, icmp6Message(R, A, 129))));
    expect([told, t.r.learned]).toEqual([[[2, 0, 40, 1300], [1, 3, 40, 0]], [['mtu', 1300, t.r.v0.ifindex, 0]]]);
  });

  it('redirects, which neighbour discovery hands in, teach routing too [IC6-11]', () => {
    const quoted = quote(58, icmp6Message(R, A, 129));
    const { ndisc } = t.r.ip;
    const rcv = (skb: SkBuff): number => {
      skb.pull(skb.len - quoted.length);
      return icmpv6Notify(skb, 137, 0, 0) === 1 ? 0 : 2;
    };
    t.r.ip.ndisc = { ...(ndisc as NdiscOps), rcv };
    t.r.receive(t.r.v0, error(137, 0, quoted));
    t.r.ip.ndisc = ndisc;
    expect(t.r.learned).toEqual([['redirect', t.r.v0.ifindex, 0]]);
  });
});

describe('errors that this host sends', () => {
  it('are never about errors; the uppermost bit of the type tells these from questions [IC6-05, IC6-16]', () => {
    const about = (type: number): number => {
      t.r.receive(t.r.v0, packet({ daddr: FAR, ttl: 1, payload: icmp6Message(A, FAR, type) }));
      t.r.clock.advance(SEC);
      return t.r.take().length;
    };
    expect([0, 1, 4, 127, 128, 129, 255].map(about)).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });

  it('are not sent about what came to many, but that it is too big or has an option that asks for it; nor to nobody or to many [IC6-16]', () => {
    const group = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
    const of = (saddr: string, daddr: string, option: number): number => {
      const body = [0, 0, option, 4, 0, 0, 0, 0];
      t.r.receive(t.r.v0, packet({ saddr, daddr, ext: [[60, body]], payload: icmp6Message(saddr, daddr, 128) }), daddr.startsWith('ff') ? group : undefined);
      t.r.clock.advance(SEC);
      return t.r.take().length;
    };
    expect([of(A, 'ff02::1', 0x80), of(A, 'ff02::1', 0xc0), of(A, R, 0xc0), of(A, R, 0x40), of('::', R, 0x80)]).toEqual([1, 0, 1, 0, 0]);
    const unknown = (daddr: string, frame?: Uint8Array): number => {
      t.r.receive(t.r.v0, packet({ saddr: A, daddr, proto: 253, payload: new Uint8Array(8) }), frame);
      t.r.clock.advance(SEC);
      return t.r.take().length;
    };
    expect([unknown(R), unknown('ff02::1', group), unknown(R, group)]).toEqual([1, 0, 0]);
  });

  it('quote as much as fits into 1280 bytes [IC6-17]', () => {
    for (const n of [100, 1191, 1192, 1193, 1400]) t.r.receive(t.r.v0, packet({ proto: 253, payload: new Uint8Array(n) }));
    expect(t.r.take().map(({ ip }) => ip.length)).toEqual([188, 1279, 1280, 1280, 1280]);
  });

  it('tell that the hop limit was used up, from the interface where the packet came in [IC6-18]', () => {
    t.r.receive(t.r.v0, packet({ daddr: FAR, ttl: 1 }));
    const [{ dev, ip }] = t.r.take() as [Sent];
    expect([dev, typeOf(ip), [...ip.slice(8, 24)]]).toEqual(['v0', [3, 0], [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]]);
    expect([t.r.counters().Ip6InHdrErrors, mib('OutTimeExcds')]).toEqual([1, 1]);
  });

  it('tell that fragments were missing a minute later, if the first came [IC6-19]', () => {
    const fragment = (offset: number, id: number): Uint8Array =>
      packet({ ext: [[44, [0, 0, offset >> 8, (offset & 0xff) | 1, 0, 0, 0, id]]], payload: icmp6Message(A, R, 128, 0, new Uint8Array(12)) });
    t.r.receive(t.r.v0, fragment(0, 1));
    t.r.receive(t.r.v0, fragment(16, 2));
    t.r.clock.advance(59.9 * SEC);
    const before = t.r.take().length;
    t.r.clock.advance(0.2 * SEC);
    expect([before, t.r.take().map(({ ip }) => typeOf(ip)), t.r.counters().Ip6ReasmTimeout]).toEqual([0, [[3, 1]], 2]);
  });

  it('tell how long a packet may be that is forwarded [IC6-21]', () => {
    t.r.mtu(t.r.v1, 1300);
    t.r.receive(t.r.v0, packet({ daddr: FAR, proto: 17, payload: new Uint8Array(1261) }));
    t.r.receive(t.r.v0, packet({ daddr: FAR, proto: 17, payload: new Uint8Array(1260) }));
    const [{ dev, ip }, passed] = t.r.take() as [Sent, Sent];
    expect([dev, typeOf(ip), be32(ip, 44), passed.dev]).toEqual(['v0', [2, 0], 1300, 'v1']);
    const { Ip6InTooBigErrors, Ip6FragFails } = t.r.counters();
    expect([Ip6InTooBigErrors, Ip6FragFails, t.r.kernel.skbs.drops[SKB_DROP_REASON_PKT_TOO_BIG]]).toEqual([1, 1, 1]);
  });

  it('tell where an unknown option is, as its upper two bits say [IC6-22, IC6-23]', () => {
    const answer = (option: number): unknown => {
      t.r.receive(t.r.v0, packet({ ext: [[60, [0, 0, option, 4, 1, 2, 3, 4]]] }));
      t.r.clock.advance(SEC);
      return t.r.take().map(({ ip }) => [...typeOf(ip), ip[40] === 4 ? be32(ip, 44) : 0]);
    };
    expect([0x1e, 0x5e, 0x9e, 0xde].map(answer)).toEqual([[[129, 0, 0]], [], [[4, 2, 42]], [[4, 2, 42]]]);
    expect(t.r.drops).toEqual({ UNHANDLED_PROTO: 3 });
  });

  it('come from the address that the route names, where the packet was for somebody else', () => {
    t.r.addr(in6DevGet(t.r.v1) as NonNullable<ReturnType<typeof in6DevGet>>, '2001:db8:1::9');
    t.r.route('2001:db8::', 96, t.r.v0, 1, (rt) => void rt.prefsrc.set(0x20010db8, 0x10000, 0, 9));
    t.r.receive(t.r.v0, packet({ daddr: FAR, ttl: 1 }));
    expect([...(t.r.take()[0]?.ip.slice(8, 24) ?? [])]).toEqual([0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
  });
});

describe('limits', () => {
  const burst = (n: number, make: () => Uint8Array): number => {
    for (let i = 0; i < n; i++) t.r.receive(t.r.v0, make());
    return t.r.take().length;
  };

  it('let six errors pass to one host, then one in the time that is set, however wide the route is; others have their own [IC6-24]', () => {
    t.r.sysctl('net/ipv6/icmp/ratelimit', 1000);
    t.r.route('2001:db8::7', 128, t.r.v0);
    expect([burst(10, unknown), burst(10, () => unknown('2001:db8::3')), burst(10, () => unknown('2001:db8::7'))]).toEqual([6, 6, 6]);
    t.r.clock.advance(SEC);
    expect([burst(10, unknown), burst(10, () => unknown('2001:db8::7'))]).toEqual([1, 1]);
    expect(mib('OutRateLimitHost')).toBe(4 + 4 + 4 + 9 + 9);
    expect(t.r.counters('dev_snmp6/v0').Icmp6OutRateLimitHost).toBeUndefined();
  });

  it('do not hold for Packet Too Big unless the mask has it, nor for types outside the mask, nor on the loopback device [IC6-24]', () => {
    t.r.mtu(t.r.v1, 1280);
    expect(burst(20, () => packet({ daddr: FAR, proto: 17, payload: new Uint8Array(1300) }))).toBe(20);
    expect(burst(20, packet)).toBe(20);
    t.r.sysctl('net/ipv6/icmp/ratemask', '0-255');
    expect([burst(20, packet), burst(20, () => packet({ daddr: FAR, proto: 17, payload: new Uint8Array(1300) }))]).toEqual([6, 0]);
    t.r.sysctl('net/ipv6/icmp/ratemask', '1-3');
    expect(burst(20, unknown)).toBe(20);
    t.r.sysctl('net/ipv6/icmp/ratemask', '4');
    t.r.sysctl('net/ipv6/icmp/ratelimit', 100000);
    for (let i = 0; i < 20; i++) t.r.receive(t.r.net.loopbackDev as NetDevice, unknown('2001:db8::1'), new Uint8Array(6));
    expect(mib('InParmProblems')).toBe(20);
  });

  it('hold for both families together, and are counted for both', () => {
    const limit = icmpGlobal(t.r.net);
    limit.msgsBurst = 3;
    limit.msgsPerSec = 3;
    const sent = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => burst(4, () => unknown(`2001:db8::1:${n}`)));
    const passed = sent.reduce((sum, n) => sum + n, 0);
    expect(passed).toBeLessThan(36);
    expect([limit.refused, mib('OutRateLimitHost')]).toEqual([36 - passed, 0]);
  });
});

describe('replies', () => {
  it('bear the mark of the request where that is wanted', () => {
    const marks: number[] = [];
    const hook = (_ops: unknown, skb: SkBuff): number => (marks.push(skb.mark), NF_ACCEPT);
    const ops = { hook, pf: NFPROTO_IPV6, hooknum: NF_INET_LOCAL_OUT, priority: 0 } as unknown as Parameters<typeof nfRegisterNetHook>[1];
    expect(nfRegisterNetHook(t.r.net, ops)).toBe(0);
    const mark = { hook: (_o: unknown, skb: SkBuff) => ((skb.mark = 7), NF_ACCEPT), pf: NFPROTO_IPV6, hooknum: 0, priority: 0 } as unknown as typeof ops;
    expect(nfRegisterNetHook(t.r.net, mark)).toBe(0);
    for (const reflect of [0, 1]) {
      t.r.sysctl('net/ipv6/fwmark_reflect', reflect);
      t.r.receive(t.r.v0, packet());
      t.r.receive(t.r.v0, unknown());
    }
    nfUnregisterNetHook(t.r.net, ops);
    nfUnregisterNetHook(t.r.net, mark);
    expect(marks).toEqual([0, 0, 7, 7]);
  });

  it('have a length that the header says, also where the request was padded on the link', () => {
    t.r.receive(t.r.v0, Uint8Array.from([...packet(), 0, 0, 0, 0, 0]));
    const [{ ip }] = t.r.take() as [Sent];
    expect([be16(ip, 4), ip.length]).toEqual([12, 52]);
  });

  it('are shown by the files of the namespace and of the interface', () => {
    t.r.receive(t.r.v0, packet());
    const file = (name: string): string[] => String(procNetOf(t.r.net).read(name)).split('\n').filter((line) => /EchoRep|Type129|ifIndex/.test(line));
    const lines = ['Icmp6InEchoReplies              \t0', 'Icmp6OutEchoReplies             \t1', 'Icmp6OutType129                 \t1'];
    expect([file('snmp6'), file('dev_snmp6/v0')]).toEqual([lines, [`ifIndex                         \t${t.r.v0.ifindex}`, ...lines]]);
  });
});

import { CHECKSUM_NONE, CHECKSUM_PARTIAL, NETIF_F_HW_CSUM, type NetDevice, nfRegisterNetHook, nfUnregisterNetHook, SKB_GSO_UDP_L4, type SkBuff, skbSegment } from '@skbuff/core';
import {
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EAGAIN,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  ENOMEM,
  ENETUNREACH,
  EPERM,
  IFA_F_OPTIMISTIC,
  IFF_LOOPBACK,
  IPV6_PMTUDISC_DO,
  IPV6_PMTUDISC_PROBE,
  IPPROTO_ICMPV6,
  IPPROTO_UDP,
  MSG_DONTWAIT,
  MSG_MORE,
  MSG_PROBE,
  NF_ACCEPT,
  NF_DROP,
  NFPROTO_IPV6,
  RTAX_HOPLIMIT,
} from '@skbuff/uapi';
import { be16, be32, In6Addr } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  Flowi6,
  ip6AppendData,
  ip6DstLookup,
  ip6FlushPendingFrames,
  ip6MakeSkb,
  ip6PushPendingFrames,
  ip6SendSkb,
  ip6Xmit,
  type Ipv6TxOptions,
  type Rt6Info,
} from '../src/index.ts';
import { cookie6, in6, mroute, TestSock6, useHost6 } from './support.ts';

const t = useHost6();
let dev: NetDevice;
let sk: TestSock6;
const data = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i * 7);

beforeEach(() => {
  dev = t.h.eth('a', '2001:db8:a::1');
  sk = new TestSock6(t.h.net);
});

function flow(daddr = '2001:db8:a::2', proto = 17): Flowi6 {
  const fl6 = new Flowi6().init(proto);
  fl6.daddr.copy(in6(daddr));
  fl6.sport = 1000;
  fl6.dport = 2000;
  return fl6;
}

function route(fl6: Flowi6): Rt6Info {
  const rt = ip6DstLookup(t.h.net, sk, fl6);
  if (typeof rt === 'number') throw new Error(`ip6DstLookup: ${rt}`);
  return rt;
}

/** Makes a packet of `n` bytes of payload behind an 8-byte transport header. */
function make(n: number, ipc = cookie6(), fl6 = flow(), flags = 0, prepare: (rt: Rt6Info) => void = () => {}): SkBuff | number {
  const rt = route(fl6);
  prepare(rt);
  const skb = ip6MakeSkb(sk, fl6, { bytes: data(n), from: 0, length: n, transhdrlen: 8 }, ipc, rt, flags);
  if (typeof skb === 'number') rt.release();
  else skb.bytes.fill(0xee, skb.transportHeader, skb.transportHeader + 8);
  return skb;
}

function send(n: number, ipc = cookie6(), fl6 = flow(), prepare: (rt: Rt6Info) => void = () => {}): Uint8Array {
  const skb = make(n, ipc, fl6, 0, prepare);
  if (typeof skb === 'number') throw new Error(`ip6MakeSkb: ${skb}`);
  expect(ip6SendSkb(t.h.net, skb)).toBe(0);
  return t.h.take()[0]?.ip as Uint8Array;
}

const addrs = (ip: Uint8Array): string[] => [8, 24].map((at) => new In6Addr().load(ip, at).toString());

describe('ip6_make_skb', () => {
  it('makes one packet with header, room for the transport and data, and charges the socket until it is sent [IP6T-03, IP6T-04, IP6H-07]', () => {
    const skb = make(20) as SkBuff;
    expect(sk.charged).toBe(skb.truesize);
    expect(ip6SendSkb(t.h.net, skb)).toBe(0);
    expect(sk.charged).toBe(0);
    const ip = t.h.take()[0]?.ip as Uint8Array;
    expect([ip[0], be16(ip, 4), ip[6], ip[7]]).toEqual([0x60, 28, 17, 64]);
    expect(addrs(ip)).toEqual(['2001:db8:a::1', '2001:db8:a::2']);
    expect([...ip.slice(40)]).toEqual([...new Array<number>(8).fill(0xee), ...data(20)]);
    expect([t.h.counters(), t.h.counters(dev)]).toEqual([
      { OUTREQUESTS: 1, OUTPKTS: 1 },
      { OUTREQUESTS: 1, OUTPKTS: 1 },
    ]);
  });

  it('leaves the sum of a whole UDP packet to a device that can, and no other', () => {
    const sum = (n: number, ipc = cookie6(), fl6 = flow()): number => {
      const skb = make(n, ipc, fl6) as SkBuff;
      const { ipSummed } = skb;
      skb.consume();
      return ipSummed;
    };
    expect(sum(20)).toBe(CHECKSUM_NONE);
    dev.features |= NETIF_F_HW_CSUM;
    expect([sum(20), sum(1452)]).toEqual([CHECKSUM_PARTIAL, CHECKSUM_PARTIAL]);
    expect([sum(1453), sum(20, cookie6({ opt: hbh })), sum(20, cookie6(), flow('2001:db8:a::2', 58))]).toEqual([CHECKSUM_NONE, CHECKSUM_NONE, CHECKSUM_NONE]);
  });

  it('cuts what is longer than the MTU into fragments of a multiple of 8 bytes [IP6T-04, IP6X-11]', () => {
    const skb = make(3000) as SkBuff;
    expect(sk.charged).toBe(skb.truesize);
    expect(ip6SendSkb(t.h.net, skb)).toBe(0);
    const pieces = t.h.take().map((s) => s.ip);
    expect(pieces.map((ip) => [ip.length, ip[6], ip[40], be16(ip, 42)])).toEqual([
      [1496, 44, 17, 1],
      [1496, 44, 17, 1448 | 1],
      [160, 44, 17, 2896],
    ]);
    expect(pieces.flatMap((ip) => [...ip.slice(48)]).slice(8)).toEqual([...data(3000)]);
    expect(new Set(pieces.map((ip) => be32(ip, 44))).size).toBe(1);
    expect(t.h.counters()).toEqual({ OUTREQUESTS: 1, OUTPKTS: 3, FRAGOKS: 1, FRAGCREATES: 3 });
    expect(sk.charged).toBe(0);
  });

  it.each([
    ['with IPV6_PMTUDISC_DO', () => void (sk.pinet6.pmtudisc = IPV6_PMTUDISC_DO), [[EMSGSIZE, 1500]]],
    ['with IPV6_PMTUDISC_PROBE', () => void (sk.pinet6.pmtudisc = IPV6_PMTUDISC_PROBE), [[EMSGSIZE, 1500]]],
    ['with IPV6_DONTFRAG', () => void (sk.pinet6.dontfrag = true), [[0, 1500], [EMSGSIZE, 1500]]],
  ])('refuses what is longer %s, and says what would fit', (_what, prepare, errors) => {
    prepare();
    expect(send(1452).length).toBe(1500);
    expect(make(1453)).toBe(-EMSGSIZE);
    expect(sk.errors).toEqual(errors);
    expect(t.h.counters()).toEqual({ OUTREQUESTS: 1, OUTPKTS: 1 });
  });

  it('takes IPV6_DONTFRAG of one message before that of the socket', () => {
    sk.pinet6.dontfrag = true;
    const skb = make(1453, cookie6({ dontfrag: 0 })) as SkBuff;
    skb.consume();
    sk.pinet6.dontfrag = false;
    expect(make(1453, cookie6({ dontfrag: 1 }))).toBe(-EMSGSIZE);
  });

  it('knows a length that no packet can have, a way that is too narrow for IPv6, and a socket that may send no more', () => {
    expect(make(65527 + 1)).toBe(-EMSGSIZE);
    t.h.idev(dev).cnf.mtu6 = 1000;
    expect(make(20)).toBe(-EINVAL);
    t.h.idev(dev).cnf.mtu6 = 1500;
    sk.refuse = -EAGAIN;
    // Who waits comes again with it.
    expect([make(20), make(2000)]).toEqual([-EAGAIN, -EAGAIN]);
    expect(t.h.counters(dev)).toEqual({});
    expect([make(20, cookie6(), flow(), MSG_DONTWAIT), make(2000, cookie6(), flow(), MSG_DONTWAIT)]).toEqual([-EAGAIN, -EAGAIN]);
    expect(t.h.counters(dev)).toEqual({ OUTDISCARDS: 2 });
  });

  it('sends nothing with MSG_PROBE', () => {
    expect(make(20, cookie6(), flow(), MSG_PROBE)).toBe(0);
    expect(sk.charged).toBe(0);
  });

  it('cuts to IPV6_MTU what is longer than the way takes, and only that (so does Linux 6.18)', () => {
    sk.pinet6.fragSize = 1280;
    ip6SendSkb(t.h.net, make(1400) as SkBuff);
    ip6SendSkb(t.h.net, make(1600) as SkBuff);
    expect(t.h.take().map((s) => s.ip.length)).toEqual([1448, 1280, 424]);
  });
});

const hbh: Ipv6TxOptions = { hopopt: Uint8Array.of(0, 0, 5, 2, 0, 0, 1, 0), dst0opt: null, srcrt: null, dst1opt: null };

describe('extension headers', () => {
  const all: Ipv6TxOptions = {
    hopopt: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0),
    dst0opt: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0),
    srcrt: Uint8Array.from([0, 2, 2, 1, 0, 0, 0, 0, ...in6('2001:db8:a::9').toBytes()]),
    dst1opt: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0),
  };

  it('go out in their order, the packet to the first stop [IP6H-05, IP6X-01, IP6X-13]', () => {
    const ip = send(4, cookie6({ opt: all }));
    expect([ip[6], ip[40], ip[48], ip[56], ip[80]]).toEqual([0, 60, 43, 60, 17]);
    expect(addrs(ip)).toEqual(['2001:db8:a::1', '2001:db8:a::9']);
    expect(new In6Addr().load(ip, 64).toString()).toBe('2001:db8:a::2');
    expect([be16(ip, 4), [...ip.slice(88)]]).toEqual([60, [...new Array<number>(8).fill(0xee), ...data(4)]]);
  });

  it('are in every fragment, but those for the last node, which are in the first [IP6X-11]', () => {
    ip6SendSkb(t.h.net, make(2000, cookie6({ opt: all })) as SkBuff);
    const pieces = t.h.take().map((s) => s.ip);
    expect(pieces.map((ip) => [ip[6], ip[40], ip[48], ip[56], ip[80]])).toEqual([
      [0, 60, 43, 44, 60],
      [0, 60, 43, 44, 60],
    ]);
    expect([pieces[0]?.[88], [...(pieces[0] as Uint8Array).slice(104), ...(pieces[1] as Uint8Array).slice(88)]]).toEqual([17, [...data(2000)]]);
  });

  const dst: Ipv6TxOptions = { hopopt: null, dst0opt: null, srcrt: null, dst1opt: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) };

  // Those for the last node count twice, with Linux 6.18 as here.
  it.each([
    ['hop-by-hop', hbh, 1444, 1500],
    ['destination', dst, 1436, 1492],
  ])('take from what fits: %s', (_what, opt, most, length) => {
    sk.pinet6.pmtudisc = IPV6_PMTUDISC_DO;
    expect(make(most + 1, cookie6({ opt }))).toBe(-EMSGSIZE);
    expect(sk.errors.splice(0)).toEqual([[EMSGSIZE, 1492]]);
    expect(make(most + 1, cookie6({ opt, dontfrag: 1 }))).toBe(-EMSGSIZE);
    expect(sk.errors).toEqual([
      [0, 1492],
      [EMSGSIZE, 1492],
    ]);
    expect(send(most, cookie6({ opt })).length).toBe(length);
  });
});

describe('hop limit and traffic class', () => {
  it.each([
    ['the interface', {}, '2001:db8:a::2', 64],
    ['the socket', { hopLimit: 7 }, '2001:db8:a::2', 7],
    ['1 for many', {}, 'ff05::1', 1],
    ['the socket, for many', { mcastHops: 9 }, 'ff05::1', 9],
  ])('are those of %s', (_what, np, daddr, hops) => {
    Object.assign(sk.pinet6, np);
    expect(send(4, cookie6(), flow(daddr))[7]).toBe(hops);
  });

  it('are those of the route, and of the message', () => {
    const ofRoute = (rt: Rt6Info): void => {
      rt.metrics = new Uint32Array(20);
      rt.metrics[RTAX_HOPLIMIT] = 33;
    };
    expect(send(4, cookie6(), flow(), ofRoute)[7]).toBe(33);
    expect([be32(send(4), 0) >>> 20, be32(send(4, cookie6({ tclass: 0xb8, hlimit: 3 })), 0) >>> 20]).toEqual([0x600, 0x6b8]);
  });
});

describe('flow labels', () => {
  const label = (np = {}, fl = flow()): number => {
    Object.assign(sk.pinet6, np);
    return be32(send(4, cookie6(), fl), 0) & 0xfffff;
  };

  it('are made of the flow, as the setting and the socket say [IP6H-08]', () => {
    const made = label();
    expect(made).not.toBe(0);
    expect(label()).toBe(made);
    const other = flow();
    other.sport = 1001;
    expect(label({}, other)).not.toBe(made);
    expect(label({ autoflowlabel: 0 })).toBe(0);
    t.h.state.autoFlowlabels = 3;
    expect(label({ autoflowlabel: 0 })).toBe(made);
    t.h.state.autoFlowlabels = 2;
    expect([label({ autoflowlabel: -1 }), label({ autoflowlabel: 1 })]).toEqual([0, made]);
    t.h.state.autoFlowlabels = 0;
    expect(label({ autoflowlabel: 1 })).toBe(0);
    t.h.state.autoFlowlabels = 1;
    t.h.state.flowlabelStateRanges = 1;
    expect(label()).toBe(made | 0x80000);
  });

  it('tell flows apart by both ports, whatever their sum, but not its two directions; ICMPv6 by type and code [IP6H-08]', () => {
    const of = (sport: number, dport: number, proto: number = IPPROTO_UDP): number => label({}, Object.assign(flow(), { sport, dport, proto }));
    expect(new Set([of(1000, 2001), of(1001, 2000), of(1002, 1999)]).size).toBe(3);
    expect([of(2001, 1000) === of(1000, 2001), of(1, 4, IPPROTO_ICMPV6) === of(4, 1, IPPROTO_ICMPV6)]).toEqual([true, false]);
  });

  it('are what the sender says', () => {
    const fl6 = flow();
    fl6.flowlabel = 0x2812345;
    expect(label({}, fl6)).toBe(0x12345);
  });
});

describe('corking', () => {
  const append = (n: number, flags: number, ipc = cookie6()): number => {
    const { cork } = sk.pinet6;
    const fl6 = flow();
    const rt = cork.queue.length === 0 ? route(fl6) : (cork.dst as Rt6Info);
    const first = cork.queue.length === 0;
    const err = ip6AppendData(sk, fl6, { bytes: data(n), from: 0, length: n, transhdrlen: 8 }, ipc, rt, flags);
    if (err !== 0 && first) rt.release();
    return err;
  };

  it('makes one packet of several sends [IP6T-02]', () => {
    for (const n of [100, 200, 300]) expect(append(n, MSG_MORE)).toBe(0);
    expect([t.h.take().length, ip6PushPendingFrames(sk)]).toEqual([0, 0]);
    const ip = t.h.take()[0]?.ip as Uint8Array;
    expect([ip.length, [...ip.slice(48)]]).toEqual([648, [...data(100), ...data(200), ...data(300)]]);
    expect([ip6PushPendingFrames(sk), sk.charged]).toEqual([0, 0]);
  });

  it('cuts where one more send makes it too long: what is beyond a multiple of 8 moves on [IP6T-02]', () => {
    expect([append(1450, MSG_MORE), append(1000, 0), ip6PushPendingFrames(sk)]).toEqual([0, 0, 0]);
    const pieces = t.h.take().map((s) => s.ip);
    expect(pieces.map((ip) => ip.length)).toEqual([1496, 1058]);
    expect(pieces.flatMap((ip) => [...ip.slice(48)]).slice(8)).toEqual([...data(1450), ...data(1000)]);
  });

  it('keeps to what the first send said of cutting', () => {
    expect([append(1000, MSG_MORE, cookie6({ dontfrag: 1 })), append(1000, 0, cookie6({ dontfrag: 0 }))]).toEqual([0, -EMSGSIZE]);
    ip6FlushPendingFrames(sk);
    append(1000, MSG_MORE);
    sk.pinet6.dontfrag = true;
    expect([append(1000, 0), ip6PushPendingFrames(sk), t.h.take().length]).toEqual([0, 0, 2]);
  });

  it('throws away what was corked, and gives back what it held', () => {
    append(100, MSG_MORE);
    ip6FlushPendingFrames(sk);
    expect([sk.charged, sk.pinet6.cork.length, ip6PushPendingFrames(sk), t.h.take().length]).toEqual([0, 0, 0, 0]);
  });

  it('keeps nothing of a first send that fails', () => {
    sk.refuse = -EAGAIN;
    expect([append(100, MSG_MORE), sk.pinet6.cork.dst]).toEqual([-EAGAIN, null]);
    sk.refuse = 0;
    append(40000, MSG_MORE);
    expect(append(40000, MSG_MORE)).toBe(-EMSGSIZE);
    ip6FlushPendingFrames(sk);
  });
});

describe('ip6_xmit', () => {
  function xmit(n: number, opt: Ipv6TxOptions | null = null, room = 200, prepare: (skb: SkBuff) => void = () => {}): number {
    const fl6 = flow('2001:db8:a::2', 6);
    const rt = route(fl6);
    const skb = t.h.net.skbs.alloc(room + n) as SkBuff;
    skb.reserve(room);
    skb.putData(data(n), 0, n);
    skb.dstSet(rt);
    prepare(skb);
    return ip6Xmit(t.h.net, sk, skb, fl6, 0, opt, 0x28, 3);
  }

  it('sends what a transport has cut by itself, headers in front [IP6T-01]', () => {
    expect(xmit(24)).toBe(0);
    const [ip] = t.h.take().map((s) => s.ip) as [Uint8Array];
    expect([be32(ip, 0) >>> 20, be16(ip, 4), ip[6], ip[7], addrs(ip), [...ip.slice(40)]]).toEqual([0x628, 24, 6, 64, ['2001:db8:a::1', '2001:db8:a::2'], [...data(24)]]);
    expect(t.h.counters(dev)).toEqual({ OUTREQUESTS: 1, OUTPKTS: 1 });
  });

  it('makes room for headers, those of the options too [IP6T-01]', () => {
    expect(xmit(24, hbh, 0)).toBe(0);
    const [ip] = t.h.take().map((s) => s.ip) as [Uint8Array];
    expect([ip[6], ip[40], be16(ip, 4), [...ip.slice(48)]]).toEqual([0, 6, 32, [...data(24)]]);
  });

  it('cuts nothing itself: the user hears what would fit [IP6T-01]', () => {
    expect([xmit(1460), xmit(1461)]).toEqual([0, -EMSGSIZE]);
    expect([sk.errors, t.h.counters(dev)]).toEqual([[[EMSGSIZE, 1500]], { OUTREQUESTS: 1, OUTPKTS: 1, FRAGFAILS: 1 }]);
    expect(xmit(1461, null, 200, (skb) => (skb.ignoreDf = true))).toBe(0);
  });

  it('gives up without memory', () => {
    t.h.kernel.skbs.cow = () => -ENOMEM;
    expect(xmit(24, null, 0)).toBe(-ENOBUFS);
    expect(t.h.counters(dev)).toEqual({ OUTDISCARDS: 1 });
  });
});

describe('super-packets', () => {
  /** One of 2,400 bytes of payload in segments of `size`, on its way out. */
  function shove(size: number, mtu: number, ignoreDf: boolean): number {
    t.h.ip.addOffload(17, { gsoSegment: (skb) => (skb.pull(8), skbSegment(skb, false)), groReceive: () => null, groComplete: () => 0 });
    t.h.idev(dev).cnf.mtu6 = 9000;
    const skb = make(2400, cookie6()) as SkBuff;
    t.h.idev(dev).cnf.mtu6 = mtu;
    skb.shinfo.gsoSize = size;
    skb.shinfo.gsoSegs = Math.ceil(2400 / size);
    skb.shinfo.gsoType = SKB_GSO_UDP_L4;
    skb.ignoreDf = ignoreDf;
    return ip6SendSkb(t.h.net, skb);
  }
  const lengths = (): number[] => t.h.take().map((s) => s.ip.length);

  it('pass whole if their segments fit: what the device cannot is done later', () => {
    expect(shove(1200, 1280, false)).toBe(0);
    expect([lengths(), t.h.counters(dev)]).toEqual([[2448], { OUTREQUESTS: 1, OUTPKTS: 1 }]);
  });

  it('are cut and fragmented where they do not', () => {
    expect(shove(1250, 1280, true)).toBe(0);
    expect(lengths()).toEqual([1280, 74, 1198]);
    expect(t.h.counters(dev)).toEqual({ OUTREQUESTS: 1, OUTPKTS: 3, FRAGOKS: 1, FRAGCREATES: 2 });
  });

  it('are dropped where nobody can cut them', () => {
    t.h.ip.addOffload(17, { gsoSegment: () => -EINVAL, groReceive: () => null, groComplete: () => 0 });
    expect(shove(1250, 1280, true)).toBe(-ENOMEM);
    expect(t.h.drops).toEqual({ SKB_GSO_SEG: 1 });
  });
});

describe('ip6_output', () => {
  it('counts ICMPv6 by type', () => {
    const skb = make(4, cookie6(), flow('2001:db8:a::2', 58)) as SkBuff;
    skb.bytes[skb.transportHeader] = 128;
    ip6SendSkb(t.h.net, skb);
    expect(t.h.icmpOut).toEqual([128]);
  });

  it('drops where IPv6 is off', () => {
    const skb = make(4) as SkBuff;
    t.h.idev(dev).cnf.disableIpv6 = 1;
    expect(ip6SendSkb(t.h.net, skb)).toBe(0);
    expect([t.h.counters(dev), t.h.drops]).toEqual([{ OUTREQUESTS: 1, OUTDISCARDS: 1 }, { IPV6DISABLED: 1 }]);
  });

  it('drops without a table of neighbours', () => {
    const skb = make(4) as SkBuff;
    const { ndisc } = t.h.ip;
    t.h.ip.ndisc = null;
    expect(ip6SendSkb(t.h.net, skb)).toBe(-EINVAL);
    t.h.ip.ndisc = ndisc;
    expect(t.h.counters(dev)).toEqual({ OUTREQUESTS: 1, OUTPKTS: 1, OUTNOROUTES: 1, OUTDISCARDS: 1 });
  });

  it('drops without memory for the header of the device', () => {
    const skb = make(4) as SkBuff;
    t.h.kernel.skbs.cow = () => -ENOMEM;
    dev.hardHeaderLen = 200;
    expect(ip6SendSkb(t.h.net, skb)).toBe(-ENOMEM);
    expect([t.h.counters(dev), t.h.drops]).toEqual([{ OUTREQUESTS: 1, OUTDISCARDS: 2 }, { NOMEM: 1 }]);
  });

  it.each([
    [3, 'LOCAL_OUT', -EPERM],
    [4, 'POST_ROUTING', -EPERM],
  ])('lets hooks at point %i, %s, drop [IP6T-03, IP6T-04]', (hooknum, _name, err) => {
    const ops = { hook: () => NF_DROP, pf: NFPROTO_IPV6, hooknum, priority: 0 };
    nfRegisterNetHook(t.h.net, ops);
    expect(ip6SendSkb(t.h.net, make(4) as SkBuff)).toBe(err);
    nfUnregisterNetHook(t.h.net, ops);
    expect([t.h.take().length, t.h.counters(dev)]).toEqual([0, { OUTREQUESTS: 1, OUTDISCARDS: 1 }]);
  });

  it('brings what is for this host back by the loopback device, as arrived where the address is', () => {
    const seen: number[] = [];
    t.h.ip.protos[17] = { handler: (skb) => (seen.push(skb.cb[1] as number), skb.consume(), 0), errHandler: null, final: true, noPolicy: false };
    const { w0, w1, w2, w3 } = in6('2001:db8:a::1');
    const neigh = t.h.ip.ndisc?.tbl.create(t.h.net.loopbackDev as NetDevice, w0, w1, w2, w3);
    if (typeof neigh === 'object') neigh.ha.fill(0);
    ip6SendSkb(t.h.net, make(4, cookie6(), flow('2001:db8:a::1')) as SkBuff);
    t.h.clock.advance(0);
    expect(seen).toEqual([dev.ifindex]);
  });
});

describe('to many', () => {
  const shout = (daddr: string): number => {
    const err = ip6SendSkb(t.h.net, make(4, cookie6(), flow(daddr)) as SkBuff);
    t.h.clock.advance(0);
    return err;
  };

  it('reaches this host too if it listens, unless the socket does not want that', () => {
    shout('ff02::1');
    expect([t.h.delivered.length, t.h.take().length]).toEqual([0, 1]);
    t.h.mld.groups.add('a ff02::1');
    shout('ff02::1');
    expect([t.h.delivered.length, t.h.take().length]).toEqual([1, 1]);
    expect(addrs(t.h.delivered[0] as Uint8Array)[1]).toBe('ff02::1');
    sk.pinet6.mcLoop = false;
    shout('ff02::1');
    expect([t.h.delivered.length, t.h.take().length]).toEqual([1, 1]);
    expect(t.h.counters(dev)).toEqual({ OUTREQUESTS: 3, OUTMCASTPKTS: 3, OUTPKTS: 3, INPKTS: 1, INMCASTPKTS: 1, INDELIVERS: 1 });
  });

  it('comes back for the multicast routing too if its daemon sent it, although nobody is in the group', () => {
    t.h.state.devconfAll.mcForwarding = 1;
    const got: string[] = [];
    t.h.ip.mroute = mroute((skb) => (got.push(`${skb.dev?.name} ${skb.pktType}`), skb.consume(), 0), true);
    shout('ff05::7');
    expect([got, t.h.take().length, t.h.delivered.length]).toEqual([['a 5'], 1, 0]);
    t.h.ip.mroute = null;
  });

  it('passes POST_ROUTING twice then', () => {
    let seen = 0;
    const ops = { hook: () => (seen++, NF_ACCEPT), pf: NFPROTO_IPV6, hooknum: 4, priority: 0 };
    nfRegisterNetHook(t.h.net, ops);
    t.h.mld.groups.add('a ff02::1');
    shout('ff02::1');
    nfUnregisterNetHook(t.h.net, ops);
    expect([seen, t.h.delivered.length, t.h.take().length]).toEqual([2, 1, 1]);
  });

  it('of a hop limit of 0 leaves this host only if nobody here listens', () => {
    sk.pinet6.mcastHops = 0;
    t.h.mld.groups.add('a ff02::1');
    shout('ff02::1');
    expect([t.h.delivered.length, t.h.take().length]).toEqual([1, 0]);
    expect(t.h.counters(dev)).toMatchObject({ OUTREQUESTS: 1, OUTDISCARDS: 1 });
  });

  it('of interface-local scope stays here', () => {
    t.h.mld.groups.add('a ff01::1');
    shout('ff01::1');
    expect([t.h.delivered.length, t.h.take().length]).toEqual([1, 0]);
    expect(t.h.counters(dev)).toMatchObject({ OUTREQUESTS: 1, OUTMCASTPKTS: 1 });
  });
});

describe('ip6_dst_lookup', () => {
  const lookup = (fl6: Flowi6): string => {
    const rt = ip6DstLookup(t.h.net, sk, fl6);
    if (typeof rt === 'number') return String(rt);
    rt.release();
    return fl6.saddr.toString();
  };

  it('finds the source by the way, and takes the one that the route prefers', () => {
    expect(lookup(flow())).toBe('2001:db8:a::1');
    t.h.route('2001:db8:c::', 48, dev, 'fe80::1', (rt) => void rt.prefsrc.copy(in6('2001:db8:a::77')));
    expect(lookup(flow('2001:db8:c::1'))).toBe('2001:db8:a::77');
    const fl6 = flow();
    fl6.saddr.copy(in6('2001:db8:a::99'));
    expect(lookup(fl6)).toBe('2001:db8:a::99');
  });

  it('says that there is no way, no source, or none of this family', () => {
    expect(lookup(flow('2001:db8:ffff::1'))).toBe(String(-ENETUNREACH));
    expect(t.h.counters()).toEqual({ OUTNOROUTES: 1 });
    const fl6 = flow();
    fl6.saddr.copy(in6('::ffff:10.0.0.1'));
    expect(lookup(fl6)).toBe(String(-EAFNOSUPPORT));
    t.h.state.addrs.remove(t.h.idev(dev).addrList.pop() as never);
    t.h.route('2001:db8:c::', 48, dev);
    expect(lookup(flow('2001:db8:c::1'))).toBe(String(-EADDRNOTAVAIL));
    t.h.ip.routing = null;
    expect(lookup(flow())).toBe(String(-ENETUNREACH));
  });

  it('goes by a router while an optimistic source must not ask for a neighbour', () => {
    const b = t.h.eth('b');
    t.h.addr(t.h.idev(b), '2001:db8:b::1', IFA_F_OPTIMISTIC);
    t.h.route('::', 0, b, 'fe80::1');
    const fl6 = flow('2001:db8:b::2');
    fl6.saddr.copy(in6('2001:db8:b::1'));
    const tbl = t.h.ip.ndisc?.tbl;
    const neigh = tbl?.create(b, fl6.daddr.w0, fl6.daddr.w1, fl6.daddr.w2, fl6.daddr.w3);
    if (neigh === undefined || typeof neigh === 'number') throw new Error('no neighbour');
    const via = (): string => {
      const rt = route(fl6);
      rt.release();
      return rt.nexthop(fl6.daddr).toString();
    };
    expect(via()).toBe('2001:db8:b::2');
    const { nudState } = neigh;
    neigh.nudState = 1;
    expect(via()).toBe('fe80::1');
    neigh.nudState = nudState;
    expect((b.flags & IFF_LOOPBACK) === 0).toBe(true);
  });
});

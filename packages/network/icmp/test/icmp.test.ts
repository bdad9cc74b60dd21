import { rmmod, setupNet, SKB_DROP_REASON_NO_SOCKET, type SkBuff, nfRegisterNetHook, nfUnregisterNetHook } from '@skbuff/core';
import { Flowi4, IpPayload, ipMakeSkb, ipSendSkb, type NetProtocol, newIpcmCookie, type Rtable } from '@skbuff/ipv4';
import { procNetOf } from '@skbuff/procfs';
import { sysctlOf } from '@skbuff/sysctl';
import {
  EINVAL,
  ICMP_DEST_UNREACH,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_EXC_TTL,
  ICMP_FRAG_NEEDED,
  ICMP_PORT_UNREACH,
  ICMP_REDIRECT,
  ICMP_TIME_EXCEEDED,
  IPPROTO_ICMP,
} from '@skbuff/uapi';
import { be16, be32, ipComputeCsum } from '@skbuff/wire';
import { ethFrame, icmpMessage, receiveFrame } from '@skbuff/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { ICMP, icmpErr, icmpIsError, type Icmp, icmpNet, icmpSend } from '../src/index.ts';
import { ip4, ipPacket, type Router, SEC, useRouter } from './support.ts';

const t = useRouter();
beforeEach(() => t.r.sysctl('net/ipv4/ip_forward', 1));

const service = (r: Router): Icmp => r.kernel.services.get(ICMP);
const ttl1 = (saddr = '10.0.0.2'): Uint8Array => ipPacket({ saddr, daddr: '10.0.1.2', proto: 17, ttl: 1, payload: new Uint8Array(8) });
const typeOf = (ip: Uint8Array): [number, number] => [ip[(ip[0] & 15) * 4], ip[(ip[0] & 15) * 4 + 1]];
const icmpMib = (name: string): number => t.r.counters()[`Icmp:${name}`] ?? 0;

describe('set-up', () => {
  it('is the handler of protocol 1, needs no IPsec policy, and refuses a second one [ICMP-01, ICMP-02, ICMP-03]', () => {
    const proto = t.r.ip.protos[IPPROTO_ICMP] as NetProtocol;
    expect([proto.noPolicy, proto.errHandler]).toEqual([true, icmpErr]);
    expect(t.r.ip.addProtocol(IPPROTO_ICMP, proto)).toBeNull();
  });

  it('begins with the kernel\'s settings, one set for each namespace [ICMP-04]', () => {
    const read = (net = t.r.net): string[] =>
      sysctlOf(net)
        .list('net/ipv4')
        .filter((path) => path.includes('/icmp_'))
        .map((path) => `${path.slice('net/ipv4/'.length)}=${String(sysctlOf(net).read(path)).trim()}`);
    const defaults = [
      'icmp_echo_ignore_all=0',
      'icmp_echo_ignore_broadcasts=1',
      'icmp_errors_use_inbound_ifaddr=0',
      'icmp_ignore_bogus_error_responses=1',
      'icmp_msgs_burst=50',
      'icmp_msgs_per_sec=1000',
      'icmp_ratelimit=1000',
      'icmp_ratemask=6168',
    ];
    expect(read()).toEqual(defaults);
    t.r.sysctl('net/ipv4/icmp_echo_ignore_all', 1);
    const other = setupNet(t.r.kernel);
    if (typeof other === 'number') throw new Error(String(other));
    expect(read(other)).toEqual(defaults);
    other.put();
    for (const [name, bad] of [['icmp_echo_ignore_all', '2'], ['icmp_ratelimit', '-1'], ['icmp_msgs_burst', '-1'], ['icmp_ratemask', '4294967296']] as const) {
      expect([name, sysctlOf(t.r.net).write(`net/ipv4/${name}`, bad)]).toEqual([name, -EINVAL]);
    }
  });

  it('leaves no trace when it is unloaded: nothing is answered any more', () => {
    expect(rmmod(t.r.kernel, '@skbuff/icmp')).toBe(0);
    t.r.receive(t.r.v0, ipPacket());
    t.r.receive(t.r.v0, ttl1());
    expect(t.r.take()).toEqual([]);
    expect(procNetOf(t.r.net).read('snmp')).not.toContain('Icmp');
  });

  it('shows its counters as the kernel does', () => {
    t.r.receive(t.r.v0, ipPacket());
    t.r.receive(t.r.v0, ipPacket({ payload: icmpMessage(3, 3) }));
    const snmp = (procNetOf(t.r.net).read('snmp') as string).split('\n');
    expect(snmp.slice(2, 6)).toEqual([
      'Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps',
      'Icmp: 2 1 0 1 0 0 0 0 1 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 1 0 0 0 0',
      'IcmpMsg: InType3 InType8 OutType0',
      'IcmpMsg: 1 1 1',
    ]);
  });
});

describe('limits', () => {
  const burst = (n: number, saddr?: string): number => {
    for (let i = 0; i < n; i++) t.r.receive(t.r.v0, ttl1(saddr));
    return t.r.take().length;
  };

  it('let six errors pass to one host, then one a second; other hosts have their own [ICMP-31, ICMP-32]', () => {
    expect([burst(10), burst(10, '10.0.0.3')]).toEqual([6, 6]);
    t.r.clock.advance(SEC);
    expect(burst(3)).toBe(1);
    t.r.clock.advance(3 * SEC);
    expect(burst(10)).toBe(3);
    t.r.clock.advance(60 * SEC);
    expect(burst(10)).toBe(6);
    expect(icmpMib('OutRateLimitHost')).toBe(4 + 4 + 2 + 7 + 4);
  });

  it('do not hold for types outside the mask, nor for Fragmentation Needed [ICMP-31]', () => {
    for (let i = 0; i < 20; i++) t.r.receive(t.r.v0, ipPacket());
    expect(t.r.take().length).toBe(20);
    t.r.mtu(t.r.v1, 1000);
    for (let i = 0; i < 20; i++) t.r.receive(t.r.v0, ipPacket({ daddr: '10.0.1.2', proto: 17, fragOff: 0x4000, payload: new Uint8Array(1200) }));
    expect(t.r.take().length).toBe(20);
    t.r.sysctl('net/ipv4/icmp_ratemask', 0);
    expect(burst(20)).toBe(20);
  });

  it('of the namespace let icmp_msgs_burst pass at once and icmp_msgs_per_sec in a second, whoever they are for [ICMP-32]', () => {
    t.r.sysctl('net/ipv4/icmp_ratelimit', 0);
    t.r.sysctl('net/ipv4/icmp_msgs_burst', 10);
    const first = burst(100);
    expect(first).toBeGreaterThanOrEqual(5);
    expect(first).toBeLessThan(40);
    expect(icmpMib('OutRateLimitGlobal')).toBe(100 - first);
    expect(burst(5)).toBe(0);
    t.r.clock.advance(0.1 * SEC);
    expect(burst(100)).toBeGreaterThanOrEqual(5);
    t.r.sysctl('net/ipv4/icmp_msgs_per_sec', 0);
    t.r.clock.advance(10 * SEC);
    expect(burst(100)).toBeLessThan(40);
    t.r.clock.advance(10 * SEC);
    expect(burst(100)).toBe(0);
  });
});

describe('errors', () => {
  it('quote no more than fits into the way back, and nothing if a header does not [ICMP-06]', () => {
    const rt = (mtu: number): Uint8Array[] => {
      t.r.v0.mtu = mtu;
      for (const payload of [8, 500]) t.r.receive(t.r.v0, ipPacket({ daddr: '10.0.1.2', proto: 17, ttl: 1, payload: new Uint8Array(payload) }));
      return t.r.take().map(({ ip }) => ip);
    };
    expect(rt(100).map((ip) => ip.length)).toEqual([56, 100]);
    expect(rt(68).map((ip) => ip.length)).toEqual([56, 68]);
    t.r.v0.mtu = 48;
    expect(rt(48)).toEqual([]);
  });

  it('come from 192.0.0.8 when there is no address that may be used [ICMP-28]', () => {
    const { routing } = t.r.ip;
    t.r.ip.routing = { ...(routing as NonNullable<typeof routing>), routeOutput: (net, fl4, sk) => {
      const rt = (routing as NonNullable<typeof routing>).routeOutput(net, fl4, sk);
      fl4.saddr = 0;
      return rt;
    } };
    t.r.receive(t.r.v0, ttl1());
    t.r.ip.routing = routing;
    expect(t.r.take().map(({ ip }) => be32(ip, 12))).toEqual([ip4('192.0.0.8')]);
  });

  it('carry the mark of what caused them where fwmark_reflect says so', () => {
    const marks: number[] = [];
    const ops = { hook: (_p: unknown, skb: SkBuff) => (marks.push(skb.mark), 1), pf: 2, hooknum: 3, priority: 0 };
    nfRegisterNetHook(t.r.net, ops);
    const frame = ethFrame(t.r.v0, ipPacket());
    for (const reflect of [0, 1]) {
      t.r.sysctl('net/ipv4/fwmark_reflect', reflect);
      receiveFrame(t.r.v0, frame, (skb) => {
        skb.mark = 42;
      });
    }
    nfUnregisterNetHook(t.r.net, ops);
    expect(marks).toEqual([0, 42]);
  });

  it('about what this host sends itself over the loopback device know no limit [ICMP-31]', () => {
    const { net } = t.r;
    const { sk } = icmpNet.of(net);
    for (let i = 0; i < 20; i++) {
      const fl4 = new Flowi4().init(0, 0, 0, 0, 200, 0, ip4('127.0.0.1'), 0, 0, 0);
      const rt = t.r.ip.routing?.routeOutput(net, fl4, null) as Rtable;
      expect(ipSendSkb(net, ipMakeSkb(sk, fl4, new IpPayload().set(new Uint8Array(4), 0, 4, 0), newIpcmCookie(), rt, 0) as SkBuff)).toBe(0);
    }
    t.r.clock.advance(0);
    expect(icmpMib('OutDestUnreachs')).toBe(20);
  });

  it('count as failed when they cannot be made, and the route is given back [ICMP-30]', () => {
    t.r.v0.mtu = 60;
    t.r.receive(t.r.v0, ipPacket());
    expect([t.r.take(), icmpMib('OutErrors'), icmpMib('OutMsgs')]).toEqual([[], 1, 0]);
    t.r.v0.mtu = 1500;
    t.r.receive(t.r.v0, ipPacket());
    expect([t.r.take().length, icmpMib('OutErrors'), icmpMib('OutMsgs')]).toEqual([1, 1, 1]);
  });

  it('are those five types', () => {
    expect(Array.from({ length: 256 }, (_, type) => type).filter(icmpIsError)).toEqual([3, 4, 5, 11, 12]);
  });

  it('are not sent for a packet without a route or header [ICMP-25]', () => {
    const skb = t.r.kernel.skbs.alloc(100) as SkBuff;
    icmpSend(skb, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
    skb.consume();
    expect(t.r.take()).toEqual([]);
  });
});

describe('errors about packets of ours', () => {
  /** What the transport 200 and raw sockets hear: type, code, info, and the quoted destination. */
  function hear(strict = false): { transport: unknown[]; raw: unknown[] } {
    const heard = { transport: [] as unknown[], raw: [] as unknown[] };
    const describeError = (skb: SkBuff, ...rest: number[]): unknown[] => [...rest, be32(skb.bytes, skb.data + 16)];
    const handler: NetProtocol = {
      handler: (skb) => (skb.consume(), 0),
      errHandler: (skb, type, code, info) => heard.transport.push(describeError(skb, type, code, info)) > 0,
      noPolicy: false,
      icmpStrictTagValidation: strict,
    };
    t.r.ip.addProtocol(200, handler);
    t.r.ip.raw = {
      localDeliver: () => false,
      icmpError: (skb, protocol, type, code, info) => void heard.raw.push(describeError(skb, protocol, type, code, info)),
    };
    return heard;
  }

  const quoted = ipPacket({ saddr: '10.0.0.1', daddr: '10.0.1.9', proto: 200, payload: new Uint8Array(8) });
  const errorAbout = (type: number, code: number, un: number, packet: Uint8Array = quoted): void => {
    t.r.receive(t.r.v0, ipPacket({ payload: icmpMessage(type, code, un, packet) }));
  };

  it('reach raw sockets and the transport with what the second word says [ICMP-16, ICMP-17, ICMP-19, ICMP-26]', () => {
    const heard = hear();
    const to = ip4('10.0.1.9');
    errorAbout(ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0xffffffff);
    errorAbout(ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1400);
    errorAbout(12, 0, 0x14000000);
    errorAbout(ICMP_REDIRECT, 1, ip4('10.0.0.3'));
    errorAbout(4, 0, 0);
    expect(heard.transport).toEqual([
      [3, 3, 0, to],
      [3, 4, 1400, to],
      [12, 0, 20, to],
      [5, 1, ip4('10.0.0.3'), to],
      [4, 0, 0, to],
    ]);
    expect(heard.raw).toEqual(heard.transport.map((error) => [200, ...(error as number[])]));
    errorAbout(ICMP_DEST_UNREACH, 16, 0);
    errorAbout(ICMP_TIME_EXCEEDED, 1, 0);
    expect(heard.transport.length).toBe(5);
    t.r.ip.raw = null;
  });

  it.each([
    [0, false, 1400],
    [1, false, 0],
    [2, false, null],
    [3, false, null],
    [3, true, 1400],
  ])('with ip_no_pmtu_disc %i, transport checks: %s, Fragmentation Needed is passed on with MTU %s [ICMP-17]', (mode, strict, mtu) => {
    const heard = hear(strict);
    t.r.sysctl('net/ipv4/ip_no_pmtu_disc', mode);
    errorAbout(ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1400);
    expect(heard.transport.map((error) => (error as number[])[2])).toEqual(mtu === null ? [] : [mtu]);
    t.r.ip.raw = null;
  });

  it('about broadcasts are logged and dropped unless they are to be ignored [ICMP-18]', () => {
    const heard = hear();
    const broadcast = ipPacket({ saddr: '10.0.0.1', daddr: '10.0.0.255', proto: 200, payload: new Uint8Array(8) });
    errorAbout(3, 1, 0, broadcast);
    expect(heard.transport.length).toBe(1);
    t.r.sysctl('net/ipv4/icmp_ignore_bogus_error_responses', 0);
    errorAbout(3, 1, 0, broadcast);
    expect(heard.transport.length).toBe(1);
    expect(t.r.kernel.dmesg().at(-1)).toContain('10.0.0.2 sent an invalid ICMP type 3, code 1 error to a broadcast: 10.0.0.255 on v0');
    t.r.ip.raw = null;
  });

  it('about ICMP are for ping sockets, but those about echo replies teach routing [ICMP-23]', () => {
    const heard: unknown[] = [];
    service(t.r).ping = { rcv: () => 0, err: (skb, type, code, info) => void heard.push([type, code, info, skb.bytes[skb.data + 20]]) };
    const learned: unknown[] = [];
    const { routing } = t.r.ip;
    t.r.ip.routing = {
      ...(routing as NonNullable<typeof routing>),
      updatePmtu: (_net, skb, mtu) => void learned.push(['mtu', mtu, be32(skb.bytes, skb.data + 16)]),
      redirect: (_net, skb, gateway, from) => void learned.push(['redirect', gateway, from, be32(skb.bytes, skb.data + 16)]),
    };
    const about = (type: number): Uint8Array => ipPacket({ saddr: '10.0.0.1', daddr: '10.0.1.9', payload: icmpMessage(type, 0) });
    errorAbout(3, 4, 1300, about(ICMP_ECHO));
    errorAbout(3, 4, 1300, about(ICMP_ECHOREPLY));
    errorAbout(5, 1, ip4('10.0.0.3'), about(ICMP_ECHOREPLY));
    errorAbout(3, 1, 0, about(ICMP_ECHOREPLY));
    expect(heard).toEqual([[3, 4, 1300, ICMP_ECHO]]);
    expect(learned).toEqual([
      ['mtu', 1300, ip4('10.0.1.9')],
      ['redirect', ip4('10.0.0.3'), ip4('10.0.0.2'), ip4('10.0.1.9')],
    ]);
    t.r.ip.routing = routing;
    service(t.r).ping = null;
  });
});

describe('echo replies', () => {
  it('go to the ping sockets, whole; without one nobody wants them [ICMP-15]', () => {
    const got: [number, number, number][] = [];
    const reply = ipPacket({ payload: icmpMessage(ICMP_ECHOREPLY, 0, 0x00070001, new Uint8Array(5)) });
    t.r.receive(t.r.v0, reply);
    expect(t.r.drops(SKB_DROP_REASON_NO_SOCKET)).toBe(1);
    service(t.r).ping = { rcv: (skb) => (got.push([skb.len, skb.data - skb.transportHeader, be16(skb.bytes, skb.transportHeader + 4)]), 0), err() {} };
    t.r.receive(t.r.v0, reply);
    expect(got).toEqual([[5, 8, 7]]);
    expect(t.r.drops(SKB_DROP_REASON_NO_SOCKET)).toBe(1);
    service(t.r).ping = null;
  });
});

describe('scenarios', () => {
  it('a traceroute sees each hop once by its time exceeded [ICMP-39]', () => {
    t.r.receive(t.r.v0, ttl1());
    const [answer] = t.r.take();
    expect([typeOf(answer?.ip as Uint8Array), be32(answer?.ip as Uint8Array, 12)]).toEqual([[11, 0], ip4('10.0.0.1')]);
    expect(ipComputeCsum(answer?.ip as Uint8Array, 20, (answer?.ip.length ?? 0) - 20)).toBe(0);
    t.r.receive(t.r.v0, ipPacket({ daddr: '10.0.1.2', proto: 17, ttl: 2, payload: new Uint8Array(8) }));
    expect(t.r.take().map(({ dev, ip }) => [dev, ip[8]])).toEqual([['v1', 1]]);
  });
});

describe('an answer', () => {
  it('is made of a header, the three times of a timestamp behind it, and the options of the request turned round [ICMP-29]', () => {
    const { r } = t;
    // Record route with room for two, of which one is used; then three times and four bytes that nobody asked for.
    const options = [7, 11, 8, 10, 9, 9, 9, 0, 0, 0, 0, 0];
    const request = icmpMessage(13, 0, 0x12345678, Uint8Array.of(0, 0, 0, 77, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3));
    r.receive(r.v0, ipPacket({ options, payload: request }));
    const ip = r.take()[0]?.ip as Uint8Array;
    const ms = 3 * 3600_000 + 10_000;
    expect([ip[0], be16(ip, 2), be32(ip, 12), be32(ip, 16)]).toEqual([0x48, 32 + 20, ip4('10.0.0.1'), ip4('10.0.0.2')]);
    expect([...ip.subarray(20, 32)]).toEqual([7, 11, 12, 10, 9, 9, 9, 10, 0, 0, 1, 0]);
    expect([ip[32], be32(ip, 36), be32(ip, 40), be32(ip, 44), be32(ip, 48)]).toEqual([14, 0x12345678, 77, ms, ms]);
    expect(ipComputeCsum(ip, 32, 20)).toBe(0);
  });
});

describe('a router that sends a packet back where it came from', () => {
  const send = (f: Parameters<typeof ipPacket>[0]): [number, number][] => {
    t.r.receive(t.r.v0, ipPacket({ saddr: '10.0.0.2', proto: 17, payload: new Uint8Array(8), ...f }));
    t.r.clock.advance(60 * SEC);
    return t.r.take().filter(({ ip }) => ip[9] === 1).map(({ ip }) => typeOf(ip));
  };

  it('tells the sender, unless that said the way itself, or the packet came through IPsec [REDIR-03]', () => {
    const { r } = t;
    r.known(r.v0, '10.0.0.7');
    r.sysctl('net/ipv4/conf/all/accept_source_route', 1);
    expect(send({ daddr: '10.0.0.7' })).toEqual([[ICMP_REDIRECT, 1]]);
    for (const kind of [131, 137]) expect(send({ daddr: '10.0.0.1', options: [kind, 7, 4, 10, 0, 0, 7, 0] })).toEqual([]);
    const path = { get: () => {}, put: () => {} };
    const tap = { type: 3, dev: null, net: null, ignoreOutgoing: true, listFunc: null, func: (skb: SkBuff): number => ((skb.sp = path), skb.consume(), 0) };
    r.kernel.softnet.addPack(tap);
    expect(send({ daddr: '10.0.0.7' })).toEqual([]);
    r.kernel.softnet.removePack(tap);
    expect(send({ daddr: '10.0.0.7' })).toEqual([[ICMP_REDIRECT, 1]]);
  });
});

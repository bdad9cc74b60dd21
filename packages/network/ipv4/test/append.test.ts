import { CHECKSUM_NONE, CHECKSUM_PARTIAL, dstCheck, NETIF_F_HW_CSUM, type NetDevice, type SkBuff, nfRegisterNetHook, nfUnregisterNetHook } from '@skbuff/core';
import {
  EAGAIN,
  EHOSTUNREACH,
  EMSGSIZE,
  ENETUNREACH,
  EPERM,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_DONT,
  IP_PMTUDISC_INTERFACE,
  IP_PMTUDISC_PROBE,
  IP_PMTUDISC_WANT,
  MSG_MORE,
  MSG_DONTWAIT, MSG_PROBE,
  NFPROTO_IPV4,
  NF_DROP,
  NF_INET_LOCAL_OUT,
  RTN_MULTICAST,
} from '@skbuff/uapi';
import { be16, be32, ipComputeCsum } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  Flowi4,
  IpPayload,
  ipAppendData,
  ipBuildAndSendPkt,
  ipFlushPendingFrames,
  ipMakeSkb,
  ipOptionsGet,
  ipPushPendingFrames,
  ipQueueXmit,
  ipSendSkb,
  type IpOptions,
  type RoutedSock,
  type Rtable,
} from '../src/index.ts';
import { cookie, ip4, TestSock, useHost } from './support.ts';

const t = useHost();
let dev: NetDevice;
let sk: TestSock;
const data = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i * 7);

beforeEach(() => {
  dev = t.h.eth('a', '10.0.0.1');
  sk = new TestSock(t.h.net);
});

function flow(daddr = '10.0.0.9'): Flowi4 {
  return new Flowi4().init(0, 0, 0, 0, 17, 0, ip4(daddr), 0, 0, 0);
}

function route(fl4: Flowi4): Rtable {
  return t.h.routing.routeOutput(t.h.net, fl4, sk) as Rtable;
}

/** Makes a packet of `n` bytes of payload behind an 8-byte transport header. */
function make(n: number, ipc = cookie(), fl4 = flow(), flags = 0, prepare: (rt: Rtable) => void = () => {}): SkBuff | number {
  const rt = route(fl4);
  prepare(rt);
  const skb = ipMakeSkb(sk, fl4, new IpPayload().set(data(n), 0, n, 8), ipc, rt, flags);
  if (typeof skb === 'number') rt.release();
  else skb.bytes.fill(0xee, skb.transportHeader, skb.transportHeader + 8);
  return skb;
}

function send(n: number, ipc = cookie(), fl4 = flow(), prepare: (rt: Rtable) => void = () => {}): Uint8Array {
  const skb = make(n, ipc, fl4, 0, prepare);
  if (typeof skb === 'number') throw new Error(`ipMakeSkb: ${skb}`);
  expect(ipSendSkb(t.h.net, skb)).toBe(0);
  return t.h.take()[0]?.ip as Uint8Array;
}

describe('ip_make_skb', () => {
  it('makes one packet with header, room for the transport and data, and charges the socket until it is sent [TX4-17, TX4-10, IP4-01]', () => {
    const skb = make(20) as SkBuff;
    expect(sk.charged).toBe(skb.truesize);
    expect(ipSendSkb(t.h.net, skb)).toBe(0);
    expect(sk.charged).toBe(0);
    const [sent] = t.h.take();
    const ip = sent?.ip as Uint8Array;
    expect([ip[0], be16(ip, 2), ip[8], ip[9]]).toEqual([0x45, 48, 64, 17]);
    expect([be32(ip, 12), be32(ip, 16)]).toEqual([ip4('10.0.0.1'), ip4('10.0.0.9')]);
    expect(ipComputeCsum(ip, 0, 20)).toBe(0);
    expect([...ip.slice(20)]).toEqual([...new Array<number>(8).fill(0xee), ...data(20)]);
    expect([t.h.mib('Ip', 'OutRequests'), t.h.mib('Ip', 'OutTransmits'), t.h.mib('IpExt', 'OutOctets')]).toEqual([1, 1, 48]);
  });

  it('leaves the checksum to a device that can sum, unless the packet is cut [TX4-17]', () => {
    const sum = (n: number): number => {
      const skb = make(n) as SkBuff;
      const { ipSummed } = skb;
      skb.consume();
      return ipSummed;
    };
    expect(sum(20)).toBe(CHECKSUM_NONE);
    dev.features |= NETIF_F_HW_CSUM;
    expect(sum(20)).toBe(CHECKSUM_PARTIAL);
    expect(sum(1472)).toBe(CHECKSUM_PARTIAL);
    expect(sum(1473)).toBe(CHECKSUM_NONE);
  });

  it.each([
    [IP_PMTUDISC_DONT, 20, false, 0],
    [IP_PMTUDISC_WANT, 20, true, 0],
    [IP_PMTUDISC_WANT, 1473, false, 0],
    [IP_PMTUDISC_DO, 20, true, 0],
    [IP_PMTUDISC_PROBE, 20, true, 0],
    [IP_PMTUDISC_INTERFACE, 20, false, 0],
    [IP_PMTUDISC_DO, 1473, false, -EMSGSIZE],
    [IP_PMTUDISC_PROBE, 1473, false, -EMSGSIZE],
    [IP_PMTUDISC_INTERFACE, 1473, false, -EMSGSIZE],
  ])('with IP_MTU_DISCOVER %i and %i bytes of payload sets DF: %s, result %i [TX4-06]', (pmtudisc, n, df, err) => {
    sk.pmtudisc = pmtudisc;
    const skb = make(n);
    if (typeof skb === 'number') {
      expect(skb).toBe(err);
      expect(sk.errors).toEqual([[EMSGSIZE, 1500]]);
      return;
    }
    expect(err).toBe(0);
    expect((skb.bytes[skb.networkHeader + 6] & 0x40) !== 0).toBe(df);
    skb.consume();
  });

  it('does not set DF where the MTU is locked [TX4-06]', () => {
    const metrics = new Uint32Array(17);
    metrics[1] = 1 << 2;
    expect(send(20, cookie(), flow(), (rt) => (rt.metrics = metrics))[6]).toBe(0);
  });

  it('takes the TTL from the call, the socket, the route or the namespace [TX4-07, IP4-08]', () => {
    expect(send(1)[8]).toBe(64);
    t.h.sysctl('net/ipv4/ip_default_ttl', '99');
    expect(send(1)[8]).toBe(99);
    const metrics = new Uint32Array(17);
    metrics[10] = 44;
    expect(send(1, cookie(), flow(), (rt) => (rt.metrics = metrics))[8]).toBe(44);
    sk.ucTtl = 7;
    expect(send(1, cookie(), flow(), (rt) => (rt.metrics = metrics))[8]).toBe(7);
    expect(send(1, cookie({ ttl: 3 }))[8]).toBe(3);
    sk.mcTtl = 2;
    expect(send(1, cookie(), flow(), (rt) => Object.assign(rt, { type: RTN_MULTICAST }))[8]).toBe(2);
  });

  it('takes TOS from the call or the socket, priority and mark from the call [TX4-09]', () => {
    sk.tos = 0x10;
    const plain = make(1, cookie({ priority: 5, mark: 77 })) as SkBuff;
    expect([plain.bytes[plain.networkHeader + 1], plain.priority, plain.mark]).toEqual([0x10, 5, 77]);
    plain.consume();
    expect(send(1, cookie({ tos: 0x88 }))[1]).toBe(0x88);
  });

  it('numbers the packets of a connected socket, carries 0 with DF otherwise, and draws a number without [TX4-08]', () => {
    sk.pmtudisc = IP_PMTUDISC_DO;
    expect(be16(send(1), 4)).toBe(0);
    sk.pmtudisc = IP_PMTUDISC_DONT;
    const ids = [send(1), send(1), send(1)].map((ip) => be16(ip, 4));
    expect(ids[2] - ids[0]).toBe(2);
    t.h.clock.advance(60e9);
    expect(be16(send(1), 4) - ids[2]).not.toBe(1);
    sk.inetDaddr = ip4('10.0.0.9');
    sk.inetId = 500;
    expect([send(1), send(1)].map((ip) => be16(ip, 4))).toEqual([501, 502]);
  });

  it('gives up without a way that is wide enough, without room in the socket, and for a question [TX4-13]', () => {
    expect(make(1, cookie(), flow(), 0, (rt) => (rt.pmtu = 60))).toBe(-ENETUNREACH);
    expect(make(1, cookie(), flow(), MSG_PROBE)).toBe(0);
    sk.refuse = -EAGAIN;
    // Who waits comes again with it.
    expect([make(1), t.h.mib('Ip', 'OutDiscards')]).toEqual([-EAGAIN, 0]);
    expect([make(1, cookie(), flow(), MSG_DONTWAIT), t.h.mib('Ip', 'OutDiscards')]).toEqual([-EAGAIN, 1]);
    sk.refuse = 0;
    expect(make(65536)).toBe(-EMSGSIZE);
    expect(sk.charged).toBe(0);
  });

  it('lays a long packet out as fragments, which leave as they are [TX4-15, FRG-03, FRG-04, FRG-05]', () => {
    sk.pmtudisc = IP_PMTUDISC_DONT;
    const skb = make(3980 - 8) as SkBuff;
    expect(skb.shinfo.fragList?.next?.len).toBe(1020);
    expect(sk.charged).toBe(skb.truesize);
    expect(ipSendSkb(t.h.net, skb)).toBe(0);
    const sent = t.h.take().map(({ ip }) => ip);
    expect(sent.map((ip) => [be16(ip, 2), be16(ip, 6)])).toEqual([
      [1500, 0x2000],
      [1500, 0x2000 | 185],
      [1040, 370],
    ]);
    expect(sent.every((ip) => ipComputeCsum(ip, 0, 20) === 0 && be16(ip, 4) === be16(sent[0] as Uint8Array, 4))).toBe(true);
    expect(sent.flatMap((ip) => [...ip.slice(20)]).slice(8)).toEqual([...data(3972)]);
    expect([t.h.mib('Ip', 'FragOKs'), t.h.mib('Ip', 'FragCreates'), t.h.mib('Ip', 'FragFails')]).toEqual([1, 3, 0]);
    expect(sk.charged).toBe(0);
  });

  it('fails with -EPERM when a hook on LOCAL_OUT drops [TX4-10]', () => {
    const ops = { hook: () => NF_DROP, pf: NFPROTO_IPV4, hooknum: NF_INET_LOCAL_OUT, priority: 0 };
    nfRegisterNetHook(t.h.net, ops);
    expect(ipSendSkb(t.h.net, make(1) as SkBuff)).toBe(-EPERM);
    nfUnregisterNetHook(t.h.net, ops);
    expect([t.h.mib('Ip', 'OutDiscards'), sk.charged]).toEqual([1, 0]);
  });
});

describe('ip_append_data', () => {
  function append(n: number, flags: number, ipc = cookie()): number {
    const fl4 = flow();
    const rt = route(fl4);
    const first = sk.cork.queue.length === 0;
    const err = ipAppendData(sk, fl4, new IpPayload().set(data(n), 0, n, 8), ipc, rt, flags);
    if (err !== 0 || !first || (flags & MSG_PROBE) !== 0) rt.release();
    return err;
  }

  it('sends nothing until it is pushed, then one datagram [TX4-12, TX4-16, TX4-18]', () => {
    expect([append(10, MSG_MORE), append(5, MSG_MORE), append(3, 0)]).toEqual([0, 0, 0]);
    expect(t.h.take()).toEqual([]);
    expect(ipPushPendingFrames(sk)).toBe(0);
    const [sent] = t.h.take();
    expect([...(sent?.ip.slice(28) ?? [])]).toEqual([...data(10), ...data(5), ...data(3)]);
    expect([sk.cork.queue.length, sk.cork.dst, sk.charged]).toEqual([0, null, 0]);
    expect(ipPushPendingFrames(sk)).toBe(0);
  });

  it('keeps options, addresses and marks of the first call; the transport header comes once [TX4-14]', () => {
    const opt = ipOptionsGet(t.h.net, Uint8Array.of(1), false) as IpOptions;
    append(10, MSG_MORE, cookie({ tos: 0x20, ttl: 9, mark: 3, opt }));
    opt.optlen = 0;
    append(6, 0, cookie({ tos: 0x40, ttl: 10 }));
    ipPushPendingFrames(sk);
    const ip = t.h.take()[0]?.ip as Uint8Array;
    expect([ip[0], ip[1], ip[8], ip.length]).toEqual([0x46, 0x20, 9, 24 + 8 + 16]);
  });

  it.each([
    [1, 3000],
    [1464, 9],
    [1472, 1],
    [1475, 1475],
    [700, 800],
    [1473, 0],
  ])('collects %i and %i bytes into fragments of multiples of 8 [TX4-15]', (a, b) => {
    sk.pmtudisc = IP_PMTUDISC_DONT;
    expect([append(a, MSG_MORE), append(b, 0)]).toEqual([0, 0]);
    expect(ipPushPendingFrames(sk)).toBe(0);
    const sent = t.h.take().map(({ ip }) => ip);
    expect(sent.slice(0, -1).every((ip) => (ip.length - 20) % 8 === 0 && ip.length <= 1500)).toBe(true);
    expect(sent.flatMap((ip) => [...ip.slice(20)]).slice(8)).toEqual([...data(a), ...data(b)]);
    expect(sent.map((ip) => (be16(ip, 6) & 0x1fff) * 8)).toEqual(sent.map((_, i) => sent.slice(0, i).reduce((sum, ip) => sum + ip.length - 20, 0)));
  });

  it('grows a packet beyond what was set aside for it', () => {
    t.h.inDev(dev).dev.mtu = 40000;
    expect([append(10, 0), append(30000, 0)]).toEqual([0, 0]);
    ipPushPendingFrames(sk);
    expect(t.h.take()[0]?.ip.length).toBe(30038);
  });

  it('refuses more than 65535 bytes and keeps what it has [TX4-15]', () => {
    sk.pmtudisc = IP_PMTUDISC_DONT;
    expect(append(40000, MSG_MORE)).toBe(0);
    expect(append(30000, MSG_MORE)).toBe(-EMSGSIZE);
    expect(sk.cork.length).toBe(40008);
    ipFlushPendingFrames(sk);
    expect(sk.charged).toBe(0);
  });

  it('throws away what is flushed, and gives the route back [TX4-16]', () => {
    append(10, MSG_MORE);
    ipFlushPendingFrames(sk);
    expect([sk.charged, sk.cork.dst, t.h.take().length]).toEqual([0, null, 0]);
  });

  it('takes nothing when the first call fails, and asks nothing for MSG_PROBE [TX4-13]', () => {
    sk.refuse = -EAGAIN;
    expect(append(10, MSG_MORE)).toBe(-EAGAIN);
    expect([sk.cork.dst, sk.cork.queue.length]).toEqual([null, 0]);
    expect(append(10, MSG_PROBE)).toBe(0);
    expect(sk.cork.queue.length).toBe(0);
  });
});

describe('ip_queue_xmit', () => {
  class Connected extends TestSock implements RoutedSock {
    dst: Rtable | null = null;

    dstCheck(): Rtable | null {
      if (this.dst !== null && !dstCheck(this.dst)) this.dstSet(null);
      return this.dst;
    }

    dstSet(dst: Rtable | null): void {
      this.dst?.release();
      this.dst = dst;
    }
  }

  function segment(n: number): SkBuff {
    const skb = t.h.kernel.skbs.alloc(200 + n) as SkBuff;
    skb.reserve(200);
    skb.putData(data(n), 0, n);
    return skb;
  }

  it('writes the header and keeps the route for the next segment [TX4-01, TX4-02, TX4-05, TX4-09]', () => {
    const tcp = new Connected(t.h.net);
    tcp.inetDaddr = ip4('10.0.0.9');
    tcp.tos = 0x08;
    tcp.priority = 6;
    const fl4 = flow();
    fl4.proto = 6;
    expect(ipQueueXmit(t.h.net, tcp, segment(10), fl4)).toBe(0);
    const rt = tcp.dst;
    expect(ipQueueXmit(t.h.net, tcp, segment(10), fl4)).toBe(0);
    expect(tcp.dst).toBe(rt);
    const [ip] = t.h.take().map((sent) => sent.ip);
    expect([ip[0], ip[1], be16(ip, 2), be16(ip, 6), ip[8], ip[9], be32(ip, 16)]).toEqual([0x45, 8, 30, 0x4000, 64, 6, ip4('10.0.0.9')]);
    Object.assign(t.h.routing.counter, { check: () => false });
    (rt as Rtable).obsolete = -1;
    expect(ipQueueXmit(t.h.net, tcp, segment(10), fl4)).toBe(0);
    expect(tcp.dst).not.toBe(rt);
    tcp.dstSet(null);
    t.h.take();
  });

  it('advances the identification by the number of segments [TX4-08]', () => {
    const tcp = new Connected(t.h.net);
    tcp.inetDaddr = ip4('10.0.0.9');
    tcp.inetId = 10;
    const skb = segment(100);
    skb.shinfo.gsoSegs = 5;
    ipQueueXmit(t.h.net, tcp, skb, flow());
    expect(tcp.inetId).toBe(15);
    tcp.dstSet(null);
  });

  it('asks for the way to the first hop of a source route, and fails without a way [TX4-03, TX4-04]', () => {
    const tcp = new Connected(t.h.net);
    tcp.inetDaddr = ip4('192.168.9.9');
    const fl4 = flow('192.168.9.9');
    expect(ipQueueXmit(t.h.net, tcp, segment(10), fl4)).toBe(-EHOSTUNREACH);
    expect(t.h.mib('Ip', 'OutNoRoutes')).toBe(1);
    tcp.inetOpt = ipOptionsGet(t.h.net, Uint8Array.of(131, 7, 4, 10, 0, 0, 9), false) as IpOptions;
    expect(ipQueueXmit(t.h.net, tcp, segment(10), fl4)).toBe(0);
    const ip = t.h.take()[0]?.ip as Uint8Array;
    expect([be32(ip, 16), be32(ip, 23)]).toEqual([ip4('10.0.0.9'), ip4('192.168.9.9')]);
    tcp.dstSet(null);
    t.h.route('10.0.0.9', 32, dev, '10.0.0.254');
    tcp.inetOpt = ipOptionsGet(t.h.net, Uint8Array.of(137, 7, 4, 10, 0, 0, 9), false) as IpOptions;
    expect(ipQueueXmit(t.h.net, tcp, segment(10), fl4)).toBe(-EHOSTUNREACH);
    tcp.dstSet(null);
  });

  it('sends for a socket that is not connected over the route of the packet [TX4-11]', () => {
    const skb = segment(4);
    skb.dstSet(route(flow()));
    expect(ipBuildAndSendPkt(t.h.net, sk, skb, ip4('10.0.0.1'), ip4('10.0.0.9'), 6, null, 0x10)).toBe(0);
    const ip = t.h.take()[0]?.ip as Uint8Array;
    expect([ip[1], ip[9], be32(ip, 12), be32(ip, 16), ip.length]).toEqual([0x10, 6, ip4('10.0.0.1'), ip4('10.0.0.9'), 24]);
  });
});

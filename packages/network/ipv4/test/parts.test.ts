/** A stack that is built without some of IPv4, and with one part of it at a time. */
import { type NetDevice, SKB_DROP_REASON_IP_NOPROTO, SKB_DROP_REASON_NOMEM, SKB_DROP_REASON_PKT_TOO_BIG, type SkBuff } from '@skbuff/core';
import { loopback } from '@skbuff/loopback';
import { neighbourBare } from '@skbuff/neighbour';
import { type IpPacket, ipPacket, knownNeighbours } from '@skbuff/testkit';
import {
  EMSGSIZE,
  ENOPROTOOPT,
  ICMP_DEST_UNREACH,
  ICMP_FRAG_NEEDED,
  ICMP_PROT_UNREACH,
  IPPROTO_IGMP,
  IPPROTO_UDP,
  IPSTATS_MIB_FRAGFAILS,
  IPSTATS_MIB_INUNKNOWNPROTOS,
  IPSTATS_MIB_REASMFAILS,
  IPSTATS_MIB_REASMREQDS,
} from '@skbuff/uapi';
import { afterEach, describe, expect, it } from 'vitest';
import {
  Flowi4,
  INFINITY_LIFE_TIME,
  IPV4,
  ipCheckMc,
  ipMakeSkb,
  IpPayload,
  ipOptionsGet,
  ipSendSkb,
  ipv4Bare,
  ipv4Fragments,
  ipv4Lists,
  ipv4Multicast,
  ipv4Offload,
  ipv4Options,
  type Ipv4Part,
  type Rtable,
  setIfaLifetime,
} from '../src/index.ts';
import { cookie, Host, ip4, SEC, TestSock } from './support.ts';

let h: Host;
let a: NetDevice;

function host(...parts: Ipv4Part[]): void {
  h = new Host({ plugins: [neighbourBare(), ipv4Bare(...parts), knownNeighbours(IPV4), loopback()] });
  a = h.eth('a', '10.0.0.1');
  h.eth('b', '10.0.1.1');
}

afterEach(() => {
  expect(h.shutdown()).toEqual({});
});

const toUs = (fields: IpPacket = {}): Uint8Array => ipPacket({ saddr: '10.0.0.2', daddr: '10.0.0.1', ...fields });
const through = (fields: IpPacket = {}): Uint8Array => ipPacket({ saddr: '10.0.0.2', daddr: '10.0.1.2', ...fields });
const RECORD_ROUTE = [7, 7, 4, 0, 0, 0, 0, 0];

/** Sends `length` bytes to 10.0.0.9 from a socket. */
function send(length: number, sk: TestSock = new TestSock(h.net)): number {
  const fl4 = new Flowi4().init(0, 0, 0, 0, IPPROTO_UDP, 0, ip4('10.0.0.9'), 0, 0, 0);
  const rt = h.routing.routeOutput(h.net, fl4, null) as Rtable;
  const skb = ipMakeSkb(sk, fl4, new IpPayload().set(new Uint8Array(length), 0, length, 8), cookie(), rt, 0);
  if (typeof skb !== 'number') return ipSendSkb(h.net, skb);
  rt.release();
  return skb;
}

function fragments(): void {
  const payload = Uint8Array.from({ length: 48 }, (_, i) => i);
  h.receive(a, toUs({ payload: payload.slice(0, 24), fragOff: 0x2000, id: 5 }));
  h.receive(a, toUs({ payload: payload.slice(24), fragOff: 3, id: 5 }));
}

describe('without fragments', () => {
  it('drops what arrives in pieces, as with ipfrag_high_thresh 0', () => {
    host();
    fragments();
    expect(h.delivered).toEqual([]);
    expect([h.stats[IPSTATS_MIB_REASMREQDS], h.stats[IPSTATS_MIB_REASMFAILS], h.drops(SKB_DROP_REASON_NOMEM)]).toEqual([2, 2, 2]);
  });

  it('says -EMSGSIZE to a socket that sends more than fits, and what would', () => {
    host();
    const sk = new TestSock(h.net);
    expect([send(1472, sk), send(1473, sk), sk.errors, h.sent.length]).toEqual([0, -EMSGSIZE, [[EMSGSIZE, 1500]], 1]);
  });

  it('tells the sender of what it should forward and cannot, DF or not', () => {
    host();
    a.mtu = 3000;
    h.receive(a, through({ payload: 2000 }));
    expect([h.icmp, h.sent]).toEqual([[[ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1500]], []]);
    expect([h.stats[IPSTATS_MIB_FRAGFAILS], h.drops(SKB_DROP_REASON_PKT_TOO_BIG)]).toEqual([1, 1]);
  });

  it('cuts and puts together with the part', () => {
    host(ipv4Fragments);
    fragments();
    expect(h.delivered.map((packet) => packet.length)).toEqual([68]);
    expect([send(3000), h.sent.length]).toEqual([0, 3]);
  });
});

describe('without options', () => {
  it('receives and forwards packets that have some as if there were none', () => {
    host();
    h.receive(a, toUs({ options: RECORD_ROUTE }));
    h.receive(a, through({ options: RECORD_ROUTE }));
    const option = [...h.delivered, ...h.sent.map(({ ip }) => ip)].map((packet) => [...packet.slice(20, 28)]);
    expect(option).toEqual([RECORD_ROUTE, RECORD_ROUTE]);
  });

  it('lets no socket have some', () => {
    host();
    expect(ipOptionsGet(h.net, Uint8Array.from(RECORD_ROUTE), true)).toBe(-ENOPROTOOPT);
  });

  it('reads them and fills them in with the part', () => {
    host(ipv4Options);
    h.receive(a, through({ options: RECORD_ROUTE }));
    expect([...(h.sent[0]?.ip.slice(20, 28) ?? [])]).toEqual([7, 7, 8, 10, 0, 1, 1, 0]);
    expect(typeof ipOptionsGet(h.net, Uint8Array.from(RECORD_ROUTE), true)).toBe('object');
  });

  it('drops the options that only the first fragment has, with both parts', () => {
    host(ipv4Options, ipv4Fragments);
    a.mtu = 3000;
    h.receive(a, through({ options: RECORD_ROUTE, payload: 2000 }));
    expect(h.sent.map(({ ip }) => ip[20])).toEqual([7, 1]);
  });
});

describe('without multicast', () => {
  const igmp = (): void => h.receive(a, toUs({ proto: IPPROTO_IGMP, payload: Uint8Array.of(0x11, 0, 0xee, 0xff, 0, 0, 0, 0) }));
  const inAllHosts = (): boolean => ipCheckMc(h.inDev(a), ip4('224.0.0.1'));

  it('is in no group, and has no IGMP', () => {
    host();
    igmp();
    expect([inAllHosts(), a.mc.list.length, h.icmp]).toEqual([false, 0, [[ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0]]]);
    expect([h.stats[IPSTATS_MIB_INUNKNOWNPROTOS], h.drops(SKB_DROP_REASON_IP_NOPROTO)]).toEqual([1, 1]);
  });

  it('is in 224.0.0.1 with the part', () => {
    host(ipv4Multicast);
    igmp();
    expect([inAllHosts(), a.mc.list.length, h.icmp]).toEqual([true, 1, []]);
  });
});

describe('the rest', () => {
  it('has no control: addresses live for ever', () => {
    host();
    const [ifa] = h.inDev(a).ifaList;
    setIfaLifetime(ifa, 1, 1);
    h.addr(a, { local: ip4('10.0.0.2'), prefixlen: 24 });
    h.clock.advance(10 * SEC);
    expect([h.inDev(a).ifaList.length, ifa.preferredLft < INFINITY_LIFE_TIME]).toEqual([2, true]);
  });

  it.each([
    ['none', []],
    ['ipv4Lists', [ipv4Lists]],
    ['ipv4Offload', [ipv4Offload]],
  ])('receives packets that come in a list with %s', (_name, parts: Ipv4Part[]) => {
    host(...parts);
    const skbs = [1, 2, 3].map((id) => {
      const skb = h.kernel.skbs.allocRx(a, 64) as SkBuff;
      const bytes = toUs({ id });
      skb.putData(bytes, 0, bytes.length);
      skb.protocol = 0x0800;
      return skb;
    });
    for (const skb of skbs) h.net.softnet.netifRx(skb);
    h.clock.advance(0);
    expect(h.delivered.map((packet) => packet[5])).toEqual([1, 2, 3]);
  });

  it('has every part in ipv4()', () => {
    h = new Host();
    const { fragments: f, options, multicast, gsoOutput, listRcv, control } = h.ip;
    expect([f, options, multicast, gsoOutput, listRcv, control].includes(null)).toBe(false);
  });
});

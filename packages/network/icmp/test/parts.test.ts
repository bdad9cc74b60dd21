/** ICMP without errors, over an IPv4 without options. */
import { arpBare } from '@skbuff/arp';
import { fibBare } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { ipv4Bare, ipv4Options, ipv4Net, type Ipv4Part } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbourBare } from '@skbuff/neighbour';
import { icmpMessage } from '@skbuff/testkit';
import { ICMP_MIB_INERRORS, IPSTATS_MIB_INUNKNOWNPROTOS } from '@skbuff/uapi';
import { afterEach, expect, it } from 'vitest';
import { icmpBare, icmpErrors, icmpNet, type IcmpPart, icmpTimestamps } from '../src/index.ts';
import { ipPacket, Router } from './support.ts';

let r: Router;

function router(icmpParts: IcmpPart[], ...ipParts: Ipv4Part[]): void {
  r = new Router({ plugins: [neighbourBare(), ipv4Bare(...ipParts), arpBare(), fibBare({ table: () => new FibTrie() }), icmpBare(...icmpParts), loopback()] });
}

afterEach(() => {
  expect(r.shutdown()).toEqual({});
});

/** Length of the IP header and ICMP type of each packet that was sent. */
const sent = (): number[][] => r.take().map(({ ip }) => [(ip[0] & 15) * 4, ip[(ip[0] & 15) * 4]]);
const RECORD_ROUTE = [7, 7, 4, 0, 0, 0, 0, 0];

it.each<[what: string, parts: IcmpPart[], answers: number[][]]>([
  ['echo', [], [[20, 0]]],
  ['echo and with the part time stamps', [icmpTimestamps], [[20, 0], [20, 14]]],
])('answers %s', (_what, parts, answers) => {
  router(parts);
  r.receive(r.v0, ipPacket());
  r.receive(r.v0, ipPacket({ payload: icmpMessage(13, 0, 1, new Uint8Array(12)) }));
  expect(sent()).toEqual(answers);
  expect(icmpNet.of(r.net).msgs[13]).toBe(1);
});

it.each<[what: string, parts: IcmpPart[], answers: number[][]]>([
  ['sends no errors, and tells nobody of those that come', [], []],
  ['does both with the part', [icmpErrors], [[20, 3]]],
])('%s', (_what, parts, answers) => {
  router(parts);
  r.receive(r.v0, ipPacket({ proto: 200 }));
  expect(sent()).toEqual(answers);
  const heard: number[] = [];
  r.ip.addProtocol(17, { handler: (skb) => (skb.consume(), 0), errHandler: (_skb, type) => (heard.push(type), true), noPolicy: true });
  const quoted = ipPacket({ saddr: '10.0.0.1', daddr: '10.0.0.2', proto: 17, payload: new Uint8Array(8) });
  r.receive(r.v0, ipPacket({ payload: icmpMessage(3, 3, 0, quoted) }));
  const state = icmpNet.of(r.net);
  expect(heard).toEqual(answers.map(() => 3));
  expect([state.msgs[3], state.mib[ICMP_MIB_INERRORS], ipv4Net.of(r.net).stats[IPSTATS_MIB_INUNKNOWNPROTOS]]).toEqual([1, 0, 1]);
});

it.each<[what: string, parts: Ipv4Part[], hlen: number]>([
  ['without the options of the request', [], 20],
  ['with them where IPv4 knows options', [ipv4Options], 28],
])('answers %s', (_what, parts, hlen) => {
  router([], ...parts);
  r.receive(r.v0, ipPacket({ options: RECORD_ROUTE }));
  expect(sent()).toEqual([[hlen, 0]]);
});

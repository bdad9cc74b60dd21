/** Of four ways, of weights 1, 3, 2 and 1, the one that a running Linux 6.18 chose with the same seed: for packets that it forwarded, for its own. */
import { readFileSync } from 'node:fs';
import type { SkBuff } from '@skbuff/core';
import { Flowi6, type Rt6Info } from '@skbuff/ipv6';
import { ETH_P_IPV6 } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { addr6, type Host, useHost } from './support.ts';

interface Round {
  readonly policy: number;
  readonly fields: number;
  readonly seed: number;
  /** Bytes of a packet, and the last word of its gateway. */
  readonly packets?: readonly string[];
  /** Destination, protocol, source and destination port, and the last word of the gateway. */
  readonly flows?: readonly string[];
}

const rounds = JSON.parse(readFileSync(new URL('./records/multipath.json', import.meta.url), 'utf8')) as Round[];
const packets = rounds.filter((round) => round.packets !== undefined);
const flows = rounds.filter((round) => round.flows !== undefined);

const t = useHost();

function fourWays({ policy, fields, seed }: Round): Host {
  const { h } = t;
  h.eth('v0', '2001:db8:2::1/64');
  h.eth('v1');
  h.state.v6.devconfAll.forwarding = 1;
  expect(h.route('add default nexthop via 2001:db8:2::2 nexthop via 2001:db8:2::3 weight 3 nexthop via 2001:db8:2::4 weight 2 nexthop via 2001:db8:2::5')).toBe('');
  h.state.v6.multipathHashPolicy = policy;
  h.state.v6.multipathHashFields = fields;
  h.state.multipathSeed.user = seed;
  return h;
}

function forwarded({ net, routing, dev }: Host, hex: string): string {
  const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
  const skb = net.skbs.alloc(bytes.length) as SkBuff;
  skb.putData(bytes, 0, bytes.length);
  skb.resetNetworkHeader();
  skb.protocol = ETH_P_IPV6;
  skb.dev = dev.call(t.h, 'v1');
  routing.routeInput(skb);
  const way = (skb.dst as Rt6Info).gateway.w3;
  skb.kfree(2);
  return `${hex} ${way}`;
}

function sent({ net, routing }: Host, flow: string): string {
  const [daddr, proto, sport, dport] = flow.split(' ') as [string, string, string, string];
  const fl6 = new Flowi6().init(0);
  fl6.saddr.copy(addr6('2001:db8:2::1'));
  fl6.daddr.copy(addr6(daddr));
  fl6.proto = Number(proto);
  fl6.sport = Number(sport);
  fl6.dport = Number(dport);
  const rt = routing.routeOutput(net, null, fl6, 0);
  const way = rt.gateway.w3;
  rt.release();
  return `${daddr} ${proto} ${sport} ${dport} ${way}`;
}

describe('of several ways', () => {
  it.each(packets)('each packet takes the one that it takes in Linux, by policy $policy and the fields $fields [MPATH-03]', (round) => {
    const h = fourWays(round);
    expect(round.packets?.map((line) => forwarded(h, line.split(' ')[0] as string))).toEqual(round.packets);
  });

  it.each(flows)('so does what the host sends itself, by policy $policy and the fields $fields', (round) => {
    const h = fourWays(round);
    expect(round.flows?.map((line) => sent(h, line))).toEqual(round.flows);
  });

  it('others are taken with another seed, which both families share', () => {
    const h = fourWays({ policy: 0, fields: 7, seed: 1 });
    const ways = (): string => (packets[0] as Required<Round>).packets.map((line) => forwarded(h, line.split(' ')[0] as string)).join();
    const before = ways();
    h.state.multipathSeed.user = 2;
    expect(ways()).not.toBe(before);
  });
});

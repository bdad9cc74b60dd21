/** Every order of every choice of five extension headers: what a router does with them, for itself and on the way, and what it counts. */
import { afterAll, describe, expect, it } from 'vitest';
import { ethFrame, type Ip6Packet, ip6Packet } from '@skbuff/testkit';
import { IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_ROUTING } from '@skbuff/uapi';
import { counters, counters6, describeFrame, difference, icmp6, kernelMissing, moved, onBoth, tellCompared, type Transcript, udp6, WIRE_MAC, type World } from '../src/index.ts';
import { ROUTER6, SETTLED_MS, together } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of the order of extension headers SKIPPED: ${missing}`);

type Extension = readonly [nexthdr: number, bytes: readonly number[]];

/** Each is in order by itself. */
const HEADERS: Readonly<Record<string, Extension>> = {
  hop: [IPPROTO_HOPOPTS, [0, 0, 0x1e, 4, 1, 2, 3, 4]],
  padding: [IPPROTO_DSTOPTS, [0, 0, 1, 4, 0, 0, 0, 0]],
  options: [IPPROTO_DSTOPTS, [0, 1, 0x1e, 4, 1, 2, 3, 4, 0x3e, 4, 1, 2, 3, 4, 1, 0]],
  routing: [IPPROTO_ROUTING, [0, 0, 253, 0, 0, 0, 0, 0]],
  fragment: [IPPROTO_FRAGMENT, [0, 0, 0, 0, 0, 0, 1, 1]],
};

/** What is chosen of `names`, in every order: of five, 326. */
function orders(names: readonly string[]): string[][] {
  return [[], ...names.flatMap((first) => orders(names.filter((name) => name !== first)).map((rest) => [first, ...rest]))];
}

const SADDR = '2001:db8:1::2';
const OWN = { saddr: SADDR, daddr: '2001:db8:1::1' };
const FAR = { saddr: SADDR, daddr: '2001:db8:a1::3' };
/** What is behind them. */
const PACKETS: readonly (readonly [what: string, packet: Ip6Packet])[] = [
  ['an echo request to the router', icmp6(OWN)],
  ['a datagram to a port where nobody listens', udp6(OWN)],
  ['a datagram on its way', udp6(FAR)],
  ['an echo request whose hop limit ends', icmp6({ ...FAR, ttl: 1 })],
];

async function play(world: World, packet: Ip6Packet): Promise<Transcript> {
  const mac = await world.mac('r', 'eth1');
  await world.wait(SETTLED_MS);
  const out: Transcript = [];
  let id = 0x4000;
  let counted = await counters(world, 'r', counters6);
  for (const order of orders(Object.keys(HEADERS))) {
    const ext = order.map((name) => HEADERS[name] as Extension);
    const seen = await world.send('w1', ethFrame(mac, ip6Packet({ ...packet, flowlabel: ++id, ext }), { from: WIRE_MAC }));
    const now = await counters(world, 'r', counters6);
    out.push(`${order.join(' ')} > ${seen.map((one) => describeFrame(one, id, world.timeOfDay())).join(' | ')} > ${moved(counted, now).join(' ')}`);
    counted = now;
  }
  return out;
}

const game = together(PACKETS.map((_, i) => i), (i) => onBoth(ROUTER6, (world) => play(world, (PACKETS[i] as (typeof PACKETS)[number])[1])));

describe.runIf(missing === null).concurrent('extension headers in every order', () => {
  it.each(PACKETS.map(([what], i): [string, number] => [what, i]))('are treated as by the running kernel in front of %s [IP6X-01, IP6X-02]', async (_what, i) => {
    const both = await game(i);
    expect(both.ours).toHaveLength(326);
    expect(difference(both)).toBe('');
  }, 60_000);
});

afterAll(() => tellCompared('extension headers in every order'));

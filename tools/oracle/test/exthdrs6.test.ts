/** Extension headers in any order, with options, segments and lengths by chance, to a router whose settings change: what it does with each packet. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { ethFrame, icmp6Message, ip6Bytes, ip6Packet, packets6, udpDatagram } from '@skbuff/testkit';
import { ETH_P_IPV6, IPPROTO_AH, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_ICMPV6, IPPROTO_NONE, IPPROTO_ROUTING, IPPROTO_UDP, IPV6_SRCRT_TYPE_4, IPV6_TLV_HAO, IPV6_TLV_IOAM, IPV6_TLV_JUMBO, IPV6_TLV_PADN, IPV6_TLV_ROUTERALERT } from '@skbuff/uapi';
import { IPV6HDR_LEN, IPV6HDR_NEXTHDR } from '@skbuff/wire';
import { counters, counters6, describeFrame, difference, kernelMissing, moved, onBoth, pick, type Seen, tellCompared, type Transcript, WIRE_MAC, type World } from '../src/index.ts';
import { ROUTER6, seeds, SETTLED_MS, together } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of extension headers SKIPPED: ${missing}`);

const FROM = '2001:db8:1::2';
const OWN = ['2001:db8:1::1', '2001:db8:2::1'];
/** Of all that are on a link the router knows the neighbour. */
const ADDRS = [...OWN, ...OWN, FROM, '2001:db8:2::2', '2001:db8:a1::3', '2001:db8:a3::3', '2001:db8:81::1', '2001:db8:83::1', '2001:db9::9', '2001:db8:1::', 'ff02::1', 'ff05::9', '::1', '::'];
const TO = [...OWN, ...OWN, '2001:db8:a1::3', '2001:db8:a3::3', '2001:db8:a4::1', 'ff02::1', '2001:db8:1::', '2001:db8:82::1'];
const UNKNOWN = [0x1e, 0x1e, 0x3e, 0x5e, 0x9e, 0xbe, 0xde, 0xfe, 0x8b, 0x26];
const CONF = 'net.ipv6.conf';
const SETTINGS: readonly (readonly [string, readonly number[]])[] = [
  [`${CONF}.all.seg6_enabled`, [0, 1, 1]], [`${CONF}.eth1.seg6_enabled`, [0, 1, 1]], [`${CONF}.eth1.seg6_require_hmac`, [-1, 0, 1]], [`${CONF}.eth1.ioam6_enabled`, [0, 1]], [`${CONF}.all.forwarding`, [1, 1, 0]],
  ['net.ipv6.max_hbh_opts_number', [8, 8, 1, 0, -1, -2]], ['net.ipv6.max_dst_opts_number', [8, 8, 1, 0, -1]], ['net.ipv6.max_hbh_length', [1000, 8, 16, 0]], ['net.ipv6.max_dst_opts_length', [1000, 8, 16, 0]],
];

type Header = readonly [number, readonly number[]];
const zeros = (n: number): number[] => new Array<number>(n).fill(0);

/** One option; `at` bytes behind the beginning of the header, where some have to be aligned, mostly. */
function option(random: Random, at: number): number[] {
  const aligned = (to: number): number[] => (random.below(6) === 0 ? [] : zeros((to - (at % 4) + 4) % 4));
  switch (random.below(9)) {
    case 0:
      return [0];
    case 1: {
      const n = random.below(8);
      return [IPV6_TLV_PADN, n, ...new Array<number>(n).fill(random.below(8) === 0 ? 1 : 0)];
    }
    case 2:
      return [IPV6_TLV_ROUTERALERT, pick(random, [2, 2, 3]), 0, random.below(2)];
    case 3:
      return [...aligned(2), IPV6_TLV_JUMBO, pick(random, [4, 4, 3]), 0, random.below(2), 0, 4];
    case 4:
      return [...aligned(2), IPV6_TLV_HAO, 16, ...ip6Bytes(pick(random, ADDRS))];
    case 5: {
      const n = pick(random, [2, 10, 18]);
      return [...aligned(0), IPV6_TLV_IOAM, n, 0, pick(random, [0, 0, 1]), ...[0, 1, 8, pick(random, [0, 1, 4]), 0x80, 0, 0, 0].slice(0, n - 2), ...zeros(Math.max(0, n - 10))];
    }
    default: {
      const n = random.below(7);
      return [pick(random, UNKNOWN), n, ...Array.from({ length: n }, (_, i) => i)];
    }
  }
}

function options(random: Random): number[] {
  const all: number[] = [];
  for (let left = random.below(4); left > 0; left--) all.push(...option(random, all.length + 2));
  const rest = (14 - (all.length % 8)) % 8;
  if (random.below(10) === 0) all.push(...new Array<number>(rest).fill(random.below(256)));
  else if (rest > 0) all.push(...(rest === 1 ? [0] : [IPV6_TLV_PADN, rest - 2, ...zeros(rest - 2)]));
  return [0, random.below(24) === 0 ? random.below(5) : (all.length + 2) / 8 - 1, ...all];
}

/** A list of segments, or another routing header. With `done` there is nothing left to visit. */
function routing(random: Random, done: boolean): number[] {
  if (random.below(4) === 0) return [0, 2, pick(random, [0, 1, 2, 3, 253]), done ? 0 : random.below(2), 0, 0, 0, 0, ...ip6Bytes(pick(random, OWN))];
  const n = 1 + random.below(3);
  const tlv = pick(random, [[], [], [4, 6, ...zeros(6)], [5, 38, ...zeros(38)]]);
  const left = done ? 0 : pick(random, [0, 1, n - 1, n - 1, n, random.below(8)]);
  return [0, random.below(20) === 0 ? random.below(6) : (n * 16 + tlv.length) / 8, IPV6_SRCRT_TYPE_4, left, random.below(8) === 0 ? random.below(5) : n - 1, pick(random, [0, 8, 0xff]), 0, 0, ...Array.from({ length: n }, () => [...ip6Bytes(pick(random, ADDRS))]).flat(), ...tlv];
}

/** Of a list of segments with another header in front the running kernel sends memory that is not the packet's: such a list is done. */
function header(random: Random, first: boolean, id: number): Header {
  switch (random.below(8)) {
    case 0:
      return [IPPROTO_HOPOPTS, options(random)];
    case 1:
    case 2:
      return [IPPROTO_DSTOPTS, options(random)];
    case 3:
    case 4:
      return [IPPROTO_ROUTING, routing(random, !first)];
    case 5:
      return [IPPROTO_FRAGMENT, [0, 0, 0, pick(random, [0, 0, 0, 1, 8, 6]), 0, 0, id >> 8, id & 255]];
    case 6:
      return [IPPROTO_AH, [0, pick(random, [4, 1, 0, 5]), ...zeros(22)]];
    default:
      return [pick(random, [135, 253, 50, IPPROTO_NONE]), zeros(8)];
  }
}

function frame(random: Random, mac: Uint8Array, id: number): Uint8Array {
  const ext: Header[] = random.below(2) === 0 ? [[IPPROTO_HOPOPTS, options(random)]] : [];
  for (let left = random.below(4); left > 0; left--) ext.push(header(random, ext.length === 0, id));
  const daddr = pick(random, TO);
  const end = random.below(3) === 0 ? pick(random, OWN) : daddr;
  const [proto, payload] = pick<readonly [number, Uint8Array]>(random, [
    [IPPROTO_ICMPV6, icmp6Message(FROM, end, pick(random, [128, 128, 128, 1, 4, 160]), 0, zeros(4 + random.below(60)))],
    [IPPROTO_UDP, udpDatagram({ saddr: FROM, daddr: end, sport: 4000, dport: 7, payload: random.below(60) }, packets6)],
    [pick(random, [253, IPPROTO_NONE]), new Uint8Array(random.below(20))],
  ]);
  const packet = ip6Packet({ saddr: FROM, daddr, proto, payload, ext, flowlabel: id, ttl: pick(random, [64, 64, 64, 1, 2]), tos: pick(random, [0, 0, 3]) });
  return ethFrame(mac, packet.slice(0, random.below(25) === 0 ? IPV6HDR_LEN + random.below(packet.length - IPV6HDR_LEN + 1) : packet.length), { from: WIRE_MAC, type: ETH_P_IPV6 });
}

/** Neighbours and groups are another play. */
function isOfLink({ frame: seen }: Seen): boolean {
  const ip = seen.subarray(14);
  const upper = ip[IPV6HDR_NEXTHDR] === IPPROTO_HOPOPTS ? (ip[IPV6HDR_LEN + 8] as number) : (ip[IPV6HDR_LEN] as number);
  return [133, 134, 135, 136, 137, 143].includes(upper) && [IPPROTO_HOPOPTS, IPPROTO_ICMPV6].includes(ip[IPV6HDR_NEXTHDR] as number);
}

async function play(world: World, seed: number, count: number): Promise<Transcript> {
  const random = new Random(seed);
  const mac = await world.mac('r', 'eth1');
  await world.wait(SETTLED_MS);
  const counted = await counters(world, 'r', counters6);
  const out: Transcript = [];
  for (let id = 0x4000; id < 0x4000 + count; id++) {
    if (id % 50 === 0) {
      out.push(SETTINGS.map(([name, values]) => `${name}=${pick(random, values)}`).join(' '));
      await world.run('r', `sysctl -w ${out.at(-1)}`);
    }
    const sent = frame(random, mac, id);
    const seen = (await world.send('w1', sent)).filter((one) => !isOfLink(one)).sort((a, b) => a.port.localeCompare(b.port));
    out.push(`${id} ${Buffer.from(sent.subarray(14, 174)).toString('hex')} > ${seen.map((one) => describeFrame(one, id, world.timeOfDay())).join('\n  ')}`);
  }
  return [...out, ...moved(counted, await counters(world, 'r', counters6)).filter((line) => !/Ip6:Out(Mcast|Octets|Requests|Transmits)|Icmp6:Out(Msgs|Type13|Type143|MLD|Neigh|Redir)/.test(line))];
}

const SEEDS = seeds(2);
const game = together(SEEDS, (seed) => onBoth(ROUTER6, (world) => play(world, seed, 500)));

describe.runIf(missing === null).concurrent('extension headers by chance', () => {
  it.each(SEEDS)('are read, answered and passed on as by the running kernel (seed %i)', async (seed) => {
    expect(difference(await game(seed))).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('extension headers'));

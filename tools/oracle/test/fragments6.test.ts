/** IPv6 fragments in any order, doubled, overlapping, with holes: what is put together, what is answered, what is counted. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { ethFrame, icmp6Message, ip6Packet } from '@skbuff/testkit';
import { ICMPV6_ECHO_REQUEST, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_ICMPV6 } from '@skbuff/uapi';
import { counters, counters6, cut, describeFrame, difference, disturb, kernelMissing, moved, onBoth, pick, tellCompared, type Transcript, WIRE_MAC, type World } from '../src/index.ts';
import { ROUTER6, seeds, SETTLED_MS, together } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of IPv6 fragments SKIPPED: ${missing}`);

/** Fragments are given up after so many seconds: longer than sending everything may ever take. */
const PATIENCE_S = 8;
const LAB = ROUTER6.replace('ip6frag_time: 60', `ip6frag_time: ${PATIENCE_S}`);
const SADDR = '2001:db8:1::2';
/** Extension headers in front of the fragment header, which each fragment has: numbers and bytes. */
const BEFORE: readonly (readonly (readonly [number, readonly number[]])[])[] = [[], [], [], [[IPPROTO_HOPOPTS, [0, 0, 1, 4, 0, 0, 0, 0]]], [[IPPROTO_DSTOPTS, [0, 0, 1, 4, 0, 0, 0, 0]]]];

/** What is cut up: an echo request, now and then with options in front of it. */
function upper(random: Random, daddr: string): { readonly proto: number; readonly bytes: Uint8Array } {
  const data = new Uint8Array(4 + random.below(1400));
  random.bytes(data, 4, data.length - 4);
  data[1] = 1;
  const message = icmp6Message(SADDR, daddr, ICMPV6_ECHO_REQUEST, 0, data);
  if (random.below(6) !== 0) return { proto: IPPROTO_ICMPV6, bytes: message };
  return { proto: IPPROTO_DSTOPTS, bytes: Uint8Array.from([IPPROTO_ICMPV6, 1, 1, 12, ...new Array<number>(12).fill(0), ...message]) };
}

async function play(world: World, seed: number, count: number): Promise<Transcript> {
  const random = new Random(seed);
  const mac = await world.mac('r', 'eth1');
  await world.wait(SETTLED_MS);
  const counted = await counters(world, 'r', counters6);
  const out: Transcript = [];
  for (let id = 0x4000; id < 0x4000 + count; id++) {
    const daddr = pick(random, ['2001:db8:1::1', '2001:db8:1::1', '2001:db8:1::1', '2001:db8:2::1', '2001:db8:a1::9', 'ff02::1']);
    const { proto, bytes } = upper(random, daddr);
    const pieces = disturb(random, cut(random, bytes.length), bytes.length);
    const tos = pick(random, [0, 0, 2, 3]);
    const before = pick(random, BEFORE);
    const frames = pieces.map(({ from, to, more }) => {
      const payload = new Uint8Array(to - from);
      payload.set(bytes.subarray(from, to));
      const fragment = [0, 0, from >> 8, (from & 0xf8) | (more ? 1 : 0), 0, 0, id >> 8, id & 255];
      return ethFrame(mac, ip6Packet({ saddr: SADDR, daddr, proto, tos, payload, ext: [...before, [IPPROTO_FRAGMENT, fragment]] }), { from: WIRE_MAC });
    });
    const seen = await world.send('w1', ...frames);
    const what = pieces.map(({ from, to, more }) => `${from}-${to}${more ? '+' : ''}`).join(' ');
    out.push(`${id} ${daddr} tos ${tos} ${bytes.length}: ${what} > ${seen.map((one) => describeFrame(one, id, world.timeOfDay())).join('\n  ')}`);
  }
  const late = await world.wait(PATIENCE_S * 1000 + 500);
  out.push(...late.map((one) => describeFrame(one, 0, world.timeOfDay())).sort());
  out.push(...moved(counted, await counters(world, 'r', counters6)), ...(await world.read('r', 'sockstat6')).split('\n').filter((line) => line.startsWith('FRAG')));
  return out;
}

const SEEDS = seeds(3);
const game = together(SEEDS, (seed) => onBoth(LAB, (world) => play(world, seed, 300)));

describe.runIf(missing === null).concurrent('IPv6 fragments by chance', () => {
  it.each(SEEDS)('are put together, refused and given up as by the running kernel (seed %i) [IP6X-11]', async (seed) => {
    expect(difference(await game(seed))).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('fragments of IPv6'));

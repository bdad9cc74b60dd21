/** An IPv6 router and host between three links, and packets by chance: what comes out, and what is counted. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { counters, counters6, describeFrame, difference, kernelMissing, moved, onBoth, tellCompared, type Transcript, type World } from '../src/index.ts';
import { randomFrame6 } from '../src/ipv6-packets.ts';
import { ROUTER6, seeds, SETTLED_MS, together } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of an IPv6 router SKIPPED: ${missing}`);

const USUAL = ['2001:db8:1::2', '2001:db8:1::2', '2001:db8:1::2', '2001:db8:1::3', '2001:db8:a2::9', '2001:db8:a2::7', '2001:db8:a1::9', '2001:db9::1', 'fe80::2'];
const ODD = ['::', '::1', 'ff02::1', 'ff05::1', '::ffff:10.0.0.1', '2001:db8:1::1', '2001:db8:2::1'];
/**
 * Who is sent back by the link that it came by is told once a second, for one destination: of those there are none. Nor is ::, about which a
 * kernel with IPsec looks for the way back of an error too, and counts that there is none.
 */
const DADDRS = [
  '2001:db8:1::1', '2001:db8:1::1', '2001:db8:1::1', '2001:db8:2::1', '2001:db8:2::2', '2001:db8:a1::3', '2001:db8:a1::3', '2001:db8:a1::3', '2001:db8:a3::3', '2001:db8:a3::3', '2001:db8:a4::1', '2001:db8:81::1', '2001:db8:82::1', '2001:db8:83::1', '2001:db8:84::1', '2001:db9::9',
  '2001:db8:1::', '2001:db8:2::', 'ff02::1', 'ff02::2', 'ff02::9', 'ff05::2', 'ff05::9', 'ff00::1', 'ff01::1', '::1', '::ffff:10.0.1.1', '2001:db8:3::1', 'fec0::1',
];

async function play(world: World, seed: number, count: number): Promise<Transcript> {
  const random = new Random(seed);
  const router = await world.mac('r', 'eth1');
  const macs = [router, router, router, router, router, router, router, Uint8Array.of(0x33, 0x33, 0, 0, 0, 1), Uint8Array.of(2, 0, 0, 0, 9, 9)];
  await world.wait(SETTLED_MS);
  const counted = await counters(world, 'r', counters6);
  const out: Transcript = [];
  for (let id = 0x4000; id < 0x4000 + count; id++) {
    const frame = randomFrame6(random, { saddrs: () => [...USUAL, ...USUAL, ...ODD], daddrs: DADDRS, macs }, id);
    const seen = await world.send('w1', frame);
    out.push(`${id} ${Buffer.from(frame.subarray(0, 120)).toString('hex')} > ${seen.length === 0 ? 'nothing' : seen.map((one) => describeFrame(one, id, world.timeOfDay())).join('\n  ')}`);
  }
  out.push(...moved(counted, await counters(world, 'r', counters6)));
  return out;
}

const SEEDS = seeds(3);
const game = together(SEEDS, (seed) => onBoth(ROUTER6, (world) => play(world, seed, 1000)));

describe.runIf(missing === null).concurrent('an IPv6 router between three links', () => {
  it.each(SEEDS)('does with packets by chance what the running kernel does (seed %i)', async (seed) => {
    expect(difference(await game(seed))).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('packets by chance of IPv6'));

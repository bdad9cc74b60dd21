/** A router and host between three links, and packets by chance: what comes out, and what is counted. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { counters, counters4, describeFrame, difference, kernelMissing, onBoth, tellCompared, type Transcript, type World } from '../src/index.ts';
import { randomFrame } from '../src/ipv4-packets.ts';
import { ROUTER, seeds } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of a router SKIPPED: ${missing}`);

const USUAL = ['10.0.1.2', '10.0.1.2', '10.0.1.2', '10.0.1.2', '10.0.1.3', '10.2.0.9', '10.1.0.9', '192.0.2.1'];
/** Sources that nobody may have. The router's own and its broadcast address hear of what cannot be reached: nobody looks at the source then. */
const NEVER = ['0.0.0.0', '127.0.0.1', '255.255.255.255', '224.0.0.1', '240.0.0.1'];
const ODD = [...NEVER, '10.0.1.1', '10.0.1.255'];
/**
 * Who has written to what cannot be reached five times is told once a second from then on (net.ipv4.route.error_cost, error_burst: no
 * settings of a namespace). Time runs differently in both worlds, so each such packet comes from a source of its own.
 */
const LIMITED = /^(10\.8\.|192\.0\.2\.|240\.)/;
const DADDRS = [
  '10.0.1.1', '10.0.1.1', '10.0.2.1', '10.0.2.2', '10.1.2.3', '10.1.2.3', '10.2.2.3', '10.3.2.3', '10.3.2.3', '10.4.0.1', '10.8.1.1', '10.8.2.1', '10.8.3.1', '10.8.4.1', '192.0.2.9',
  '10.0.1.255', '10.0.2.255', '10.0.1.0', '255.255.255.255', '224.0.0.1', '224.0.0.9', '239.1.1.1', '127.0.0.1', '0.0.0.0', '240.0.0.1', '10.0.3.1', '10.0.1.2',
];

async function play(world: World, seed: number, count: number): Promise<Transcript> {
  const random = new Random(seed);
  const router = await world.mac('r', 'eth1');
  const other = Uint8Array.of(2, 0, 0, 0, 9, 9);
  const macs = [router, router, router, router, router, router, Uint8Array.of(255, 255, 255, 255, 255, 255), Uint8Array.of(1, 0, 0x5e, 0, 0, 1), other];
  const out: Transcript = [];
  for (let id = 0x4000; id < 0x4000 + count; id++) {
    const fresh = `10.2.${id >> 8}.${id & 255}`;
    const saddrs = (daddr: string): readonly string[] => (LIMITED.test(daddr) ? [fresh, fresh, ...NEVER] : [...USUAL, ...ODD]);
    const frame = randomFrame(random, { saddrs, daddrs: DADDRS, macs }, id);
    const seen = await world.send('w1', frame);
    out.push(`${id} ${Buffer.from(frame.subarray(0, 60)).toString('hex')} > ${seen.length === 0 ? 'nothing' : seen.map((one) => describeFrame(one, id, world.timeOfDay())).join('\n  ')}`);
  }
  out.push(...(await counters(world, 'r', counters4)));
  return out;
}

describe.runIf(missing === null)('a router between three links', () => {
  it.each(seeds(3))('does with packets by chance what the running kernel does (seed %i)', async (seed) => {
    expect(difference(await onBoth(ROUTER, (world) => play(world, seed, 1000)))).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('packets by chance of IPv4'));

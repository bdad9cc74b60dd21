/** Fragments in any order, doubled, overlapping, with holes: what is put together, what is answered, what is counted. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { ethFrame, ipPacket } from '@skbuff/testkit';
import { IPPROTO_ICMP, IP_MF } from '@skbuff/uapi';
import { ipComputeCsum, setBe16 } from '@skbuff/wire';
import { counters, counters4, cut, describeFrame, difference, disturb, kernelMissing, onBoth, pick, tellCompared, type Transcript, WIRE_MAC, type World } from '../src/index.ts';
import { ROUTER, seeds } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of fragments SKIPPED: ${missing}`);

const LAB = ROUTER.replace('ipfrag_time: 60', 'ipfrag_time: 14').replace('net.ipv4.icmp_ratemask: 0', 'net.ipv4.icmp_ratemask: 0\n        net.ipv4.ipfrag_max_dist: 0');
/** After which what is not whole is given up: as long as sending everything may ever take, and a little. */
const PATIENCE_MS = 15_500;

/**
 * An echo request. Its identifier is not 0, since the answer must not be all zeros: an x86 kernel begins its sum at ~0, sends 0 instead of
 * 0xffff for such a message, and refuses it if it gets it back.
 */
function echo(random: Random, length: number): Uint8Array {
  const message = new Uint8Array(8 + length);
  random.bytes(message, 8, length);
  message[0] = 8;
  message[5] = 1;
  setBe16(message, 2, ipComputeCsum(message, 0, message.length));
  return message;
}

async function play(world: World, seed: number, count: number): Promise<Transcript> {
  const random = new Random(seed);
  const mac = await world.mac('r', 'eth1');
  const out: Transcript = [];
  for (let id = 0x4000; id < 0x4000 + count; id++) {
    const message = echo(random, random.below(1400));
    const pieces = disturb(random, cut(random, message.length), message.length);
    const daddr = pick(random, ['10.0.1.1', '10.0.1.1', '10.0.1.1', '10.0.2.1', '10.1.0.9', '10.0.1.255']);
    const tos = pick(random, [0, 0, 2, 3]);
    const frames = pieces.map(({ from, to, more }) => {
      const payload = new Uint8Array(to - from);
      payload.set(message.subarray(from, to));
      return ethFrame(mac, ipPacket({ saddr: '10.0.1.2', daddr, proto: IPPROTO_ICMP, id, tos, payload, fragOff: (from >> 3) | (more ? IP_MF : 0) }), { from: WIRE_MAC });
    });
    const seen = await world.send('w1', ...frames);
    const what = pieces.map(({ from, to, more }) => `${from}-${to}${more ? '+' : ''}`).join(' ');
    out.push(`${id} ${daddr} tos ${tos} ${message.length}: ${what} > ${seen.map((one) => describeFrame(one, id, world.timeOfDay())).join('\n  ')}`);
  }
  const late = await world.wait(PATIENCE_MS);
  out.push(...late.map((one) => describeFrame(one, 0, world.timeOfDay())).sort());
  out.push(...(await counters(world, 'r', counters4)), ...(await world.read('r', 'sockstat')).split('\n').filter((line) => line.startsWith('FRAG')));
  return out;
}

describe.runIf(missing === null).concurrent('fragments by chance', () => {
  it.each(seeds(3))('are put together, refused and given up as by the running kernel (seed %i)', async (seed) => {
    expect(difference(await onBoth(LAB, (world) => play(world, seed, 300)))).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('fragments of IPv4'));

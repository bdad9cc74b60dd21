/** 20,000 lookups in tables by chance: `ip route get` as the running kernel answers it. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { describeRan, difference, kernelMissing, onBoth, paired, pick, tellCompared, type Transcript, type World } from '../src/index.ts';
import { ROUTER, seeds } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of lookups SKIPPED: ${missing}`);

const TABLES = ['main', 'main', 'main', '100', '101', '102'];
const VIAS = ['via 10.0.1.2', 'via 10.0.1.3', 'via 10.0.2.2', 'via 10.0.3.2', 'dev eth1', 'dev eth2', 'dev eth3', 'via 10.0.1.77', 'via 10.0.2.99 dev eth2 onlink'];
const TYPES = ['blackhole', 'unreachable', 'prohibit', 'throw'];

/** Close to each other, so that prefixes nest. */
function address(random: Random): string {
  const byte = (of: readonly number[]): number => pick(random, of);
  return [byte([10, 10, 172, 192]), byte([0, 1, 16, 168]), byte([0, 1, 2, 3, 64, 128, 255]), byte([0, 1, 2, 7, 8, 127, 128, 254, 255])].join('.');
}

function prefix(random: Random): string {
  const length = pick(random, [0, 1, 7, 8, 12, 15, 16, 20, 23, 24, 25, 28, 30, 31, 32]);
  const value = address(random).split('.').reduce((all, byte) => all * 256 + Number(byte), 0);
  const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  const net = (value & mask) >>> 0;
  return `${[24, 16, 8, 0].map((shift) => (net >>> shift) & 255).join('.')}/${length}`;
}

function route(random: Random): string {
  const table = pick(random, TABLES);
  const metric = pick(random, ['', '', '', ' metric 5', ' metric 10']);
  const tos = pick(random, ['', '', '', '', '', ' tos 0x10']);
  if (random.below(10) === 0) return `route add ${pick(random, TYPES)} ${prefix(random)} table ${table}${metric}${tos}`;
  const more = pick(random, ['', '', '', ' mtu 1400', ' src 10.0.2.1', ' scope link', ' advmss 1300 window 1000']);
  return `route add ${prefix(random)} ${pick(random, VIAS)} table ${table}${metric}${tos}${more}`;
}

function rule(random: Random): string {
  const selector = pick(random, ['from 10.0.0.0/8', 'to 172.16.0.0/12', 'iif eth1', 'fwmark 7', 'fwmark 0x10/0xf0', 'tos 0x10', 'oif eth2', 'not from 192.168.0.0/16', 'iif lo']);
  const action = pick(random, ['table 100', 'table 101', 'table 102', 'table main', 'table 100', 'prohibit', 'unreachable', 'blackhole']);
  return `rule add pref ${1000 + random.below(200)} ${selector} ${action}`;
}

function question(random: Random): string {
  const more = [
    ...(random.below(3) === 0 ? [`from ${pick(random, ['10.0.1.1', '10.0.2.1', '10.0.1.2', '10.0.2.9', '192.168.1.1', '10.0.3.2'])}`] : []),
    ...(random.below(3) === 0 ? [`iif ${pick(random, ['eth1', 'eth2', 'lo'])}`] : random.below(4) === 0 ? [`oif ${pick(random, ['eth1', 'eth2', 'eth3'])}`] : []),
    ...(random.below(4) === 0 ? [`mark ${pick(random, [7, 0x10, 0x12, 0x20])}`] : []),
    ...(random.below(6) === 0 ? ['tos 0x10'] : []),
  ];
  return ['route get', address(random), ...more].join(' ');
}

async function play(world: World, seed: number): Promise<Transcript> {
  const random = new Random(seed);
  const build = [...Array.from({ length: 150 }, () => route(random)), ...Array.from({ length: 12 }, () => rule(random))];
  const questions = Array.from({ length: 2000 }, () => question(random));
  const matches = questions.slice(0, 500).map((line) => line.replace('route get', 'route get fibmatch'));
  const out: Transcript = describeRan('build', await world.batch('r', '', build)).split('\n');
  for (const part of [questions, matches]) out.push(...paired(part, await world.batch('r', '-o', part)));
  return out;
}

describe.runIf(missing === null)('lookups by chance in tables by chance', () => {
  it.each(seeds(8))('are answered as by the running kernel (seed %i)', async (seed) => {
    expect(difference(await onBoth(ROUTER, (world) => play(world, seed)))).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('lookups of IPv4'));

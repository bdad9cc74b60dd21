/** 20,000 lookups in IPv6 tables by chance, with rules: `ip -6 route get` as the running kernel answers it. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { describeRan, difference, kernelMissing, onBoth, paired, pick, tellCompared, type Transcript, type World } from '../src/index.ts';
import { ROUTER6, seeds, SETTLED_MS, together } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of IPv6 lookups SKIPPED: ${missing}`);

const TABLES = ['main', 'main', 'main', '100', '101', '102'];
const VIAS = ['via 2001:db8:1::2', 'via 2001:db8:1::3', 'via 2001:db8:2::2', 'via 2001:db8:3::2', 'dev eth1', 'dev eth2', 'dev eth3', 'via fe80::2 dev eth1', 'via 2001:db8:2::99 dev eth2 onlink', 'via fe80::7 dev eth2'];
const TYPES = ['blackhole', 'unreachable', 'prohibit', 'throw'];

/** Close to each other, so that prefixes nest. */
function address(random: Random): string {
  const words = [pick(random, ['2001', '2001', '2001', 'fd00', '2002']), pick(random, ['db8', 'db8', 'db9', 'a00']), pick(random, ['1', '2', '3', 'a1', 'a2', '81', '0']), pick(random, ['0', '0', '1', '8000', 'ff']), pick(random, ['0', '0', '8000']), '0', pick(random, ['0', '0', '1']), pick(random, ['0', '1', '2', '3', '9', '7f', 'fffe'])];
  return words.join(':');
}

function prefix(random: Random): string {
  const length = pick(random, [0, 1, 7, 8, 15, 16, 17, 28, 32, 33, 47, 48, 49, 56, 63, 64, 65, 96, 112, 126, 127, 128]);
  const words = address(random).split(':').map((word) => Number.parseInt(word, 16));
  const masked = words.map((word, i) => word & (0xffff0000 >> Math.min(16, Math.max(0, length - 16 * i))));
  return `${masked.map((word) => word.toString(16)).join(':')}/${length}`;
}

function route(random: Random): string {
  const table = pick(random, TABLES);
  const metric = pick(random, ['', '', '', ' metric 5', ' metric 10']);
  const from = pick(random, ['', '', '', '', '', '', ' from 2001:db8:1::/64', ' from 2001:db8::/32', ' from 2001:db8:2::1']);
  if (random.below(10) === 0) return `route add ${pick(random, TYPES)} ${prefix(random)} table ${table}${metric}${from}`;
  const more = pick(random, ['', '', '', ' mtu 1400', ' src 2001:db8:2::1', ' pref high', ' pref low', ' advmss 1300 hoplimit 10']);
  return `route add ${prefix(random)} ${pick(random, VIAS)} table ${table}${metric}${from}${more}`;
}

function rule(random: Random): string {
  const selector = pick(random, ['from 2001:db8::/32', 'to fd00::/8', 'iif eth1', 'fwmark 7', 'fwmark 0x10/0xf0', 'tos 0x10', 'oif eth2', 'not from 2001:db8:1::/64', 'iif lo', 'from 2001:db8:2::1 to 2001:db8:a1::/48', 'ipproto udp', 'uidrange 0-10']);
  const action = pick(random, ['table 100', 'table 101', 'table 102', 'table main', 'table 100', 'prohibit', 'unreachable', 'blackhole', 'table 101 suppress_prefixlength 32']);
  return `rule add pref ${1000 + random.below(200)} ${selector} ${action}`;
}

function question(random: Random): string {
  const more = [
    ...(random.below(3) === 0 ? [`from ${pick(random, ['2001:db8:1::1', '2001:db8:2::1', '2001:db8:1::2', '2001:db8:2::9', 'fd00::9', '2001:db8:3::2'])}`] : []),
    ...(random.below(3) === 0 ? [`iif ${pick(random, ['eth1', 'eth2', 'lo'])}`] : random.below(4) === 0 ? [`oif ${pick(random, ['eth1', 'eth2', 'eth3'])}`] : []),
    ...(random.below(4) === 0 ? [`mark ${pick(random, [7, 0x10, 0x12, 0x20])}`] : []),
    ...(random.below(6) === 0 ? ['tos 0x10'] : []),
    ...(random.below(8) === 0 ? [`ipproto ${pick(random, ['udp', 'tcp'])}`] : []),
  ];
  // Of a group that a packet came for, routers of groups are asked.
  const rare = more.some((word) => word.startsWith('iif')) ? ['fe80::2', '::1', '2001:db8:1::1', '::'] : ['ff02::1', 'ff05::9', 'fe80::2', '::1', '2001:db8:1::1', '::'];
  return ['route get', random.below(40) === 0 ? pick(random, rare) : address(random), ...more].join(' ');
}

async function play(world: World, seed: number): Promise<Transcript> {
  const random = new Random(seed);
  const build = [...Array.from({ length: 200 }, () => route(random)), ...Array.from({ length: 12 }, () => rule(random))];
  const questions = Array.from({ length: 2000 }, () => question(random));
  const matches = questions.slice(0, 500).map((line) => line.replace('route get', 'route get fibmatch'));
  await world.wait(SETTLED_MS);
  const out: Transcript = describeRan('build', await world.batch('r', '-6', build)).split('\n');
  for (const part of [questions, matches]) out.push(...paired(part, await world.batch('r', '-6 -o', part)));
  return out;
}

const SEEDS = seeds(8);
const game = together(SEEDS, (seed) => onBoth(ROUTER6, (world) => play(world, seed)));

describe.runIf(missing === null).concurrent('lookups by chance in IPv6 tables by chance', () => {
  it.each(SEEDS)('are answered as by the running kernel (seed %i)', async (seed) => {
    expect(difference(await game(seed))).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('lookups of IPv6'));

/**
 * Neighbour solicitations and advertisements, one by one: every combination of what is in them with what the host knows and with how far it has
 * got with an address. Nothing happens by itself: who is asked has ten minutes to answer.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { ETH_HLEN, IPPROTO_ICMPV6, NDISC_NEIGHBOUR_ADVERTISEMENT, NDISC_NEIGHBOUR_SOLICITATION } from '@skbuff/uapi';
import { IPV6HDR_NEXTHDR } from '@skbuff/wire';
import { describeFrame, difference, kernelMissing, lladdrOption, type Nd, ndFrame, onBoth, solicitedNode, tellCompared, type Transcript, type World } from '../src/index.ts';
import { SETTLED_MS, together } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of neighbour discovery, case by case, SKIPPED: ${missing}`);

const OWN = '2001:db8::1';
const TENTATIVE = '2001:db8::8';
const OPTIMISTIC = '2001:db8::7';
const PROXIED = '2001:db8::88';
const NEIGHBOUR = '2001:db8::2';
const ROUTER = 'fe80::2';
const ALL_NODES = 'ff02::1';
const MAC = [2, 0, 0, 0, 0, 2];
const OTHER_MAC = [2, 0, 0, 0, 0, 5];

const lab = (policy: readonly string[]): string => `
name: nd
topology:
  nodes:
    h:
      kind: linux
      sysctls:
        net.ipv6.conf.eth1.router_solicitations: 0
        net.ipv6.conf.eth1.router_solicitation_delay: 0
        net.ipv6.conf.eth1.mldv2_unsolicited_report_interval: 1
        net.ipv6.conf.eth1.optimistic_dad: 1
        net.ipv6.neigh.eth1.proxy_delay: 0
        net.ipv6.neigh.eth1.base_reachable_time_ms: 6000000
${policy.map((line) => `        ${line}\n`).join('')}      exec:
        - ip addr add ${OWN}/64 dev eth1 nodad
        - ip neigh add proxy ${PROXIED} dev eth1
    wire: { kind: linux, sysctls: { net.ipv6.conf.all.disable_ipv6: 1 } }
  links:
    - endpoints: ["h:eth1", "wire:w1"]
`;

/** One message, and what is known of who is in it. */
interface Case {
  /** Who the host knows. */
  readonly who: string;
  /** As `ip neigh` says it; empty: nothing. */
  readonly known: string;
  readonly message: Nd;
}

const KNOWN = ['', 'nud failed', 'use', ...['stale', 'stale router', 'reachable', 'probe', 'permanent'].map((state) => `lladdr 02:00:00:00:00:02 nud ${state}`)];

const solicitations: Case[] = [OWN, TENTATIVE, OPTIMISTIC, PROXIED, '2001:db8::', '2001:db8::9'].flatMap((target) =>
  [NEIGHBOUR, ROUTER, '::'].flatMap((saddr) =>
    [OWN, solicitedNode(target), ALL_NODES].flatMap((daddr) =>
      [[], lladdrOption(1, OTHER_MAC)].flatMap((options) =>
        ['', 'lladdr 02:00:00:00:00:02 nud stale'].map((known) => ({ who: saddr === '::' ? NEIGHBOUR : saddr, known, message: { type: NDISC_NEIGHBOUR_SOLICITATION, saddr, daddr, target, options } }))))));

const FLAGS = Array.from({ length: 8 }, (_, i) => i << 5);
const advertisements: Case[] = FLAGS.flatMap((flags) =>
  [OWN, ALL_NODES].flatMap((daddr) =>
    [[], lladdrOption(2, MAC), lladdrOption(2, OTHER_MAC)].flatMap((options) =>
      KNOWN.map((known) => ({ who: NEIGHBOUR, known, message: { type: NDISC_NEIGHBOUR_ADVERTISEMENT, saddr: NEIGHBOUR, daddr, head: [flags, 0, 0, 0], target: NEIGHBOUR, options } })))));

/** Of addresses of the host's, and one that it answers for. */
const conflicts: Case[] = [OWN, TENTATIVE, OPTIMISTIC, PROXIED].flatMap((target) =>
  FLAGS.flatMap((flags) =>
    [OWN, ALL_NODES].flatMap((daddr) =>
      [[], lladdrOption(2, OTHER_MAC)].map((options) => ({ who: NEIGHBOUR, known: '', message: { type: NDISC_NEIGHBOUR_ADVERTISEMENT, saddr: NEIGHBOUR, daddr, head: [flags, 0, 0, 0], target, options } })))));

const CASES = [...solicitations, ...advertisements, ...conflicts];

/** In which what is put off, but not for any time, is done. */
const DEFERRED_MS = 20;

/** Addresses, by /proc/net/if_inet6, that are being tried: those that are not have been taken away by a case. */
const TRIED: readonly (readonly [addr: string, hex: string, words: string])[] = [
  [TENTATIVE, '20010db8000000000000000000000008', ''],
  [OPTIMISTIC, '20010db8000000000000000000000007', ' optimistic'],
];
const TENTATIVE_FLAG = /^\S+ \S+ \S+ \S+ (c|4)/;

class Host {
  private readonly world: World;
  private table = '';
  private addresses: string[] = [];

  constructor(world: World) {
    this.world = world;
  }

  async look(): Promise<string> {
    const { stdout } = await this.world.run('h', 'ip -6 neigh show dev eth1 nud all');
    this.table = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('ff')).map((line) => line.trim()).sort().join('; ');
    this.addresses = (await this.world.read('h', 'if_inet6')).split('\n').filter((line) => line.endsWith('eth1')).sort();
    return `${this.table} > ${this.addresses.map((line) => line.split(/ +/).filter((_, i) => i === 0 || i === 4).join(' ')).join('; ')}`;
  }

  /** Knows what the case says, and tries both addresses. */
  async prepare({ who, known }: Case): Promise<void> {
    const lines = this.table === '' ? [] : ['neigh flush dev eth1 nud all'];
    for (const [addr, hex, words] of TRIED) {
      const line = this.addresses.find((one) => one.startsWith(hex));
      if (line !== undefined && TENTATIVE_FLAG.test(line)) continue;
      if (line !== undefined) lines.push(`addr del ${addr}/64 dev eth1`);
      lines.push(`addr add ${addr}/64 dev eth1${words}`);
    }
    if (known !== '') lines.push(`neigh replace ${who} dev eth1 ${known}`);
    if (lines.length === 0) return;
    await this.world.batch('h', '-6', lines);
    if (lines.some((line) => /addr|use|probe/.test(line))) await this.world.wait(DEFERRED_MS);
  }
}

async function play(world: World, cases: readonly Case[]): Promise<Transcript> {
  const mac = await world.mac('h', 'eth1');
  await world.wait(SETTLED_MS);
  await world.run('h', 'sysctl -w net.ipv6.neigh.eth1.retrans_time_ms=600000');
  const host = new Host(world);
  const out: Transcript = [await host.look()];
  for (const one of cases) {
    await host.prepare(one);
    const { message } = one;
    const seen = await world.send('w1', ndFrame(mac, MAC, message));
    // Which groups it listens to, the host may say at any time.
    const said = seen.filter(({ frame }) => frame[ETH_HLEN + IPV6HDR_NEXTHDR] === IPPROTO_ICMPV6);
    out.push(`${one.who} ${one.known}, ${JSON.stringify(message)} > ${said.map((frame) => describeFrame(frame, 1, world.timeOfDay())).sort().join(' | ')} > ${await host.look()}`);
  }
  return out;
}

const POLICIES: readonly (readonly [what: string, settings: readonly string[]])[] = [
  ['a host', []],
  ['a router that answers for others and believes advertisements nobody asked for', ['net.ipv6.conf.all.forwarding: 1', 'net.ipv6.conf.eth1.proxy_ndp: 1', 'net.ipv6.conf.eth1.accept_untracked_na: 1']],
];
/** Two labs at a time for each. */
const GAMES = POLICIES.flatMap(([what, settings]) => [0, 1].map((half) => ({ what: `${what}, ${half + 1} of 2`, settings, cases: CASES.filter((_, i) => i % 2 === half) })));
const game = together(GAMES.map((_, i) => i), (i) => {
  const { settings, cases } = GAMES[i] as (typeof GAMES)[number];
  return onBoth(lab(settings), (world) => play(world, cases));
});

describe.runIf(missing === null).concurrent('neighbour solicitations and advertisements', () => {
  it.each(GAMES.map(({ what, cases }, i): [number, string, number] => [cases.length, what, i]))('do in %i cases what they do to the running kernel: %s [NDISC-12, NDISC-13, NDISC-15, NDISC-16, NDISC-18, NDISC-20, DAD-04, DAD-05, DAD-07, DAD-08]', async (_count, _what, i) => {
    expect(difference(await game(i))).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('neighbour solicitations and advertisements'));

/** A host and what it learns, asks and forgets of its IPv6 neighbours, by chance; and its addresses, which others may have. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { ethFrame, icmp6Message, ip6Bytes, ip6Packet } from '@skbuff/testkit';
import { ICMPV6_ECHO_REQUEST, IPPROTO_ICMPV6, NDISC_NEIGHBOUR_ADVERTISEMENT, NDISC_NEIGHBOUR_SOLICITATION, NDISC_REDIRECT, NDISC_ROUTER_SOLICITATION } from '@skbuff/uapi';
import { describeFrame, kernelMissing, lladdrOption, type Nd, ndFrame, onBoth, pick, type Seen, solicitedNode, tellCompared, type Transcript, type World } from '../src/index.ts';
import { seeds, SETTLED_MS, together, untilAlone } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of ND's states SKIPPED: ${missing}`);

/**
 * Steps take hundredths of a second on the kernel, and none here: so nothing may happen by itself between them. One request is sent, and five
 * seconds later it has failed; DELAY lasts as long; after PAUSE_MS nothing is under way any more.
 */
const PAUSE_MS = 10_800;
const STEPS = 20;
const lab = (policy: string): string => `
name: nd
topology:
  nodes:
    h:
      kind: linux
      sysctls:
        net.ipv6.conf.eth1.router_solicitations: 0
        net.ipv6.conf.eth2.router_solicitations: 0
        net.ipv6.conf.eth1.router_solicitation_delay: 0
        net.ipv6.conf.eth1.mldv2_unsolicited_report_interval: 1
        net.ipv6.conf.eth2.mldv2_unsolicited_report_interval: 1
        net.ipv6.neigh.eth1.mcast_solicit: 1
        net.ipv6.neigh.eth1.ucast_solicit: 1
        net.ipv6.neigh.eth1.delay_first_probe_time: 5
        net.ipv6.neigh.eth1.base_reachable_time_ms: 600000
        net.ipv6.neigh.eth1.proxy_delay: 0
        net.ipv6.icmp.ratelimit: 0
        net.ipv6.auto_flowlabels: 0
${policy.split('\n').map((line) => (line === '' ? '' : `        ${line}\n`)).join('')}      exec:
        - ip addr add 2001:db8::1/64 dev eth1 nodad
        - ip addr add 2001:db8:9::1/64 dev eth2 nodad
    wire: { kind: linux, sysctls: { net.ipv6.conf.all.disable_ipv6: 1 } }
  links:
    - endpoints: ["h:eth1", "wire:w1"]
    - endpoints: ["h:eth2", "wire:w2"]
`;

const OWN = '2001:db8::1';
const NEIGHBOURS = ['2001:db8::2', '2001:db8::3', 'fe80::4', 'fe80::5'];
/** Addresses of others that the host may answer for. */
const PROXIED = ['2001:db8:9::7', '2001:db8::77'];
const ALL_NODES = 'ff02::1';
const ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;

function echo(mac: Uint8Array, from: Uint8Array, saddr: string): Uint8Array {
  return ethFrame(mac, ip6Packet({ saddr, daddr: OWN, proto: IPPROTO_ICMPV6, payload: icmp6Message(saddr, OWN, ICMPV6_ECHO_REQUEST) }), { from });
}

/** In which what is put off, but not for any time, is done. */
const DEFERRED_MS = 60;

async function step(world: World, random: Random, mac: Uint8Array, linkLocal: string): Promise<[string, Seen[]]> {
  const ip = pick(random, NEIGHBOURS);
  const its = Uint8Array.of(2, 0, 0, 0, random.below(2), Number(ip.at(-1)));
  const source = pick(random, [lladdrOption(1, its), lladdrOption(1, its), [], lladdrOption(2, its), [1, 0, 1, 2, 3, 4, 5, 6], [14, 1, 1, 2, 3, 4, 5, 6]]);
  const own = pick(random, [OWN, OWN, linkLocal]);
  const say = async (what: string, message: Nd): Promise<[string, Seen[]]> => [what, await world.send('w1', ndFrame(mac, its, message))];
  const run = async (line: string, ms: number): Promise<[string, Seen[]]> => {
    const { code, stderr } = await world.run('h', line);
    return [`${line}: ${code} ${stderr}`, await world.wait(ms)];
  };
  switch (random.below(14)) {
    case 0:
      return say(`${ip} asks for ${own}`, { type: NDISC_NEIGHBOUR_SOLICITATION, saddr: ip, daddr: own === OWN ? pick(random, [own, solicitedNode(OWN)]) : own, target: own, options: source });
    case 1: {
      const target = pick(random, [...PROXIED, '2001:db8:9::1', ...NEIGHBOURS, '2001:db8::9']);
      return say(`${ip} asks for ${target}`, { type: NDISC_NEIGHBOUR_SOLICITATION, saddr: ip, daddr: pick(random, [solicitedNode(target), OWN, ALL_NODES]), target, options: source });
    }
    case 2:
    case 3: {
      const flags = pick(random, [SOLICITED, OVERRIDE, ROUTER]) | pick(random, [0, SOLICITED, OVERRIDE]) | pick(random, [0, 0, ROUTER]);
      const options = pick(random, [lladdrOption(2, its), lladdrOption(2, its), [], lladdrOption(1, its)]);
      return say(`${ip} advertises ${flags}`, { type: NDISC_NEIGHBOUR_ADVERTISEMENT, saddr: ip, daddr: pick(random, [own, own, ALL_NODES]), head: [flags, 0, 0, 0], target: ip, options });
    }
    case 4:
    case 5:
      return [`${ip} sends an echo request`, await world.send('w1', echo(mac, its, ip))];
    case 6: {
      const target = pick(random, [OWN, ip, '2001:db8::9', linkLocal]);
      const options = pick(random, [[], [], lladdrOption(1, its), [14, 1, 1, 2, 3, 4, 5, 6]]);
      return say(`somebody tries ${target}`, { type: NDISC_NEIGHBOUR_SOLICITATION, saddr: '::', daddr: pick(random, [solicitedNode(target), solicitedNode(target), OWN]), target, options });
    }
    case 7:
      return run(pick(random, [`ip -6 neigh del ${ip} dev eth1`, `ip -6 neigh replace ${ip} lladdr 02:00:00:00:05:05 dev eth1 nud ${pick(random, ['stale', 'reachable', 'permanent', 'noarp', 'delay', 'probe'])}`, `ip -6 neigh change ${ip} dev eth1 nud stale`, 'ip -6 neigh flush dev eth1', `ip -6 neigh replace ${ip} lladdr 02:00:00:00:06:06 dev eth1 nud reachable${pick(random, ['', ' router'])}`]), 20);
    case 8:
      return run(`ip -6 neigh ${pick(random, ['add', 'del'])} proxy ${pick(random, PROXIED)} dev ${pick(random, ['eth1', 'eth1', 'eth2'])}`, DEFERRED_MS);
    case 9: {
      const wrong = pick(random, [{ hops: 254 }, { code: 1 }, { target: 'ff02::9' }, { options: [1, 3, 0, 0, 0, 0, 0, 0] }]);
      return say(`${ip} asks what is wrong`, { type: pick(random, [NDISC_NEIGHBOUR_SOLICITATION, NDISC_NEIGHBOUR_ADVERTISEMENT]), saddr: ip, daddr: OWN, target: OWN, options: source, ...wrong });
    }
    case 10:
      return say(`${ip} looks for routers`, { type: NDISC_ROUTER_SOLICITATION, saddr: pick(random, [ip, '::']), daddr: pick(random, [OWN, 'ff02::2', linkLocal]), options: source });
    case 11:
      return say(`${ip} redirects`, { type: NDISC_REDIRECT, saddr: pick(random, ['fe80::4', ip]), daddr: OWN, target: pick(random, NEIGHBOURS), options: [...ip6Bytes(pick(random, ['2001:db8:7::1', ...NEIGHBOURS])), ...lladdrOption(2, its)] });
    case 12:
      return run(`ip -6 addr ${pick(random, ['add', 'add', 'del'])} ${pick(random, ['2001:db8::9/64', '2001:db8::3/64', 'fe80::5/64'])} dev eth1${pick(random, ['', '', ' nodad', ' optimistic'])}`, DEFERRED_MS);
    default:
      return say(`${ip} advertises somebody else`, { type: NDISC_NEIGHBOUR_ADVERTISEMENT, saddr: ip, daddr: pick(random, [OWN, ALL_NODES]), head: [pick(random, [0, OVERRIDE]), 0, 0, 0], target: pick(random, [OWN, '2001:db8::9', ...NEIGHBOURS]), options: lladdrOption(2, its) });
  }
}

async function play(world: World, seed: number): Promise<Transcript> {
  const random = new Random(seed);
  const mac = await world.mac('h', 'eth1');
  await world.wait(SETTLED_MS);
  // Which of its addresses came first is chance: the carrier may have come late.
  for (const what of [`del ${OWN}/64 dev eth1`, `add ${OWN}/64 dev eth1 nodad`]) await world.run('h', `ip -6 addr ${what}`);
  await world.wait(DEFERRED_MS);
  await world.run('h', 'sysctl -w net.ipv6.neigh.eth1.retrans_time_ms=5000');
  const linkLocal = /inet6 (fe80[^/]*)/.exec((await world.run('h', 'ip -6 addr show dev eth1 scope link')).stdout)?.[1] ?? '';
  const out: Transcript = [];
  for (let i = 0; i < STEPS; i++) {
    const [what, seen] = i === STEPS - 1 ? ['time passes', await world.wait(PAUSE_MS)] : await step(world, random, mac, linkLocal);
    // Timers of one jiffy fire in any order, and routers of groups are told apart from that.
    seen.sort((a, b) => Buffer.compare(a.frame, b.frame));
    const table = (await world.run('h', 'ip -6 neigh show dev eth1')).stdout.split('\n').sort().join('; ');
    const addresses = (await world.read('h', 'if_inet6')).split('\n').sort().join('; ');
    out.push(`${i} ${what} > ${seen.map((one) => describeFrame(one, 1, world.timeOfDay())).join(' | ')} > ${table} > ${addresses}`);
  }
  return out;
}

/** Settings of a host; a seed plays with one of them. */
const POLICIES = [
  '',
  'net.ipv6.conf.eth1.accept_untracked_na: 1\nnet.ipv6.conf.eth1.forwarding: 1',
  'net.ipv6.conf.eth1.drop_unsolicited_na: 1\nnet.ipv6.conf.eth1.ndisc_notify: 1',
  'net.ipv6.conf.eth1.proxy_ndp: 1\nnet.ipv6.conf.all.forwarding: 1',
  'net.ipv6.conf.eth1.accept_redirects: 0\nnet.ipv6.conf.eth1.accept_dad: 0',
  'net.ipv6.conf.eth1.accept_untracked_na: 2\nnet.ipv6.conf.all.forwarding: 1\nnet.ipv6.conf.all.proxy_ndp: 1',
  'net.ipv6.conf.eth1.optimistic_dad: 1\nnet.ipv6.conf.eth1.use_optimistic: 1',
  'net.ipv6.conf.eth1.enhanced_dad: 0\nnet.ipv6.conf.all.disable_policy: 1',
];

const SEEDS = seeds(POLICIES.length);
const start = (seed: number): ReturnType<typeof onBoth> => onBoth(lab(POLICIES[(seed - 1) % POLICIES.length] as string), (world) => play(world, seed));
const differs = untilAlone(SEEDS, together(SEEDS, start), start);

describe.runIf(missing === null).concurrent('IPv6 neighbours by chance', () => {
  it.each(SEEDS)('are learnt, asked for and forgotten as by the running kernel (seed %i)', async (seed) => {
    expect(await differs(seed)).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('neighbours of IPv6'));

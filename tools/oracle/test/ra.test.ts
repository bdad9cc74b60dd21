/** What a host makes of router advertisements: those of a real radvd, and some that no router should send. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseTopologyOrThrow } from '@skbuff/cli';
import { Random } from '@skbuff/core';
import { ip6Bytes } from '@skbuff/testkit';
import { ETH_HLEN, NDISC_ROUTER_ADVERTISEMENT } from '@skbuff/uapi';
import { type Both, describeFrame, difference, kernelMissing, lladdrOption, ndFrame, onBoth, openPair, pick, type Seen, tellCompared, type Transcript, type World } from '../src/index.ts';
import { kernelWorld } from '../src/kernel-world.ts';
import { seeds, SETTLED_MS, together } from './labs.ts';

const missing = kernelMissing();
const noRadvd = missing ?? (spawnSync('radvd', ['--version']).error === undefined ? null : 'it needs radvd');
if (noRadvd !== null) console.warn(`oracle of router advertisements SKIPPED: ${noRadvd}`);

/** Hosts, each with settings of its own. They try addresses for a tenth of a second. */
const hosts = (settings: readonly (readonly string[])[]): string => `
name: ra
topology:
  nodes:
    wire: { kind: linux, sysctls: { net.ipv6.conf.all.disable_ipv6: 1 } }
${settings.map((own, i) => `    h${i}:
      kind: linux
      sysctls:
        net.ipv6.conf.eth1.router_solicitations: 0
        net.ipv6.conf.eth1.router_solicitation_delay: 0
        net.ipv6.conf.eth1.mldv2_unsolicited_report_interval: 1
        net.ipv6.neigh.eth1.retrans_time_ms: 100
${own.map((line) => `        ${line}\n`).join('')}`).join('')}  links:
${settings.map((_, i) => `    - endpoints: ["h${i}:eth1", "wire:w${i}"]\n`).join('')}`;

/** As many links as a wire has: radvd sends by each what is configured for it. */
const LINKS = 16;
const numbers = Array.from({ length: LINKS }, (_, i) => i);
const ROUTER = `
name: radvd
topology:
  nodes:
    m: { kind: linux, sysctls: { net.ipv6.conf.all.forwarding: 1 } }
    wire: { kind: linux, sysctls: { net.ipv6.conf.all.disable_ipv6: 1 } }
  links:
${numbers.map((i) => `    - endpoints: ["m:x${i}", "wire:w${i}"]\n`).join('')}`;
/** Milliseconds in which radvd has begun; and ended. */
const BEGUN_MS = 500;

/** Advertisements of radvd, one for each of these texts of its configuration. */
async function advertised(bodies: readonly string[]): Promise<Uint8Array[]> {
  const world = await kernelWorld(parseTopologyOrThrow(ROUTER, { file: 'oracle' }));
  const directory = mkdtempSync(path.join(tmpdir(), 'skbuff-radvd-'));
  const frames: Uint8Array[] = [];
  try {
    await world.wait(SETTLED_MS);
    for (let i = 0; i < bodies.length; i += LINKS) frames.push(...(await begin(world, directory, bodies.slice(i, i + LINKS))));
  } finally {
    await world.close();
    rmSync(directory, { recursive: true });
  }
  return frames;
}

/** What a radvd sends first. */
async function begin(world: World, directory: string, bodies: readonly string[]): Promise<Uint8Array[]> {
  const [config, pid] = [path.join(directory, 'radvd.conf'), path.join(directory, 'radvd.pid')];
  writeFileSync(config, bodies.map((body, i) => `interface x${i} { AdvSendAdvert on; ${body} };\n`).join(''));
  const { code, stderr } = await world.run('m', `radvd -C ${config} -p ${pid} -m none`);
  if (code !== 0) throw new Error(`radvd: ${stderr}`);
  const seen = (await world.wait(BEGUN_MS)).filter(({ frame }) => frame[ETH_HLEN + 40] === NDISC_ROUTER_ADVERTISEMENT);
  await world.run('m', `kill ${readFileSync(pid, 'utf8').trim()}`);
  await world.wait(BEGUN_MS);
  return bodies.map((body, i) => {
    const { frame } = seen.find(({ port }) => port === `w${i}`) ?? {};
    if (frame === undefined) throw new Error(`radvd does not advertise: ${body}`);
    return frame;
  });
}

/** Seconds are told up to this many: so long a play may take. */
const SLACK_S = 20;

/** Looks at everything that an advertisement may change. */
async function look(world: World, node: string): Promise<Transcript> {
  const out: Transcript = [];
  for (const line of ['ip -6 addr show dev eth1', 'ip -6 -d route show table all', 'ip -6 neigh show dev eth1']) {
    const lines = (await world.run(node, line)).stdout.split('\n');
    // Neighbours come in the order of a hash with a secret.
    if (line.startsWith('ip -6 neigh')) lines.sort();
    out.push(line, ...lines.map((text) => text.replace(/(\d+)sec/g, (_, s: string) => `${Math.ceil(Number(s) / SLACK_S) * SLACK_S}sec`).replace(/@if\d+|link-netns\S* \S+/g, '')));
  }
  const names = ['conf.eth1.mtu', 'conf.eth1.hop_limit', 'neigh.eth1.retrans_time_ms', 'neigh.eth1.base_reachable_time_ms'];
  out.push((await world.run(node, `sysctl ${names.map((name) => `net.ipv6.${name}`).join(' ')}`)).stdout);
  return out;
}

const shown = (seen: readonly Seen[], world: World): Transcript => seen.map((one) => describeFrame(one, 1, world.timeOfDay())).sort();

/** What is put off is done, and addresses have been tried. */
const TRIED_MS = 400;

const RADVD: [what: string, body: string, settings?: readonly string[]][] = [
  ['a prefix', 'prefix 2001:db8:1::/64 { };'],
  ['two prefixes', 'prefix 2001:db8:1::/64 { }; prefix fd00:1::/64 { AdvValidLifetime 7000; AdvPreferredLifetime 3000; };'],
  ['a prefix that is not on the link', 'prefix 2001:db8:1::/64 { AdvOnLink off; };'],
  ['a prefix that is for nobody to form addresses from', 'prefix 2001:db8:1::/64 { AdvAutonomous off; };'],
  ['a prefix that is not of 64 bits', 'prefix 2001:db8::/48 { };'],
  ['a prefix for ever', 'prefix 2001:db8:1::/64 { AdvValidLifetime infinity; AdvPreferredLifetime infinity; };'],
  ['a prefix that is deprecated', 'prefix 2001:db8:1::/64 { AdvPreferredLifetime 0; };'],
  ['an MTU', 'AdvLinkMTU 1400; prefix 2001:db8:1::/64 { };'],
  ['a hop limit', 'AdvCurHopLimit 33;'],
  ['times', 'AdvReachableTime 20000; AdvRetransTimer 300;'],
  ['no default route', 'AdvDefaultLifetime 0; prefix 2001:db8:1::/64 { };'],
  ['a high preference', 'AdvDefaultPreference high;'],
  ['a low preference', 'AdvDefaultPreference low;'],
  ['other configuration', 'AdvManagedFlag on; AdvOtherConfigFlag on; prefix 2001:db8:1::/64 { };'],
  ['routes, where they are not accepted', 'route 2001:db8:7::/48 { AdvRoutePreference high; AdvRouteLifetime 5000; };'],
  ['routes, where they are accepted', 'route 2001:db8:7::/48 { AdvRoutePreference high; AdvRouteLifetime 5000; }; route 2001:db8:8::/64 { };', ['net.ipv6.conf.eth1.accept_ra_rt_info_max_plen: 64']],
  ['routes, of which one is too long', 'route 2001:db8:7::/48 { }; route 2001:db8:8::/64 { };', ['net.ipv6.conf.eth1.accept_ra_rt_info_max_plen: 48']],
  ['servers of names', 'RDNSS 2001:db8:1::53 { }; DNSSL example.org { };'],
  ['nothing that is accepted', 'prefix 2001:db8:1::/64 { };', ['net.ipv6.conf.eth1.accept_ra: 0']],
  ['a prefix to a router', 'prefix 2001:db8:1::/64 { };', ['net.ipv6.conf.eth1.forwarding: 1']],
  ['a prefix to a router that accepts it', 'prefix 2001:db8:1::/64 { };', ['net.ipv6.conf.eth1.forwarding: 1', 'net.ipv6.conf.eth1.accept_ra: 2']],
  ['a prefix, without the default route', 'prefix 2001:db8:1::/64 { };', ['net.ipv6.conf.eth1.accept_ra_defrtr: 0']],
  ['a default route of a metric', 'prefix 2001:db8:1::/64 { };', ['net.ipv6.conf.eth1.ra_defrtr_metric: 77']],
  ['the default route, without the prefix', 'prefix 2001:db8:1::/64 { };', ['net.ipv6.conf.eth1.accept_ra_pinfo: 0']],
  ['a prefix, but addresses are the administrator’s', 'prefix 2001:db8:1::/64 { };', ['net.ipv6.conf.eth1.autoconf: 0']],
  ['an MTU that is not accepted', 'AdvLinkMTU 1400;', ['net.ipv6.conf.eth1.accept_ra_mtu: 0']],
  ['a hop limit that is too low', 'AdvCurHopLimit 33;', ['net.ipv6.conf.eth1.accept_ra_min_hop_limit: 40']],
  ['a preference that is not accepted', 'AdvDefaultPreference high;', ['net.ipv6.conf.eth1.accept_ra_rtr_pref: 0']],
  ['a router that lives too short', 'AdvDefaultLifetime 1000; prefix 2001:db8:1::/64 { };', ['net.ipv6.conf.eth1.accept_ra_min_lft: 2000']],
  ['a prefix, and addresses hide the hardware', 'prefix 2001:db8:1::/64 { };', ['net.ipv6.conf.eth1.stable_secret: 2001:db8::5ec:7e7']],
  ['a prefix, and there are no link-local addresses', 'prefix 2001:db8:1::/64 { };', ['net.ipv6.conf.eth1.addr_gen_mode: 1']],
];

/** Plays all advertisements of radvd, as many at a time as a wire has links: what each does. */
async function hear(): Promise<Both[]> {
  const frames = await advertised(RADVD.map(([, body]) => body));
  const rounds: Promise<Both[]>[] = [];
  for (let i = 0; i < RADVD.length; i += LINKS) rounds.push(hearSome(RADVD.slice(i, i + LINKS).map(([, , settings]) => settings ?? []), frames.slice(i, i + LINKS)));
  return (await Promise.all(rounds)).flat();
}

async function hearSome(settings: readonly (readonly string[])[], frames: readonly Uint8Array[]): Promise<Both[]> {
  const pair = await openPair(hosts(settings));
  const all = async (world: World): Promise<Transcript[]> => {
    await world.wait(SETTLED_MS);
    const seen: Seen[] = [];
    for (const [i, frame] of frames.entries()) seen.push(...(await world.send(`w${i}`, frame)));
    seen.push(...(await world.wait(TRIED_MS)));
    const out: Transcript[] = [];
    for (const i of frames.keys()) out.push([...shown(seen.filter(({ port }) => port === `w${i}`), world), ...(await look(world, `h${i}`))]);
    return out;
  };
  try {
    const [ours, theirs] = await Promise.all([all(pair.ours), all(pair.theirs)]);
    return ours.map((one, i) => ({ ours: one, theirs: theirs[i] ?? [] }));
  } finally {
    await pair.close();
  }
}

const heard = ((): (() => Promise<Both[]>) => {
  let once: Promise<Both[]> | null = null;
  return () => (once ??= hear());
})();
const numbered = RADVD.map(([what], i): [string, number] => [what, i]);

const u32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const LIFETIMES = [0, 100, 600, 3600, 7000, 7200, 7300, 100_000, 0xffffffff];
const ROUTERS = ['fe80::a', 'fe80::b'];
const PREFIXES = ['2001:db8:1::', '2001:db8:2::', 'fd00:1::', 'fe80::', 'ff02::'];

function prefixOption(random: Random): number[] {
  const [valid, preferred] = [pick(random, LIFETIMES), pick(random, LIFETIMES)];
  return [3, 4, pick(random, [64, 64, 64, 48, 128]), pick(random, [0xc0, 0xc0, 0xc0, 0x80, 0x40, 0]), ...u32(valid), ...u32(preferred), 0, 0, 0, 0, ...ip6Bytes(pick(random, PREFIXES))];
}

function advertisement(random: Random, saddr: string, from: Uint8Array): Uint8Array {
  const lifetime = pick(random, [0, 600, 1800, 9000]);
  const head = [pick(random, [0, 0, 33, 64]), pick(random, [0, 0, 8, 0x18, 0x10, 0xc0]), lifetime >> 8, lifetime & 255, ...u32(pick(random, [0, 0, 20_000])), ...u32(pick(random, [0, 0, 300]))];
  const options = [
    ...(random.below(2) === 0 ? lladdrOption(1, from) : []),
    ...Array.from({ length: random.below(3) }, () => prefixOption(random)).flat(),
    ...(random.below(4) === 0 ? [5, 1, 0, 0, ...u32(pick(random, [1400, 1280, 1000, 20_000]))] : []),
    ...(random.below(3) === 0 ? [24, 2, pick(random, [0, 48, 64]), pick(random, [0, 8, 0x18, 0x10]), ...u32(pick(random, LIFETIMES)), ...ip6Bytes('2001:db8:7::').subarray(0, 8)] : []),
    ...(random.below(16) === 0 ? [3, 0] : []),
  ];
  const wrong = random.below(10) === 0 ? pick(random, [{ hops: 254 }, { code: 1 }, { saddr: '2001:db8::9' }]) : {};
  return ndFrame(from, from, { type: NDISC_ROUTER_ADVERTISEMENT, saddr, daddr: 'ff02::1', head, options, ...wrong });
}

async function play(world: World, seed: number): Promise<Transcript> {
  const random = new Random(seed);
  await world.wait(SETTLED_MS);
  const out: Transcript = [];
  for (let i = 0; i < 10; i++) {
    const saddr = pick(random, ROUTERS);
    const frame = advertisement(random, saddr, Uint8Array.of(2, 0, 0, 0, 0, saddr.endsWith('a') ? 10 : 11));
    const frames = [...(await world.send('w0', frame)), ...(await world.wait(TRIED_MS))];
    out.push(`${i} ${Buffer.from(frame).toString('hex')}`, ...shown(frames, world), ...(await look(world, 'h0')));
  }
  return out;
}

const SEEDS = seeds(4);
const game = together(SEEDS, (seed) => onBoth(hosts([['net.ipv6.conf.eth1.accept_ra_rt_info_max_plen: 64', 'net.ipv6.icmp.ratelimit: 0']]), (world) => play(world, seed)));

describe.runIf(noRadvd === null).concurrent('router advertisements', () => {
  it.each(numbered)('of radvd do to a host what they do to the running kernel: %s [IP6C-05, IP6C-06, IP6C-12]', async (_what, i) => {
    expect(difference((await heard())[i] as Both)).toBe('');
  }, 60_000);
  it.each(SEEDS)('by chance do to a host what they do to the running kernel (seed %i)', async (seed) => {
    expect(difference(await game(seed))).toBe('');
  }, 60_000);
});

afterAll(() => tellCompared('router advertisements'));

/** A host and what it learns, asks and forgets of its neighbours, by chance. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { ethFrame, icmpMessage, ipPacket } from '@skbuff/testkit';
import { ETH_HLEN, ETH_P_ARP, IPPROTO_ICMP } from '@skbuff/uapi';
import { inetPton4, setBe16, setBe32 } from '@skbuff/wire';
import { describeFrame, kernelMissing, onBoth, pick, tellCompared, type Transcript, type World } from '../src/index.ts';
import { seeds, together, untilAlone } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of ARP's states SKIPPED: ${missing}`);

/**
 * Steps take hundredths of a second on the kernel, and none here: so nothing may happen by itself between them. A request for all is repeated
 * after six seconds, once, one for the neighbour is not, and DELAY lasts as long; after PAUSE_MS nothing is under way any more. What is answered for others is answered at
 * once, since the delay is chance.
 */
const PAUSE_MS = 13_000;
const STEPS = 20;
const ROUNDS = 2;
const lab = (policy: string): string => `
name: arp
ipv6: false
topology:
  nodes:
    h:
      kind: linux
      sysctls:
        net.ipv4.neigh.eth1.mcast_solicit: 2
        net.ipv4.neigh.eth1.ucast_solicit: 1
        net.ipv4.neigh.eth1.retrans_time_ms: 6000
        net.ipv4.neigh.eth1.delay_first_probe_time: 6
        net.ipv4.neigh.eth1.locktime: 0
        net.ipv4.neigh.eth1.base_reachable_time_ms: 600000
        net.ipv4.neigh.eth1.proxy_delay: 0
        net.ipv4.neigh.eth2.proxy_delay: 0
        net.ipv4.icmp_ratemask: 0
${policy.split('\n').map((line) => (line === '' ? '' : `        ${line}\n`)).join('')}      exec:
        - ip addr add 10.0.0.1/24 brd + dev eth1
        - ip addr add 10.0.9.1/24 dev eth2
        - ip route add 10.0.7.0/24 dev eth2
    wire: { kind: linux }
  links:
    - endpoints: ["h:eth1", "wire:w1"]
    - endpoints: ["h:eth2", "wire:w2"]
`;

const NEIGHBOURS = ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'];
/** Addresses of others that the host may answer for. */
const PROXIED = ['10.0.9.7', '10.0.0.77', '10.0.7.7', '192.0.2.1'];
const BROADCAST = Uint8Array.of(255, 255, 255, 255, 255, 255);

function arp(op: number, from: Uint8Array, saddr: string, tha: Uint8Array, daddr: string, to: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ETH_HLEN + 28);
  frame.set(to);
  frame.set(from, 6);
  setBe16(frame, 12, ETH_P_ARP);
  frame.set([0, 1, 8, 0, 6, 4, 0, op], ETH_HLEN);
  frame.set(from, ETH_HLEN + 8);
  setBe32(frame, ETH_HLEN + 14, inetPton4(saddr));
  frame.set(tha, ETH_HLEN + 18);
  setBe32(frame, ETH_HLEN + 24, inetPton4(daddr));
  return frame;
}

function echo(mac: Uint8Array, from: Uint8Array, saddr: string): Uint8Array {
  const payload = icmpMessage(8, 0, 0x01020304, new Uint8Array(0));
  return ethFrame(mac, ipPacket({ saddr, daddr: '10.0.0.1', proto: IPPROTO_ICMP, payload }), { from });
}

async function step(world: World, random: Random, mac: Uint8Array): Promise<[string, Awaited<ReturnType<World['send']>>]> {
  const ip = pick(random, NEIGHBOURS);
  const its = Uint8Array.of(2, 0, 0, 0, random.below(2), Number(ip.at(-1)));
  const none = new Uint8Array(6);
  switch (random.below(12)) {
    case 0:
      return [`${ip} asks for us`, await world.send('w1', arp(1, its, ip, none, '10.0.0.1', BROADCAST))];
    case 1:
      return [`${ip} asks for our other address`, await world.send('w1', arp(1, its, ip, none, '10.0.9.1', BROADCAST))];
    case 2:
      return [`${ip} answers`, await world.send('w1', arp(2, its, ip, mac, '10.0.0.1', mac))];
    case 3:
      return [`${ip} tells everybody`, await world.send('w1', arp(pick(random, [1, 2]), its, ip, pick(random, [none, BROADCAST]), ip, BROADCAST))];
    case 4:
    case 5:
      return [`${ip} sends an echo request`, await world.send('w1', echo(mac, its, ip))];
    case 6:
      return [`somebody probes for ${pick(random, ['10.0.0.1', ip])}`, await world.send('w1', arp(1, its, '0.0.0.0', none, pick(random, ['10.0.0.1', ip]), BROADCAST))];
    case 7: {
      const line = pick(random, [`ip neigh del ${ip} dev eth1`, `ip neigh replace ${ip} lladdr 02:00:00:00:05:05 dev eth1 nud ${pick(random, ['stale', 'reachable', 'permanent', 'noarp', 'delay', 'probe'])}`, `ip neigh change ${ip} dev eth1 nud stale`, `ip neigh flush dev eth1`, `ip neigh replace ${ip} lladdr 02:00:00:00:06:06 dev eth1 nud reachable`]);
      const { code, stderr } = await world.run('h', line);
      // A timer that is due at once fires at the next jiffy.
      return [`${line}: ${code} ${stderr}`, await world.wait(20)];
    }
    case 9: {
      const line = `ip neigh ${pick(random, ['add', 'del'])} proxy ${pick(random, PROXIED)} dev ${pick(random, ['eth1', 'eth1', 'eth2'])}`;
      const { code, stderr } = await world.run('h', line);
      return [`${line}: ${code} ${stderr}`, await world.wait(1)];
    }
    case 10: {
      const daddr = pick(random, [...PROXIED, '10.0.9.1', ...NEIGHBOURS]);
      return [`${ip} asks for ${daddr}`, await world.send('w1', arp(1, its, ip, none, daddr, pick(random, [BROADCAST, BROADCAST, mac])))];
    }
    case 8:
      return [`asks for 10.0.0.77 on the other link`, await world.send('w2', arp(1, its, '10.0.9.7', none, pick(random, ['10.0.9.1', '10.0.0.1', '10.0.0.77']), BROADCAST))];
    default:
      return [`${ip} answers somebody else`, await world.send('w1', arp(2, its, ip, BROADCAST, '10.0.0.9', BROADCAST))];
  }
}

async function play(world: World, seed: number): Promise<Transcript> {
  const random = new Random(seed);
  const mac = await world.mac('h', 'eth1');
  const out: Transcript = [];
  for (let i = 0; i < ROUNDS * STEPS; i++) {
    const [what, seen] = i % STEPS === STEPS - 1 ? ['time passes', await world.wait(PAUSE_MS)] : await step(world, random, mac);
    // Timers of one jiffy fire in any order.
    if (what === 'time passes') seen.sort((a, b) => Buffer.compare(a.frame, b.frame));
    const table = (await world.run('h', 'ip neigh show dev eth1')).stdout.split('\n').sort().join('; ');
    out.push(`${i} ${what} > ${seen.map((one) => describeFrame(one, 1, world.timeOfDay())).join(' | ')} > ${table}`);
  }
  return out;
}

/** Settings of a host; a seed plays with one of them. */
const POLICIES = [
  '',
  'net.ipv4.conf.eth1.arp_accept: 1\nnet.ipv4.conf.eth1.arp_ignore: 1',
  'net.ipv4.conf.all.arp_ignore: 2\nnet.ipv4.conf.eth1.arp_notify: 1\nnet.ipv4.conf.eth1.proxy_arp: 1\nnet.ipv4.ip_forward: 1',
  'net.ipv4.conf.all.arp_announce: 2\nnet.ipv4.conf.all.arp_filter: 1\nnet.ipv4.conf.eth1.drop_gratuitous_arp: 1',
  'net.ipv4.ip_forward: 1\nnet.ipv4.conf.all.proxy_arp: 1',
  'net.ipv4.ip_forward: 1\nnet.ipv4.conf.eth1.proxy_arp_pvlan: 1\nnet.ipv4.conf.eth1.arp_accept: 2',
  'net.ipv4.ip_forward: 1\nnet.ipv4.conf.eth2.medium_id: 3\nnet.ipv4.conf.eth1.proxy_arp: 1\nnet.ipv4.conf.eth1.medium_id: 3\nnet.ipv4.conf.eth1.arp_announce: 1',
  'net.ipv4.conf.eth1.arp_ignore: 3\nnet.ipv4.conf.eth2.arp_ignore: 8\nnet.ipv4.conf.eth1.arp_evict_nocarrier: 0',
];

const SEEDS = seeds(POLICIES.length);
const start = (seed: number): ReturnType<typeof onBoth> => onBoth(lab(POLICIES[(seed - 1) % POLICIES.length] as string), (world) => play(world, seed));
const differs = untilAlone(SEEDS, together(SEEDS, start), start);

describe.runIf(missing === null).concurrent('neighbours by chance', () => {
  it.each(SEEDS)('are learnt, asked for and forgotten as by the running kernel (seed %i)', async (seed) => {
    expect(await differs(seed)).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('neighbours of IPv4'));

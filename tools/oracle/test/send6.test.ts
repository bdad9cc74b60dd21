/** What sockets send over IPv6, by chance: options, ancillary data, pieces that wait for others, sizes around the MTU, errors about it. */
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '@skbuff/core';
import { ethFrame, icmp6Message, ip6Bytes, ip6Packet } from '@skbuff/testkit';
import * as U from '@skbuff/uapi';
import { be32, inetNtop6, IPV6HDR_LEN, IPV6HDR_NEXTHDR, IPV6HDR_SADDR } from '@skbuff/wire';
import { type Calls, counters, counters6, describeFrame, difference, int, kernelMissing, moved, onBoth, pick, type Seen, sin6, tellCompared, type Transcript, WIRE_MAC, type World } from '../src/index.ts';
import { ROUTER6, seeds, SETTLED_MS, together } from './labs.ts';

const missing = kernelMissing();
if (missing !== null) console.warn(`oracle of what is sent over IPv6 SKIPPED: ${missing}`);

const hex = (bytes: ArrayLike<number>): string => Buffer.from(Uint8Array.from(bytes)).toString('hex');
const addr = (text: string): string => hex(ip6Bytes(text));
const ETH1 = 2;
const ROUTER = '2001:db8:1::3';
const LAB = ROUTER6.replace('    wire:', '        - ip route add 2001:db8:a6::/48 via 2001:db8:1::3 hoplimit 17\n        - ip route add 2001:db8:a7::/48 via 2001:db8:1::3 mtu 1300\n    wire:');

/** All of which a neighbour is known, or none is asked for. */
const TO: readonly (readonly [string, scope: number])[] = [['2001:db8:1::2', 0], ['2001:db8:1::2', 0], ['2001:db8:a1::9', 0], ['2001:db8:a4::1', 0], ['2001:db8:3::2', 0], ['fe80::2', ETH1], ['ff02::9', ETH1], ['ff05::9', ETH1], ['::1', 0], ['2001:db8:1::1', 0], ['2001:db8:82::1', 0], ['2001:db8:81::1', 0], ['2001:db9::1', 0], ['2001:db8:a6::1', 0], ['2001:db8:a7::1', 0]];
const SIZES = [0, 1, 7, 8, 100, 600, 1180, 1184, 1191, 1192, 1200, 1224, 1231, 1232, 1233, 1240, 1352, 1391, 1392, 1400, 1440, 1448, 1452, 1453, 1460, 1500, 2000, 2896, 3000, 4000, 9000, 12000];
const HOPOPTS = '0000050200000100';
const DSTOPTS = ['0000010400000000', `00020114${'00'.repeat(20)}`, `00040124${'00'.repeat(36)}`];
const ROUTES = [`0004040201000000${addr('2001:db8:2::2')}${addr(ROUTER)}`, `0004040101000000${addr('2001:db8:2::2')}${addr(ROUTER)}`, `0002020100000000${addr(ROUTER)}`, `0002000100000000${addr(ROUTER)}`];
const SETTINGS: readonly (readonly [string, readonly number[]])[] = [['net.ipv6.flowlabel_consistency', [1, 1, 0]], ['net.ipv6.conf.eth1.hop_limit', [64, 64, 9, 255]], ['net.ipv6.conf.all.hop_limit', [64, 10]], ['net.ipv6.conf.lo.hop_limit', [64, 77]], ['net.ipv6.conf.eth1.mtu', [1500, 1500, 1400, 1281, 1280]], ['net.ipv6.conf.eth2.mtu', [1500, 1300]], ['net.ipv6.ip_nonlocal_bind', [0, 0, 1]]];
/** What sockets are: type, protocol. Odd pieces of ICMPv6 are summed wrongly by the kernel, which has two bytes in front of them. */
const KINDS: readonly (readonly [type: number, proto: number])[] = [[U.SOCK_DGRAM, U.IPPROTO_UDP], [U.SOCK_DGRAM, U.IPPROTO_UDP], [U.SOCK_DGRAM, U.IPPROTO_UDP], [U.SOCK_RAW, 253], [U.SOCK_RAW, 252], [U.SOCK_RAW, U.IPPROTO_ICMPV6], [U.SOCK_RAW, U.IPPROTO_RAW]];

type Choice = readonly [name: number, values: readonly string[]];
const ints = (...values: readonly number[]): string[] => values.map(int);
const OPTIONS: readonly Choice[] = [
  [U.IPV6_UNICAST_HOPS, ints(-1, 0, 1, 7, 255, 256)], [U.IPV6_MULTICAST_HOPS, ints(-1, 0, 1, 255)], [U.IPV6_MULTICAST_LOOP, ints(0, 1)], [U.IPV6_TCLASS, ints(-1, 0, 0xb8, 3, 256)],
  [U.IPV6_DONTFRAG, ints(0, 1, 1)], [U.IPV6_MTU_DISCOVER, ints(0, 1, 2, 3, 4, 5)], [U.IPV6_MTU_DISCOVER, ints(0, 1, 2, 3, 4, 5)], [U.IPV6_MTU, ints(0, 1280, 1279, 1300, 1400, 2000)], [U.IPV6_FLOWINFO_SEND, ints(0, 1)], [U.IPV6_RECVERR, ints(1)], [U.IPV6_RECVPATHMTU, ints(1)],
  [U.IPV6_HOPOPTS, [HOPOPTS]], [U.IPV6_DSTOPTS, DSTOPTS], [U.IPV6_RTHDRDSTOPTS, DSTOPTS], [U.IPV6_RTHDR, ROUTES], [U.IPV6_PKTINFO, [addr('2001:db8:2::1') + int(0), addr('::') + int(ETH1), addr('2001:db8:77::1') + int(0)]],
];
const ANCILLARY: readonly Choice[] = [[U.IPV6_HOPLIMIT, ints(-1, 0, 33, 256)], [U.IPV6_TCLASS, ints(-1, 0x20, 300)], [U.IPV6_DONTFRAG, ints(0, 1, 2)], [U.IPV6_PKTINFO, [addr('2001:db8:2::1') + int(0)]], [U.IPV6_HOPOPTS, [HOPOPTS]], [U.IPV6_DSTOPTS, DSTOPTS], [U.IPV6_RTHDRDSTOPTS, DSTOPTS], [U.IPV6_RTHDR, ROUTES], [U.IPV6_FLOWINFO, ['00012345', '0b800000']], [U.IPV6_2292HOPLIMIT, ints(5)]];

function choose(random: Random, from: readonly Choice[], most: number): [name: number, value: string][] {
  return Array.from({ length: random.below(most) }, () => {
    const [name, values] = pick(random, from);
    return [name, pick(random, values)];
  });
}

/** One world's side: calls and what came out of the host, fragments numbered in the order of their packets. */
class Player {
  readonly out: Transcript = [];
  private readonly world: World;
  private readonly calls: Calls;
  private readonly ids: number[] = [];
  private last: Uint8Array | null = null;
  private fds = 0;

  constructor(world: World, calls: Calls) {
    this.world = world;
    this.calls = calls;
  }

  async ask(line: string): Promise<void> {
    this.out.push(`${line} = ${await this.calls.ask(line)}`);
    for (const seen of await this.world.wait(2)) this.show(seen);
  }

  private show(seen: Seen): void {
    const ip = seen.frame.subarray(14);
    // Neighbours and groups are another play.
    if (ip[IPV6HDR_NEXTHDR] === U.IPPROTO_ICMPV6 && (ip[IPV6HDR_LEN] as number) > 132) return;
    this.last = ip;
    let [next, at] = [ip[IPV6HDR_NEXTHDR] as number, IPV6HDR_LEN];
    for (; [U.IPPROTO_HOPOPTS, U.IPPROTO_ROUTING, U.IPPROTO_DSTOPTS].includes(next) && at < ip.length; next = ip[at] as number, at += ((ip[at + 1] as number) + 1) * 8);
    if (next === U.IPPROTO_FRAGMENT && !this.ids.includes(be32(ip, at + 4))) this.ids.push(be32(ip, at + 4));
    const which = next === U.IPPROTO_FRAGMENT ? ` #${this.ids.indexOf(be32(ip, at + 4))}` : '';
    this.out.push(`  ${describeFrame(seen, 0, this.world.timeOfDay())}${which}`);
  }

  /** A router says that the last packet was too big, or something else. */
  async complain(random: Random): Promise<void> {
    const [type, mtu, about] = [pick(random, [2, 2, 2, 1, 3, 4]), pick(random, [1280, 1300, 1400, 1000, 0, 1450]), this.last];
    if (about === null) return;
    const to = inetNtop6(about.subarray(IPV6HDR_SADDR, IPV6HDR_SADDR + 16));
    const error = icmp6Message(ROUTER, to, type, 0, [0, 0, mtu >> 8, mtu & 255, ...about.subarray(0, 1200)]);
    const mac = await this.world.mac('r', 'eth1');
    this.out.push(`${type} ${mtu}`);
    for (const seen of await this.world.send('w1', ethFrame(mac, ip6Packet({ saddr: ROUTER, daddr: to, proto: U.IPPROTO_ICMPV6, payload: error }), { from: WIRE_MAC }))) this.show(seen);
  }

  /** The life of one socket. */
  async socket(random: Random, n: number): Promise<void> {
    const [type, proto] = pick(random, KINDS);
    const fd = this.fds++;
    const [daddr, scope] = pick(random, TO);
    await this.ask(`socket ${U.AF_INET6} ${type} ${proto}`);
    if (proto === U.IPPROTO_UDP) await this.ask(`bind ${fd} ${sin6('::', 5000 + n)}`);
    if (proto === 252) await this.ask(`set ${fd} ${U.SOL_IPV6} ${U.IPV6_CHECKSUM} ${int(pick(random, [-1, 0, 2, 4, 3, 2000]))}`);
    for (const [name, value] of choose(random, OPTIONS, 4)) await this.ask(`set ${fd} ${U.SOL_IPV6} ${name} ${value}`);
    const flowinfo = random.below(4) === 0 ? pick(random, [0x12345, 0x0b812345, 0x0b800000]) : 0;
    if (flowinfo !== 0 && random.below(2) === 0) await this.ask(`set ${fd} ${U.SOL_IPV6} ${U.IPV6_FLOWLABEL_MGR} ${addr('::')}00012345${hex([U.IPV6_FL_A_GET, U.IPV6_FL_S_ANY, U.IPV6_FL_F_CREATE, 0, 0, 0, 0, 0, 0, 0, 0, 0])}`);
    const to = sin6(daddr, proto === U.IPPROTO_UDP ? 7 : 0, { scope, flowinfo });
    const connected = random.below(3) === 0;
    if (connected) await this.ask(`connect ${fd} ${to}`);
    for (let left = 1 + random.below(4); left > 0; left--) await this.send(random, fd, proto, connected && random.below(2) === 0 ? '-' : to);
    await this.ask(`close ${fd}`);
  }

  private async send(random: Random, fd: number, proto: number, to: string): Promise<void> {
    if (proto === U.IPPROTO_UDP && random.below(10) === 0) await this.ask(`set ${fd} ${U.IPPROTO_UDP} ${U.UDP_CORK} ${int(random.below(2))}`);
    if (proto === U.IPPROTO_UDP && random.below(10) === 0) await this.ask(`set ${fd} ${U.IPPROTO_UDP} ${U.UDP_SEGMENT} ${int(pick(random, [0, 100, 1000, 1232, 1300, 1452, 2000]))}`);
    const size = Math.max(0, pick(random, SIZES) - (random.below(4) === 0 ? random.below(16) : 0)) & (proto === U.IPPROTO_ICMPV6 ? ~1 : ~0);
    const ancillary = choose(random, ANCILLARY, 3).map(([name, value]) => ` ${U.SOL_IPV6}:${name}:${value}`);
    await this.ask(`sendmsg ${fd} ${pick(random, [0, 0, 0, U.MSG_MORE, U.MSG_PROBE])} ${size} ${to}${ancillary.join('')}`);
    if (random.below(6) === 0) await this.complain(random);
    if (random.below(3) === 0) for (const line of [`recv ${fd} ${U.MSG_ERRQUEUE}`, `get ${fd} ${U.SOL_IPV6} ${U.IPV6_MTU} 4`]) await this.ask(line);
  }
}

async function play(world: World, seed: number, count: number): Promise<Transcript> {
  const random = new Random(seed);
  const player = new Player(world, await world.calls('r'));
  await world.wait(SETTLED_MS);
  const counted = await counters(world, 'r', counters6);
  for (let n = 0; n < count; n++) {
    if (n % 10 === 0) {
      const settings = SETTINGS.map(([name, values]) => `${name}=${pick(random, values)}`);
      player.out.push(settings.join(' '));
      await world.run('r', `sysctl -w ${settings.join(' ')} net.ipv6.route.flush=1`);
    }
    await player.socket(random, n);
  }
  return [...player.out, ...moved(counted, await counters(world, 'r', counters6)).filter((line) => !/Ip6:Out(Mcast|Octets|Requests|Transmits)|Icmp6:Out|Icmp6:InMsgs/.test(line))];
}

const SEEDS = seeds(2);
const game = together(SEEDS, (seed) => onBoth(LAB, (world) => play(world, seed, 100)));

describe.runIf(missing === null).concurrent('sockets of IPv6 by chance', () => {
  it.each(SEEDS)('send what they send on the running kernel (seed %i)', async (seed) => {
    expect(difference(await game(seed))).toBe('');
  }, 120_000);
});

afterAll(() => tellCompared('sends over IPv6'));

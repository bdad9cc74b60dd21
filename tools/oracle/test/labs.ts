/** What several plays have in common: labs, and seeds. */
import { type Both, difference } from '../src/index.ts';

/** 1 to `count`; or those of the environment, to look for more: ORACLE_SEEDS=100-120. */
export function seeds(count: number): number[] {
  const [from = 1, to = count] = (process.env['ORACLE_SEEDS'] ?? `1-${count}`).split('-').map(Number);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Games that are all started when the first is asked for: they mostly wait, and no more than five tests run at a time. */
export function together<T>(all: readonly number[], start: (seed: number) => Promise<T>): (seed: number) => Promise<T> {
  const games: Map<number, Promise<T>> = new Map();
  return (seed) => {
    for (const one of games.size === 0 ? all : []) {
      const game = start(one);
      // It is looked at when its test comes.
      game.catch(() => {});
      games.set(one, game);
    }
    return games.get(seed) as Promise<T>;
  };
}

/**
 * What differs in a game. A busy machine lets time pass between steps in which a kernel does something by itself: a game that differs is played
 * again when all others are over, and what differs then is told.
 */
export function untilAlone(all: readonly number[], game: (seed: number) => Promise<Both>, start: (seed: number) => Promise<Both>): (seed: number) => Promise<string> {
  let turn: Promise<unknown> = Promise.resolve();
  const again = async (seed: number): Promise<string> => {
    await Promise.allSettled(all.map(game));
    return difference(await start(seed));
  };
  return async (seed) => {
    const said = difference(await game(seed));
    if (said === '') return '';
    console.warn(`played again, alone: seed ${seed}, ${said.split('\n', 1)[0]}`);
    const mine = turn.then(() => again(seed));
    turn = mine.catch(() => {});
    return mine;
  };
}

/** Neighbours are told, so that what comes out is packets only. What depends on time is off: limits of ICMP's rate, redirects; and IPv6, which speaks by itself. */
export const ROUTER = `
name: router
ipv6: false
topology:
  nodes:
    r:
      kind: linux
      sysctls:
        net.ipv4.ip_forward: 1
        net.ipv4.icmp_ratemask: 0
        net.ipv4.icmp_echo_ignore_broadcasts: 0
        net.ipv4.ipfrag_time: 60
        net.ipv4.conf.all.send_redirects: 0
        net.ipv4.conf.eth1.send_redirects: 0
      exec:
        - ip addr add 10.0.1.1/24 brd + dev eth1
        - ip addr add 10.0.2.1/24 brd + dev eth2
        - ip addr add 10.0.3.1/24 brd + dev eth3
        - ip neigh add 10.0.1.2 lladdr 02:00:00:00:01:02 dev eth1
        - ip neigh add 10.0.1.3 lladdr 02:00:00:00:01:03 dev eth1
        - ip neigh add 10.0.1.0 lladdr 02:00:00:00:01:00 dev eth1
        - ip neigh add 10.0.2.2 lladdr 02:00:00:00:02:02 dev eth2
        - ip neigh add 10.0.3.2 lladdr 02:00:00:00:03:02 dev eth3
        - ip link set eth3 mtu 576
        - ip route add 10.1.0.0/16 via 10.0.2.2
        - ip route add 10.2.0.0/16 via 10.0.1.3
        - ip route add 10.3.0.0/16 via 10.0.3.2
        - ip route add 10.4.0.0/16 via 10.0.2.2 mtu lock 600
        - ip route add blackhole 10.8.1.0/24
        - ip route add unreachable 10.8.2.0/24
        - ip route add prohibit 10.8.3.0/24
        - ip route add throw 10.8.4.0/24
        - ip route add 224.0.0.0/4 dev eth2
    wire: { kind: linux }
  links:
    - endpoints: ["r:eth1", "wire:w1"]
    - endpoints: ["r:eth2", "wire:w2"]
    - endpoints: ["r:eth3", "wire:w3"]
`;

/** The same for IPv6. Addresses are not tried first; flow labels are those that were asked for; groups are reported at once. */
export const ROUTER6 = `
name: router6
topology:
  nodes:
    r:
      kind: linux
      sysctls:
        net.ipv6.conf.all.forwarding: 1
        net.ipv6.icmp.ratelimit: 0
        net.ipv6.auto_flowlabels: 0
        net.ipv6.ip6frag_time: 60
${['eth1', 'eth2', 'eth3'].map((dev) => `        net.ipv6.conf.${dev}.dad_transmits: 0\n        net.ipv6.conf.${dev}.router_solicitation_delay: 0\n        net.ipv6.conf.${dev}.mldv2_unsolicited_report_interval: 1\n`).join('')}      exec:
        - ip link set eth3 mtu 1280
        - ip addr add 2001:db8:1::1/64 dev eth1 nodad
        - ip addr add 2001:db8:2::1/64 dev eth2 nodad
        - ip addr add 2001:db8:3::1/64 dev eth3 nodad
        - ip neigh add 2001:db8:1::2 lladdr 02:00:00:00:01:02 dev eth1
        - ip neigh add 2001:db8:1::3 lladdr 02:00:00:00:01:03 dev eth1
        - ip neigh add fe80::2 lladdr 02:00:00:00:01:02 dev eth1
        - ip neigh add fe80::3 lladdr 02:00:00:00:01:03 dev eth1
        - ip neigh add 2001:db8:2::2 lladdr 02:00:00:00:02:02 dev eth2
        - ip neigh add 2001:db8:3::2 lladdr 02:00:00:00:03:02 dev eth3
        - ip route add 2001:db8:a1::/48 via 2001:db8:2::2
        - ip route add 2001:db8:a2::/48 via 2001:db8:1::3
        - ip route add 2001:db8:a3::/48 via 2001:db8:3::2
        - ip route add 2001:db8:a4::/48 via 2001:db8:2::2 mtu lock 1400
        - ip route add 2001:db8:a5::/48 via fe80::3 dev eth1
        - ip route add blackhole 2001:db8:81::/48
        - ip route add unreachable 2001:db8:82::/48
        - ip route add prohibit 2001:db8:83::/48
        - ip route add throw 2001:db8:84::/48
    wire: { kind: linux, sysctls: { net.ipv6.conf.all.disable_ipv6: 1 } }
  links:
    - endpoints: ["r:eth1", "wire:w1"]
    - endpoints: ["r:eth2", "wire:w2"]
    - endpoints: ["r:eth3", "wire:w3"]
`;

/** After which a lab has tried its addresses and told others which groups it listens to, by settings that were made after that began. */
export const SETTLED_MS = 2500;

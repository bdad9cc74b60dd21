/** Packets to a group that a socket has joined: who takes them hangs on the socket, its interface and the sources it wants. */
import { sockaddr } from '@skbuff/hosts';
import { AF_INET, AF_INET6, IPPROTO_IP, IPPROTO_IPV6, MCAST_BLOCK_SOURCE, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP, SOCK_DGRAM } from '@skbuff/uapi';
import { inetPton, setLe16, setLe32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { explain } from '../src/index.ts';
import { type Line, line6 } from './support.ts';

const FAMILIES = [
  { name: 'IPv4', family: AF_INET, level: IPPROTO_IP, at: 4, any: '0.0.0.0', group: '224.0.0.5', sender: '10.0.1.2', packet: 'udp > 224.0.0.5:67' },
  { name: 'IPv6', family: AF_INET6, level: IPPROTO_IPV6, at: 8, any: '::', group: 'ff02::5', sender: 'fe80::ff:fe00:102', packet: 'udp > [ff02::5%eth0]:67' },
] as const;

describe.each(FAMILIES)('a socket of $name', ({ family, level, at, any, group, sender, packet }) => {
  /** Of r1, bound to port 67: the requests are `struct group_source_req` with the group on an interface and the sender as source. */
  async function joined(dev: string, ...requests: readonly number[]): Promise<Line> {
    const all = await line6();
    const { r1 } = all;
    const fd = r1.task.socket(family, SOCK_DGRAM);
    expect(r1.task.bind(fd, sockaddr(any, 67))).toBe(0);
    const bytes = new Uint8Array(264);
    setLe32(bytes, 0, r1.ns.devGetByName(dev)?.ifindex ?? 0);
    for (const [from, addr] of [[8, group], [136, sender]] as const) {
      setLe16(bytes, from, family);
      bytes.set(inetPton(family, addr) as Uint8Array, from + at);
    }
    for (const request of requests) expect(r1.task.setsockopt(fd, level, request, request === MCAST_JOIN_GROUP ? bytes.slice(0, 136) : bytes)).toBe(0);
    return all;
  }

  it.each([
    ['takes what comes to its group', 'eth0', [MCAST_JOIN_GROUP], 'delivered'],
    ['takes nothing from an interface on which it has not joined', 'eth1', [MCAST_JOIN_GROUP], 'dropped'],
    ['takes what comes from a source that it wants', 'eth0', [MCAST_JOIN_SOURCE_GROUP], 'delivered'],
    ['takes nothing from a source that it blocks', 'eth0', [MCAST_JOIN_GROUP, MCAST_BLOCK_SOURCE], 'dropped'],
  ] as const)('%s', async (_what, dev, requests, outcome) => {
    const { net, h1 } = await joined(dev, ...requests);
    expect((await explain(net, h1, packet)).verdict).toMatchObject({ outcome, node: 'r1' });
  });
});

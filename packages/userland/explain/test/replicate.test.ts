/** A replica says of itself what the original does, and the original never notices. */
import { SockaddrIn } from '@skbuff/af-inet';
import { impairLink } from '@skbuff/fault-injector';
import type { Host, HostNet } from '@skbuff/hosts';
import { ip as ipCommand } from '@skbuff/iproute2';
import { sysctlOf } from '@skbuff/sysctl';
import { describe, expect, it } from 'vitest';
import { explain, replicate } from '../src/index.ts';
import { dumpsOf, ip, line, stateOf } from './support.ts';

const DUMPS = ['-details link', '-details addr', 'rule', 'route show table all', 'neigh', 'neigh show proxy', 'ntable'];

const dumps = (net: HostNet): string => dumpsOf(net, DUMPS);
const state = (net: HostNet): string => stateOf(net, DUMPS);

/** The topology with something of everything. */
function rich(): ReturnType<typeof line> {
  const all = line();
  const { net, h1, r1, h2 } = all;
  ip(r1, 'link add d0 type dummy');
  ip(r1, 'link set dev d0 mtu 1400 up');
  ip(r1, 'link set dev d0 alias nothing');
  ip(r1, 'addr add 10.9.0.1/24 dev d0');
  ip(r1, 'addr add 10.9.0.2/24 dev d0');
  ip(r1, 'addr add 10.7.0.1/32 dev lo');
  ip(r1, 'route add blackhole 10.66.0.0/16 metric 5');
  ip(r1, 'route add 10.50.0.0/16 nexthop via 10.0.1.2 weight 2 nexthop via 10.0.2.2');
  ip(r1, 'route add 10.51.0.0/16 via 10.0.2.2 src 10.9.0.1 mtu 900 table 7');
  ip(r1, 'rule add pref 100 from 10.0.1.0/24 lookup 7');
  ip(r1, 'neigh add 10.0.2.9 lladdr 02:00:00:00:09:09 dev eth1');
  ip(r1, 'neigh add 10.0.2.8 lladdr 02:00:00:00:09:08 dev eth1 nud stale');
  ip(r1, 'neigh add proxy 10.0.2.7 dev eth0');
  ip(h2, 'route del 10.0.2.0/24');
  ip(h2, 'route add 10.0.2.0/25 dev eth0');
  r1.sysctl('net.ipv4.conf.eth0.rp_filter', 1);
  r1.sysctl('net.ipv4.neigh.eth1.retrans_time_ms', 500);
  h1.sysctl('net.ipv4.ip_default_ttl', 99);
  h2.task.bind(h2.task.socket(2, 2), new SockaddrIn(0, 53));
  void net;
  return all;
}

describe('a replica', () => {
  it('says the same of itself', async () => {
    const { net } = rich();
    await net.advance(1);
    const replica = replicate(net, [ipCommand]);
    await replica.net.advance(1);
    expect(replica.notes).toEqual([]);
    expect(dumps(replica.net)).toBe(dumps(net));
    for (const [i, { ns }] of net.all.entries()) {
      const [ours, theirs] = [sysctlOf(ns), sysctlOf((replica.net.all[i] as Host).ns)];
      expect(theirs.list('net').map((path) => `${path} ${String(theirs.read(path))}`)).toEqual(ours.list('net').map((path) => `${path} ${String(ours.read(path))}`));
    }
    expect(replica.close()).toEqual({});
  });

  it('is asked again after traffic: neighbours and their states go along', async () => {
    const { net, h1 } = rich();
    await h1.ping('10.0.2.2');
    const replica = replicate(net, [ipCommand]);
    expect(ip(replica.net.get('r1') as Host, 'neigh')).toBe(ip(net.get('r1') as Host, 'neigh'));
    expect(replica.close()).toEqual({});
  });

  it('has the cut cable, too', () => {
    const { net, h1, r1 } = line();
    const cable = impairLink(h1.ns.devGetByName('eth0') as never, r1.ns.devGetByName('eth0') as never, { delay: 5e6 });
    if (typeof cable === 'number') throw new Error(String(cable));
    cable.setDown(true);
    net.kernel.onClock();
    const replica = replicate(net, [ipCommand]);
    expect(ip(replica.net.get('h1') as Host, 'link')).toBe(ip(h1, 'link'));
    expect(replica.close()).toEqual({});
    cable.remove();
  });
});

describe('a network that is asked about', () => {
  it.each(['udp 10.0.1.2:1000 > 10.0.2.2:53', 'icmp > 10.0.2.2', 'icmp > 10.0.2.77', 'icmp > 10.66.1.1', 'icmp > 10.0.2.2 ttl 1', 'udp > 10.0.2.2:54 len 5000 nodf'])('is the same before and after: %s', async (packet) => {
    const { net } = rich();
    const before = state(net);
    const { steps } = await explain(net, 'h1', packet);
    expect(steps.length).toBeGreaterThan(5);
    expect(state(net)).toBe(before);
  });

  it('is the same before and after with traffic of its own in its tables', async () => {
    const { net, h1 } = rich();
    await h1.ping('10.0.2.2');
    const before = state(net);
    await explain(net, 'h1', 'icmp > 10.0.2.2');
    expect(state(net)).toBe(before);
  });

  it('goes on as if nobody had asked: the same packets at the same time', async () => {
    const capture = async (ask: boolean): Promise<string> => {
      const { net, h1 } = rich();
      const bytes: number[] = [];
      net.capture((part) => void bytes.push(...part));
      await h1.ping('10.0.2.2', { count: 2 });
      if (ask) await explain(net, 'h1', 'icmp > 10.0.2.77');
      await h1.ping('10.0.2.2', { count: 2 });
      const fd = h1.task.socket(2, 2);
      void h1.task.sendto(fd, new Uint8Array(3000), 0, new SockaddrIn(0x0a000202, 53));
      await net.advance(10_000);
      return bytes.join();
    };
    expect(await capture(true)).toBe(await capture(false));
  });
});

/** What loading ARP brings, and its files. The texts are those of Linux 6.18. */
import { createKernel, rmmod, setupNet, type Net } from '@skbuff/core';
import { IPV4, ipv4 } from '@skbuff/ipv4';
import { NEIGHBOUR, neighbour, neighProxy } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs, procNetOf } from '@skbuff/procfs';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { AF_INET, NUD_FAILED, NUD_NOARP, NUD_PERMANENT, NUD_REACHABLE, NUD_STALE } from '@skbuff/uapi';
import { inetPton4 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { arp } from '../src/index.ts';
import { SEC, useHost } from './support.ts';

describe('the plugin', () => {
  it('brings the table arp_cache, its settings, its files and the handler of 0x0806, and takes them away [ARP-01]', () => {
    const kernel = createKernel({ debug: true, plugins: [sysctl(), procfs(), netlink(), neighbour(), ipv4(), arp()] });
    const core = kernel.services.get(NEIGHBOUR);
    expect(core.tables.map(({ id, family, keyLen }) => [id, family, keyLen])).toEqual([['arp_cache', AF_INET, 4]]);
    expect(kernel.services.get(IPV4).arpTbl === core.tables[0]).toBe(true);
    const proc = procNetOf(kernel.initNet);
    const seen = (): unknown => [
      typeof proc.read('arp'),
      typeof proc.read('stat/arp_cache'),
      sysctlOf(kernel.initNet).list('net/ipv4/neigh/default').length,
    ];
    expect(seen()).toEqual(['string', 'string', 21]);
    expect(rmmod(kernel, '@skbuff/arp')).toBe(0);
    expect(seen()).toEqual(['number', 'number', 0]);
    expect([core.tables.length, kernel.services.get(IPV4).arpTbl]).toEqual([0, null]);
    expect(kernel.shutdown()).toEqual({});
  });
});

describe('with a host', () => {
  const t = useHost();

  it('has its counters in the first namespace only, its table in each [ARP-01]', () => {
    const { h } = t;
    const other = setupNet(h.kernel) as Net;
    expect(typeof procNetOf(other).read('stat/arp_cache')).toBe('number');
    const dev = h.eth('eth0', '01', '10.0.0.1/24');
    h.arp(dev);
    expect(procNetOf(other).read('arp')).toBe('IP address       HW type     Flags       HW address            Mask     Device\n');
    expect(h.proc('arp').split('\n').length).toBe(3);
    expect(h.proc('stat/arp_cache').split('\n')[1]?.split(/ +/).slice(0, 3)).toEqual(['00000001', '00000001', '00000000']);
    other.put();
  });

  it('shows neighbours and proxied addresses in /proc/net/arp, without those that need no question [ARP-29]', () => {
    const { h } = t;
    const dev = h.eth('eth0', '01', '10.0.0.1/24');
    h.known(dev, '10.0.0.2', '02', NUD_STALE);
    h.known(dev, '10.0.0.3', '03', NUD_REACHABLE);
    h.known(dev, '10.0.0.50', '50', NUD_PERMANENT);
    h.known(dev, '10.0.0.51', '51', NUD_NOARP);
    h.known(dev, '10.0.0.52', '52', NUD_FAILED);
    h.send('224.1.2.3', '10.0.0.1', dev.ifindex);
    h.send('10.0.0.60');
    const show = (): string[] => {
      const [heading, ...rows] = h.proc('arp').trimEnd().split('\n');
      return [heading as string, ...rows.sort()];
    };
    const heading = 'IP address       HW type     Flags       HW address            Mask     Device';
    const rows = [
      '10.0.0.2         0x1         0x2         02:00:00:00:00:02     *        eth0',
      '10.0.0.3         0x1         0x2         02:00:00:00:00:03     *        eth0',
      '10.0.0.50        0x1         0x6         02:00:00:00:00:50     *        eth0',
      '10.0.0.52        0x1         0x0         00:00:00:00:00:00     *        eth0',
      '10.0.0.60        0x1         0x0         00:00:00:00:00:00     *        eth0',
    ];
    expect(show()).toEqual([heading, ...rows]);
    for (const [addr, on] of [['10.1.0.88', dev], ['10.1.0.89', null]] as const) neighProxy(h.tbl).create(h.net, on, inetPton4(addr));
    expect(h.proc('arp').trimEnd().split('\n').slice(-2).sort()).toEqual([
      '10.1.0.88        0x1         0xc         00:00:00:00:00:00     *        eth0',
      '10.1.0.89        0x0         0xc         00:00:00:00:00:00     *        *',
    ]);
    // Who did not answer stays until it is collected.
    h.during(4 * SEC);
    expect(show()).toContain('10.0.0.60        0x1         0x0         00:00:00:00:00:00     *        eth0');
  });
});

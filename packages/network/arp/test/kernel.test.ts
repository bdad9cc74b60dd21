/**
 * Frames to a host under settings picked by chance, with what a running Linux 6.18 sent in answer and what its neighbour table held
 * after each. Proxied requests are answered without delay; every case begins with an empty table.
 */
import { neighProxy } from '@skbuff/neighbour';
import { readFileSync } from 'node:fs';
import { NUD_REACHABLE, NUD_STALE, RTN_UNREACHABLE, RT_SCOPE_HOST, RT_SCOPE_LINK } from '@skbuff/uapi';
import { inetPton4 } from '@skbuff/wire';
import { expect, it } from 'vitest';
import type { ArpFields } from './frames.ts';
import { useHost } from './support.ts';

interface RecordedCase {
  /** Settings that are not 0. */
  readonly set: Readonly<Record<string, number>>;
  /** What is known of 10.0.0.2 before: `44 stale`, or nothing. */
  readonly known: string;
  /** Comes in by eth0. */
  readonly arp: ArpFields;
  readonly sent: readonly string[];
  readonly neigh: readonly string[];
}

const t = useHost();
const cases = JSON.parse(readFileSync(new URL('./records/arp-process.json', import.meta.url), 'utf8')) as RecordedCase[];
const settings = [...new Set(cases.flatMap(({ set }) => Object.keys(set)))];

it('does what Linux did, case by case [ARP-18] [ARP-19] [ARP-20] [ARP-21] [ARP-22] [ARP-23] [ARP-25]', () => {
  const { h } = t;
  const eth0 = h.eth('eth0', '01', '10.0.0.1/24', '10.0.0.7/24');
  const eth1 = h.eth('eth1', '11', '10.1.0.1/24');
  h.addr(eth0, '10.2.0.1/24', { scope: RT_SCOPE_LINK });
  h.addr(eth0, '10.3.0.1/24', { scope: RT_SCOPE_HOST });
  h.addr(h.lo, '172.16.0.1/32');
  h.route('10.6.0.0/16', eth1);
  h.route('10.66.0.0/16', eth0, { type: RTN_UNREACHABLE, oif: 0, scope: 0 });
  expect(typeof neighProxy(h.tbl).create(h.net, eth0, inetPton4('10.1.0.88'))).toBe('object');
  h.set({ 'neigh.eth0.proxy_delay': 0 });
  expect(cases.length).toBeGreaterThan(400);
  for (const recorded of cases) {
    h.set({ ...Object.fromEntries(settings.map((name) => [name, 0])), ...recorded.set });
    h.flush();
    const [last, state] = recorded.known.split(' ');
    if (last !== '') h.known(eth0, '10.0.0.2', last as string, state === 'stale' ? NUD_STALE : NUD_REACHABLE);
    expect({ ...recorded, sent: h.arp(eth0, recorded.arp), neigh: h.neigh() }).toEqual(recorded);
  }
});

/**
 * Solicitations and advertisements to a host under settings picked by chance, with what a running Linux 6.18 sent in answer, byte for byte, and
 * what its neighbour table held before and after each. 2001:db8::7 is optimistic, 2001:db8::8 tentative, 2001:db8::88 and (as a router)
 * 2001:db8::89 are proxied without delay; nobody is asked again while it lasts.
 */
import { readFileSync } from 'node:fs';
import { neighEventSend, neighProxy } from '@skbuff/neighbour';
import type { NetDevice } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { addr6 } from './frames.ts';
import { type Host, useHost } from './support.ts';

interface RecordedCase {
  readonly what: string;
  /** Settings that are not 0. */
  readonly set: Readonly<Record<string, number>>;
  /** As `ip -6 neigh` shows it. */
  readonly before: readonly string[];
  readonly frame: string;
  readonly sent: readonly string[];
  readonly neigh: readonly string[];
  /** The address that is lost to somebody else. */
  readonly lost: string;
}

const t = useHost();
const cases = JSON.parse(readFileSync(new URL('./records/ndisc-rcv.json', import.meta.url), 'utf8')) as RecordedCase[];
const STATES: Readonly<Record<string, number>> = {
  REACHABLE: U.NUD_REACHABLE,
  STALE: U.NUD_STALE,
  PROBE: U.NUD_PROBE,
  PERMANENT: U.NUD_PERMANENT,
  FAILED: U.NUD_FAILED,
};

function configure(h: Host, dev: NetDevice, set: RecordedCase['set']): void {
  const { cnf, acList } = h.idev(dev);
  const { devconfAll } = h.state;
  devconfAll.forwarding = set['all.forwarding'] ?? 0;
  devconfAll.proxyNdp = set['all.proxy_ndp'] ?? 0;
  cnf.forwarding = set['eth0.forwarding'] ?? 0;
  cnf.proxyNdp = set['eth0.proxy_ndp'] ?? 0;
  cnf.acceptUntrackedNa = set['eth0.accept_untracked_na'] ?? 0;
  cnf.dropUnsolicitedNa = set['eth0.drop_unsolicited_na'] ?? 0;
  cnf.forceTllao = set['eth0.force_tllao'] ?? 0;
  cnf.ndiscTclass = set['eth0.ndisc_tclass'] ?? 0;
  // Those of all interfaces do not count.
  devconfAll.acceptUntrackedNa = set['all.accept_untracked_na'] ?? 0;
  devconfAll.dropUnsolicitedNa = set['all.drop_unsolicited_na'] ?? 0;
  devconfAll.forceTllao = set['all.force_tllao'] ?? 0;
  devconfAll.ndiscTclass = set['all.ndisc_tclass'] ?? 0;
  // The subnet's routers have an address together.
  acList.length = 0;
  const idev = h.idev(dev);
  if (cnf.forwarding !== 0) acList.push({ addr: addr6('2001:db8::'), idev, rt: null, users: 1, cstamp: 0, tstamp: 0 });
}

/** A line of `ip -6 neigh`. */
function know(h: Host, dev: NetDevice, line: string): void {
  const [addr, ...words] = line.split(' ');
  const state = words.at(-1) as string;
  const lladdr = words.indexOf('lladdr');
  if (state !== 'INCOMPLETE') h.known(dev, addr as string, lladdr < 0 ? '' : (words[lladdr + 1] as string).slice(-2), STATES[state] as number, words.includes('router'));
  else {
    const { w0, w1, w2, w3 } = addr6(addr as string);
    const neigh = h.tbl.create(dev, w0, w1, w2, w3);
    if (typeof neigh !== 'number') neighEventSend(neigh, null);
  }
}

/** As `ip -6 neigh` writes them. */
const lines = (h: Host): string[] => h.neigh().map((line) => line.replace(' eth0', '').replace(' NONE', '').replace(/ ([0-9a-f]{2})( router)? ([A-Z]+)$/, ' lladdr 02:00:00:00:00:$1$2 $3'));

it('does what Linux did, case by case [NDISC-04] [NDISC-09] [NDISC-11] [NDISC-12] [NDISC-13] [NDISC-15] [NDISC-16] [NDISC-18] [NDISC-20] [DAD-04] [DAD-05] [DAD-07] [DAD-08]', () => {
  const { h } = t;
  const eth0 = h.eth('eth0', '01', 'fe80::1/64', '2001:db8::1/64');
  h.addr(eth0, '2001:db8::7/64', U.IFA_F_PERMANENT | U.IFA_F_OPTIMISTIC | U.IFA_F_TENTATIVE);
  h.addr(eth0, '2001:db8::8/64', U.IFA_F_PERMANENT | U.IFA_F_TENTATIVE);
  for (const [last, flags] of [[0x88, 0], [0x89, U.NTF_ROUTER]] as const) {
    const entry = neighProxy(h.tbl).create(h.net, eth0, 0x20010db8, 0, 0, last);
    expect(typeof entry).toBe('object');
    if (typeof entry !== 'number') entry.flags = flags;
  }
  h.set('eth0.proxy_delay', 0);
  h.set('eth0.retrans_time_ms', 600_000);
  h.set('eth0.base_reachable_time_ms', 6_000_000);
  expect(cases.length).toBeGreaterThan(500);
  for (const recorded of cases) {
    configure(h, eth0, recorded.set);
    h.flush();
    for (const line of recorded.before) know(h, eth0, line);
    h.told();
    h.take();
    h.receive(eth0, Uint8Array.from(Buffer.from(recorded.frame, 'hex')));
    const lost = h.told().find((call) => call.startsWith('dadFailure ')) ?? '';
    expect({ ...recorded, sent: h.sentHex, neigh: lines(h), lost: lost.replace('dadFailure ', '') }).toEqual(recorded);
  }
});

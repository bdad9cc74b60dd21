/** Runs of a running 6.18 kernel that got router advertisements made by chance: which addresses and routes there are, and for how long. */
import { readFileSync } from 'node:fs';
import type { NetDevice } from '@skbuff/core';
import { type Inet6Ifaddr, INFINITY_LIFE_TIME } from '@skbuff/ipv6';
import { IFA_F_PERMANENT, IFA_F_TEMPORARY } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { inet6AddrDel } from '../src/index.ts';
import { flagWords, type Host, in6, useHost } from './support.ts';

type Pio = readonly [prefix: string, plen: number, flags: number, valid: number, prefered: number];
interface Op {
  readonly op: string;
  readonly pios: readonly Pio[];
  readonly addr: string;
  readonly value: number;
}
/** Address (T: temporary) or route, flags, seconds: valid, preferred; -1: for ever. */
type Addr = readonly [addr: string, flags: string, valid: number, prefered: number];
type Step = readonly [seconds: number, op: Op, addrs: readonly Addr[], routes: readonly (readonly [string, number])[]];

const runs = JSON.parse(readFileSync(new URL('records/prefix.json', import.meta.url), 'utf8')) as readonly (readonly Step[])[];
const t = useHost();

const SETTINGS: Readonly<Record<string, string>> = {
  use_tempaddr: 'useTempaddr',
  autoconf: 'autoconf',
  max_addresses: 'maxAddresses',
  ra_honor_pio_life: 'raHonorPioLife',
  ra_honor_pio_pflag: 'raHonorPioPflag',
  accept_ra_min_lft: 'acceptRaMinLft',
};

function apply(h: Host, dev: NetDevice, { op, pios, addr, value }: Op): void {
  if (op === 'ra') for (const [prefix, plen, flags, valid, prefered] of pios) h.prefix(dev, prefix, valid, prefered, flags, plen);
  else if (op === 'del') inet6AddrDel(h.net, dev, in6(addr.split('/')[0]!), 64, null);
  else Object.assign(h.idev(dev).cnf, { [SETTINGS[op]!]: value });
}

/** Seconds left of those that were given at `tstamp`. */
function left(h: Host, ifp: Inet6Ifaddr, seconds: number): number {
  if (seconds === INFINITY_LIFE_TIME || (ifp.flags & IFA_F_PERMANENT) !== 0) return -1;
  return Math.max(0, seconds - Math.floor((h.net.timers.jiffies - ifp.tstamp) / 1000));
}

function state(h: Host, dev: NetDevice): Addr[] {
  return h.idev(dev).addrList.map((ifp) => {
    const name = (ifp.flags & IFA_F_TEMPORARY) !== 0 ? 'T' : `${ifp.addr.toString()}/${ifp.prefixLen}`;
    return [name, flagWords(ifp.flags).trim(), left(h, ifp, ifp.validLft), left(h, ifp, ifp.preferedLft)];
  });
}

/** Those whose time is over or nearly so come and go within a second. */
const lasting = (list: readonly Addr[]): Addr[] => list.filter(([, , valid]) => valid < 0 || valid > 4);

/** The same number where it is the same but for a second. */
function near(got: number, wanted: number): number {
  return Math.abs(got - wanted) <= 1 && got >= 0 && wanted >= 0 ? wanted : got;
}

it.each(runs.map((run, i) => [i, run] as const))('does what the kernel does, run %i', (_i, run) => {
  const { h } = t;
  const dev = h.eth('va');
  const settings = { acceptDad: 0, rtrSolicits: 0, maxDesyncFactor: 0, tempValidLft: 5000, tempPreferedLft: 3000 };
  Object.assign(h.idev(dev).cnf, settings);
  h.state.devconfAll.acceptDad = 0;
  h.up(dev);
  h.run(0.1);
  const from = h.clock.now() / 1e9;
  for (const [i, [seconds, op, addrs, routes]] of run.entries()) {
    h.run(Math.max(0, from + seconds - h.clock.now() / 1e9));
    apply(h, dev, op);
    h.run(0.2);
    const wanted = lasting(addrs);
    const got = lasting(state(h, dev)).map(([name, flags, valid, prefered], n) => [name, flags, near(valid, wanted[n]?.[2] ?? -2), near(prefered, wanted[n]?.[3] ?? -2)]);
    expect([i, op, got]).toEqual([i, op, wanted]);
    const now = h.net.timers.jiffies;
    const alive = (list: readonly (readonly [string, number])[]): (readonly [string, number])[] => list.filter(([, end]) => end < 0 || end > 4);
    const expected = alive(routes);
    const have = h.routes
      .filter((rt) => rt.table === 254 && rt.plen !== 128 && !rt.dst.isLinkLocal())
      .map((rt) => [`${rt.dst.toString()}/${rt.plen}`, rt.expires === 0 ? -1 : Math.max(0, Math.round((rt.expires - now) / 1000))] as const)
      .sort(([x], [y]) => (x < y ? -1 : 1));
    const routesNow = alive(have).map(([dst, end], n) => [dst, near(end, expected[n]?.[1] ?? -2)]);
    expect([i, op, routesNow]).toEqual([i, op, expected]);
  }
});

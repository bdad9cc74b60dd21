/** Runs of a running 6.18 kernel, of changes picked by chance, compared message by message, address by address, group by group. */
import { readFileSync } from 'node:fs';
import { devChangeFlags, devSetMtu, type NetDevice } from '@skbuff/core';
import { in6DevGet, ipv6GetIfaddr, INFINITY_LIFE_TIME } from '@skbuff/ipv6';
import { IFA_F_NODAD, IFA_F_NOPREFIXROUTE, IFF_NOARP, IFF_UP } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { addrconfDisableIpv6, addrconfFixupForwarding, inet6AddrDel, inet6AddrModify } from '../src/index.ts';
import { cfg, type Host, in6, useHost } from './support.ts';

interface Op {
  readonly op: string;
  readonly addr: string;
  readonly plen: number;
  readonly replace?: boolean;
  readonly nodad?: number;
  readonly noprefixroute?: number;
  readonly metric?: number;
  readonly peer?: string;
  readonly valid?: number;
  readonly prefered?: number;
  readonly who: string;
  readonly value: number | string;
}

/** What was done, the error, messages about addresses and routes, addresses, groups and how often each was joined. */
type Step = readonly [op: Op, error: string, events: readonly string[], addrs: readonly string[], groups: Readonly<Record<string, number>>];

const runs = JSON.parse(readFileSync(new URL('records/life.json', import.meta.url), 'utf8')) as readonly (readonly Step[])[];
const t = useHost();

function addr(h: Host, dev: NetDevice, op: Op): string | number {
  const ifaFlags = (op.nodad !== undefined ? IFA_F_NODAD : 0) | (op.noprefixroute !== undefined ? IFA_F_NOPREFIXROUTE : 0);
  const lifetimes = { validLft: op.valid ?? INFINITY_LIFE_TIME, preferedLft: op.prefered ?? INFINITY_LIFE_TIME };
  const more = { ifaFlags, rtPriority: op.metric ?? 0, peerPfx: op.peer === undefined ? null : in6(op.peer), ...lifetimes };
  const ifp = ipv6GetIfaddr(h.net, in6(op.addr), dev, true);
  if (ifp === null || op.replace !== true) return h.add(dev, `${op.addr}/${op.plen}`, more);
  return inet6AddrModify(h.net, ifp, cfg(`${op.addr}/${op.plen}`, more));
}

function setting(h: Host, dev: NetDevice, { op, who, value }: Op): number {
  const cnf = who === 'all' ? h.state.devconfAll : in6DevGet(dev)?.cnf;
  if (cnf === undefined) return -1;
  if (op === 'forwarding') addrconfFixupForwarding(h.net, cnf, Number(value));
  else if (op === 'disable_ipv6') addrconfDisableIpv6(h.net, cnf, Number(value));
  else cnf.keepAddrOnDown = Number(value);
  return 0;
}

function apply(h: Host, dev: NetDevice, op: Op): string | number {
  switch (op.op) {
    case 'addr':
      return addr(h, dev, op);
    case 'del': {
      const extack = { message: '' };
      return inet6AddrDel(h.net, dev, in6(op.addr), op.plen, extack) === 0 ? 0 : extack.message;
    }
    case 'up':
      return devChangeFlags(dev, dev.flags | IFF_UP);
    case 'down':
      return devChangeFlags(dev, dev.flags & ~IFF_UP);
    case 'mtu':
      return devSetMtu(dev, Number(op.value));
    case 'arp':
      return devChangeFlags(dev, op.value === 'off' ? dev.flags | IFF_NOARP : dev.flags & ~IFF_NOARP);
    default:
      return setting(h, dev, op);
  }
}

/** Which of its routes a device loses first is routing's affair. */
function sorted(lines: readonly string[], op: string): string[] {
  // There the worker that reports the link and the one that detects duplicates race.
  if (op === 'up') return [...lines].sort();
  const out: string[] = [];
  let gone: string[] = [];
  for (const line of [...lines, '']) {
    if (line.startsWith('- ')) gone.push(line);
    else {
      out.push(...gone.sort(), line);
      gone = [];
    }
  }
  return out.slice(0, -1);
}

function events(lines: readonly string[]): string[] {
  return lines
    .filter((line) => /^([+-]|addr|deladdr) /.test(line))
    .map((line) =>
      line
        .replace(' va table 255 metric', ' local')
        .replace(' va table 254 metric', ' main')
        .replace(/(expires|dynamic) .*$/, '$1')
        .replace(/^(-.*) expires$/, '$1'),
    );
}

it.each(runs.map((run, i) => [i, run] as const))('does what the kernel does, run %i', (_i, run) => {
  const { h } = t;
  const dev = h.eth('va');
  const { cnf } = h.idev(dev);
  for (const each of [cnf, h.state.devconfAll, h.state.devconfDflt]) Object.assign(each, { acceptDad: 0, acceptRa: 0, rtrSolicitDelay: 0 });
  for (const [i, [op, error, told, addrs, groups]] of run.entries()) {
    const result = apply(h, dev, op);
    h.run(0.01);
    const got = [i, op, result !== 0, sorted(events(h.lines()), op.op), events(h.addrs(dev).map((line) => `addr ${line}`)).map((line) => line.slice(5))];
    expect(got).toEqual([i, op, error !== '', sorted(told, op.op), addrs.map((line) => line.replace(/ peer \S+(?=\/)/, '').replace(' dynamic', ''))]);
    if (error.startsWith('Error: ')) expect(`Error: ${result}.`).toBe(error);
    const own = [...h.groups].filter(([key]) => key.startsWith('va ')).map(([key, users]) => [key.slice(3), users]);
    expect([i, op, Object.fromEntries(own)]).toEqual([i, op, groups]);
  }
});

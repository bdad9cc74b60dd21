/**
 * ping, tracepath, traceroute, ndisc6 and rdisc6 over IPv6: the same command lines by Debian 12's programs in namespaces of the kernel underneath and by
 * ours on our stack: both must print the same and return the same. Where there is no root, what the programs said elsewhere is the
 * judge (golden/tools6.json; written anew by a run as root with SKBUFF_RECORD=1).
 */
import { describe, it } from 'vitest';
import { courtOf, titled } from './tools-judge.ts';
import { canCompare } from './tools-lab.ts';
import { LAB6 } from './tools6-lab.ts';
import { NDISC6, NODEINFO, PING6, RDISC6, TRACEPATH6, TRACEROUTE6 } from './tools6-scripts.ts';

const possible = canCompare('ping', 'tracepath', 'traceroute', 'ndisc6', 'rdisc6', 'radvd', 'python3');
if (!possible) console.warn('oracle of ping, tracepath, traceroute, ndisc6, rdisc6 over IPv6 SKIPPED (records are compared instead): it needs root, iputils, traceroute, ndisc6, radvd and python3');

const judge = courtOf({
  possible,
  golden: new URL('golden/tools6.json', import.meta.url),
  plan: LAB6,
  // Descriptors.
  masks: [[/(sock[46]\.fd: )\d+/g, '$1F']],
});

describe('ping', () => {
  it.each(titled(PING6))('%s [TOOL-47]', judge(PING6));
});

describe('ping -N', () => {
  it.each(titled(NODEINFO))('%s [TOOL-47]', judge(NODEINFO));
});

describe('tracepath', () => {
  it.each(titled(TRACEPATH6))('%s [TOOL-52]', judge(TRACEPATH6));
});

describe('traceroute', () => {
  it.each(titled(TRACEROUTE6))('%s [TOOL-53]', judge(TRACEROUTE6));
});

describe('ndisc6', () => {
  it.each(titled(NDISC6))('%s', judge(NDISC6));
});

describe('rdisc6', () => {
  it.each(titled(RDISC6))('%s', judge(RDISC6));
});

/**
 * ping, arping, tracepath and traceroute: the same command lines by Debian 12's programs in namespaces of the kernel underneath and by
 * ours on our stack: both must print the same and return the same. Where there is no root, what the programs said elsewhere is the
 * judge (golden/tools.json; written anew by a run as root with SKBUFF_RECORD=1).
 */
import { describe, it } from 'vitest';
import { courtOf, titled } from './tools-judge.ts';
import { canCompare } from './tools-lab.ts';
import { ARPING, PING, TRACEPATH, TRACEROUTE } from './tools-scripts.ts';

const possible = canCompare('ping', 'arping', 'tracepath', 'traceroute');
if (!possible) console.warn('oracle of ping, arping, tracepath, traceroute SKIPPED (records are compared instead): it needs root, iputils and traceroute');

const judge = courtOf({
  possible,
  golden: new URL('golden/tools.json', import.meta.url),
  // Descriptors; there is no IPv6 here.
  masks: [[/sock4\.fd: \d+ (\(.*?\)), sock6\.fd: .*/g, 'sock4.fd: F $1']],
});

/** A route is recorded, or timestamps are. */
const hasOptions = (group: string): boolean => /^ping.*-(R|T ts)/m.test(group);

describe('ping', () => {
  const test = judge(PING);
  it.each(titled(PING, (group) => !hasOptions(group)))('%s [TOOL-47]', test);
  it.each(titled(PING, hasOptions))('%s [TOOL-47] [OPT-28]', test);
});

describe('arping', () => {
  it.each(titled(ARPING))('%s [TOOL-02]', judge(ARPING));
});

describe('tracepath', () => {
  it.each(titled(TRACEPATH))('%s [TOOL-52]', judge(TRACEPATH));
});

describe('traceroute', () => {
  it.each(titled(TRACEROUTE))('%s [TOOL-53] [ICMP-39]', judge(TRACEROUTE));
});

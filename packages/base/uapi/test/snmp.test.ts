import { describe, expect, it } from 'vitest';
import * as uapi from '../src/index.ts';

describe.each(['IPSTATS', 'ICMP', 'UDP'])('the counters %s_MIB_*', (group) => {
  const numbers = Object.entries(uapi).filter(([name]) => name.startsWith(`${group}_MIB_`) && !name.endsWith('_MAX')) as [string, number][];

  it('have each a number of its own, from 0, and end at the one that says how many there are', () => {
    const max = (uapi as unknown as Record<string, number>)[`${group}_MIB_MAX`] as number;
    expect(numbers.map(([, number]) => number).sort((a, b) => a - b)).toEqual(Array.from({ length: max }, (_, i) => i));
  });
});

it('counters have the numbers that a Linux 6.18 shows in IFLA_INET6_STATS', () => {
  expect([uapi.IPSTATS_MIB_MAX, uapi.IPSTATS_MIB_INPKTS, uapi.IPSTATS_MIB_NOECTPKTS, uapi.IPSTATS_MIB_OUTREQUESTS]).toEqual([38, 1, 4, 8]);
  expect([uapi.IPSTATS_MIB_INHDRERRORS, uapi.IPSTATS_MIB_REASMREQDS, uapi.IPSTATS_MIB_INMCASTPKTS, uapi.IPSTATS_MIB_REASM_OVERLAPS]).toEqual([12, 22, 28, 37]);
});

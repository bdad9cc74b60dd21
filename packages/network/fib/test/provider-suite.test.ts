/** What the suite for routing providers says of kernels that have none, or not a full one. */
import { IPV4, ipv4, type RoutingProvider } from '@skbuff/ipv4';
import type { Plugin } from '@skbuff/core';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { expect, it } from 'vitest';
import { describeRoutingProvider, type ProviderLimits } from '../src/testing.ts';

interface Outcome {
  readonly suite: string;
  /** Title of each test, and why it failed; '' if it passed. */
  readonly tests: ReadonlyMap<string, string>;
}

function outcome(plugins: readonly Plugin[], without?: ProviderLimits): Outcome {
  const tests = new Map<string, string>();
  let suite = '';
  const describe = (name: string, body: () => void): void => {
    suite = name;
    body();
  };
  const run = (title: string, body: () => void): void => {
    tests.set(title, '');
    try {
      body();
    } catch (error) {
      tests.set(title, (error as Error).message);
    }
  };
  describeRoutingProvider('mine', () => plugins, { describe, it: run, expect }, without);
  return { suite, tests };
}

const base = [netlink(), sysctl(), procfs(), neighbour(), ipv4(), loopback()];

it('says that no plugin sets ipv4.routing', () => {
  const { tests } = outcome(base);
  expect(tests.get('tells types of addresses')).toBe('ipv4.routing is null: none of the plugins is a routing provider');
});

it('says that a provider must take routes by rtnetlink, and leaves out what it has not, with the reason', () => {
  const deaf: Plugin = {
    name: 'deaf',
    requires: ['@skbuff/ipv4'],
    init(ctx) {
      const ip = ctx.get(IPV4);
      ip.routing = {} as RoutingProvider;
      ctx.onUnload(() => void (ip.routing = null));
    },
  };
  const title = 'sends by the longest prefix';
  expect(outcome([...base, deaf]).tests.get(title)).toBe(
    "RTM_NEWROUTE 0.0.0.0/0 via 10.0.0.9: EOPNOTSUPP. A full routing provider takes routes by rtnetlink; one that does not says so: without { netlink: 'why' }",
  );
  const { suite, tests } = outcome([...base, deaf], { netlink: 'its routes are settings' });
  expect([suite, tests.has(title), tests.has('forgets what an address brought when it is removed')]).toEqual(['mine as a routing provider; no netlink: its routes are settings', false, true]);
});

/** Two hosts with ping sockets of both families. */
import type { Plugin } from '@skbuff/core';
import { icmp } from '@skbuff/icmp';
import { icmpv6 } from '@skbuff/icmpv6';
import { ping } from '@skbuff/ping';
import { TwoHosts, hosts6 } from '@skbuff/testbed';
import { afterEach, beforeEach, expect } from 'vitest';
import { pingv6 } from '../src/index.ts';

/** A fresh bed for each test, with the leak check at its end: everybody may ping. Host a and b have 2001:db8::1 and 2001:db8::2. */
export function useLab(more: () => readonly Plugin[] = () => []): { readonly lab: TwoHosts } {
  const holder: { lab: TwoHosts } = { lab: null as unknown as TwoHosts };
  beforeEach(() => {
    holder.lab = new TwoHosts([icmp(), icmpv6(), ping(), pingv6(), ...more()], hosts6);
    for (const net of [holder.lab.a, holder.lab.b]) expect(holder.lab.sysctl(net, 'net/ipv4/ping_group_range', '0 2147483647')).toBe(0);
  });
  afterEach(() => {
    expect(holder.lab.close()).toEqual({});
  });
  return holder;
}

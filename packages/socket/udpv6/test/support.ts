/** Two hosts with UDP over both families. */
import type { Plugin } from '@skbuff/core';
import { TwoHosts, hosts6 } from '@skbuff/testbed';
import { udp } from '@skbuff/udp';
import { afterEach, beforeEach, expect } from 'vitest';
import { udpv6 } from '../src/index.ts';

/** A fresh bed for each test, with the leak check at its end. The hosts have addresses of IPv6. */
export function useLab(more: () => readonly Plugin[] = () => []): { readonly lab: TwoHosts } {
  const holder: { lab: TwoHosts } = { lab: null as unknown as TwoHosts };
  beforeEach(() => {
    holder.lab = new TwoHosts([udp(), udpv6(), ...more()], hosts6);
  });
  afterEach(() => {
    expect(holder.lab.close()).toEqual({});
  });
  return holder;
}

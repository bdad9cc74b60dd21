/** Two hosts with UDP. */
import type { Plugin } from '@skbuff/core';
import { TwoHosts } from '@skbuff/testbed';
import { afterEach, beforeEach, expect } from 'vitest';
import { udp } from '../src/index.ts';

/** A fresh bed for each test, with the leak check at its end. */
export function useLab(more: () => readonly Plugin[] = () => []): { readonly lab: TwoHosts } {
  const holder: { lab: TwoHosts } = { lab: null as unknown as TwoHosts };
  beforeEach(() => {
    holder.lab = new TwoHosts([udp(), ...more()]);
  });
  afterEach(() => {
    expect(holder.lab.close()).toEqual({});
  });
  return holder;
}

import { createKernel, insmod, lsmod, rmmod } from '@skbuff/core';
import { linux } from 'skbuff';
import { describe, expect, it } from 'vitest';
import { demo } from '../src/main.ts';
import { shout } from '../src/shout.ts';

describe('a plugin of one\'s own', () => {
  it('answers through a router that runs the hook, and leaves nothing behind', async () => {
    expect(await demo()).toEqual({ heard: ['HELLO THERE'], seen: { h1: 1, r1: 2, h2: 1 }, leaks: {} });
  });

  it('is unloaded while hosts exist, and its number is free again', () => {
    const kernel = createKernel({ plugins: [...linux(), shout()] });
    expect(rmmod(kernel, '@skbuff/sample-shout')).toBe(0);
    insmod(kernel, shout());
    expect(lsmod(kernel).at(-1)?.name).toBe('@skbuff/sample-shout');
    expect(kernel.shutdown()).toEqual({});
  });

  it('says what is missing without IPv4', () => {
    expect(() => createKernel({ plugins: [shout()] })).toThrow('requires @skbuff/ipv4');
  });
});

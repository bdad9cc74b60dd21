/** Two hosts with raw sockets of AF_INET6. */
import type { Plugin } from '@skbuff/core';
import type { Task } from '@skbuff/sock';
import { TwoHosts, hosts6 } from '@skbuff/testbed';
import { AF_INET6, SOCK_RAW, SOL_IPV6 } from '@skbuff/uapi';
import { afterEach, beforeEach, expect } from 'vitest';
import { rawv6 } from '../src/index.ts';

/** A fresh bed for each test, with the leak check at its end. Host a and b have 2001:db8::1 and 2001:db8::2 (and 10.0.0.1 and 10.0.0.2). */
export function useLab(more: () => readonly Plugin[] = () => []): { readonly lab: TwoHosts } {
  const holder: { lab: TwoHosts } = { lab: null as unknown as TwoHosts };
  beforeEach(() => {
    holder.lab = new TwoHosts([rawv6(), ...more()], hosts6);
  });
  afterEach(() => {
    expect(holder.lab.close()).toEqual({});
  });
  return holder;
}

export const hex = (data: Uint8Array): string => Array.from(data, (b) => b.toString(16).padStart(2, '0')).join('');
export const unhex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (b) => Number.parseInt(b, 16));

export const open = (task: Task, protocol: number): number => task.socket(AF_INET6, SOCK_RAW, protocol);
export const set6 = (task: Task, fd: number, name: number, value: number | Uint8Array = 1): number => task.setsockopt(fd, SOL_IPV6, name, value);
export const get6 = (task: Task, fd: number, name: number): number => task.getsockoptInt(fd, SOL_IPV6, name);

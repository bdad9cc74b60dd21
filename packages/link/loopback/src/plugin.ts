/** Registers the loopback device with a kernel: one for each namespace. */
import type { Plugin } from '@skbuff/core';
import { loopbackNetExit, loopbackNetInit } from './loopback.ts';

export function loopback(): Plugin {
  return {
    name: '@skbuff/loopback',
    init: (ctx) => ctx.pernetDevice({ name: 'loopback', init: loopbackNetInit, exit: loopbackNetExit }),
  };
}

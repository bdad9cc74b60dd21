/** Registers the loopback device with a kernel: one for each namespace. */
import { pernetDevice } from '@skbuff/core';
import type { Plugin } from '@skbuff/core';
import { loopbackNetExit, loopbackNetInit } from './loopback.ts';

export function loopback(): Plugin {
  return {
    name: '@skbuff/loopback',
    init: (ctx) => pernetDevice(ctx, { name: 'loopback', init: loopbackNetInit, exit: loopbackNetExit }),
  };
}

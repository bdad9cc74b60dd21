/** Registers the link kind `dummy` with a kernel. */
import { rtnlLinkRegister } from '@skbuff/core';
import type { Plugin } from '@skbuff/core';
import { dummyLinkOps } from './dummy.ts';

export function dummy(): Plugin {
  return { name: '@skbuff/dummy', init: (ctx) => rtnlLinkRegister(ctx, dummyLinkOps) };
}

/** Registers the link kind `veth` with a kernel. */
import { rtnlLinkRegister } from '@skbuff/core';
import type { Plugin } from '@skbuff/core';
import { vethLinkOps } from './veth-link.ts';

export function veth(): Plugin {
  return { name: '@skbuff/veth', init: (ctx) => rtnlLinkRegister(ctx, vethLinkOps) };
}

/** Hooks are code: the replica calls the same functions. Those that plugins register by themselves are there already. */
import { nfRegisterNetHook, nfHooksOf } from '@skbuff/core';
import type { NfHookOps } from '@skbuff/core';
import { NF_ARP_NUMHOOKS, NF_INET_NUMHOOKS, NFPROTO_ARP, NFPROTO_IPV4 } from '@skbuff/uapi';
import type { Copying } from './replicate.ts';

const FAMILIES: readonly (readonly [pf: number, points: number])[] = [
  [NFPROTO_IPV4, NF_INET_NUMHOOKS],
  [NFPROTO_ARP, NF_ARP_NUMHOOKS],
];

export function copyHooks({ nets }: Copying): void {
  for (const [from, to] of nets) {
    for (const [pf, points] of FAMILIES) {
      for (let hooknum = 0; hooknum < points; hooknum++) {
        const there = nfHooksOf(to, pf, hooknum);
        for (const ops of nfHooksOf(from, pf, hooknum)) if (!there.some((other) => same(other, ops))) nfRegisterNetHook(to, { ...ops, pf });
      }
    }
  }
}

function same(a: NfHookOps, b: NfHookOps): boolean {
  return a.priority === b.priority && (a.hook === b.hook || String(a.hook) === String(b.hook)) && a.priv === b.priv;
}

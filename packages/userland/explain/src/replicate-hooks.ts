/** Hooks are code: the replica calls the same functions. Those that plugins register by themselves are there already. */
import { nfRegisterNetHook, nfHooksOf } from '@skbuff/core';
import type { NfHookOps } from '@skbuff/core';
import { FAMILIES } from './families.ts';
import type { Copying } from './replicate.ts';

export function copyHooks({ nets }: Copying): void {
  for (const [from, to] of nets) {
    for (const [pf, points] of FAMILIES.flatMap(({ hooks }) => hooks)) {
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

/** Observers at the hook points: before all hooks, behind each, behind all. */
import { nfRegisterNetHook, nfUnregisterNetHook, nfHooksOf } from '@skbuff/core';
import type { Net, NetDevice, NfHookOps, NfHookState, SkBuff } from '@skbuff/core';
import {
  NF_ACCEPT,
  NF_INET_FORWARD,
  NF_INET_LOCAL_IN,
  NF_INET_LOCAL_OUT,
  NF_INET_POST_ROUTING,
  NF_INET_PRE_ROUTING,
  NFPROTO_IPV4,
} from '@skbuff/uapi';
import { atLocalIn } from './deliver-door.ts';
import { ipHeaderOf } from './headers.ts';
import { atPostRouting } from './neighbour-door.ts';
import type { Trace } from './trace.ts';

const POINTS: readonly (readonly [hooknum: number, name: string, fn: string])[] = [
  [NF_INET_PRE_ROUTING, 'PRE_ROUTING', 'ipRcv'],
  [NF_INET_LOCAL_IN, 'LOCAL_IN', 'ipLocalDeliver'],
  [NF_INET_FORWARD, 'FORWARD', 'ipForward'],
  [NF_INET_LOCAL_OUT, 'LOCAL_OUT', 'ipLocalOut'],
  [NF_INET_POST_ROUTING, 'POST_ROUTING', 'ipOutput'],
];
const FIRST = -0x80000000;
const LAST = 0x7fffffff;

/** Watches the hook points of a namespace. Returns the undo. */
export function watchHooks(trace: Trace, net: Net): () => void {
  const undos = POINTS.map((point) => watchPoint(trace, net, point));
  return () => {
    for (const undo of undos) undo();
  };
}

function watchPoint(trace: Trace, net: Net, [hooknum, point, fn]: (typeof POINTS)[number]): () => void {
  const known = nfHooksOf(net, NFPROTO_IPV4, hooknum);
  const names = known.map((ops) => hookName(ops));
  const passed = (priority: number): readonly string[] => names.filter((_, i) => (known[i] as NfHookOps).priority > priority);
  const watch = (priority: number, see: (skb: SkBuff, state: NfHookState) => void): NfHookOps => ({
    pf: NFPROTO_IPV4,
    hooknum,
    priority,
    hook: (_priv, skb, state) => (see(skb, state), NF_ACCEPT),
  });
  const watchers = [
    watch(FIRST, (skb, state) => enter(trace, net, point, fn, names, skb, state)),
    ...[...new Set(known.map(({ priority }) => priority))].map((priority) =>
      watch(priority, () => {
        const open = trace.hooks.at(-1);
        if (open?.net === net && open.point === point) open.waiting = passed(priority);
      }),
    ),
    watch(LAST, (skb, state) => leave(trace, net, point, names, skb, state)),
  ];
  for (const ops of watchers) nfRegisterNetHook(net, ops);
  return () => {
    for (const ops of watchers) nfUnregisterNetHook(net, ops);
  };
}

/** `dropDns at priority 0` */
function hookName(ops: NfHookOps): string {
  return `${ops.hook.name === '' || ops.hook.name === 'hook' ? 'a hook' : ops.hook.name} at priority ${ops.priority}`;
}

function enter(trace: Trace, net: Net, point: string, fn: string, names: readonly string[], skb: SkBuff, state: NfHookState): void {
  if (point === 'LOCAL_OUT') trace.localOuts++;
  const subject = trace.subjectOf(skb);
  if (subject === null) return;
  const ip = ipHeaderOf(skb);
  if (point === 'FORWARD' && ip !== null) trace.add(net, state.out, 'forward', subject, 'ipForward', `ttl ${ip.ttl + 1} → ${ip.ttl}`);
  const step = trace.add(net, state.in ?? state.out, 'hook', subject, fn, point);
  trace.hooks.push({ net, step, point, waiting: names });
}

function leave(trace: Trace, net: Net, point: string, names: readonly string[], skb: SkBuff, state: NfHookState): void {
  const subject = trace.subjectOf(skb);
  const open = trace.hooks.pop();
  if (open === undefined || subject === null) return;
  open.step.text = names.length === 0 ? `${point}: no hook` : `${point}: accepted by ${names.join(', ')}`;
  if (point === 'LOCAL_IN') atLocalIn(trace, net, subject, skb);
  if (point === 'POST_ROUTING') atPostRouting(trace, net, subject, skb, state.out as NetDevice);
}

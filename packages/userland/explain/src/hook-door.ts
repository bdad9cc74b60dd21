/** Observers at the hook points: before all hooks, behind each, behind all. */
import { nfRegisterNetHook, nfUnregisterNetHook, nfHooksOf } from '@skbuff/core';
import type { Net, NetDevice, NfHookOps, NfHookState, SkBuff } from '@skbuff/core';
import { NF_ACCEPT } from '@skbuff/uapi';
import { FAMILIES } from './families.ts';
import type { Family, HookPoint } from './family.ts';
import type { Subject } from './model.ts';
import { atPostRouting } from './neighbour-door.ts';
import type { Trace } from './trace.ts';

const FIRST = -0x80000000;
const LAST = 0x7fffffff;

/** Watches the hook points of a namespace. Returns the undo. */
export function watchHooks(trace: Trace, net: Net): () => void {
  const undos = FAMILIES.flatMap((family) => family.points.map((point) => watchPoint(trace, net, family, point)));
  return () => {
    for (const undo of undos) undo();
  };
}

function watchPoint(trace: Trace, net: Net, { pf }: Family, [hooknum, point, fn]: HookPoint): () => void {
  const known = nfHooksOf(net, pf, hooknum);
  const names = known.map((ops) => hookName(ops));
  const passed = (priority: number): readonly string[] => names.filter((_, i) => (known[i] as NfHookOps).priority > priority);
  const watch = (priority: number, see: (skb: SkBuff, state: NfHookState) => void): NfHookOps => ({
    pf,
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
  // Questions about neighbours are told in one line.
  if (subject === null || subject === 'neighbour') return;
  const ip = trace.headerOf(skb);
  if (point === 'FORWARD' && ip !== null) trace.add(net, state.out, 'forward', subject, ip.family.functions.forward, `${ip.family.hopLimit.short} ${ip.ttl + 1} → ${ip.ttl}`);
  const step = trace.add(net, state.in ?? state.out, 'hook', subject, fn, point);
  trace.hooks.push({ net, step, point, waiting: names });
}

function leave(trace: Trace, net: Net, point: string, names: readonly string[], skb: SkBuff, state: NfHookState): void {
  const subject = trace.subjectOf(skb);
  if (subject === null || subject === 'neighbour') return;
  const open = trace.hooks.pop();
  if (open === undefined) return;
  open.step.text = names.length === 0 ? `${point}: no hook` : `${point}: accepted by ${names.join(', ')}`;
  if (point === 'LOCAL_IN') atLocalIn(trace, net, subject, skb);
  if (point === 'POST_ROUTING') atPostRouting(trace, net, subject, skb, state.out as NetDevice);
}

function atLocalIn(trace: Trace, net: Net, subject: Subject, skb: SkBuff): void {
  const ip = trace.headerOf(skb);
  if (ip === null) return;
  const dev = skb.dev as NetDevice;
  const found = ip.family.taker(net, ip, dev);
  if (found !== null) trace.add(net, dev, 'deliver', subject, found[0], found[1]);
}

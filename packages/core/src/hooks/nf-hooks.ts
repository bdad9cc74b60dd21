/**
 * Netfilter's hook points (`net/netfilter/core.c`): places on a packet's way where others may look at it, change it, drop it or
 * take it. The core offers the points; what hangs on them are plugins.
 *
 * A point costs one test of a bit while nothing is registered: callers write
 *
 *     if ((net.nf.mask & NF_BIT_IPV4_PRE_ROUTING) !== 0 && net.nf.run(…) !== NF_HOOK_OK) return 0;
 *     return ipRcvFinish(net, skb);
 */
import {
  EINVAL,
  EPERM,
  NFPROTO_ARP,
  NFPROTO_BRIDGE,
  NFPROTO_INET,
  NFPROTO_IPV4,
  NFPROTO_IPV6,
  NFPROTO_NETDEV,
  NF_ACCEPT,
  NF_ARP_NUMHOOKS,
  NF_BR_NUMHOOKS,
  NF_DROP,
  NF_INET_NUMHOOKS,
  NF_NETDEV_INGRESS,
  NF_QUEUE,
  NF_REPEAT,
  NF_STOLEN,
  NF_STOP,
  NF_VERDICT_FLAG_QUEUE_BYPASS,
  NF_VERDICT_MASK,
  NF_VERDICT_QBITS,
} from '@skbuff/uapi';
import { type NetDevice, RX_DOOR_INGRESS } from '../netdevice/netdevice.ts';
import type { Net } from '../pernet/net.ts';
import { SKB_DROP_REASON_NETFILTER_DROP } from '../skbuff/drop-reason.ts';
import type { SkBuff, SkbSock } from '../skbuff/skbuff.ts';

export const NF_BIT_IPV4_PRE_ROUTING: number = 1 << 0;
export const NF_BIT_IPV4_LOCAL_IN: number = 1 << 1;
export const NF_BIT_IPV4_FORWARD: number = 1 << 2;
export const NF_BIT_IPV4_LOCAL_OUT: number = 1 << 3;
export const NF_BIT_IPV4_POST_ROUTING: number = 1 << 4;
export const NF_BIT_IPV6_PRE_ROUTING: number = 1 << 8;
export const NF_BIT_IPV6_LOCAL_IN: number = 1 << 9;
export const NF_BIT_IPV6_FORWARD: number = 1 << 10;
export const NF_BIT_IPV6_LOCAL_OUT: number = 1 << 11;
export const NF_BIT_IPV6_POST_ROUTING: number = 1 << 12;
export const NF_BIT_ARP_IN: number = 1 << 16;
export const NF_BIT_ARP_OUT: number = 1 << 17;
export const NF_BIT_ARP_FORWARD: number = 1 << 18;
export const NF_BIT_BRIDGE_PRE_ROUTING: number = 1 << 20;

/** The hooks let the packet pass: the caller goes on with it. Any other result: it is somebody else's now. */
export const NF_HOOK_OK = 1;

/** Where a packet is when a hook sees it. Valid during the call only; a hook that keeps the packet copies what it needs. */
export interface NfHookState {
  hook: number;
  pf: number;
  in: NetDevice | null;
  out: NetDevice | null;
  sk: SkbSock | null;
  net: Net;
  /** How the packet goes on when all hooks accepted. */
  okfn: NfOkFn;
}

export type NfOkFn = (net: Net, sk: SkbSock | null, skb: SkBuff) => number;

/** Returns a verdict NF_*. After STOLEN and DROP the caller does not touch the sk_buff; with STOLEN the hook owns it. */
export type NfHookFn = (priv: unknown, skb: SkBuff, state: NfHookState) => number;

/** `struct nf_hook_ops`. */
export interface NfHookOps {
  readonly hook: NfHookFn;
  readonly priv?: unknown;
  /** NFPROTO_*; NFPROTO_INET registers for IPv4 and IPv6. */
  readonly pf: number;
  readonly hooknum: number;
  /** Lower runs first: NF_IP_PRI_*. */
  readonly priority: number;
  /** NFPROTO_NETDEV: the device whose frames the hook sees. */
  readonly dev?: NetDevice;
}

/** A packet that waits for a verdict from outside. */
export interface NfQueueEntry {
  readonly skb: SkBuff;
  readonly state: NfHookState;
  readonly queuenum: number;
  /** Where the walk goes on. */
  readonly index: number;
}

/** Takes over a packet with verdict NF_QUEUE: 0, or a negative errno (-ESRCH: nobody listens) with the packet left to the core. */
export type NfQueueHandler = (entry: NfQueueEntry) => number;

const HOOKS_PER_FAMILY = 8;

/** First mask bit of each family that has hook points, and how many points it has (`NF_INET_NUMHOOKS` …). */
const FAMILY_SHIFT: Readonly<Record<number, number>> = {
  [NFPROTO_IPV4]: 0,
  [NFPROTO_IPV6]: 8,
  [NFPROTO_ARP]: 16,
  [NFPROTO_BRIDGE]: 20,
};
const FAMILY_HOOKS: Readonly<Record<number, number>> = {
  [NFPROTO_IPV4]: NF_INET_NUMHOOKS,
  [NFPROTO_IPV6]: NF_INET_NUMHOOKS,
  [NFPROTO_ARP]: NF_ARP_NUMHOOKS,
  [NFPROTO_BRIDGE]: NF_BR_NUMHOOKS,
};

/** Lets the hooks of a point see the packet: see {@link nfHookSlow}. */
export type NfHookRun = (
  this: NfHooks,
  pf: number,
  hook: number,
  sk: SkbSock | null,
  skb: SkBuff,
  indev: NetDevice | null,
  outdev: NetDevice | null,
  okfn: NfOkFn,
) => number;

/** The hook points of one namespace. A kernel in which nobody registers a hook has them, and nothing of what walks along hooks. */
export class NfHooks {
  /** The static key: a bit per hook point that has hooks. */
  mask = 0;
  /** `nf_hook`. Asked only while the point's bit is set in `mask`; {@link nfRegisterNetHook} puts the real one here. */
  run: NfHookRun = noHooks;
  queueHandler: NfQueueHandler | null = null;
  /**
   * `nf_hook_drop` of the queue handler: a hook was taken away, so what waits would go on in the wrong place. It frees all it has of this
   * namespace.
   */
  queueHookDrop: (() => void) | null = null;
  readonly net: Net;
  /** By {@link chainIndex}. @internal */
  readonly chains: (readonly NfHookOps[])[] = [];
  /** One state per nesting depth (a hook may send a packet itself), so that a call allocates nothing. @internal */
  readonly states: NfHookState[] = [];
  /** @internal */
  depth = 0;

  constructor(net: Net) {
    this.net = net;
  }
}

function noHooks(): number {
  return NF_HOOK_OK;
}

/** `nf_register_net_hook`. Equal priorities run in the order of registration. -EINVAL for a family without such a point. */
export function nfRegisterNetHook(net: Net, ops: NfHookOps): number {
  const { nf } = net;
  if (ops.pf !== NFPROTO_NETDEV && families(ops.pf).some((pf) => !(ops.hooknum >= 0 && ops.hooknum < (FAMILY_HOOKS[pf] ?? 0)))) return -EINVAL;
  if (ops.pf === NFPROTO_NETDEV) return registerIngress(ops);
  nf.run = nfHookSlow;
  for (const pf of families(ops.pf)) replace(nf, pf, ops.hooknum, inserted(nfHooksOf(net, pf, ops.hooknum), ops));
  return 0;
}

/** `nf_unregister_net_hook`: packets that wait in a queue are dropped. */
export function nfUnregisterNetHook(net: Net, ops: NfHookOps): void {
  if (ops.pf === NFPROTO_NETDEV) unregisterIngress(ops);
  for (const pf of families(ops.pf)) {
    const old = nfHooksOf(net, pf, ops.hooknum);
    if (old.includes(ops)) replace(net.nf, pf, ops.hooknum, old.filter((other) => other !== ops));
  }
  net.nf.queueHookDrop?.();
}

/** The hooks of a point, in the order in which they run. */
export function nfHooksOf(net: Net, pf: number, hooknum: number): readonly NfHookOps[] {
  return net.nf.chains[chainIndex(pf, hooknum)] ?? [];
}

/**
 * `nf_hook_slow`: {@link NF_HOOK_OK}: the caller goes on. 0: the packet is gone (dropped quietly, stolen or queued). Negative: it was
 * dropped with that errno.
 */
function nfHookSlow(
  this: NfHooks,
  pf: number,
  hook: number,
  sk: SkbSock | null,
  skb: SkBuff,
  indev: NetDevice | null,
  outdev: NetDevice | null,
  okfn: NfOkFn,
): number {
  const chain = this.chains[chainIndex(pf, hook)] as readonly NfHookOps[];
  const state = enter(this, pf, hook, sk, indev, outdev, okfn);
  const result = iterate(this, skb, state, chain, 0);
  this.depth--;
  return result;
}

/** `nf_ingress`: the hooks of a device see a frame that has come in, `data` behind its header. False: it is gone. */
function nfHookIngress(skb: SkBuff, dev: NetDevice): boolean {
  const { nf } = dev.net;
  const state = enter(nf, NFPROTO_NETDEV, NF_NETDEV_INGRESS, null, dev, null, noWayBack);
  const result = iterate(nf, skb, state, dev.nfHooksIngress, 0);
  nf.depth--;
  return result === NF_HOOK_OK;
}

/** `nf_reinject`: a verdict for a packet that was queued; on accept it goes on to `okfn`. */
export function nfReinject(entry: NfQueueEntry, verdict: number): void {
  const { skb, state } = entry;
  const { net } = state;
  const chain = nfHooksOf(net, state.pf, state.hook);
  let result: number;
  switch (verdict & NF_VERDICT_MASK) {
    case NF_ACCEPT:
    case NF_STOP:
      result = iterate(net.nf, skb, state, chain, entry.index + 1);
      break;
    case NF_REPEAT:
      result = iterate(net.nf, skb, state, chain, entry.index);
      break;
    case NF_QUEUE:
      result = nfQueue(net.nf, skb, state, verdict, entry.index) ? 0 : iterate(net.nf, skb, state, chain, entry.index + 1);
      break;
    case NF_STOLEN:
      return;
    default:
      skb.kfree(SKB_DROP_REASON_NETFILTER_DROP);
      return;
  }
  if (result === NF_HOOK_OK) state.okfn(net, state.sk, skb);
}

function iterate(nf: NfHooks, skb: SkBuff, state: NfHookState, chain: readonly NfHookOps[], from: number): number {
  for (let i = from; i < chain.length; i++) {
    const ops = chain[i] as NfHookOps;
    const verdict = ops.hook(ops.priv, skb, state);
    switch (verdict & NF_VERDICT_MASK) {
      case NF_ACCEPT:
        break;
      case NF_STOP:
        return NF_HOOK_OK;
      case NF_REPEAT:
        i--;
        break;
      case NF_QUEUE:
        if (nfQueue(nf, skb, state, verdict, i)) return 0;
        break;
      case NF_STOLEN:
        return 0;
      case NF_DROP:
        skb.kfree(SKB_DROP_REASON_NETFILTER_DROP);
        return verdict >>> NF_VERDICT_QBITS === 0 ? -EPERM : -(verdict >>> NF_VERDICT_QBITS);
      default:
        // Not a verdict: a bug of the hook. Linux warns and drops.
        skb.kfree(SKB_DROP_REASON_NETFILTER_DROP);
        return -EPERM;
    }
  }
  return NF_HOOK_OK;
}

/** True if the packet is gone, false if the walk goes on because the queue may be bypassed. */
function nfQueue(nf: NfHooks, skb: SkBuff, state: NfHookState, verdict: number, index: number): boolean {
  const handler = nf.queueHandler;
  const entry = { skb, state: { ...state }, queuenum: verdict >>> NF_VERDICT_QBITS, index };
  skb.dstForce();
  if (handler !== null && handler(entry) === 0) return true;
  if ((verdict & NF_VERDICT_FLAG_QUEUE_BYPASS) !== 0) return false;
  skb.kfree(SKB_DROP_REASON_NETFILTER_DROP);
  return true;
}

function enter(nf: NfHooks, pf: number, hook: number, sk: SkbSock | null, indev: NetDevice | null, outdev: NetDevice | null, okfn: NfOkFn): NfHookState {
  const state = nf.states[nf.depth++];
  if (state === undefined) {
    const fresh = { hook, pf, in: indev, out: outdev, sk, net: nf.net, okfn };
    nf.states.push(fresh);
    return fresh;
  }
  state.hook = hook;
  state.pf = pf;
  state.in = indev;
  state.out = outdev;
  state.sk = sk;
  state.okfn = okfn;
  return state;
}

function replace(nf: NfHooks, pf: number, hooknum: number, chain: readonly NfHookOps[]): void {
  const at = chainIndex(pf, hooknum);
  while (nf.chains.length <= at) nf.chains.push([]);
  nf.chains[at] = Object.freeze(chain);
  const bit = 1 << ((FAMILY_SHIFT[pf] as number) + hooknum);
  nf.mask = chain.length > 0 ? nf.mask | bit : nf.mask & ~bit;
}

/** A frame that was queued at a device's door cannot go on from there. */
function noWayBack(_net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  skb.kfree(SKB_DROP_REASON_NETFILTER_DROP);
  return 0;
}

function registerIngress(ops: NfHookOps): number {
  const { dev } = ops;
  if (dev === undefined || ops.hooknum !== NF_NETDEV_INGRESS) return -EINVAL;
  dev.nfHooksIngress = Object.freeze(inserted(dev.nfHooksIngress, ops));
  dev.nfIngress = nfHookIngress;
  dev.rxDoors |= RX_DOOR_INGRESS;
  return 0;
}

function unregisterIngress(ops: NfHookOps): void {
  const { dev } = ops;
  if (dev === undefined) return;
  dev.nfHooksIngress = Object.freeze(dev.nfHooksIngress.filter((other) => other !== ops));
  if (dev.nfHooksIngress.length > 0) return;
  dev.nfIngress = null;
  if (dev.tcIngress === null) dev.rxDoors &= ~RX_DOOR_INGRESS;
}

function inserted(chain: readonly NfHookOps[], ops: NfHookOps): NfHookOps[] {
  const before = chain.findIndex((other) => other.priority > ops.priority);
  return before < 0 ? [...chain, ops] : [...chain.slice(0, before), ops, ...chain.slice(before)];
}

function families(pf: number): readonly number[] {
  return pf === NFPROTO_INET ? [NFPROTO_IPV4, NFPROTO_IPV6] : [pf];
}

function chainIndex(pf: number, hooknum: number): number {
  return pf * HOOKS_PER_FAMILY + hooknum;
}

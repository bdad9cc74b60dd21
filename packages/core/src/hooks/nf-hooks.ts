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

/** The hooks of one namespace. */
export class NfHooks {
  /** The static key: a bit per hook point that has hooks. */
  mask = 0;
  queueHandler: NfQueueHandler | null = null;
  /**
   * `nf_hook_drop` of the queue handler: a hook was taken away, so what waits would go on in the wrong place. It frees all it has of this
   * namespace.
   */
  queueHookDrop: (() => void) | null = null;
  private readonly net: Net;
  private readonly chains: (readonly NfHookOps[])[] = [];
  /** One state per nesting depth (a hook may send a packet itself), so that a call allocates nothing. */
  private readonly states: NfHookState[] = [];
  private depth = 0;

  constructor(net: Net) {
    this.net = net;
  }

  /** `nf_register_net_hook`. Equal priorities run in the order of registration. -EINVAL for a family without such a point. */
  register(ops: NfHookOps): number {
    if (ops.pf === NFPROTO_NETDEV) return registerIngress(ops);
    if (families(ops.pf).some((pf) => !(ops.hooknum >= 0 && ops.hooknum < (FAMILY_HOOKS[pf] ?? 0)))) return -EINVAL;
    for (const pf of families(ops.pf)) {
      const at = chainIndex(pf, ops.hooknum);
      const old = this.chains[at] ?? [];
      this.replace(at, pf, ops.hooknum, inserted(old, ops));
    }
    return 0;
  }

  /** `nf_unregister_net_hook`: packets that wait in a queue are dropped. */
  unregister(ops: NfHookOps): void {
    if (ops.pf === NFPROTO_NETDEV) unregisterIngress(ops);
    for (const pf of families(ops.pf)) {
      const at = chainIndex(pf, ops.hooknum);
      const old = this.chains[at] ?? [];
      if (old.includes(ops)) this.replace(at, pf, ops.hooknum, old.filter((other) => other !== ops));
    }
    this.queueHookDrop?.();
  }

  /** The hooks of a point, in the order in which they run. */
  list(pf: number, hooknum: number): readonly NfHookOps[] {
    return this.chains[chainIndex(pf, hooknum)] ?? [];
  }

  /**
   * `nf_hook`: lets the hooks of a point see the packet. {@link NF_HOOK_OK}: the caller goes on. 0: the packet is gone (dropped
   * quietly, stolen or queued). Negative: it was dropped with that errno.
   */
  run(pf: number, hook: number, sk: SkbSock | null, skb: SkBuff, indev: NetDevice | null, outdev: NetDevice | null, okfn: NfOkFn): number {
    const chain = this.chains[chainIndex(pf, hook)] as readonly NfHookOps[];
    const state = this.enter(pf, hook, sk, indev, outdev, okfn);
    const result = this.iterate(skb, state, chain, 0);
    this.depth--;
    return result;
  }

  /** `nf_ingress`: the hooks of a device see a frame that has come in, `data` behind its header. False: it is gone. */
  runIngress(skb: SkBuff, dev: NetDevice): boolean {
    const state = this.enter(NFPROTO_NETDEV, NF_NETDEV_INGRESS, null, dev, null, noWayBack);
    const result = this.iterate(skb, state, dev.nfHooksIngress, 0);
    this.depth--;
    return result === NF_HOOK_OK;
  }

  /** `nf_reinject`: a verdict for a packet that was queued; on accept it goes on to `okfn`. */
  reinject(entry: NfQueueEntry, verdict: number): void {
    const { skb, state } = entry;
    const chain = this.list(state.pf, state.hook);
    let result: number;
    switch (verdict & NF_VERDICT_MASK) {
      case NF_ACCEPT:
      case NF_STOP:
        result = this.iterate(skb, state, chain, entry.index + 1);
        break;
      case NF_REPEAT:
        result = this.iterate(skb, state, chain, entry.index);
        break;
      case NF_QUEUE:
        result = this.queue(skb, state, verdict, entry.index) ? 0 : this.iterate(skb, state, chain, entry.index + 1);
        break;
      case NF_STOLEN:
        return;
      default:
        skb.kfree(SKB_DROP_REASON_NETFILTER_DROP);
        return;
    }
    if (result === NF_HOOK_OK) state.okfn(this.net, state.sk, skb);
  }

  private iterate(skb: SkBuff, state: NfHookState, chain: readonly NfHookOps[], from: number): number {
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
          if (this.queue(skb, state, verdict, i)) return 0;
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
  private queue(skb: SkBuff, state: NfHookState, verdict: number, index: number): boolean {
    const handler = this.queueHandler;
    const entry = { skb, state: { ...state }, queuenum: verdict >>> NF_VERDICT_QBITS, index };
    skb.dstForce();
    if (handler !== null && handler(entry) === 0) return true;
    if ((verdict & NF_VERDICT_FLAG_QUEUE_BYPASS) !== 0) return false;
    skb.kfree(SKB_DROP_REASON_NETFILTER_DROP);
    return true;
  }

  private enter(pf: number, hook: number, sk: SkbSock | null, indev: NetDevice | null, outdev: NetDevice | null, okfn: NfOkFn): NfHookState {
    const state = this.states[this.depth++];
    if (state === undefined) {
      const fresh = { hook, pf, in: indev, out: outdev, sk, net: this.net, okfn };
      this.states.push(fresh);
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

  private replace(at: number, pf: number, hooknum: number, chain: readonly NfHookOps[]): void {
    while (this.chains.length <= at) this.chains.push([]);
    this.chains[at] = Object.freeze(chain);
    const bit = 1 << ((FAMILY_SHIFT[pf] as number) + hooknum);
    this.mask = chain.length > 0 ? this.mask | bit : this.mask & ~bit;
  }
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
  dev.rxDoors |= RX_DOOR_INGRESS;
  return 0;
}

function unregisterIngress(ops: NfHookOps): void {
  const { dev } = ops;
  if (dev === undefined) return;
  dev.nfHooksIngress = Object.freeze(dev.nfHooksIngress.filter((other) => other !== ops));
  if (dev.nfHooksIngress.length === 0 && dev.tcIngress === null) dev.rxDoors &= ~RX_DOOR_INGRESS;
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

/** What the other kinds call a namespace, of a `Net`: its owner, and who paid for it. */
import { type Net, NetSlot, copyNetNs as copyNet } from '@skbuff/core';
import { CAP_NET_ADMIN, CLONE_NEWNET, ENOSPC, EPERM } from '@skbuff/uapi';
import type { Cred } from './cred.ts';
import { Namespace, type ProcNsOperations } from './ns-common.ts';
import type { Ucounts } from './ucount.ts';
import type { UserNamespace } from './user-namespace.ts';
import { mayInstall } from './utsname.ts';

/** `netns_operations`. */
export const netnsOperations: ProcNsOperations = {
  name: 'net',
  type: CLONE_NEWNET,
  install(set, ns) {
    if (!mayInstall(set.cred, ns.userNs as UserNamespace)) return -EPERM;
    set.nsproxy.netNs.put();
    set.nsproxy.netNs = (ns as NetNs).get();
    return 0;
  },
};

/** References are those of the `Net`. */
export class NetNs extends Namespace {
  readonly net: Net;
  private readonly ucounts: Ucounts | null;

  constructor(net: Net, userNs: UserNamespace, ucounts: Ucounts | null) {
    super(netnsOperations, userNs.get());
    this.net = net;
    this.ucounts = ucounts;
  }

  get inum(): number {
    return this.net.inode;
  }

  get(): this {
    this.net.get();
    return this;
  }

  put(): void {
    this.net.put();
  }

  /** The namespace is gone: its owner is let go. */
  release(): void {
    this.ucounts?.dec(CLONE_NEWNET);
    this.userNs?.put();
  }
}

/** A slot that is filled as soon as the namespace is set up. */
export const netNsSlot: NetSlot<NetNs> = new NetSlot<NetNs>('namespace');

export function netNsOf(net: Net): NetNs {
  return netNsSlot.of(net);
}

/** `net->user_ns`: whose capabilities rule over a namespace. */
export function userNsOf(net: Net): UserNamespace {
  return netNsSlot.of(net).userNs as UserNamespace;
}

/** `net_ctl_permissions`: who may write /proc/sys/net: root, and who administers the namespace. Null: the stack itself. */
export function netCtlPermissions(net: Net, cred: Cred | null): boolean {
  return cred === null || cred.uid === 0 || cred.nsCapable(userNsOf(net), CAP_NET_ADMIN);
}

/**
 * `copy_net_ns`: with CLONE_NEWNET in `flags` a new namespace that belongs to `userNs` and counts for `uid`, else the old one; with a
 * reference. `-ENOSPC` beyond max_net_namespaces, or the error of the plugin that could not set it up.
 */
export function copyNetNs(flags: number, userNs: UserNamespace, uid: number, old: NetNs): NetNs | number {
  if ((flags & CLONE_NEWNET) === 0) return old.get();
  const ucounts = userNs.ucountsOf(uid);
  if (!ucounts.inc(CLONE_NEWNET)) return -ENOSPC;
  const net = copyNet(flags, old.net);
  if (typeof net === 'number') {
    ucounts.dec(CLONE_NEWNET);
    return net;
  }
  // Until now it belonged to the first user namespace, like one that no task asked for.
  netNsSlot.of(net).release();
  netNsSlot.set(net, null);
  const ns = new NetNs(net, userNs, ucounts);
  netNsSlot.set(net, ns);
  return ns;
}

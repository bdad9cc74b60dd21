/** `struct nsproxy`: the namespaces of a task, shared by all tasks that are in the same ones (`kernel/nsproxy.c`). */
import {
  CAP_SYS_ADMIN,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  EINVAL,
  ENOSPC,
  EPERM,
} from '@skbuff/uapi';
import type { Cred } from './cred.ts';
import { copyNetNs, type NetNs } from './net-ns.ts';
import type { CountedNamespace, NsOrigin, ProcNsOperations } from './ns-common.ts';
import type { Namespaces } from './namespaces.ts';
import { MAX_PID_NS_LEVEL, PidNamespace } from './pid-namespace.ts';
import { cgroupnsOperations, ipcnsOperations, mntnsOperations, PlainNamespace, timensOperations } from './plain-ns.ts';
import { UtsNamespace } from './utsname.ts';

/** All kinds but the user namespace, which is part of the credentials. */
export const CLONE_NEW_NSPROXY: number =
  CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME;

/** Every kind. */
export const CLONE_NEW_ALL: number = CLONE_NEW_NSPROXY | CLONE_NEWUSER;

/** The members, each with a reference of its own. */
interface Members {
  mntNs: PlainNamespace;
  utsNs: UtsNamespace;
  ipcNs: PlainNamespace;
  pidNsForChildren: PidNamespace;
  cgroupNs: PlainNamespace;
  netNs: NetNs;
  timeNs: PlainNamespace;
  timeNsForChildren: PlainNamespace;
}

export class Nsproxy implements Members {
  mntNs: PlainNamespace;
  utsNs: UtsNamespace;
  ipcNs: PlainNamespace;
  pidNsForChildren: PidNamespace;
  cgroupNs: PlainNamespace;
  netNs: NetNs;
  timeNs: PlainNamespace;
  timeNsForChildren: PlainNamespace;
  /** Tasks that share it. */
  count = 1;

  /** `create_nsproxy`: takes the references of `members` over. */
  constructor(members: Members) {
    this.mntNs = members.mntNs;
    this.utsNs = members.utsNs;
    this.ipcNs = members.ipcNs;
    this.pidNsForChildren = members.pidNsForChildren;
    this.cgroupNs = members.cgroupNs;
    this.netNs = members.netNs;
    this.timeNs = members.timeNs;
    this.timeNsForChildren = members.timeNsForChildren;
  }

  /** `get_nsproxy`. */
  get(): this {
    this.count++;
    return this;
  }

  /** `put_nsproxy`: the last user drops the namespaces. */
  put(): void {
    if (--this.count > 0) return;
    for (const ns of [this.mntNs, this.utsNs, this.ipcNs, this.pidNsForChildren, this.cgroupNs, this.netNs, this.timeNs, this.timeNsForChildren]) ns.put();
  }
}

/**
 * `create_new_namespaces`: the namespaces of `old`, with new ones of the kinds in `flags`, which belong to the user namespace of `cred`.
 * `pidNs` is the task's own. Errors: `-ENOSPC`, `-EINVAL`, and whatever a network namespace may fail with; nothing is left behind then.
 */
export function createNewNamespaces(all: Namespaces, flags: number, old: Nsproxy, pidNs: PidNamespace, cred: Cred): Nsproxy | number {
  const taken: { put(): void }[] = [];
  const undo = (err: number): number => {
    for (const ns of taken.reverse()) ns.put();
    return err;
  };
  const keep = <T extends { put(): void }>(ns: T): T => {
    taken.push(ns);
    return ns;
  };
  const maker = new Maker(all, flags, cred);
  const mntNs = maker.plain(mntnsOperations, old.mntNs);
  if (typeof mntNs === 'number') return undo(mntNs);
  keep(mntNs);
  const utsNs = maker.copy(CLONE_NEWUTS, old.utsNs, (origin) => new UtsNamespace(origin, old.utsNs.name));
  if (typeof utsNs === 'number') return undo(utsNs);
  keep(utsNs);
  const ipcNs = maker.plain(ipcnsOperations, old.ipcNs);
  if (typeof ipcNs === 'number') return undo(ipcNs);
  keep(ipcNs);
  const pidNsForChildren = maker.pid(old.pidNsForChildren, pidNs);
  if (typeof pidNsForChildren === 'number') return undo(pidNsForChildren);
  keep(pidNsForChildren);
  const cgroupNs = maker.plain(cgroupnsOperations, old.cgroupNs);
  if (typeof cgroupNs === 'number') return undo(cgroupNs);
  keep(cgroupNs);
  const netNs = copyNetNs(flags, cred.userNs, cred.uid, old.netNs);
  if (typeof netNs === 'number') return undo(netNs);
  keep(netNs);
  const timeNsForChildren = maker.plain(timensOperations, old.timeNsForChildren);
  if (typeof timeNsForChildren === 'number') return undo(timeNsForChildren);
  return new Nsproxy({ mntNs, utsNs, ipcNs, pidNsForChildren, cgroupNs, netNs, timeNs: old.timeNs.get(), timeNsForChildren });
}

/** Copies or shares one namespace after the other. */
class Maker {
  private readonly all: Namespaces;
  private readonly flags: number;
  private readonly cred: Cred;

  constructor(all: Namespaces, flags: number, cred: Cred) {
    this.all = all;
    this.flags = flags;
    this.cred = cred;
  }

  copy<T extends CountedNamespace>(type: number, old: T, make: (origin: NsOrigin) => T): T | number {
    if ((this.flags & type) === 0) return old.get();
    const { userNs, uid } = this.cred;
    const ucounts = userNs.ucountsOf(uid);
    return ucounts.inc(type) ? make({ inums: this.all.inums, userNs, ucounts }) : -ENOSPC;
  }

  plain(ops: ProcNsOperations, old: PlainNamespace): PlainNamespace | number {
    return this.copy(ops.type, old, (origin) => new PlainNamespace(ops, origin));
  }

  /** `copy_pid_ns`: below the one that the task is in; who has sent its children elsewhere already cannot. */
  pid(old: PidNamespace, own: PidNamespace): PidNamespace | number {
    if ((this.flags & CLONE_NEWPID) === 0) return old.get();
    if (own !== old) return -EINVAL;
    if (old.level >= MAX_PID_NS_LEVEL) return -ENOSPC;
    return this.copy(CLONE_NEWPID, old, (origin) => new PidNamespace(origin, old));
  }
}

/** `copy_namespaces`: the nsproxy of a child; shared, unless a kind is to be new or the parent's children get another clock. */
export function copyNamespaces(all: Namespaces, flags: number, old: Nsproxy, pidNs: PidNamespace, cred: Cred): Nsproxy | number {
  if ((flags & (CLONE_NEW_NSPROXY & ~CLONE_NEWTIME)) === 0) {
    return old.timeNs === old.timeNsForChildren ? old.get() : timeOfChildren(createNewNamespaces(all, 0, old, pidNs, cred));
  }
  if (!cred.raised(CAP_SYS_ADMIN)) return -EPERM;
  return timeOfChildren(createNewNamespaces(all, flags, old, pidNs, cred));
}

/** `timens_on_fork`. */
function timeOfChildren(nsproxy: Nsproxy | number): Nsproxy | number {
  if (typeof nsproxy === 'number' || nsproxy.timeNs === nsproxy.timeNsForChildren) return nsproxy;
  nsproxy.timeNs.put();
  nsproxy.timeNs = nsproxy.timeNsForChildren.get();
  return nsproxy;
}

/** `unshare_nsproxy_namespaces`: null if nothing is to change. */
export function unshareNsproxyNamespaces(all: Namespaces, flags: number, old: Nsproxy, pidNs: PidNamespace, cred: Cred): Nsproxy | null | number {
  if ((flags & CLONE_NEW_NSPROXY) === 0) return null;
  if (!cred.raised(CAP_SYS_ADMIN)) return -EPERM;
  return createNewNamespaces(all, flags, old, pidNs, cred);
}

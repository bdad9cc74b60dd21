/** How many namespaces a user may have (`kernel/ucount.c`): counted in its user namespace, and for that one's owner in those above. */
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
} from '@skbuff/uapi';
import type { UserNamespace } from './user-namespace.ts';

/** The files of /proc/sys/user, and what each limits. */
export const UCOUNT_FILES: readonly (readonly [name: string, type: number])[] = [
  ['max_user_namespaces', CLONE_NEWUSER],
  ['max_pid_namespaces', CLONE_NEWPID],
  ['max_uts_namespaces', CLONE_NEWUTS],
  ['max_ipc_namespaces', CLONE_NEWIPC],
  ['max_net_namespaces', CLONE_NEWNET],
  ['max_mnt_namespaces', CLONE_NEWNS],
  ['max_cgroup_namespaces', CLONE_NEWCGROUP],
  ['max_time_namespaces', CLONE_NEWTIME],
];

/** `struct ucounts`: what one user has in one user namespace. */
export class Ucounts {
  readonly ns: UserNamespace;
  readonly uid: number;
  private readonly counts: Map<number, number> = new Map();

  constructor(ns: UserNamespace, uid: number) {
    this.ns = ns;
    this.uid = uid;
  }

  private below(type: number): boolean {
    const count = this.counts.get(type) ?? 0;
    if (count >= (this.ns.ucountMax.get(type) as number)) return false;
    this.counts.set(type, count + 1);
    return true;
  }

  private drop(type: number): void {
    this.counts.set(type, (this.counts.get(type) as number) - 1);
  }

  /** `inc_ucount`: one more here and for each owner above. False: one of the limits is reached, and nothing is counted. */
  inc(type: number): boolean {
    for (let at: Ucounts | null = this; at !== null; at = at.ns.ucounts) {
      if (at.below(type)) continue;
      for (let done: Ucounts = this; done !== at; done = done.ns.ucounts as Ucounts) done.drop(type);
      return false;
    }
    return true;
  }

  /** `dec_ucount`. */
  dec(type: number): void {
    for (let at: Ucounts | null = this; at !== null; at = at.ns.ucounts) at.drop(type);
  }
}

/** `struct pid_namespace`: every task has a number in its own and in each one above (pid_namespaces(7)). */
import { CLONE_NEWPID, EINVAL, ENOMEM, EPERM } from '@skbuff/uapi';
import { CountedNamespace, type NsOrigin, type ProcNsOperations } from './ns-common.ts';
import type { UserNamespace } from './user-namespace.ts';
import { mayInstall } from './utsname.ts';

/** `pidns_operations`: for the children to come. Only what lies below the caller may be entered. */
export const pidnsOperations: ProcNsOperations = {
  name: 'pid',
  type: CLONE_NEWPID,
  install(set, ns) {
    const pidNs = ns as PidNamespace;
    if (!mayInstall(set.cred, ns.userNs as UserNamespace)) return -EPERM;
    if (!set.pidNs.isAncestorOf(pidNs)) return -EINVAL;
    set.nsproxy.pidNsForChildren.put();
    set.nsproxy.pidNsForChildren = pidNs.get();
    return 0;
  },
};

/** Namespaces may be this deep below the first. */
export const MAX_PID_NS_LEVEL = 32;

/** `struct pid`: the numbers of a task, from the first namespace down to its own. */
export class Pid {
  readonly ns: PidNamespace;
  readonly numbers: readonly number[];

  constructor(ns: PidNamespace, numbers: readonly number[]) {
    this.ns = ns;
    this.numbers = numbers;
  }

  /** `pid_nr_ns`: its number in `ns`, 0 if it cannot be seen from there. */
  nr(ns: PidNamespace): number {
    return this.ns === ns || ns.isAncestorOf(this.ns) ? (this.numbers[ns.level] as number) : 0;
  }

  /** `is_child_reaper`: the first task of a namespace. */
  get isInit(): boolean {
    return this.ns.level > 0 && this.numbers[this.ns.level] === 1;
  }
}

export class PidNamespace extends CountedNamespace {
  readonly parent: PidNamespace | null;
  /** 0 for the first. */
  readonly level: number;
  /** Last number given out. */
  private last = 0;
  /** Its first task has ended, and nobody can be born here any more. */
  private over = false;

  constructor(origin: NsOrigin, parent: PidNamespace | null) {
    super(pidnsOperations, origin);
    this.parent = parent;
    this.level = parent === null ? 0 : parent.level + 1;
    parent?.get();
  }

  /** Itself counts. */
  isAncestorOf(ns: PidNamespace): boolean {
    let at: PidNamespace | null = ns;
    while (at !== null && at.level > this.level) at = at.parent;
    return at === this;
  }

  /** Nobody has ever been in it, or may be: it has a first task. */
  get born(): boolean {
    return this.last > 0;
  }

  /**
   * `alloc_pid`: numbers for a new task, which hold the namespace until {@link freePid}. `-ENOMEM` if the first task has ended.
   * @param setTid its number in the first namespace (`set_tid` of clone3(2)), 0 for the next one. That it is free is the caller's affair.
   */
  allocPid(setTid: number = 0): Pid | number {
    if (this.over) return -ENOMEM;
    const numbers: number[] = [];
    for (let ns: PidNamespace | null = this; ns !== null; ns = ns.parent) numbers.unshift(ns.parent === null && setTid > 0 ? setTid : ++ns.last);
    return new Pid(this.get(), numbers);
  }

  /** A task has ended; the last one of its kind if it was the first. */
  freePid(pid: Pid): void {
    if (pid.isInit) this.over = true;
    this.put();
  }

  protected override destroy(): void {
    this.parent?.put();
  }
}

/** What all kinds of namespaces have in common (`struct ns_common`, `struct proc_ns_operations`). */
import type { ProcInums } from '@skbuff/core';
import type { NsSet } from './nsset.ts';
import type { Ucounts } from './ucount.ts';
import type { UserNamespace } from './user-namespace.ts';

/** `struct proc_ns_operations`: one object for each kind. */
export interface ProcNsOperations {
  /** What readlink shows before the number: `net:[4026531840]`. */
  readonly name: string;
  /** CLONE_NEW* */
  readonly type: number;
  /** Part of setns(2): takes the namespace into `set`, with a reference. 0, `-EPERM` or `-EINVAL`. */
  readonly install: (set: NsSet, ns: Namespace) => number;
}

/** A namespace that tasks, open files and mounts hold. */
export abstract class Namespace {
  readonly ops: ProcNsOperations;
  /** Whose capabilities rule over it; null for the first user namespace alone. */
  readonly userNs: UserNamespace | null;

  constructor(ops: ProcNsOperations, userNs: UserNamespace | null) {
    this.ops = ops;
    this.userNs = userNs;
  }

  /** What identifies it to user space. Two files show the same namespace if and only if the numbers are equal. */
  abstract readonly inum: number;
  abstract get(): this;
  abstract put(): void;

  /** What readlink(2) says of its file: `uts:[4026531838]`. */
  get link(): string {
    return `${this.ops.name}:[${this.inum}]`;
  }
}

/** What every namespace made later needs: the numbers, and who pays for it. */
export interface NsOrigin {
  readonly inums: ProcInums;
  /** A fixed number, of one that exists from the start. */
  readonly inum?: number;
  readonly userNs: UserNamespace | null;
  readonly ucounts: Ucounts | null;
}

/** A namespace that counts its references itself. */
export abstract class CountedNamespace extends Namespace {
  readonly inum: number;
  /** At 0 it is gone. */
  count = 1;
  protected readonly inums: ProcInums;
  /** Whom it counts for. */
  private readonly payer: Ucounts | null;

  constructor(ops: ProcNsOperations, origin: NsOrigin) {
    super(ops, origin.userNs);
    this.inums = origin.inums;
    this.inum = origin.inum ?? origin.inums.alloc();
    this.payer = origin.ucounts;
    origin.userNs?.get();
  }

  get(): this {
    this.count++;
    return this;
  }

  put(): void {
    if (--this.count > 0) return;
    this.destroy();
    this.inums.free(this.inum);
    this.payer?.dec(this.ops.type);
    this.userNs?.put();
  }

  /** Lets go of what the kind holds. */
  protected destroy(): void {}
}

/** Who a task is (`struct cred`), and what it may do where. */
import { ENOSPC, EPERM, CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN, CLONE_NEWUSER } from '@skbuff/uapi';
import { UserNamespace } from './user-namespace.ts';

export interface CredOptions {
  /** Default 0. */
  readonly uid?: number;
  /** Default: the uid's number. */
  readonly gid?: number;
  /** Supplementary groups. */
  readonly groups?: readonly number[];
  /** CAP_* numbers; default: all for uid 0, none for others. */
  readonly caps?: readonly number[] | 'all';
}

/** User namespaces may be this deep below the first. */
const MAX_LEVEL = 33;

/** Never changes: another one takes its place. Ids are those of the first user namespace. */
export class Cred {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Holds a reference while a task has the credentials. */
  readonly userNs: UserNamespace;
  /** Null: all. */
  private readonly caps: ReadonlySet<number> | null;

  constructor(userNs: UserNamespace, options: CredOptions = {}) {
    this.uid = options.uid ?? 0;
    this.gid = options.gid ?? this.uid;
    this.groups = options.groups ?? [];
    this.userNs = userNs;
    const caps = options.caps ?? (this.uid === 0 ? 'all' : []);
    this.caps = caps === 'all' ? null : new Set(caps);
  }

  /** `cap_raised`: it has capability `cap` (CAP_*), wherever that counts. */
  raised(cap: number): boolean {
    return this.caps === null || this.caps.has(cap);
  }

  /** `ns_capable`: in its own user namespace by what it has; in those below it all, if it made them or has the capability. */
  nsCapable(over: UserNamespace, cap: number): boolean {
    for (let ns = over; ; ns = ns.parent as UserNamespace) {
      if (ns === this.userNs) return this.raised(cap);
      if (ns.level <= this.userNs.level) return false;
      if (ns.parent === this.userNs && ns.owner === this.uid) return true;
    }
  }

  /** execve(2): without the id 0 of its user namespace nothing is left. The reference is the caller's. */
  afterExec(): Cred {
    const { uid, gid, groups, userNs } = this;
    return new Cred(userNs, { uid, gid, groups, caps: [] });
  }

  /** Whether one of its groups lies in `from`..`to`. */
  inGroupRange(from: number, to: number): boolean {
    return (this.gid >= from && this.gid <= to) || this.groups.some((gid) => gid >= from && gid <= to);
  }

  /** getuid(2): as its own namespace calls the user, 65534 if it does not. */
  get uidHere(): number {
    return this.userNs.uidMunged(this.uid);
  }

  get gidHere(): number {
    return this.userNs.gidMunged(this.gid);
  }

  /** The same user with all capabilities in `userNs`, and none outside; the reference is the caller's. */
  inside(userNs: UserNamespace): Cred {
    const { uid, gid, groups } = this;
    return new Cred(userNs, { uid, gid, groups, caps: 'all' });
  }
}

/**
 * `create_user_ns`: credentials in a user namespace of their own, which they hold. `-ENOSPC` if it would be too deep or one too many,
 * `-EPERM` if the present one has no name for the user.
 */
export function createUserNs(cred: Cred): Cred | number {
  const parent = cred.userNs;
  if (parent.level + 1 > MAX_LEVEL) return -ENOSPC;
  const ucounts = parent.ucountsOf(cred.uid);
  if (!ucounts.inc(CLONE_NEWUSER)) return -ENOSPC;
  if (parent.uidHere(cred.uid) < 0 || parent.gidHere(cred.gid) < 0) {
    ucounts.dec(CLONE_NEWUSER);
    return -EPERM;
  }
  return cred.inside(UserNamespace.below(parent, cred.uid, cred.gid, ucounts));
}

/** A write to `/proc/PID/uid_map` or `gid_map` of a task in `ns` (user_namespaces(7)): 0, `-EPERM` or `-EINVAL`. */
export function writeIdMap(ns: UserNamespace, kind: 'uid' | 'gid', text: string, cred: Cred): number {
  const parent = ns.parent;
  if (parent === null || (cred.userNs !== ns && cred.userNs !== parent)) return -EPERM;
  return ns.setMap(kind, text, () => cred.nsCapable(ns, CAP_SYS_ADMIN), (map) => {
    const [only] = map;
    const alone = map.length === 1 && only?.count === 1 && cred.uid === ns.owner;
    if (kind === 'uid' && alone && parent.kuid(only.lower) === cred.uid) return true;
    if (kind === 'gid' && alone && !ns.setgroups && parent.kgid(only.lower) === cred.gid) return true;
    return cred.nsCapable(parent, kind === 'uid' ? CAP_SETUID : CAP_SETGID);
  });
}

/** Who a task is, as far as the network stack asks. */

export interface CredOptions {
  /** Default 0. */
  readonly uid?: number;
  /** Default: the uid's number. */
  readonly gid?: number;
  /** Supplementary groups. */
  readonly groups?: readonly number[];
  /** CAP_* numbers; default: all for uid 0, none for others. */
  readonly caps?: readonly number[];
}

/** `struct cred`. */
export class Cred {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  private readonly caps: ReadonlySet<number> | null;

  constructor(options: CredOptions = {}) {
    this.uid = options.uid ?? 0;
    this.gid = options.gid ?? this.uid;
    this.groups = options.groups ?? [];
    this.caps = options.caps === undefined ? (this.uid === 0 ? null : new Set()) : new Set(options.caps);
  }

  /** Whether it has capability `cap` (CAP_*) over its namespaces. */
  capable(cap: number): boolean {
    return this.caps === null || this.caps.has(cap);
  }

  /** Whether one of its groups lies in `from`..`to`. */
  inGroupRange(from: number, to: number): boolean {
    return (this.gid >= from && this.gid <= to) || this.groups.some((gid) => gid >= from && gid <= to);
  }
}

/**
 * Routes of one prefix (`struct fib_alias`), and the store that finds them.
 *
 *   FibTableBackend: prefix/length → number ─► heads[number] ─► FibAlias ─► FibAlias …   by table, TOS, priority
 *
 * Nearly every prefix has one alias, and nearly all of those say the same: a full table of the Internet has a million prefixes and
 * a few dozen ways out. So an alias that is alone at its prefix is shared by all prefixes of that length which go the same way;
 * only a prefix with several has objects of its own. A million routes then cost no more than the backend's memory, and a lookup
 * ends at an object that is in the cache.
 */
import { FIB_PROPS_ERROR } from './fib-props.ts';
import type { FibInfo } from './fib-info.ts';
import type { FibNh } from './fib-nh.ts';
import type { FibTableBackend, FibTableFactory } from './fib-table.ts';

export class FibAlias {
  /** The next one of the same prefix, less preferred. */
  next: FibAlias | null = null;
  readonly info: FibInfo;
  /** RTN_* */
  readonly type: number;
  /** 0, or the errno that a lookup ends with. */
  readonly error: number;
  /** Matches packets with this TOS; 0: any. */
  readonly tos: number;
  readonly plen: number;
  readonly tbId: number;
  /** Of `info`, at hand for lookups: its scope, and its next hop if it has just one. */
  readonly scope: number;
  readonly nh: FibNh | null;
  /** `fa_default`: which of several default routes `fibSelectDefault` last settled on; -1: none. */
  dflt = -1;
  /** Number under which the backend knows it while it is shared; -1: it is one of several at its prefix. */
  index = -1;
  /** Prefixes that share it. */
  users = 0;

  constructor(info: FibInfo, tos: number, plen: number) {
    this.info = info;
    this.type = info.type;
    this.error = FIB_PROPS_ERROR[info.type];
    this.tos = tos;
    this.plen = plen;
    this.tbId = info.tbId;
    this.scope = info.scope;
    this.nh = info.nhs.length === 1 ? info.nhs[0] : null;
  }
}

/** Order within a prefix: the local table before main, a larger TOS first, then the smaller priority. */
export function fibAliasOrder(a: FibAlias, b: FibAlias): number {
  return b.tbId - a.tbId || b.tos - a.tos || a.info.priority - b.info.priority;
}

/** The prefixes of one table, or of the local and the main table while they share one. */
export class FibStore {
  readonly backend: FibTableBackend;
  /** By the number that the backend stores. */
  readonly heads: (FibAlias | null)[] = [];
  /** Routes. */
  size = 0;
  private readonly free: number[] = [];

  constructor(factory: FibTableFactory) {
    this.backend = factory();
  }

  /** The first alias at exactly this prefix, or null. */
  head(prefix: number, plen: number): FibAlias | null {
    const index = this.backend.get(prefix, plen);
    return index < 0 ? null : this.heads[index];
  }

  /** The aliases at exactly this prefix. */
  aliases(prefix: number, plen: number): FibAlias[] {
    const list: FibAlias[] = [];
    for (let fa = this.head(prefix, plen); fa !== null; fa = fa.next) list.push(fa);
    return list;
  }

  /** Replaces the aliases of a prefix; `list` is sorted and may hold those that are there already. */
  setAliases(prefix: number, plen: number, list: readonly FibAlias[]): void {
    const old = this.backend.get(prefix, plen);
    const oldCount = old < 0 ? 0 : this.release(old);
    this.size += list.length - oldCount;
    if (list.length === 0) this.backend.delete(prefix, plen);
    else if (list.length === 1) this.share(prefix, plen, list[0]);
    else this.own(prefix, plen, list);
  }

  /** As {@link setAliases} for a prefix known to have none, and one alias. */
  addFirst(prefix: number, plen: number, info: FibInfo, tos: number): FibAlias {
    this.size++;
    return this.share(prefix, plen, findShared(info, tos, plen) ?? new FibAlias(info, tos, plen));
  }

  /** Prefix and length of all, alternating: ascending, of one address the longest first. A copy, so that it outlives changes. */
  prefixes(): Uint32Array {
    const list = new Uint32Array(this.backend.size * 2);
    let n = 0;
    let run = 0;
    this.backend.walk((prefix, plen) => {
      if (n > 0 && list[run] !== prefix) {
        reverseLengths(list, run, n);
        run = n;
      }
      list[n++] = prefix;
      list[n++] = plen;
    });
    reverseLengths(list, run, n);
    return list;
  }

  private share(prefix: number, plen: number, fa: FibAlias): FibAlias {
    const shared = findShared(fa.info, fa.tos, plen) ?? this.intern(fa);
    shared.users++;
    this.backend.set(prefix, plen, shared.index);
    return shared;
  }

  private intern(fa: FibAlias): FibAlias {
    const shared = new FibAlias(fa.info, fa.tos, fa.plen);
    shared.dflt = fa.dflt;
    shared.index = this.newIndex(shared);
    fa.info.aliases.push(shared);
    return shared;
  }

  private own(prefix: number, plen: number, list: readonly FibAlias[]): void {
    let head: FibAlias | null = null;
    for (let i = list.length - 1; i >= 0; i--) {
      const copy: FibAlias = new FibAlias(list[i].info, list[i].tos, plen);
      copy.dflt = list[i].dflt;
      copy.next = head;
      head = copy;
    }
    this.backend.set(prefix, plen, this.newIndex(head));
  }

  /** A prefix no longer uses the list with this number; returns how many aliases it had. */
  private release(index: number): number {
    const head = this.heads[index] as FibAlias;
    let count = 0;
    for (let fa: FibAlias | null = head; fa !== null; fa = fa.next) count++;
    if (head.index >= 0 && --head.users > 0) return count;
    if (head.index >= 0) head.info.aliases.splice(head.info.aliases.indexOf(head), 1);
    this.heads[index] = null;
    this.free.push(index);
    return count;
  }

  private newIndex(head: FibAlias | null): number {
    const index = this.free.pop();
    if (index === undefined) return this.heads.push(head) - 1;
    this.heads[index] = head;
    return index;
  }
}

function findShared(info: FibInfo, tos: number, plen: number): FibAlias | null {
  for (const fa of info.aliases) if (fa.plen === plen && fa.tos === tos) return fa;
  return null;
}

function reverseLengths(list: Uint32Array, from: number, to: number): void {
  for (let i = from + 1, j = to - 1; i < j; i += 2, j -= 2) [list[i], list[j]] = [list[j], list[i]];
}

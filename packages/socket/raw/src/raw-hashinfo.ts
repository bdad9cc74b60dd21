/** `struct raw_hashinfo`: the raw sockets that a family has in one namespace. */
import type { InetSk } from '@skbuff/af-inet';
import { sockNet } from '@skbuff/sock';

/** Sockets by protocol, the one bound last first, as /proc/net/raw lists them. */
export class RawHashinfo<S extends InetSk> {
  private readonly table: S[][] = [];

  /** The sockets of a protocol. */
  of(protocol: number): readonly S[] {
    return this.table[protocol] ?? NONE;
  }

  /** `raw_hash_sk`. Lists are replaced, not changed: whoever walks through one is not disturbed. */
  add(sk: S): void {
    this.table[sk.inetNum] = [sk, ...this.of(sk.inetNum)];
    sockNet.of(sk.net).inuseAdd(sk.prot, 1);
  }

  /** `raw_unhash_sk`. */
  remove(sk: S): void {
    const list = this.of(sk.inetNum);
    if (!list.includes(sk)) return;
    this.table[sk.inetNum] = list.filter((other) => other !== sk);
    sockNet.of(sk.net).inuseAdd(sk.prot, -1);
  }

  /** Every socket, protocol by protocol. */
  *[Symbol.iterator](): Generator<S> {
    for (const list of this.table) if (list !== undefined) yield* list;
  }
}

const NONE: readonly never[] = [];

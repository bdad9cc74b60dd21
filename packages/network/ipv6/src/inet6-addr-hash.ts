/** `inet6_addr_lst`: the addresses of a namespace by hash, asked for each neighbour solicitation and each bind(2). */
import type { In6Addr } from '@skbuff/wire';
import type { Inet6Ifaddr } from './if-inet6.ts';

export class Inet6AddrHash {
  private readonly seed: number;
  private readonly chains: Map<number, Inet6Ifaddr[]> = new Map();

  constructor(seed: number) {
    this.seed = seed;
  }

  add(ifp: Inet6Ifaddr): void {
    const hash = ifp.addr.hash(this.seed);
    const chain = this.chains.get(hash);
    if (chain === undefined) this.chains.set(hash, [ifp]);
    else chain.unshift(ifp);
  }

  remove(ifp: Inet6Ifaddr): void {
    const hash = ifp.addr.hash(this.seed);
    const chain = this.chains.get(hash);
    const at = chain?.indexOf(ifp) ?? -1;
    if (chain === undefined || at < 0) return;
    chain.splice(at, 1);
    if (chain.length === 0) this.chains.delete(hash);
  }

  /** Those with this hash, among them perhaps other addresses. */
  candidates(addr: In6Addr): readonly Inet6Ifaddr[] {
    return this.chains.get(addr.hash(this.seed)) ?? NONE;
  }

  /** Every address. */
  *[Symbol.iterator](): Generator<Inet6Ifaddr> {
    for (const chain of this.chains.values()) yield* chain;
  }
}

const NONE: readonly Inet6Ifaddr[] = [];

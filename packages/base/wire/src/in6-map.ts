/** Values by IPv6 address, found without making anything for it. */
import { type In6Addr, in6Hash } from './in6-addr.ts';

interface Entry<V> {
  readonly addr: In6Addr;
  readonly value: V;
  next: Entry<V> | null;
}

/** What a `Map` is, by the four words of an address. Keys are copied. */
export class In6Map<V> implements Iterable<[addr: In6Addr, value: V]> {
  /** By {@link slotOf}. */
  private readonly chains: Map<number, Entry<V>> = new Map();
  private readonly seed: number;
  private count = 0;

  /** @param seed a number that strangers do not know, where they choose the addresses: {@link In6Addr.hash} */
  constructor(seed = 0) {
    this.seed = seed;
  }

  get size(): number {
    return this.count;
  }

  get(addr: In6Addr): V | undefined {
    let entry = this.chains.get(this.slotOf(addr)) ?? null;
    while (entry !== null && !entry.addr.equals(addr)) entry = entry.next;
    return entry?.value;
  }

  set(addr: In6Addr, value: V): void {
    this.delete(addr);
    const slot = this.slotOf(addr);
    this.chains.set(slot, { addr: addr.clone(), value, next: this.chains.get(slot) ?? null });
    this.count++;
  }

  /** Whether it was there. */
  delete(addr: In6Addr): boolean {
    const slot = this.slotOf(addr);
    const first = this.chains.get(slot) ?? null;
    let before: Entry<V> | null = null;
    let entry = first;
    for (; entry !== null && !entry.addr.equals(addr); entry = entry.next) before = entry;
    if (entry === null) return false;
    if (before !== null) before.next = entry.next;
    else if (entry.next !== null) this.chains.set(slot, entry.next);
    else this.chains.delete(slot);
    this.count--;
    return true;
  }

  clear(): void {
    this.chains.clear();
    this.count = 0;
  }

  *[Symbol.iterator](): Generator<[addr: In6Addr, value: V]> {
    for (const chain of this.chains.values()) {
      for (let entry: Entry<V> | null = chain; entry !== null; entry = entry.next) yield [entry.addr, entry.value];
    }
  }

  /** The hash, without the bits that a small integer has no room for. */
  private slotOf({ w0, w1, w2, w3 }: In6Addr): number {
    return in6Hash(w0, w1, w2, w3, this.seed) & 0x3fffffff;
  }
}

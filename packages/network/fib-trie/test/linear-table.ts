import type { FibTableBackend } from '@skbuff/fib';

interface Entry {
  prefix: number;
  plen: number;
  value: number;
}

const covers = (e: Entry, addr: number): boolean => e.plen === 0 || (e.prefix ^ addr) >>> (32 - e.plen) === 0;

/** The other algorithm of the compliance tests: a list, searched from end to end. */
export class LinearTable implements FibTableBackend {
  private entries: Entry[] = [];

  get size(): number {
    return this.entries.length;
  }

  get(prefix: number, plen: number): number {
    return this.entries.find((e) => e.prefix === prefix && e.plen === plen)?.value ?? -1;
  }

  set(prefix: number, plen: number, value: number): void {
    this.delete(prefix, plen);
    this.entries.push({ prefix, plen, value });
    this.entries.sort((a, b) => a.prefix - b.prefix || a.plen - b.plen);
  }

  delete(prefix: number, plen: number): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter((e) => e.prefix !== prefix || e.plen !== plen);
    return this.entries.length < before;
  }

  lookup(addr: number, maxPlen: number): number {
    // Of the prefixes that cover an address the longer one always comes later in the order of the list.
    return this.entries.findLast((e) => e.plen <= maxPlen && covers(e, addr))?.value ?? -1;
  }

  lookupList(addrs: Uint32Array, n: number, out: Int32Array): void {
    for (let i = 0; i < n; i++) out[i] = this.lookup(addrs[i], 32);
  }

  walk(visit: (prefix: number, plen: number, value: number) => void): void {
    for (const { prefix, plen, value } of this.entries) visit(prefix, plen, value);
  }
}

import type { FibTableBackend } from '../src/index.ts';

/** The plainest longest-prefix store: a map for each length. */
export class PlainTable implements FibTableBackend {
  private readonly maps: Map<number, number>[] = Array.from({ length: 33 }, () => new Map<number, number>());

  get size(): number {
    return this.maps.reduce((sum, map) => sum + map.size, 0);
  }

  get(prefix: number, plen: number): number {
    return this.maps[plen].get(prefix) ?? -1;
  }

  set(prefix: number, plen: number, value: number): void {
    this.maps[plen].set(prefix, value);
  }

  delete(prefix: number, plen: number): boolean {
    return this.maps[plen].delete(prefix);
  }

  lookup(addr: number, maxPlen: number): number {
    for (let plen = maxPlen; plen >= 0; plen--) {
      const value = this.get(plen === 0 ? 0 : (addr & (-1 << (32 - plen))) >>> 0, plen);
      if (value >= 0) return value;
    }
    return -1;
  }

  lookupList(addrs: Uint32Array, n: number, out: Int32Array): void {
    for (let i = 0; i < n; i++) out[i] = this.lookup(addrs[i], 32);
  }

  walk(visit: (prefix: number, plen: number, value: number) => void): void {
    const all = this.maps.flatMap((map, plen) => [...map].map(([prefix, value]) => [prefix, plen, value] as const));
    for (const [prefix, plen, value] of all.sort((a, b) => a[0] - b[0] || a[1] - b[1])) visit(prefix, plen, value);
  }
}

import { in6MaskWord } from '@skbuff/wire';
import type { Fib6TableBackend } from '../src/index.ts';

/** The plainest longest-prefix store: a map for each length. */
export class PlainTable implements Fib6TableBackend {
  private readonly maps: Map<string, readonly [words: readonly number[], value: number]>[] = Array.from({ length: 129 }, () => new Map());

  get size(): number {
    return this.maps.reduce((sum, map) => sum + map.size, 0);
  }

  get(w0: number, w1: number, w2: number, w3: number, plen: number): number {
    return this.maps[plen].get([w0, w1, w2, w3].join())?.[1] ?? -1;
  }

  set(w0: number, w1: number, w2: number, w3: number, plen: number, value: number): void {
    const words = [w0 | 0, w1 | 0, w2 | 0, w3 | 0];
    this.maps[plen].set(words.join(), [words, value]);
  }

  delete(w0: number, w1: number, w2: number, w3: number, plen: number): boolean {
    return this.maps[plen].delete([w0, w1, w2, w3].join());
  }

  lookup(w0: number, w1: number, w2: number, w3: number, maxPlen: number): number {
    for (let plen = maxPlen; plen >= 0; plen--) {
      const value = this.get(w0 & in6MaskWord(plen, 0), w1 & in6MaskWord(plen, 1), w2 & in6MaskWord(plen, 2), w3 & in6MaskWord(plen, 3), plen);
      if (value >= 0) return value;
    }
    return -1;
  }

  walk(visit: (w0: number, w1: number, w2: number, w3: number, plen: number, value: number) => void): void {
    const all = this.maps.flatMap((map, plen) => [...map.values()].map(([words, value]) => ({ words, plen, value })));
    const order = (a: readonly number[], b: readonly number[]): number => {
      const at = a.findIndex((word, i) => word !== b[i]);
      return at < 0 ? 0 : (a[at] >>> 0) - (b[at] >>> 0);
    };
    for (const { words: w, plen, value } of all.sort((a, b) => order(a.words, b.words) || a.plen - b.plen)) visit(w[0], w[1], w[2], w[3], plen, value);
  }
}

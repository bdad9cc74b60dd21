/** Seeded random numbers: the only source of chance inside the stack (xoshiro128**, public domain algorithm by Blackman and Vigna). */
export class Random {
  /** What {@link fork} derives from. */
  private readonly seed: number;
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  /** @param seed any number; its 32-bit integer value counts */
  constructor(seed: number) {
    this.seed = seed >>> 0;
    let x = this.seed;
    // SplitMix32 spreads the seed over the state, so that neighbouring seeds have nothing in common.
    const next = (): number => {
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) >>> 0;
    };
    this.a = next();
    this.b = next();
    this.c = next();
    this.d = next() | 1;
  }

  /** 0..2^32-1 (`get_random_u32`). */
  u32(): number {
    const t5 = Math.imul(this.b, 5);
    const result = Math.imul((t5 << 7) | (t5 >>> 25), 9) >>> 0;
    const t = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= t;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  /** 0..n-1; 0 for n = 0 (`get_random_u32_below`). */
  below(n: number): number {
    return Math.floor((this.u32() / 0x100000000) * n);
  }

  /** Fills `n` bytes at `off`. */
  bytes(into: Uint8Array, off: number, n: number): void {
    for (let i = 0; i < n; i++) into[off + i] = this.u32() >>> 24;
  }

  /** A stream of its own that depends on this one's seed and on `name`, not on how much was drawn in between from others. */
  fork(name: string): Random {
    let h = 0x811c9dc5;
    for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
    return new Random(this.seed ^ h);
  }
}

/** 0 ≤ x < 1. */
export function randomFraction(random: Random): number {
  return random.u32() / 0x100000000;
}

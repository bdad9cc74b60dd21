/** The dice of one link: a stream for each kind of fault, so that switching one on does not change what the others do. */
import { type Random, randomFraction } from '@skbuff/core';
import type { FullImpairment } from './impairment.ts';

export class Chance {
  private readonly losses: Random;
  private readonly duplicates: Random;
  private readonly corruptions: Random;
  private readonly reorders: Random;
  private readonly delays: Random;

  constructor(random: Random) {
    this.losses = random.fork('loss');
    this.duplicates = random.fork('duplicate');
    this.corruptions = random.fork('corrupt');
    this.reorders = random.fork('reorder');
    this.delays = random.fork('delay');
  }

  loss(share: number): boolean {
    return share > 0 && randomFraction(this.losses) < share;
  }

  duplicate(share: number): boolean {
    return share > 0 && randomFraction(this.duplicates) < share;
  }

  corrupt(share: number): boolean {
    return share > 0 && randomFraction(this.corruptions) < share;
  }

  reorder(share: number): boolean {
    return share > 0 && randomFraction(this.reorders) < share;
  }

  /** Which bit of `bits`. */
  below(bits: number): number {
    return this.corruptions.below(bits);
  }

  /** Nanoseconds under way, by the distribution; may be negative. */
  delay(imp: FullImpairment): number {
    const unit = imp.distribution === 'normal' ? this.normal() : 2 * randomFraction(this.delays) - 1;
    return imp.delay + imp.jitter * unit;
  }

  /** About normal with deviation 1: a sum of twelve. Only additions, so that every engine gets the same. */
  private normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += randomFraction(this.delays);
    return sum;
  }
}

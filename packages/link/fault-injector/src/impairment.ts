/** What a bad link does to packets, and how it is checked. The words are those of `tc-netem(8)`. */
import { EINVAL } from '@skbuff/uapi';

/** Shares are probabilities from 0 to 1, each packet for itself; times are nanoseconds. What is left out is off. */
export interface Impairment {
  /** Share of packets that vanish. */
  readonly loss?: number;
  /** Share of packets that arrive twice. */
  readonly duplicate?: number;
  /** Share of packets with one bit turned over, at a random place. Checksums are finished before, so a receiver can notice. */
  readonly corrupt?: number;
  /** Share of packets that are not delayed and so overtake the others. Needs a delay. */
  readonly reorder?: number;
  /** How long a packet is under way. */
  readonly delay?: number;
  /** How far the delay varies: the half width of a uniform distribution, the standard deviation of a normal one. */
  readonly jitter?: number;
  /** Of the jitter; default uniform. */
  readonly distribution?: 'uniform' | 'normal';
  /** Bits per second: a packet leaves when the one before it is out. 0: no limit. */
  readonly rate?: number;
  /** Packets that may be under way or waiting; one more is dropped. Default 1000. */
  readonly limit?: number;
}

export type FullImpairment = Required<Impairment>;

export const NO_IMPAIRMENT: FullImpairment = {
  loss: 0,
  duplicate: 0,
  corrupt: 0,
  reorder: 0,
  delay: 0,
  jitter: 0,
  distribution: 'uniform',
  rate: 0,
  limit: 1000,
};

/** The same with everything said, or -EINVAL: a share outside 0..1, a negative time, rate or limit, reordering without delay. */
export function completeImpairment(impairment: Impairment): FullImpairment | number {
  const full = { ...NO_IMPAIRMENT, ...impairment };
  const shares = [full.loss, full.duplicate, full.corrupt, full.reorder];
  if (!shares.every((share) => share >= 0 && share <= 1)) return -EINVAL;
  const amounts = [full.delay, full.jitter, full.rate, full.limit];
  if (!amounts.every((amount) => amount >= 0 && amount < Number.POSITIVE_INFINITY)) return -EINVAL;
  return full.reorder > 0 && full.delay === 0 ? -EINVAL : full;
}

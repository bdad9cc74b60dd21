// Medians and ratios. Pure.

/** @param {readonly number[]} values at least one; the mean of the middle two when their number is even */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @typedef {{ median: number, min: number, max: number, rounds: number }} Summary
 * @param {readonly number[]} values
 * @returns {Summary}
 */
export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), rounds: values.length };
}

/**
 * The value of each round over the base's value of the same round. What disturbs the machine for longer than a round
 * disturbs both, so these scatter less than the values themselves.
 *
 * @param {readonly number[]} base
 * @param {readonly number[]} values as many as `base`
 */
export function pairRatios(base, values) {
  if (base.length !== values.length) throw new RangeError(`${base.length} rounds against ${values.length}`);
  return values.map((value, round) => value / base[round]);
}

/**
 * @typedef {{ ofMedians: number, perPair: Summary }} Ratio
 * @param {readonly number[]} base
 * @param {readonly number[]} values
 * @returns {Ratio}
 */
export function ratio(base, values) {
  return { ofMedians: median(values) / median(base), perPair: summary(pairRatios(base, values)) };
}

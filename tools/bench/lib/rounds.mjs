// Interleaved rounds: each contestant in turn, again and again, so that whatever the machine does meanwhile hits all.
import { median, pairRatios } from './stats.mjs';

/**
 * @typedef {{ name: string, measure: (ms: number) => Promise<{ packets: number, ns: number }> }} Contestant
 * @param {readonly Contestant[]} contestants
 * @param {{ rounds: number, ms: number, progress?: string }} options
 * @returns {Promise<{ name: string, values: number[] }[]>} packets per second
 */
export async function interleave(contestants, { rounds, ms, progress }) {
  const series = contestants.map(({ name }) => ({ name, values: /** @type {number[]} */ ([]) }));
  for (let round = 0; round < rounds; round++) {
    // Every other round runs backwards, so that nobody always follows the same one.
    const order = [...contestants.keys()];
    if (round % 2 === 1) order.reverse();
    for (const index of order) {
      const { packets, ns } = await contestants[index].measure(ms);
      series[index].values.push((packets / ns) * 1e9);
    }
    if (progress !== undefined && process.stderr.isTTY) process.stderr.write(`\r${progress}: round ${round + 1} of ${rounds} `);
  }
  if (progress !== undefined && process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return series;
}

/**
 * A small difference between two builds. Where code and data come to lie, and what V8 inlines, differ from process to process by
 * more than such a difference, so there are many launches of both, and of each only its best slice counts: what disturbs
 * a slice only ever makes it slower.
 *
 * @param {() => Promise<{ measure: Contestant['measure'], close: () => Promise<void> }>} startBase
 * @param {() => Promise<{ measure: Contestant['measure'], close: () => Promise<void> }>} startOther
 * @param {{ launches: number, slices: number, ms: number }} options
 * @returns {Promise<{ perLaunch: number[], timeRatio: { ofMedians: number, ofBest: number } }>} time of base over time of other
 */
export async function compareBuilds(startBase, startOther, { launches, slices, ms }) {
  /** @type {number[]} */
  const base = [];
  /** @type {number[]} */
  const other = [];
  for (let launch = 0; launch < launches; launch++) {
    const sides = [await startBase(), await startOther()];
    for (const side of sides) await side.measure(WARM_UP_MS);
    const [ofBase, ofOther] = await interleave(
      sides.map(({ measure }, index) => ({ name: String(index), measure })), { rounds: slices, ms });
    for (const side of sides) await side.close();
    base.push(Math.max(...ofBase.values));
    other.push(Math.max(...ofOther.values));
  }
  return {
    perLaunch: pairRatios(base, other),
    timeRatio: { ofMedians: median(other) / median(base), ofBest: Math.max(...other) / Math.max(...base) },
  };
}

/** Long enough for V8 to have optimised everything on the path. */
export const WARM_UP_MS = 1000;

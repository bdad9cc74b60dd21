// Interleaved rounds: each contestant in turn, again and again, so that whatever the machine does meanwhile hits all.
import { ratio } from './stats.mjs';

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
 * A small difference between two builds: several launches of both, since where code and data come to lie differs from
 * process to process, and many short slices per launch.
 *
 * @param {() => Promise<{ measure: Contestant['measure'], close: () => Promise<void> }>} startBase
 * @param {() => Promise<{ measure: Contestant['measure'], close: () => Promise<void> }>} startOther
 * @param {{ launches: number, slices: number, ms: number }} options
 * @returns {Promise<{ perLaunch: number[], timeRatio: import('./stats.mjs').Ratio }>} time of base over time of other
 */
export async function compareBuilds(startBase, startOther, { launches, slices, ms }) {
  /** @type {number[]} */
  const base = [];
  /** @type {number[]} */
  const other = [];
  /** @type {number[]} */
  const perLaunch = [];
  for (let launch = 0; launch < launches; launch++) {
    const sides = [await startBase(), await startOther()];
    for (const side of sides) await side.measure(WARM_UP_MS);
    const [ofBase, ofOther] = await interleave(
      sides.map(({ measure }, index) => ({ name: String(index), measure })), { rounds: slices, ms });
    for (const side of sides) await side.close();
    base.push(...ofBase.values);
    other.push(...ofOther.values);
    perLaunch.push(ratio(ofBase.values, ofOther.values).perPair.median);
  }
  return { perLaunch, timeRatio: ratio(base, other) };
}

/** Long enough for V8 to have optimised everything on the path. */
export const WARM_UP_MS = 1000;

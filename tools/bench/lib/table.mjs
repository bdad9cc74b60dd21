// Plain text tables. Pure.
import { ratio, summary } from './stats.mjs';

/**
 * Columns as wide as their widest cell; the first is aligned left, the others right. A rule under the head.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function table(head, rows) {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)));
  /** @param {readonly string[]} row */
  const line = (row) =>
    widths
      .map((width, column) => (column === 0 ? (row[0] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** @param {number} perSecond packets per second, printed in millions */
export const mpps = (perSecond) => (perSecond / 1e6).toFixed(3);

/** @param {number} value */
export const times = (value) => `${value.toFixed(value < 2 ? 3 : 2)}x`;

/** @param {number} value */
export const fixed1 = (value) => value.toFixed(1);

/**
 * One row per series: median, extremes, and its ratio to the first series (of medians, and per pair of rounds).
 *
 * @param {readonly { name: string, values: readonly number[] }[]} series packets per second, one value per round
 */
export function rateTable(series) {
  const rows = series.map(({ name, values }, index) => {
    const own = summary(values);
    const row = [name, mpps(own.median), mpps(own.min), mpps(own.max), fixed1(1e9 / own.median)];
    if (index === 0) return [...row, 'base', ''];
    const against = ratio(series[0].values, values);
    const { median, min, max } = against.perPair;
    return [...row, times(against.ofMedians), `${times(median)} (${times(min)}..${times(max)})`];
  });
  return table(['', 'Mpps median', 'min', 'max', 'ns/packet', 'of medians', 'per pair: median (min..max)'], rows);
}

/**
 * The careful reading: what others do on the machine slows the kernel's two processes down more than our one thread.
 *
 * @typedef {{ name: string, values: readonly number[] }} Series
 * @param {Series} base
 * @param {Series} other
 */
export function againstBest(base, other) {
  return `${other.name} (median) over the best round of ${base.name}: ${times(summary(other.values).median / summary(base.values).max)}`;
}

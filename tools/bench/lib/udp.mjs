// `bench udp`: P10, 18-byte datagrams from socket to socket over veth.
import { join } from 'node:path';
import { bundleWith } from './bundle.mjs';
import { startOurs } from './child.mjs';
import { kernelSide, kernelUdp } from './kernel.mjs';
import { interleave, WARM_UP_MS } from './rounds.mjs';
import { againstBest, rateTable } from './table.mjs';

const MS = 700;

/** @param {import('./bench.mjs').Context} context */
export async function udp({ entry, kernelMissing, core, rounds, directory }) {
  /** @type {Record<string, unknown>} */
  const result = {};
  /** @type {import('./rounds.mjs').Contestant[]} */
  const contestants = [];

  const kernel = await kernelSide(kernelMissing, () => kernelUdp(core));
  if (kernel !== undefined) {
    result.kernelMeasured = kernel.what;
    contestants.push({ name: 'kernel, all cores', measure: kernel.measure });
    if (kernel.measureOneCore !== undefined) contestants.push({ name: 'kernel, one core', measure: kernel.measureOneCore });
  }
  const child = entry === undefined ? undefined
    : await startOurs({ file: await bundleWith(entry, join(directory, 'udp.bundle.mjs')), core });
  if (child !== undefined) {
    await child.measure(WARM_UP_MS);
    contestants.push({ name: 'ours', measure: child.measure });
  }
  if (contestants.length === 0) return result;

  const series = await interleave(contestants, { rounds, ms: MS, progress: 'udp' });
  console.log(`\nUDP socket to socket, 18-byte payload, ${rounds} interleaved rounds of ${MS} ms\n`);
  console.log(rateTable(series));
  if (kernel !== undefined && child !== undefined) console.log(`\n${againstBest(series[0], series[series.length - 1])}`);
  result.series = series;
  await child?.close();
  return result;
}

// `bench udp`: P10, 18-byte datagrams from socket to socket over veth.
import { join } from 'node:path';
import { bundleWith } from './bundle.mjs';
import { startOurs } from './child.mjs';
import { kernelSide, kernelUdp } from './kernel.mjs';
import { interleave, WARM_UP_MS } from './rounds.mjs';
import { againstBest, rateTable } from './table.mjs';

const MS = 700;

/** @param {import('./bench.mjs').Context} context */
export async function udp(context) {
  const { entry, kernelMissing, core, rounds, directory, family } = context;
  /** @type {Record<string, unknown>} */
  const result = {};
  /** @type {import('./rounds.mjs').Contestant[]} */
  const contestants = [];

  const kernel = await kernelSide(kernelMissing, () => kernelUdp(context));
  if (kernel !== undefined) {
    result.kernelMeasured = kernel.what;
    contestants.push({ name: 'kernel, all cores', measure: kernel.measure });
    if (kernel.measureOneCore !== undefined) contestants.push({ name: 'kernel, one core', measure: kernel.measureOneCore });
  }
  const bundle = entry === undefined ? undefined : await bundleWith(entry, join(directory, 'udp.bundle.mjs'));
  const ours = [];
  if (bundle !== undefined) {
    // IPv6's sockets speak IPv4, so with them both are always there.
    for (const [name, both] of family.version === 6 ? [['ours', true]] : [['ours', false], ['ours, both IP versions', true]]) {
      const child = await startOurs({ file: bundle, options: { version: family.version, both }, core });
      await child.measure(WARM_UP_MS);
      contestants.push({ name: String(name), measure: child.measure });
      ours.push(child);
    }
  }
  if (contestants.length === 0) return result;

  const series = await interleave(contestants, { rounds, ms: MS, progress: 'udp' });
  console.log(`\nUDP over ${family.name} from socket to socket, 18-byte payload, ${rounds} interleaved rounds of ${MS} ms\n`);
  console.log(rateTable(series));
  const mine = series.find(({ name }) => name === 'ours');
  if (kernel !== undefined && mine !== undefined) console.log(`\n${againstBest(series[0], mine)}`);
  result.series = series;
  for (const child of ours) await child.close();
  return result;
}

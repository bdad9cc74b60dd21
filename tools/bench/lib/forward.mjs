// `bench forward`: P1 and P17, capture on and off, time by stage, bytes allocated, and what the path contains.
import { basename, join } from 'node:path';
import { ALLOCATION_FLAGS } from './allocation.mjs';
import { bundleWith, cutAt, replaceExpressions } from './bundle.mjs';
import { startOurs } from './child.mjs';
import { kernelForward, kernelSide } from './kernel.mjs';
import { compareBuilds, interleave, WARM_UP_MS } from './rounds.mjs';
import { median } from './stats.mjs';
import { againstBest, fixed1, rateTable, table, times } from './table.mjs';

const MS = 700;
const ALLOCATION_PACKETS = 16_000_000;
const PROFILE_MS = 3000;
const PATH_MS = 500;
const SHOWN_FUNCTIONS = 25;
const STAGE_ROUNDS = 7;
const STAGE_MS = 200;

/** @param {import('./bench.mjs').Context} context */
export async function forward(context) {
  const { entry, kernelMissing, core, rounds, directory, family, routes } = context;
  /** @type {Record<string, unknown>} */
  const result = {};
  /** @type {import('./rounds.mjs').Contestant[]} */
  const contestants = [];

  const kernel = await kernelSide(kernelMissing, () => kernelForward(context));
  if (kernel !== undefined) {
    result.kernelMeasured = kernel.what;
    contestants.push({ name: 'kernel', measure: kernel.measure });
  }

  const bundle = entry === undefined ? undefined : await bundleWith(entry, join(directory, `${basename(entry, '.mjs')}.bundle.mjs`));
  const scene = { version: family.version, routes };
  const ours = [];
  if (bundle !== undefined) {
    for (const [name, options] of /** @type {const} */ ([['ours', scene], ['ours, both IP versions', { ...scene, both: true }], ['ours, capture on', { ...scene, capture: true }]])) {
      const child = await startOurs({ file: bundle, options, core });
      await child.measure(WARM_UP_MS);
      contestants.push({ name, measure: child.measure });
      ours.push(child);
    }
  }
  if (contestants.length === 0) return result;

  const series = await interleave(contestants, { rounds, ms: MS, progress: 'forward' });
  console.log(`\n${family.name} forwarding, ${family.frame}-byte frames, ${routes === 0 ? '' : `${routes} routes, `}one core, ${rounds} interleaved rounds of ${MS} ms\n`);
  console.log(rateTable(series));
  if (kernel !== undefined && bundle !== undefined) console.log(`\n${againstBest(series[0], series[1])}`);
  result.series = series;
  for (const child of ours) await child.close();
  if (bundle === undefined || entry === undefined) return result;

  /** @type {import('../ours/contract.mjs').Variants} */
  const variants = await import(entry.replace(/\.mjs$/, '.variants.mjs'));
  const file = (/** @type {string} */ variant) => join(directory, `${basename(entry, '.mjs')}.${variant}.bundle.mjs`);
  const what = { entry, bundle, core, options: scene, file };
  // Many routes take long to load, and these start many processes.
  const few = { ...what, options: { version: family.version } };
  result.hooks = await hooks({ ...few, replacements: variants.hookless });
  result.stages = await stages({ ...few, stages: variants.stages[family.version] });
  result.allocation = await allocation(what);
  result.profile = await profile(what);
  result.path = await path(what);
  return result;
}

/**
 * What the parts that look closer look at.
 *
 * @typedef {object} Build
 * @property {string} entry
 * @property {string} bundle
 * @property {number | undefined} core
 * @property {import('../ours/contract.mjs').Options} options what to set up
 * @property {(variant: string) => string} file where a variant of the bundle is written
 */

/**
 * P17: the same code with its hook checks, present and empty, against the same code without them; and against itself,
 * which shows how small a difference this machine can tell.
 *
 * @param {Build & { replacements: readonly import('./bundle.mjs').Replacement[] }} what
 */
async function hooks({ entry, bundle, core, options: scene, replacements, file }) {
  const { transform, counts } = replaceExpressions(replacements);
  const without = await bundleWith(entry, file('hookless'), transform);
  const unused = replacements.filter((_, index) => counts[index] === 0);
  if (unused.length > 0) throw new Error(`hookless: nothing matches ${unused.map(({ match }) => match).join(', ')}`);

  /** @param {string} build */
  const starter = (build) => () => startOurs({ file: build, options: scene, core });
  const options = { launches: 15, slices: 10, ms: 50 };
  const same = await compareBuilds(starter(bundle), starter(bundle), options);
  const result = await compareBuilds(starter(bundle), starter(without), options);
  const removed = replacements.map(({ match, by }, index) => `${counts[index]} x ${match} -> ${by}`);
  console.log(`\nhooks present and empty, over the same code without them; time per packet, lower is better\n  removed: ${removed.join(', ')}`);
  for (const [name, { timeRatio, perLaunch }] of /** @type {const} */ ([['with / without', result], ['with / with (noise)', same]])) {
    const sorted = [...perLaunch].sort((x, y) => x - y);
    console.log(`  ${name.padEnd(20)} ${times(timeRatio.ofMedians)} of the medians of ${perLaunch.length} launches, best of each ${times(timeRatio.ofBest)}; ` +
      `per launch ${times(sorted[0])} .. ${times(median(sorted))} .. ${times(sorted[sorted.length - 1])}`);
  }
  return { removed, result, same };
}

/**
 * Time up to each stage: the same code with the packet's way cut off there, each a build and a process of its own.
 *
 * @param {Build & { stages: readonly import('../ours/contract.mjs').Stage[] }} what
 */
async function stages({ entry, bundle, core, options, stages, file }) {
  const children = [];
  for (const { cut } of stages) {
    const { transform, count } = cutAt(cut);
    const build = await bundleWith(entry, file(`until-${cut.function}`), transform);
    if (count() !== 1) throw new Error(`stages: ${count()} functions are called ${cut.function}`);
    children.push(await startOurs({ file: build, options: { ...options, cut: true, list: 1 }, core }));
  }
  children.push(await startOurs({ file: bundle, options: { ...options, list: 1 }, core }));
  for (const child of children) await child.measure(WARM_UP_MS);
  const names = [...stages.map(({ name }) => name), 'the rest of the way'];
  const series = await interleave(children.map(({ measure }, index) => ({ name: names[index], measure })),
    { rounds: STAGE_ROUNDS, ms: STAGE_MS, progress: 'stages' });
  for (const child of children) await child.close();

  const untilThere = series.map(({ values }) => 1e9 / median(values));
  const total = untilThere[untilThere.length - 1];
  const rows = untilThere.map((ns, index) => {
    const own = ns - (untilThere[index - 1] ?? 0);
    return { name: names[index], ns: own, cumulative: ns, share: own / total };
  });
  console.log('\nns per packet by stage (one frame at a time instead of lists of 64; the way cut off after each; differences of medians, freeing the packet in the first)\n');
  console.log(table(['stage', 'ns', 'cumulative', 'share'],
    rows.map((row) => [row.name, fixed1(row.ns), fixed1(row.cumulative), `${fixed1(row.share * 100)} %`])));
  return rows;
}

/** @param {Build} what */
async function allocation({ bundle, core, options }) {
  const child = await startOurs({ file: bundle, options, core, flags: ALLOCATION_FLAGS });
  await child.measure(WARM_UP_MS);
  const result = await child.call('allocation', { packets: ALLOCATION_PACKETS });
  await child.close();
  if (result.packets === 0) console.log('\nallocation: so much that collections could not be avoided; see who allocates');
  else {
    console.log(`\nallocated per packet: ${result.bytesPerPacket.toFixed(3)} bytes on V8's heap, ` +
      `${result.externalBytesPerPacket.toFixed(3)} outside it (${result.packets} packets, no collection meanwhile)`);
  }
  const who = result.sampled.filter((/** @type {{ bytes: number }} */ { bytes }) => bytes >= 0.001).slice(0, 10);
  if (who.length === 0) console.log('heap profile: no allocation on the path');
  else {
    console.log('heap profile, who allocates:\n');
    console.log(table(['function', 'bytes/packet', 'file'],
      who.map((/** @type {{ name: string, bytes: number, file: string }} */ f) => [f.name, f.bytes.toFixed(3), f.file])));
  }
  return result;
}

/** @param {Build} what */
async function profile({ bundle, core, options }) {
  const child = await startOurs({ file: bundle, options, core, flags: ['--no-turbo-inlining'] });
  await child.measure(WARM_UP_MS);
  const result = await child.call('profile', { ms: PROFILE_MS });
  await child.close();
  const nsPerPacket = result.ns / result.packets;
  console.log(`\nself time by function, the first ${SHOWN_FUNCTIONS} (CPU profile, ${result.samples} samples; V8's inlining off, so that ` +
    `each function's time is its own: ${fixed1(nsPerPacket)} ns/packet that way)\n`);
  console.log(table(['function', 'ns', 'share', 'file'],
    result.functions.slice(0, SHOWN_FUNCTIONS).map((/** @type {{ name: string, ns: number, file: string }} */ f) =>
      [f.name, fixed1(f.ns), `${fixed1((f.ns / nsPerPacket) * 100)} %`, f.file])));
  return { ...result, functions: result.functions.slice(0, 100) };
}

/** @param {Build} what */
async function path({ bundle, core, options }) {
  const child = await startOurs({ file: bundle, options, core, watch: 'coverage' });
  await child.measure(PATH_MS);
  const result = await child.call('path', { ms: PATH_MS });
  await child.close();
  console.log(`\nwhat the executed blocks contain (block coverage over ${result.packets} packets, oftener than once in 100)`);
  if (result.findings.length === 0) console.log('  no throw, closure, object, array, new, spread, iterator, await, built string, map or container lookup');
  else {
    console.log('');
    console.log(table(['what', 'per packet', 'where', 'code'],
      result.findings.map((/** @type {import('./path.mjs').Finding} */ f) => [f.what, f.perPacket.toFixed(3), `${f.file}:${f.line}`, f.code])));
  }
  return result;
}

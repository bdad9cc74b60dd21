// Runs in a child process of its own: holds one stack, runs it when asked, looks at it with V8's own tools.
import inspector from 'node:inspector';
import { readFileSync } from 'node:fs';
import { allocatedPerPacket, sampledAllocations } from './allocation.mjs';
import { readMap } from './bundle.mjs';
import { pathFindings } from './path.mjs';
import { selfTimes } from './profile.mjs';

/** @typedef {import('../ours/contract.mjs').Bench} Bench */

/** @type {Bench} */
let bench;
/** @type {string} */
let bundle;
const session = new inspector.Session();
session.connect();

/**
 * @param {string} method
 * @param {object} [params]
 * @returns {Promise<any>}
 */
const post = (method, params) =>
  new Promise((resolve, reject) =>
    session.post(method, params, (error, result) => (error ? reject(error) : resolve(result))));

/** What a busy machine may take away between two readings of the clock. */
const CLOCK_SLACK_NS = 20e6;

/** One run, checked against the clock here: nobody measures himself unwatched. @param {number} ms */
function run(ms) {
  const start = process.hrtime.bigint();
  const { packets, ns } = bench.run(ms);
  const wall = Number(process.hrtime.bigint() - start);
  if (!(packets > 0)) throw new Error('the run moved no packet');
  if (Math.abs(wall - ns) > wall * 0.05 + CLOCK_SLACK_NS) throw new Error(`the run says ${ns} ns, the clock ${wall}`);
  return { packets, ns: wall };
}

const commands = {
  /** @param {{ file: string, options: object, watch?: 'coverage' }} what */
  async load({ file, options, watch }) {
    bundle = file;
    await post('Profiler.enable');
    // Must be on before the code is compiled, or blocks are not counted.
    if (watch === 'coverage') await post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    bench = await (await import(file)).setup(options);
  },

  /** @param {{ ms: number }} what */
  run: ({ ms }) => run(ms),

  /** CPU profile of a run, as ns per packet. @param {{ ms: number }} what */
  async profile({ ms }) {
    await post('Profiler.setSamplingInterval', { interval: 100 });
    await post('Profiler.start');
    const result = run(ms);
    const { profile } = await post('Profiler.stop');
    return { ...selfTimes(profile, result, readMap(bundle)), ...result };
  },

  /** What the executed blocks contain. @param {{ ms: number }} what */
  async path({ ms }) {
    await post('Profiler.takePreciseCoverage'); // resets the counts
    const { packets } = run(ms);
    const { result } = await post('Profiler.takePreciseCoverage');
    const functions = result.find((/** @type {any} */ script) => script.url.endsWith(bundle))?.functions ?? [];
    return { packets, findings: pathFindings(readFileSync(bundle, 'utf8'), functions, packets, readMap(bundle)) };
  },

  /** @param {{ packets: number }} what */
  async allocation({ packets }) {
    const bytes = await allocatedPerPacket((ms) => run(ms).packets, packets);
    return { ...bytes, sampled: await sampledAllocations(post, (ms) => run(ms).packets, packets / 4, readMap(bundle)) };
  },

  async close() {
    await bench.close();
    setImmediate(() => process.disconnect?.());
  },
};

process.on('message', async (/** @type {{ id: number, command: keyof typeof commands, argument: any }} */ message) => {
  try {
    process.send?.({ id: message.id, result: await commands[message.command](message.argument) });
  } catch (error) {
    process.send?.({ id: message.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});

// V8's sampling CPU profile as nanoseconds per packet by function.
import { SourceMap } from 'node:module';

/**
 * @typedef {{ functionName: string, url: string, lineNumber: number, columnNumber: number }} CallFrame
 * @typedef {{ id: number, callFrame: CallFrame, children?: number[] }} ProfileNode
 * @typedef {{ nodes: ProfileNode[], samples: number[], timeDeltas: number[] }} Profile
 */

/** `f$1` is how the bundler tells two functions of one name apart. @param {string} name */
const plainName = (name) => name.replace(/\$\d+$/, '');

/**
 * The source file of a place in the bundle, shortened to what follows the repository's root.
 *
 * @param {object} map
 * @returns {(line: number, column: number) => { file: string, line: number }} both zero-based
 */
export function sourceOf(map) {
  const sourceMap = new SourceMap(/** @type {any} */ (map));
  return (line, column) => {
    const entry = /** @type {any} */ (sourceMap.findEntry(line, column));
    const file = String(entry.originalSource ?? '').replace(/^(file:\/\/)?(\.\.?\/)*/, '');
    return { file: file.replace(/^.*\/(?=(packages|tools|node_modules)\/)/, ''), line: (entry.originalLine ?? 0) + 1 };
  };
}

/**
 * Self time by function. Idle samples do not count. Only true where inlining is off: V8 gives the time of inlined code
 * to whichever function around it has a source position nearby.
 *
 * @param {Profile} profile
 * @param {{ packets: number, ns: number }} run the run under the profiler
 * @param {object} map
 */
export function selfTimes(profile, run, map) {
  const source = sourceOf(map);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  /** @type {Map<string, { name: string, file: string, ns: number }>} */
  const byFunction = new Map();
  let total = 0;
  profile.samples.forEach((id, i) => {
    const { functionName, lineNumber, columnNumber, url } = /** @type {ProfileNode} */ (nodes.get(id)).callFrame;
    if (functionName === '(idle)') return;
    const time = Math.max(0, profile.timeDeltas[i]);
    total += time;
    const name = plainName(functionName || '(anonymous)');
    const file = lineNumber >= 0 && url.startsWith('file:') ? source(lineNumber, columnNumber).file : url;
    const entry = byFunction.get(`${name} ${file}`) ?? { name, file, ns: 0 };
    entry.ns += time;
    byFunction.set(`${name} ${file}`, entry);
  });
  const nsPerPacket = run.ns / run.packets;
  return {
    samples: profile.samples.length,
    functions: [...byFunction.values()]
      .map((entry) => ({ ...entry, ns: (entry.ns / total) * nsPerPacket }))
      .sort((a, b) => b.ns - a.ns),
  };
}

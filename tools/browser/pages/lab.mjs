// A lab from its text to its report, with the captures in memory.
import { createStackHost, MemoryCaptures, parseTopology, plainPaint, renderJson, renderText, runLab } from '@skbuff/cli/lab';

/** @param {{ file: string, source: string }} input */
export async function run({ file, source }) {
  const { topology, diagnostics, source: text } = parseTopology(source, { file });
  if (topology === undefined) {
    /** @type {Parameters<typeof renderJson>[0]} */
    const refused = [{ kind: 'bad-input', file, diagnostics, source: text }];
    return { printed: renderText(refused, plainPaint, true), json: renderJson(refused), captures: {}, leaks: {} };
  }
  const captures = new MemoryCaptures();
  const { report, leaks } = await runLab(topology, createStackHost, { seed: topology.seed ?? 1, diagnostics, captures });
  /** @type {Parameters<typeof renderJson>[0]} */
  const outcomes = [{ kind: 'ran', report }];
  return {
    printed: renderText(outcomes, plainPaint, true),
    json: renderJson(outcomes),
    captures: Object.fromEntries(captures.names().map((name) => [name, hex(captures.bytes(name) ?? new Uint8Array())])),
    leaks,
  };
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

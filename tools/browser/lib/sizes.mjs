// How large the stack is in a browser, by what is taken of it.
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleForBrowser } from './bundle.mjs';
import { HERE } from './node.mjs';

/** What is measured: a name, and the file (or the text) of which a bundle is made. */
export const BUNDLES = /** @type {const} */ ([
  ['a stack that answers pings (apps/minimal)', 'stack.mjs', "export { createHost } from '@skbuff/sample-minimal/stack';\n"],
  ['a stack with ping sockets on a cable', 'pages/ping-socket.mjs'],
  ['the plugins of `linux()`', 'linux.mjs', "import { linux } from 'skbuff';\nexport const run = linux;\n"],
  ['the sample: `linux()`, hosts and every command', 'pages/sample.mjs'],
  ['the lab', 'pages/lab.mjs'],
]);

/**
 * @typedef {{ name: string, code: string, minified: number, compressed: number, parts: [part: string, bytes: number][] }} Size bytes; `parts`: of
 *   the minified code, by package or by file
 * @param {string} name
 * @param {{ byFile?: boolean }} [options]
 * @returns {Promise<Size>}
 */
export async function sizeOf(name, { byFile = false } = {}) {
  const [, file, text] = BUNDLES.find((bundle) => bundle[0] === name) ?? BUNDLES[0];
  const { code, map } = await bundleForBrowser(path.join(HERE, file), text === undefined ? {} : { code: text });
  return { name, code, minified: code.length, compressed: gzipSync(code).length, parts: map === null ? [] : partsOf(code, map, byFile ? (source) => source : packageOf) };
}

/** Thousands of bytes, with one decimal. @param {number} bytes */
export const kilobytes = (bytes) => (bytes / 1000).toFixed(1);

/** @param {string} source */
function packageOf(source) {
  const [own] = /packages\/core|packages\/[^/]+\/[^/]+|apps\/[^/]+|tools\/[^/]+/.exec(source.replace(/.*node_modules\//, '')) ?? [];
  return own ?? source.replace(/.*node_modules\//, '').replace(/^((?:@[^/]+\/)?[^/]+).*/, '$1');
}

/**
 * Attributes each byte to the source that the map names for it.
 * @param {string} code
 * @param {{ mappings: string, sources: (string | null)[] }} map
 * @param {(source: string) => string} nameOf
 * @returns {[string, number][]} the largest first
 */
function partsOf(code, map, nameOf) {
  /** @type {Map<string, number>} */
  const sizes = new Map();
  const lines = code.split('\n');
  let source = 0;
  for (const [i, line] of map.mappings.split(';').entries()) {
    let column = 0;
    let from = 0;
    let owner = '';
    const add = (/** @type {number} */ to) => {
      if (owner !== '') sizes.set(owner, (sizes.get(owner) ?? 0) + to - from);
      from = to;
    };
    for (const segment of line.split(',')) {
      const [columns = 0, sources] = decode(segment);
      column += columns;
      add(column);
      if (sources === undefined) continue;
      source += sources;
      owner = nameOf(map.sources[source] ?? '');
    }
    add(lines[i]?.length ?? 0);
  }
  return [...sizes].sort((a, b) => b[1] - a[1]);
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The numbers of a segment of a source map (base64 VLQ). @param {string} segment */
function decode(segment) {
  /** @type {number[]} */
  const numbers = [];
  let value = 0;
  let shift = 0;
  for (const char of segment) {
    const digit = DIGITS.indexOf(char);
    value |= (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) !== 0) continue;
    numbers.push((value & 1) !== 0 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}

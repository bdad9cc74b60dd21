// What the code that a packet executes contains, counted exactly: V8's block coverage says how often each block ran,
// the syntax tree what is in it. Finds what the rules of the hot path forbid even where the optimiser would remove the
// allocation or where nothing is allocated (a throw of a constant, a lookup in a map).
import { parseAst } from 'rolldown/parseAst';
import { children } from './bundle.mjs';
import { sourceOf } from './profile.mjs';

/**
 * @typedef {{ startOffset: number, endOffset: number, count: number }} Range
 * @typedef {{ functionName: string, ranges: Range[] }} FunctionCoverage
 * @typedef {{ what: string, perPacket: number, file: string, line: number, code: string }} Finding
 */

/** Rarer than this is not on the path: once per list of 64 is 0.016. */
const RARE = 0.01;
const LOOKUPS = new Set(['get', 'set', 'has', 'delete', 'resolve']);
/** @type {Record<string, string>} */
const FORBIDDEN = {
  ThrowStatement: 'throw',
  ArrowFunctionExpression: 'closure',
  FunctionExpression: 'closure',
  ClassExpression: 'class made',
  ObjectExpression: 'object literal',
  ArrayExpression: 'array literal',
  NewExpression: 'new',
  SpreadElement: 'spread',
  ForOfStatement: 'iterator (for…of)',
  ForInStatement: 'for…in',
  AwaitExpression: 'await',
  YieldExpression: 'yield',
  TryStatement: 'try',
};

/**
 * @param {string} code the bundle
 * @param {readonly FunctionCoverage[]} functions
 * @param {number} packets
 * @param {object} map
 * @returns {Finding[]} most frequent first
 */
export function pathFindings(code, functions, packets, map) {
  const source = sourceOf(map);
  // Smallest first; of equal ones the inner, which V8 names later.
  const ranges = functions.flatMap((f) => f.ranges).reverse()
    .sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset));
  const lines = [0, ...[...code.matchAll(/\n/g)].map((match) => match.index + 1)];

  /** How often control came to this node: the smallest range around it that is not its own. @param {any} node */
  const countAt = (node) => {
    const around = ranges.find(({ startOffset, endOffset }) =>
      startOffset <= node.start && endOffset >= node.end && endOffset - startOffset > node.end - node.start);
    return around?.count ?? 0;
  };

  /** @type {Finding[]} */
  const findings = [];
  /** @param {any} node @param {any} parent */
  const visit = (node, parent) => {
    const what = nameOf(node, parent);
    if (what !== undefined) {
      const perPacket = countAt(node) / packets;
      if (perPacket >= RARE) {
        const line = lineAt(lines, node.start);
        const text = code.slice(node.start, node.end).split('\n')[0].slice(0, 60);
        findings.push({ what, perPacket, ...source(line, node.start - lines[line]), code: text });
      }
    }
    for (const child of children(node)) visit(child, node);
  };
  visit(parseAst(code, { lang: 'js' }), undefined);
  return findings.sort((a, b) => b.perPacket - a.perPacket);
}

/** @param {any} node @param {any} parent */
function nameOf(node, parent) {
  if (parent?.type === 'MethodDefinition') return undefined; // made with its class, not when called
  if (node.type === 'TemplateLiteral') return node.expressions.length > 0 ? 'string built' : undefined;
  if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && LOOKUPS.has(node.callee.property.name)) {
    return `.${node.callee.property.name}(): a map or container?`;
  }
  return FORBIDDEN[node.type];
}

/** Index of the line that holds an offset. @param {readonly number[]} lines @param {number} offset */
function lineAt(lines, offset) {
  let low = 0;
  for (let high = lines.length; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if (lines[middle] <= offset) low = middle;
    else high = middle;
  }
  return low;
}

import { parseSync } from 'oxc-parser';

/**
 * @typedef {{ type: string, start: number, end: number, [key: string]: unknown }} Node
 * @typedef {{ specifier: string, typeOnly: boolean, line: number }} Import
 * @typedef {{ text: string, line: number, endLine: number }} Comment
 * @typedef {object} SourceFile
 * @property {string} path from the root of the repository, with `/`
 * @property {string} text
 * @property {Node} program
 * @property {Import[]} imports
 * @property {Comment[]} comments
 * @property {string[]} errors
 * @property {(offset: number) => number} lineAt line number, from 1
 */

/** Stands for the specifier of an `import(…)` of something that only the running program knows. */
export const UNKNOWN = './(unknown)';

/** @param {string} text @returns {(offset: number) => number} */
function lineIndex(text) {
  const starts = [0];
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (/** @type {number} */ (starts[mid]) <= offset) low = mid;
      else high = mid - 1;
    }
    return low + 1;
  };
}

/** Every node below `node`, parents first. @param {unknown} node @param {(node: Node, parents: Node[]) => void} visit @param {Node[]} [parents] */
export function walk(node, visit, parents = []) {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, visit, parents);
    return;
  }
  if (node === null || typeof node !== 'object') return;
  const self = /** @type {Node} */ (node);
  if (typeof self.type === 'string') {
    visit(self, parents);
    parents = [...parents, self];
  }
  for (const key of Object.keys(self)) {
    if (key !== 'range' && key !== 'loc' && key !== 'parent') walk(self[key], visit, parents);
  }
}

/** @param {Node} program @param {(offset: number) => number} lineAt @returns {Import[]} */
function importsOf(program, lineAt) {
  /** @type {Import[]} */
  const found = [];
  /** @param {unknown} source @param {boolean} typeOnly */
  const add = (source, typeOnly) => {
    if (source === null || source === undefined) return;
    const literal = /** @type {{ type: string, value?: unknown, start: number }} */ (source);
    const known = literal.type === 'Literal' && typeof literal.value === 'string';
    found.push({ specifier: known ? String(literal.value) : UNKNOWN, typeOnly, line: lineAt(literal.start) });
  };
  walk(program, (node) => {
    if (node.type === 'ImportDeclaration') add(node.source, node.importKind === 'type');
    else if (node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') add(node.source, node.exportKind === 'type');
    else if (node.type === 'ImportExpression') add(node.source, false);
    else if (node.type === 'TSImportType') add(node.source, true);
  });
  return found;
}

/** @param {string} path @returns {'dts' | 'ts' | 'tsx' | 'js' | 'jsx'} */
function languageOf(path) {
  if (/\.d\.[mc]?ts$/.test(path)) return 'dts';
  if (/\.[mc]?ts$/.test(path)) return 'ts';
  if (/\.tsx$/.test(path)) return 'tsx';
  return /\.jsx$/.test(path) ? 'jsx' : 'js';
}

/** @param {string} path @param {string} text @returns {SourceFile} */
export function parseSource(path, text) {
  const lang = languageOf(path);
  const { program, comments, errors } = parseSync(path, text, { lang, sourceType: 'module', range: true });
  const lineAt = lineIndex(text);
  const root = /** @type {Node} */ (/** @type {unknown} */ (program));
  return {
    path,
    text,
    program: root,
    imports: importsOf(root, lineAt),
    comments: comments.map((c) => ({ text: c.value, line: lineAt(c.start), endLine: lineAt(c.end) })),
    errors: errors.map((e) => e.message),
    lineAt,
  };
}

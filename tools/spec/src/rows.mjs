import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** @typedef {{ id: string, file: string, section: string, line: number, capability: string, mark: string }} Row */

export const MARKS = Object.freeze(['core', 'expected', 'deep', '–']);
const ROW = /^\| *([A-Z][A-Z0-9]*-\d+[a-z]?) *\|/;

/** Cells of a table line; `\|` does not separate. @param {string} line */
function cellsOf(line) {
  return line.trim().split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
}

/** The rows of one specification file. @param {string} file @param {string} text @returns {Row[]} */
export function parseRows(file, text) {
  /** @type {Row[]} */
  const rows = [];
  let section = '';
  for (const [i, line] of text.split('\n').entries()) {
    const heading = /^#{2,} (.+)$/.exec(line);
    if (heading) section = /** @type {string} */ (heading[1]);
    if (!ROW.test(line)) continue;
    const cells = cellsOf(line);
    const mark = cells.at(-1) ?? '';
    if (cells.length !== 4 || !MARKS.includes(mark)) throw new Error(`${file}:${i + 1}: a row has four cells, the last is one of ${MARKS.join(', ')}`);
    rows.push({ id: cells[0] ?? '', file, section, line: i + 1, capability: cells[1] ?? '', mark });
  }
  return rows;
}

/** All rows of `docs/spec`. @param {string} root @returns {Row[]} */
export function readRows(root) {
  const dir = path.join(root, 'docs', 'spec');
  const rows = readdirSync(dir)
    .filter((name) => /^\d.*\.md$/.test(name))
    .sort()
    .flatMap((name) => parseRows(name, readFileSync(path.join(dir, name), 'utf8')));
  const seen = new Set();
  for (const { id, file, line } of rows) {
    if (seen.has(id)) throw new Error(`${file}:${line}: ${id} is there twice`);
    seen.add(id);
  }
  return rows;
}

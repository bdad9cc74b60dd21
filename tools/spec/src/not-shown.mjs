// docs/rows-not-shown.md: which rows of what is built no test shows, and why.
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** @typedef {import('./rows.mjs').Row} Row */

export const NOT_SHOWN = 'docs/rows-not-shown.md';

/** The sections that a line such as `Built: 01: 1–9, 13 · 02: 4` names, as `01 9`. @param {string} text */
export function builtSections(text) {
  const sections = new Set();
  for (const part of (/^Built: (.*)$/m.exec(text)?.[1] ?? '').split('·')) {
    const [file = '', ranges = ''] = part.split(':').map((word) => word.trim());
    for (const range of ranges.split(',')) {
      const [first = 0, last = first] = range.split('–').map(Number);
      for (let n = first; n <= last; n++) sections.add(`${file} ${n}`);
    }
  }
  return sections;
}

/**
 * What is wrong with the list: a row of a built section that is neither shown nor listed, or one that should not be listed.
 * @param {string} text @param {readonly Row[]} rows @param {ReadonlySet<string>} shown @returns {string[]}
 */
export function checkNotShown(text, rows, shown) {
  const built = builtSections(text);
  const listed = new Set([...text.matchAll(/^\| ([A-Z][A-Z0-9]*-\d+[a-z]?) \| [^|\s]/gm)].map(([, id]) => id));
  const missing = rows.filter((row) => !shown.has(row.id) && ['core', 'expected'].includes(row.mark) && built.has(`${row.file.slice(0, 2)} ${Number.parseInt(row.section, 10)}`));
  return [
    ...missing.filter(({ id }) => !listed.has(id)).map(({ id }) => `${NOT_SHOWN}: ${id} is neither shown by a test nor listed with a reason`),
    ...[...listed].filter((id) => !missing.some((row) => row.id === id)).map((id) => `${NOT_SHOWN}: ${id} need not be listed`),
  ];
}

/** @param {string} root @param {readonly Row[]} rows @param {ReadonlySet<string>} shown @returns {string[]} */
export function notShownProblems(root, rows, shown) {
  return checkNotShown(readFileSync(path.join(root, NOT_SHOWN), 'utf8'), rows, shown);
}

// The table of packages in the root README: made from the manifests and from what the tests of each package show.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const BEGIN = /<!-- packages:begin[^>]*-->\n/;
const END = '<!-- packages:end -->';

/**
 * @param {readonly { dir: string, layer: string, name: string, description: string }[]} packages in the order of the layers
 * @param {(dir: string) => number} shownIn rows that the tests below a folder show
 */
export function packageTable(packages, shownIn) {
  const lines = packages.map(({ dir, layer, name, description }) => `| ${layer} | [\`${name}\`](${dir}) | ${description} | ${shownIn(dir) || ''} |`);
  return ['| layer | package | what | rows shown |', '|---|---|---|---|', ...lines, ''].join('\n');
}

/** The README with the table in its place. @param {string} readme @param {string} table */
export function withTable(readme, table) {
  const begin = BEGIN.exec(readme);
  const end = readme.indexOf(END);
  if (begin === null || end < 0) throw new Error('README.md has no place for the table of packages: <!-- packages:begin … --> and <!-- packages:end -->');
  return readme.slice(0, begin.index + begin[0].length) + table + readme.slice(end);
}

/** Writes the table, or says that it is out of date. @param {string} root @param {string} table @param {boolean} write @returns {string[]} problems */
export function updateReadme(root, table, write) {
  const file = path.join(root, 'README.md');
  const now = readFileSync(file, 'utf8');
  const wanted = withTable(now, table);
  if (now === wanted) return [];
  if (!write) return ['README.md: the table of packages is out of date: run `npm run spec -- --readme`'];
  writeFileSync(file, wanted);
  return [];
}

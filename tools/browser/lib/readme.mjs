// The sizes as README.md tells them.
import { kilobytes } from './sizes.mjs';

const BEGIN = '<!-- sizes:begin (written by `npm run bundle-size -- --readme`; a test checks that they hold within a tenth) -->';
const END = '<!-- sizes:end -->';

/** @param {string} readme @param {readonly import('./sizes.mjs').Size[]} sizes */
export function updateReadme(readme, sizes) {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('README.md has no place for the sizes');
  const rows = sizes.map(({ name, minified, compressed }) => `| ${name} | ${kilobytes(minified)} | ${kilobytes(compressed)} |`);
  return `${readme.slice(0, begin + BEGIN.length)}\n| bundle | minified, kB | gzipped, kB |\n|---|---|---|\n${rows.join('\n')}\n${readme.slice(end)}`;
}

/** What README.md says of a bundle, in bytes; undefined: nothing. @param {string} readme @param {string} name */
export function toldOf(readme, name) {
  const row = readme.split('\n').find((line) => line.startsWith(`| ${name} | `));
  const [, , minified, compressed] = row?.split('|').map((cell) => cell.trim()) ?? [];
  return row === undefined ? undefined : { minified: Number(minified) * 1000, compressed: Number(compressed) * 1000 };
}

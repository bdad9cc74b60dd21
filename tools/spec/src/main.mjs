#!/usr/bin/env node
// `npm run spec`: which rows of the specification the tests show.
import { Command } from 'commander';
import { allFiles, readRepository } from '../../repo-rules/src/repository.mjs';
import { LAYERS } from '../../repo-rules/src/layers.mjs';
import { ROOT } from '../../run.mjs';
import { coverage, mentionsOf } from './coverage.mjs';
import { notShownProblems } from './not-shown.mjs';
import { packageTable, updateReadme } from './readme.mjs';
import { MARKS, readRows } from './rows.mjs';

/** @typedef {import('./rows.mjs').Row} Row */

const program = new Command('spec')
  .description('Rows of docs/spec, and which of them the titles of tests name.')
  .option('--missing [section]', 'list the rows that no test shows; a section is an id prefix (ARP), part of a heading or of a file name')
  .option('--json', 'print one JSON object')
  .option('--readme', 'write the table of packages into README.md')
  .option('--check', 'only fail on an id that is no row, on a README and on a list of rows not shown that are out of date')
  .parse();
const options = program.opts();

const rows = readRows(ROOT);
const repository = readRepository(ROOT);
const files = allFiles(repository);
const { shown, claimed, problems } = coverage(rows, files);

/** Rows that the tests below a folder show. @param {string} dir */
function shownIn(dir) {
  const tests = files.filter((file) => file.path.startsWith(`${dir}/`) && file.path.endsWith('.test.ts'));
  return new Set(tests.flatMap((file) => mentionsOf(file).tests.map((m) => m.id)).filter((id) => shown.has(id))).size;
}

function readmeTable() {
  const order = [...LAYERS];
  const packages = repository.packages
    .filter((pkg) => pkg.kind === 'package')
    .map((pkg) => ({ dir: pkg.dir, layer: String(pkg.layer), name: String(pkg.manifest.name), description: String(pkg.manifest.description) }))
    .sort((a, b) => order.indexOf(a.layer) - order.indexOf(b.layer) || (a.name < b.name ? -1 : 1));
  return packageTable(packages, shownIn);
}

/** @param {readonly Row[]} some */
function count(some) {
  return { rows: some.length, shown: some.filter((r) => shown.has(r.id)).length, claimed: some.filter((r) => claimed.has(r.id)).length };
}

/** @param {(row: Row) => string} key @returns {Map<string, Row[]>} */
function group(key) {
  /** @type {Map<string, Row[]>} */
  const groups = new Map();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return groups;
}

/** @param {string} label @param {readonly Row[]} some */
function line(label, some) {
  const { rows: all, shown: s, claimed: c } = count(some);
  const marks = MARKS.map((mark) => {
    const of = some.filter((r) => r.mark === mark);
    return of.length === 0 ? '' : `${of.filter((r) => shown.has(r.id)).length}/${of.length}`;
  });
  console.log(`${label.slice(0, 58).padEnd(58)} ${String(all).padStart(5)} ${String(s).padStart(6)} ${String(c).padStart(8)} ${marks.map((m) => m.padStart(9)).join(' ')}`);
}

function table() {
  console.log(`${''.padEnd(58)} ${'rows'.padStart(5)} ${'shown'.padStart(6)} ${'claimed'.padStart(8)} ${MARKS.map((m) => m.padStart(9)).join(' ')}`);
  for (const [file, inFile] of group((r) => r.file)) {
    line(file, inFile);
    for (const [key, inSection] of group((r) => `${r.file}\0${r.section}`)) {
      if (key.startsWith(`${file}\0`)) line(`  ${key.slice(file.length + 1)}`, inSection);
    }
  }
  line('all', rows);
  console.log('\nshown: a test names the row in its title. claimed: a comment in a source names it.');
}

/** @param {string | true} section */
function missing(section) {
  const wanted = section === true ? '' : section.toLowerCase();
  const matches = (/** @type {Row} */ r) =>
    wanted === '' || r.id.toLowerCase().startsWith(`${wanted}-`) || r.section.toLowerCase().includes(wanted) || r.file.startsWith(wanted);
  const list = rows.filter((r) => matches(r) && !shown.has(r.id));
  for (const r of list) console.log(`${r.id.padEnd(10)} ${r.mark.padEnd(9)} ${claimed.has(r.id) ? 'claimed' : '       '} ${r.capability}`);
  console.log(`${list.length} of ${rows.filter(matches).length} rows are not shown by a test`);
}

if (options.json) {
  console.log(JSON.stringify({ ...count(rows), sections: [...group((r) => `${r.file}: ${r.section}`)].map(([name, some]) => ({ name, ...count(some) })), list: rows.map((r) => ({ ...r, shown: shown.has(r.id), claimed: claimed.has(r.id) })), problems }, null, 2));
} else if (options.missing) missing(options.missing);
else if (options.check) {
  const { rows: all, shown: s } = count(rows);
  console.log(`spec: ${s} of ${all} rows shown by tests`);
} else table();

if (options.readme || options.check) problems.push(...updateReadme(ROOT, readmeTable(), options.readme === true), ...notShownProblems(ROOT, rows, shown));
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

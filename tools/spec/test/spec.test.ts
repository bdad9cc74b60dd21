import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSource } from '../../repo-rules/src/source-file.mjs';
import { coverage, idsIn, mentionsOf } from '../src/coverage.mjs';
import { builtSections, checkNotShown } from '../src/not-shown.mjs';
import { parseRows, readRows } from '../src/rows.mjs';

const ROOT = new URL('../../..', import.meta.url).pathname;
const TEST_FILE = 'packages/base/a/test/a.test.ts';

describe('rows', () => {
  it('the specification has 1,886 rows, as its README says', () => {
    const rows = readRows(ROOT);
    expect(rows).toHaveLength(1886);
    const said = [...readFileSync(`${ROOT}docs/spec/README.md`, 'utf8').matchAll(/^\| \[(\d\d)\].*\| (\d+) \|$/gm)];
    const counted = said.map(([, file]) => rows.filter((row) => row.file.startsWith(`${file}-`)).length);
    expect(counted).toEqual(said.map(([, , count]) => Number(count)));
  });

  it('takes section, capability and mark, and leaves other tables alone', () => {
    const text = '## 1. One\n| ID | a | b | mark |\n|---|---|---|---|\n| AB-1 | x \\| y | z | core |\n| E1 | no | row |\n### 1a. Two\n| A6X-02b | c | d | – |\n';
    expect(parseRows('f.md', text)).toEqual([
      { id: 'AB-1', file: 'f.md', section: '1. One', line: 4, capability: 'x \\| y', mark: 'core' },
      { id: 'A6X-02b', file: 'f.md', section: '1a. Two', line: 7, capability: 'c', mark: '–' },
    ]);
  });

  it('refuses a row with an unknown mark or a cell too many', () => {
    expect(() => parseRows('f.md', '| AB-1 | x | y | nice |')).toThrow('f.md:1');
    expect(() => parseRows('f.md', '| AB-1 | x | y | z | core |')).toThrow('f.md:1');
  });
});

describe('titles', () => {
  it.each([
    ['one', 'answers [ARP-17]', ['ARP-17']],
    ['several', 'answers [ARP-17, IP6X-02b][FIB-1]', ['ARP-17', 'IP6X-02b', 'FIB-1']],
    ['prose in brackets', 'adds [see ARP-17] and [0]', []],
    ['none', 'ARP-17', []],
  ])('reads %s', (_label, title, ids) => {
    expect(idsIn(title)).toEqual(ids);
  });

  it('finds the ids of it, it.each, templates and sums, and keeps those of describe apart', () => {
    const text = [
      "describe('group [AB-9]', () => {",
      "  it('a [AB-1]', () => {});",
      "  it.each([1])('b %i [AB-2]', () => {});",
      '  test.skipIf(x)(`c ${1} [AB-3]`, () => {});',
      "  it('d ' + '[AB-4]', () => {});",
      "  other('e [AB-5]', () => {});",
      '});',
    ].join('\n');
    const { tests, groups } = mentionsOf(parseSource(TEST_FILE, text));
    expect(tests.map((m) => [m.id, m.line])).toEqual([['AB-1', 2], ['AB-2', 3], ['AB-3', 4], ['AB-4', 5]]);
    expect(groups.map((m) => m.id)).toEqual(['AB-9']);
  });
});

describe('coverage', () => {
  const rows = parseRows('f.md', '## 1. One\n| AB-1 | x | y | core |\n| AB-2 | x | y | deep |\n');

  it('tells what is shown by tests from what sources claim', () => {
    const result = coverage(rows, [
      parseSource(TEST_FILE, "it('shows [AB-1]', () => {});"),
      parseSource('packages/base/a/src/a.ts', '// AB-2, RFC-791\nexport const x = 1;'),
    ]);
    expect([...result.shown]).toEqual(['AB-1']);
    expect([...result.claimed]).toEqual(['AB-2']);
    expect(result.problems).toEqual([]);
  });

  it('complains about ids that are no row, and about ids in describe', () => {
    const { shown, problems } = coverage(rows, [
      parseSource(TEST_FILE, "it('shows [AB-7]', () => {});\ndescribe('x [AB-1]', () => {});"),
      parseSource('packages/base/a/src/a.ts', '\n/* AB-8 */'),
    ]);
    expect([...shown]).toEqual([]);
    expect(problems).toEqual([
      `${TEST_FILE}:1  AB-7 is no row of docs/spec`,
      'packages/base/a/src/a.ts:2  AB-8 is no row of docs/spec',
      `${TEST_FILE}:2  AB-1 is named by a describe; name it in the title of the test that shows it`,
    ]);
  });
});

describe('rows that no test shows', () => {
  const rows = parseRows('01-a.md', '## 1. One\n| A-1 | x | y | core |\n| A-2 | x | y | deep |\n| A-3 | x | y | expected |\n## 2. Two\n| B-1 | x | y | core |\n');

  it.each([
    ['nothing', '| A-1 | not built |\n| A-3 | not built |', []],
    ['what is not listed', '| A-1 | not built |', [expect.stringMatching(/A-3 is neither/)]],
    ['a row without a reason', '| A-1 | not built |\n| A-3 | |', [expect.stringMatching(/A-3 is neither/)]],
    ['what is shown, deep, not built or unknown', '| A-1 | no |\n| A-2 | no |\n| A-3 | no |\n| B-1 | no |\n| C-1 | no |', ['A-2', 'B-1', 'C-1'].map((id) => expect.stringContaining(`${id} need not`))],
  ])('complains of %s', (_what, list, problems) => {
    expect(checkNotShown(`Built: 01: 1\n\n${list}\n`, rows, new Set())).toEqual(problems);
  });

  it('are of the sections that are built', () => {
    expect([...builtSections('Built: 01: 1–3, 5 · 02: 7')]).toEqual(['01 1', '01 2', '01 3', '01 5', '02 7']);
  });
});

import { expect, it } from 'vitest';
import { pathFindings } from '../lib/path.mjs';

const map = { version: 3, sources: ['a.ts'], names: [], mappings: 'AAAA' };

/** Coverage as V8 reports it: the script, then each function, then blocks that ran another number of times. */
const covered = (code: string, parts: [text: string, count: number][]): { functionName: string; ranges: { startOffset: number; endOffset: number; count: number }[] }[] => [
  { functionName: '', ranges: [{ startOffset: 0, endOffset: code.length, count: 1 }] },
  ...parts.map(([text, count]) => {
    const startOffset = code.indexOf(text);
    return { functionName: 'f', ranges: [{ startOffset, endOffset: startOffset + text.length, count }] };
  }),
];

it('counts what runs per packet by the block it stands in', () => {
  const rare = '{ throw 1; }';
  const f = `function f(x) { if (x < 0) ${rare} return { x }; }`;
  const found = pathFindings(f, covered(f, [[f, 1000], [rare, 0]]), 1000, map);
  expect(found.map(({ what, perPacket }) => [what, perPacket])).toEqual([['object literal', 1]]);
});

it('charges a closure to the function that makes it, not to its own calls', () => {
  const inner = '() => x';
  const f = `function f(x) { return ${inner}; }`;
  expect(pathFindings(f, covered(f, [[f, 500], [inner, 0]]), 1000, map)).toMatchObject([{ what: 'closure', perPacket: 0.5 }]);
  expect(pathFindings(f, covered(f, [[f, 1], [inner, 1000]]), 1000, map)).toEqual([]);
});

it.each([
  ['new', 'new Uint8Array(4)'],
  ['array literal', '[x]'],
  ['string built', '`${x}`'],
  ['.get(): a map or container?', 'x.get(1)'],
])('finds %s', (what, expression) => {
  const f = `function f(x) { return ${expression}; }`;
  expect(pathFindings(f, covered(f, [[f, 100]]), 100, map)).toMatchObject([{ what, perPacket: 1, code: expression }]);
});

it('does not take methods of a class for closures', () => {
  const f = 'class A { m(x) { return x; } }';
  expect(pathFindings(f, covered(f, [['m(x) { return x; }', 100]]), 100, map)).toEqual([]);
});

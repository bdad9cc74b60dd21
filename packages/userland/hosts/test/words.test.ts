import { expect, it } from 'vitest';
import { splitWords } from '../src/index.ts';

it.each([
  ['ping -c 1 10.0.0.2', ['ping', '-c', '1', '10.0.0.2']],
  ['  two\t words\n', ['two', 'words']],
  [`a 'b c' "d e"f ''`, ['a', 'b c', 'd ef', '']],
  [`'a\\b' "a\\"b" a\\ b`, ['a\\b', 'a"b', 'a b']],
  ['', []],
])('splits %j as a shell does', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

it('refuses a quote that is not closed', () => {
  expect(() => splitWords(`ip 'link`)).toThrow('a quote that is not closed');
});

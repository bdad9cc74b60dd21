import { EINVAL } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { parseRanges } from '../src/index.ts';

it.each<[text: string, ranges: readonly (readonly [number, number])[] | number]>([
  ['80', [[80, 80]]],
  ['80,81,82\n', [[80, 82]]],
  ['100-105,1', [[1, 1], [100, 105]]],
  ['\n', []],
  ['0x10,010', [[8, 8], [16, 16]]],
  ['3-5,4-9', [[3, 9]]],
  ['1\n2', [[1, 2]]],
  ['1,', [[1, 1]]],
  ['5 6', -EINVAL],
  ['9-3', -EINVAL],
  ['100', [[100, 100]]],
  ['1000', -EINVAL],
  [',1', -EINVAL],
  ['1-', -EINVAL],
  ['-5', -EINVAL],
  ['08', -EINVAL],
])('%j is read as %j [TOOL-50]', (text, ranges) => {
  expect(parseRanges(text, 1000)).toEqual(ranges);
});

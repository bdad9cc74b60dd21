import { expect, it } from 'vitest';
import { againstBest, rateTable, table } from '../lib/table.mjs';

it('aligns the first column left, the others right', () => {
  expect(table(['what', 'n'], [['a', '1'], ['longer', '100']])).toBe(
    ['what      n', '------  ---', 'a         1', 'longer  100'].join('\n'),
  );
});

it('prints each series with its ratio to the first one', () => {
  const text = rateTable([
    { name: 'kernel', values: [1e6, 2e6, 1e6] },
    { name: 'ours', values: [4e6, 6e6, 5e6] },
  ]);
  const [, , kernel, ours] = text.split('\n').map((line) => line.split(/\s{2,}/));
  expect(kernel).toEqual(['kernel', '1.000', '1.000', '2.000', '1000.0', 'base']);
  expect(ours).toEqual(['ours', '5.000', '4.000', '6.000', '200.0', '5.00x', '4.00x (3.00x..5.00x)']);
});

it('compares the median with the best round of the other side', () => {
  const best = againstBest({ name: 'kernel', values: [1e6, 4e6, 1e6] }, { name: 'ours', values: [8e6, 9e6, 2e6] });
  expect(best).toBe('ours (median) over the best round of kernel: 2.00x');
});

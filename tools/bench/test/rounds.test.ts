import { expect, it } from 'vitest';
import { compareBuilds, interleave } from '../lib/rounds.mjs';

it('lets the contestants take turns, every other round backwards', async () => {
  const turns: string[] = [];
  const contestant = (name: string, packets: number): { name: string; measure: () => Promise<{ packets: number; ns: number }> } => ({
    name,
    measure: () => {
      turns.push(name);
      return Promise.resolve({ packets, ns: 1e9 });
    },
  });
  const series = await interleave([contestant('a', 5), contestant('b', 7)], { rounds: 3, ms: 1 });
  expect(turns.join('')).toBe('abbaab');
  expect(series).toEqual([{ name: 'a', values: [5, 5, 5] }, { name: 'b', values: [7, 7, 7] }]);
});

it('compares builds by time: what takes 2 % longer than the other shows as 1.02, whichever launch', async () => {
  let open = 0;
  const starter = (ns: number) => () => {
    open++;
    return Promise.resolve({ measure: () => Promise.resolve({ packets: 1, ns }), close: () => Promise.resolve(void open--) });
  };
  const { perLaunch, timeRatio } = await compareBuilds(starter(102), starter(100), { launches: 2, slices: 3, ms: 1 });
  expect(perLaunch.map((value) => value.toFixed(6))).toEqual(['1.020000', '1.020000']);
  expect([timeRatio.ofMedians.toFixed(6), timeRatio.ofBest.toFixed(6)]).toEqual(['1.020000', '1.020000']);
  expect(open).toBe(0);
});

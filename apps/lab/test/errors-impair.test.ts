import { describe, expect, it } from 'vitest';
import { full, links } from './helpers.ts';

const LINK = '- endpoints: ["a:eth1", "b:eth1"]';

// Each expected line: place, message | path | found | expected | hint.
describe('impairments and down times that cannot be', () => {
  it.each<[string, string | Uint8Array, string[]]>([
    ['values without unit or out of range, and a mistyped key', links(LINK, '  impair: {delay: 10, loss: 101%, rate: 0mbit, jiter: 1ms, duplicate: -1}'), [
      '9:23 error: `delay` cannot be 10 | topology.links[0].impair.delay | 10 | a duration with its unit, such as 10ms, 1.5s or 2m | -',
      '9:33 error: `loss` cannot be "101%" | topology.links[0].impair.loss | "101%" | a percentage from 0 to 100, such as 1% or 0.5 | -',
      '9:45 error: `rate` cannot be "0mbit" | topology.links[0].impair.rate | "0mbit" | a rate above zero with its unit, such as 10mbit or 256kbit | -',
      '9:52 error: an impairment has no key `jiter` | topology.links[0].impair.jiter | jiter | one of delay, jitter, loss, duplicate, reorder, corrupt, rate, seed | did you mean jitter?',
      '9:75 error: `duplicate` cannot be -1 | topology.links[0].impair.duplicate | -1 | a percentage from 0 to 100, such as 1% or 0.5 | -',
    ]],
    ['a schedule that goes back, and a step without a time', links(LINK, '  impair:', '    - {at: 5s, delay: 1ms}', '    - {at: 2s}', '    - {loss: 1%}'), [
      '11:16 error: the steps of a schedule must follow each other | topology.links[0].impair[1].at | 2s | later than 5s | -',
      '12:11 error: a step of an impairment schedule has no `at` | topology.links[0].impair[2] | loss | a key `at` | -',
    ]],
    ['jitter and reorder without a delay', links(LINK, '  impair: {jitter: 10ms, reorder: 1%}'), [
      '9:16 error: `jitter` needs `delay` | topology.links[0].impair.jitter | - | a delay beside it | add delay: 10ms',
      '9:30 error: `reorder` needs `delay` | topology.links[0].impair.reorder | - | a delay beside it | add delay: 10ms',
    ]],
    ['a word', links(LINK, '  impair: slow'), [
      '9:15 error: `impair` is of the wrong type | topology.links[0].impair | "slow" | a map | -',
    ]],
    ['a down time that ends before it begins', links(LINK, '  down: [12s, 10s]'), [
      '9:19 error: the times of `down` must follow each other | topology.links[0].down[1] | 10s | later than 12s | -',
    ]],
    ['an odd number of times', links(LINK, '  down: [1s, 2s, 3s]'), [
      '9:13 error: `down` does not consist of pairs | topology.links[0].down | a list of 3 | pairs of from and to, such as [10s, 12s] | -',
    ]],
    ['pairs mixed with times', links(LINK, '  down: [[1s, 2s], 3s, 4s]'), [
      '9:13 error: `down` does not consist of pairs | topology.links[0].down | a list of 4 | pairs of from and to, such as [10s, 12s] | -',
    ]],
    ['one time only', links(LINK, '  down: [1s]'), [
      '9:13 error: `down` cannot be a list of 1 | topology.links[0].down | a list of 1 | pairs of durations, such as [10s, 12s] | -',
    ]],
    ['a down time without unit', links(LINK, '  down: [1, 2s]'), [
      '9:14 error: this entry cannot be 1 | topology.links[0].down[0] | 1 | a duration with its unit, such as 10ms, 1.5s or 2m | -',
    ]],
  ])('%s', (_label, source, expected) => {
    expect(full(source)).toEqual(expected);
  });
});

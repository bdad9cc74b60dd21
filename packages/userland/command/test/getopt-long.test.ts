import { describe, expect, it } from 'vitest';
import { getoptLong, type LongNames } from '../src/index.ts';

const LONGS: LongNames = { net: 'n::', target: 't:', all: 'a', almost: 'b', everything: 'e', everyone: 'e' };
const parse = (line: string, spec = '+at:n::'): unknown => {
  const { opts, rest, error } = getoptLong(line.split(' '), spec, LONGS);
  return [opts.map(({ opt, arg }) => `${opt}${arg === null ? '' : `=${arg}`}`).join(' '), rest.join(' '), error];
};

describe('getopt_long', () => {
  it.each([
    ['-an x', 'a n', 'x', null],
    ['-n/file -t5 x -a', 'n=/file t=5', 'x -a', null],
    ['--net --net=/f --target 5 --targ=6', 'n n=/f t=5 t=6', '', null],
    ['-a -- -a', 'a', '-a', null],
    ['-a - -a', 'a', '- -a', null],
    ['-z', '', '', "invalid option -- 'z'"],
    ['--zz=1', '', '', "unrecognized option '--zz=1'"],
    ['--constructor', '', '', "unrecognized option '--constructor'"],
    ['--every', 'e', '', null],
    ['--al=2', '', '', "option '--al=2' is ambiguous; possibilities: '--all' '--almost'"],
    ['--all=x', '', '', "option '--all' doesn't allow an argument"],
    ['-t', '', '', "option requires an argument -- 't'"],
    ['--target', '', '', "option '--target' requires an argument"],
  ])('%s', (line, opts, rest, error) => {
    expect(parse(line)).toEqual([opts, rest, error]);
  });

  it('finds options behind other words unless it is told to stop', () => {
    expect([parse('x -a y', 'at:n::'), parse('x -a y')]).toEqual([['a', 'x y', null], ['', 'x -a y', null]]);
  });
});

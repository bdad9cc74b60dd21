import { describe, expect, it } from 'vitest';
import { andThen, Exit, exitStatus, getopt } from '../src/index.ts';

describe('getopt', () => {
  it.each([
    [['-a', '-b', 'x', 'y'], [['a', ''], ['b', 'x']], ['y']],
    [['-ab5'], [['a', ''], ['b', '5']], []],
    [['y', '-a', 'z'], [['a', '']], ['y', 'z']],
    [['-a', '--', '-a'], [['a', '']], ['-a']],
    [['-', '-a'], [['a', '']], ['-']],
    [['-z'], [['?', 'z']], []],
    [['-b'], [[':', 'b']], []],
    [['-b', '-a'], [['b', '-a']], []],
  ])('%j', (argv, opts, rest) => {
    const found = getopt(argv, 'ab:');
    expect(found.opts.map(({ opt, arg }) => [opt, arg])).toEqual(opts);
    expect(found.rest).toEqual(rest);
  });
});

describe('the status of a command', () => {
  it('has eight bits, and is there at once if nothing waits', () => {
    expect(exitStatus(() => -1)).toBe(255);
    expect(
      exitStatus(() => {
        throw new Exit(-2);
      }),
    ).toBe(254);
    expect(andThen(3, (status) => status + 1)).toBe(4);
  });

  it('comes later if something waits', async () => {
    const later = exitStatus(async () => {
      await Promise.resolve();
      throw new Exit(7);
    });
    expect(later).toBeInstanceOf(Promise);
    expect(await andThen(later, (status) => status + 1)).toBe(8);
  });

  it('is not made of other errors', async () => {
    expect(() =>
      exitStatus(() => {
        throw new TypeError('x');
      }),
    ).toThrow(TypeError);
    await expect(exitStatus(() => Promise.reject(new TypeError('x')))).rejects.toThrow(TypeError);
  });
});

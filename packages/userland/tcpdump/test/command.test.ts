import { describe, expect, it } from 'vitest';
import { Failure } from '../src/messages.ts';
import { parseOptions } from '../src/options.ts';
import { Stamps } from '../src/timestamp.ts';

const T0 = 1_700_000_000_000_000_000n;

describe('times', () => {
  it.each([
    [0, false, ['22:13:20.000000 ', '22:13:21.234567 ', '22:13:22.469134 ']],
    [1, false, ['', '', '']],
    [2, false, ['1700000000.000000 ', '1700000001.234567 ', '1700000002.469134 ']],
    [3, false, [' 00:00:00.000000 ', ' 00:00:01.234567 ', ' 00:00:01.234567 ']],
    [4, false, ['2023-11-14 22:13:20.000000 ', '2023-11-14 22:13:21.234567 ', '2023-11-14 22:13:22.469134 ']],
    [5, false, [' 00:00:00.000000 ', ' 00:00:01.234567 ', ' 00:00:02.469134 ']],
    [2, true, ['1700000000.000000000 ', '1700000001.234567001 ', '1700000002.469134002 ']],
  ] as const)('with %i letters t (nanoseconds: %s) [TOOL-51]', (tflag, nanoseconds, texts) => {
    const stamps = new Stamps({ tflag, nanoseconds });
    expect([0n, 1n, 2n].map((i) => stamps.of(T0 + i * 1_234_567_001n))).toEqual(texts);
  });
});

describe('options', () => {
  const said = (...argv: string[]): string => {
    try {
      parseOptions(argv);
    } catch (error) {
      if (error instanceof Failure) return error.message.split('\n')[0] as string;
      throw error;
    }
    return '';
  };

  it('stand anywhere, share words, and have long names', () => {
    const options = parseOptions(['-nvvi', 'eth0', 'tcp', '-c5', 'port', '--snapshot-length=96', '80', '--', '-x']);
    expect(options).toMatchObject({ nflag: 1, vflag: 2, device: 'eth0', count: 5, snaplen: 96, expression: 'tcp port 80 -x', xflag: 0 });
    expect(parseOptions(['-s', '0'])).toMatchObject({ snaplen: 262144 });
  });

  it.each([
    [['-c', '0'], 'tcpdump: invalid packet count 0'],
    [['-c', 'x'], 'tcpdump: invalid packet count x'],
    [['-s', 'x'], 'tcpdump: invalid snaplen x (must be >= 0 and <= 262144)'],
    [['-Q', 'foo'], "tcpdump: unknown capture direction `foo'"],
    [['-y', 'FOO'], 'tcpdump: invalid data link type FOO'],
    [['-c'], "tcpdump: option requires an argument -- 'c'"],
    [['--foo'], "tcpdump: unrecognized option '--foo'"],
    [['-tttttt'], 'tcpdump: only -t, -tt, -ttt, -tttt and -ttttt are supported'],
  ] as const)('%j are refused in its words', (argv, text) => {
    expect(said(...argv)).toBe(text);
  });
});

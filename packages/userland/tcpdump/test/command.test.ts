import { describe, expect, it } from 'vitest';
import type { CommandEnv } from '@skbuff/command';
import { Failure } from '../src/messages.ts';
import { parseOptions } from '../src/options.ts';
import { Output } from '../src/output.ts';
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
    [['--constructor'], "tcpdump: unrecognized option '--constructor'"],
    [['-c', '0', '--foo'], 'tcpdump: invalid packet count 0'],
    [['-C', '99999999999999'], 'tcpdump: file size 99999999999999 is too large'],
    [['-W', '0'], 'tcpdump: invalid number of output files 0'],
    [['-B', '0'], 'tcpdump: invalid packet buffer size 0'],
    [['-j', 'foo'], 'tcpdump: invalid time stamp type foo'],
    [['-T', 'foo'], "tcpdump: unknown packet type `foo'"],
    [['-T', 'rtp'], "tcpdump: packet type `rtp' is not supported"],
    [['-E', 'x'], 'tcpdump: crypto code not compiled in'],
    [['-M', 'x'], 'tcpdump: crypto code not compiled in'],
    [['-z', 'gzip'], 'tcpdump: -z is not supported'],
    [['-V', 'a', '-r', 'b'], 'tcpdump: -V and -r are mutually exclusive.'],
    [['-tttttt'], 'tcpdump: only -t, -tt, -ttt, -tttt and -ttttt are supported'],
  ] as const)('%j are refused in its words', (argv, text) => {
    expect(said(...argv)).toBe(text);
  });
});

/** Packets written one after the other, a second apart: what each file holds. */
function written(options: { fileSize?: number; fileSeconds?: number; fileCount?: number; path?: string }, packets: number): Record<string, number> {
  const sizes: Record<string, number> = {};
  let now = 1_700_000_000e9;
  const env = {
    stderr: () => {},
    realTime: () => now,
    create(path: string) {
      sizes[path] = 0;
      return { write: (bytes: Uint8Array) => void (sizes[path] = (sizes[path] ?? 0) + bytes.length), close: () => {} };
    },
  } as unknown as CommandEnv;
  const output = new Output(env, { path: 'f', dlt: 1, snaplen: 262144, nanoseconds: false, fileSize: 0, fileSeconds: 0, fileCount: 0, ...options });
  for (let i = 0; i < packets; i++) {
    if (!output.write({ time: 0n, bytes: new Uint8Array(84), originalLength: 84 })) break;
    now += 1e9;
  }
  output.close();
  return sizes;
}

describe('files that are written in turn', () => {
  it('a full one is followed by one with a number', () => {
    expect(written({ fileSize: 200 }, 7)).toEqual({ f: 224, f1: 224, f2: 224, f3: 124 });
  });

  it('with -W all have numbers of one width, and the oldest is written over', () => {
    expect(written({ fileSize: 100, fileCount: 11 }, 2)).toEqual({ f00: 124, f01: 124 });
    expect(written({ fileSize: 100, fileCount: 2 }, 3)).toEqual({ f0: 124, f1: 124 });
    expect(written({ fileSize: 100, fileCount: 1 }, 3)).toEqual({ f: 124 });
  });

  it('after some seconds there is a new one, with the time in its name, until there are enough', () => {
    expect(written({ fileSeconds: 2, path: '%F-%H%M%S.%j' }, 4)).toEqual({ '2023-11-14-221320.318': 224, '2023-11-14-221322.318': 224 });
    expect(Object.keys(written({ fileSeconds: 1, fileCount: 2, path: '%s' }, 9))).toEqual(['1700000000', '1700000001']);
  });
});

import type { CommandEnv } from '@skbuff/command';
import { IFREQ_LEN } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { ethtool } from '../src/index.ts';

function run(line: string): { code: unknown; out: string; err: string } {
  const text = { out: '', err: '' };
  const env = { stdout: (s: string) => void (text.out += s), stderr: (s: string) => void (text.err += s) } as unknown as CommandEnv;
  const code = ethtool.run(['ethtool', ...line.split(' ').filter((word) => word !== '')], env);
  return { code, ...text };
}

it('tells its version and its words without asking a kernel', () => {
  expect(run('--version')).toEqual({ code: 0, out: 'ethtool version 6.1\n', err: '' });
  expect(run('-h').out).toContain('-k|--show-features|--show-offload DEVNAME');
});

it.each(['', '-z', '-k', '--debug x lo', '--json -i lo'])('does not understand ethtool %s', (line) => {
  expect(run(line)).toEqual({ code: 1, out: '', err: 'ethtool: bad command line argument(s)\nFor more information run ethtool -h\n' });
});

/** What the system's says where one of three devices has such an address. */
it('names of all devices those that have a permanent address', () => {
  let out = '';
  const env = {
    stdout: (s: string) => void (out += s),
    readFile: () => 'Inter-|\n face |bytes\n    lo: 0\n  eth0: 0\nv0.5@x: 0\n',
    task: {
      socket: () => 3,
      ioctl(_fd: number, _request: number, arg: Uint8Array): number {
        arg.set([6, 0, 0, 0], IFREQ_LEN + 4);
        if (arg[0] === 'e'.charCodeAt(0)) arg.set([2, 0xfc, 0, 0, 0, 1], IFREQ_LEN + 8);
        return 0;
      },
    },
  } as unknown as CommandEnv;
  expect(ethtool.run(['ethtool', '-P', '*'], env)).toBe(0);
  expect(out).toBe('Permanent address of eth0: 02:fc:00:00:00:01\n');
});

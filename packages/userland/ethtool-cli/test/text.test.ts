import type { CommandEnv } from '@skbuff/command';
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

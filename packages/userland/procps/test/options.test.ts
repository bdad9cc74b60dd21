import { type CommandEnv, Exit } from '@skbuff/command';
import { expect, it } from 'vitest';
import { parseOptions } from '../src/options.ts';

function parse(...argv: string[]): { options?: ReturnType<typeof parseOptions>; status?: number; stderr: string } {
  let stderr = '';
  const env = { stdout() {}, stderr: (text: string) => void (stderr += text) } as unknown as CommandEnv;
  try {
    return { options: parseOptions(['sysctl', ...argv], env), stderr };
  } catch (error) {
    if (error instanceof Exit) return { status: error.status, stderr };
    throw error;
  }
}

it('reads short options in one word, long ones, and names', () => {
  const { options } = parse('-nw', '--quiet', 'net.ipv4.ip_forward=1', '--', '-x');
  expect(options).toMatchObject({ values: true, write: true, quiet: true, all: false, operands: ['net.ipv4.ip_forward=1', '-x'] });
});

it('complains about an option that does not exist, and ends well, as procps does', () => {
  expect(parse('-Z')).toEqual({ status: 0, stderr: "sysctl: invalid option -- 'Z'\n" });
  expect(parse('--zap').stderr).toBe("sysctl: unrecognized option '--zap'\n");
});

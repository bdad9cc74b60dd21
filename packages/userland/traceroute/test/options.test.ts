import type { CommandEnv } from '@skbuff/command';
import { AF_INET, AF_INET6, ENETUNREACH } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { parseTraceroute } from '../src/options.ts';

let told = '';
const task = { socket: () => 3, close: () => 0, connect: () => -ENETUNREACH };
const env = {
  task,
  readFile: () => '10.0.0.1 both\n2001:db8::1 both six\n',
  stderr: (text: string) => void (told += text),
} as unknown as CommandEnv;

it.each([
  ['traceroute', ['both'], AF_INET],
  ['traceroute', ['six'], AF_INET6],
  ['traceroute', ['-6', 'both'], AF_INET6],
  ['traceroute6', ['both'], AF_INET6],
  ['traceroute6', ['-4', 'both'], AF_INET],
  ['traceroute', ['-4', '-6', 'both'], AF_INET6],
])('called %s %j it goes by family %i, as the program does [TOOL-53]', (name, words, family) => {
  expect(parseTraceroute(words, env, name).host?.family).toBe(family);
});

it('has a usage with the name that it was called by', () => {
  told = '';
  expect(() => parseTraceroute([], env, 'traceroute6')).toThrow('exit 0');
  expect(told.split('\n')[1]).toMatch(/^ {2}traceroute6 \[ -46dFITnreAUDV \] /);
});

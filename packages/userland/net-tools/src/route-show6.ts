/** The table of IPv6's routes: /proc/net/ipv6_route. */
import type { CommandEnv } from '@skbuff/command';
import { gethostbyaddr } from '@skbuff/netdb';
import * as U from '@skbuff/uapi';
import { inetNtop6 } from '@skbuff/wire';
import { bytesOfHex } from './hex.ts';

const PATH = '/proc/net/ipv6_route';

const LETTERS: readonly (readonly [bit: number, letter: string])[] = [
  [U.RTF_UP, 'U'],
  [U.RTF_REJECT, '!'],
  [U.RTF_GATEWAY, 'G'],
  [U.RTF_HOST, 'H'],
  [U.RTF_DEFAULT, 'D'],
  [U.RTF_ADDRCONF, 'A'],
  [U.RTF_CACHE, 'C'],
  [U.RTF_ALLONLINK, 'a'],
  [U.RTF_EXPIRES, 'e'],
  [U.RTF_MODIFIED, 'm'],
  [U.RTF_NONEXTHOP, 'n'],
  [U.RTF_FLOW, 'f'],
];

/** The name of a host, or its address; with names wanted, that of nobody is in brackets. */
function host(env: CommandEnv, hex: string, numeric: boolean): string {
  const text = inetNtop6(bytesOfHex(hex));
  if (numeric) return text;
  return text === '::' ? '[::]' : (gethostbyaddr(env, text) ?? text);
}

function number(hex: string): number {
  return Number.parseInt(hex, 16) | 0;
}

function row(env: CommandEnv, line: string, cache: boolean, numeric: boolean): string {
  const [dst, len, , , via, metric, ref, use, hexFlags, dev] = line.trim().split(/\s+/) as string[] & { length: 10 };
  const flags = number(hexFlags);
  if (((flags & U.RTF_CACHE) !== 0) !== cache) return '';
  const letters = LETTERS.filter(([bit]) => (flags & bit) !== 0).map(([, letter]) => letter);
  const to = `${host(env, dst, numeric)}/${Number.parseInt(len, 16)}`;
  const numbers = `${String(number(metric)).padEnd(3)} ${number(ref)} ${String(number(use)).padStart(6)}`;
  return `${to.padEnd(30)} ${host(env, via, numeric).padEnd(26)} ${letters.join('').padEnd(4)} ${numbers} ${dev}\n`;
}

/** `INET6_rprint`: the exit status. */
export function showRoutes6(env: CommandEnv, { fib, cache }: { readonly fib: boolean; readonly cache: boolean }, numeric: boolean): number {
  const text = env.readFile(PATH);
  if (typeof text === 'number') {
    env.stderr(`${PATH}: ${U.strerror(-text)}\n`);
    env.stdout('INET6 (IPv6) not configured in this system.\n');
    return 1;
  }
  const lines = text.split('\n').filter((line) => line !== '');
  for (const cached of [...(fib || !cache ? [false] : []), ...(cache ? [true] : [])]) {
    env.stdout(`Kernel IPv6 routing ${cached ? 'cache' : 'table'}\nDestination                    Next Hop                   Flag Met Ref  Use If\n`);
    for (const line of lines) env.stdout(row(env, line, cached, numeric));
  }
  return 0;
}

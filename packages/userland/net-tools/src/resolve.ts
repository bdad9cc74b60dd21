/** Names of hosts and networks: /etc/hosts and /etc/networks, there being no name server. */
import type { CommandEnv } from '@skbuff/command';
import { inetNtoa, inetPton4 } from '@skbuff/wire';

/** An address as inet_aton(3) takes it: up to four numbers, the last fills what is left. Or -1. */
export function inetAton(text: string): number {
  const parts = text.split('.');
  if (parts.length > 4 || parts.some((part) => !/^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.test(part))) return -1;
  const numbers = parts.map((part) => Number(/^0[0-7]+$/.test(part) ? `0o${part}` : part));
  const last = numbers.pop() as number;
  if (last >= 256 ** (4 - numbers.length) || numbers.some((n) => n > 255)) return -1;
  return numbers.reduce((sum, n, i) => sum + n * 256 ** (3 - i), 0) + last;
}

/** Lines of a file with an address and names, either of which may come first. */
function* lines(env: CommandEnv, path: string): Generator<readonly string[]> {
  const text = env.readFile(path);
  if (typeof text === 'number') return;
  for (const line of text.split('\n')) {
    const words = (line.split('#')[0] as string).trim().split(/\s+/);
    if (words.length > 1) yield words;
  }
}

/** What a name stands for; `isNet` for a network's. Null: nothing. */
export function resolve(env: CommandEnv, name: string): { readonly addr: number; readonly isNet: boolean } | null {
  if (name === 'default') return { addr: 0, isNet: true };
  const addr = inetAton(name);
  if (addr >= 0) return { addr, isNet: false };
  for (const [net, number] of lines(env, '/etc/networks')) if (net === name) return { addr: inetPton4(number as string), isNet: true };
  for (const [host, ...names] of lines(env, '/etc/hosts')) if (names.includes(name) && inetPton4(host as string) >= 0) return { addr: inetPton4(host as string), isNet: false };
  return null;
}

/** What may be the name of a host (RFC 952, and the underscore): anything else nobody is asked about. */
const HOST_NAME = /^(?![\d.]*$)\w[\w.-]*$/;

/** Why a name has no address: it cannot be one, or nobody could be asked about it. */
export function herror(env: CommandEnv, name: string): void {
  env.stderr(`${name}: ${HOST_NAME.test(name) ? 'Host name lookup failure' : 'Unknown host'}\n`);
}

/** The name of a host, or its address. */
export function hostName(env: CommandEnv, addr: number, numeric: boolean): string {
  const text = inetNtoa(addr);
  if (numeric) return text;
  for (const [host, name] of lines(env, '/etc/hosts')) if (host === text) return name as string;
  return text;
}

/** The name of a network, or its address. */
export function netName(env: CommandEnv, addr: number, numeric: boolean): string {
  const text = inetNtoa(addr);
  if (numeric) return text;
  if (addr === 0) return 'default';
  for (const [name, net] of lines(env, '/etc/networks')) if (net === text) return name as string;
  return text;
}

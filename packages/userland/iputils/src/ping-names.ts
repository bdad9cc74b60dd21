/** Names of hosts: /etc/hosts, there being no name server. */
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

/** Lines of /etc/hosts with an IPv4 address. */
function* hosts(env: CommandEnv): Generator<{ readonly addr: number; readonly names: readonly string[] }> {
  const text = env.readFile('/etc/hosts');
  if (typeof text === 'number') return;
  for (const line of text.split('\n')) {
    const [addr, ...names] = (line.split('#')[0] as string).trim().split(/\s+/);
    if (addr === undefined || names.length === 0 || inetPton4(addr) < 0) continue;
    yield { addr: inetPton4(addr), names };
  }
}

/** The address of a name, or -1. */
export function resolve(env: CommandEnv, name: string): number {
  const addr = inetAton(name);
  if (addr >= 0) return addr;
  for (const host of hosts(env)) if (host.names.includes(name)) return host.addr;
  return -1;
}

/** The name of an address, or null. */
export function hostName(env: CommandEnv, addr: number): string | null {
  for (const host of hosts(env)) if (host.addr === addr) return host.names[0] as string;
  return null;
}

/** `pr_addr`: `name (address)`, or the address when it has no name or none is wanted. */
export function showAddr(env: CommandEnv, addr: number, numeric: boolean): string {
  const name = numeric ? null : hostName(env, addr);
  return name === null ? inetNtoa(addr) : `${name} (${inetNtoa(addr)})`;
}

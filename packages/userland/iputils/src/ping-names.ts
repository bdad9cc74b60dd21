/** Hosts as the programs show them. */
import type { CommandEnv } from '@skbuff/command';
import { gethostbyaddr } from '@skbuff/netdb';
import { inetNtoa } from '@skbuff/wire';

/** `pr_addr`: `name (address)`, or the address when it has no name or none is wanted. */
export function showAddr(env: CommandEnv, addr: number, numeric: boolean): string {
  const text = inetNtoa(addr);
  const name = numeric ? null : gethostbyaddr(env, text);
  return name === null ? text : `${name} (${text})`;
}

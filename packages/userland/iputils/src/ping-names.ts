/** Hosts as the programs show them. */
import type { SockaddrIn6 } from '@skbuff/af-inet6';
import type { CommandEnv } from '@skbuff/command';
import { gethostbyaddr, inet6Text, nameOfInet6 } from '@skbuff/netdb';
import { inetNtoa } from '@skbuff/wire';

/** `pr_addr`: `name (address)`, or the address alone when no name is wanted. Who has no name is called by the address. */
export function showAddr(env: CommandEnv, addr: number, numeric: boolean): string {
  const text = inetNtoa(addr);
  return numeric ? text : `${gethostbyaddr(env, text) ?? text} (${text})`;
}

/** The same of an IPv6 address in its scope. */
export function showAddr6(env: CommandEnv, { addr, scopeId }: SockaddrIn6, numeric: boolean): string {
  const text = inet6Text(env.task, addr, scopeId);
  return numeric ? text : `${nameOfInet6(env, addr, scopeId)} (${text})`;
}

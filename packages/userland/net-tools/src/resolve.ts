/** Names of hosts and networks: /etc/hosts and /etc/networks, there being no name server. */
import type { CommandEnv } from '@skbuff/command';
import { gethostbyaddr, gethostbyname, getnetbyaddr, getnetbyname } from '@skbuff/netdb';
import { inetAton, inetNtoa } from '@skbuff/wire';

/** What a name stands for; `isNet` for a network's. Null: nothing. */
export function resolve(env: CommandEnv, name: string): { readonly addr: number; readonly isNet: boolean } | null {
  if (name === 'default') return { addr: 0, isNet: true };
  const addr = inetAton(name);
  if (addr >= 0) return { addr, isNet: false };
  const net = getnetbyname(env, name);
  if (net >= 0) return { addr: net, isNet: true };
  const host = gethostbyname(env, name);
  return host < 0 ? null : { addr: host, isNet: false };
}

/** What may be the name of a host (RFC 952, and the underscore): anything else nobody is asked about. */
const HOST_NAME = /^(?![\d.]*$)\w[\w.-]*$/;

/** Why a name has no address: it cannot be one, or nobody could be asked about it. */
export function herror(env: CommandEnv, name: string): void {
  if (name === '') env.stderr('Unknown server error\n');
  else env.stderr(`${name}: ${HOST_NAME.test(name) ? 'Host name lookup failure' : 'Unknown host'}\n`);
}

/** The name of a host, or its address. */
export function hostName(env: CommandEnv, addr: number, numeric: boolean): string {
  const text = inetNtoa(addr);
  return numeric ? text : (gethostbyaddr(env, text) ?? text);
}

/** The name of a network, or its address. */
export function netName(env: CommandEnv, addr: number, numeric: boolean): string {
  const text = inetNtoa(addr);
  if (numeric) return text;
  if (addr === 0) return 'default';
  return getnetbyaddr(env, addr) ?? text;
}

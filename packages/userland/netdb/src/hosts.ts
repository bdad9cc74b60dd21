/** /etc/hosts: there is no name server to be asked. */
import { in6Pton, inetAton, inetPton4 } from '@skbuff/wire';
import { type Files, tableOf } from './files.ts';

/** `struct hostent` */
export interface Hostent {
  /** Text, of IPv4 or IPv6. */
  readonly addr: string;
  /** The host's own name first. */
  readonly names: readonly string[];
}

/** All of /etc/hosts. */
export function gethostent(files: Files): Hostent[] {
  const lines = tableOf(files, '/etc/hosts') ?? [];
  return lines.map(([addr, ...names]) => ({ addr: addr as string, names }));
}

/** The IPv4 address of a name, or of what inet_aton(3) takes for an address. -1: nothing is known of it. */
export function gethostbyname(files: Files, name: string): number {
  const addr = inetAton(name);
  if (addr >= 0) return addr;
  const host = gethostent(files).find((h) => h.names.includes(name) && inetPton4(h.addr) >= 0);
  return host === undefined ? -1 : inetPton4(host.addr);
}

/** The name of an address given as inet_ntop(3) writes it, or null. */
export function gethostbyaddr(files: Files, addr: string): string | null {
  return gethostent(files).find((h) => h.addr === addr || in6Pton(h.addr)?.toString() === addr)?.names[0] ?? null;
}

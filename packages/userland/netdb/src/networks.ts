/** /etc/networks. */
import { inetPton4 } from '@skbuff/wire';
import { type Files, tableOf } from './files.ts';

/** `struct netent` */
export interface Netent {
  /** The network's own name first. */
  readonly names: readonly string[];
  /** In host order, -1 if the file says none. */
  readonly net: number;
}

const NETBASE: readonly Netent[] = [
  { names: ['default'], net: 0 },
  { names: ['loopback'], net: 0x7f000000 },
  { names: ['link-local'], net: 0xa9fe0000 },
];

/** All of /etc/networks. */
export function getnetent(files: Files): readonly Netent[] {
  const lines = tableOf(files, '/etc/networks');
  return lines?.map(([name, net, ...aliases]) => ({ names: [name as string, ...aliases], net: inetPton4(net as string) })) ?? NETBASE;
}

/** The address of a network, in host order; -1 if nothing is known of the name. */
export function getnetbyname(files: Files, name: string): number {
  return getnetent(files).find((n) => n.names.includes(name))?.net ?? -1;
}

/** The name of a network, or null. */
export function getnetbyaddr(files: Files, net: number): string | null {
  return getnetent(files).find((n) => n.net === net)?.names[0] ?? null;
}

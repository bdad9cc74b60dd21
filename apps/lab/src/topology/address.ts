/** An IP address as text; a zone (`%eth0`) may stand behind one of IPv6. */
import { AF_INET, AF_INET6 } from '@skbuff/uapi';
import { inetNtop, inetPton } from '@skbuff/wire';
import type { IpFamily } from './model.ts';

/** An address, and its interface behind it; '' without one. */
export function splitZone(text: string): readonly [address: string, zone: string] {
  const at = text.indexOf('%');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Undefined: the text is no address. */
export function addressFamily(text: string): IpFamily | undefined {
  const [, address = ''] = /^([^%]+)(?:%[\w.:-]+)?$/.exec(text) ?? [];
  if (inetPton(AF_INET, text) !== null) return 'ipv4';
  return inetPton(AF_INET6, address) === null ? undefined : 'ipv6';
}

export function isAddress(text: string): boolean {
  return addressFamily(text) !== undefined;
}

/** An address without zone as the kernel writes it: `2001:db8::1` for `2001:DB8:0::1`. */
export function canonicalAddress(text: string): string {
  const six = inetPton(AF_INET6, text);
  return six === null ? text : (inetNtop(AF_INET6, six) ?? text);
}

/** An address before a port: one that has colons is put into brackets. */
export function withPort(address: string, port: number): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

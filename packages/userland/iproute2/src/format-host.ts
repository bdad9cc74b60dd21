/** Addresses of hosts as text: with -resolve by their names. */
import { gethostbyaddr } from '@skbuff/netdb';
import type { IpContext } from './context.ts';
import { addrN2a } from './inet.ts';

/** `format_host`. */
export function formatHost({ env, options }: IpContext, family: number, bytes: Uint8Array): string {
  const text = addrN2a(family, bytes);
  return (options.resolve ? gethostbyaddr(env, text) : null) ?? text;
}

/** Names of IP protocols. */
import { getprotobyname, getprotobynumber } from '@skbuff/netdb';
import type { IpContext } from './context.ts';
import { getU8 } from './numbers.ts';

/** `inet_proto_n2a`: the name, `ipproto-N` if it has none or none is wanted. */
export function inetProtoN2a(ctx: IpContext, proto: number): string {
  const known = ctx.options.numeric ? null : getprotobynumber(ctx.env, proto);
  return known?.names[0] ?? `ipproto-${proto}`;
}

/** `inet_proto_a2n`: the number of a name or of digits, or null. */
export function inetProtoA2n(ctx: IpContext, word: string): number | null {
  return getU8(word, 10) ?? getprotobyname(ctx.env, word)?.proto ?? null;
}

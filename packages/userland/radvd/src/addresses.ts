/** Addresses of interfaces, as radvd looks at them. */
import type { CommandEnv } from '@skbuff/command';
import { getifaddrs6, type IfAddr } from '@skbuff/netdb';
import type { In6Addr } from '@skbuff/wire';

/** All IPv6 addresses, in the kernel's order; none if the kernel does not say. */
export function ipv6Addresses(env: CommandEnv): readonly IfAddr[] {
  const all = getifaddrs6(env);
  return typeof all === 'number' ? [] : all;
}

/** Those of one interface, by value. */
export function sortedAddresses(env: CommandEnv, ifindex: number): In6Addr[] {
  return ipv6Addresses(env)
    .filter((one) => one.ifindex === ifindex)
    .map(({ addr }) => addr)
    .sort(compare);
}

function compare(a: In6Addr, b: In6Addr): number {
  return (a.w0 >>> 0) - (b.w0 >>> 0) || (a.w1 >>> 0) - (b.w1 >>> 0) || (a.w2 >>> 0) - (b.w2 >>> 0) || (a.w3 >>> 0) - (b.w3 >>> 0);
}

import { type InDevice, inetIfaMatch } from '@skbuff/ipv4';

/** `inet_addr_onlink`: whether `a`, and `b` if it is not 0, lie in one network that the interface has an address of. */
export function inetAddrOnlink(inDev: InDevice, a: number, b: number): boolean {
  return inDev.ifaList.some((ifa) => inetIfaMatch(a, ifa) && (b === 0 || inetIfaMatch(b, ifa)));
}

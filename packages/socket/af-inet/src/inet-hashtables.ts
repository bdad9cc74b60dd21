/** Tables of sockets (`net/ipv4/inet_hashtables.c`). */

/** `inet_ehashfn`: spreads flows over a group of sockets; the same flow always falls on the same number (u32). */
export function inetEhashfn(secret: number, laddr: number, lport: number, faddr: number, fport: number): number {
  let h = Math.imul(secret ^ laddr, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13) ^ faddr, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16) ^ ((lport << 16) | fport), 0x27d4eb2f);
  return (h ^ (h >>> 15)) >>> 0;
}

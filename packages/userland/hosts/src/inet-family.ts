/** What the typed calls have to know of a family of addresses beyond its number: one record for each. */
import { SockaddrIn } from '@skbuff/af-inet';
import type { SockAddr } from '@skbuff/sock';
import { AF_INET, ICMP_ECHO, ICMP_ECHOREPLY, IPPROTO_ICMP, IPPROTO_IP, IP_TTL } from '@skbuff/uapi';
import { be32, ICMPHDR_CHECKSUM, inetMakeMask, inetNtoa, type InetPrefix, ipComputeCsum, ipHdrlen, IPHDR_SADDR, IPHDR_TTL, setBe16, setBe32 } from '@skbuff/wire';

/** Where an ICMP message begins that a raw socket has read, and what its packet said. */
export interface EchoArrival {
  readonly at: number;
  readonly from: string;
  readonly ttl: number;
}

export interface InetFamily {
  /** AF_* */
  readonly family: number;
  /** Level and name of the socket option for the TTL of what is sent. */
  readonly ttl: readonly [level: number, name: number];
  /** Protocol of its ICMP, and types of an echo request and its answer. */
  readonly icmp: { readonly protocol: number; readonly echo: number; readonly reply: number };
  readonly sockaddr: (addr: Uint8Array, port: number) => SockAddr;
  /** The address of all hosts, which an interface is given with one of its own; null: none. */
  readonly broadcast: (prefix: InetPrefix) => Uint8Array | null;
  /** Writes the checksum of an ICMP message. */
  readonly seal: (message: Uint8Array) => void;
  readonly arrival: (read: Uint8Array) => EchoArrival;
}

const inet: InetFamily = {
  family: AF_INET,
  ttl: [IPPROTO_IP, IP_TTL],
  icmp: { protocol: IPPROTO_ICMP, echo: ICMP_ECHO, reply: ICMP_ECHOREPLY },
  sockaddr: (addr, port) => new SockaddrIn(be32(addr, 0), port),
  broadcast({ bytes, bitlen }) {
    if (bitlen >= 31) return null;
    const all = new Uint8Array(4);
    setBe32(all, 0, (be32(bytes, 0) | ~inetMakeMask(bitlen)) >>> 0);
    return all;
  },
  seal(message) {
    setBe16(message, ICMPHDR_CHECKSUM, 0);
    setBe16(message, ICMPHDR_CHECKSUM, ipComputeCsum(message, 0, message.length));
  },
  // With its IP header.
  arrival: (read) => ({ at: ipHdrlen(read, 0), from: inetNtoa(be32(read, IPHDR_SADDR)), ttl: read[IPHDR_TTL] }),
};

/** The families, in the order in which text is tried for an address of one. */
export const INET_FAMILIES: readonly InetFamily[] = [inet];

/** Throws `TypeError` for a family that has no typed calls. */
export function inetFamily(family: number): InetFamily {
  const found = INET_FAMILIES.find((one) => one.family === family);
  if (found === undefined) throw new TypeError(`there are no typed calls for addresses of family ${family}`);
  return found;
}

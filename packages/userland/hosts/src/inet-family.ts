/** What the typed calls have to know of a family of addresses beyond its number: one record for each. */
import { SockaddrIn } from '@skbuff/af-inet';
import { SockaddrIn6 } from '@skbuff/af-inet6';
import type { Net } from '@skbuff/core';
import type { Cmsg, SockAddr } from '@skbuff/sock';
import {
  AF_INET, AF_INET6, ICMP_ECHO, ICMP_ECHOREPLY, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST, IP_TTL, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IP, IPPROTO_IPV6, IPV6_HOPLIMIT, IPV6_RECVHOPLIMIT,
  IPV6_UNICAST_HOPS,
} from '@skbuff/uapi';
import {
  be32, ICMPHDR_CHECKSUM, In6Addr, inetMakeMask, inetNtoa, inetNtop6, type InetPrefix, ipComputeCsum, ipHdrlen, IPHDR_SADDR, IPHDR_TTL, leS32, setBe16, setBe32,
} from '@skbuff/wire';

/** Where an ICMP message begins that a raw socket has read, and what its packet said. */
export interface EchoArrival {
  readonly at: number;
  /** With its zone, where an address means nothing without one. */
  readonly from: string;
  /** The hop limit, as IPv6 calls it. */
  readonly ttl: number;
}

export interface InetFamily {
  /** AF_* */
  readonly family: number;
  /** In sentences. */
  readonly name: string;
  /** Level and name of the socket option for the TTL of what is sent. */
  readonly ttl: readonly [level: number, name: number];
  /** Protocol of its ICMP, types of an echo request and its answer, and the most bytes of payload that a packet has room for behind its header. */
  readonly icmp: { readonly protocol: number; readonly echo: number; readonly reply: number; readonly room: number };
  /** Addresses may have a zone. */
  readonly hasZones: boolean;
  /** The setting that makes a host a router. */
  readonly forwarding: string;
  readonly sockaddr: (addr: Uint8Array, port: number, scopeId: number) => SockAddr;
  /** The address of all hosts, which an interface is given with one of its own; null: none. */
  readonly broadcast: (prefix: InetPrefix) => Uint8Array | null;
  /** Writes the checksum of an ICMP message, unless the kernel does. */
  readonly seal: (message: Uint8Array) => void;
  /** Socket options with which a raw socket tells what {@link arrival} needs. */
  readonly listen: readonly (readonly [level: number, name: number, value: number])[];
  /** An address to be filled in with where a message came from. */
  readonly nameless: () => SockAddr;
  /** What recvmsg(2) of a raw socket on `net` has read, from where, and what the kernel said with it. */
  readonly arrival: (read: Uint8Array, from: SockAddr, control: readonly Cmsg[], net: Net) => EchoArrival;
}

const inet: InetFamily = {
  family: AF_INET,
  name: 'IPv4',
  ttl: [IPPROTO_IP, IP_TTL],
  icmp: { protocol: IPPROTO_ICMP, echo: ICMP_ECHO, reply: ICMP_ECHOREPLY, room: 65507 },
  hasZones: false,
  forwarding: 'net.ipv4.ip_forward',
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
  listen: [],
  nameless: () => new SockaddrIn(),
  // With its IP header.
  arrival: (read) => ({ at: ipHdrlen(read, 0), from: inetNtoa(be32(read, IPHDR_SADDR)), ttl: read[IPHDR_TTL] }),
};

const inet6: InetFamily = {
  family: AF_INET6,
  name: 'IPv6',
  ttl: [IPPROTO_IPV6, IPV6_UNICAST_HOPS],
  icmp: { protocol: IPPROTO_ICMPV6, echo: ICMPV6_ECHO_REQUEST, reply: ICMPV6_ECHO_REPLY, room: 65527 },
  hasZones: true,
  forwarding: 'net.ipv6.conf.all.forwarding',
  sockaddr: (addr, port, scopeId) => new SockaddrIn6(new In6Addr().load(addr, 0), port, scopeId),
  broadcast: () => null,
  // Its checksum covers addresses that only the kernel knows.
  seal: () => {},
  listen: [[IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1]],
  nameless: () => new SockaddrIn6(),
  // Without its IPv6 header.
  arrival(_read, from, control, net) {
    const { addr, scopeId } = from as SockaddrIn6;
    const bytes = new Uint8Array(16);
    addr.store(bytes, 0);
    const zone = scopeId === 0 ? '' : `%${net.devGetByIndex(scopeId)?.name ?? scopeId}`;
    const limit = control.find(({ level, type }) => level === IPPROTO_IPV6 && type === IPV6_HOPLIMIT);
    return { at: 0, from: inetNtop6(bytes) + zone, ttl: limit === undefined ? 0 : leS32(limit.data, 0) };
  },
};

/** The families, in the order in which text is tried for an address of one. */
export const INET_FAMILIES: readonly InetFamily[] = [inet, inet6];

/** Throws `TypeError` for a family that has no typed calls. */
export function inetFamily(family: number): InetFamily {
  const found = INET_FAMILIES.find((one) => one.family === family);
  if (found === undefined) throw new TypeError(`there are no typed calls for addresses of family ${family}`);
  return found;
}

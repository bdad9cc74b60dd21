/** What traceroute does in one way over IPv4 and in another over IPv6. */
import { SockaddrIn } from '@skbuff/af-inet';
import { SockaddrIn6 } from '@skbuff/af-inet6';
import type { CommandEnv } from '@skbuff/command';
import { type Addrinfo, gethostbyaddr, inet6Text, nameOfInet6 } from '@skbuff/netdb';
import * as U from '@skbuff/uapi';
import { be32, csumFold, csumIpv6Nofold, csumPartial, csumTcpudpNofold, In6Addr, inetNtoa, ipHdrlen, IPHDR_LEN, IPV6HDR_LEN, le32, setBe32, setLe16 } from '@skbuff/wire';
import type { TracerouteOptions } from './options.ts';
import { noteIcmp, noteIcmp6, type Probe } from './probe.ts';

export type Sockaddr = SockaddrIn | SockaddrIn6;

/** setsockopt(2) that ends the program when it fails; `what` is the option as it is called then. */
export type SetOption = (level: number, name: number, value: number | Uint8Array, what: string) => void;

export interface Family {
  readonly af: number;
  /** Bytes of the header of IP. */
  readonly headerLen: number;
  readonly icmp: number;
  /** Types of an echo request and of its answer. */
  readonly echo: number;
  readonly echoReply: number;
  /** ICMP over a raw socket is summed up by the program. */
  readonly icmpSummed: boolean;
  /** Level of the options; names of that for the TTL (and what it is called), of errors, of the MTU. */
  readonly level: number;
  readonly ttl: number;
  readonly ttlName: string;
  readonly recverr: number;
  readonly recverrName: string;
  readonly mtu: number;
  readonly mtuName: string;
  /** Ancillary data: TTL of an answer. */
  readonly recvTtl: number;
  /** SO_EE_ORIGIN_* of what the network says. */
  readonly origin: number;
  sockaddr(addr: Addrinfo | null, port: number, options: TracerouteOptions): Sockaddr;
  /** Where the message of a raw socket begins behind the header that it gets, in an answer. */
  rawAt(bytes: Uint8Array): number;
  sameAddr(a: Sockaddr, b: Sockaddr): boolean;
  /** What the packets carry to go by the gateways. */
  routeOption(options: TracerouteOptions): Uint8Array;
  /** Options that come before bind(2). */
  early(options: TracerouteOptions, set: SetOption): void;
  /** Options that come behind it. */
  late(options: TracerouteOptions, set: SetOption): void;
  /** An error says that a packet is too long. */
  isTooBig(type: number, code: number): boolean;
  /** Who reported an error. */
  offender(ee: Uint8Array): Sockaddr;
  note(probe: Probe, type: number, code: number, info: number): void;
  text(env: CommandEnv, addr: Sockaddr): string;
  name(env: CommandEnv, addr: Sockaddr): string;
  /** The checksum of a segment between two addresses. */
  tcpSum(segment: Uint8Array, source: Sockaddr, destination: Sockaddr): number;
}

/** Behind `struct sock_extended_err` lies the address of who reported the error. */
const OFFENDER = 16;
const FLOWLABEL_REQ_LEN = 32;
const RTHDR_LEN = 8;

const v4 = (addr: Sockaddr): SockaddrIn => addr as SockaddrIn;
const v6 = (addr: Sockaddr): SockaddrIn6 => addr as SockaddrIn6;

export const INET: Family = {
  af: U.AF_INET,
  headerLen: IPHDR_LEN,
  icmp: U.IPPROTO_ICMP,
  echo: U.ICMP_ECHO,
  echoReply: U.ICMP_ECHOREPLY,
  icmpSummed: true,
  level: U.SOL_IP,
  ttl: U.IP_TTL,
  ttlName: 'IP_TTL',
  recverr: U.IP_RECVERR,
  recverrName: 'IP_RECVERR',
  mtu: U.IP_MTU,
  mtuName: 'IP_MTU',
  recvTtl: U.IP_TTL,
  origin: U.SO_EE_ORIGIN_ICMP,
  sockaddr: (addr, port) => new SockaddrIn(addr?.addr ?? 0, port),
  rawAt: (bytes) => ipHdrlen(bytes, 0),
  sameAddr: (a, b) => v4(a).addr === v4(b).addr,
  /** Loose source route. */
  routeOption({ gateways, host }) {
    if (gateways.length === 0) return new Uint8Array(0);
    const all = [...gateways, host as Addrinfo];
    const option = new Uint8Array(4 + all.length * 4);
    option.set([U.IPOPT_NOOP, U.IPOPT_LSRR, 3 + all.length * 4, 4]);
    all.forEach(({ addr }, i) => setBe32(option, 4 + i * 4, addr));
    return option;
  },
  early(options, set) {
    if (options.gateways.length > 0) set(U.SOL_IP, U.IP_OPTIONS, this.routeOption(options), 'IP_OPTIONS');
  },
  late({ dontFragment, tos }, set) {
    set(U.SOL_IP, U.IP_MTU_DISCOVER, dontFragment ? U.IP_PMTUDISC_PROBE : U.IP_PMTUDISC_DONT, 'IP_MTU_DISCOVER');
    if (tos >= 0) set(U.SOL_IP, U.IP_TOS, tos, 'IP_TOS');
  },
  isTooBig: (type, code) => type === U.ICMP_DEST_UNREACH && code === U.ICMP_FRAG_NEEDED,
  offender: (ee) => new SockaddrIn(be32(ee, OFFENDER + 4)),
  note: noteIcmp,
  text: (_env, addr) => inetNtoa(v4(addr).addr),
  name(env, addr) {
    const text = inetNtoa(v4(addr).addr);
    return gethostbyaddr(env, text) ?? text;
  },
  tcpSum: (segment, source, destination) =>
    csumFold(csumPartial(segment, 0, segment.length, csumTcpudpNofold(v4(source).addr, v4(destination).addr, segment.length, U.IPPROTO_TCP))),
};

export const INET6: Family = {
  af: U.AF_INET6,
  headerLen: IPV6HDR_LEN,
  icmp: U.IPPROTO_ICMPV6,
  echo: U.ICMPV6_ECHO_REQUEST,
  echoReply: U.ICMPV6_ECHO_REPLY,
  icmpSummed: false,
  level: U.SOL_IPV6,
  ttl: U.IPV6_UNICAST_HOPS,
  ttlName: 'IPV6_UNICAST_HOPS',
  recverr: U.IPV6_RECVERR,
  recverrName: 'IPV6_RECVERR',
  mtu: U.IPV6_MTU,
  mtuName: 'IPV6_MTU',
  recvTtl: U.IPV6_HOPLIMIT,
  origin: U.SO_EE_ORIGIN_ICMP6,
  sockaddr: (addr, port, { tos, flowlabel }) => new SockaddrIn6(addr?.addr6.clone() ?? new In6Addr(), port, addr?.scopeId ?? 0, addr === null ? 0 : ((Math.max(tos, 0) & 0xff) << 20) | flowlabel),
  rawAt: () => 0,
  sameAddr: (a, b) => v6(a).addr.equals(v6(b).addr),
  /** A routing header of type 2. */
  routeOption({ gateways }) {
    if (gateways.length === 0) return new Uint8Array(0);
    const header = new Uint8Array(RTHDR_LEN + gateways.length * 16);
    header.set([0, gateways.length * 2, U.IPV6_SRCRT_TYPE_2, gateways.length]);
    gateways.forEach(({ addr6 }, i) => addr6.store(header, RTHDR_LEN + i * 16));
    return header;
  },
  early(options, set) {
    if (options.gateways.length > 0) set(U.SOL_IPV6, U.IPV6_RTHDR, this.routeOption(options), 'IPV6_RTHDR');
  },
  late({ dontFragment, tos, flowlabel, host }, set) {
    set(U.SOL_IPV6, U.IPV6_MTU_DISCOVER, dontFragment ? U.IPV6_PMTUDISC_PROBE : U.IPV6_PMTUDISC_DONT, 'IPV6_MTU_DISCOVER');
    if (flowlabel !== 0) {
      const req = new Uint8Array(FLOWLABEL_REQ_LEN);
      (host as Addrinfo).addr6.store(req, 0);
      setBe32(req, 16, flowlabel);
      req[20] = U.IPV6_FL_A_GET;
      req[21] = U.IPV6_FL_S_ANY;
      setLe16(req, 22, U.IPV6_FL_F_CREATE);
      set(U.SOL_IPV6, U.IPV6_FLOWLABEL_MGR, req, 'IPV6_FLOWLABEL_MGR');
    }
    if (tos >= 0) set(U.SOL_IPV6, U.IPV6_TCLASS, tos, 'IPV6_TCLASS');
    if (tos >= 0 || flowlabel !== 0) set(U.SOL_IPV6, U.IPV6_FLOWINFO_SEND, 1, 'IPV6_FLOWINFO_SEND');
  },
  isTooBig: (type) => type === U.ICMPV6_PKT_TOOBIG,
  offender: (ee) => new SockaddrIn6(new In6Addr().load(ee, OFFENDER + 8), 0, le32(ee, OFFENDER + 24)),
  note: noteIcmp6,
  text: (env, addr) => inet6Text(env.task, v6(addr).addr, v6(addr).scopeId),
  name: (env, addr) => nameOfInet6(env, v6(addr).addr, v6(addr).scopeId),
  tcpSum(segment, source, destination) {
    const addrs = new Uint8Array(32);
    v6(source).addr.store(addrs, 0);
    v6(destination).addr.store(addrs, 16);
    return csumFold(csumPartial(segment, 0, segment.length, csumIpv6Nofold(addrs, 0, segment.length, U.IPPROTO_TCP)));
  },
};

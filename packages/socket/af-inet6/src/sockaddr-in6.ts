/** `struct sockaddr_in6`. */
import { SockaddrIn } from '@skbuff/af-inet';
import type { SockAddr, SockAddrCodec } from '@skbuff/sock';
import { AF_INET, AF_INET6 } from '@skbuff/uapi';
import { In6Addr, be16, be32, in6Word, le16, le32, setBe16, setBe32, setLe32 } from '@skbuff/wire';

export const SOCKADDR_IN6_LEN = 28;
/** What RFC 2133 had: without a scope. */
export const SIN6_LEN_RFC2133 = 24;
const SOCKADDR_IN_LEN = 16;

/** The typed twin: port 0…65535, the word of traffic class and flow label in host order. */
export class SockaddrIn6 implements SockAddr {
  family: number = AF_INET6;
  port: number;
  flowinfo: number;
  readonly addr: In6Addr;
  /** Index of the interface, for addresses that mean something on a link only. */
  scopeId: number;
  /** Bytes that the caller gave: of fewer than {@link SIN6_LEN_RFC2133} only the family is here, or, of AF_INET, port and address (mapped). */
  length: number = SOCKADDR_IN6_LEN;

  constructor(addr: In6Addr = new In6Addr(), port = 0, scopeId = 0, flowinfo = 0) {
    this.addr = addr;
    this.port = port;
    this.scopeId = scopeId;
    this.flowinfo = flowinfo;
  }
}

/** What `bytes` say, be they of either family. */
function decode(bytes: Uint8Array): SockaddrIn6 {
  const sin6 = new SockaddrIn6();
  sin6.length = bytes.length;
  sin6.family = bytes.length < 2 ? ~bytes.length : le16(bytes, 0);
  if (sin6.family === AF_INET && bytes.length >= SOCKADDR_IN_LEN) {
    sin6.port = be16(bytes, 2);
    sin6.addr.set(0, 0, 0xffff, in6Word(bytes, 4));
  } else if (bytes.length >= SIN6_LEN_RFC2133) {
    sin6.port = be16(bytes, 2);
    sin6.flowinfo = be32(bytes, 4);
    sin6.addr.load(bytes, 8);
    if (bytes.length >= SOCKADDR_IN6_LEN) sin6.scopeId = le32(bytes, 24);
  }
  return sin6;
}

function encode(addr: SockAddr, bytes: Uint8Array): void {
  const sin6 = addr as SockaddrIn6;
  bytes[0] = sin6.family;
  bytes[1] = sin6.family >>> 8;
  setBe16(bytes, 2, sin6.port);
  setBe32(bytes, 4, sin6.flowinfo);
  sin6.addr.store(bytes, 8);
  setLe32(bytes, 24, sin6.scopeId);
}

/** 28 bytes: family and scope little endian, the rest big endian. */
export const sockaddrIn6Codec: SockAddrCodec = { length: SOCKADDR_IN6_LEN, create: () => new SockaddrIn6(), decode, encode };

/** An address of AF_INET that was handed to a socket of AF_INET6, as IPv4 has it; null: there are too few bytes for one. */
export function sockaddrInOf(addr: SockAddr): SockaddrIn | null {
  if (!(addr instanceof SockaddrIn6)) return addr as SockaddrIn;
  return addr.length < SOCKADDR_IN_LEN ? null : new SockaddrIn(addr.addr.w3 >>> 0, addr.port);
}

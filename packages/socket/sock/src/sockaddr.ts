/**
 * Socket addresses: `struct sockaddr_*` as bytes, laid out as on x86-64, or as their typed twins. Inside the stack only the twins
 * exist; each family brings the codec for its own. Whether an address is long enough, and of a family that will do, each protocol
 * judges for itself, at the point where Linux does.
 */
import { EAFNOSUPPORT, EINVAL } from '@skbuff/uapi';
import { le16 } from '@skbuff/wire';

/** Bytes of `struct sockaddr_storage`: no address is longer. */
const SOCKADDR_STORAGE = 128;

/** Bit of a twin's `family`: there are fewer bytes than the structure has. */
const SHORT = 1 << 16;

/** A twin's `family` that was made from no bytes at all. */
export const SOCKADDR_EMPTY = -1;

/** What all typed addresses share; a family's own (`SockaddrIn`) has more fields. The stack fills in an address that it is handed. */
export interface SockAddr {
  /** AF_*; of a twin made from too few bytes something that is no family: see {@link sockAddrShort}. */
  family: number;
}

/** Between bytes and typed twin, for one family. */
export interface SockAddrCodec {
  /** Bytes of the whole structure. */
  readonly length: number;
  /** A new typed address for receiving. */
  readonly create: () => SockAddr;
  /** The typed twin of up to 128 bytes; its family as {@link sockAddrFamily} says. The bytes may be of another family. */
  readonly decode: (bytes: Uint8Array) => SockAddr;
  /** Writes `length` bytes at the start of `bytes`, which has room for them. */
  readonly encode: (addr: SockAddr, bytes: Uint8Array) => void;
}

/** What a codec puts in a twin's `family`: what the bytes say, marked if there are fewer than `min`; negative if they do not even say that. */
export function sockAddrFamily(bytes: Uint8Array, min: number): number {
  if (bytes.length < 2) return ~bytes.length;
  return bytes.length < min ? SHORT | le16(bytes, 0) : le16(bytes, 0);
}

/** Whether a twin was made from too few bytes (`addr_len < sizeof`). Only its family may count, and only for connect(2) with AF_UNSPEC. */
export function sockAddrShort({ family }: SockAddr): boolean {
  return (family & ~0xffff) !== 0;
}

/** The family that a twin names however short it is; negative: there is none. */
export function sockAddrNamed({ family }: SockAddr): number {
  return family < 0 ? family : family & 0xffff;
}

/** Why a protocol does not take an address: it is too short (-EINVAL), or of a wrong family (-EAFNOSUPPORT). */
export function sockAddrErrno(addr: SockAddr): number {
  return sockAddrShort(addr) ? -EINVAL : -EAFNOSUPPORT;
}

/** `move_addr_to_kernel`: the typed twin of `bytes`, or -EINVAL if they are more than any address has. */
export function sockAddrDecode(codec: SockAddrCodec, bytes: Uint8Array): SockAddr | number {
  return bytes.length > SOCKADDR_STORAGE ? -EINVAL : codec.decode(bytes);
}

/** What sendmsg(2) makes of a name: none of no bytes, and no error of too many. */
export function sockAddrDecodeMsg(codec: SockAddrCodec, bytes: Uint8Array): SockAddr | null {
  return bytes.length === 0 ? null : codec.decode(bytes.subarray(0, SOCKADDR_STORAGE));
}

/** `move_addr_to_user`: writes what fits; returns the whole length of the address, as the kernel reports it. */
export function sockAddrEncode(codec: SockAddrCodec, addr: SockAddr, out: Uint8Array): number {
  if (out.length >= codec.length) codec.encode(addr, out);
  else {
    const whole = new Uint8Array(codec.length);
    codec.encode(addr, whole);
    out.set(whole.subarray(0, out.length));
  }
  return codec.length;
}

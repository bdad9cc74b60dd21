/**
 * Socket addresses: `struct sockaddr_*` as bytes, laid out as on x86-64, or as their typed twins. Inside the stack only the twins
 * exist; each family brings the codec for its own.
 */
import { AF_UNSPEC, EINVAL } from '@skbuff/uapi';

/** What all typed addresses share; a family's own (`SockaddrIn`) has more fields. The stack fills in an address that it is handed. */
export interface SockAddr {
  family: number;
}

/** Between bytes and typed twin, for one family. */
export interface SockAddrCodec {
  /** Bytes of the whole structure. */
  readonly length: number;
  /** A new typed address for {@link decode} and for receiving. */
  readonly create: () => SockAddr;
  /** Fills `addr` from `bytes`, which are at least `length` long. */
  readonly decode: (bytes: Uint8Array, addr: SockAddr) => void;
  /** Writes `length` bytes at the start of `bytes`, which has room for them. */
  readonly encode: (addr: SockAddr, bytes: Uint8Array) => void;
}

/**
 * `move_addr_to_kernel`: the typed twin of `bytes`, or -EINVAL if they are too short. Two bytes of AF_UNSPEC are enough, because
 * connect(2) needs no more to dissolve an association.
 */
export function sockAddrDecode(codec: SockAddrCodec, bytes: Uint8Array): SockAddr | number {
  if (bytes.length < 2) return -EINVAL;
  const family = bytes[0] | (bytes[1] << 8);
  const addr = codec.create();
  if (bytes.length >= codec.length) codec.decode(bytes, addr);
  else if (family !== AF_UNSPEC) return -EINVAL;
  addr.family = family;
  return addr;
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

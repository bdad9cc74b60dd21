/** `struct sockaddr_ll`: family (2 bytes), protocol (2, big endian), ifindex (4), hatype (2), pkttype, halen, address (8). */
import { type SockAddr, type SockAddrCodec, sockAddrFamily } from '@skbuff/sock';
import { AF_PACKET } from '@skbuff/uapi';
import { be16, leS32, setBe16, setLe32 } from '@skbuff/wire';

/** Bytes of the structure, and where the address begins in it. */
export const SOCKADDR_LL_LEN = 20;
export const SLL_ADDR_OFFSET = 12;
const SLL_ADDR_MIN = 8;

export class SockaddrLl implements SockAddr {
  family: number = AF_PACKET;
  /** EtherType in host order; bind(2): 0 leaves it as it is. */
  protocol: number;
  /** 0: any device. */
  ifindex: number;
  /** ARPHRD_*, PACKET_*: of a received frame. */
  hatype = 0;
  pkttype = 0;
  halen = 0;
  /** `halen` bytes used of 8, or of more if more were given. */
  readonly addr: Uint8Array;

  constructor(protocol = 0, ifindex = 0, addr: ArrayLike<number> = []) {
    this.protocol = protocol;
    this.ifindex = ifindex;
    this.halen = addr.length;
    this.addr = new Uint8Array(Math.max(addr.length, SLL_ADDR_MIN));
    this.addr.set(addr);
  }
}

/** The third argument of `socket(AF_PACKET, …)` is the EtherType in network order, as C's `htons` makes it. */
export function packetProtocol(ethertype: number): number {
  return ((ethertype & 0xff) << 8) | (ethertype >>> 8);
}

function decode(b: Uint8Array): SockAddr {
  const whole = b.length >= SOCKADDR_LL_LEN;
  const sll = whole ? new SockaddrLl(be16(b, 2), leS32(b, 4), b.subarray(SLL_ADDR_OFFSET)) : new SockaddrLl();
  sll.family = sockAddrFamily(b, SOCKADDR_LL_LEN);
  if (!whole) return sll;
  sll.hatype = (b[8] as number) | ((b[9] as number) << 8);
  sll.pkttype = b[10] as number;
  sll.halen = b[11] as number;
  return sll;
}

function encode(addr: SockAddr, b: Uint8Array): void {
  const sll = addr as SockaddrLl;
  b[0] = sll.family;
  b[1] = sll.family >>> 8;
  setBe16(b, 2, sll.protocol);
  setLe32(b, 4, sll.ifindex);
  b[8] = sll.hatype;
  b[9] = sll.hatype >>> 8;
  b[10] = sll.pkttype;
  b[11] = sll.halen;
  b.set(sll.addr.subarray(0, SLL_ADDR_MIN), SLL_ADDR_OFFSET);
}

export const sockaddrLlCodec: SockAddrCodec = { length: SOCKADDR_LL_LEN, create: () => new SockaddrLl(), decode, encode };

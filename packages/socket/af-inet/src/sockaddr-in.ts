/** `struct sockaddr_in`. */
import { type SockAddr, type SockAddrCodec, sockAddrFamily } from '@skbuff/sock';
import { AF_INET } from '@skbuff/uapi';
import { be16, be32, setBe16, setBe32, zeroBytes } from '@skbuff/wire';

const SOCKADDR_IN_LEN = 16;

/** The typed twin: port 0..65535 and address u32, in host order. */
export class SockaddrIn implements SockAddr {
  family: number = AF_INET;
  port: number;
  addr: number;

  constructor(addr = 0, port = 0) {
    this.port = port;
    this.addr = addr;
  }
}

/** 16 bytes: family (little endian), port and address (big endian), 8 bytes of nothing. */
export const sockaddrInCodec: SockAddrCodec = {
  length: SOCKADDR_IN_LEN,
  create: () => new SockaddrIn(),
  decode(bytes: Uint8Array): SockAddr {
    const whole = bytes.length >= SOCKADDR_IN_LEN;
    const sin = new SockaddrIn(whole ? be32(bytes, 4) : 0, whole ? be16(bytes, 2) : 0);
    sin.family = sockAddrFamily(bytes, SOCKADDR_IN_LEN);
    return sin;
  },
  encode(addr: SockAddr, bytes: Uint8Array): void {
    const sin = addr as SockaddrIn;
    bytes[0] = sin.family;
    bytes[1] = sin.family >>> 8;
    setBe16(bytes, 2, sin.port);
    setBe32(bytes, 4, sin.addr);
    zeroBytes(bytes, 8, 8);
  },
};

/** `struct sockaddr_in`. */
import type { SockAddr, SockAddrCodec } from '@skbuff/sock';
import { AF_INET } from '@skbuff/uapi';
import { be16, be32, setBe16, setBe32, zeroBytes } from '@skbuff/wire';

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
  length: 16,
  create: () => new SockaddrIn(),
  decode(bytes: Uint8Array, addr: SockAddr): void {
    const sin = addr as SockaddrIn;
    sin.family = bytes[0] | (bytes[1] << 8);
    sin.port = be16(bytes, 2);
    sin.addr = be32(bytes, 4);
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

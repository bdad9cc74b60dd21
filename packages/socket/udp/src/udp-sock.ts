/** `struct udp_sock`. */
import type { SkBuff } from '@skbuff/core';
import { InetSk } from '@skbuff/af-inet';
import type { ReuseportGroup } from './udp-reuseport.ts';

/**
 * What a tunnel that owns a UDP port does with a datagram (`encap_rcv`), `data` at the UDP header. 0: it took the sk_buff; positive:
 * it is for the socket after all; negative: resubmit it as IP protocol −value.
 */
export type EncapRcv = (sk: UdpSock, skb: SkBuff) => number;

/** Bit of `cmsgFlags`, beside those of IP: UDP_GRO is on. */
export const UDP_CMSG_GRO: number = 1 << 16;

/** Datagrams that one send may be cut into. */
export const UDP_MAX_SEGMENTS = 128;

export class UdpSock extends InetSk {
  /** UDP_CORK is on. */
  corkFlag = false;
  /** Something is collected and not sent: by which family, AF_*; 0: nothing. */
  pending = 0;
  /** UDP_SEGMENT: bytes of payload in each datagram that a send is cut into; 0: a send is a datagram. */
  gsoSize = 0;
  /** UDP_GRO: takes datagrams that were glued together. */
  groEnabled = false;
  noCheck6Tx = false;
  noCheck6Rx = false;
  encapRcv: EncapRcv | null = null;
  /** Told when the socket goes (`encap_destroy`). */
  encapDestroy: ((sk: UdpSock) => void) | null = null;

  /** Links in the chain of its port, and in the chain of its port and address. */
  portNext: UdpSock | null = null;
  portPrev: UdpSock | null = null;
  addrNext: UdpSock | null = null;
  addrPrev: UdpSock | null = null;
  hashed = false;
  /** With whom it shares its port (SO_REUSEPORT), since it was bound. */
  reuseportGroup: ReuseportGroup | null = null;
  /** `udp_portaddr_hash`: hash of own address and port, while it is in the table. */
  udpPortaddrHash = 0;
}

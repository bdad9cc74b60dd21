/** `struct raw_sock`, and the raw sockets of a namespace. */
import { InetSk } from '@skbuff/af-inet';
import { NetSlot } from '@skbuff/core';
import { RawHashinfo } from './raw-hashinfo.ts';

export class RawSock extends InetSk {
  /** ICMP_FILTER: a set bit keeps messages of that type (0..31) away. */
  icmpFilter = 0;
}

/** What IPv4 has of raw sockets in one namespace. */
export class RawNet {
  /** `raw_v4_hashinfo`. */
  readonly hashinfo: RawHashinfo<RawSock> = new RawHashinfo<RawSock>();
  /** `ip_ra_chain`: sockets with IP_ROUTER_ALERT. */
  raChain: RawSock[] = [];
  undo: () => void = () => {};
}

export const rawNet: NetSlot<RawNet> = new NetSlot<RawNet>('raw');

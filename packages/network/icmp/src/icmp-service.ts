/** What ICMP offers to packages above it. */
import { type Net, type SkBuff, token, type Token } from '@skbuff/core';
import type { IcmpSender, NetProtocol, Rtable } from '@skbuff/ipv4';

/** Sockets that send and receive echo without privilege. */
export interface PingReceiver {
  /**
   * `ping_rcv`: an echo reply arrived (also an extended one, RFC 8335). `transportHeader` is at the ICMP header, `data` behind its 8
   * bytes; the checksum is good. The sk_buff stays ICMP's: who keeps it takes a clone. 0, or why nobody wanted it.
   */
  readonly rcv: (skb: SkBuff) => number;
  /** `ping_err`: an error about an ICMP message of this host; `data` at the quoted IP header, which is linear with 8 bytes more. */
  readonly err: (skb: SkBuff, type: number, code: number, info: number) => void;
}

/** Gets the message with `data` behind its header; 0 or a drop reason. The sk_buff stays the caller's. */
export type IcmpHandler = (skb: SkBuff) => number;

/** How many messages may be sent. */
export interface IcmpLimits {
  /** See {@link icmpv4GlobalAllow}. */
  readonly globalAllow: (net: Net, type: number, code: number) => number;
  /** See {@link icmpv4XrlimAllow}. */
  readonly xrlimAllow: (net: Net, rt: Rtable, daddr: number, limited: boolean) => boolean;
}

/** ICMP of one kernel. */
export class Icmp {
  /** Who handles which type. */
  readonly handlers: IcmpHandler[];
  /** `icmp_err`, in a stack with {@link icmpErrors}. */
  err: NetProtocol['errHandler'] = null;
  /** `icmp_send`, the same; without them nobody is told anything. */
  send: IcmpSender['icmpSend'] = () => {};
  /** The same; null: any number. */
  limits: IcmpLimits | null = null;
  /** The ping package, once it is loaded. */
  ping: PingReceiver | null = null;

  constructor(handlers: IcmpHandler[]) {
    this.handlers = handlers;
  }
}

/** The service under which other plugins find it. */
export const ICMP: Token<Icmp> = token<Icmp>('ICMP');

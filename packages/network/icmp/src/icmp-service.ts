/** What ICMP offers to packages above it. */
import { type SkBuff, token, type Token } from '@skbuff/core';

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

/** ICMP of one kernel. */
export class Icmp {
  /** The ping package, once it is loaded. */
  ping: PingReceiver | null = null;
}

/** The service under which other plugins find it. */
export const ICMP: Token<Icmp> = token<Icmp>('ICMP');

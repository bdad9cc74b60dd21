/** What ICMPv6 offers to packages above it. */
import { type SkBuff, token, type Token } from '@skbuff/core';

/** Sockets that send and receive echo without privilege. */
export interface Ping6Receiver {
  /**
   * `ping_rcv`: an echo reply arrived (also an extended one, RFC 8335). `transportHeader` is at the ICMPv6 header, `data` behind its 8
   * bytes; the checksum is good. The sk_buff stays ICMPv6's: who keeps it takes a clone. 0, or why nobody wanted it.
   */
  readonly rcv: (skb: SkBuff) => number;
  /**
   * `ping_err`: an error about an echo request of this host; `data` at the quoted IPv6 header, `offset` bytes behind it the quoted ICMPv6
   * header with its 8 bytes, all linear. `info`: the second word of the error.
   */
  readonly err: (skb: SkBuff, type: number, code: number, offset: number, info: number) => void;
}

/** ICMPv6 of one kernel. */
export class Icmpv6 {
  /** The ping package, once it is loaded. */
  ping: Ping6Receiver | null = null;
}

/** The service under which other plugins find it. */
export const ICMPV6: Token<Icmpv6> = token<Icmpv6>('ICMPV6');

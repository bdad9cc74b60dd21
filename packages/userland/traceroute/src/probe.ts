/** One probe, and what came back. */
import * as U from '@skbuff/uapi';
import type { Sockaddr } from './families.ts';

export class Probe {
  done = false;
  /** There is nothing behind the hop that answered this one. */
  final = false;
  /** Who answered; null: nobody. */
  from: Sockaddr | null = null;
  /** Nanoseconds since the boot; -1: not yet. */
  sendTime = -1;
  recvTime = -1;
  /** TTL of the answer, 0: not known. */
  recvTtl = 0;
  /** The socket of its own, or -1. */
  fd = -1;
  /** What the answer names it by: port or sequence number. */
  seq = -1;
  /** `!H` and the like. */
  error = '';
  /** ICMP extensions in words. */
  extensions = '';

  /** Forgets that it was sent. */
  again(): void {
    this.sendTime = -1;
    this.recvTime = -1;
    this.recvTtl = 0;
    this.seq = -1;
  }
}

const UNREACHABLE: Readonly<Record<number, string>> = {
  [U.ICMP_NET_UNREACH]: '!N',
  [U.ICMP_NET_UNKNOWN]: '!N',
  [U.ICMP_HOST_ISOLATED]: '!N',
  [U.ICMP_NET_UNR_TOS]: '!N',
  [U.ICMP_HOST_UNREACH]: '!H',
  [U.ICMP_HOST_UNKNOWN]: '!H',
  [U.ICMP_HOST_UNR_TOS]: '!H',
  [U.ICMP_NET_ANO]: '!X',
  [U.ICMP_HOST_ANO]: '!X',
  [U.ICMP_PKT_FILTERED]: '!X',
  [U.ICMP_PORT_UNREACH]: '',
  [U.ICMP_PROT_UNREACH]: '!P',
  [U.ICMP_SR_FAILED]: '!S',
  [U.ICMP_PREC_VIOLATION]: '!V',
  [U.ICMP_PREC_CUTOFF]: '!C',
};

/** Notes what an ICMP error says (`parse_icmp_res`). */
export function noteIcmp(probe: Probe, type: number, code: number, info: number): void {
  if (type === U.ICMP_TIME_EXCEEDED && code === U.ICMP_EXC_TTL) return;
  probe.final = true;
  if (type !== U.ICMP_DEST_UNREACH) probe.error = `!<${type}-${code}>`;
  else if (code === U.ICMP_FRAG_NEEDED) probe.error = `!F-${info}`;
  else probe.error = UNREACHABLE[code] ?? `!<${code}>`;
}

const UNREACHABLE6: Readonly<Record<number, string>> = {
  [U.ICMPV6_NOROUTE]: '!N',
  [U.ICMPV6_ADM_PROHIBITED]: '!X',
  [U.ICMPV6_NOT_NEIGHBOUR]: '!H',
  [U.ICMPV6_ADDR_UNREACH]: '!H',
  [U.ICMPV6_PORT_UNREACH]: '',
};

/** The same of ICMPv6. */
export function noteIcmp6(probe: Probe, type: number, code: number, info: number): void {
  if (type === U.ICMPV6_TIME_EXCEED && code === U.ICMPV6_EXC_HOPLIMIT) return;
  probe.final = true;
  if (type === U.ICMPV6_DEST_UNREACH) probe.error = UNREACHABLE6[code] ?? `!<${code}>`;
  else if (type === U.ICMPV6_PKT_TOOBIG) probe.error = `!F-${info}`;
  else probe.error = `!<${type}-${code}>`;
}

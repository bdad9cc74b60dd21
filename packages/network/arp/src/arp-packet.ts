/** A received ARP packet, validated. */
import type { NetDevice, SkBuff } from '@skbuff/core';
import { ARPHRD_ETHER, ARPHRD_IEEE802, ARPOP_REPLY, ARPOP_REQUEST, ETH_P_IP } from '@skbuff/uapi';
import { ARPHDR_HRD, ARPHDR_LEN, ARPHDR_OP, ARPHDR_PRO, be16, be32, equalBytes } from '@skbuff/wire';

export interface ArpPacket {
  /** ARPOP_REQUEST or ARPOP_REPLY. */
  readonly op: number;
  /** The sender's hardware address, a copy. */
  readonly sha: Uint8Array;
  /** Sender and target, u32. */
  readonly sip: number;
  readonly tip: number;
  /** The target's hardware address is the sender's. */
  readonly targetIsSender: boolean;
}

/** The packet at the network header, or null if it is not IPv4 over this kind of device, or neither request nor reply. */
export function arpParse(skb: SkBuff, dev: NetDevice): ArpPacket | null {
  const b = skb.bytes;
  const at = skb.networkHeader;
  const n = dev.addrLen;
  const op = be16(b, at + ARPHDR_OP);
  if (!hardwareFits(dev.type, be16(b, at + ARPHDR_HRD)) || be16(b, at + ARPHDR_PRO) !== ETH_P_IP) return null;
  if (op !== ARPOP_REQUEST && op !== ARPOP_REPLY) return null;
  const sha = at + ARPHDR_LEN;
  const tha = sha + n + 4;
  return {
    op,
    sha: b.slice(sha, sha + n),
    sip: be32(b, sha + n),
    tip: be32(b, tha + n),
    targetIsSender: equalBytes(b, sha, b, tha, n),
  };
}

/** Ethernet stations may call themselves IEEE 802 (RFC 1042). */
function hardwareFits(type: number, hrd: number): boolean {
  return hrd === type || (type === ARPHRD_ETHER && hrd === ARPHRD_IEEE802);
}

/**
 * Building and sending ARP packets (`arp_create`, `arp_xmit`, `arp_send`). RFC 826, for addresses of `n` bytes:
 *
 *     | hrd 2 | pro 2 | hln 1 | pln 1 | op 2 | sha n | sip 4 | tha n | tip 4 |
 */
import { llReservedSpace, NF_BIT_ARP_OUT, NF_HOOK_OK, type Net, type NetDevice, type SkBuff, type SkbSock } from '@skbuff/core';
import { ARPOP_REPLY, ETH_P_ARP, ETH_P_IP, IFF_NOARP, NFPROTO_ARP, NF_ARP_OUT } from '@skbuff/uapi';
import {
  ARPHDR_HLN,
  ARPHDR_HRD,
  ARPHDR_LEN,
  ARPHDR_OP,
  ARPHDR_PLN,
  ARPHDR_PRO,
  copyBytes,
  setBe16,
  setBe32,
  zeroBytes,
} from '@skbuff/wire';
import type { ArpPacket } from './arp-packet.ts';

/** Bytes of an IPv4 address. */
export const ARP_PLN = 4;

/** `arp_hdr_len`: bytes of an ARP packet on the device. */
export function arpHdrLen(dev: NetDevice): number {
  return ARPHDR_LEN + 2 * (dev.addrLen + ARP_PLN);
}

/**
 * `arp_create`: a complete frame. Addresses are u32; hardware addresses are bytes from 0.
 *
 * @param op ARPOP_*
 * @param destHw where the frame goes; null: broadcast
 * @param srcHw the sender; null: the device's own address
 * @param targetHw the target's address inside the packet; null: zeros
 * @returns null when memory is out or the device cannot build the header
 */
export function arpCreate(
  op: number,
  destIp: number,
  dev: NetDevice,
  srcIp: number,
  destHw: Uint8Array | null,
  srcHw: Uint8Array | null,
  targetHw: Uint8Array | null,
): SkBuff | null {
  const len = arpHdrLen(dev);
  const room = llReservedSpace(dev);
  const skb = dev.net.skbs.alloc(room + len + dev.neededTailroom);
  if (skb === null) return null;
  skb.reserve(room);
  skb.resetNetworkHeader();
  fill(skb.bytes, skb.put(len), op, dev, srcHw ?? dev.devAddr, srcIp, targetHw, destIp);
  skb.dev = dev;
  skb.protocol = ETH_P_ARP;
  const create = dev.headerOps?.create ?? null;
  if (create !== null && create(skb, dev, ETH_P_ARP, destHw ?? dev.broadcast, srcHw, skb.len) < 0) {
    skb.consume();
    return null;
  }
  return skb;
}

function fill(b: Uint8Array, at: number, op: number, dev: NetDevice, sha: Uint8Array, sip: number, tha: Uint8Array | null, tip: number): void {
  const hln = dev.addrLen;
  setBe16(b, at + ARPHDR_HRD, dev.type);
  setBe16(b, at + ARPHDR_PRO, ETH_P_IP);
  b[at + ARPHDR_HLN] = hln;
  b[at + ARPHDR_PLN] = ARP_PLN;
  setBe16(b, at + ARPHDR_OP, op);
  let p = at + ARPHDR_LEN;
  copyBytes(b, p, sha, 0, hln);
  setBe32(b, p + hln, sip);
  p += hln + ARP_PLN;
  if (tha === null) zeroBytes(b, p, hln);
  else copyBytes(b, p, tha, 0, hln);
  setBe32(b, p + hln, tip);
}

/** `arp_xmit`: sends a frame past the hooks NF_ARP_OUT. Takes over the sk_buff. */
export function arpXmit(skb: SkBuff): void {
  const dev = skb.dev as NetDevice;
  const { net } = dev;
  if ((net.nf.mask & NF_BIT_ARP_OUT) !== 0 && net.nf.run(NFPROTO_ARP, NF_ARP_OUT, null, skb, null, dev, arpXmitFinish) !== NF_HOOK_OK) return;
  arpXmitFinish(net, null, skb);
}

function arpXmitFinish(net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  return net.xmit.devQueueXmit(skb);
}

/** Answers a request: the address that was asked for is at this device. */
export function arpReply(dev: NetDevice, arp: ArpPacket): void {
  arpSend(ARPOP_REPLY, arp.sip, dev, arp.tip, arp.sha, dev.devAddr, arp.sha);
}

/** `arp_send`: see {@link arpCreate}. Nothing is sent on a device with IFF_NOARP. */
export function arpSend(
  op: number,
  destIp: number,
  dev: NetDevice,
  srcIp: number,
  destHw: Uint8Array | null,
  srcHw: Uint8Array | null,
  targetHw: Uint8Array | null,
): void {
  if ((dev.flags & IFF_NOARP) !== 0) return;
  const skb = arpCreate(op, destIp, dev, srcIp, destHw, srcHw, targetHw);
  if (skb !== null) arpXmit(skb);
}

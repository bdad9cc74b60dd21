/** Receiving (`packet_rcv`): a tap's frame goes through the filter into the queue; only what is kept is copied, as a clone. */
import { type NetDevice, type PacketType, SKB_DROP_REASON_PACKET_SOCK_ERROR, type SkBuff } from '@skbuff/core';
import { SOCKCB_DROPCOUNT, SOCK_DEAD, SOCK_RXQ_OVFL, skbSetOwnerR } from '@skbuff/sock';
import { PACKET_LOOPBACK, PACKET_OUTGOING, SOCK_DGRAM } from '@skbuff/uapi';
import type { PacketHook, PacketSock } from './packet-sock.ts';

/** Lanes of `skb.cb` in the queue: ifindex; hatype, pkttype and halen; address; length before the filter cut. */
export const PACKETCB_IFINDEX = 0;
export const PACKETCB_KIND = 1;
export const PACKETCB_ADDR = 2;
export const PACKETCB_ORIGLEN = 4;

/** Where a header's sender is put; no address is longer. */
const haddr = new Uint8Array(32);

/** The function of a socket's packet type. Takes over one reference. */
export function packetRcv(skb: SkBuff, dev: NetDevice, pt: PacketType, origDev: NetDevice): number {
  return packetRcvSock((pt as PacketHook).sk, skb, dev, origDev);
}

/** `packet_rcv`, for the socket that is to have it. */
export function packetRcvSock(po: PacketSock, skb: SkBuff, dev: NetDevice, origDev: NetDevice): number {
  if (skb.pktType === PACKET_LOOPBACK || dev.net !== po.net) {
    skb.consume();
    return 0;
  }
  const { data, len } = skb;
  if (dev.headerOps !== null) toStart(po, skb);
  const keep = po.filter === null ? skb.len : po.filter(skb);
  if (keep === 0) return letGo(skb, data, len);
  if (po.rmemAlloc >= po.rcvbuf) return drop(po, skb, data, len);
  let own: SkBuff | null = skb;
  if (skb.shared()) {
    own = skb.clone();
    restore(skb, data, len);
    if (own === null) return drop(po, skb, data, len);
    skb.consume();
  }
  note(po, own, dev, origDev);
  if (own.trim(keep) !== 0) return drop(po, own, own.data, own.len);
  enqueue(po, own);
  return 0;
}

/** A socket for frames sees the link-layer header, one for packets does not; what is sent has it in front, what was received behind it. */
function toStart(po: PacketSock, skb: SkBuff): void {
  if (po.type !== SOCK_DGRAM) {
    if (skb.macHeader >= 0) skb.push(skb.data - skb.macHeader);
  } else if (skb.pktType === PACKET_OUTGOING) skb.pull(skb.networkHeader - skb.data);
}

/** Others hold the sk_buff too: they find it as it was. */
function restore(skb: SkBuff, data: number, len: number): void {
  if (!skb.shared()) return;
  skb.data = data;
  skb.len = len;
}

function letGo(skb: SkBuff, data: number, len: number): number {
  restore(skb, data, len);
  skb.consume();
  return 0;
}

function drop(po: PacketSock, skb: SkBuff, data: number, len: number): number {
  po.tpDrops++;
  po.drops++;
  restore(skb, data, len);
  skb.kfree(SKB_DROP_REASON_PACKET_SOCK_ERROR);
  return 0;
}

/** What recvmsg(2) says of the frame. */
function note(po: PacketSock, skb: SkBuff, dev: NetDevice, origDev: NetDevice): void {
  const { cb } = skb;
  haddr.fill(0, 0, 8);
  const halen = dev.headerOps === null || skb.macHeader < 0 ? 0 : dev.headerOps.parse(skb, haddr);
  cb[PACKETCB_IFINDEX] = po.origdev ? origDev.ifindex : dev.ifindex;
  cb[PACKETCB_KIND] = (dev.type << 16) | (skb.pktType << 8) | halen;
  for (let lane = 0; lane < 2; lane++) {
    const at = lane * 4;
    cb[PACKETCB_ADDR + lane] =
      (haddr[at] as number) | ((haddr[at + 1] as number) << 8) | ((haddr[at + 2] as number) << 16) | ((haddr[at + 3] as number) << 24);
  }
  cb[PACKETCB_ORIGLEN] = skb.len;
}

function enqueue(po: PacketSock, skb: SkBuff): void {
  skbSetOwnerR(skb, po);
  skb.dev = null;
  skb.dstDrop();
  skb.nfReset();
  po.tpPackets++;
  if ((po.flags & SOCK_RXQ_OVFL) !== 0) skb.cb[SOCKCB_DROPCOUNT] = po.drops;
  po.receiveQueue.queueTail(skb);
  if ((po.flags & SOCK_DEAD) === 0) po.dataReady(po);
}

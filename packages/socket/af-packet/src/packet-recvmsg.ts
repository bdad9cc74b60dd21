/** Reading (`packet_recvmsg`). */
import { CHECKSUM_PARTIAL, CHECKSUM_UNNECESSARY, SKB_GSO_TCPV4, SKB_GSO_TCPV6, skbHeadlen, type SkBuff } from '@skbuff/core';
import { type Msghdr, putCmsg, skbCopyDatagramMsg, skbRecvDatagram, sockDequeueErrSkb, sockRecvCmsgs } from '@skbuff/sock';
import {
  AF_PACKET,
  EAGAIN,
  EINVAL,
  ETH_HLEN,
  ETH_P_8021AD,
  ETH_P_8021Q,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_PEEK,
  MSG_TRUNC,
  PACKET_AUXDATA,
  PACKET_OUTGOING,
  SOCK_DGRAM,
  SOL_PACKET,
  TP_STATUS_CSUMNOTREADY,
  TP_STATUS_CSUM_VALID,
  TP_STATUS_GSO_TCP,
  TP_STATUS_USER,
  TP_STATUS_VLAN_TPID_VALID,
  TP_STATUS_VLAN_VALID,
} from '@skbuff/uapi';
import { be16, setLe32 } from '@skbuff/wire';
import { PACKETCB_ADDR, PACKETCB_IFINDEX, PACKETCB_KIND, PACKETCB_ORIGLEN } from './packet-rcv.ts';
import type { PacketSock } from './packet-sock.ts';
import type { SockaddrLl } from './sockaddr-ll.ts';
import { virtioNetHdrFromSkb } from './virtio-net.ts';

const KNOWN_FLAGS = MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_ERRQUEUE;
const VLAN_HLEN = 4;
/** Bytes of `struct tpacket_auxdata`. */
const AUXDATA_LEN = 20;

/**
 * Bytes of the oldest frame (its whole length with MSG_TRUNC), a virtio header in front counted; -EAGAIN, -EINVAL (flags, or no room for that
 * header), or the socket's pending error.
 */
export function packetRecvmsg(po: PacketSock, msg: Msghdr, len: number, flags: number): number {
  if ((flags & ~KNOWN_FLAGS) !== 0) return -EINVAL;
  if ((flags & MSG_ERRQUEUE) !== 0) return noError(po);
  const skb = skbRecvDatagram(po, flags);
  if (typeof skb === 'number') return skb;
  const rc = deliver(po, msg, len, flags, skb);
  skb.consume();
  return rc;
}

/** Nothing sends errors to a packet socket: time stamps of what is sent are not made. */
function noError(po: PacketSock): number {
  sockDequeueErrSkb(po)?.consume();
  return -EAGAIN;
}

function deliver(po: PacketSock, msg: Msghdr, len: number, flags: number, skb: SkBuff): number {
  const room = len - po.vnetHdrSz;
  if (po.vnetHdrSz !== 0) {
    const hdr = room < 0 ? -EINVAL : virtioNetHdrFromSkb(skb, po.vnetHdrSz);
    if (typeof hdr === 'number') return hdr;
    takeFront(msg, hdr);
  }
  const copied = Math.min(room, skb.len);
  if (copied < skb.len) msg.flags |= MSG_TRUNC;
  const err = skbCopyDatagramMsg(skb, 0, msg, copied);
  if (err !== 0) return err;
  sockRecvCmsgs(msg, po, skb);
  if (msg.name !== null) fillName(po, msg.name as SockaddrLl, msg, skb);
  if (po.auxdata) putCmsg(msg, SOL_PACKET, PACKET_AUXDATA, auxdata(po, skb));
  return po.vnetHdrSz + ((flags & MSG_TRUNC) !== 0 ? skb.len : copied);
}

/** Writes to the message's parts; what follows goes behind it. */
function takeFront(msg: Msghdr, bytes: Uint8Array): void {
  let done = 0;
  msg.iov = msg.iov.map((part) => {
    const n = Math.min(part.length, bytes.length - done);
    part.set(bytes.subarray(done, done + n));
    done += n;
    return part.subarray(n);
  });
}

function fillName(po: PacketSock, sll: SockaddrLl, msg: Msghdr, skb: SkBuff): void {
  const { cb } = skb;
  const kind = cb[PACKETCB_KIND] as number;
  sll.family = AF_PACKET;
  sll.protocol = hasTags(po, skb) ? behindTags(skb) : skb.protocol;
  sll.ifindex = cb[PACKETCB_IFINDEX] as number;
  sll.hatype = kind >>> 16;
  sll.pkttype = (kind >>> 8) & 0xff;
  sll.halen = kind & 0xff;
  setLe32(sll.addr, 0, cb[PACKETCB_ADDR] as number);
  setLe32(sll.addr, 4, cb[PACKETCB_ADDR + 1] as number);
  msg.nameSet = true;
}

/** A packet whose header, with the tags in it, the socket does not see. */
function hasTags(po: PacketSock, skb: SkBuff): boolean {
  return po.type === SOCK_DGRAM && (skb.protocol === ETH_P_8021Q || skb.protocol === ETH_P_8021AD);
}

/** `vlan_get_protocol_dgram`: what is behind the tags; 0 if the frame ends before. */
function behindTags(skb: SkBuff): number {
  let type = skb.protocol;
  for (let at = skb.macHeader + ETH_HLEN; type === ETH_P_8021Q || type === ETH_P_8021AD; at += VLAN_HLEN) {
    if (skb.macHeader < 0 || at + VLAN_HLEN > skb.data + skbHeadlen(skb)) return 0;
    type = be16(skb.bytes, at + 2);
  }
  return type;
}

/** `struct tpacket_auxdata`: status, length on the wire, length kept, where the headers begin, VLAN tag. */
function auxdata(po: PacketSock, skb: SkBuff): Uint8Array {
  const b = new Uint8Array(AUXDATA_LEN);
  setLe32(b, 0, status(skb));
  setLe32(b, 4, skb.cb[PACKETCB_ORIGLEN] as number);
  setLe32(b, 8, skb.len);
  setLe32(b, 12, (skb.networkHeader - skb.data) << 16);
  if (skb.vlanPresent) setLe32(b, 16, skb.vlanTci | (skb.vlanProto << 16));
  else if (hasTags(po, skb) && skb.macHeader >= 0) {
    setLe32(b, 0, status(skb) | TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID);
    setLe32(b, 16, be16(skb.bytes, skb.macHeader + ETH_HLEN) | (skb.protocol << 16));
  }
  return b;
}

function status(skb: SkBuff): number {
  let bits = TP_STATUS_USER;
  if (skb.ipSummed === CHECKSUM_PARTIAL) bits |= TP_STATUS_CSUMNOTREADY;
  else if (skb.pktType !== PACKET_OUTGOING && skb.ipSummed === CHECKSUM_UNNECESSARY) bits |= TP_STATUS_CSUM_VALID;
  if (skb.isGso() && (skb.shinfo.gsoType & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) !== 0) bits |= TP_STATUS_GSO_TCP;
  return skb.vlanPresent ? bits | TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID : bits;
}

/** Sending (`packet_snd`): a frame as it is, or a packet behind a header of the device's making. */
import { type NetDevice, type SkBuff, SKB_DROP_REASON_NOT_SPECIFIED, NET_XMIT_CN, devDirectXmit } from '@skbuff/core';
import { type Msghdr, type SockcmCookie, msgPayload, skbSetupTxTimestamp, sockAddrShort, sockCmsgSend, sockMaySend, sockNet } from '@skbuff/sock';
import {
  ARPHRD_ETHER,
  CAP_SYS_RAWIO,
  EINVAL,
  EMSGSIZE,
  ENETDOWN,
  ENOBUFS,
  ENXIO,
  ETH_P_8021AD,
  ETH_P_8021Q,
  ETH_P_ALL,
  IFF_UP,
  SOCK_RAW,
  SOL_SOCKET,
} from '@skbuff/uapi';
import { ETHHDR_PROTO, be16 } from '@skbuff/wire';
import type { PacketSock } from './packet-sock.ts';
import type { SockaddrLl } from './sockaddr-ll.ts';
import { type VirtioNetHdr, isGsoHdr, virtioNetHdrParse, virtioNetHdrProto, virtioNetHdrToSkb } from './virtio-net.ts';

const VLAN_HLEN = 4;
const IPV6_LEN = 40;
/** Headers are reserved in steps of this (`HH_DATA_MOD`). */
const HH_DATA_MOD = 16;

/**
 * Bytes sent, or -ENXIO (no device), -ENETDOWN, -EMSGSIZE, -EINVAL (the frame is shorter than a header, or does not fit its virtio header),
 * -EAGAIN, -ENOBUFS, -EPERM, or what the queue says.
 */
export function packetSendmsg(po: PacketSock, msg: Msghdr, len: number): number {
  const sll = msg.name as SockaddrLl | null;
  if (sll !== null && (sockAddrShort(sll) || sll.halen > sll.addr.length)) return -EINVAL;
  const dev = sll === null ? po.dev : po.net.devGetByIndex(sll.ifindex);
  if (dev === null) return -ENXIO;
  if ((dev.flags & IFF_UP) === 0) return -ENETDOWN;
  const cookie: SockcmCookie = { mark: po.mark, priority: po.priority, txFlags: po.txFlags, tsKey: 0 };
  const err = readCmsgs(po, msg, cookie);
  if (err !== 0) return err;
  const payload = msgPayload(sockNet.of(po.net).layer, msg.iov, len);
  let hdr: VirtioNetHdr | null = null;
  if (po.vnetHdrSz !== 0) {
    if (len < po.vnetHdrSz) return -EINVAL;
    const parsed = virtioNetHdrParse(payload, 0, len - po.vnetHdrSz);
    if (typeof parsed === 'number') return parsed;
    hdr = parsed;
  }
  const skb = makeSkb(po, dev, sll, payload, len - po.vnetHdrSz, hdr);
  if (typeof skb === 'number') return skb;
  skb.mark = cookie.mark;
  skb.priority = cookie.priority;
  if (cookie.txFlags !== 0) skbSetupTxTimestamp(po, skb, cookie.txFlags, cookie.tsKey);
  return xmit(po, skb, len);
}

/** `sock_cmsg_send`. */
function readCmsgs(po: PacketSock, msg: Msghdr, cookie: SockcmCookie): number {
  for (const cmsg of msg.control) {
    const err = cmsg.level === SOL_SOCKET ? sockCmsgSend(po, cmsg, cookie) : 0;
    if (err !== 0) return err;
  }
  return 0;
}

/** The whole frame, or a negative errno. `payload` begins with the virtio header, `len` does not count it; behind both may be anything. */
function makeSkb(po: PacketSock, dev: NetDevice, sll: SockaddrLl | null, payload: Uint8Array, len: number, hdr: VirtioNetHdr | null): SkBuff | number {
  const reserve = po.type === SOCK_RAW ? dev.hardHeaderLen : 0;
  const gso = isGsoHdr(hdr);
  if (!gso && len > dev.mtu + reserve + VLAN_HLEN) return -EMSGSIZE;
  const refused = sockMaySend(po);
  if (refused !== 0) return refused;
  const hlen = ((dev.hardHeaderLen + dev.neededHeadroom) & -HH_DATA_MOD) + HH_DATA_MOD;
  const skb = po.net.skbs.alloc(hlen + len + dev.neededTailroom);
  if (skb === null) return -ENOBUFS;
  skb.reserve(hlen);
  skb.dev = dev;
  po.setOwnerW(skb);
  skb.networkHeader = skb.data;
  const proto = sll === null ? po.num : sll.protocol;
  const err = po.type === SOCK_RAW ? fillRaw(po, skb, dev, payload, len) : fillDgram(po, skb, dev, proto, sll, payload, len);
  const wrong = err !== 0 ? err : finish(po, skb, dev, proto, len, hdr, reserve);
  if (wrong === 0) return skb;
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return wrong;
}

/** The header is the device's: without an address it is the device's own to find one, and most do not. */
function fillDgram(po: PacketSock, skb: SkBuff, dev: NetDevice, proto: number, sll: SockaddrLl | null, payload: Uint8Array, len: number): number {
  // A name always has room for eight; what counts is the device's address length.
  const daddr = sll === null ? null : sll.addr;
  skb.putData(payload, po.vnetHdrSz, len);
  const made = dev.headerOps === null ? 0 : dev.headerOps.create(skb, dev, proto, daddr, null, len);
  return made < 0 || skb.len === 0 ? -EINVAL : 0;
}

function fillRaw(po: PacketSock, skb: SkBuff, dev: NetDevice, payload: Uint8Array, len: number): number {
  const reserve = dev.hardHeaderLen;
  skb.data -= reserve;
  skb.tail -= reserve;
  // On devices whose header may be short nobody knows where it ends.
  if (len < reserve + IPV6_LEN && dev.minHeaderLen !== reserve) skb.networkHeader = skb.data;
  const at = skb.putData(payload, po.vnetHdrSz, len);
  if (skb.len === 0) return -EINVAL;
  return validHeader(po, skb, dev, at, len) ? 0 : -EINVAL;
}

/** `dev_validate_header`: a header that is cut short is filled up for those who may do anything. */
function validHeader(po: PacketSock, skb: SkBuff, dev: NetDevice, at: number, len: number): boolean {
  if (len >= dev.hardHeaderLen) return true;
  if (len < dev.minHeaderLen || !sockNet.of(po.net).layer.capable(CAP_SYS_RAWIO)) return false;
  skb.bytes.fill(0, at + len, at + dev.hardHeaderLen);
  return true;
}

function finish(po: PacketSock, skb: SkBuff, dev: NetDevice, proto: number, len: number, hdr: VirtioNetHdr | null, reserve: number): number {
  if (!isGsoHdr(hdr) && len > dev.mtu + reserve && !vlanAllowed(dev, skb)) return -EMSGSIZE;
  skb.protocol = proto;
  skb.macHeader = skb.data;
  if (hdr !== null) {
    const err = virtioNetHdrToSkb(skb, hdr);
    if (err !== 0) return err;
    virtioNetHdrProto(skb, hdr);
  }
  parseHeaders(po, skb, dev);
  return 0;
}

/** `packet_extra_vlan_len_allowed`: a tag makes a frame longer, not its payload. */
function vlanAllowed(dev: NetDevice, skb: SkBuff): boolean {
  return dev.type === ARPHRD_ETHER && be16(skb.bytes, skb.data + ETHHDR_PROTO) === ETH_P_8021Q;
}

/** `packet_parse_headers`: the EtherType, if nobody said it, and where the network header begins behind tags. */
function parseHeaders(po: PacketSock, skb: SkBuff, dev: NetDevice): void {
  if ((skb.protocol === 0 || skb.protocol === ETH_P_ALL) && po.type === SOCK_RAW) skb.protocol = dev.headerOps?.parseProtocol?.(skb) ?? 0;
  let type = skb.protocol;
  let at = skb.macHeader + dev.hardHeaderLen;
  const end = skb.data + skb.len;
  if (dev.type !== ARPHRD_ETHER || (type !== ETH_P_8021Q && type !== ETH_P_8021AD)) return;
  while ((type === ETH_P_8021Q || type === ETH_P_8021AD) && at + VLAN_HLEN <= end) {
    type = be16(skb.bytes, at + 2);
    at += VLAN_HLEN;
  }
  skb.networkHeader = at;
}

/** `packet_xmit`: through the device's queue, or past it. */
function xmit(po: PacketSock, skb: SkBuff, len: number): number {
  const { xmit: transmit } = po.net;
  const rc = po.qdiscBypass ? devDirectXmit(skb) : transmit.devQueueXmit(skb);
  // `net_xmit_errno`: a congestion notice is no error.
  const err = rc > 0 ? (rc === NET_XMIT_CN ? 0 : -ENOBUFS) : rc;
  return err !== 0 ? err : len;
}

/** Fragmentation (`ip_do_fragment` in `net/ipv4/ip_output.c`). Reassembly is ip-defrag. */
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  type DstEntry,
  llReservedSpace,
  type Net,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
  type SkbSock,
  skbChecksumHelp,
} from '@skbuff/core';
import { fragCopyMetadata, fragListFits, fragListFree, fragListTake, fragMakePiece } from '@skbuff/inet-fragment';
import { ENOMEM, IPSTATS_MIB_FRAGCREATES, IPSTATS_MIB_FRAGFAILS, IPSTATS_MIB_FRAGOKS, IP_DF, IP_MF, IP_OFFSET } from '@skbuff/uapi';
import { IPHDR_FRAG_OFF, IPHDR_TOT_LEN, be16, copyBytes, ipHdrlen, setBe16 } from '@skbuff/wire';
import { IPCB_FLAGS, IPCB_FRAG_MAX_SIZE, IPCB_OPTLEN, IPSKB_FRAG_COMPLETE, IPSKB_FRAG_PMTU } from './ip-cb.ts';
import { ipIsFragment } from './ip-defrag.ts';
import { ipSendCheck } from './ip-header.ts';
import { ipFragRefuse } from './ip-output.ts';
import { ipv4Net } from './ipv4-net.ts';

/** How a finished piece goes on. Takes over the sk_buff; 0, or what went wrong. */
export type IpFragmentOutput = (net: Net, sk: SkbSock | null, skb: SkBuff) => number;

/**
 * `ip_fragment`: cuts a packet into pieces of at most `mtu` bytes and sends each through `output`. Takes over the sk_buff. 0, or
 * -EMSGSIZE (it may not be cut: the sender is told), -ENOMEM, or the first error of `output`.
 */
export function ipFragment(net: Net, sk: SkbSock | null, skb: SkBuff, mtu: number, output: IpFragmentOutput): number {
  const iph = skb.networkHeader;
  const maxSize = skb.cb[IPCB_FRAG_MAX_SIZE];
  if ((be16(skb.bytes, iph + IPHDR_FRAG_OFF) & IP_DF) !== 0 && (!skb.ignoreDf || (maxSize !== 0 && maxSize > mtu))) return ipFragRefuse(net, skb, mtu);
  return ipDoFragment(net, sk, skb, maxSize !== 0 && maxSize < mtu ? maxSize : mtu, output);
}

/** `ip_do_fragment`: as {@link ipFragment}, whatever the flags say. */
export function ipDoFragment(net: Net, sk: SkbSock | null, skb: SkBuff, mtu: number, output: IpFragmentOutput): number {
  const { stats } = ipv4Net.of(net);
  if (skb.ipSummed === CHECKSUM_PARTIAL && skbChecksumHelp(skb) !== 0) {
    stats[IPSTATS_MIB_FRAGFAILS]++;
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return -ENOMEM;
  }
  skb.cb[IPCB_FLAGS] |= IPSKB_FRAG_COMPLETE;
  const hlen = ipHdrlen(skb.bytes, skb.networkHeader);
  const fits = !ipIsFragment(skb.bytes, skb.networkHeader) && fragListFits(skb, mtu - hlen, hlen, 0, llReservedSpace((skb.dst as DstEntry).dev));
  const err = fits ? sendList(net, sk, skb, hlen, output) : cut(net, sk, skb, mtu - hlen, hlen, output);
  stats[err === 0 ? IPSTATS_MIB_FRAGOKS : IPSTATS_MIB_FRAGFAILS]++;
  return err;
}

/** Fast path: every sk_buff of the list becomes a fragment. */
function sendList(net: Net, sk: SkbSock | null, skb: SkBuff, hlen: number, output: IpFragmentOutput): number {
  const { stats } = ipv4Net.of(net);
  let next = fragListTake(skb);
  let piece = skb;
  let offset = 0;
  for (let first = true; ; first = false) {
    const rest: SkBuff | null = next;
    if (rest !== null) prepare(piece, rest, hlen);
    setFragHeader(piece, offset, rest !== null ? IP_MF : 0);
    if (rest !== null && first && piece.cb[IPCB_OPTLEN] !== 0) dropOptions(net, piece, rest);
    offset += piece.len - hlen;
    const err = output(net, sk, piece);
    if (err === 0) stats[IPSTATS_MIB_FRAGCREATES]++;
    if (err !== 0 || rest === null) return err === 0 ? 0 : fragListFree(rest, err);
    next = rest.next;
    rest.next = null;
    piece = rest;
  }
}

/** Gives the next piece a header like that of this one, which is about to be sent. */
function prepare(from: SkBuff, to: SkBuff, hlen: number): void {
  to.ipSummed = CHECKSUM_NONE;
  to.transportHeader = to.data;
  to.networkHeader = to.push(hlen);
  copyBytes(to.bytes, to.networkHeader, from.bytes, from.networkHeader, hlen);
  fragCopyMetadata(to, from);
  copyControl(to, from);
}

function setFragHeader(skb: SkBuff, offset: number, flags: number): void {
  const { bytes } = skb;
  const iph = skb.networkHeader;
  setBe16(bytes, iph + IPHDR_FRAG_OFF, (offset >>> 3) | flags);
  setBe16(bytes, iph + IPHDR_TOT_LEN, skb.len);
  ipSendCheck(bytes, iph);
}

/** The second piece, and through it the later ones, loses what only the first may carry. */
function dropOptions(net: Net, first: SkBuff, second: SkBuff): void {
  second.cb[IPCB_OPTLEN] = first.cb[IPCB_OPTLEN];
  ipv4Net.of(net).ip.options?.fragment(second);
}

/** Slow path: a new sk_buff for each piece of at most `room` bytes of payload. */
function cut(net: Net, sk: SkbSock | null, skb: SkBuff, room: number, hlen: number, output: IpFragmentOutput): number {
  const { stats } = ipv4Net.of(net);
  const fragOff = be16(skb.bytes, skb.networkHeader + IPHDR_FRAG_OFF);
  // The last piece of a fragment is not the last of the packet.
  const notLast = (fragOff & IP_MF) !== 0;
  // The sender of a packet that came in fragments looks for the path's MTU: the pieces shall not be cut again unnoticed.
  const df = (skb.cb[IPCB_FLAGS] & IPSKB_FRAG_PMTU) !== 0 ? IP_DF : 0;
  const base = (fragOff & IP_OFFSET) << 3;
  let left = skb.len - hlen;
  for (let at = hlen; left > 0; ) {
    let len = Math.min(room, left);
    if (len < left) len &= ~7;
    const piece = len > 0 ? makePiece(skb, at, len, hlen) : null;
    if (piece === null) return fragListFree(skb, -ENOMEM);
    // A fragment that is none but the first has lost them already, or keeps what it has.
    if (at === hlen && base === 0 && skb.cb[IPCB_OPTLEN] !== 0) ipv4Net.of(net).ip.options?.fragment(skb);
    left -= len;
    setFragHeader(piece, base + at - hlen, df | (left > 0 || notLast ? IP_MF : 0));
    at += len;
    const err = output(net, sk, piece);
    if (err !== 0) return fragListFree(skb, err);
    stats[IPSTATS_MIB_FRAGCREATES]++;
  }
  skb.consume();
  return 0;
}

function makePiece(skb: SkBuff, at: number, len: number, hlen: number): SkBuff | null {
  const piece = fragMakePiece(skb, at, len, hlen, 0, llReservedSpace((skb.dst as DstEntry).dev));
  if (piece !== null) copyControl(piece, skb);
  return piece;
}

/** What IPv4 notes of the packet holds for each piece, but for how long the fragments were in which it came. */
function copyControl(to: SkBuff, from: SkBuff): void {
  to.cb[IPCB_FRAG_MAX_SIZE] = 0;
  to.cb[IPCB_FLAGS] = from.cb[IPCB_FLAGS];
}

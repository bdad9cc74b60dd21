/** Sending (`ping_v4_sendmsg` in `net/ipv4/ping.c`): echo requests only, with the socket's identifier. */
import { inetRouteMsg, inetSkFlowiFlags, ipCmsgSend, type SockaddrIn } from '@skbuff/af-inet';
import { CHECKSUM_NONE, skbChecksum } from '@skbuff/core';
import { type IpcmCookie, type Rtable, ipMakeSkb, ipSendSkb } from '@skbuff/ipv4';
import { type Msghdr, skbSetupTxTimestamp, sockAddrErrno } from '@skbuff/sock';
import { AF_INET, EDESTADDRREQ, ICMP_ECHO, ICMP_EXT_ECHO, MSG_CONFIRM, TCP_ESTABLISHED } from '@skbuff/uapi';
import {
  ICMPHDR_CHECKSUM,
  ICMPHDR_CODE,
  ICMPHDR_ID,
  ICMPHDR_LEN,
  ICMPHDR_SEQUENCE,
  ICMPHDR_TYPE,
  be16,
  csumFold,
  setBe16,
} from '@skbuff/wire';
import { pingCommonSendmsg } from './ping.ts';
import type { PingSock } from './ping-sock.ts';

/** `ping_supported` of IPv4: what may be sent, and about which errors may be heard. */
export function pingSupported(type: number, code: number): boolean {
  return code === 0 && (type === ICMP_ECHO || type === ICMP_EXT_ECHO);
}

/**
 * `ping_v4_sendmsg`: an ICMP message, header first; its identifier and checksum are filled in. Returns `len`, or -EMSGSIZE, -EINVAL
 * (shorter than a header, or no echo request), -EDESTADDRREQ, -EAFNOSUPPORT, -ENETUNREACH, -EACCES, -EAGAIN.
 */
export function pingV4Sendmsg(sk: PingSock, msg: Msghdr, len: number): number {
  const payload = pingCommonSendmsg(sk, msg, len, pingSupported);
  if (typeof payload === 'number') return payload;
  const name = msg.name as SockaddrIn | null;
  if (name !== null && name.family !== AF_INET) return sockAddrErrno(name);
  if (name === null && sk.state !== TCP_ESTABLISHED) return -EDESTADDRREQ;
  const ipc = sk.ipcmInit();
  const err = msg.control.length === 0 ? 0 : ipCmsgSend(sk, msg.control, ipc);
  if (err !== 0) return err;
  const rt = inetRouteMsg(sk, msg.flags, ipc, name === null ? sk.inetDaddr : name.addr, 0, 0, inetSkFlowiFlags(sk));
  return typeof rt === 'number' ? rt : send(sk, msg.flags, payload, len, ipc, rt);
}

/** The reference on `rt` is taken over. */
function send(sk: PingSock, flags: number, payload: Uint8Array, len: number, ipc: IpcmCookie, rt: Rtable): number {
  if ((flags & MSG_CONFIRM) !== 0) rt.ops.confirmNeigh?.(rt, sk.fl4.daddr);
  const skb = ipMakeSkb(sk, sk.fl4, sk.payload.set(payload, ICMPHDR_LEN, len - ICMPHDR_LEN, ICMPHDR_LEN), ipc, rt, flags);
  if (typeof skb === 'number') {
    rt.release();
    return skb === 0 ? len : skb;
  }
  if (ipc.txFlags !== 0) skbSetupTxTimestamp(sk, skb, ipc.txFlags, ipc.tsKey);
  const { bytes, transportHeader: icmph } = skb;
  bytes[icmph + ICMPHDR_TYPE] = payload[ICMPHDR_TYPE];
  bytes[icmph + ICMPHDR_CODE] = payload[ICMPHDR_CODE];
  setBe16(bytes, icmph + ICMPHDR_CHECKSUM, 0);
  setBe16(bytes, icmph + ICMPHDR_ID, sk.inetSport);
  setBe16(bytes, icmph + ICMPHDR_SEQUENCE, be16(payload, ICMPHDR_SEQUENCE));
  setBe16(bytes, icmph + ICMPHDR_CHECKSUM, csumFold(skbChecksum(skb, icmph - skb.data, len, 0)));
  skb.ipSummed = CHECKSUM_NONE;
  const err = ipSendSkb(sk.net, skb);
  return err === 0 ? len : err;
}

/**
 * What sockets for echo messages do in every family (`net/ipv4/ping.c`). They are in one table, so that an identifier is one socket's
 * whatever network layer its messages come by; what an address is, the family says.
 */
import { type NetDevice, SKB_DROP_REASON_NOMEM, SKB_DROP_REASON_NO_SOCKET, type SkBuff } from '@skbuff/core';
import { type Msghdr, SOCK_BINDADDR_LOCK, SOCK_BINDPORT_LOCK, type SockAddr, msgPayload, sockNet, sockOrphan, sockQueueRcvSkb } from '@skbuff/sock';
import { EACCES, EADDRINUSE, EINVAL, EMSGSIZE, EOPNOTSUPP, MSG_OOB } from '@skbuff/uapi';
import { ICMPHDR_CODE, ICMPHDR_ID, ICMPHDR_LEN, ICMPHDR_TYPE, be16 } from '@skbuff/wire';
import { type PingSock, pingNet } from './ping-sock.ts';

/** The addresses of one family. */
export interface PingAddresses<A extends SockAddr> {
  /** `ping_check_bind_addr`: 0, or why the socket may not have the address for its own. */
  readonly checkBindAddr: (sk: PingSock, addr: A) => number;
  /** `ping_set_saddr`, `ping_clear_saddr` (null): the socket's own address. True if that is one, not any. */
  readonly setSaddr: (sk: PingSock, addr: A | null) => boolean;
}

/** `ping_init_sock`: whom the group range lets in; privilege does not count. */
export function pingInitSock(sk: PingSock): number {
  const { groupLow, groupHigh } = pingNet.of(sk.net);
  const { current } = sockNet.of(sk.net).layer;
  if (current === null) return 0;
  return current.cred.inGroupRange(groupLow, groupHigh) ? 0 : -EACCES;
}

/** `ping_bind`: the port is the identifier of what is sent and received. */
export function pingBind<A extends SockAddr & { readonly port: number }>(sk: PingSock, addr: A, addresses: PingAddresses<A>): number {
  const { boundDevIf } = sk;
  const err = addresses.checkBindAddr(sk, addr);
  if (err !== 0) return err;
  if (sk.inetNum !== 0) return -EINVAL;
  const certain = addresses.setSaddr(sk, addr);
  if (pingNet.of(sk.net).getPort(sk, addr.port) !== 0) {
    addresses.setSaddr(sk, null);
    // An address of a link may have bound it to an interface.
    sk.boundDevIf = boundDevIf;
    return -EADDRINUSE;
  }
  if (certain) sk.userlocks |= SOCK_BINDADDR_LOCK;
  if (addr.port !== 0) sk.userlocks |= SOCK_BINDPORT_LOCK;
  sk.inetSport = sk.inetNum;
  sk.inetDaddr = 0;
  sk.inetDport = 0;
  sk.dstSet(null);
  return 0;
}

/** `ping_unhash`. */
export function pingUnhash(sk: PingSock): void {
  pingNet.of(sk.net).remove(sk);
  sk.inetNum = 0;
  sk.inetSport = 0;
}

/** `ping_close`. */
export function pingClose(sk: PingSock): void {
  pingUnhash(sk);
  sockOrphan(sk);
  sk.put();
}

/**
 * `ping_lookup`: the socket with this identifier that a packet from interface `dif` is for: the first one that `hears` lets have it, which
 * looks at family and address.
 */
export function pingLookup(skb: SkBuff, ident: number, dif: number, hears: (sk: PingSock, skb: SkBuff) => boolean): PingSock | null {
  const { net } = skb.dev as NetDevice;
  for (let sk = pingNet.of(net).chain(ident); sk !== null; sk = sk.next) {
    if (sk.inetNum === ident && hears(sk, skb) && (sk.boundDevIf === 0 || sk.boundDevIf === dif)) return sk;
  }
  return null;
}

/**
 * `ping_rcv`: an echo reply from interface `dif`, `data` behind its header; `note`: what its family remembers of what is queued. 0 or a drop
 * reason; the sk_buff stays ICMP's.
 */
export function pingRcv(skb: SkBuff, dif: number, hears: (sk: PingSock, skb: SkBuff) => boolean, note: ((own: SkBuff) => void) | null): number {
  const sk = pingLookup(skb, be16(skb.bytes, skb.transportHeader + ICMPHDR_ID), dif, hears);
  if (sk === null) return SKB_DROP_REASON_NO_SOCKET;
  const own = skb.clone();
  if (own === null) return SKB_DROP_REASON_NOMEM;
  own.push(own.data - own.transportHeader);
  note?.(own);
  if (own.dst !== null) own.dstDrop();
  const reason = sockQueueRcvSkb(sk, own);
  if (reason !== 0) own.consume();
  return reason;
}

/**
 * `ping_common_sendmsg`: the message of `len` bytes, its ICMP header first, if `supported` is its type and code; or -EMSGSIZE, -EINVAL
 * (shorter than a header, or not supported), -EOPNOTSUPP.
 */
export function pingCommonSendmsg(sk: PingSock, msg: Msghdr, len: number, supported: (type: number, code: number) => boolean): Uint8Array | number {
  if (len > 0xffff) return -EMSGSIZE;
  if (len < ICMPHDR_LEN) return -EINVAL;
  if ((msg.flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  const payload = msgPayload(sockNet.of(sk.net).layer, msg.iov, len);
  return supported(payload[ICMPHDR_TYPE], payload[ICMPHDR_CODE]) ? payload : -EINVAL;
}

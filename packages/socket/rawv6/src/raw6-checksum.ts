/** IPV6_CHECKSUM (RFC 3542 §3.1): the checksum that the kernel puts into what a raw socket sends (`rawv6_push_pending_frames`). */
import { inet6Np, inet6SockOf } from '@skbuff/af-inet6';
import { type SkBuff, skbChecksum, skbHeadlen } from '@skbuff/core';
import { type Flowi6, ip6FinishSkb, ip6FlushPendingFrames, ip6PushPendingFrames, ip6SendSkb, optFlen } from '@skbuff/ipv6';
import { EINVAL, IPPROTO_UDP } from '@skbuff/uapi';
import { IN6ADDR_LEN, csumIpv6Magic, setBe16 } from '@skbuff/wire';
import type { Raw6Sock } from './raw6-sock.ts';

/** The addresses of the pseudo-header: those of the flow; with a routing header the packet bears another destination. */
const addresses: Uint8Array = new Uint8Array(2 * IN6ADDR_LEN);

/** Sends what the socket has collected; the pseudo-header is that of the last piece. 0 or a negative errno: -EINVAL if it is too short for its checksum. */
export function rawv6PushPendingFrames(sk: Raw6Sock, fl6: Flowi6): number {
  const sock = inet6SockOf(sk);
  if (!sk.checksum) return ip6PushPendingFrames(sock);
  const { cork } = inet6Np(sk);
  if (cork.queue.length === 0) return 0;
  if (sk.checksumOffset >= cork.length - optFlen(cork.opt) - 1) {
    ip6FlushPendingFrames(sock);
    return -EINVAL;
  }
  const skb = ip6FinishSkb(sock) as SkBuff;
  fill(skb, fl6, sk.checksumOffset);
  return ip6SendSkb(sk.net, skb);
}

function fill(skb: SkBuff, { daddr, proto, saddr }: Flowi6, offset: number): void {
  const start = skb.transportHeader - skb.data;
  const len = skb.len - start;
  saddr.store(addresses, 0);
  daddr.store(addresses, IN6ADDR_LEN);
  put(skb, start + offset, 0);
  const sum = csumIpv6Magic(addresses, 0, len, proto, skbChecksum(skb, start, len, 0));
  put(skb, start + offset, sum === 0 && proto === IPPROTO_UDP ? 0xffff : sum);
}

/** `skb_store_bits`: two bytes at an even offset from `data`, which are in one piece of the packet: pieces have whole eights of bytes. */
function put(skb: SkBuff, offset: number, value: number): void {
  let piece = skb;
  let at = offset;
  for (let length = skbHeadlen(skb), next = skb.shinfo.fragList; at >= length && next !== null; next = piece.next) {
    at -= length;
    piece = next;
    length = piece.len;
  }
  setBe16(piece.bytes, piece.data + at, value);
}

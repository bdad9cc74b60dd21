/** The non-linear part of an sk_buff: page fragments and the list of sk_buffs behind the linear area. */
import { copyBytes, csumPartial } from '@skbuff/wire';
import type { SkbFrag } from './arena.ts';
import type { SkBuff } from './skbuff.ts';

/** Copies `n` bytes at `offset` from `data` to `to[at…]`; false if the packet is shorter. */
export function copyBits(skb: SkBuff, offset: number, to: Uint8Array, at: number, n: number): boolean {
  if (offset < 0 || offset + n > skb.len) return false;
  const linear = skb.len - skb.dataLen;
  if (offset < linear) {
    const part = Math.min(n, linear - offset);
    copyBytes(to, at, skb.bytes, skb.data + offset, part);
    at += part;
    n -= part;
    offset += part;
  }
  offset -= linear;
  for (let i = 0; i < skb.shinfo.nrFrags && n > 0; i++) {
    const frag = skb.shinfo.frags[i] as SkbFrag;
    if (offset < frag.size) {
      const part = Math.min(n, frag.size - offset);
      copyBytes(to, at, skb.bytes, frag.offset + offset, part);
      at += part;
      n -= part;
      offset = 0;
    } else offset -= frag.size;
  }
  for (let sub = skb.shinfo.fragList; sub !== null && n > 0; sub = sub.next) {
    if (offset < sub.len) {
      const part = Math.min(n, sub.len - offset);
      if (!copyBits(sub, offset, to, at, part)) return false;
      at += part;
      n -= part;
      offset = 0;
    } else offset -= sub.len;
  }
  return n === 0;
}

/** Partial checksum of `n` bytes at `offset` from `data`, fragments included (`skb_checksum`). */
export function skbChecksum(skb: SkBuff, offset: number, n: number, sum: number): number {
  if (skb.dataLen === 0) return csumPartial(skb.bytes, skb.data + offset, n, sum);
  const flat = new Uint8Array(n);
  copyBits(skb, offset, flat, 0, n);
  return csumPartial(flat, 0, n, sum);
}

/**
 * Moves `delta` bytes from the fragments to the end of the linear area (`__pskb_pull_tail`). The linear area is enlarged, or made
 * private when others see it. False when memory is out: the packet is unchanged then.
 */
export function pullTail(skb: SkBuff, delta: number): boolean {
  const missing = skb.tail + delta - skb.end;
  if (missing > 0 || skb.isCloned()) {
    if (skb.cache.expandHead(skb, 0, Math.max(missing, 0)) !== 0) return false;
  }
  copyBits(skb, skb.len - skb.dataLen, skb.bytes, skb.tail, delta);
  dropFront(skb, delta);
  skb.tail += delta;
  skb.dataLen -= delta;
  return true;
}

/** Removes the first `n` bytes of the fragments. */
function dropFront(skb: SkBuff, n: number): void {
  const info = skb.shinfo;
  let kept = 0;
  for (let i = 0; i < info.nrFrags; i++) {
    const frag = info.frags[i] as SkbFrag;
    if (n >= frag.size) {
      n -= frag.size;
      skb.cache.arena.putBlock(frag.page);
      continue;
    }
    frag.offset += n;
    frag.size -= n;
    n = 0;
    info.frags[kept++] = frag;
  }
  info.nrFrags = kept;
  info.frags.length = kept;
  while (n > 0 && info.fragList !== null) {
    const sub: SkBuff = info.fragList;
    if (n < sub.len) {
      sub.pull(n);
      return;
    }
    n -= sub.len;
    info.fragList = sub.next;
    sub.next = null;
    sub.consume();
  }
}

/** Cuts a non-linear packet to `len` bytes. */
export function trimFrags(skb: SkBuff, len: number): void {
  const linear = skb.len - skb.dataLen;
  const info = skb.shinfo;
  let left = Math.max(0, len - linear);
  let kept = 0;
  for (let i = 0; i < info.nrFrags; i++) {
    const frag = info.frags[i] as SkbFrag;
    if (left === 0) {
      skb.cache.arena.putBlock(frag.page);
      continue;
    }
    frag.size = Math.min(frag.size, left);
    left -= frag.size;
    kept++;
  }
  info.nrFrags = kept;
  info.frags.length = kept;
  left = trimList(skb, left);
  skb.dataLen = Math.max(0, len - linear);
  if (len < linear) skb.tail = skb.data + len;
  skb.len = len;
}

function trimList(skb: SkBuff, left: number): number {
  let last: SkBuff | null = null;
  let sub = skb.shinfo.fragList;
  while (sub !== null) {
    const next: SkBuff | null = sub.next;
    if (left === 0) {
      if (last === null) skb.shinfo.fragList = null;
      else last.next = null;
      sub.next = null;
      sub.consume();
    } else {
      sub.trim(left);
      left -= sub.len;
      last = sub;
    }
    sub = next;
  }
  return left;
}

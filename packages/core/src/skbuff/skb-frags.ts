/** The non-linear part of an sk_buff: page fragments and the list of sk_buffs behind the linear area. */
import { copyBytes, csumBlockAdd, csumPartial } from '@skbuff/wire';
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

/** Partial checksum of `n` bytes at `offset` from `data`, fragments included (`skb_checksum`). The packet has that many. */
export function skbChecksum(skb: SkBuff, offset: number, n: number, sum: number): number {
  const linear = skb.len - skb.dataLen;
  if (offset + n <= linear) return csumPartial(skb.bytes, skb.data + offset, n, sum);
  let done = 0;
  if (offset < linear) {
    done = linear - offset;
    sum = csumPartial(skb.bytes, skb.data + offset, done, sum);
  }
  // Where the next fragment begins, seen from `offset`.
  let at = linear - offset;
  for (let i = 0; i < skb.shinfo.nrFrags && done < n; i++) {
    const frag = skb.shinfo.frags[i] as SkbFrag;
    const skip = done - at;
    if (skip < frag.size) {
      const part = Math.min(n - done, frag.size - skip);
      sum = csumBlockAdd(sum, csumPartial(skb.bytes, frag.offset + skip, part, 0), done);
      done += part;
    }
    at += frag.size;
  }
  for (let sub = skb.shinfo.fragList; sub !== null && done < n; sub = sub.next) {
    const skip = done - at;
    if (skip < sub.len) {
      const part = Math.min(n - done, sub.len - skip);
      sum = csumBlockAdd(sum, skbChecksum(sub, skip, part, 0), done);
      done += part;
    }
    at += sub.len;
  }
  return sum;
}

/**
 * Moves `delta` bytes from the fragments to the end of the linear area (`__pskb_pull_tail`). The linear area is enlarged, or made
 * private when others see it. False when memory is out: the packet is unchanged then.
 */
export function pullTail(skb: SkBuff, delta: number): boolean {
  if (!ownFrags(skb, Math.max(0, skb.tail + delta - skb.end))) return false;
  copyBits(skb, skb.len - skb.dataLen, skb.bytes, skb.tail, delta);
  dropFront(skb, delta);
  skb.tail += delta;
  skb.dataLen -= delta;
  return true;
}

/**
 * Before the fragments change: makes the shared info private, with `ntail` bytes more behind, and the sk_buffs of the list too. False
 * when memory is out: the packet is unchanged then.
 */
function ownFrags(skb: SkBuff, ntail: number): boolean {
  if ((ntail > 0 || skb.isCloned()) && skb.cache.expandHead(skb, 0, ntail) !== 0) return false;
  let shared = false;
  for (let sub = skb.shinfo.fragList; sub !== null; sub = sub.next) shared ||= sub.shared();
  if (shared && !cloneList(skb)) return false;
  for (let sub = skb.shinfo.fragList; sub !== null; sub = sub.next) if (sub.dataLen !== 0 && !ownFrags(sub, 0)) return false;
  return true;
}

/** Replaces a list that other packets share by one of clones. */
function cloneList(skb: SkBuff): boolean {
  let first: SkBuff | null = null;
  let last: SkBuff | null = null;
  for (let sub = skb.shinfo.fragList; sub !== null; sub = sub.next) {
    const own = sub.clone();
    if (own === null) {
      freeList(first);
      return false;
    }
    if (last === null) first = own;
    else last.next = own;
    last = own;
  }
  freeList(skb.shinfo.fragList);
  skb.shinfo.fragList = first;
  return true;
}

/** Drops a reference on each sk_buff of a list (`kfree_skb_list`). Where others share the list it stays chained. */
export function freeList(first: SkBuff | null): void {
  while (first !== null) {
    const next: SkBuff | null = first.next;
    if (first.users === 1) first.next = null;
    first.consume();
    first = next;
  }
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
      dropHead(sub, n);
      return;
    }
    n -= sub.len;
    info.fragList = sub.next;
    sub.next = null;
    sub.consume();
  }
}

/** Removes the first `n` bytes of a packet whose fragments are its own; what is left need not be linear. */
function dropHead(skb: SkBuff, n: number): void {
  const linear = Math.min(n, skb.len - skb.dataLen);
  skb.data += linear;
  skb.len -= n;
  if (n > linear) {
    dropFront(skb, n - linear);
    skb.dataLen -= n - linear;
  }
}

/** Cuts a non-linear packet to `len` bytes; false when memory is out: the packet is unchanged then. */
export function trimFrags(skb: SkBuff, len: number): boolean {
  if (!ownFrags(skb, 0)) return false;
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
  trimList(skb, left);
  skb.dataLen = Math.max(0, len - linear);
  if (len < linear) skb.tail = skb.data + len;
  skb.len = len;
  return true;
}

function trimList(skb: SkBuff, left: number): void {
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
      if (left < sub.len) sub.trim(left);
      left -= sub.len;
      last = sub;
    }
    sub = next;
  }
}

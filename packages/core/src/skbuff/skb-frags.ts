/**
 * The non-linear part of an sk_buff: page fragments and the list of sk_buffs behind the linear area. A packet gets them by
 * {@link skbFillPageDesc} and {@link skbSetFragList} only, which bring along what handles them.
 */
import { copyBytes, csumBlockAdd, csumPartial } from '@skbuff/wire';
import type { Arena, SkbSharedInfo } from './arena.ts';
import { skbChecksum } from './skb-checksum.ts';
import type { SkBuff } from './skbuff.ts';

/** `skb_frag_t`: bytes `offset..offset+size` (offset from the start of the arena) inside a block that is counted by reference. */
export class SkbFrag {
  page: SkbSharedInfo;
  offset: number;
  size: number;

  constructor(page: SkbSharedInfo, offset: number, size: number) {
    this.page = page;
    this.offset = offset;
    this.size = size;
  }
}

/** What everybody else does with packets that are not linear. @internal */
export interface SkbFrags {
  readonly copyBits: typeof copyBits;
  readonly checksum: typeof fragsChecksum;
  readonly pullTail: typeof pullTail;
  readonly trim: typeof trimFrags;
  readonly share: typeof shareFrags;
  readonly release: typeof releaseFrags;
}

const FRAGS: SkbFrags = { copyBits, checksum: fragsChecksum, pullTail, trim: trimFrags, share: shareFrags, release: releaseFrags };

/** `__skb_fill_page_desc`: one more fragment, which takes over the caller's reference on the block. `len` and `dataLen` are left to the caller. */
export function skbFillPageDesc(skb: SkBuff, page: SkbSharedInfo, offset: number, size: number): void {
  skb.cache.arena.frags = FRAGS;
  const info = skb.shinfo;
  info.frags.push(new SkbFrag(page, offset, size));
  info.nrFrags++;
}

/** `skb_shinfo(skb)->frag_list = list`: chained by `next`, each with a reference. `len` and `dataLen` are left to the caller. */
export function skbSetFragList(skb: SkBuff, list: SkBuff | null): void {
  skb.cache.arena.frags = FRAGS;
  skb.shinfo.fragList = list;
}

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

/** {@link skbChecksum}, of what is not linear. */
function fragsChecksum(skb: SkBuff, offset: number, n: number, sum: number): number {
  const linear = skb.len - skb.dataLen;
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
function pullTail(skb: SkBuff, delta: number): boolean {
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

/** Lets a second block refer to the same fragments and list. */
function shareFrags(from: SkbSharedInfo, to: SkbSharedInfo): void {
  for (let i = 0; i < from.nrFrags; i++) {
    const frag = from.frags[i] as SkbFrag;
    frag.page.dataref++;
    to.frags.push(new SkbFrag(frag.page, frag.offset, frag.size));
  }
  to.nrFrags = from.nrFrags;
  for (let skb = from.fragList; skb !== null; skb = skb.next) skb.get();
  to.fragList = from.fragList;
}

/** The last reference on a block is gone. */
function releaseFrags(arena: Arena, block: SkbSharedInfo): void {
  for (let i = 0; i < block.nrFrags; i++) arena.putBlock((block.frags[i] as SkbFrag).page);
  block.nrFrags = 0;
  block.frags.length = 0;
  const list = block.fragList;
  block.fragList = null;
  freeList(list);
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
function trimFrags(skb: SkBuff, len: number): boolean {
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

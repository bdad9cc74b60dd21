/** What lies in a receive queue: one buffer as it was sent, and from whom. */
export interface NetlinkDatagram {
  /** Shared between all receivers of a broadcast: do not write to it. */
  readonly data: Uint8Array;
  /** Port id of the sender, 0 = the kernel. */
  readonly portid: number;
  /** Group that it was sent to, 0 = to the port itself. */
  readonly dstGroup: number;
  /** What it counts against the receive buffer. */
  readonly truesize: number;
}

const SKB_SIZE = 256;
const SHARED_INFO_SIZE = 320;
const SMALL_HEAD_SIZE = 704;

/**
 * What the kernel charges for a buffer of `len` bytes: the sk_buff, and head and shared info rounded up to what the
 * allocator gives. So a receive buffer of a given size holds as many messages as in Linux (seen on 6.18, x86-64).
 */
export function skbTruesize(len: number): number {
  const head = ((len + 63) & ~63) + SHARED_INFO_SIZE;
  if (head <= SMALL_HEAD_SIZE) return SKB_SIZE + SMALL_HEAD_SIZE;
  let bucket = 1024;
  while (bucket < head) bucket *= 2;
  return SKB_SIZE + bucket;
}

export function netlinkDatagram(data: Uint8Array, portid: number, dstGroup: number): NetlinkDatagram {
  return { data, portid, dstGroup, truesize: skbTruesize(data.length) };
}

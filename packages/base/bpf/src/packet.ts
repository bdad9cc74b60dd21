/** What a program reads: the machine's view of a packet. */

/**
 * A packet as a filter sees it; `SkBuff` is one as it stands. Positions are indices of `bytes`:
 *
 *     head          data                    data + len - dataLen
 *      |  headers    |  the first bytes      |   … dataLen more bytes that only copyBits reaches
 */
export interface BpfPacket {
  readonly bytes: Uint8Array;
  readonly head: number;
  readonly data: number;
  /** Length of the packet from `data` on. */
  readonly len: number;
  /** How many of them do not lie in `bytes` one behind the other. */
  readonly dataLen: number;
  /** Where SKF_NET_OFF and SKF_LL_OFF count from; -1: not known. */
  readonly networkHeader: number;
  readonly macHeader: number;
  /** Copies `n` bytes at `offset` from `data`; false if the packet is shorter. */
  copyBits(offset: number, to: Uint8Array, at: number, n: number): boolean;
}

/** A value that is not in the packet: `what` is SKF_AD_*. Unsigned; -1 ends the program, which returns 0. */
export type BpfAncillary<P extends BpfPacket> = (packet: P, what: number) => number;

/** Captured bytes as a packet. */
export class BpfBuffer implements BpfPacket {
  readonly bytes: Uint8Array;
  readonly head: number = 0;
  readonly data: number = 0;
  readonly len: number;
  readonly dataLen: number;
  readonly networkHeader: number = -1;
  readonly macHeader: number = 0;

  /** @param len length of the packet on the wire, of which `bytes` may be the first part only */
  constructor(bytes: Uint8Array, len: number = bytes.length) {
    this.bytes = bytes;
    this.len = len;
    this.dataLen = Math.max(0, len - bytes.length);
  }

  copyBits(offset: number, to: Uint8Array, at: number, n: number): boolean {
    if (offset < 0 || offset + n > Math.min(this.len, this.bytes.length)) return false;
    for (let i = 0; i < n; i++) to[at + i] = this.bytes[offset + i] as number;
    return true;
  }
}

/** Writes messages and attributes into one growing buffer, as `nlmsg_put` and `nla_put_*` do into an sk_buff. */
import { EMSGSIZE, NLA_F_NESTED, NLA_HDRLEN, NLMSG_HDRLEN } from '@skbuff/uapi';
import { le16, setBe16, setBe32, setLe16, setLe32, setLe64 } from '@skbuff/wire';
import { strToBytes } from './strings.ts';
import { nlaAlign } from './nlattr.ts';

/** A fixed header or other structure that knows how to write itself. */
export interface NlStruct {
  /** Bytes on the wire. */
  readonly size: number;
  /** Writes `size` bytes at `off`. */
  write(buf: Uint8Array, off: number): void;
}

/** The longest payload that the 16-bit length of an attribute allows. */
const NLA_MAX_PAYLOAD = 0xffff - NLA_HDRLEN;

/**
 * Several messages may follow each other. Nothing fails while a message is being written: what does not fit in `limit`, or an
 * attribute that is too long, makes {@link nlmsgEnd} take the whole message back and return `-EMSGSIZE`.
 */
export class NlMsgBuilder {
  buf: Uint8Array;
  /** Bytes written. */
  len = 0;
  /** Bytes that may be in use when a message ends: the size of one part of a dump. */
  readonly limit: number;
  private tooLong = false;

  constructor(limit: number = Number.MAX_SAFE_INTEGER, size: number = 256) {
    this.limit = limit;
    this.buf = new Uint8Array(size);
  }

  /** The bytes so far: a view, valid until the next write. */
  bytes(): Uint8Array {
    return this.buf.subarray(0, this.len);
  }

  /** Room left before `limit`. */
  tailroom(): number {
    return this.limit - this.len;
  }

  /** Makes `n` zero bytes at the end and returns their offset. */
  put(n: number): number {
    const off = this.len;
    this.len = off + n;
    if (this.len > this.buf.length) this.grow();
    else this.buf.fill(0, off, this.len);
    return off;
  }

  private grow(): void {
    const next = new Uint8Array(Math.max(this.buf.length * 2, this.len));
    next.set(this.buf);
    next.fill(0, this.buf.length);
    this.buf = next;
  }

  /**
   * `nlmsg_put`: a header, then room for `payload` zero bytes or that structure. Returns the offset of the header, which the
   * other `nlmsg…` methods want. Until {@link nlmsgEnd} the length covers header and payload only.
   */
  nlmsgPut(type: number, flags: number, seq: number, portid: number, payload: number | NlStruct = 0): number {
    const n = typeof payload === 'number' ? payload : payload.size;
    const nlh = this.put(NLMSG_HDRLEN + nlaAlign(n));
    const b = this.buf;
    setLe32(b, nlh, NLMSG_HDRLEN + n);
    setLe16(b, nlh + 4, type);
    setLe16(b, nlh + 6, flags);
    setLe32(b, nlh + 8, seq);
    setLe32(b, nlh + 12, portid);
    if (typeof payload !== 'number') payload.write(b, nlh + NLMSG_HDRLEN);
    return nlh;
  }

  /** `nlmsg_end`: sets the length. Returns 0, or `-EMSGSIZE` with the message taken back. */
  nlmsgEnd(nlh: number): number {
    if (this.len > this.limit || this.tooLong) {
      this.nlmsgCancel(nlh);
      return -EMSGSIZE;
    }
    setLe32(this.buf, nlh, this.len - nlh);
    return 0;
  }

  /** Adds flags to a message that has been begun. */
  orFlags(nlh: number, flags: number): void {
    setLe16(this.buf, nlh + 6, le16(this.buf, nlh + 6) | flags);
  }

  /** `nlmsg_cancel` / `nlmsg_trim`: takes back everything from `mark` on. */
  nlmsgCancel(mark: number): void {
    this.len = mark;
    this.tooLong = false;
  }

  /** `nla_reserve`: an attribute with `len` zero bytes; returns the offset of the payload. */
  nlaReserve(type: number, len: number): number {
    if (len > NLA_MAX_PAYLOAD) this.tooLong = true;
    const at = this.put(nlaAlign(NLA_HDRLEN + len));
    setLe16(this.buf, at, NLA_HDRLEN + len);
    setLe16(this.buf, at + 2, type);
    return at + NLA_HDRLEN;
  }

  nlaPutU8(type: number, v: number): void {
    const at = this.nlaReserve(type, 1);
    this.buf[at] = v;
  }

  nlaPutU16(type: number, v: number): void {
    const at = this.nlaReserve(type, 2);
    setLe16(this.buf, at, v);
  }

  nlaPutU32(type: number, v: number): void {
    const at = this.nlaReserve(type, 4);
    setLe32(this.buf, at, v);
  }

  /** Negative values are allowed; the same bytes as {@link nlaPutU32}. */
  nlaPutS32(type: number, v: number): void {
    this.nlaPutU32(type, v);
  }

  nlaPutU64(type: number, v: number | bigint): void {
    const at = this.nlaReserve(type, 8);
    setLe64(this.buf, at, v);
  }

  /** A host-order number, written in network order. */
  nlaPutBe16(type: number, v: number): void {
    const at = this.nlaReserve(type, 2);
    setBe16(this.buf, at, v);
  }

  /** A host-order number, written in network order. */
  nlaPutBe32(type: number, v: number): void {
    const at = this.nlaReserve(type, 4);
    setBe32(this.buf, at, v);
  }

  /** An IPv4 address. */
  nlaPutInAddr(type: number, addr: number): void {
    this.nlaPutBe32(type, addr);
  }

  /** An IPv6 address: 16 bytes. */
  nlaPutIn6Addr(type: number, addr: Uint8Array): void {
    this.nlaPut(type, addr);
  }

  /** `nla_put`: bytes as they are. */
  nlaPut(type: number, data: Uint8Array): void {
    const at = this.nlaReserve(type, data.length);
    this.buf.set(data, at);
  }

  /** `nla_put_string`: text with its terminating zero. */
  nlaPutString(type: number, text: string): void {
    const bytes = strToBytes(text);
    const at = this.nlaReserve(type, bytes.length + 1);
    this.buf.set(bytes, at);
  }

  /** `nla_put_flag`: present, empty. */
  nlaPutFlag(type: number): void {
    this.nlaReserve(type, 0);
  }

  nlaPutStruct(type: number, s: NlStruct): void {
    const at = this.nlaReserve(type, s.size);
    s.write(this.buf, at);
  }

  /** `nla_put_bitfield32`. */
  nlaPutBitfield32(type: number, value: number, selector: number): void {
    const at = this.nlaReserve(type, 8);
    setLe32(this.buf, at, value);
    setLe32(this.buf, at + 4, selector);
  }

  /** `nla_nest_start`: returns what {@link nlaNestEnd} and {@link nlaNestCancel} want. */
  nlaNestStart(type: number): number {
    return this.nlaNestStartNoflag(type | NLA_F_NESTED);
  }

  /** `nla_nest_start_noflag`: for the families that were there before NLA_F_NESTED. */
  nlaNestStartNoflag(type: number): number {
    return this.nlaReserve(type, 0) - NLA_HDRLEN;
  }

  /** `nla_nest_end`. */
  nlaNestEnd(nest: number): void {
    const n = this.len - nest;
    if (n > 0xffff) this.tooLong = true;
    setLe16(this.buf, nest, n);
  }

  /** `nla_nest_cancel`: the nest was never there. */
  nlaNestCancel(nest: number): void {
    this.len = nest;
  }
}

/**
 * Attributes in received bytes (`struct nlattr`): iteration, single values, and the table that parsing fills.
 * An attribute is named by the offset of its header in the buffer; nothing is copied.
 *
 *      <- 4 bytes ->
 *     +------+------+---------+-----+
 *     | len  | type | payload | pad |     len counts header and payload, not the padding to 4
 *     +------+------+---------+-----+
 */
import { NLA_ALIGNTO, NLA_HDRLEN, NLA_TYPE_MASK } from '@skbuff/uapi';
import { be16, be32, le16, le32, le64, leS32 } from '@skbuff/wire';
import { bytesToStr } from './strings.ts';

/** Rounds up to the alignment of attributes and messages. */
export function nlaAlign(len: number): number {
  return (len + NLA_ALIGNTO - 1) & ~(NLA_ALIGNTO - 1);
}

/** Number of the attribute, without the NESTED and NET_BYTEORDER flags. */
export function nlaType(b: Uint8Array, attr: number): number {
  return le16(b, attr + 2) & NLA_TYPE_MASK;
}

/** Length of the payload. */
export function nlaLen(b: Uint8Array, attr: number): number {
  return le16(b, attr) - NLA_HDRLEN;
}

/** Whether a whole attribute lies at `attr` when `rem` bytes are left. */
export function nlaOk(b: Uint8Array, attr: number, rem: number): boolean {
  if (rem < NLA_HDRLEN) return false;
  const len = le16(b, attr);
  return len >= NLA_HDRLEN && len <= rem;
}

/** Bytes from one attribute to the next. */
export function nlaTotal(b: Uint8Array, attr: number): number {
  return nlaAlign(le16(b, attr));
}

/** `nla_find`: offset of the first attribute of that number in `len` bytes at `off`, or -1. */
export function nlaFind(b: Uint8Array, off: number, len: number, type: number): number {
  for (let at = off, rem = len; nlaOk(b, at, rem); ) {
    if (nlaType(b, at) === type) return at;
    const n = nlaTotal(b, at);
    at += n;
    rem -= n;
  }
  return -1;
}

/** The last attribute of that type, which is the one that counts where the kernel reads a table of them (`nla_parse`); or -1. */
export function nlaFindLast(b: Uint8Array, off: number, len: number, type: number): number {
  let found = -1;
  for (let at = off, rem = len; nlaOk(b, at, rem); ) {
    if (nlaType(b, at) === type) found = at;
    const n = nlaTotal(b, at);
    at += n;
    rem -= n;
  }
  return found;
}

/** Calls `fn` for each attribute in `len` bytes at `off` until it returns non-zero, and returns that, else 0. */
export function nlaForEach(b: Uint8Array, off: number, len: number, fn: (attr: number, type: number) => number): number {
  for (let at = off, rem = len; nlaOk(b, at, rem); ) {
    const err = fn(at, nlaType(b, at));
    if (err !== 0) return err;
    const n = nlaTotal(b, at);
    at += n;
    rem -= n;
  }
  return 0;
}

/** `nla_for_each_nested`. */
export function nlaForEachNested(b: Uint8Array, nest: number, fn: (attr: number, type: number) => number): number {
  return nlaForEach(b, nest + NLA_HDRLEN, nlaLen(b, nest), fn);
}

export function nlaGetU8(b: Uint8Array, attr: number): number {
  return b[attr + NLA_HDRLEN] | 0;
}

export function nlaGetU16(b: Uint8Array, attr: number): number {
  return le16(b, attr + NLA_HDRLEN);
}

export function nlaGetU32(b: Uint8Array, attr: number): number {
  return le32(b, attr + NLA_HDRLEN);
}

export function nlaGetS32(b: Uint8Array, attr: number): number {
  return leS32(b, attr + NLA_HDRLEN);
}

export function nlaGetU64(b: Uint8Array, attr: number): bigint {
  return le64(b, attr + NLA_HDRLEN);
}

/** A 16-bit value in network byte order, such as a port. */
export function nlaGetBe16(b: Uint8Array, attr: number): number {
  return be16(b, attr + NLA_HDRLEN);
}

/** A 32-bit value in network byte order, such as an IPv4 address. */
export function nlaGetBe32(b: Uint8Array, attr: number): number {
  return be32(b, attr + NLA_HDRLEN);
}

/** The text up to the first zero byte or the end (`nla_strscpy`). */
export function nlaGetString(b: Uint8Array, attr: number): string {
  const start = attr + NLA_HDRLEN;
  const max = nlaLen(b, attr);
  let n = 0;
  while (n < max && b[start + n] !== 0) n++;
  return bytesToStr(b, start, n);
}

/** A copy of the payload (`nla_memdup`). */
export function nlaGetBytes(b: Uint8Array, attr: number): Uint8Array {
  const start = attr + NLA_HDRLEN;
  return b.slice(start, start + nlaLen(b, attr));
}

/**
 * Where each attribute lies: the `struct nlattr *tb[]` that a handler fills by parsing. One table may serve many messages.
 * The getters give `dflt` for an absent attribute. What a policy let pass is as long as its kind; without a policy, check `len`.
 */
export class NlAttrs {
  readonly maxtype: number;
  buf: Uint8Array = new Uint8Array(0);
  private readonly offs: Int32Array;

  constructor(maxtype: number) {
    this.maxtype = maxtype;
    this.offs = new Int32Array(maxtype + 1).fill(-1);
  }

  /** Forgets the attributes and takes another buffer. */
  reset(buf: Uint8Array): void {
    this.buf = buf;
    this.offs.fill(-1);
  }

  /** Records an attribute; of several with one number the last counts. */
  set(type: number, attr: number): void {
    this.offs[type] = attr;
  }

  /** Offset of the attribute's header, or -1. */
  at(type: number): number {
    return type <= this.maxtype ? this.offs[type] : -1;
  }

  has(type: number): boolean {
    return this.at(type) >= 0;
  }

  /** Length of the payload, or -1. */
  len(type: number): number {
    const at = this.at(type);
    return at < 0 ? -1 : nlaLen(this.buf, at);
  }

  u8(type: number, dflt: number = 0): number {
    const at = this.at(type);
    return at < 0 ? dflt : nlaGetU8(this.buf, at);
  }

  u16(type: number, dflt: number = 0): number {
    const at = this.at(type);
    return at < 0 ? dflt : nlaGetU16(this.buf, at);
  }

  u32(type: number, dflt: number = 0): number {
    const at = this.at(type);
    return at < 0 ? dflt : nlaGetU32(this.buf, at);
  }

  s32(type: number, dflt: number = 0): number {
    const at = this.at(type);
    return at < 0 ? dflt : nlaGetS32(this.buf, at);
  }

  u64(type: number, dflt: bigint = 0n): bigint {
    const at = this.at(type);
    return at < 0 ? dflt : nlaGetU64(this.buf, at);
  }

  be16(type: number, dflt: number = 0): number {
    const at = this.at(type);
    return at < 0 ? dflt : nlaGetBe16(this.buf, at);
  }

  be32(type: number, dflt: number = 0): number {
    const at = this.at(type);
    return at < 0 ? dflt : nlaGetBe32(this.buf, at);
  }

  string(type: number, dflt: string = ''): string {
    const at = this.at(type);
    return at < 0 ? dflt : nlaGetString(this.buf, at);
  }

  /** A copy of the payload, or null. */
  bytes(type: number): Uint8Array | null {
    const at = this.at(type);
    return at < 0 ? null : nlaGetBytes(this.buf, at);
  }
}

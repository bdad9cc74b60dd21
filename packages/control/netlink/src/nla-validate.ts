/**
 * Checks attributes against a policy and fills a table (lib/nlattr.c: `__nla_validate`, `__nla_parse`). The errno and the
 * extack texts are those that a running 6.18 kernel was seen to send.
 */
import { EINVAL, ERANGE, NLA_F_NESTED, NLA_HDRLEN } from '@skbuff/uapi';
import { be16, be32, le16, le32, le64, leS32 } from '@skbuff/wire';
import type { NetlinkExtAck } from './extack.ts';
import * as P from './nla-policy.ts';
import type { NlaPolicy, NlaPolicySet } from './nla-policy.ts';
import { type NlAttrs, nlaLen, nlaOk, nlaTotal, nlaType } from './nlattr.ts';

// What a parser insists on (`enum netlink_validation`).
export const NL_VALIDATE_LIBERAL = 0;
/** Bytes left over after the last attribute are an error. */
export const NL_VALIDATE_TRAILING = 1;
/** Attribute numbers above the set's are an error. */
export const NL_VALIDATE_MAXTYPE = 2;
/** Attributes without a rule are an error. */
export const NL_VALIDATE_UNSPEC = 4;
/** Integers must have exactly their size. */
export const NL_VALIDATE_STRICT_ATTRS = 8;
/** NLA_F_NESTED must be there on nests, and nowhere else. */
export const NL_VALIDATE_NESTED = 16;
export const NL_VALIDATE_DEPRECATED_STRICT = 3;
export const NL_VALIDATE_STRICT = 31;

const MAX_POLICY_RECURSION_DEPTH = 10;
const POLICY_FAILED = 'Attribute failed policy validation';

/** Bytes of a fixed-size kind, 0 for the others. */
function fixedLen(type: number): number {
  switch (type) {
    case P.NLA_U8:
    case P.NLA_S8:
      return 1;
    case P.NLA_U16:
    case P.NLA_S16:
    case P.NLA_BE16:
      return 2;
    case P.NLA_U32:
    case P.NLA_S32:
    case P.NLA_BE32:
      return 4;
    case P.NLA_U64:
    case P.NLA_S64:
      return 8;
    default:
      return 0;
  }
}

/** Validation of one buffer: what stays the same while it descends into nests. */
class Validator {
  readonly buf: Uint8Array;
  readonly extack: NetlinkExtAck | null;

  constructor(buf: Uint8Array, extack: NetlinkExtAck | null) {
    this.buf = buf;
    this.extack = extack;
  }

  /** Walks `len` bytes of attributes at `off`. */
  run(off: number, len: number, set: NlaPolicySet, validate: number, tb: NlAttrs | null, depth: number): number {
    if (depth >= MAX_POLICY_RECURSION_DEPTH) return this.fail(-1, null, 'allowed policy recursion depth exceeded', -EINVAL);
    let at = off;
    let rem = len;
    while (nlaOk(this.buf, at, rem)) {
      const type = nlaType(this.buf, at);
      if (type === 0 || type > set.maxtype) {
        if ((validate & NL_VALIDATE_MAXTYPE) !== 0) return this.fail(at, null, 'Unknown attribute type', -EINVAL);
      } else {
        const err = this.attr(at, type, set, validate, depth);
        if (err < 0) return err;
        if (tb !== null) tb.set(type, at);
      }
      const n = nlaTotal(this.buf, at);
      at += n;
      rem -= n;
    }
    return rem > 0 ? this.trailing(validate) : 0;
  }

  /** A liberal parser accepts leftovers, but says so in the ACK. */
  private trailing(validate: number): number {
    if (this.extack !== null) this.extack.message = 'bytes leftover after parsing attributes';
    return (validate & NL_VALIDATE_TRAILING) !== 0 ? -EINVAL : 0;
  }

  private attr(at: number, type: number, set: NlaPolicySet, flags: number, depth: number): number {
    const pt = set.policies[type];
    const validate = set.strictStartType > 0 && type >= set.strictStartType ? flags | NL_VALIDATE_STRICT : flags;
    const len = nlaLen(this.buf, at);
    const fixed = fixedLen(pt.type);
    if (fixed > 0 && len !== fixed && (validate & NL_VALIDATE_STRICT_ATTRS) !== 0) {
      return this.fail(at, pt, 'invalid attribute length', -EINVAL);
    }
    if ((validate & NL_VALIDATE_NESTED) !== 0) {
      const err = this.nestedFlag(at, pt);
      if (err < 0) return err;
    }
    const err = fixed > 0 ? (len < fixed ? this.failed(at, pt, -ERANGE) : 0) : this.kind(at, len, pt, validate, depth);
    return err < 0 ? err : this.bounds(at, len, pt);
  }

  private nestedFlag(at: number, pt: NlaPolicy): number {
    const flagged = (le16(this.buf, at + 2) & NLA_F_NESTED) !== 0;
    const nest = pt.type === P.NLA_NESTED || pt.type === P.NLA_NESTED_ARRAY;
    if (nest && !flagged) return this.fail(at, pt, 'NLA_F_NESTED is missing', -EINVAL);
    if (!nest && pt.type !== P.NLA_UNSPEC && flagged) return this.fail(at, pt, 'NLA_F_NESTED not expected', -EINVAL);
    return 0;
  }

  /** Kinds that are not integers of one size. */
  private kind(at: number, len: number, pt: NlaPolicy, validate: number, depth: number): number {
    switch (pt.type) {
      case P.NLA_REJECT:
        return pt.rejectMessage !== '' ? this.fail(at, null, pt.rejectMessage, -EINVAL) : this.failed(at, pt, -EINVAL);
      case P.NLA_FLAG:
        return len > 0 ? this.failed(at, pt, -ERANGE) : 0;
      case P.NLA_SINT:
      case P.NLA_UINT:
        return len !== 4 && len !== 8 ? this.fail(at, pt, 'invalid attribute length', -EINVAL) : 0;
      case P.NLA_BITFIELD32:
        return this.bitfield32(at, len, pt);
      case P.NLA_NUL_STRING:
      case P.NLA_STRING:
        return this.string(at, len, pt);
      case P.NLA_BINARY:
        return pt.len > 0 && len > pt.len ? this.failed(at, pt, -ERANGE) : 0;
      case P.NLA_NESTED:
      case P.NLA_NESTED_ARRAY:
        return this.nested(at, len, pt, validate, depth);
      case P.NLA_MSECS:
        return len < 8 ? this.failed(at, pt, -ERANGE) : 0;
      default:
        if ((validate & NL_VALIDATE_UNSPEC) !== 0) return this.fail(at, null, 'Unsupported attribute', -EINVAL);
        return len < pt.len ? this.failed(at, pt, -ERANGE) : 0;
    }
  }

  private bitfield32(at: number, len: number, pt: NlaPolicy): number {
    if (len !== 8) return this.failed(at, pt, -ERANGE);
    const value = le32(this.buf, at + NLA_HDRLEN);
    const selector = le32(this.buf, at + NLA_HDRLEN + 4);
    return ((value | selector) & ~pt.len) !== 0 || (value & ~selector) !== 0 ? this.failed(at, pt, -EINVAL) : 0;
  }

  /** `len` of the policy is without the terminating zero, which NLA_STRING may and NLA_NUL_STRING must have. */
  private string(at: number, len: number, pt: NlaPolicy): number {
    const start = at + NLA_HDRLEN;
    if (pt.type === P.NLA_NUL_STRING) {
      const min = pt.len > 0 ? Math.min(len, pt.len + 1) : len;
      const nul = this.buf.indexOf(0, start);
      if (nul < 0 || nul >= start + min) return this.failed(at, pt, -EINVAL);
    }
    if (len < 1) return this.failed(at, pt, -ERANGE);
    const text = this.buf[start + len - 1] === 0 ? len - 1 : len;
    return pt.len > 0 && text > pt.len ? this.failed(at, pt, -ERANGE) : 0;
  }

  /** A nest may be empty; otherwise a whole attribute header must be in it. */
  private nested(at: number, len: number, pt: NlaPolicy, validate: number, depth: number): number {
    if (len === 0) return 0;
    if (len < NLA_HDRLEN) return this.failed(at, pt, -ERANGE);
    if (pt.nested === null) return 0;
    if (pt.type === P.NLA_NESTED) return this.run(at + NLA_HDRLEN, len, pt.nested, validate, null, depth + 1);
    return this.array(at + NLA_HDRLEN, len, pt.nested, pt, validate, depth);
  }

  private array(off: number, len: number, set: NlaPolicySet, pt: NlaPolicy, validate: number, depth: number): number {
    for (let at = off, rem = len; nlaOk(this.buf, at, rem); ) {
      const n = nlaLen(this.buf, at);
      if (n > 0 && n < NLA_HDRLEN) return this.fail(at, pt, 'Array element too short', -ERANGE);
      const err = n === 0 ? 0 : this.run(at + NLA_HDRLEN, n, set, validate, null, depth + 1);
      if (err < 0) return err;
      const step = nlaTotal(this.buf, at);
      at += step;
      rem -= step;
    }
    return 0;
  }

  private bounds(at: number, len: number, pt: NlaPolicy): number {
    if (pt.validation === P.NLA_VALIDATE_NONE) return 0;
    if (pt.validation === P.NLA_VALIDATE_FUNCTION) return pt.validate === null ? 0 : pt.validate(this.buf, at, this.extack);
    const value = pt.type === P.NLA_BINARY ? len : this.integer(at, len, pt.type);
    if (pt.validation === P.NLA_VALIDATE_MASK) {
      const stray = BigInt(value) & ~BigInt(pt.mask);
      return stray !== 0n ? this.fail(at, null, 'reserved bit set', -EINVAL) : 0;
    }
    const low = pt.validation !== P.NLA_VALIDATE_MAX && value < pt.min;
    const high = pt.validation !== P.NLA_VALIDATE_MIN && value > pt.max;
    if (!low && !high) return 0;
    return this.fail(at, pt, pt.type === P.NLA_BINARY ? 'binary attribute size out of range' : 'integer out of range', -ERANGE);
  }

  private integer(at: number, len: number, type: number): number | bigint {
    const b = this.buf;
    const off = at + NLA_HDRLEN;
    switch (type) {
      case P.NLA_U8:
        return b[off];
      case P.NLA_S8:
        return (b[off] << 24) >> 24;
      case P.NLA_U16:
        return le16(b, off);
      case P.NLA_BE16:
        return be16(b, off);
      case P.NLA_S16:
        return (le16(b, off) << 16) >> 16;
      case P.NLA_U32:
        return le32(b, off);
      case P.NLA_BE32:
        return be32(b, off);
      case P.NLA_S32:
        return leS32(b, off);
      case P.NLA_SINT:
        return len === 4 ? leS32(b, off) : BigInt.asIntN(64, le64(b, off));
      case P.NLA_UINT:
        return len === 4 ? le32(b, off) : le64(b, off);
      case P.NLA_S64:
        return BigInt.asIntN(64, le64(b, off));
      default:
        return le64(b, off);
    }
  }

  private failed(at: number, pt: NlaPolicy, err: number): number {
    return this.fail(at, pt, POLICY_FAILED, err);
  }

  private fail(at: number, pt: NlaPolicy | null, message: string, err: number): number {
    if (this.extack !== null) {
      if (at < 0) this.extack.message = message;
      else this.extack.setErrMsgAttrPol(at, pt, message);
    }
    return err;
  }
}

/**
 * `__nla_parse`: checks `len` bytes of attributes at `off` and enters them into `tb`. Attributes beyond the set's are
 * skipped unless `validate` says otherwise. Returns 0 or a negative errno, and then `extack` says why.
 */
export function nlaParseValidate(
  tb: NlAttrs,
  buf: Uint8Array,
  off: number,
  len: number,
  policy: NlaPolicySet,
  validate: number,
  extack: NetlinkExtAck | null,
): number {
  tb.reset(buf);
  return new Validator(buf, extack).run(off, len, policy, validate, tb, 0);
}

/** `nla_parse`: strict. */
export function nlaParse(tb: NlAttrs, buf: Uint8Array, off: number, len: number, policy: NlaPolicySet, extack: NetlinkExtAck | null): number {
  return nlaParseValidate(tb, buf, off, len, policy, NL_VALIDATE_STRICT, extack);
}

/** `nla_parse_deprecated`: liberal, for the families that were there before the rules got strict. */
export function nlaParseDeprecated(tb: NlAttrs, buf: Uint8Array, off: number, len: number, policy: NlaPolicySet, extack: NetlinkExtAck | null): number {
  return nlaParseValidate(tb, buf, off, len, policy, NL_VALIDATE_LIBERAL, extack);
}

/** `nla_parse_deprecated_strict`: no unknown attributes and no leftovers. */
export function nlaParseDeprecatedStrict(
  tb: NlAttrs,
  buf: Uint8Array,
  off: number,
  len: number,
  policy: NlaPolicySet,
  extack: NetlinkExtAck | null,
): number {
  return nlaParseValidate(tb, buf, off, len, policy, NL_VALIDATE_DEPRECATED_STRICT, extack);
}

/** `nla_parse_nested`: strict, and the nest must carry NLA_F_NESTED. */
export function nlaParseNested(tb: NlAttrs, buf: Uint8Array, nest: number, policy: NlaPolicySet, extack: NetlinkExtAck | null): number {
  if ((le16(buf, nest + 2) & NLA_F_NESTED) === 0) {
    extack?.setErrMsgAttr(nest, 'NLA_F_NESTED is missing');
    return -EINVAL;
  }
  return nlaParse(tb, buf, nest + NLA_HDRLEN, nlaLen(buf, nest), policy, extack);
}

/** `nla_parse_nested_deprecated`. */
export function nlaParseNestedDeprecated(tb: NlAttrs, buf: Uint8Array, nest: number, policy: NlaPolicySet, extack: NetlinkExtAck | null): number {
  return nlaParseDeprecated(tb, buf, nest + NLA_HDRLEN, nlaLen(buf, nest), policy, extack);
}

/** `__nla_validate`: the same checks without a table. */
export function nlaValidate(buf: Uint8Array, off: number, len: number, policy: NlaPolicySet, validate: number, extack: NetlinkExtAck | null): number {
  return new Validator(buf, extack).run(off, len, policy, validate, null, 0);
}

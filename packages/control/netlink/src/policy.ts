/** Tells user space what a policy accepts (net/netlink/policy.c): one nest of NL_POLICY_TYPE_ATTR_*. */
import * as U from '@skbuff/uapi';
import type { NlMsgBuilder } from './nlmsg-builder.ts';
import * as P from './nla-policy.ts';
import type { NlaPolicy } from './nla-policy.ts';

interface Exported {
  readonly attrType: number;
  readonly signed: boolean;
  readonly min: number | bigint;
  readonly max: number | bigint;
}

function unsigned(attrType: number, max: number | bigint): Exported {
  return { attrType, signed: false, min: 0, max };
}

function signed(attrType: number, min: number | bigint, max: number | bigint): Exported {
  return { attrType, signed: true, min, max };
}

const U64_MAX = 0xffff_ffff_ffff_ffffn;
const S64_MAX = 0x7fff_ffff_ffff_ffffn;

const INTEGERS: Readonly<Record<number, Exported>> = {
  [P.NLA_U8]: unsigned(U.NL_ATTR_TYPE_U8, 0xff),
  [P.NLA_U16]: unsigned(U.NL_ATTR_TYPE_U16, 0xffff),
  [P.NLA_BE16]: unsigned(U.NL_ATTR_TYPE_U16, 0xffff),
  [P.NLA_U32]: unsigned(U.NL_ATTR_TYPE_U32, 0xffff_ffff),
  [P.NLA_BE32]: unsigned(U.NL_ATTR_TYPE_U32, 0xffff_ffff),
  [P.NLA_U64]: unsigned(U.NL_ATTR_TYPE_U64, U64_MAX),
  [P.NLA_MSECS]: unsigned(U.NL_ATTR_TYPE_U64, U64_MAX),
  [P.NLA_UINT]: unsigned(U.NL_ATTR_TYPE_UINT, U64_MAX),
  [P.NLA_S8]: signed(U.NL_ATTR_TYPE_S8, -0x80, 0x7f),
  [P.NLA_S16]: signed(U.NL_ATTR_TYPE_S16, -0x8000, 0x7fff),
  [P.NLA_S32]: signed(U.NL_ATTR_TYPE_S32, -0x8000_0000, 0x7fff_ffff),
  [P.NLA_S64]: signed(U.NL_ATTR_TYPE_S64, -S64_MAX - 1n, S64_MAX),
  [P.NLA_SINT]: signed(U.NL_ATTR_TYPE_SINT, -S64_MAX - 1n, S64_MAX),
};

const OTHERS: Readonly<Record<number, number>> = {
  [P.NLA_FLAG]: U.NL_ATTR_TYPE_FLAG,
  [P.NLA_STRING]: U.NL_ATTR_TYPE_STRING,
  [P.NLA_NUL_STRING]: U.NL_ATTR_TYPE_NUL_STRING,
  [P.NLA_BINARY]: U.NL_ATTR_TYPE_BINARY,
  [P.NLA_NESTED]: U.NL_ATTR_TYPE_NESTED,
  [P.NLA_NESTED_ARRAY]: U.NL_ATTR_TYPE_NESTED_ARRAY,
  [P.NLA_BITFIELD32]: U.NL_ATTR_TYPE_BITFIELD32,
};

function hasMin(pt: NlaPolicy): boolean {
  return pt.validation === P.NLA_VALIDATE_RANGE || pt.validation === P.NLA_VALIDATE_MIN;
}

function hasMax(pt: NlaPolicy): boolean {
  return pt.validation === P.NLA_VALIDATE_RANGE || pt.validation === P.NLA_VALIDATE_MAX;
}

function putInteger(b: NlMsgBuilder, pt: NlaPolicy, e: Exported): void {
  if (pt.validation === P.NLA_VALIDATE_MASK) {
    b.nlaPutU64(U.NL_POLICY_TYPE_ATTR_MASK, pt.mask);
    return;
  }
  b.nlaPutU64(e.signed ? U.NL_POLICY_TYPE_ATTR_MIN_VALUE_S : U.NL_POLICY_TYPE_ATTR_MIN_VALUE_U, hasMin(pt) ? pt.min : e.min);
  b.nlaPutU64(e.signed ? U.NL_POLICY_TYPE_ATTR_MAX_VALUE_S : U.NL_POLICY_TYPE_ATTR_MAX_VALUE_U, hasMax(pt) ? pt.max : e.max);
}

function putLengths(b: NlMsgBuilder, pt: NlaPolicy): void {
  if (hasMin(pt)) b.nlaPutU32(U.NL_POLICY_TYPE_ATTR_MIN_LENGTH, Number(pt.min));
  const max = hasMax(pt) ? Number(pt.max) : pt.len;
  if (max > 0) b.nlaPutU32(U.NL_POLICY_TYPE_ATTR_MAX_LENGTH, max);
}

/**
 * `netlink_policy_dump_write_attr`: the rules of one attribute, nested in `nestType`. Writes nothing for the kinds that
 * cannot be told (NLA_UNSPEC, NLA_REJECT).
 */
export function netlinkPolicyDumpWriteAttr(b: NlMsgBuilder, pt: NlaPolicy, nestType: number): void {
  const integer = INTEGERS[pt.type];
  const attrType = integer?.attrType ?? OTHERS[pt.type];
  if (attrType === undefined) return;
  const nest = b.nlaNestStart(nestType);
  if (integer !== undefined) putInteger(b, pt, integer);
  else if (pt.type === P.NLA_BITFIELD32) b.nlaPutU32(U.NL_POLICY_TYPE_ATTR_BITFIELD32_MASK, pt.len);
  else if (pt.type === P.NLA_BINARY || pt.type === P.NLA_STRING || pt.type === P.NLA_NUL_STRING) putLengths(b, pt);
  b.nlaPutU32(U.NL_POLICY_TYPE_ATTR_TYPE, attrType);
  b.nlaNestEnd(nest);
}

/**
 * What a family accepts per attribute (`struct nla_policy`, include/net/netlink.h): the kinds, and one builder per way to
 * narrow a kind. A set is built once and shared; it is never changed afterwards.
 */
import type { NetlinkExtAck } from './extack.ts';

// Kinds of attribute as a policy names them; on the wire an attribute only has its number.
export const NLA_UNSPEC = 0;
export const NLA_U8 = 1;
export const NLA_U16 = 2;
export const NLA_U32 = 3;
export const NLA_U64 = 4;
export const NLA_STRING = 5;
export const NLA_FLAG = 6;
export const NLA_MSECS = 7;
export const NLA_NESTED = 8;
export const NLA_NESTED_ARRAY = 9;
export const NLA_NUL_STRING = 10;
export const NLA_BINARY = 11;
export const NLA_S8 = 12;
export const NLA_S16 = 13;
export const NLA_S32 = 14;
export const NLA_S64 = 15;
export const NLA_BITFIELD32 = 16;
export const NLA_REJECT = 17;
export const NLA_BE16 = 18;
export const NLA_BE32 = 19;
export const NLA_SINT = 20;
export const NLA_UINT = 21;

// What is checked beyond the kind's own size.
export const NLA_VALIDATE_NONE = 0;
export const NLA_VALIDATE_RANGE = 1;
export const NLA_VALIDATE_MIN = 2;
export const NLA_VALIDATE_MAX = 3;
export const NLA_VALIDATE_MASK = 4;
export const NLA_VALIDATE_FUNCTION = 5;

/** A check of one's own: `attr` is the offset of the attribute's header. Returns 0 or a negative errno. */
export type NlaValidate = (buf: Uint8Array, attr: number, extack: NetlinkExtAck | null) => number;

/** Rules for one attribute. All members are always present, so that every policy has one shape. */
export interface NlaPolicy {
  /** One of the NLA_* kinds above. */
  readonly type: number;
  /** Strings and binary: longest payload (0 = any). NLA_UNSPEC: shortest. NLA_BITFIELD32: the valid bits. */
  readonly len: number;
  /** One of NLA_VALIDATE_*. */
  readonly validation: number;
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly mask: number | bigint;
  /** NLA_NESTED and NLA_NESTED_ARRAY: rules for what is inside, or null for no look inside. */
  readonly nested: NlaPolicySet | null;
  /** NLA_REJECT: text for the sender, or empty for the general one. */
  readonly rejectMessage: string;
  readonly validate: NlaValidate | null;
}

/** The rules of one attribute space, indexed by attribute number. */
export interface NlaPolicySet {
  readonly maxtype: number;
  readonly policies: readonly NlaPolicy[];
  /** Attributes from this number on are held to strict rules even by a liberal parser; 0 = none. */
  readonly strictStartType: number;
}

const NONE: NlaPolicy = {
  type: NLA_UNSPEC,
  len: 0,
  validation: NLA_VALIDATE_NONE,
  min: 0,
  max: 0,
  mask: 0,
  nested: null,
  rejectMessage: '',
  validate: null,
};

/** `{ .type = type, .len = len }`. */
export function nlaPolicy(type: number, len: number = 0): NlaPolicy {
  return { ...NONE, type, len };
}

/** NLA_POLICY_RANGE: an integer, or the length of an NLA_BINARY, between two bounds (inclusive). */
export function nlaPolicyRange(type: number, min: number | bigint, max: number | bigint): NlaPolicy {
  return { ...NONE, type, validation: NLA_VALIDATE_RANGE, min, max };
}

/** NLA_POLICY_MIN. */
export function nlaPolicyMin(type: number, min: number | bigint): NlaPolicy {
  return { ...NONE, type, validation: NLA_VALIDATE_MIN, min };
}

/** NLA_POLICY_MAX. */
export function nlaPolicyMax(type: number, max: number | bigint): NlaPolicy {
  return { ...NONE, type, validation: NLA_VALIDATE_MAX, max };
}

/** NLA_POLICY_MASK: an unsigned integer with no bits outside `mask`. */
export function nlaPolicyMask(type: number, mask: number | bigint): NlaPolicy {
  return { ...NONE, type, validation: NLA_VALIDATE_MASK, mask };
}

/** NLA_POLICY_EXACT_LEN: binary of exactly `len` bytes. */
export function nlaPolicyExactLen(len: number): NlaPolicy {
  return nlaPolicyRange(NLA_BINARY, len, len);
}

/** NLA_POLICY_MIN_LEN: binary of at least `len` bytes. */
export function nlaPolicyMinLen(len: number): NlaPolicy {
  return nlaPolicyMin(NLA_BINARY, len);
}

/** NLA_POLICY_NESTED. */
export function nlaPolicyNested(nested: NlaPolicySet): NlaPolicy {
  return { ...NONE, type: NLA_NESTED, nested };
}

/** NLA_POLICY_NESTED_ARRAY: entries of any number, each with attributes of the set. */
export function nlaPolicyNestedArray(nested: NlaPolicySet): NlaPolicy {
  return { ...NONE, type: NLA_NESTED_ARRAY, nested };
}

/** NLA_POLICY_BITFIELD32: value and selector with no bits outside `valid`. */
export function nlaPolicyBitfield32(valid: number): NlaPolicy {
  return { ...NONE, type: NLA_BITFIELD32, len: valid >>> 0 };
}

/** NLA_POLICY_VALIDATE_FN. */
export function nlaPolicyValidateFn(type: number, validate: NlaValidate, len: number = 0): NlaPolicy {
  return { ...NONE, type, len, validation: NLA_VALIDATE_FUNCTION, validate };
}

/** NLA_REJECT: an attribute only the kernel sends. */
export function nlaPolicyReject(rejectMessage: string = ''): NlaPolicy {
  return { ...NONE, type: NLA_REJECT, rejectMessage };
}

/** Makes a set from the attributes that have rules; the others up to `maxtype` are NLA_UNSPEC. */
export function nlaPolicySet(maxtype: number, rules: Readonly<Record<number, NlaPolicy>>, strictStartType: number = 0): NlaPolicySet {
  const policies: NlaPolicy[] = [];
  for (let i = 0; i <= maxtype; i++) policies.push(rules[i] ?? NONE);
  return { maxtype, policies, strictStartType };
}

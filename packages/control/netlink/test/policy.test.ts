import { EINVAL, ERANGE, NETLINK_ROUTE, NLA_F_NESTED, NLM_F_DUMP, RTM_GETACTION, RTM_GETNEXTHOP, RTM_NEWLINK, RTM_NEWNEXTHOP } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import * as N from '../src/index.ts';
import { type Exchange, drain, hex, makeProto, open, record, setOptions, unhex } from './support.ts';

/** The rules of the recorded handlers, as far as the records reach. */
const ifla = N.nlaPolicySet(69, {
  1: N.nlaPolicy(N.NLA_BINARY, 32),
  3: N.nlaPolicy(N.NLA_STRING, 15),
  4: N.nlaPolicy(N.NLA_U32),
  16: N.nlaPolicy(N.NLA_U8),
  18: N.nlaPolicy(N.NLA_NESTED),
  41: N.nlaPolicyMin(N.NLA_U32, 193),
  49: N.nlaPolicyMin(N.NLA_S32, 1),
  54: N.nlaPolicyReject(),
});
const nhaGet = N.nlaPolicySet(16, { 1: N.nlaPolicy(N.NLA_U32), 14: N.nlaPolicyMask(N.NLA_U32, 3) });
const nha = N.nlaPolicySet(16, { 1: N.nlaPolicy(N.NLA_U32), 4: N.nlaPolicy(N.NLA_FLAG), 12: N.nlaPolicy(N.NLA_NESTED) });
const tcaRoot = N.nlaPolicySet(4, { 2: N.nlaPolicyBitfield32(3) });

function rtnetlink(): N.Rtnetlink {
  const rtnl = new N.Rtnetlink();
  const tb = new N.NlAttrs(69);
  rtnl.register(0, RTM_NEWLINK, (_s, nlh, x) => N.nlmsgParseDeprecated(nlh, N.IfInfoMsg.LEN, tb, ifla, x), null);
  rtnl.register(0, RTM_NEWNEXTHOP, (_s, nlh, x) => N.nlmsgParse(nlh, N.NhMsg.LEN, tb, nha, x), null);
  rtnl.register(0, RTM_GETNEXTHOP, (_s, nlh, x) => N.nlmsgParse(nlh, N.NhMsg.LEN, tb, nhaGet, x), null);
  rtnl.register(0, RTM_GETACTION, null, (_p, cb) => N.nlmsgParseDeprecated(cb.nlh, 4, tb, tcaRoot, cb.extack));
  return rtnl;
}

describe('attribute checks against a recorded kernel', () => {
  const { exchanges } = record<{ exchanges: Exchange[] }>('policy');
  it.each(exchanges.map((e) => [e.name, e] as const))('accepts or rejects as Linux does: %s [NLA-04] [NLA-05] [NLA-06] [NLA-08] [NLA-09] [NLA-10]', (_n, e) => {
    const rtnl = rtnetlink();
    const port = open(makeProto(NETLINK_ROUTE, { input: (skb) => rtnl.rcv(skb) }), NETLINK_ROUTE);
    port.bind(4711);
    setOptions(port, e.options);
    port.sendmsg(unhex(e.send));
    expect(drain(port).map((r) => hex(r as Uint8Array))).toEqual(e.replies);
  });

  it('has a dump among them', () => {
    expect(exchanges.some((e) => (N.nlmsgAll(unhex(e.send))[0]!.flags & NLM_F_DUMP) === NLM_F_DUMP)).toBe(true);
  });
});

interface Verdict {
  err: number;
  text: string;
  offs: number;
}

/** Judges attribute 1 with one rule; `validate` defaults to liberal. */
function judge(pt: N.NlaPolicy, payload: readonly number[], validate = 0, flags = 0): Verdict {
  const b = new N.NlMsgBuilder();
  b.nlaPut(1 | flags, Uint8Array.from(payload));
  const x = new N.NetlinkExtAck();
  const err = N.nlaValidate(b.buf, 0, b.len, N.nlaPolicySet(1, { 1: pt }), validate, x);
  return { err, text: x.message, offs: x.badAttr };
}

const OK: Verdict = { err: 0, text: '', offs: -1 };
const failed = (err: number): Verdict => ({ err, text: 'Attribute failed policy validation', offs: 0 });
const range: Verdict = { err: -ERANGE, text: 'integer out of range', offs: 0 };
const bytes = (n: bigint): number[] => [...new Uint8Array(new BigUint64Array([BigInt.asUintN(64, n)]).buffer)];

describe('kinds of attribute', () => {
  it.each([
    ['U8 in range', N.nlaPolicyRange(N.NLA_U8, 2, 5), [5], OK],
    ['U8 above', N.nlaPolicyRange(N.NLA_U8, 2, 5), [6], range],
    ['S8 below', N.nlaPolicyMin(N.NLA_S8, -1), [0xfe], range],
    ['S8 at the bound', N.nlaPolicyMin(N.NLA_S8, -1), [0xff], OK],
    ['U16 at the bound', N.nlaPolicyMax(N.NLA_U16, 256), [0, 1], OK],
    ['U16 above', N.nlaPolicyMax(N.NLA_U16, 256), [1, 1], range],
    ['S16 below', N.nlaPolicyMin(N.NLA_S16, -2), [0xfd, 0xff], range],
    ['BE16 is read in network order', N.nlaPolicyMax(N.NLA_BE16, 256), [1, 0], OK],
    ['BE32 above', N.nlaPolicyMax(N.NLA_BE32, 0xfffff), [0, 0x10, 0, 0], range],
    ['U32 is unsigned', N.nlaPolicyMin(N.NLA_U32, 1), [255, 255, 255, 255], OK],
    ['S32 below', N.nlaPolicyMin(N.NLA_S32, 0), [255, 255, 255, 255], range],
    ['U64 above 2^53', N.nlaPolicyMax(N.NLA_U64, 2n ** 60n), bytes(2n ** 60n + 1n), range],
    ['U64 at the bound', N.nlaPolicyMax(N.NLA_U64, 2n ** 60n), bytes(2n ** 60n), OK],
    ['S64 below', N.nlaPolicyMin(N.NLA_S64, -5), bytes(-6n), range],
    ['SINT of 4 bytes', N.nlaPolicyMin(N.NLA_SINT, -1), [254, 255, 255, 255], range],
    ['SINT of 8 bytes', N.nlaPolicyMin(N.NLA_SINT, -1), bytes(-1n), OK],
    ['UINT of 4 bytes', N.nlaPolicyMax(N.NLA_UINT, 3), [4, 0, 0, 0], range],
    ['UINT of 8 bytes', N.nlaPolicyMax(N.NLA_UINT, 3), bytes(3n), OK],
    ['UINT of 2 bytes', N.nlaPolicy(N.NLA_UINT), [4, 0], { err: -EINVAL, text: 'invalid attribute length', offs: 0 }],
    ['a mask', N.nlaPolicyMask(N.NLA_U32, 6), [6, 0, 0, 0], OK],
    ['a bit outside the mask', N.nlaPolicyMask(N.NLA_U32, 6), [1, 0, 0, 0x80], { err: -EINVAL, text: 'reserved bit set', offs: 0 }],
    ['MSECS of 8', N.nlaPolicy(N.NLA_MSECS), bytes(1n), OK],
    ['MSECS of 7', N.nlaPolicy(N.NLA_MSECS), [1, 2, 3, 4, 5, 6, 7], failed(-ERANGE)],
    ['a flag', N.nlaPolicy(N.NLA_FLAG), [], OK],
    ['a flag with payload', N.nlaPolicy(N.NLA_FLAG), [1], failed(-ERANGE)],
    ['any string', N.nlaPolicy(N.NLA_STRING), [65, 65, 65], OK],
    ['a string of its length', N.nlaPolicy(N.NLA_STRING, 3), [65, 65, 65], OK],
    ['the zero does not count', N.nlaPolicy(N.NLA_STRING, 3), [65, 65, 65, 0], OK],
    ['a longer string', N.nlaPolicy(N.NLA_STRING, 3), [65, 65, 65, 65], failed(-ERANGE)],
    ['a zero-terminated string', N.nlaPolicy(N.NLA_NUL_STRING, 3), [65, 65, 65, 0], OK],
    ['one without its zero', N.nlaPolicy(N.NLA_NUL_STRING, 3), [65, 65, 65], failed(-EINVAL)],
    ['a zero in the padding does not count', N.nlaPolicy(N.NLA_NUL_STRING), [65, 65, 65], failed(-EINVAL)],
    ['one that ends too late', N.nlaPolicy(N.NLA_NUL_STRING, 3), [65, 65, 65, 65, 0], failed(-EINVAL)],
    ['an empty one', N.nlaPolicy(N.NLA_NUL_STRING), [], failed(-EINVAL)],
    ['binary of any length', N.nlaPolicy(N.NLA_BINARY), [1, 2, 3, 4, 5], OK],
    ['binary of exact length', N.nlaPolicyExactLen(2), [1, 2], OK],
    ['binary of another', N.nlaPolicyExactLen(2), [1], { err: -ERANGE, text: 'binary attribute size out of range', offs: 0 }],
    ['binary of a least length', N.nlaPolicyMinLen(2), [1, 2, 3], OK],
    ['a bitfield', N.nlaPolicyBitfield32(3), [1, 0, 0, 0, 3, 0, 0, 0], OK],
    ['a value that is not selected', N.nlaPolicyBitfield32(3), [1, 0, 0, 0, 2, 0, 0, 0], failed(-EINVAL)],
    ['a rejection with its own text', N.nlaPolicyReject('can not be set'), [1], { err: -EINVAL, text: 'can not be set', offs: 0 }],
  ] as const)('%s', (_name, pt, payload, want) => {
    expect(judge(pt, payload)).toEqual(want);
  });

  it('holds an attribute of no type to a least length [NLA-07]', () => {
    const two = N.nlaPolicy(N.NLA_UNSPEC, 2);
    expect([[1], [1, 2], [1, 2, 3]].map((payload) => judge(two, payload))).toEqual([failed(-ERANGE), OK, OK]);
  });

  it('asks a function of the family', () => {
    const odd = N.nlaPolicyValidateFn(N.NLA_U8, (buf, attr, x) => {
      if ((N.nlaGetU8(buf, attr) & 1) === 0) return 0;
      x?.setErrMsgAttr(attr, 'must be even');
      return -EINVAL;
    });
    expect(judge(odd, [2])).toEqual(OK);
    expect(judge(odd, [3])).toEqual({ err: -EINVAL, text: 'must be even', offs: 0 });
    expect(judge(odd, [])).toEqual(failed(-ERANGE));
  });
});

describe('a policy told to the sender', () => {
  const told = (pt: N.NlaPolicy): string => {
    const b = new N.NlMsgBuilder();
    N.netlinkPolicyDumpWriteAttr(b, pt, 4);
    return hex(b.bytes());
  };

  // The bytes are what a 6.18 kernel sent for attributes of these kinds.
  it.each([
    ['u32', N.nlaPolicy(N.NLA_U32), '240004800c00040000000000000000000c000500ffffffff000000000800010004000000'],
    ['u8 up to 1', N.nlaPolicyMax(N.NLA_U8, 1), '240004800c00040000000000000000000c00050001000000000000000800010002000000'],
    ['s32', N.nlaPolicy(N.NLA_S32), '240004800c00020000000080ffffffff0c000300ffffff7f000000000800010008000000'],
    ['binary of 8', N.nlaPolicyExactLen(8), '1c00048008000600080000000800070008000000080001000a000000'],
    ['mask', N.nlaPolicyMask(N.NLA_U32, 3), '180004800c000c0003000000000000000800010004000000'],
    ['flag', N.nlaPolicy(N.NLA_FLAG), '0c0004800800010001000000'],
    ['text', N.nlaPolicy(N.NLA_STRING, 15), '14000480080007000f000000080001000b000000'],
    ['nothing that can be told', N.nlaPolicyReject(), ''],
  ] as const)('%s', (_n, pt, want) => {
    expect(told(pt)).toBe(want);
  });

  it('is forgotten when another attribute is to blame', () => {
    const x = new N.NetlinkExtAck();
    x.setErrMsgAttrPol(4, N.nlaPolicy(N.NLA_U32), 'text');
    x.setBadAttr(8);
    expect(x).toMatchObject({ message: 'text', badAttr: 8, policy: null });
  });
});

describe('nests', () => {
  const inner = N.nlaPolicySet(2, { 1: N.nlaPolicy(N.NLA_U32), 2: N.nlaPolicy(N.NLA_FLAG) });
  const u32 = [8, 0, 1, 0, 9, 0, 0, 0];

  it('looks inside [NLA-03]', () => {
    expect(judge(N.nlaPolicyNested(inner), u32)).toEqual(OK);
    expect(judge(N.nlaPolicyNested(inner), [5, 0, 2, 0, 9, 0, 0, 0])).toEqual({ ...failed(-ERANGE), offs: 4 });
  });

  it('looks inside each entry of an array, whatever its number', () => {
    const array = N.nlaPolicyNestedArray(inner);
    expect(judge(array, [12, 0, 77, 0, ...u32, 4, 0, 5, 0])).toEqual(OK);
    expect(judge(array, [12, 0, 77, 0, 5, 0, 2, 0, 9, 0, 0, 0])).toEqual({ ...failed(-ERANGE), offs: 8 });
    expect(judge(array, [12, 0, 1, 0, ...u32, 12, 0, 2, 0, 5, 0, 2, 0, 9, 0, 0, 0])).toEqual({ ...failed(-ERANGE), offs: 20 });
    expect(judge(array, [6, 0, 1, 0, 1, 2])).toEqual({ err: -ERANGE, text: 'Array element too short', offs: 4 });
  });

  it('refuses to follow rules that lead to themselves for ever', () => {
    const set: { maxtype: number; policies: N.NlaPolicy[]; strictStartType: number } = { maxtype: 1, policies: [], strictStartType: 0 };
    set.policies.push(N.nlaPolicy(N.NLA_UNSPEC), N.nlaPolicyNested(set));
    const nested = (depth: number): Uint8Array => {
      const b = new N.NlMsgBuilder();
      const nests = Array.from({ length: depth }, () => b.nlaNestStart(1));
      for (const nest of nests.reverse()) b.nlaNestEnd(nest);
      return b.bytes();
    };
    const x = new N.NetlinkExtAck();
    expect(N.nlaValidate(nested(10), 0, 40, set, 0, x)).toBe(0);
    expect(N.nlaValidate(nested(11), 0, 44, set, 0, x)).toBe(-EINVAL);
    expect(x.message).toBe('allowed policy recursion depth exceeded');
  });

  it('wants NLA_F_NESTED from those who parse strictly', () => {
    const b = new N.NlMsgBuilder();
    const nest = b.nlaNestStartNoflag(1);
    b.nlaPutU32(1, 7);
    b.nlaNestEnd(nest);
    const tb = new N.NlAttrs(2);
    const x = new N.NetlinkExtAck();
    expect(N.nlaParseNested(tb, b.buf, nest, inner, x)).toBe(-EINVAL);
    expect(x).toMatchObject({ message: 'NLA_F_NESTED is missing', badAttr: 0 });
    expect(N.nlaParseNestedDeprecated(tb, b.buf, nest, inner, null)).toBe(0);
    expect(tb.u32(1)).toBe(7);
    b.buf[3] = NLA_F_NESTED >> 8;
    expect(N.nlaParseNested(tb, b.buf, nest, inner, x)).toBe(0);
  });
});

describe('how strict', () => {
  const set = N.nlaPolicySet(3, { 1: N.nlaPolicy(N.NLA_U32), 3: N.nlaPolicy(N.NLA_U32) }, 3);

  it('holds new attributes of an old family to the strict rules', () => {
    const b = new N.NlMsgBuilder();
    b.nlaPutU64(1, 5);
    expect(N.nlaValidate(b.buf, 0, b.len, set, N.NL_VALIDATE_LIBERAL, null)).toBe(0);
    b.nlaPutU64(3, 5);
    const x = new N.NetlinkExtAck();
    expect(N.nlaValidate(b.buf, 0, b.len, set, N.NL_VALIDATE_LIBERAL, x)).toBe(-EINVAL);
    expect(x).toMatchObject({ message: 'invalid attribute length', badAttr: 12 });
  });

  it('deprecated-strict refuses unknown attributes and leftovers, not sizes [NLA-10]', () => {
    const b = new N.NlMsgBuilder();
    b.nlaPutU64(1, 5);
    expect(N.nlaValidate(b.buf, 0, b.len, set, N.NL_VALIDATE_DEPRECATED_STRICT, null)).toBe(0);
    expect(N.nlaValidate(b.buf, 0, b.len + 3, set, N.NL_VALIDATE_DEPRECATED_STRICT, null)).toBe(-EINVAL);
    b.nlaPutFlag(4);
    expect(N.nlaValidate(b.buf, 0, b.len, set, N.NL_VALIDATE_DEPRECATED_STRICT, null)).toBe(-EINVAL);
  });

  it('a header that is cut short is told as such', () => {
    const x = new N.NetlinkExtAck();
    const nlh = N.nlmsgAt(Uint8Array.of(18, 0, 0, 0, 104, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0), 0)!;
    expect(N.nlmsgParseDeprecatedStrict(nlh, 8, new N.NlAttrs(3), set, x)).toBe(-EINVAL);
    expect(x.message).toBe('Invalid header length');
  });
});

import { EMSGSIZE, NLA_F_NESTED, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, RTM_DELLINK, RTM_GETLINK, RTM_GETNEIGH, RTM_GETROUTE, RTM_GETADDR, RTM_NEWADDR, RTM_NEWLINK, RTM_NEWNEIGH, RTM_NEWROUTE, RTM_NEWRULE } from '@skbuff/uapi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { le16, setLe32 } from '@skbuff/wire';
import * as N from '../src/index.ts';
import { hex, message, record, unhex } from './support.ts';

const HEADERS: Readonly<Record<number, () => N.NlStruct & { read(b: Uint8Array, o: number): N.NlStruct }>> = {
  [RTM_NEWLINK]: () => new N.IfInfoMsg(),
  [RTM_DELLINK]: () => new N.IfInfoMsg(),
  [RTM_GETLINK]: () => new N.IfInfoMsg(),
  [RTM_NEWADDR]: () => new N.IfAddrMsg(),
  [RTM_GETADDR]: () => new N.IfAddrMsg(),
  [RTM_NEWROUTE]: () => new N.RtMsg(),
  [RTM_GETROUTE]: () => new N.RtMsg(),
  [RTM_NEWRULE]: () => new N.FibRuleHdr(),
  [RTM_NEWNEIGH]: () => new N.NdMsg(),
  [RTM_GETNEIGH]: () => new N.NdMsg(),
};

/** Takes a message apart and writes it again: header structure, then each attribute. */
function rewrite(nlh: N.NlMsgHdr): Uint8Array {
  const header = HEADERS[nlh.type]!();
  header.read(nlh.buf, nlh.data);
  const b = new N.NlMsgBuilder(undefined, 16);
  const at = b.nlmsgPut(nlh.type, nlh.flags, nlh.seq, nlh.pid, header);
  N.nlaForEach(nlh.buf, nlh.attrData(header.size), nlh.attrLen(header.size), (attr) => {
    b.nlaPut(le16(nlh.buf, attr + 2), N.nlaGetBytes(nlh.buf, attr));
    return 0;
  });
  expect(b.nlmsgEnd(at)).toBe(0);
  return b.bytes();
}

interface Session {
  command: string;
  messages: string[];
}

describe('recorded messages', () => {
  const { sessions } = record<{ sessions: Session[] }>('iproute2');
  const sent = (command: string): N.NlMsgHdr[] => {
    const s = sessions.find((x) => x.command === command)!;
    return s.messages.filter((m) => m[0] === '>').flatMap((m) => N.nlmsgAll(unhex(m.slice(2))));
  };

  it.each(sessions.map((s) => [s.command, s] as const))('are the same after taking apart and writing again: %s [NLM-01] [NLA-01] [NLA-02] [RTNL-08]', (_c, s) => {
    let n = 0;
    for (const m of s.messages) {
      for (const nlh of N.nlmsgAll(unhex(m.slice(2)))) {
        if (!(nlh.type in HEADERS)) continue;
        if (nlh.type === RTM_GETNEIGH || nlh.type === RTM_GETADDR) continue; // iproute2 leaves 100 zero bytes behind these
        expect(hex(rewrite(nlh))).toBe(hex(nlh.buf.subarray(nlh.off, nlh.off + nlh.len)));
        n++;
      }
    }
    expect(n).toBeGreaterThan(0);
  });

  it('zero bytes behind a message end the buffer', () => {
    const get = sent('ip neigh show').at(-1)!;
    expect(get.type).toBe(RTM_GETNEIGH);
    expect(get.buf.length).toBeGreaterThan(get.len);
    expect(N.nlmsgAll(get.buf)).toHaveLength(1);
  });

  it('reads an address as iproute2 wrote it', () => {
    const nlh = sent('ip addr add 10.0.0.1/24 dev v0').at(-1)!;
    expect(new N.IfAddrMsg().read(nlh.buf, nlh.data)).toMatchObject({ family: 2, prefixlen: 24, index: 3 });
    const tb = new N.NlAttrs(11);
    expect(N.nlmsgParseDeprecated(nlh, N.IfAddrMsg.LEN, tb, N.nlaPolicySet(11, {}), null)).toBe(0);
    expect([tb.be32(2), tb.be32(1), tb.has(3)]).toEqual([0x0a000001, 0x0a000001, false]);
  });

  it('writes the veth request as iproute2 does [NLA-03] [NLM-04] [NLM-06]', () => {
    const want = sent('ip link add v0 type veth peer name v1').at(-1)!;
    const got = message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_EXCL | NLM_F_CREATE, new N.IfInfoMsg(), (b) => {
      b.nlaPutString(3, 'v0');
      const info = b.nlaNestStartNoflag(18);
      b.nlaPut(1, N.strToBytes('veth'));
      const data = b.nlaNestStartNoflag(2);
      const peer = b.nlaNestStartNoflag(1);
      b.put(N.IfInfoMsg.LEN);
      b.nlaPutString(3, 'v1');
      for (const nest of [peer, data, info]) b.nlaNestEnd(nest);
    }, want.seq);
    expect(hex(got)).toBe(hex(want.buf));
  });
});

describe('the fixed headers', () => {
  const every = [N.RtGenMsg, N.IfInfoMsg, N.IfAddrMsg, N.RtMsg, N.RtNextHop, N.NdMsg, N.NdtMsg, N.FibRuleHdr, N.TcMsg, N.NhMsg, N.IfaCacheInfo, N.NdaCacheInfo, N.RtaCacheInfo, N.NlMsgErr, N.SockaddrNl];

  /** Bytes that mean nothing: they are not read and not written. */
  const PADS: Readonly<Record<string, readonly number[]>> = { IfInfoMsg: [1], NdMsg: [1, 2, 3], NdtMsg: [1, 2, 3], FibRuleHdr: [5, 6], TcMsg: [1, 2, 3], NhMsg: [3], SockaddrNl: [2, 3] };

  it.each(every.map((C) => [C.name, C] as const))('%s writes the bytes that it read where they were, and no others', (name, C) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: C.LEN, maxLength: C.LEN }), (bytes) => {
        const out = new Uint8Array(C.LEN + 8).fill(0xa5);
        new C().read(bytes, 0).write(out, 4);
        const want = [...bytes].map((x, i) => (PADS[name]?.includes(i) ? 0xa5 : x));
        expect([...out]).toEqual([0xa5, 0xa5, 0xa5, 0xa5, ...want, 0xa5, 0xa5, 0xa5, 0xa5]);
      }),
    );
    const zero = new Uint8Array(C.LEN);
    new C().write(zero, 0);
    expect([...zero]).toEqual(name === 'SockaddrNl' ? [16, ...Array<number>(11).fill(0)] : Array<number>(C.LEN).fill(0));
    expect(Object.keys(new C())).toEqual(Object.keys(new C().read(zero, 0)));
  });

  it.each([
    [N.RtGenMsg, 1], [N.IfInfoMsg, 16], [N.IfAddrMsg, 8], [N.RtMsg, 12], [N.RtNextHop, 8], [N.NdMsg, 12], [N.NdtMsg, 4], [N.FibRuleHdr, 12],
    [N.TcMsg, 20], [N.NhMsg, 8], [N.IfaCacheInfo, 16], [N.NdaCacheInfo, 16], [N.RtaCacheInfo, 32], [N.NlMsgErr, 20], [N.SockaddrNl, 12],
  ] as const)('has the size of the C structure: %o %i [NLM-11] [NL-04]', (C, size) => {
    expect([C.LEN, new C().size]).toEqual([size, size]);
  });

  it('makes one from named members', () => {
    const b = new Uint8Array(16);
    N.IfInfoMsg.of({ family: 2, type: 1, index: -3, flags: 0x80000001, change: 0xffffffff }).write(b, 0);
    expect(hex(b)).toBe('02000100fdffffff01000080ffffffff');
  });
});

describe('NlMsgBuilder', () => {
  it('counts a payload of 5 as 21 and takes 24 bytes, zero-padded [NLM-16] [NLM-18]', () => {
    expect([N.nlmsgMsgSize(5), N.nlmsgTotalSize(5)]).toEqual([21, 24]);
    const b = new N.NlMsgBuilder(undefined, 64);
    b.buf.fill(0xa5);
    const at = b.nlmsgPut(0x1234, 0x5678, 0x9abcdef0, 0xfedcba98, 5);
    b.buf.set([1, 2, 3, 4, 5], at + 16);
    expect(hex(b.bytes())).toBe('1500000034127856f0debc9a98badcfe0102030405000000');
  });

  it('makes an empty message of 16 bytes [NLM-17]', () => {
    expect(hex(message(3, 0))).toBe('10000000030000000100000000000000');
    expect(N.nlmsgTotalSize(0)).toBe(16);
  });

  it('pads a one-byte value to eight bytes of attribute [NLA-02]', () => {
    const b = new N.NlMsgBuilder();
    b.nlaPutU8(7, 0xab);
    expect(hex(b.bytes())).toBe('05000700ab000000');
  });

  it('writes every kind of value', () => {
    const b = new N.NlMsgBuilder(undefined, 8);
    b.nlaPutU16(1, 0x1234);
    b.nlaPutU32(2, 0xdeadbeef);
    b.nlaPutS32(3, -2);
    b.nlaPutU64(4, 2 ** 40 + 5);
    b.nlaPutU64(5, -1n);
    b.nlaPutU64(6, -2);
    b.nlaPutBe16(7, 0x1234);
    b.nlaPutInAddr(8, 0x0a000001);
    b.nlaPutIn6Addr(9, Uint8Array.from({ length: 16 }, (_, i) => i));
    b.nlaPutString(10, 'lo');
    b.nlaPutFlag(11);
    b.nlaPutBitfield32(12, 1, 3);
    b.nlaPutStruct(13, N.NdtMsg.of({ family: 10 }));
    expect(hex(b.bytes())).toBe(
      '0600010034120000' + '08000200efbeadde' + '08000300feffffff' + '0c0004000500000000010000' + '0c000500ffffffffffffffff' + '0c000600feffffffffffffff' +
        '0600070012340000' + '080008000a000001' + '14000900000102030405060708090a0b0c0d0e0f' + '07000a006c6f0000' + '04000b00' + '0c000c000100000003000000' + '08000d000a000000',
    );
    const tb = new N.NlAttrs(13);
    expect(N.nlaParseDeprecated(tb, b.buf, 0, b.len, N.nlaPolicySet(13, {}), null)).toBe(0);
    expect([tb.u16(1), tb.u32(2), tb.s32(3), tb.u64(4), tb.u64(5), tb.be16(7), tb.be32(8), tb.string(10), tb.has(11), tb.len(11), tb.u8(13)]).toEqual([
      0x1234, 0xdeadbeef, -2, 2n ** 40n + 5n, 2n ** 64n - 1n, 0x1234, 0x0a000001, 'lo', true, 0, 10,
    ]);
    expect([tb.u32(0, 5), tb.u8(99, 6), tb.string(99, 'x'), tb.bytes(99), tb.len(99), tb.at(99)]).toEqual([5, 6, 'x', null, -1, -1]);
  });

  it('marks a nest with NLA_F_NESTED and counts what is in it [NLA-03]', () => {
    const b = new N.NlMsgBuilder();
    const nest = b.nlaNestStart(18);
    b.nlaPutU32(1, 1);
    b.nlaNestEnd(nest);
    const gone = b.nlaNestStart(19);
    b.nlaPutU32(1, 1);
    b.nlaNestCancel(gone);
    expect(hex(b.bytes())).toBe('0c001280' + '0800010001000000');
    const seen: number[] = [];
    N.nlaForEachNested(b.buf, nest, (_at, type) => (seen.push(type), 0));
    expect([seen, N.nlaType(b.buf, nest), le16(b.buf, 2) & NLA_F_NESTED]).toEqual([[1], 18, NLA_F_NESTED]);
  });

  it('takes a message back that does not fit', () => {
    const b = new N.NlMsgBuilder(40);
    const first = b.nlmsgPut(1, 0, 0, 0);
    expect(b.nlmsgEnd(first)).toBe(0);
    const second = b.nlmsgPut(1, 0, 0, 0);
    b.nlaPutU64(1, 1);
    expect([b.nlmsgEnd(second), b.len]).toEqual([-EMSGSIZE, 16]);
    const third = b.nlmsgPut(1, 0, 0, 0);
    b.nlaPutU32(1, 1);
    expect([b.nlmsgEnd(third), b.len, b.tailroom()]).toEqual([0, 40, 0]);
  });

  it('takes a message back with an attribute of more than 65535 bytes', () => {
    const b = new N.NlMsgBuilder();
    const one = b.nlmsgPut(1, 0, 0, 0);
    b.nlaPut(1, new Uint8Array(65532));
    expect([b.nlmsgEnd(one), b.len]).toEqual([-EMSGSIZE, 0]);
    const two = b.nlmsgPut(1, 0, 0, 0);
    const nest = b.nlaNestStart(1);
    b.nlaPut(1, new Uint8Array(40000));
    b.nlaPut(1, new Uint8Array(40000));
    b.nlaNestEnd(nest);
    expect([b.nlmsgEnd(two), b.len]).toEqual([-EMSGSIZE, 0]);
    const three = b.nlmsgPut(1, 0, 0, 0);
    b.nlaPut(1, new Uint8Array(65531));
    expect(b.nlmsgEnd(three)).toBe(0);
  });

  it('leaves no old bytes where a message was taken back', () => {
    const b = new N.NlMsgBuilder();
    const at = b.nlmsgPut(1, 0, 0, 0);
    b.nlaPutU32(1, 0xffffffff);
    b.nlmsgCancel(at);
    b.nlmsgPut(1, 0, 0, 0, 8);
    expect(hex(b.bytes().subarray(16))).toBe('0000000000000000');
  });

  it('adds flags to a message that has begun', () => {
    const b = new N.NlMsgBuilder();
    b.orFlags(b.nlmsgPut(1, 2, 0, 0), 0x100);
    expect(N.nlmsgAt(b.bytes(), 0)!.flags).toBe(0x102);
  });
});

describe('reading', () => {
  it('of several attributes with one number the last counts', () => {
    const b = new N.NlMsgBuilder();
    b.nlaPutU32(1, 1);
    b.nlaPutU32(1, 2);
    const tb = new N.NlAttrs(1);
    N.nlaParse(tb, b.buf, 0, b.len, N.nlaPolicySet(1, { 1: N.nlaPolicy(N.NLA_U32) }), null);
    expect(tb.u32(1)).toBe(2);
    expect(N.nlaFind(b.buf, 0, b.len, 1)).toBe(0);
  });

  it('forgets the attributes of the message before', () => {
    const set = N.nlaPolicySet(2, {});
    const tb = new N.NlAttrs(2);
    N.nlaParseDeprecated(tb, Uint8Array.of(4, 0, 1, 0), 0, 4, set, null);
    N.nlaParseDeprecated(tb, Uint8Array.of(4, 0, 2, 0), 0, 4, set, null);
    expect([tb.has(1), tb.has(2)]).toEqual([false, true]);
  });

  it('finds attributes behind a header', () => {
    const nlh = N.nlmsgAt(message(1, 0, 8, (b) => b.nlaPutU32(5, 9)), 0)!;
    expect(N.nlaGetU32(nlh.buf, N.nlmsgFindAttr(nlh, 8, 5))).toBe(9);
    expect(N.nlmsgFindAttr(nlh, 8, 6)).toBe(-1);
  });

  it.each([
    ['overlong', [0xe0, 0x9f, 0xbf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['overlong of four', [0xf0, 0x8f, 0xbf, 0xbf]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
    ['cut short', [0xe2, 0x82]],
    ['a lone continuation', [0x80]],
    ['no lead byte', [0xc1, 0xbf]],
  ])('bytes that are not UTF-8 become one unit each: %s', (_n, bytes) => {
    const s = N.bytesToStr(Uint8Array.from(bytes), 0, bytes.length);
    expect([...s].map((c) => c.charCodeAt(0))).toEqual(bytes.map((b) => 0xdc00 + b));
    expect([...N.strToBytes(s)]).toEqual(bytes);
  });

  it('names keep their bytes whatever they are', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => {
      expect([...N.strToBytes(N.bytesToStr(bytes, 0, bytes.length))]).toEqual([...bytes]);
    }));
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (s) => {
      expect(hex(N.strToBytes(s))).toBe(Buffer.from(s).toString('hex'));
      expect(N.bytesToStr(N.strToBytes(s), 0, 1e9)).toBe(s);
    }));
  });
});

describe('bad bytes', () => {
  const set = N.nlaPolicySet(69, { 3: N.nlaPolicy(N.NLA_STRING, 15), 4: N.nlaPolicy(N.NLA_U32), 18: N.nlaPolicyNested(N.nlaPolicySet(2, { 1: N.nlaPolicy(N.NLA_NUL_STRING) })) });

  it('a message truncated at any length is not a message, and its attributes never reach beyond it', () => {
    const whole = message(RTM_NEWLINK, 0, new N.IfInfoMsg(), (b) => {
      b.nlaPutString(3, 'eth0');
      b.nlaPutU32(4, 1500);
      const nest = b.nlaNestStart(18);
      b.nlaPutString(1, 'veth');
      b.nlaNestEnd(nest);
    });
    const tb = new N.NlAttrs(69);
    for (let n = 0; n < whole.length; n++) {
      expect(N.nlmsgAt(whole.slice(0, n), 0)).toBeNull();
      const cut = whole.slice(0, n);
      if (n < 16) continue;
      setLe32(cut, 0, n);
      const nlh = N.nlmsgAt(cut, 0)!;
      const err = N.nlmsgParse(nlh, N.IfInfoMsg.LEN, tb, set, null);
      if (n < 32) expect(err).toBe(-22);
      for (const type of [3, 4, 18]) if (tb.has(type)) expect(tb.at(type) + 4 + tb.len(type)).toBeLessThanOrEqual(n);
    }
    expect(N.nlmsgParse(N.nlmsgAt(whole, 0)!, N.IfInfoMsg.LEN, tb, set, null)).toBe(0);
  });

  it('arbitrary bytes never throw, and what is refused has an errno and a reason [NLA-09]', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 96 }), fc.integer({ min: 0, max: 31 }), (bytes, validate) => {
        const tb = new N.NlAttrs(69);
        const x = new N.NetlinkExtAck();
        const err = N.nlaParseValidate(tb, bytes, 0, bytes.length, set, validate, x);
        expect([0, -22, -34]).toContain(err);
        if (err !== 0) expect(x.message).not.toBe('');
        for (let type = 0; type <= 69; type++) {
          if (tb.has(type)) expect(tb.at(type) + 4 + tb.len(type)).toBeLessThanOrEqual(bytes.length);
          void [tb.u8(type), tb.u32(type), tb.u64(type), tb.string(type), tb.bytes(type)];
        }
        for (const nlh of N.nlmsgAll(bytes)) expect(nlh.off + nlh.len).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('plausible attributes never throw either', () => {
    const attr = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.constantFrom(3, 4, 18, 0x8012, 0, 70), fc.uint8Array({ maxLength: 9 }));
    fc.assert(
      fc.property(fc.array(attr, { maxLength: 6 }), (list) => {
        const bytes = Uint8Array.from(list.flatMap(([len, type, data]) => [len, 0, type & 255, type >> 8, ...data]));
        const x = new N.NetlinkExtAck();
        const err = N.nlaParse(new N.NlAttrs(69), bytes, 0, bytes.length, set, x);
        expect(err === 0 || x.message !== '').toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

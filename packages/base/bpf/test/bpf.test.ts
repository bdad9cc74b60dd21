import {
  BPF_A, BPF_ABS, BPF_B, BPF_H, BPF_IND, BPF_K, BPF_LD, BPF_LDX, BPF_LEN, BPF_MSH, BPF_RET, BPF_W, EINVAL, SKF_AD_MARK, SKF_AD_OFF, SKF_LL_OFF, SKF_NET_OFF,
} from '@skbuff/uapi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BpfBuffer, type BpfInsn, type BpfPacket, BpfProgram, bpfAssemble, bpfCheckClassic, bpfDisassemble, bpfImage, bpfRun, bpfStmt, decodeSockFilter,
  encodeSockFilter,
} from '../src/index.ts';
import { Dice, soundProgram, wildProgram } from './programs.ts';

const insn = fc.record({ code: fc.nat(0xffff), jt: fc.nat(255), jf: fc.nat(255), k: fc.nat(0xffffffff) });

/** Runs one load and returns A. */
function loaded(code: number, k: number, packet: BpfPacket, mark = -1): number {
  return bpfRun(new BpfProgram([bpfStmt(code, k), bpfStmt(BPF_RET | BPF_A, 0)]), packet, () => mark);
}

/** Bytes that lie in two places, like an sk_buff with a fragment, with headers in front. */
function scattered(bytes: Uint8Array, linear: number): BpfPacket {
  const store = new Uint8Array(30 + linear);
  store.set([1, 2, 3, 4, 5, 6], 4);
  store.set(bytes.subarray(0, linear), 30);
  return {
    bytes: store,
    head: 2,
    data: 30,
    len: bytes.length,
    dataLen: bytes.length - linear,
    networkHeader: 8,
    macHeader: 4,
    copyBits(offset, to, at, n) {
      if (offset < 0 || offset + n > bytes.length) return false;
      to.set(bytes.subarray(offset, offset + n), at);
      return true;
    },
  };
}

describe('struct sock_filter', () => {
  it('is eight bytes, little endian, and reads back as it was written', () => {
    expect([...encodeSockFilter([{ code: 0x28, jt: 1, jf: 2, k: 0x800c0d0e }])]).toEqual([0x28, 0, 1, 2, 0x0e, 0x0d, 0x0c, 0x80]);
    fc.assert(
      fc.property(fc.array(insn), (insns) => {
        expect(decodeSockFilter(encodeSockFilter(insns))).toEqual(insns);
        expect(new BpfProgram(insns).insns()).toEqual(insns);
      }),
    );
    expect(decodeSockFilter(new Uint8Array(12))).toBe(-EINVAL);
  });
});

describe('text', () => {
  it.each([
    [0x00, '(005) ld       #0xe'], [0x01, '(005) ldx      #0xe'], [0x02, '(005) st       M[14]'], [0x03, '(005) stx      M[14]'],
    [0x04, '(005) add      #14'], [0x05, '(005) ja       20'], [0x06, '(005) ret      #14'], [0x07, '(005) tax      '],
    [0x0c, '(005) add      x'], [0x14, '(005) sub      #14'], [0x15, '(005) jeq      #0xe             jt 7\tjf 8'], [0x16, '(005) ret      '],
    [0x1c, '(005) sub      x'], [0x1d, '(005) jeq      x                jt 7\tjf 8'], [0x20, '(005) ld       [14]'], [0x24, '(005) mul      #14'],
    [0x25, '(005) jgt      #0xe             jt 7\tjf 8'], [0x28, '(005) ldh      [14]'], [0x2c, '(005) mul      x'],
    [0x2d, '(005) jgt      x                jt 7\tjf 8'], [0x30, '(005) ldb      [14]'], [0x34, '(005) div      #14'],
    [0x35, '(005) jge      #0xe             jt 7\tjf 8'], [0x3c, '(005) div      x'], [0x3d, '(005) jge      x                jt 7\tjf 8'],
    [0x40, '(005) ld       [x + 14]'], [0x44, '(005) or       #0xe'], [0x45, '(005) jset     #0xe             jt 7\tjf 8'],
    [0x48, '(005) ldh      [x + 14]'], [0x4c, '(005) or       x'], [0x4d, '(005) jset     x                jt 7\tjf 8'],
    [0x50, '(005) ldb      [x + 14]'], [0x54, '(005) and      #0xe'], [0x5c, '(005) and      x'], [0x60, '(005) ld       M[14]'],
    [0x61, '(005) ldx      M[14]'], [0x64, '(005) lsh      #14'], [0x6c, '(005) lsh      x'], [0x74, '(005) rsh      #14'],
    [0x7c, '(005) rsh      x'], [0x80, '(005) ld       #pktlen'], [0x81, '(005) unimp    0x81'], [0x84, '(005) neg      '],
    [0x87, '(005) txa      '], [0x94, '(005) mod      #14'], [0x9c, '(005) mod      x'], [0xa4, '(005) xor      #0xe'],
    [0xac, '(005) xor      x'], [0xb1, '(005) ldxb     4*([14]&0xf)'], [0xffff, '(005) unimp    0xffff'],
  ])('of code %i is libpcap 1.10’s', (code, text) => {
    expect(bpfImage({ code, jt: 1, jf: 2, k: 14 }, 5)).toBe(text);
  });

  it.each([
    [0x20, 0xfffff000, 'ld       [proto]'], [0x28, 0xfffff004, 'ldh      [type]'], [0x30, 0xfffff02c, 'ldb      [vlan_tci]'],
    [0x20, 0xfffff030, 'ld       [vlanp]'], [0x20, 0xfffff03c, 'ld       [vlan_tpid]'], [0x20, 0xfffff040, 'ld       [-4032]'],
    [0x20, 0xfffff001, 'ld       [-4095]'], [0x20, 0xfff00000, 'ld       [-1048576]'], [0x40, 0xfffff000, 'ld       [x + -4096]'],
    [0x06, 0xffffffff, 'ret      #-1'], [0x00, 0xffffffff, 'ld       #0xffffffff'], [0x04, 0x80000000, 'add      #-2147483648'],
    [0x05, 0xfffff000, 'ja       -2861'], [0xb1, 0xfffff000, 'ldxb     4*([-4096]&0xf)'],
  ])('of %i with %i is libpcap 1.10’s', (code, k, text) => {
    expect(bpfImage({ code, jt: 0, jf: 0, k }, 1234)).toBe(`(1234) ${text}`);
  });

  it('is read back as the program it was made from', () => {
    const dice = new Dice(3);
    for (let i = 0; i < 500; i++) {
      // LDX of the length has no text.
      const insns = soundProgram(dice).map((one) => (one.code === (BPF_LDX | BPF_LEN) ? bpfStmt(BPF_LD | BPF_LEN, 0) : one));
      const text = bpfDisassemble(insns);
      const back = bpfAssemble(text);
      expect(Array.isArray(back) ? bpfDisassemble(back) : back).toBe(text);
      expect(bpfCheckClassic(back as BpfInsn[])).toBe(bpfCheckClassic(insns));
    }
  });

  it.each([
    ['ldh [12]\nfrob x', 2, "unknown instruction 'frob'"],
    ['ldh x', 1, "bad operand 'x' of 'ldh'"],
    ['(001) ret #0', 1, 'instruction 0 is numbered 1'],
    ['; nothing\njeq #0 jt 0 jf 1\n', 2, 'a comparison jumps forward by at most 255 instructions'],
    ['ld [0] jt 1 jf 2', 1, "'ld' does not jump"],
    ['jeq #4', 1, 'a comparison jumps forward by at most 255 instructions'],
  ])('%j is refused with the line', (text, line, message) => {
    expect(bpfAssemble(text)).toEqual({ line, message });
  });

  it('may leave the numbers away and have comments', () => {
    expect(bpfAssemble('ldh [12] ; type\njeq #0x800 jt 2 jf 3\nret #65535\nret #0')).toEqual([
      { code: 0x28, jt: 0, jf: 0, k: 12 }, { code: 0x15, jt: 0, jf: 1, k: 0x800 }, { code: 6, jt: 0, jf: 0, k: 65535 }, { code: 6, jt: 0, jf: 0, k: 0 },
    ]);
  });
});

describe('a run', () => {
  it('gives the same however the packet lies in memory', () => {
    const dice = new Dice(4);
    for (let i = 0; i < 2000; i++) {
      const insns = soundProgram(dice);
      if (bpfCheckClassic(insns) !== 0 || insns.some((one) => one.k >>> 0 >= 0x80000000 || one.code === 0x40 || one.code === 0x48 || one.code === 0x50)) continue;
      const bytes = dice.bytes(300);
      const program = new BpfProgram(insns);
      expect(bpfRun(program, scattered(bytes, dice.below(301)))).toBe(bpfRun(program, new BpfBuffer(bytes)));
    }
  });

  it('reads words across the end of the linear part, and nothing beyond the packet', () => {
    const packet = scattered(Uint8Array.of(0x81, 2, 3, 4, 5), 2);
    expect(loaded(BPF_LD | BPF_W | BPF_ABS, 0, packet)).toBe(0x81020304);
    expect(loaded(BPF_LD | BPF_H | BPF_ABS, 1, packet)).toBe(0x0203);
    expect(loaded(BPF_LD | BPF_B | BPF_IND, 4, packet)).toBe(5);
    expect(loaded(BPF_LD | BPF_H | BPF_ABS, 4, packet)).toBe(0);
    expect(loaded(BPF_LD | BPF_W | BPF_LEN, 0, packet)).toBe(5);
  });

  it('reads headers at negative offsets', () => {
    const packet = scattered(new Uint8Array(8), 8);
    expect(loaded(BPF_LD | BPF_H | BPF_ABS, SKF_LL_OFF, packet)).toBe(0x0102);
    expect(loaded(BPF_LD | BPF_H | BPF_ABS, SKF_NET_OFF, packet)).toBe(0x0506);
    expect(loaded(BPF_LD | BPF_B | BPF_ABS, SKF_LL_OFF - 1, packet)).toBe(0);
    expect(loaded(BPF_LD | BPF_B | BPF_ABS, SKF_NET_OFF, new BpfBuffer(new Uint8Array(4)))).toBe(0);
  });

  it('asks for what is not in the packet, and ends where there is no answer', () => {
    const packet = new BpfBuffer(new Uint8Array(4));
    expect(loaded(BPF_LD | BPF_B | BPF_ABS, SKF_AD_OFF + SKF_AD_MARK, packet, 0xffffffff)).toBe(0xffffffff);
    expect(bpfRun(new BpfProgram([bpfStmt(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_MARK), bpfStmt(BPF_RET | BPF_K, 7)]), packet)).toBe(0);
  });

  it('reads a header length into X', () => {
    const program = new BpfProgram([bpfStmt(BPF_LDX | BPF_B | BPF_MSH, 1), bpfStmt(BPF_LD | BPF_B | BPF_IND, 0), bpfStmt(BPF_RET | BPF_A, 0)]);
    expect(bpfRun(program, new BpfBuffer(Uint8Array.of(0, 0x41, 0, 0, 77)))).toBe(77);
  });

  it('of a capture sees the length on the wire, but only the bytes that were kept', () => {
    const packet = new BpfBuffer(Uint8Array.of(1, 2), 1000);
    expect(loaded(BPF_LD | BPF_W | BPF_LEN, 0, packet)).toBe(1000);
    expect(loaded(BPF_LD | BPF_B | BPF_ABS, 1, packet)).toBe(2);
    expect(loaded(BPF_LD | BPF_B | BPF_ABS, 2, packet)).toBe(0);
  });

  it('ends for every program that was accepted, with a 32-bit number', () => {
    const dice = new Dice(5);
    for (let i = 0; i < 5000; i++) {
      const insns = wildProgram(dice);
      if (bpfCheckClassic(insns) !== 0) continue;
      const keep = bpfRun(new BpfProgram(insns), new BpfBuffer(dice.bytes(dice.below(100))));
      expect(keep >= 0 && keep <= 0xffffffff && Number.isInteger(keep)).toBe(true);
    }
  });
});

import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inetNtop6, inetPton6 } from '../src/index.ts';

const hex = (b: Uint8Array | null): string | null => (b === null ? null : Array.from(b, (n) => n.toString(16).padStart(2, '0')).join(''));

/** Groups that are often zero, or an IPv4 address is mapped. */
const address = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((g) => [g >> 8, g & 255])));

/** What looks much like an address. */
const nearly = fc
  .array(fc.oneof(fc.constantFrom(':', '::', ':', '1.2.3.4', '01.2.3.4', '1.2.3', 'g', '0', '00000', ' '), fc.nat(0xffff).map((n) => n.toString(16))), { maxLength: 17 })
  .map((parts) => parts.join(''));

describe('IPv6 addresses as text', () => {
  it('are written and read back', () => {
    fc.assert(
      fc.property(address, (bytes) => {
        expect(inetPton6(inetNtop6(bytes))).toEqual(bytes);
        expect(inetNtop6(Uint8Array.of(1, 2, 3, ...bytes), 3)).toBe(inetNtop6(bytes));
      }),
    );
  });

  it.each([
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['00000000000000000000000000000002', '::2'],
    ['0000000000000000000000000000ffff', '::ffff'],
    ['00000000000000000000000000010000', '::0.1.0.0'],
    ['00000000000000000000000001020304', '::1.2.3.4'],
    ['00000000000000000000ffff01020304', '::ffff:1.2.3.4'],
    ['00000000000000000000ffff00000000', '::ffff:0.0.0.0'],
    ['0000000000000000ffff000001020304', '::ffff:0:102:304'],
    ['00010000000100000000000100010001', '1:0:1::1:1:1'],
    ['00010000000000010000000000010001', '1::1:0:0:1:1'],
    ['00010000000000000000000000000000', '1::'],
    ['00010002000000030004000500060070', '1:2:0:3:4:5:6:70'],
    ['fe80000000000000abcdef00000000ff', 'fe80::abcd:ef00:0:ff'],
  ])('%s is written as %s, as inet_ntop(3) writes it', (bytes, text) => {
    expect(inetNtop6(Uint8Array.from(bytes.match(/../g) as string[], (pair) => Number.parseInt(pair, 16)))).toBe(text);
  });

  it.each([
    ['::1.2.3.4', '00000000000000000000000001020304'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['ABCD::0ef', 'abcd00000000000000000000000000ef'],
  ])('%s is read as %s', (text, bytes) => {
    expect(hex(inetPton6(text))).toBe(bytes);
  });

  it.each([
    ['', ':', ':::', '1', '1:', ':1', '::1:', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4::5:6:7:8', '00001::', '::g', '::0x1', ' ::1', '::1 ', '::1\n', '::%1'],
    ['1.2.3.4', '1.2.3.4::', '::1.2.3', '::01.2.3.4', '::1.2.3.256', '::1.2.3.4:5', '1:2:3:4:5:6:7:1.2.3.4'],
  ].flat())('%j is refused, as inet_pton(3) does', (text) => {
    expect(inetPton6(text)).toBe(null);
  });

  it('are what Node takes for such', () => {
    fc.assert(
      fc.property(nearly, (text) => {
        expect(inetPton6(text) !== null).toBe(isIPv6(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('are written as a URL writes them, but for the dotted quad', () => {
    fc.assert(
      fc.property(address, (bytes) => {
        const text = inetNtop6(bytes);
        if (!text.includes('.')) expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`);
      }),
    );
  });
});

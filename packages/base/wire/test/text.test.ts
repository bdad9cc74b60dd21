import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatMac,
  inetAton,
  inetMakeMask,
  inetMaskLen,
  inetNtoa,
  inetPton4,
  ipHdrlen,
  ipv4IsLbcast,
  ipv4IsLoopback,
  ipv4IsMulticast,
  ipv4IsZeronet,
  parseMac,
} from '../src/index.ts';

describe('IPv4 addresses as text', () => {
  it('are written and read back', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (addr) => {
        expect(inetPton4(inetNtoa(addr))).toBe(addr);
      }),
    );
    expect(inetNtoa(0x0a000001)).toBe('10.0.0.1');
    expect(inetNtoa(0xffffffff)).toBe('255.255.255.255');
  });

  it.each(['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.4 ', ' 1.2.3.4', '1..2.3', '1.2.3.-4', '0x1.2.3.4', '1.2.3.0000', 'a.b.c.d', '1.2.3.4\n'])(
    'refuse %j, as inet_pton(3) does',
    (text) => expect(inetPton4(text)).toBe(-1),
  );
});

describe('classes and masks', () => {
  it('make every prefix length a mask and back', () => {
    for (let plen = 0; plen <= 32; plen++) {
      const mask = inetMakeMask(plen);
      expect(mask).toBe(Number((0xffffffff00000000n >> BigInt(plen)) & 0xffffffffn));
      expect(inetMaskLen(mask)).toBe(plen);
    }
    expect(inetMaskLen(0xff00ff00)).toBe(8);
  });

  it('tell special addresses from others at both ends of their ranges', () => {
    const inside = (is: (addr: number) => boolean, from: string, to: string): void => {
      const [a, b] = [inetPton4(from), inetPton4(to)];
      expect([is(a), is(b)]).toEqual([true, true]);
      if (a > 0) expect(is(a - 1)).toBe(false);
      if (b < 0xffffffff) expect(is(b + 1)).toBe(false);
    };
    inside(ipv4IsMulticast, '224.0.0.0', '239.255.255.255');
    inside(ipv4IsLoopback, '127.0.0.0', '127.255.255.255');
    inside(ipv4IsZeronet, '0.0.0.0', '0.0.0.0');
    inside(ipv4IsLbcast, '255.255.255.255', '255.255.255.255');
  });

  it('read the length of an IPv4 header from its low four bits', () => {
    expect(ipHdrlen(Uint8Array.from([0x45, 0x4f]), 0)).toBe(20);
    expect(ipHdrlen(Uint8Array.from([0x45, 0x4f]), 1)).toBe(60);
  });
});

describe('MAC addresses as text', () => {
  it('are written with two digits each and read with one or two', () => {
    const b = Uint8Array.from([9, 2, 0, 0, 0xab, 0xcd, 1, 9]);
    expect(formatMac(b, 1)).toBe('02:00:00:ab:cd:01');
    expect(formatMac(b, 0, 8)).toBe('09:02:00:00:ab:cd:01:09');
    expect(parseMac('2:0:0:AB:cd:1')).toEqual(b.slice(1, 7));
  });

  it.each(['', '02:00:00:00:00', '02:00:00:00:00:01:02', '02-00-00-00-00-01', '002:0:0:0:0:1', '02:00:00:00:00:', '02:00:00:00:00:0g'])('refuse %j', (text) => {
    expect(parseMac(text)).toBeNull();
  });
});

describe('inet_aton(3)', () => {
  it.each([
    ['10.0.0.1', 0x0a000001],
    ['10.1', 0x0a000001],
    ['0x7f.1', 0x7f000001],
    ['017.0x10.1', 0x0f100001],
    ['010.0.0.1', 0x08000001],
    ['00.1', 1],
    ['1.2.65535', 0x0102ffff],
    ['4294967295', 0xffffffff],
    ['1.2.3.256', -1],
    ['1.2.65536', -1],
    ['1.16777216', -1],
    ['4294967296', -1],
    ['08', -1],
    ['0x', -1],
    ['1..2', -1],
    ['1.2.3.4.5', -1],
    ['', -1],
    ['h1', -1],
  ])('reads %j as %i', (text, addr) => {
    expect(inetAton(text)).toBe(addr);
  });
});

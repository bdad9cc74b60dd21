import { AF_INET, AF_INET6, AF_PACKET } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { afBitLen, inetAddrMatch, inetNtop, inetPton } from '../src/index.ts';

it('reads and writes addresses of both families', () => {
  expect(inetPton(AF_INET, '10.0.0.1')).toEqual(Uint8Array.of(10, 0, 0, 1));
  expect(inetNtop(AF_INET, Uint8Array.of(255, 0, 0, 1))).toBe('255.0.0.1');
  const loopback = inetPton(AF_INET6, '::1') as Uint8Array;
  expect([loopback.length, loopback[15], inetNtop(AF_INET6, loopback)]).toEqual([16, 1, '::1']);
});

it.each([
  [AF_INET, '::1'],
  [AF_INET, '10.0.0'],
  [AF_INET6, '10.0.0.1'],
  [AF_PACKET, '10.0.0.1'],
])('family %i has no address %s', (family, text) => expect(inetPton(family, text)).toBeNull());

it('has no text for what is too short or of another family', () => {
  expect([inetNtop(AF_INET, new Uint8Array(3)), inetNtop(AF_INET6, new Uint8Array(4)), inetNtop(AF_PACKET, new Uint8Array(6))]).toEqual([null, null, null]);
});

it('knows how long addresses are', () => expect([AF_INET, AF_INET6, AF_PACKET].map(afBitLen)).toEqual([32, 128, 0]));

it.each([
  [0, true],
  [22, true],
  [23, false],
  [24, false],
])('compares the first %i bits', (bits, equal) => {
  expect(inetAddrMatch(Uint8Array.of(10, 0, 1, 7), Uint8Array.of(10, 0, 3, 7), bits)).toBe(equal);
});

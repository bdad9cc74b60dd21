import { expect, it } from 'vitest';
import { extensionsOf } from '../src/extensions.ts';
import { noteIcmp, noteIcmp6, Probe } from '../src/probe.ts';

/** 100 bytes of a quoted payload, then the extension structure, its checksum left out. */
function quoted(...objects: readonly number[]): Uint8Array {
  return Uint8Array.from([...new Uint8Array(100), 0x20, 0, 0, 0, ...objects]);
}

it.each([
  ['a label of MPLS by its parts', [0, 8, 1, 1, 0x00, 0x01, 0x05, 0x40], 'MPLS:L=16,E=2,S=1,T=64'],
  ['a stack of labels', [0, 12, 1, 1, 0, 0, 0x10, 1, 0, 0, 0x21, 2], 'MPLS:L=1,E=0,S=0,T=1/L=2,E=0,S=1,T=2'],
  ['two objects', [0, 8, 1, 1, 0, 1, 5, 0x40, 0, 8, 2, 3, 1, 2, 3, 4], 'MPLS:L=16,E=2,S=1,T=64;2/3:01020304'],
  ['an empty object', [0, 4, 9, 9], '9/9:'],
  ['another object as words', [0, 12, 2, 5, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 1], '2/5:deadbeef,00000001'],
])('shows %s, as the program did when it was sent them [TOOL-53]', (_what, object, text) => {
  const data = quoted(...object);
  expect(extensionsOf(data, data.length, 28)).toBe(text);
});

it('shows nothing where no extensions are, and of those that are broken', () => {
  expect(extensionsOf(new Uint8Array(60), 60, 28)).toBe('');
  for (const broken of [quoted(0, 3, 1, 1), quoted(0, 64, 1, 1), quoted(0, 6, 1, 1, 0, 0)]) expect(extensionsOf(broken, broken.length, 28)).toBe('');
  const wrongSum = quoted(0, 8, 1, 1, 0, 1, 5, 0x40);
  wrongSum[103] = 1;
  expect(extensionsOf(wrongSum, wrongSum.length, 28)).toBe('');
});

it.each([
  [3, 0, '!N'], [3, 1, '!H'], [3, 2, '!P'], [3, 3, ''], [3, 4, '!F-1400'], [3, 5, '!S'], [3, 6, '!N'], [3, 7, '!H'], [3, 8, '!N'], [3, 9, '!X'],
  [3, 10, '!X'], [3, 11, '!N'], [3, 12, '!H'], [3, 13, '!X'], [3, 14, '!V'], [3, 15, '!C'], [3, 99, '!<99>'], [11, 1, '!<11-1>'], [12, 0, '!<12-0>'],
])('annotates type %i code %i with "%s" and goes no further [TOOL-53]', (type, code, text) => {
  const probe = new Probe();
  noteIcmp(probe, type, code, 1400);
  expect([probe.error, probe.final]).toEqual([text, true]);
});

it('goes on behind a router that says that time was exceeded', () => {
  const probe = new Probe();
  noteIcmp(probe, 11, 0, 0);
  expect([probe.error, probe.final]).toEqual(['', false]);
});

it.each([
  [1, 0, '!N'], [1, 1, '!X'], [1, 2, '!H'], [1, 3, '!H'], [1, 4, ''], [1, 5, '!<5>'], [1, 6, '!<6>'], [1, 7, '!<7>'],
  [2, 0, '!F-1300'], [3, 1, '!<3-1>'], [4, 0, '!<4-0>'], [4, 1, '!<4-1>'], [4, 2, '!<4-2>'], [4, 7, '!<4-7>'],
])('annotates type %i code %i of ICMPv6 with "%s" and goes no further, as the program did when it was sent it [TOOL-53]', (type, code, text) => {
  const probe = new Probe();
  noteIcmp6(probe, type, code, 1300);
  expect([probe.error, probe.final]).toEqual([text, true]);
});

it('goes on behind an IPv6 router that says that the hop limit was exceeded', () => {
  const probe = new Probe();
  noteIcmp6(probe, 3, 0, 0);
  expect([probe.error, probe.final]).toEqual(['', false]);
});

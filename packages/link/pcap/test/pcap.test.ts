import { describe, expect, it } from 'vitest';
import { type PcapPacket, PcapReader, PcapWriter } from '../src/index.ts';

function header(big: boolean, magic: number, dlt = 1, snaplen = 262144): number[] {
  const u32 = (n: number): number[] => (big ? [n >>> 24, n >>> 16, n >>> 8, n] : [n, n >>> 8, n >>> 16, n >>> 24]).map((b) => b & 255);
  const u16 = (n: number): number[] => (big ? [n >>> 8, n & 255] : [n & 255, n >>> 8]);
  return [...u32(magic), ...u16(2), ...u16(4), ...u32(0), ...u32(0), ...u32(snaplen), ...u32(dlt)];
}

function record(big: boolean, sec: number, frac: number, bytes: readonly number[], length: number): number[] {
  const u32 = (n: number): number[] => (big ? [n >>> 24, n >>> 16, n >>> 8, n] : [n, n >>> 8, n >>> 16, n >>> 24]).map((b) => b & 255);
  return [...u32(sec), ...u32(frac), ...u32(bytes.length), ...u32(length), ...bytes];
}

function open(bytes: readonly number[]): PcapReader {
  const reader = PcapReader.open(Uint8Array.from(bytes));
  if ('error' in reader) throw new Error(reader.error);
  return reader;
}

describe('PcapReader', () => {
  it.each([
    ['microseconds, little endian', false, 0xa1b2c3d4, 1_000_005_000n],
    ['microseconds, big endian', true, 0xa1b2c3d4, 1_000_005_000n],
    ['nanoseconds, little endian', false, 0xa1b23c4d, 1_000_000_005n],
    ['nanoseconds, big endian', true, 0xa1b23c4d, 1_000_000_005n],
  ] as const)('reads %s [TOOL-51]', (_, big, magic, time) => {
    const reader = open([...header(big, magic, 101, 96), ...record(big, 1, 5, [0x45, 0], 60)]);
    expect([reader.dlt, reader.snaplen]).toEqual([12, 96]);
    const packet = reader.next() as PcapPacket;
    expect([packet.time, [...packet.bytes], packet.originalLength]).toEqual([time, [0x45, 0], 60]);
    expect(reader.next()).toBeNull();
  });

  it('tells where a file is cut off, at every length', () => {
    const whole = [...header(false, 0xa1b2c3d4), ...record(false, 1, 2, new Array<number>(30).fill(7), 30)];
    const wordsAt = (n: number): string => {
      const reader = PcapReader.open(Uint8Array.from(whole.slice(0, n)));
      const result = 'error' in reader ? reader : reader.next();
      return result !== null && 'error' in result ? result.error : 'ok';
    };
    const cut = (wanted: number, what: string, got: number): string => `truncated dump file; tried to read ${wanted} ${what} bytes, only got ${got}`;
    for (let n = 0; n < 4; n++) expect(wordsAt(n)).toBe(cut(4, 'file header', n));
    for (let n = 4; n < 24; n++) expect(wordsAt(n)).toBe(cut(24, 'file header', n));
    expect(wordsAt(24)).toBe('ok');
    for (let n = 25; n < 40; n++) expect(wordsAt(n)).toBe(cut(16, 'header', n - 24));
    for (let n = 40; n < 70; n++) expect(wordsAt(n)).toBe(cut(30, 'captured', n - 40));
    expect(wordsAt(70)).toBe('ok');
  });

  it('refuses what it cannot read', () => {
    const fault = (bytes: readonly number[]): unknown => PcapReader.open(Uint8Array.from(bytes));
    expect(fault([1, 2, 3, 4, 5, 6, 7, 8])).toEqual({ error: 'unknown file format' });
    const old = header(false, 0xa1b2c3d4);
    old[4] = 1;
    expect(fault(old)).toEqual({ error: 'archaic pcap savefile format' });
    old[4] = 3;
    expect(fault(old)).toEqual({ error: 'unsupported pcap savefile version 3.4' });
    const big = open([...header(false, 0xa1b2c3d4), ...record(false, 1, 2, new Array<number>(300000).fill(0), 300000)]);
    expect(big.next()).toEqual({ error: 'invalid packet capture length 300000, bigger than snaplen of 262144' });
  });
});

describe('PcapWriter', () => {
  it.each([false, true])('writes what the reader reads (nanoseconds: %s)', (nanoseconds) => {
    const file: number[] = [];
    const writer = new PcapWriter((bytes) => file.push(...bytes), { dlt: 12, snaplen: 100, nanoseconds });
    writer.write({ time: 1_700_000_000_123_456_789n, bytes: Uint8Array.of(1, 2, 3), originalLength: 9 });
    expect(writer.length).toBe(file.length);
    const reader = open(file);
    expect([reader.dlt, reader.snaplen]).toEqual([12, 100]);
    expect((reader.next() as PcapPacket).time).toBe(nanoseconds ? 1_700_000_000_123_456_789n : 1_700_000_000_123_456_000n);
  });
});

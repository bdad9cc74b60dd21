import { describe, expect, it } from 'vitest';
import { EPB_INBOUND, EPB_OUTBOUND, LINKTYPE_ETHERNET, LINKTYPE_RAW, PcapngWriter, readPcapng } from '../src/index.ts';

function collect(): { readonly blocks: Uint8Array[]; readonly sink: (b: Uint8Array) => void; readonly file: () => Uint8Array } {
  const blocks: Uint8Array[] = [];
  return { blocks, sink: (b) => blocks.push(b), file: () => Uint8Array.from(blocks.flatMap((b) => [...b])) };
}

const hex = (b: Uint8Array | undefined): string => [...(b ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

describe('the writer', () => {
  it('begins with a section header of version 1.0 and unknown length', () => {
    const { blocks, sink } = collect();
    new PcapngWriter(sink, { userAppl: 'abc' });
    expect(hex(blocks[0])).toBe(
      '0a 0d 0d 0a 28 00 00 00 4d 3c 2b 1a 01 00 00 00 ff ff ff ff ff ff ff ff 04 00 03 00 61 62 63 00 00 00 00 00 28 00 00 00',
    );
  });

  it('describes interfaces with name and a resolution of nanoseconds', () => {
    const { blocks, sink } = collect();
    const writer = new PcapngWriter(sink);
    expect([writer.addInterface({ name: 'eth0', snaplen: 96 }), writer.addInterface({ name: 'tun0', linkType: LINKTYPE_RAW })]).toEqual([0, 1]);
    expect(hex(blocks[1])).toBe('01 00 00 00 28 00 00 00 01 00 00 00 60 00 00 00 02 00 04 00 65 74 68 30 09 00 01 00 09 00 00 00 00 00 00 00 28 00 00 00');
    expect(blocks[2]?.[8]).toBe(101);
  });

  it('writes packets with time, lengths, direction and comment, padded to four bytes', () => {
    const { blocks, sink } = collect();
    const writer = new PcapngWriter(sink);
    const interfaceId = writer.addInterface({ name: 'eth0' });
    writer.writePacket({ interfaceId, time: 0x0102030405060708n, bytes: Uint8Array.of(0xaa, 0xbb, 0xcc), originalLength: 60, direction: EPB_OUTBOUND, comment: 'ü' });
    expect(hex(blocks[2])).toBe(
      [
        '06 00 00 00 38 00 00 00 00 00 00 00 04 03 02 01 08 07 06 05 03 00 00 00 3c 00 00 00 aa bb cc 00',
        '02 00 04 00 02 00 00 00 01 00 02 00 c3 bc 00 00 00 00 00 00 38 00 00 00',
      ].join(' '),
    );
  });

  it('writes what the reader reads, for every length', () => {
    const { sink, file } = collect();
    const writer = new PcapngWriter(sink);
    writer.addInterface({ name: 'a' });
    writer.addInterface({ name: 'b', linkType: LINKTYPE_RAW, snaplen: 9 });
    const packets = Array.from({ length: 10 }, (_, n) => ({
      interfaceId: n & 1,
      time: 1_577_836_800_123_456_789n + BigInt(n),
      bytes: new Uint8Array(n).fill(n),
      originalLength: n + 1,
      direction: EPB_INBOUND,
      comment: 'x'.repeat(n),
    }));
    for (const packet of packets) writer.writePacket(packet);
    expect(readPcapng(file())).toEqual({
      interfaces: [
        { name: 'a', linkType: LINKTYPE_ETHERNET, snaplen: 0 },
        { name: 'b', linkType: LINKTYPE_RAW, snaplen: 9 },
      ],
      packets,
    });
  });
});

describe('the reader', () => {
  it('refuses a file that is cut off anywhere inside a block, and never throws', () => {
    const { blocks, sink, file } = collect();
    const writer = new PcapngWriter(sink);
    const interfaceId = writer.addInterface({ name: 'a' });
    writer.writePacket({ interfaceId, time: 1n, bytes: new Uint8Array(5), originalLength: 5, direction: 0, comment: 'hello' });
    const whole = file();
    const ends = blocks.map((_, i) => blocks.slice(0, i + 1).reduce((sum, b) => sum + b.length, 0));
    for (let n = 0; n <= whole.length; n++) expect(readPcapng(whole.slice(0, n)) !== null).toBe(ends.includes(n));
  });

  it('survives any one byte being wrong', () => {
    const { sink, file } = collect();
    const writer = new PcapngWriter(sink);
    const interfaceId = writer.addInterface({ name: 'a' });
    writer.writePacket({ interfaceId, time: 1n, bytes: new Uint8Array(5), originalLength: 5, direction: 0 });
    const whole = file();
    for (let i = 0; i < whole.length; i++) {
      const bad = whole.slice();
      bad[i] = (bad[i] as number) ^ 0xff;
      expect(() => readPcapng(bad)).not.toThrow();
    }
  });
});

/** Reads what {@link PcapngWriter} and other programs write in little-endian order: interfaces and packets. */
import { bytesToStr } from '@skbuff/netlink';
import { le16, le32 } from '@skbuff/wire';
import {
  EPB_FLAGS,
  IF_NAME,
  IF_TSRESOL,
  OPT_COMMENT,
  OPT_ENDOFOPT,
  PCAPNG_BYTE_ORDER_MAGIC,
  PCAPNG_EPB,
  PCAPNG_IDB,
  PCAPNG_SHB,
} from './pcapng-writer.ts';

export interface ReadInterface {
  readonly name: string;
  readonly linkType: number;
  readonly snaplen: number;
}

export interface ReadPacket {
  readonly interfaceId: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly bytes: Uint8Array;
  readonly originalLength: number;
  /** EPB_INBOUND, EPB_OUTBOUND, or 0. */
  readonly direction: number;
  readonly comment: string;
}

export interface PcapngFile {
  readonly interfaces: readonly ReadInterface[];
  readonly packets: readonly ReadPacket[];
}

/** Parses a whole file. Null if it is none, is cut off, or is big-endian. Blocks of other kinds are passed over. */
export function readPcapng(b: Uint8Array): PcapngFile | null {
  const interfaces: (ReadInterface & { readonly unit: bigint })[] = [];
  const packets: ReadPacket[] = [];
  if (b.length < 28 || le32(b, 0) !== PCAPNG_SHB || le32(b, 8) !== PCAPNG_BYTE_ORDER_MAGIC) return null;
  for (let at = 0; at < b.length; ) {
    const total = le32(b, at + 4);
    if (total < 12 || (total & 3) !== 0 || at + total > b.length || le32(b, at + total - 4) !== total) return null;
    const end = at + total - 4;
    const type = le32(b, at);
    if (type === PCAPNG_IDB) {
      const options = readOptions(b, at + 16, end);
      const name = options.get(IF_NAME);
      const unit = unitOf(options.get(IF_TSRESOL)?.[0] ?? 6);
      interfaces.push({ name: name === undefined ? '' : bytesToStr(name, 0, name.length), linkType: le16(b, at + 8), snaplen: le32(b, at + 12), unit });
    } else if (type === PCAPNG_EPB) {
      const itf = interfaces[le32(b, at + 8)];
      const length = le32(b, at + 20);
      if (itf === undefined || at + 28 + length > end) return null;
      packets.push(readPacket(b, at + 8, end, length, itf.unit));
    }
    at += total;
  }
  return { interfaces: interfaces.map(({ name, linkType, snaplen }) => ({ name, linkType, snaplen })), packets };
}

function readPacket(b: Uint8Array, at: number, end: number, length: number, unit: bigint): ReadPacket {
  const options = readOptions(b, at + 20 + ((length + 3) & ~3), end);
  const comment = options.get(OPT_COMMENT);
  return {
    interfaceId: le32(b, at),
    time: ((BigInt(le32(b, at + 4)) << 32n) | BigInt(le32(b, at + 8))) * unit,
    bytes: b.slice(at + 20, at + 20 + length),
    originalLength: le32(b, at + 16),
    direction: le32(options.get(EPB_FLAGS) ?? new Uint8Array(4), 0) & 3,
    comment: comment === undefined ? '' : bytesToStr(comment, 0, comment.length),
  };
}

/** Nanoseconds of an `if_tsresol` of at most 9; a finer or binary one counts as nanoseconds. */
function unitOf(tsresol: number): bigint {
  return tsresol <= 9 ? 10n ** BigInt(9 - tsresol) : 1n;
}

function readOptions(b: Uint8Array, at: number, end: number): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  while (at + 4 <= end) {
    const code = le16(b, at);
    const length = le16(b, at + 2);
    if (code === OPT_ENDOFOPT || at + 4 + length > end) break;
    options.set(code, b.slice(at + 4, at + 4 + length));
    at += 4 + ((length + 3) & ~3);
  }
  return options;
}

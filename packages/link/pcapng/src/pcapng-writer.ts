/**
 * The pcapng format (draft-ietf-opsawg-pcapng), written little-endian: one section, its interfaces, and enhanced packet blocks.
 *
 *     +------------+-------------+------ … ------+------- … -------+-------------+
 *     | block type | total length| body          | options         | total length|     every part padded to 4 bytes
 *     +------------+-------------+------ … ------+------- … -------+-------------+
 */
import { strToBytes } from '@skbuff/netlink';
import { setLe16, setLe32 } from '@skbuff/wire';

export const PCAPNG_SHB = 0x0a0d0d0a;
export const PCAPNG_IDB = 0x00000001;
export const PCAPNG_EPB = 0x00000006;
/** Written in the writer's byte order, so that a reader can tell it. */
export const PCAPNG_BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const OPT_ENDOFOPT = 0;
export const OPT_COMMENT = 1;
export const SHB_USERAPPL = 4;
export const IF_NAME = 2;
export const IF_DESCRIPTION = 3;
export const IF_TSRESOL = 9;
export const EPB_FLAGS = 2;

/** Bits 0 and 1 of `epb_flags`. */
export const EPB_INBOUND = 1;
export const EPB_OUTBOUND = 2;

export const LINKTYPE_ETHERNET = 1;
/** Packets begin with their IPv4 or IPv6 header. */
export const LINKTYPE_RAW = 101;

/** Times are in units of 10^-9 s. */
const TSRESOL = 9;

/** Takes each block as it is made. The bytes are the sink's to keep. */
export type PcapngSink = (bytes: Uint8Array) => void;

export interface PcapngWriterOptions {
  /** Who wrote this; shown by capinfos(1). */
  readonly userAppl?: string;
}

export interface PcapngInterface {
  readonly name: string;
  readonly description?: string;
  /** LINKTYPE_*; default Ethernet. */
  readonly linkType?: number;
  /** Bytes of each packet that are kept at most; 0, the default: all. */
  readonly snaplen?: number;
}

export interface PcapngPacket {
  /** What {@link PcapngWriter.addInterface} returned. */
  readonly interfaceId: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** What was captured, possibly less than the packet. */
  readonly bytes: Uint8Array;
  /** Bytes of the whole packet. */
  readonly originalLength: number;
  /** {@link EPB_INBOUND}, {@link EPB_OUTBOUND}, or 0 for unknown. */
  readonly direction: number;
  readonly comment?: string;
}

/** Bytes of an enhanced packet block before the packet, and of the option with its direction. */
const EPB_LEN = 20;
const EPB_FLAGS_LEN = 8;
/** Bytes that are made at once. */
const POOL = 65_536;

interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

export class PcapngWriter {
  private readonly sink: PcapngSink;
  private interfaces = 0;
  private pool: Uint8Array = new Uint8Array(0);
  private used = 0;

  /** Writes the section header at once. */
  constructor(sink: PcapngSink, options: PcapngWriterOptions = {}) {
    this.sink = sink;
    const body = new Uint8Array(16);
    setLe32(body, 0, PCAPNG_BYTE_ORDER_MAGIC);
    setLe16(body, 4, 1);
    // The section's length is not known beforehand: -1.
    body.fill(0xff, 8, 16);
    this.block(PCAPNG_SHB, body, text(SHB_USERAPPL, options.userAppl ?? 'skbuff'));
  }

  /** Describes an interface; its number is what its packets are written with. */
  addInterface(itf: PcapngInterface): number {
    const body = new Uint8Array(8);
    setLe16(body, 0, itf.linkType ?? LINKTYPE_ETHERNET);
    setLe32(body, 4, itf.snaplen ?? 0);
    const tsresol = { code: IF_TSRESOL, value: Uint8Array.of(TSRESOL) };
    this.block(PCAPNG_IDB, body, [...text(IF_NAME, itf.name), ...text(IF_DESCRIPTION, itf.description), tsresol]);
    return this.interfaces++;
  }

  writePacket(packet: PcapngPacket): void {
    const { bytes, time } = packet;
    const options = text(OPT_COMMENT, packet.comment);
    const padded = pad4(bytes.length);
    const b = this.begin(PCAPNG_EPB, EPB_LEN + padded, EPB_FLAGS_LEN, options);
    setLe32(b, 8, packet.interfaceId);
    setLe32(b, 12, Number((time >> 32n) & 0xffff_ffffn));
    setLe32(b, 16, Number(time & 0xffff_ffffn));
    setLe32(b, 20, bytes.length);
    setLe32(b, 24, packet.originalLength);
    b.set(bytes, 8 + EPB_LEN);
    const at = 8 + EPB_LEN + padded;
    setLe16(b, at, EPB_FLAGS);
    setLe16(b, at + 2, 4);
    setLe32(b, at + 4, packet.direction);
    writeOptions(b, at + EPB_FLAGS_LEN, options);
    this.sink(b);
  }

  private block(type: number, body: Uint8Array, options: readonly Option[]): void {
    const b = this.begin(type, body.length, 0, options);
    b.set(body, 8);
    writeOptions(b, 8 + body.length, options);
    this.sink(b);
  }

  /** A block with `bodyLen` bytes of body, `more` bytes of options, and `options`: all zero but for its type and lengths. */
  private begin(type: number, bodyLen: number, more: number, options: readonly Option[]): Uint8Array {
    let optionsLen = more;
    for (const { value } of options) optionsLen += 4 + pad4(value.length);
    // The end of options is four zeros.
    const total = 12 + bodyLen + (optionsLen === 0 ? 0 : optionsLen + 4);
    const b = this.room(total);
    setLe32(b, 0, type);
    setLe32(b, 4, total);
    setLe32(b, total - 4, total);
    return b;
  }

  /** Fresh zeros. Small blocks lie in one buffer behind each other: to make a buffer costs more than to fill it. */
  private room(n: number): Uint8Array {
    if (n > POOL / 8) return new Uint8Array(n);
    if (this.pool.length - this.used < n) {
      this.pool = new Uint8Array(POOL);
      this.used = 0;
    }
    const at = this.used;
    this.used += n;
    return this.pool.subarray(at, this.used);
  }
}

function writeOptions(b: Uint8Array, at: number, options: readonly Option[]): void {
  for (const { code, value } of options) {
    setLe16(b, at, code);
    setLe16(b, at + 2, value.length);
    b.set(value, at + 4);
    at += 4 + pad4(value.length);
  }
}

function pad4(n: number): number {
  return (n + 3) & ~3;
}

const NONE: readonly Option[] = [];

/** A text option, if there is a text. At most 65535 bytes: the length has 16 bits. */
function text(code: number, value: string | undefined): readonly Option[] {
  return value === undefined ? NONE : [{ code, value: strToBytes(value).slice(0, 0xffff) }];
}

/** Reads a savefile of either byte order, in micro- or nanoseconds. */
import { be16, be32, le16, le32 } from '@skbuff/wire';
import { PCAP_FILE_HEADER, PCAP_MAGIC, PCAP_NSEC_MAGIC, PCAP_PACKET_HEADER, type PcapError, type PcapPacket, dltOfLinktype } from './pcap-format.ts';

/** The longest packet that a file of any link type here may hold. */
const MAXIMUM_SNAPLEN = 262144;

export class PcapReader {
  /** DLT_*. */
  readonly dlt: number;
  /** Bytes of each packet that were kept at most. */
  readonly snaplen: number;
  readonly nanoseconds: boolean;
  readonly swapped: boolean;
  private readonly bytes: Uint8Array;
  private at = PCAP_FILE_HEADER;

  private constructor(bytes: Uint8Array, big: boolean, nanoseconds: boolean) {
    this.bytes = bytes;
    this.swapped = big;
    this.nanoseconds = nanoseconds;
    const snaplen = get32(bytes, 16, big);
    this.snaplen = snaplen === 0 || snaplen > 0x7fffffff ? MAXIMUM_SNAPLEN : snaplen;
    this.dlt = dltOfLinktype(get32(bytes, 20, big) & 0x03ffffff);
  }

  /** Takes the bytes of a whole file. */
  static open(bytes: Uint8Array): PcapReader | PcapError {
    if (bytes.length < 4) return cutOff('file header', 4, bytes.length);
    const kind = magicOf(bytes);
    if (kind === null) return { error: 'unknown file format' };
    if (bytes.length < PCAP_FILE_HEADER) return cutOff('file header', PCAP_FILE_HEADER, bytes.length);
    const major = get16(bytes, 4, kind.big);
    const minor = get16(bytes, 6, kind.big);
    if (major < 2) return { error: `archaic pcap savefile format` };
    if (major !== 2 && !(major === 543 && minor === 0)) return { error: `unsupported pcap savefile version ${major}.${minor}` };
    return new PcapReader(bytes, kind.big, kind.nanoseconds);
  }

  /** The next packet, null behind the last one, or what is wrong. */
  next(): PcapPacket | PcapError | null {
    const { bytes, at, swapped: big } = this;
    const left = bytes.length - at;
    if (left === 0) return null;
    if (left < PCAP_PACKET_HEADER) return cutOff('header', PCAP_PACKET_HEADER, left);
    const length = get32(bytes, at + 8, big);
    const fault = this.fault(length, left - PCAP_PACKET_HEADER);
    if (fault !== null) return fault;
    this.at = at + PCAP_PACKET_HEADER + length;
    const fraction = BigInt(get32(bytes, at + 4, big)) * (this.nanoseconds ? 1n : 1000n);
    return {
      time: BigInt(get32(bytes, at, big)) * 1_000_000_000n + fraction,
      // A packet longer than the file's own limit is cut to it.
      bytes: bytes.subarray(at + PCAP_PACKET_HEADER, at + PCAP_PACKET_HEADER + Math.min(length, this.snaplen)),
      originalLength: get32(bytes, at + 12, big),
    };
  }

  private fault(length: number, left: number): PcapError | null {
    if (length > MAXIMUM_SNAPLEN && length > this.snaplen) {
      return { error: `invalid packet capture length ${length}, bigger than snaplen of ${this.snaplen}` };
    }
    return length > left ? cutOff('captured', length, left) : null;
  }
}

function cutOff(what: string, wanted: number, got: number): PcapError {
  return { error: `truncated dump file; tried to read ${wanted} ${what} bytes, only got ${got}` };
}

function magicOf(b: Uint8Array): { big: boolean; nanoseconds: boolean } | null {
  for (const big of [false, true]) {
    const magic = get32(b, 0, big);
    if (magic === PCAP_MAGIC || magic === PCAP_NSEC_MAGIC) return { big, nanoseconds: magic === PCAP_NSEC_MAGIC };
  }
  return null;
}

function get16(b: Uint8Array, at: number, big: boolean): number {
  return big ? be16(b, at) : le16(b, at);
}

function get32(b: Uint8Array, at: number, big: boolean): number {
  return big ? be32(b, at) : le32(b, at);
}

/** Writes a savefile, little endian. */
import { setLe32 } from '@skbuff/wire';
import {
  PCAP_FILE_HEADER,
  PCAP_MAGIC,
  PCAP_NSEC_MAGIC,
  PCAP_PACKET_HEADER,
  PCAP_VERSION_MAJOR,
  PCAP_VERSION_MINOR,
  type PcapPacket,
  linktypeOfDlt,
} from './pcap-format.ts';

export interface PcapWriterOptions {
  /** DLT_*. */
  readonly dlt: number;
  /** Default 262144. */
  readonly snaplen?: number;
  /** Default false: microseconds. */
  readonly nanoseconds?: boolean;
}

/** Hands each record to `sink` as it comes, the file's header first. */
export class PcapWriter {
  /** Bytes written so far. */
  length = 0;
  private readonly sink: (bytes: Uint8Array) => void;
  private readonly nanoseconds: boolean;

  constructor(sink: (bytes: Uint8Array) => void, options: PcapWriterOptions) {
    this.sink = sink;
    this.nanoseconds = options.nanoseconds ?? false;
    const header = new Uint8Array(PCAP_FILE_HEADER);
    setLe32(header, 0, this.nanoseconds ? PCAP_NSEC_MAGIC : PCAP_MAGIC);
    header.set([PCAP_VERSION_MAJOR, 0, PCAP_VERSION_MINOR, 0], 4);
    setLe32(header, 16, options.snaplen ?? 262144);
    setLe32(header, 20, linktypeOfDlt(options.dlt));
    this.put(header);
  }

  write(packet: PcapPacket): void {
    const record = new Uint8Array(PCAP_PACKET_HEADER + packet.bytes.length);
    const fraction = Number(packet.time % 1_000_000_000n);
    setLe32(record, 0, Number(packet.time / 1_000_000_000n));
    setLe32(record, 4, this.nanoseconds ? fraction : Math.floor(fraction / 1000));
    setLe32(record, 8, packet.bytes.length);
    setLe32(record, 12, packet.originalLength);
    record.set(packet.bytes, PCAP_PACKET_HEADER);
    this.put(record);
  }

  private put(bytes: Uint8Array): void {
    this.length += bytes.length;
    this.sink(bytes);
  }
}

/** Files of either format, one packet after the other. */
import { type PcapError, type PcapPacket, PcapReader, PcapWriter, dltOfLinktype } from '@skbuff/pcap';
import { readPcapng } from '@skbuff/pcapng';
import type { ByteSink, CommandEnv } from '@skbuff/command';
import { strerror } from '@skbuff/uapi';
import { failure } from './messages.ts';

export interface PacketSource {
  readonly dlt: number;
  readonly snaplen: number;
  next(): PcapPacket | PcapError | null;
}

/** Section header of pcapng. */
const PCAPNG = [0x0a, 0x0d, 0x0d, 0x0a];

export function openSavefile(env: CommandEnv, path: string): PacketSource {
  const bytes = env.readBytes(path);
  if (typeof bytes === 'number') failure(`${path}: ${strerror(bytes)}`);
  if (PCAPNG.every((b, i) => bytes[i] === b)) return openPcapng(bytes);
  const reader = PcapReader.open(bytes);
  return 'error' in reader ? failure(reader.error) : reader;
}

function openPcapng(bytes: Uint8Array): PacketSource {
  const file = readPcapng(bytes);
  const first = file?.interfaces[0];
  if (file === null || first === undefined) failure('the capture file has no Interface Description Blocks');
  let at = 0;
  return {
    dlt: dltOfLinktype(first.linkType),
    snaplen: first.snaplen === 0 ? 262144 : first.snaplen,
    next: () => {
      const packet = file.packets[at++];
      return packet === undefined ? null : { time: packet.time, bytes: packet.bytes, originalLength: packet.originalLength };
    },
  };
}

export interface OutputOptions {
  readonly path: string;
  readonly dlt: number;
  readonly snaplen: number;
  readonly nanoseconds: boolean;
  /** -C in bytes, 0: no limit. */
  readonly fileSize: number;
  /** -W, 0: no limit. */
  readonly fileCount: number;
}

/** What -w writes: with -C a new file when one is full, with -W over the oldest again. */
export class Output {
  private readonly env: CommandEnv;
  private readonly options: OutputOptions;
  private number = 0;
  private file: ByteSink;
  private writer: PcapWriter;

  constructor(env: CommandEnv, options: OutputOptions) {
    this.env = env;
    this.options = options;
    this.file = this.open();
    this.writer = this.begin();
  }

  write(packet: PcapPacket): void {
    const { fileSize, fileCount } = this.options;
    if (fileSize > 0 && this.writer.length > fileSize) {
      this.file.close();
      this.number = fileCount > 0 ? (this.number + 1) % fileCount : this.number + 1;
      this.file = this.open();
      this.writer = this.begin();
    }
    this.writer.write(packet);
  }

  close(): void {
    this.file.close();
  }

  private begin(): PcapWriter {
    const { dlt, snaplen, nanoseconds } = this.options;
    const { file } = this;
    return new PcapWriter((bytes) => file.write(bytes), { dlt, snaplen, nanoseconds });
  }

  private open(): ByteSink {
    const path = this.name();
    const file = this.env.create(path);
    return typeof file === 'number' ? failure(`${path}: ${strerror(file)}`) : file;
  }

  /** The first file has no number, unless -W is given: then all have one, of the same width. */
  private name(): string {
    const { path, fileSize, fileCount } = this.options;
    if (fileSize === 0 || path === '-') return path;
    if (fileCount > 0) return `${path}${String(this.number).padStart(String(fileCount - 1).length, '0')}`;
    return this.number === 0 ? path : `${path}${this.number}`;
  }
}

/** What -w writes: a new file when one is full (-C) or has been written for long enough (-G). */
import type { ByteSink, CommandEnv } from '@skbuff/command';
import { type PcapPacket, PcapWriter } from '@skbuff/pcap';
import { strerror } from '@skbuff/uapi';
import { failure } from './messages.ts';
import { strftime } from './timestamp.ts';

const SECOND = 1e9;

export interface OutputOptions {
  readonly path: string;
  readonly dlt: number;
  readonly snaplen: number;
  readonly nanoseconds: boolean;
  /** -C in bytes, 0: no limit. */
  readonly fileSize: number;
  /** -G, 0: no limit. */
  readonly fileSeconds: number;
  /** -W: with -C the oldest is written over, with -G alone it is the end; 0: no limit. */
  readonly fileCount: number;
}

export class Output {
  private readonly env: CommandEnv;
  private readonly options: OutputOptions;
  /** Of -C. */
  private number = 0;
  /** Of -G: files so far, and since when the last one is written. */
  private turns = 0;
  private since: number;
  private file: ByteSink;
  private writer: PcapWriter;

  constructor(env: CommandEnv, options: OutputOptions) {
    this.env = env;
    this.options = options;
    this.since = this.second();
    this.file = this.open();
    this.writer = this.begin();
  }

  /** False if -W says that there were enough files. */
  write(packet: PcapPacket): boolean {
    const { fileSize, fileSeconds, fileCount } = this.options;
    if (fileSeconds > 0 && this.second() - this.since >= fileSeconds) {
      this.since = this.second();
      this.turns++;
      if (fileSize === 0 && fileCount > 0 && this.turns >= fileCount) {
        this.env.stderr(`Maximum file limit reached: ${fileCount}\n`);
        return false;
      }
      this.next(0);
    }
    if (fileSize > 0 && this.writer.length > fileSize) this.next(fileCount > 0 ? (this.number + 1) % fileCount : this.number + 1);
    this.writer.write(packet);
    return true;
  }

  close(): void {
    this.file.close();
  }

  private second(): number {
    return Math.floor(this.env.realTime() / SECOND);
  }

  private next(number: number): void {
    this.file.close();
    this.number = number;
    this.file = this.open();
    this.writer = this.begin();
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

  /** -G makes a time of the name; -C puts a number behind it, of the width that -W needs, but for the first without -W. */
  private name(): string {
    const { path, fileSize, fileSeconds, fileCount } = this.options;
    if (path === '-') return path;
    const name = fileSeconds > 0 ? strftime(path, BigInt(this.since)) : path;
    const width = fileCount > 1 ? String(fileCount - 1).length : 0;
    if (fileSize === 0 || (this.number === 0 && width === 0)) return name;
    return `${name}${String(this.number).padStart(width, '0')}`;
  }
}

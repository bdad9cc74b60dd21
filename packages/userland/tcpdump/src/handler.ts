/** Does with each packet what was asked for: prints it, writes it, counts it. */
import type { CommandEnv } from '@skbuff/command';
import type { PcapPacket } from '@skbuff/pcap';
import { LINK_TYPES } from '@skbuff/pcap-filter';
import { failure } from './messages.ts';
import { printNames } from './name-table.ts';
import { Ndo } from './ndo.ts';
import type { TcpdumpOptions } from './options.ts';
import { Output } from './output.ts';
import { type LinkPrinter, linkPrinter, packetLine } from './packet-line.ts';
import { Stamps } from './timestamp.ts';

/** `link-type EN10MB (Ethernet)` */
export function linkText(dlt: number): string {
  const known = LINK_TYPES.find((type) => type.dlt === dlt);
  return known === undefined ? `link-type ${dlt}` : `link-type ${known.name} (${known.description})`;
}

/** `1 packet`, `2 packets` */
export function plural(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

export class Handler {
  count = 0;
  private readonly env: CommandEnv;
  private readonly options: TcpdumpOptions;
  private readonly print: LinkPrinter | null;
  private readonly output: Output | null;
  private readonly ndo: Ndo;
  private readonly stamps: Stamps;

  constructor(env: CommandEnv, options: TcpdumpOptions, dlt: number, snaplen: number) {
    const { write, nanoseconds } = options;
    this.env = env;
    this.options = options;
    this.ndo = new Ndo(options, printNames(env));
    this.stamps = new Stamps({ tflag: options.tflag, nanoseconds });
    this.output = write === null ? null : new Output(env, { ...options, path: write, dlt, snaplen });
    const silent = options.countMode || (write !== null && !options.print);
    this.print = silent ? null : (linkPrinter(dlt) ?? failure(`packet printing is not supported for ${linkText(dlt)}: use -w`));
  }

  /** False if no more are wanted. */
  packet(packet: PcapPacket): boolean {
    this.count++;
    if (this.output?.write(packet) === false) return false;
    if (this.print !== null) {
      const number = this.options.numbers ? `${String(this.count).padStart(5)}  ` : '';
      this.env.stdout(packetLine(this.ndo, this.print, packet, number + this.stamps.of(packet.time)));
    }
    return this.count !== this.options.count;
  }

  close(): void {
    this.output?.close();
  }
}

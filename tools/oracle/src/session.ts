/** Plays on UDP sockets of the node `r`: what calls return and fill in, and what comes out because of them. */
import { ethFrame } from '@skbuff/testkit';
import { ETH_HLEN } from '@skbuff/uapi';
import { describeFrame } from './frames.ts';
import { describeRan, type Transcript } from './transcript.ts';
import { type Calls, type Seen, WIRE_MAC, type World } from './world.ts';

/** What an ICMP error says. */
export interface Report {
  readonly type: number;
  readonly code: number;
  /** The second word of the message. */
  readonly un: number;
  /** Who reports. */
  readonly from: string;
  /** Bytes of the packet that are quoted at most. */
  readonly quoted: number;
}

/** What is a family's own. */
export interface SessionFamily {
  /** AF_*. */
  readonly family: number;
  /** The address that means any of the host's. */
  readonly any: string;
  /** Who sends and hears of errors when a play does not say. */
  readonly near: string;
  /** A socket address as hexadecimal bytes. */
  readonly sockaddr: (addr: string, port: number) => string;
  /** Whether a packet carries a datagram. */
  readonly isUdp: (packet: Uint8Array) => boolean;
  /** An ICMP error about `packet`, as a packet. */
  readonly error: (report: Report, packet: Uint8Array) => Uint8Array;
}

/** One world's side of a play: everything that happens becomes a line. */
export class Session {
  readonly out: Transcript = [];
  private readonly world: World;
  private readonly calls: Calls;
  private readonly of: SessionFamily;
  /** The packet that left last. */
  private last: Uint8Array = new Uint8Array(0);

  constructor(world: World, calls: Calls, of: SessionFamily) {
    this.world = world;
    this.calls = calls;
    this.of = of;
  }

  async call(line: string): Promise<void> {
    await this.ask(line);
    await this.look();
  }

  /** A call by which nothing comes out. */
  async ask(line: string): Promise<void> {
    this.out.push(`${line} = ${await this.calls.ask(line)}`);
  }

  /** A socket of its own, bound to `port` of `addr`; its number. */
  async socket(port = 0, addr: string = this.of.any): Promise<number> {
    const fd = Number(await this.calls.ask(`socket ${this.of.family}`));
    if (port !== 0) await this.call(`bind ${fd} ${this.of.sockaddr(addr, port)}`);
    return fd;
  }

  /** What comes out within `ms` milliseconds. */
  async look(ms = 3): Promise<void> {
    for (const one of await this.world.wait(ms)) this.show(one);
  }

  private show(one: Seen): void {
    this.out.push(`  ${describeFrame(one, 0, this.world.timeOfDay())}`);
    const packet = one.frame.subarray(ETH_HLEN);
    if (this.of.isUdp(packet)) this.last = packet;
  }

  /** A node reports an error about the datagram that left last. */
  async report(type: number, code: number, { un = 0, from = this.of.near, quoted = 200 }: Partial<Report> = {}): Promise<void> {
    await this.arrive(this.of.error({ type, code, un, from, quoted }, this.last));
    this.out.push(`${from} reports ${type}/${code} ${un}`);
  }

  async arrive(packet: Uint8Array): Promise<void> {
    for (const one of await this.world.send('w1', ethFrame(await this.world.mac('r', 'eth1'), packet, { from: WIRE_MAC }))) this.show(one);
  }

  async run(line: string): Promise<void> {
    this.out.push(describeRan(line, await this.world.run('r', line)));
  }
}

export type Play = (s: Session) => Promise<void>;

/** An `int` as hexadecimal bytes. */
export function int(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes.toString('hex');
}

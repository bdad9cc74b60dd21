/** A lab that commands and frames are tried on: ours, or the running kernel's. */

/** What a command left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A frame that came out of the lab. */
export interface Seen {
  /** Interface of the node `wire` that it came by. */
  readonly port: string;
  readonly frame: Uint8Array;
}

/** A program that makes system calls on UDP sockets, as c/calls.c describes. */
export interface Calls {
  /** One call: what it returned, and what it filled in. */
  ask(line: string): Promise<string>;
}

/**
 * The far ends of links belong to the node `wire`, which has no addresses: what is sent by its interfaces, and what comes out by them,
 * is in the hands of the test.
 */
export interface World {
  /** Words separated by blanks, no shell. */
  run(node: string, line: string): Promise<Ran>;
  /** `ip -batch -force -` with these lines. */
  batch(node: string, options: string, lines: readonly string[]): Promise<Ran>;
  /** A file below /proc/net of a node. */
  read(node: string, file: string): Promise<string>;
  /** Sends frames one after the other; what came out because of them, everywhere, in the order in which it came. */
  send(port: string, ...frames: Uint8Array[]): Promise<Seen[]>;
  /** Starts the program on a node; it ends with the world. */
  calls(node: string): Promise<Calls>;
  /** Lets time pass; what came out in it. */
  wait(ms: number): Promise<Seen[]>;
  /** Hardware address of an interface, six bytes. */
  mac(node: string, dev: string): Promise<Uint8Array>;
  /** Milliseconds since midnight UTC, by the clock of this world. */
  timeOfDay(): number;
  close(): Promise<void>;
}

/** The node that the test holds. */
export const WIRE = 'wire';

/** What it sends its frames from. */
export const WIRE_MAC: readonly number[] = [2, 0, 0, 0, 0, 2];

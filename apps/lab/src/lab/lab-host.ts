import type { Clock } from '@skbuff/core';
import type { Explanation } from '@skbuff/explain';
import type { Impairment, IpFamily, LabTopology, ProbePacket } from '../topology/model.ts';
import type { CaptureStore } from './capture-store.ts';

/** What a command printed and how it ended. */
export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Hears the text of a command while it runs. */
export interface ExecOutput {
  stdout(text: string): void;
  stderr(text: string): void;
}

/** What became of echo requests. */
export interface PingResult {
  readonly sent: number;
  /** Round trip of every answered request, in nanoseconds of virtual time, in the order of the requests. */
  readonly roundTripsNs: readonly number[];
  /** The way of the packets, one line per event, in Linux's words. */
  readonly trace: readonly string[];
}

/** What `ip route get` would say. */
export type RouteResult =
  | { readonly via?: string; readonly dev: string }
  /** errno name: ENETUNREACH, EHOSTUNREACH, EACCES … */
  | { readonly error: string };

export interface DropCount {
  readonly reason: string;
  readonly count: number;
}

export interface HostTotals {
  /** Frames that the devices of the node sent, and frames that came in by one. */
  readonly sent: number;
  readonly received: number;
  readonly drops: readonly DropCount[];
}

/** What is there after the end. */
export interface LabRemains {
  /** Paths of the captures that were written. */
  readonly captures: readonly string[];
  /** What the stack did not take back, by kind: empty, or there is a bug. */
  readonly leaks: Readonly<Record<string, number>>;
}

/**
 * The stack as the lab runner sees it: the only door between the two. Made from a topology by a `LabHostFactory`, which
 * creates nodes and links (up, with MAC, MTU and names as given) and runs no exec line. All waiting is virtual time under `test`, real under `up`;
 * nothing here rejects because of what a user wrote: failures come as codes. Times are nanoseconds since the lab was created.
 */
export interface LabHost {
  /** Commands that `exec` knows: `ip`, `ping` … */
  readonly commands: ReadonlySet<string>;
  now(): number;
  /** Lets time pass, with all that happens in it. Returns at once if `ns` is not ahead, and when the lab is closed. */
  runUntil(ns: number): Promise<void>;
  /** Runs one command to its end; `argv[0]` is in `commands`. */
  exec(node: string, argv: readonly string[], output?: ExecOutput): Promise<ExecResult>;
  /** Starts a command that goes on beside all others until the lab is closed. What it ended with if it did so at once, such as a configuration that is wrong; else 0. */
  daemon(node: string, argv: readonly string[], output?: ExecOutput): Promise<ExecResult>;
  /** Ends the commands that run now, but no daemon. */
  interrupt(): void;
  /** Writes below /proc/sys (`net/ipv4/ip_forward`). 0 or a negative errno. */
  writeSysctl(node: string, path: string, value: string): number;
  /**
   * Writes a file that the commands of a node see, or adds to it. Nodes begin without files, and what lies below /proc, /sys and /dev is no file of
   * theirs: false.
   */
  writeFile(node: string, path: string, text: string, append: boolean): boolean;
  /** Interfaces of a node, also those that exec lines made. */
  interfacesOf(node: string): readonly string[];
  /** First global address of a node that can be used, for expectations that name a node; without `family` one of IPv4 if it has any. */
  addressOf(node: string, family?: IpFamily): string | undefined;
  /** No address waits for duplicate address detection, other than on links without carrier. */
  settled(): boolean;
  /**
   * What would happen to a packet (in the words of `@skbuff/explain`) that the node sends now. With `spend` it is sent through the lab itself, which
   * nobody may use afterwards; without it the lab does not notice. Rejects with `PacketSyntaxError`, and with `SysError` for an interface that is not there.
   */
  explain(node: string, packet: string, spend?: boolean): Promise<Explanation>;
  /** Sends echo requests, one per second, and waits `timeoutNs` after the last. */
  ping(from: string, to: string, count: number, timeoutNs: number): Promise<PingResult>;
  /** Sends and lets the packets come to their end. Returns their trace. */
  send(packet: Omit<ProbePacket, 'to'> & { readonly to: string }): Promise<readonly string[]>;
  routeGet(node: string, to: string): RouteResult;
  /** Totals since the lab was created. */
  totals(node: string): HostTotals;
  /** Replaces what a link does to packets from now on; undefined makes it perfect. `link` is `LabLink.index`. */
  impair(link: number, impairment: Impairment | undefined): void;
  /** Takes the carrier of a link away or gives it back. */
  setLink(link: number, up: boolean): void;
  /** Ends everything: no timer, no packet, no open capture is left. */
  close(): LabRemains;
}

export interface LabHostOptions {
  /** 0 to 2^32-1. */
  readonly seed: number;
  readonly realTime: boolean;
  /** A clock of one's own, instead of `realTime`. */
  readonly clock?: Clock;
  /** Takes one pcapng per interface in `topology.capture`. */
  readonly captures?: CaptureStore;
  /** Writes what these interfaces see, in one stream. */
  readonly captureStream?: CaptureTarget;
}

/** Interfaces, and what hears of their packets: a pcapng file in pieces, or lines of text. */
export interface CaptureTarget {
  readonly points: readonly { readonly node: string; readonly interface: string }[];
  readonly pcapng?: (bytes: Uint8Array) => void;
  readonly line?: (text: string) => void;
}

/** Throws `TopologyError` for what a file asks and the stack refuses. */
export type LabHostFactory = (topology: LabTopology, options: LabHostOptions) => LabHost;

import type { Diagnostic, Position } from './diagnostic.ts';

/** A topology, fully resolved: inheritance done, units converted, references checked. Plain data, JSON-safe. */
export interface LabTopology {
  readonly file: string;
  readonly name: string;
  /** In the order of the file. */
  readonly nodes: readonly LabNode[];
  readonly links: readonly LabLink[];
  readonly expect: readonly Expectation[];
  /** The nodes have it. */
  readonly ipv6: boolean;
  /** 0 to 2^32-1. Undefined if the file has none. */
  readonly seed?: number;
  readonly capture: Capture;
  /** What the file says that changes nothing here, one entry per key. */
  readonly ignored: readonly IgnoredKey[];
}

/** Interfaces to capture when captures are asked for. */
export type Capture = { readonly all: true } | { readonly all: false; readonly points: readonly { readonly node: string; readonly interface?: string }[] };

export interface LabNode {
  readonly name: string;
  readonly kind: 'linux';
  readonly group?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly exec: readonly ExecLine[];
  /** Set before any exec line, in this order. */
  readonly sysctl: readonly SysctlSetting[];
  readonly at: Position;
}

export interface ExecLine {
  readonly line: string;
  readonly at: Position;
}

export interface SysctlSetting {
  /** Path below /proc/sys: `net/ipv4/ip_forward`. */
  readonly path: string;
  readonly value: string;
  readonly at: Position;
}

export type LinkType = 'veth' | 'dummy' | 'host' | 'mgmt-net' | 'macvlan';

export interface LabLink {
  /** Position in the file, from 0. */
  readonly index: number;
  readonly type: LinkType;
  /** Two for veth, one for the others. */
  readonly ends: readonly LinkEnd[];
  /** Bytes, 68 to 65535. */
  readonly mtu: number;
  /** Of host, mgmt-net and macvlan links. */
  readonly hostInterface?: string;
  /** Of macvlan links. */
  readonly mode?: 'bridge' | 'vepa' | 'passthru' | 'private';
  /** By ascending time; a step replaces the one before as a whole. Empty: a perfect link. */
  readonly impair: readonly ImpairStep[];
  /** Ascending and disjoint. */
  readonly down: readonly DownTime[];
  readonly at: Position;
}

export interface LinkEnd {
  readonly node: string;
  readonly interface: string;
  /** Lower case with colons. Undefined: the stack chooses. */
  readonly mac?: string;
}

/** Times are whole nanoseconds of virtual time, shares are probabilities from 0 to 1. Absent: not impaired in this way. */
export interface Impairment {
  readonly delayNs?: number;
  readonly jitterNs?: number;
  readonly loss?: number;
  readonly duplicate?: number;
  readonly reorder?: number;
  readonly corrupt?: number;
  /** Bits per second, above 0. */
  readonly rate?: number;
  readonly seed?: number;
}

/** `atNs` counts from the moment the lab is up (all exec lines done). */
export interface ImpairStep extends Impairment {
  readonly atNs: number;
}

export interface DownTime {
  readonly fromNs: number;
  readonly toNs: number;
}

/** When to judge: so long after the previous expectation, or at a moment counted from when the lab is up. */
export type Moment = { readonly kind: 'after' | 'at'; readonly ns: number };

export type IpFamily = 'ipv4' | 'ipv6';

/** A destination: an address as written, or a node whose first global address is meant, of that family, or else of IPv4 if it has one. */
export type Target = { readonly address: string } | { readonly node: string; readonly family?: IpFamily };

interface ExpectationBase {
  /** Given, or a sentence made from the expectation. */
  readonly name: string;
  readonly moment: Moment;
  readonly at: Position;
}

export interface ReachExpectation extends ExpectationBase {
  readonly kind: 'reach';
  readonly from: string;
  readonly to: Target;
  readonly count: number;
  readonly withinNs?: number;
  /** Share of requests that may stay unanswered, 0 to 1. */
  readonly loss: number;
  /** No request may be answered. */
  readonly not: boolean;
}

export interface RouteExpectation extends ExpectationBase {
  readonly kind: 'route';
  readonly node: string;
  readonly to: Target;
  /** As the kernel writes it. */
  readonly via?: string;
  readonly dev?: string;
  readonly unreachable: boolean;
}

export interface ProbePacket {
  readonly from: string;
  readonly to: Target;
  readonly proto: 'icmp' | 'udp';
  readonly port: number;
  readonly ttl?: number;
  /** Bytes of payload. */
  readonly size: number;
  readonly count: number;
}

export interface DropExpectation extends ExpectationBase {
  readonly kind: 'drop';
  readonly node: string;
  /** Without the prefix SKB_DROP_REASON_. */
  readonly reason: string;
  /** At least so many. */
  readonly count: number;
  readonly packet?: ProbePacket;
}

export interface OutputExpectation extends ExpectationBase {
  readonly kind: 'output';
  readonly node: string;
  readonly exec: string;
  readonly equals?: string;
  readonly contains: readonly string[];
  /** A regular expression (flags m, u); known to compile. */
  readonly matches?: string;
  readonly exit: number;
}

export type Expectation = ReachExpectation | RouteExpectation | DropExpectation | OutputExpectation;

export interface IgnoredKey {
  readonly key: string;
  readonly scope: 'lab' | 'node' | 'link';
  /** How many nodes or links it concerns; 1 for the lab. */
  readonly count: number;
  readonly reason: string;
}

/** What parsing gives: a topology if and only if no diagnostic is an error. */
export interface ParseResult {
  readonly topology?: LabTopology;
  readonly diagnostics: readonly Diagnostic[];
  /** The text, for the excerpts of `formatDiagnostic`. */
  readonly source: string;
}

/** What the parts of one run of ping share: options, counters, output. */
import type { CommandEnv } from '@skbuff/command';
import { type In6Addr, in6addrAny } from '@skbuff/wire';
import { Program } from './iputils-common.ts';
import type { NodeInfo } from './node-info.ts';
import { PING_USAGE } from './ping-usage.ts';

const NSEC_PER_USEC = 1000;
const NSEC_PER_MSEC = 1_000_000;

/** What the command line says. */
export class PingOptions {
  adaptive = false;
  audible = false;
  broadcast = false;
  strictSource = false;
  connect = false;
  debug = false;
  timestamps = false;
  flood = false;
  noLoop = false;
  numeric = false;
  outstanding = false;
  quiet = false;
  latency = false;
  verbose = false;
  dontRoute = false;
  recordRoute = false;
  /** IPOPT_TS_*, or null without -T. */
  ipTimestamp: number | null = null;
  count = 0;
  /** Seconds, 0: none. */
  deadline = 0;
  /** Milliseconds. */
  interval = 1000;
  intervalGiven = false;
  /** Milliseconds to wait for the answer to the last request when none came at all; 0: for ever. */
  linger = 10_000;
  size = 56;
  preload = 1;
  ttl: number | null = null;
  tos: number | null = null;
  mark: number | null = null;
  sndbuf = 0;
  /** IP_PMTUDISC_*, or null for the kernel's way. */
  pmtudisc: number | null = null;
  ident: number | null = null;
  pattern: Uint8Array | null = null;
  device: string | null = null;
  /** Source address, u32; 0: chosen by the route. */
  source = 0;
  /** The same of IPv6, :: : chosen by the route. */
  source6: Readonly<In6Addr> = in6addrAny;
  /** 20 bits, 0: any that is free; null: none. */
  flowlabel: number | null = null;
  nodeinfo: NodeInfo | null = null;
  family = 0;
}

export class PingContext extends Program {
  readonly options: PingOptions;
  sent = 0;
  received = 0;
  repeats = 0;
  corrupted = 0;
  errors = 0;
  /** Time for one packet after the other, milliseconds; -A changes it. */
  interval: number;
  exiting = false;
  /** Requests are questions for information about a node (RFC 4620). */
  asksNode = false;

  constructor(name: string, env: CommandEnv, options: PingOptions) {
    super(name, env, PING_USAGE, 2);
    this.options = options;
    this.interval = options.interval;
  }

  /** The request carries the time it was sent. */
  get timing(): boolean {
    return this.options.size >= 16 && !this.asksNode;
  }

  /** CLOCK_MONOTONIC in nanoseconds. */
  monotonic(): number {
    return this.env.now();
  }

  /** gettimeofday(2) in microseconds. */
  timeOfDay(): number {
    return Math.floor(this.env.realTime() / NSEC_PER_USEC);
  }

  printTimestamp(): void {
    if (!this.options.timestamps) return;
    const us = this.timeOfDay();
    this.print(`[${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}] `);
  }
}

export function msToNs(ms: number): number {
  return ms * NSEC_PER_MSEC;
}

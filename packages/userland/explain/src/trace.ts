/** What the observers write down while a packet is under way. */
import type { Kernel, Net, NetDevice, SkBuff } from '@skbuff/core';
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '@skbuff/uapi';
import { type IpHeader, ipHeaderOf, isArp, isIcmpError } from './headers.ts';
import type { Step, StepKind, Subject } from './model.ts';
import type { AskedFor } from './neighbour-door.ts';
import type { Packet } from './packet.ts';
import { placeOf } from './places.ts';
import type { RouteFound } from './routing-door.ts';

/** A step whose words may still change. */
export type OpenStep = { -readonly [K in keyof Step]: Step[K] };

/** A hook point that a packet has entered and not left yet. */
export interface OpenHook {
  readonly net: Net;
  readonly step: OpenStep;
  readonly point: string;
  /** Names of the hooks that have not let the packet pass, in their order. */
  waiting: readonly string[];
}

const PROTOCOLS: Readonly<{ [name: string]: number }> = { udp: IPPROTO_UDP, icmp: IPPROTO_ICMP, tcp: IPPROTO_TCP };

export class Trace {
  readonly kernel: Kernel;
  readonly packet: Packet;
  readonly steps: OpenStep[] = [];
  readonly notes: Set<string> = new Set();
  /** The last routing decision of each namespace about each kind of packet. */
  private readonly routes: Map<Net, Map<Subject, RouteFound>> = new Map();
  readonly hooks: OpenHook[] = [];
  readonly asked: AskedFor[] = [];
  /** Packets that hosts have begun to send. */
  localOuts = 0;
  private readonly nodes: ReadonlyMap<Net, string>;
  private readonly started: number;

  constructor(kernel: Kernel, packet: Packet, nodes: ReadonlyMap<Net, string>) {
    this.kernel = kernel;
    this.packet = packet;
    this.nodes = nodes;
    this.started = kernel.clock.now();
  }

  add(net: Net, dev: NetDevice | null, kind: StepKind, subject: Subject, fn: string, text: string): OpenStep {
    const step: OpenStep = {
      timeNs: Math.floor(this.kernel.clock.now() - this.started),
      node: this.nodeOf(net),
      dev: dev?.name ?? null,
      kind,
      subject,
      function: fn,
      place: placeOf(fn),
      text,
    };
    this.steps.push(step);
    return step;
  }

  setRoute(net: Net, subject: Subject, found: RouteFound): void {
    const own = this.routes.get(net) ?? new Map<Subject, RouteFound>();
    this.routes.set(net, own.set(subject, found));
  }

  routeOf(net: Net, subject: Subject): RouteFound | null {
    return this.routes.get(net)?.get(subject) ?? null;
  }

  /** What a host is looking for a way for: there is no packet yet that could be asked. */
  sending(daddr: number): Subject {
    if (this.steps.at(-1)?.kind === 'icmp') return 'error';
    return daddr === this.packet.daddr ? 'packet' : 'reply';
  }

  nodeOf(net: Net): string {
    return this.nodes.get(net) ?? `netns ${net.inode}`;
  }

  /** Null: it has nothing to do with the packet. */
  subjectOf(skb: SkBuff): Subject | null {
    if (isArp(skb)) return 'arp';
    const ip = ipHeaderOf(skb);
    if (ip !== null) return this.subjectOfIp(ip);
    // Nobody else is sending: what cannot be read is the packet, damaged.
    return this.packet.iface !== null && skb.protocol === 0x0800 ? 'packet' : null;
  }

  subjectOfIp(ip: IpHeader): Subject | null {
    const { protocol, daddr, icmp } = this.packet;
    const same = ip.protocol === PROTOCOLS[protocol];
    if (same && ip.daddr === daddr && (ip.protocol !== IPPROTO_ICMP || ip.a < 0 || ip.a === icmp.type)) return 'packet';
    if (isIcmpError(ip)) return 'error';
    if (ip.saddr === daddr) return 'reply';
    // A hook may have given the packet another destination.
    return same ? 'packet' : null;
  }
}

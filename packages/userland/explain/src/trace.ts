/** What the observers write down while a packet is under way. */
import type { Kernel, Net, NetDevice, SkBuff } from '@skbuff/core';
import { IPPROTO_TCP, IPPROTO_UDP } from '@skbuff/uapi';
import { inetNtop } from '@skbuff/wire';
import { familyOf, readPacket } from './families.ts';
import type { Family } from './family.ts';
import type { IpHeader } from './headers.ts';
import type { Step, StepKind, Subject } from './model.ts';
import type { AskedFor } from './neighbour-door.ts';
import type { Packet } from './packet.ts';
import { placeOf } from './places.ts';

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

/** What a lookup of a route came to. */
export interface RouteFound {
  /** 0 or a negative errno. */
  readonly error: number;
  /** RTN_* of the route, or the error route; null: none matches. */
  readonly type: number | null;
  /** `table main`; empty without a route. */
  readonly table: string;
  /** `unreachable 10.66.0.0/16`; empty without a route. */
  readonly route: string;
  /** Number of the rule that decided, and its words; null: there are no rules of the user's. */
  readonly rule: string | null;
  /** Where answers to the source would go, if that was asked. */
  readonly wayBack: string | null;
}

export class Trace {
  readonly kernel: Kernel;
  readonly packet: Packet;
  /** Of the packet. */
  readonly family: Family;
  /** As text; null: the kernel chooses. */
  readonly saddr: string | null;
  readonly daddr: string;
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
    this.family = familyOf(packet.daddr.family);
    this.saddr = packet.saddr && inetNtop(packet.saddr.family, packet.saddr.bytes);
    this.daddr = inetNtop(packet.daddr.family, packet.daddr.bytes) ?? '';
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
  sending(daddr: string): Subject {
    if (this.steps.at(-1)?.kind === 'icmp') return 'error';
    return daddr === this.daddr ? 'packet' : 'reply';
  }

  nodeOf(net: Net): string {
    return this.nodes.get(net) ?? `netns ${net.inode}`;
  }

  /** Its protocol number. */
  protocol(): number {
    const { protocol } = this.packet;
    return protocol === 'icmp' ? this.family.icmp.protocol : protocol === 'tcp' ? IPPROTO_TCP : IPPROTO_UDP;
  }

  /** Null: no packet with an IP header, or one that cannot be read. */
  headerOf(skb: SkBuff): IpHeader | null {
    return readPacket(skb)?.ip ?? null;
  }

  /** Null: it has nothing to do with the packet. */
  subjectOf(skb: SkBuff): Subject | null {
    const read = readPacket(skb);
    if (read === null || read.family !== this.family) return null;
    if (read.housekeeping) return read.ip !== null && this.isAsked(read.ip) ? 'packet' : null;
    if (read.search !== null) return 'neighbour';
    if (read.ip !== null) return this.subjectOfIp(read.ip);
    // Nobody else is sending: what cannot be read is the packet, damaged.
    return this.packet.iface === null ? null : 'packet';
  }

  private subjectOfIp(ip: IpHeader): Subject | null {
    const { family, protocol, saddr, a } = ip;
    if (this.isAsked(ip)) return 'packet';
    if (protocol === family.icmp.protocol && family.icmp.isError(a)) return 'error';
    if (saddr === this.daddr || this.isAnswerToMany(ip)) return 'reply';
    // A hook may have given the packet another destination.
    return protocol === this.protocol() ? 'packet' : null;
  }

  /** Who is asked with others answers by an address of its own. */
  private isAnswerToMany({ family, protocol, a }: IpHeader): boolean {
    const { icmp } = family;
    return family.isMulticast(this.daddr) && protocol === icmp.protocol && a === icmp.types['echo-reply'] && this.packet.icmp.type === icmp.echo;
  }

  /** It looks as the packet does that is asked about. */
  private isAsked({ family, protocol, daddr, a }: IpHeader): boolean {
    return protocol === this.protocol() && daddr === this.daddr && (protocol !== family.icmp.protocol || a < 0 || a === this.packet.icmp.type);
  }
}

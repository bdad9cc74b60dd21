/** What differs between the network protocols of packets that are explained: a record for each. */
import type { Kernel, Net, NetDevice, SkBuff } from '@skbuff/core';
import type { Host } from '@skbuff/hosts';
import type { Neighbour } from '@skbuff/neighbour';
import type { SockAddr } from '@skbuff/sock';
import type { UdpSock } from '@skbuff/udp';
import type { DropContext, WhatAndFix } from './drop-words.ts';
import type { IpHeader, PacketRead } from './headers.ts';
import type { Packet } from './packet.ts';
import type { Trace } from './trace.ts';

export type HookPoint = readonly [hooknum: number, name: string, fn: string];
export type SocketOption = readonly [level: number, name: number, value: number | null];

/** A group that a socket has joined on an interface, and the sources from which alone (`include`), or from which not, it takes packets. */
export interface Membership {
  readonly group: Uint8Array;
  readonly ifindex: number;
  readonly include: boolean;
  readonly sources: readonly Uint8Array[];
}

export interface Family {
  /** AF_* */
  readonly family: number;
  /** ETH_P_* of its packets. */
  readonly ethType: number;
  /** Its headers have a checksum of their own. */
  readonly headerChecksum: boolean;
  /** Addresses may have a zone (`%eth0`). */
  readonly hasZones: boolean;
  /** How the field is called that every router lowers, and how in a line. */
  readonly hopLimit: { readonly name: string; readonly short: string };
  /** The command of its addresses and routes, where the word `default` does not say whose. */
  readonly ip: string;
  /** How the counters of UDP over it begin. */
  readonly udpMib: string;

  /** Null: a packet of somebody else's. */
  readonly read: (skb: SkBuff) => PacketRead | null;
  readonly icmp: IcmpFamily;
  readonly isMulticast: (addr: string) => boolean;
  /** The address of all hosts of a link; null: there is none. */
  readonly everybody: string | null;

  /** NFPROTO_* of its hooks, their points, and who calls them. */
  readonly pf: number;
  readonly points: readonly HookPoint[];
  /** All hooks that its plugins call: NFPROTO_* and the number of points. */
  readonly hooks: readonly (readonly [pf: number, points: number])[];
  /** The kernel's names of what it does. */
  readonly functions: FamilyFunctions;

  /** Each watches one of its doors (routing decisions, the errors that ICMP sends …) and returns the undo. A kernel without the family has none. */
  readonly watchers: readonly ((trace: Trace, nets: readonly Net[]) => () => void)[];
  /** Whom a packet with a route goes to on the link; null: to many, or it has no route. */
  readonly nexthop: (skb: SkBuff, ip: IpHeader) => string | null;
  readonly neighbour: (kernel: Kernel, dev: NetDevice, addr: string) => Neighbour | null;
  /** Who takes a packet that has arrived; null: nobody, and the drop that follows says so. */
  readonly taker: (net: Net, ip: IpHeader, dev: NetDevice) => readonly [fn: string, text: string] | null;

  /** Who drops for a reason; what is not here is told by the step before. */
  readonly droppers: Readonly<{ [reason: number]: string }>;
  /** Reasons for which a message of the search for a neighbour is freed that has done its work, or was for others. */
  readonly searchEnds: readonly number[];
  /** What a drop means where that depends on settings of the family; null: nothing that is not said of every packet. */
  readonly words: Readonly<{ [reason: number]: (context: DropContext) => WhatAndFix | null }>;
  /** Why a system call of the sender's was refused; null: for nothing that is of the family. */
  readonly refusal: (trace: Trace, from: Host, call: string, error: number) => WhatAndFix | null;
  /** What there is to be said of the words in which a packet was asked about. */
  readonly advice: (packet: Packet) => string | null;
  /** The socket option that joins a group. */
  readonly membership: string;

  /** What a socket is told of a packet that it is to send, beyond what every socket is. */
  readonly options: (packet: Packet) => readonly SocketOption[];
  /** The checksum of a message of the transport, whose own field is 0. */
  readonly checksum: (packet: Packet, protocol: number, message: Uint8Array) => number;
  /** The whole packet, as it comes from outside. */
  readonly datagram: (packet: Packet, protocol: number, message: Uint8Array) => Uint8Array;
  /** Own name of a socket and that of its peer; null: it has none. */
  readonly names: (sk: UdpSock) => readonly [own: SockAddr, peer: SockAddr | null];
  /** What a copy of the socket has to be told before it is bound. */
  readonly socketOptions: (sk: UdpSock) => readonly SocketOption[];
  /** The groups of the family that a socket of any has joined. */
  readonly memberships: (sk: UdpSock) => readonly Membership[];
  /** Settings with which a copy leaves alone the addresses and routes that it is given. */
  readonly still: readonly (readonly [path: string, value: string])[];
  /** What only the kernel makes or decides, whatever is requested: brought from one namespace to its copy, after the tables. */
  readonly copyStates: (devs: ReadonlyMap<NetDevice, NetDevice>, from: Net, to: Net) => void;
}

export interface IcmpFamily {
  readonly protocol: number;
  /** `ICMP`, `ICMPv6` */
  readonly name: string;
  /** Who says which errors must not be sent. */
  readonly rfc: string;
  /** Type of an echo request, and those that have a name in the words of a packet. */
  readonly echo: number;
  readonly types: Readonly<{ [name: string]: number }>;
  readonly isError: (type: number) => boolean;
  /** `time exceeded`, a message by its name. */
  readonly nameOf: (type: number, code: number) => string;
}

export interface FamilyFunctions {
  readonly sendUdp: string;
  readonly sendRaw: string;
  readonly receive: string;
  readonly search: string;
  /** Who drops what nobody on the link answered for. */
  readonly unanswered: string;
  readonly deliver: string;
  readonly forward: string;
  readonly fragment: string;
  readonly icmpSend: string;
}

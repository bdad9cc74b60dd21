/** What differs between the network protocols of packets that are explained: a record for each. */
import type { Kernel, Net, NetDevice, SkBuff } from '@skbuff/core';
import type { Neighbour } from '@skbuff/neighbour';
import type { SockAddr } from '@skbuff/sock';
import type { UdpSock } from '@skbuff/udp';
import type { DropContext, WhatAndFix } from './drop-words.ts';
import type { IpHeader, PacketRead } from './headers.ts';
import type { Packet } from './packet.ts';
import type { Trace } from './trace.ts';

export type HookPoint = readonly [hooknum: number, name: string, fn: string];
export type SocketOption = readonly [level: number, name: number, value: number | null];

export interface Family {
  /** AF_* */
  readonly family: number;
  /** ETH_P_* of its packets. */
  readonly ethType: number;

  /** Null: a packet of somebody else's. */
  readonly read: (skb: SkBuff) => PacketRead | null;
  /** `nameOf`: `time exceeded`, a message by its name. */
  readonly icmp: { readonly protocol: number; readonly isError: (type: number) => boolean; readonly nameOf: (type: number, code: number) => string };
  readonly isMulticast: (addr: string) => boolean;
  /** The address of all hosts of a link; null: there is none. */
  readonly everybody: string | null;

  /** NFPROTO_* of its hooks, their points, and who calls them. */
  readonly pf: number;
  readonly points: readonly HookPoint[];
  /** All hooks that its plugins call: NFPROTO_* and the number of points. */
  readonly hooks: readonly (readonly [pf: number, points: number])[];
  /** The kernel's names of what it does. */
  readonly functions: { readonly receive: string; readonly search: string; readonly deliver: string; readonly forward: string; readonly fragment: string };

  /** Watches every routing decision of the kernel. Returns the undo. */
  readonly watchRouting: (trace: Trace, nets: readonly Net[]) => () => void;
  /** Watches the errors that ICMP sends, or does not. Returns the undo. */
  readonly watchIcmp: (trace: Trace) => () => void;
  /** Whom a packet with a route goes to on the link; null: to many, or it has no route. */
  readonly nexthop: (skb: SkBuff, ip: IpHeader) => string | null;
  readonly neighbour: (kernel: Kernel, dev: NetDevice, addr: string) => Neighbour | null;
  /** Who takes a packet that has arrived; null: nobody, and the drop that follows says so. */
  readonly taker: (net: Net, ip: IpHeader, dev: NetDevice) => readonly [fn: string, text: string] | null;

  /** Who drops for a reason; what is not here is told by the step before. */
  readonly droppers: Readonly<{ [reason: number]: string }>;
  /** What a drop means where that depends on settings of the family; null: nothing that is not said of every packet. */
  readonly words: Readonly<{ [reason: number]: (context: DropContext) => WhatAndFix | null }>;
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
}

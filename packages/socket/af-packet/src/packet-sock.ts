/** `struct packet_sock`, and the packet sockets of a namespace. */
import { NetSlot, type NetDevice, type PacketType } from '@skbuff/core';
import { Sock } from '@skbuff/sock';
import { TPACKET_V1 } from '@skbuff/uapi';
import type { PacketFanout } from './fanout.ts';

/** One membership of a socket (`struct packet_mclist`), counted. */
export interface PacketMclist {
  readonly ifindex: number;
  /** PACKET_MR_* */
  readonly type: number;
  readonly addr: Uint8Array;
  count: number;
}

/** The socket's place among the receivers of frames. */
export interface PacketHook extends PacketType {
  readonly sk: PacketSock;
}

export class PacketSock extends Sock {
  /** EtherType in host order that it receives; 0: nothing. */
  num = 0;
  /** The device it is bound to: 0: none, -1: that device is gone. */
  ifindex = 0;
  dev: NetDevice | null = null;
  /** Registered, and therefore running; null: not. */
  hook: PacketHook | null = null;
  running = false;
  auxdata = false;
  origdev = false;
  /** Bytes of `struct virtio_net_hdr` in front of every frame: 0, 10 or 12. */
  vnetHdrSz = 0;
  ignoreOutgoing = false;
  qdiscBypass = false;
  /** What concerns rings only is kept, since it may be asked for. */
  tpVersion: number = TPACKET_V1;
  tpReserve = 0;
  tpLoss = 0;
  tpTstamp = 0;
  tpTxHasOff = 0;
  copyThresh = 0;
  /** Frames queued and lost since the statistics were read last. */
  tpPackets = 0;
  tpDrops = 0;
  mclist: PacketMclist[] = [];
  fanout: PacketFanout | null = null;
  /** Rollover: the socket that took a frame of ours last, and how often one did, and none did; null: not asked for. */
  rollover: { sock: number; num: number; failed: number } | null = null;
}

/** The packet sockets and fanout groups of a namespace. */
export class PacketNet {
  /** In the order in which they were made. */
  socks: PacketSock[] = [];
  fanouts: PacketFanout[] = [];
  /** Where the search for a free group number goes on. */
  fanoutNextId = 0;
  undo: () => void = () => {};
}

export const packetNet: NetSlot<PacketNet> = new NetSlot<PacketNet>('packet');

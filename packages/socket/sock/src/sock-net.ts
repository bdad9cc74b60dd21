/** What the socket layer keeps for the kernel and for each namespace. */
import { type Net, NetSlot, type Token, token } from '@skbuff/core';
import { namespacesOf, userNsOf } from '@skbuff/namespaces';
import { CAP_NET_ADMIN, CAP_NET_RAW, EEXIST } from '@skbuff/uapi';
import { iovGather } from './msghdr.ts';
import type { NetProtoFamily, Proto, ProtoOps } from './proto.ts';
import { OPTMEM_MAX, SK_MEM_DEFAULT, SK_MEM_MAX, SOMAXCONN } from './sock-limits.ts';
import type { Task } from './task.ts';
import { TimeSlice } from './time-slice.ts';

/** First inode number of a socket. */
const FIRST_SOCKET_INODE = 10000;

/** The socket layer of one kernel. */
export class SocketLayer {
  /** `net_families`, by number. */
  readonly families: (NetProtoFamily | null)[] = [];
  /** `inet_dgram_ops.ioctl`, to which other families pass requests about addresses and routes; null without IPv4. */
  inetIoctl: ((net: Net, request: number, arg: Uint8Array) => number) | null = null;
  /** `proto_list`. */
  readonly protos: Proto[] = [];
  /** Tasks that have not exited. */
  readonly tasks: Set<Task> = new Set();
  /** Sockets that are not freed, for the leak check. */
  liveSocks = 0;
  /** The task whose system call runs (`current`); null in the stack itself. */
  current: Task | null = null;
  /** Whom {@link Task.enter} acts for right now: unlike `current`, which stays when a call is over, null for what the program itself does. */
  entered: Task | null = null;
  /** Of all tasks together. */
  readonly slice: TimeSlice = new TimeSlice();
  /** net.core.* */
  rmemDefault: number = SK_MEM_DEFAULT;
  wmemDefault: number = SK_MEM_DEFAULT;
  /** net.core.busy_read: microseconds of SO_BUSY_POLL of new sockets; net.core.busy_poll: not 0, poll(2) polls the devices too. */
  busyRead = 0;
  busyPoll = 0;
  /** net.core.rps_sock_flow_entries is not 0. */
  rfs = false;
  /** Operations that record the flow, with those that they stand for. */
  readonly rfsOps: Map<ProtoOps, ProtoOps> = new Map();
  rmemMax: number = SK_MEM_MAX;
  wmemMax: number = SK_MEM_MAX;
  /** Where the parts of a message that is in several are put together. */
  gather: Uint8Array = new Uint8Array(0);
  private inode = FIRST_SOCKET_INODE;

  /** `sock_register`: returns the undo, or -EEXIST. */
  registerFamily(family: NetProtoFamily): (() => void) | number {
    if (this.families[family.family] !== undefined && this.families[family.family] !== null) return -EEXIST;
    this.families[family.family] = family;
    return () => {
      this.families[family.family] = null;
    };
  }

  /** `proto_register`: makes a protocol known to /proc/net/protocols. Returns the undo, or -EEXIST. */
  registerProto(prot: Proto): (() => void) | number {
    if (this.protos.some((other) => other.name === prot.name)) return -EEXIST;
    this.protos.push(prot);
    return () => void this.protos.splice(this.protos.indexOf(prot), 1);
  }

  nextInode(): number {
    return this.inode++;
  }

  /** `current_uid`: 0 in the stack itself. */
  currentUid(): number {
    return this.current === null ? 0 : this.current.cred.uid;
  }

  /** `capable` of the calling task: over everything, not just over namespaces of its own. The stack itself may do anything. */
  capable(cap: number): boolean {
    const task = this.current;
    return task === null || task.cred.nsCapable(namespacesOf(task.kernel.initNet).initUserNs, cap);
  }

  /** `ns_capable` over a network namespace: that of the socket, which need not be the one that the calling task is in. */
  nsCapable(net: Net, cap: number): boolean {
    return this.current === null || this.current.cred.nsCapable(userNsOf(net), cap);
  }

  /** CAP_NET_RAW or CAP_NET_ADMIN: who may set marks, priorities above those of users, and foreign addresses. */
  maySetMark(net: Net): boolean {
    return this.nsCapable(net, CAP_NET_RAW) || this.nsCapable(net, CAP_NET_ADMIN);
  }
}

/** The service under which families and protocols find the layer. */
export const SOCKET_LAYER: Token<SocketLayer> = token<SocketLayer>('SOCKET_LAYER');

/** The socket layer's settings of one namespace. */
export class SockNet {
  readonly layer: SocketLayer;
  /** net.core.optmem_max */
  optmemMax: number = OPTMEM_MAX;
  /** net.core.tstamp_allow_data: who may not read the wire gets its own packets back with their stamps. */
  tstampAllowData = 1;
  /** net.core.somaxconn */
  somaxconn: number = SOMAXCONN;
  /** `sock_inuse_get`: sockets of the namespace that tasks made. */
  sockets = 0;
  /** Those of each protocol that packets can reach (`hash`), for /proc/net/protocols and sockstat. */
  readonly inuse: Map<Proto, number> = new Map();
  /** Take back what the namespace registered. */
  undos: (() => void)[] = [];

  constructor(layer: SocketLayer) {
    this.layer = layer;
  }

  /** `sock_prot_inuse_add`. */
  inuseAdd(prot: Proto, by: number): void {
    this.inuse.set(prot, (this.inuse.get(prot) ?? 0) + by);
  }
}

export const sockNet: NetSlot<SockNet> = new NetSlot<SockNet>('sock');

/** The bytes of a message in one piece: the part itself if there is one, else a copy that is good until the next call. */
export function msgPayload(layer: SocketLayer, iov: readonly Uint8Array[], len: number): Uint8Array {
  if (iov.length === 1) return iov[0] as Uint8Array;
  if (layer.gather.length < len) layer.gather = new Uint8Array(Math.max(len, 4096));
  iovGather(iov, layer.gather);
  return layer.gather;
}

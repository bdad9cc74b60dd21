/**
 * Who can talk to whom (net/netlink/af_netlink.c): per namespace and protocol one kernel side and the ports of user space,
 * unicast by port id, multicast by group.
 */
import type { Net } from '@skbuff/core';
import { EAGAIN, ECONNREFUSED, EADDRINUSE, ENOBUFS, ESRCH, MAX_LINKS, NETLINK_USERSOCK, NLM_F_ECHO } from '@skbuff/uapi';
import { type NetlinkDatagram, netlinkDatagram } from './netlink-datagram.ts';
import type { NetlinkPort } from './netlink-port.ts';
import type { NlMsgHdr } from './nlmsg.ts';

// netlink_kernel_cfg.flags
/** A port without CAP_NET_ADMIN may join groups. */
export const NL_CFG_F_NONROOT_RECV = 1;
/** A port without CAP_NET_ADMIN may send to groups and to other ports. */
export const NL_CFG_F_NONROOT_SEND = 2;

/** What arrives at a kernel side: one buffer, with one or more messages, from one port. `buf` is the sender's: copy what you keep. */
export interface NetlinkSkb {
  readonly net: Net;
  readonly proto: NetlinkProto;
  /** The sender. */
  readonly port: NetlinkPort;
  readonly portid: number;
  readonly buf: Uint8Array;
}

/** `struct netlink_kernel_cfg`; every member is optional. */
export interface NetlinkKernelCfg {
  /** Number of multicast groups; at least 32. */
  readonly groups?: number;
  readonly flags?: number;
  /** Receives what user space sends. Without it a send to the kernel fails with ECONNREFUSED. */
  readonly input?: (skb: NetlinkSkb) => void;
  /** Asked when a port joins a group: 0 or a negative errno. */
  readonly bind?: (net: Net, group: number) => number;
  readonly unbind?: (net: Net, group: number) => void;
  /** Told when a port closes. */
  readonly release?: (port: NetlinkPort) => void;
}

/** One protocol in one namespace (`struct netlink_table`, and the kernel's own socket on it). */
export class NetlinkProto {
  readonly net: Net;
  readonly unit: number;
  readonly cfg: NetlinkKernelCfg;
  readonly groups: number;
  readonly ports: Map<number, NetlinkPort> = new Map();
  /** Ports with a subscription; replaced, never changed, so that a receiver may close while a broadcast walks it. */
  private members: readonly NetlinkPort[] = [];
  /** How many ports have joined each group. */
  private readonly listeners: Uint32Array;
  private rover = -4097;

  constructor(net: Net, unit: number, cfg: NetlinkKernelCfg) {
    this.net = net;
    this.unit = unit;
    this.cfg = cfg;
    this.groups = Math.max(cfg.groups ?? 0, 32);
    this.listeners = new Uint32Array(this.groups + 1);
  }

  /** Whether the kernel itself is at port 0. */
  get kernelSide(): boolean {
    return this.unit !== NETLINK_USERSOCK;
  }

  hasFlag(flag: number): boolean {
    return ((this.cfg.flags ?? 0) & flag) !== 0;
  }

  /** `netlink_insert`: takes a port id, unique in protocol and namespace. */
  insert(port: NetlinkPort, portid: number): number {
    if (this.ports.has(portid)) return -EADDRINUSE;
    this.ports.set(portid, port);
    return 0;
  }

  /** `netlink_autobind`: the caller's process id, or if that is taken a free number from 0xffffefff downwards. */
  autobindId(pid: number): number {
    if (pid !== 0 && !this.ports.has(pid)) return pid;
    while (this.ports.has(this.rover >>> 0)) this.rover--;
    return this.rover-- >>> 0;
  }

  /** Frees the port id of a port that has left its groups. */
  remove(port: NetlinkPort): void {
    if (this.ports.get(port.portid) === port) this.ports.delete(port.portid);
  }

  /** Keeps the books when a port joins (+1) or leaves (-1) a group. */
  count(port: NetlinkPort, group: number, by: number): void {
    this.listeners[group] += by;
    if (by > 0 && !this.members.includes(port)) this.members = [...this.members, port];
    if (by < 0 && port.subscriptions === 0) this.members = this.members.filter((p) => p !== port);
  }

  /** `netlink_has_listeners`: whether building a notification is worth the while. */
  hasListeners(group: number): boolean {
    return group <= this.groups && this.listeners[group] > 0;
  }

  /**
   * `netlink_unicast` from the kernel: queues `data`, which must not change afterwards. Returns its length, `-ECONNREFUSED`
   * without such a port, `-EAGAIN` when its buffer is full (the port then reports ENOBUFS).
   */
  unicast(data: Uint8Array, portid: number): number {
    return this.deliverTo(netlinkDatagram(data, 0, 0), portid);
  }

  /** Queues a datagram of any sender at one port. */
  deliverTo(dgram: NetlinkDatagram, portid: number): number {
    const port = this.ports.get(portid);
    if (port === undefined || !port.accepts(dgram.portid)) return -ECONNREFUSED;
    return port.enqueue(dgram) ? dgram.data.length : -EAGAIN;
  }

  /**
   * `netlink_broadcast`: one datagram to every member of a group but `excludePortid` (0 = nobody) and the sender. Returns 0,
   * `-ESRCH` when nobody got it, `-ENOBUFS` when a port that asked to have its losses told (NETLINK_BROADCAST_ERROR) lost it.
   */
  broadcast(data: Uint8Array, group: number, excludePortid: number = 0, sender: NetlinkPort | null = null): number {
    if (!this.hasListeners(group)) return -ESRCH;
    const dgram = netlinkDatagram(data, sender === null ? 0 : sender.portid, group);
    let delivered = false;
    let failed = false;
    for (const port of this.members) {
      if (port === sender || (excludePortid !== 0 && port.portid === excludePortid) || !port.isMember(group)) continue;
      if (port.enqueue(dgram)) delivered = true;
      else failed = failed || port.broadcastError;
    }
    if (failed) return -ENOBUFS;
    return delivered ? 0 : -ESRCH;
  }

  /** `netlink_set_err`: the members of a group find `err` (positive) at their next receive. Returns how many asked not to. */
  setErr(portid: number, group: number, err: number): number {
    let spared = 0;
    for (const port of this.members) {
      if ((portid !== 0 && port.portid === portid) || !port.isMember(group)) continue;
      if (err === ENOBUFS && port.noEnobufs) spared++;
      else port.setError(err);
    }
    return spared;
  }

  /**
   * `nlmsg_notify`: to a group (0 = none), and when `report` is set also to the requester, who then gets it once only.
   * `data` must not change afterwards. Returns 0 or a negative errno; nobody listening is not an error.
   */
  notify(data: Uint8Array, portid: number, group: number, report: boolean): number {
    let err = 0;
    if (group !== 0) {
      err = this.broadcast(data, group, report ? portid : 0);
      if (err === -ESRCH) err = 0;
    }
    if (!report) return err;
    const sent = this.unicast(data, portid);
    return err === 0 && sent < 0 ? sent : err;
  }

  close(): void {
    for (const port of [...this.ports.values()]) port.close();
  }
}

/** `nlmsg_report`: whether the sender of a request wants to see the notification that it causes. */
export function nlmsgReport(nlh: NlMsgHdr | null): boolean {
  return nlh !== null && (nlh.flags & NLM_F_ECHO) !== 0;
}

/** The netlink protocols of one namespace. */
export class NetlinkNet {
  readonly net: Net;
  private readonly protos: (NetlinkProto | null)[] = [];

  constructor(net: Net) {
    this.net = net;
    for (let i = 0; i < MAX_LINKS; i++) this.protos.push(null);
    this.protos[NETLINK_USERSOCK] = new NetlinkProto(net, NETLINK_USERSOCK, { flags: NL_CFG_F_NONROOT_SEND });
  }

  /**
   * `netlink_kernel_create`: makes the kernel side of a protocol, or null when the number is out of range or in use.
   * From now on ports can be opened on it.
   */
  kernelCreate(unit: number, cfg: NetlinkKernelCfg): NetlinkProto | null {
    if (unit < 0 || unit >= MAX_LINKS || this.protos[unit] !== null) return null;
    const proto = new NetlinkProto(this.net, unit, cfg);
    this.protos[unit] = proto;
    return proto;
  }

  /** `netlink_kernel_release`: closes every port, then forgets the protocol. */
  kernelRelease(proto: NetlinkProto): void {
    if (this.protos[proto.unit] !== proto) return;
    proto.close();
    this.protos[proto.unit] = null;
  }

  get(unit: number): NetlinkProto | null {
    return this.protos[unit] ?? null;
  }

  /** The protocols that exist, by number. */
  all(): NetlinkProto[] {
    return this.protos.filter((p) => p !== null);
  }

  close(): void {
    for (const proto of this.all()) proto.close();
  }
}

/** Fanout groups (PACKET_FANOUT): several sockets share what one would receive, each frame for one of them. */
import { type NetDevice, type PacketType, type SkBuff, type SkbSock, reciprocalScale, skbGetHash } from '@skbuff/core';
import { type SkFilter, SOCK_FILTER_LOCKED, skFilterOf } from '@skbuff/sock';
import {
  EALREADY,
  EINVAL,
  ENOMEM,
  ENOSPC,
  EPERM,
  PACKET_FANOUT_CBPF,
  PACKET_FANOUT_CPU,
  PACKET_FANOUT_EBPF,
  PACKET_FANOUT_FLAG_DEFRAG,
  PACKET_FANOUT_FLAG_IGNORE_OUTGOING,
  PACKET_FANOUT_FLAG_ROLLOVER,
  PACKET_FANOUT_FLAG_UNIQUEID,
  PACKET_FANOUT_HASH,
  PACKET_FANOUT_LB,
  PACKET_FANOUT_QM,
  PACKET_FANOUT_RND,
  PACKET_FANOUT_ROLLOVER,
} from '@skbuff/uapi';
import { le32 } from '@skbuff/wire';
import { packetRcvSock } from './packet-rcv.ts';
import { type PacketSock, packetNet } from './packet-sock.ts';

const FANOUT_MAX = 1 << 16;
const FANOUT_MAX_DEFAULT = 256;
/** A socket is roomy while this part of its buffer is free: 1 / 2². */
const ROOM_POW_OFF = 2;

/** `struct packet_fanout`. */
export class PacketFanout implements PacketType {
  readonly type: number;
  readonly dev: NetDevice | null;
  readonly net: PacketSock['net'];
  readonly ignoreOutgoing: boolean;
  readonly func: PacketType['func'] = packetRcvFanout;
  readonly listFunc: PacketType['listFunc'] = null;
  /** What one of the group sends, none of them hears. */
  readonly idMatch = (sk: SkbSock): boolean => (sk as Partial<PacketSock>).fanout === this;
  readonly id: number;
  /** PACKET_FANOUT_* */
  readonly mode: number;
  readonly flags: number;
  readonly maxMembers: number;
  /** All its sockets, and those that run. */
  members = 0;
  arr: PacketSock[] = [];
  /** PACKET_FANOUT_LB: frames so far. */
  rr = 0;
  /** PACKET_FANOUT_CBPF: chooses; null: the first. */
  prog: SkFilter | null = null;

  constructor(first: PacketSock, id: number, mode: number, flags: number, maxMembers: number, ignoreOutgoing: boolean) {
    this.type = first.num;
    this.dev = first.dev;
    this.net = first.net;
    this.ignoreOutgoing = ignoreOutgoing;
    this.id = id;
    this.mode = mode;
    this.flags = flags;
    this.maxMembers = maxMembers;
  }
}

/** `fanout_add`: `struct fanout_args` or its first four bytes: id (2), type and flags (2), largest number of members (4). */
export function fanoutAdd(po: PacketSock, value: Uint8Array): number {
  const typeFlags = (value[2] as number) | ((value[3] as number) << 8);
  const mode = typeFlags & 0xff;
  let id = (value[0] as number) | ((value[1] as number) << 8);
  const max = value.length >= 8 ? le32(value, 4) : 0;
  const rolls = mode === PACKET_FANOUT_ROLLOVER;
  if (mode > PACKET_FANOUT_EBPF || (rolls && (typeFlags & PACKET_FANOUT_FLAG_ROLLOVER) !== 0)) return -EINVAL;
  // Fragments are not put together here, and extended BPF is not spoken.
  if (mode === PACKET_FANOUT_EBPF || (typeFlags & PACKET_FANOUT_FLAG_DEFRAG) !== 0) return -EINVAL;
  if (po.fanout !== null) return -EALREADY;
  const state = packetNet.of(po.net);
  if ((typeFlags & PACKET_FANOUT_FLAG_UNIQUEID) !== 0) {
    if (id !== 0) return -EINVAL;
    id = newId(po);
    if (id < 0) return id;
  }
  const flags = (typeFlags & ~PACKET_FANOUT_FLAG_UNIQUEID) >>> 8;
  let group = state.fanouts.find((other) => other.id === id) ?? null;
  if (group !== null && (group.flags !== flags || (max !== 0 && max !== group.maxMembers))) return -EINVAL;
  if (max > FANOUT_MAX || po.num === 0) return -EINVAL;
  group ??= new PacketFanout(po, id, mode, flags, max === 0 ? FANOUT_MAX_DEFAULT : max, (typeFlags & PACKET_FANOUT_FLAG_IGNORE_OUTGOING) !== 0);
  if (group.mode !== mode || group.type !== po.num || group.dev !== po.dev) return -EINVAL;
  if (group.members >= group.maxMembers) return -ENOSPC;
  if (rolls || (typeFlags & PACKET_FANOUT_FLAG_ROLLOVER) !== 0) po.rollover = { sock: 0, num: 0, failed: 0 };
  join(group, po);
  return 0;
}

function join(group: PacketFanout, po: PacketSock): void {
  const state = packetNet.of(po.net);
  if (po.hook !== null) po.net.softnet.removePack(po.hook);
  po.hook = null;
  if (!state.fanouts.includes(group)) state.fanouts.push(group);
  group.members++;
  po.fanout = group;
  // One that waits for its device is linked when that comes up.
  if (po.running) fanoutLink(group, po);
}

/** `fanout_find_new_id`: one that no group of the namespace has. */
function newId(po: PacketSock): number {
  const state = packetNet.of(po.net);
  for (let tries = 0; tries <= 0xffff; tries++) {
    const id = state.fanoutNextId;
    state.fanoutNextId = (id + 1) & 0xffff;
    if (!state.fanouts.some((other) => other.id === id)) return id;
  }
  return -ENOMEM;
}

/** `__fanout_link`: the socket gets its share from now on. */
export function fanoutLink(group: PacketFanout, po: PacketSock): void {
  group.arr = [...group.arr, po];
  if (group.arr.length === 1) group.net.softnet.addPack(group);
}

/** `__fanout_unlink`: the last of the sockets takes the place of one that goes. */
export function fanoutUnlink(group: PacketFanout, po: PacketSock): void {
  const at = group.arr.indexOf(po);
  if (at < 0) return;
  const rest = [...group.arr];
  const last = rest.pop() as PacketSock;
  if (at < rest.length) rest[at] = last;
  group.arr = rest;
  if (rest.length === 0) group.net.softnet.removePack(group);
}

/** `fanout_release`: the socket is closed; the group goes with the last. */
export function fanoutRelease(po: PacketSock): void {
  const group = po.fanout;
  if (group === null) return;
  po.fanout = null;
  if (--group.members > 0) return;
  const state = packetNet.of(po.net);
  state.fanouts = state.fanouts.filter((other) => other !== group);
}

/** PACKET_FANOUT_DATA: the program that chooses, as the value of SO_ATTACH_FILTER. 0, -EINVAL, -EPERM. */
export function fanoutSetData(po: PacketSock, value: Uint8Array): number {
  const group = po.fanout;
  if (group === null || group.mode !== PACKET_FANOUT_CBPF) return -EINVAL;
  if (po.flag(SOCK_FILTER_LOCKED)) return -EPERM;
  const prog = skFilterOf(po, value);
  if (typeof prog === 'number') return prog;
  group.prog = prog;
  return 0;
}

/** What getsockopt(2) of PACKET_FANOUT says. */
export function fanoutNumber(po: PacketSock): number {
  const group = po.fanout;
  return group === null ? 0 : group.id | (group.mode << 16) | (group.flags << 24);
}

/** `packet_rcv_fanout`. */
function packetRcvFanout(skb: SkBuff, dev: NetDevice, pt: PacketType, origDev: NetDevice): number {
  const group = pt as PacketFanout;
  const num = group.arr.length;
  if (num === 0 || dev.net !== group.net) {
    skb.consume();
    return 0;
  }
  let at = demux(group, skb, num);
  if (group.mode === PACKET_FANOUT_ROLLOVER) at = rollover(group, skb, 0, false);
  else if ((group.flags & (PACKET_FANOUT_FLAG_ROLLOVER >>> 8)) !== 0) at = rollover(group, skb, at, true);
  return packetRcvSock(group.arr[at] as PacketSock, skb, dev, origDev);
}

/** Which socket a frame is for. */
function demux(group: PacketFanout, skb: SkBuff, num: number): number {
  switch (group.mode) {
    case PACKET_FANOUT_HASH:
      return reciprocalScale(skbGetHash(skb), num);
    case PACKET_FANOUT_LB:
      group.rr = (group.rr + 1) >>> 0;
      return group.rr % num;
    case PACKET_FANOUT_CPU:
      return group.net.softnet.cpu % num;
    case PACKET_FANOUT_RND:
      return group.net.kernel.random.below(num);
    case PACKET_FANOUT_QM:
      return skb.queueMapping % num;
    case PACKET_FANOUT_CBPF:
      return group.prog === null ? 0 : group.prog(skb) % num;
    default:
      return 0;
  }
}

/** `fanout_demux_rollover`: the next socket with room, if this one has none; a flow too large for one is not looked for. */
function rollover(group: PacketFanout, skb: SkBuff, at: number, trySelf: boolean): number {
  const po = group.arr[at] as PacketSock;
  if (trySelf && room(po, skb) > 0) return at;
  const state = po.rollover;
  if (state === null) return at;
  const num = group.arr.length;
  const from = Math.min(state.sock, num - 1);
  for (let tried = 0; tried < num; tried++) {
    const i = (from + tried) % num;
    const next = group.arr[i] as PacketSock;
    if ((trySelf && next === po) || room(next, skb) <= next.rcvbuf >> ROOM_POW_OFF) continue;
    state.sock = i;
    state.num++;
    return i;
  }
  state.failed++;
  return at;
}

/** `packet_rcv_has_room`: bytes left once it has this frame. */
function room(po: PacketSock, skb: SkBuff): number {
  return po.rcvbuf - po.rmemAlloc - skb.truesize;
}

/**
 * NETLINK_ROUTE (net/core/rtnetlink.c): who handles which message of which family, under one lock. The handlers themselves
 * are registered by the subsystems that own the links, addresses, routes, neighbours, rules.
 */
import type { Net } from '@skbuff/core';
import {
  CAP_NET_ADMIN,
  ENOENT,
  EOPNOTSUPP,
  EPERM,
  NLM_F_BULK,
  NLM_F_DUMP,
  PF_PACKET,
  PF_UNSPEC,
  RTM_BASE,
  RTM_MAX,
  RTM_NR_MSGTYPES,
  RTNL_FAMILY_MAX,
} from '@skbuff/uapi';
import type { NetlinkExtAck } from './extack.ts';
import { type NetlinkCallback, type NetlinkDumpFn, netlinkDumpStart } from './netlink-dump.ts';
import { netlinkRcvSkb } from './netlink-rcv.ts';
import type { NetlinkSkb } from './netlink-table.ts';
import { type NlMsgHdr, nlmsgTotalSize } from './nlmsg.ts';
import type { NlMsgBuilder } from './nlmsg-builder.ts';
import type { RtnlAfOps } from './rtnl-af-ops.ts';
import { RtGenMsg } from './structs.ts';

/** Changes or shows one object. Returns 0 or a negative errno, and may say why in `extack`. */
export type RtnlDoitFn = (skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck) => number;
export type RtnlDumpitFn = NetlinkDumpFn;

// What rtnl_register is told about a handler.
/** A DEL handler that understands NLM_F_BULK. */
export const RTNL_FLAG_BULK_DEL_SUPPORTED = 2;
/** NLMSG_DONE comes in a buffer of its own, as old programs expect of this dump. */
export const RTNL_FLAG_DUMP_SPLIT_NLM_DONE = 8;

/** Kinds of message: the low two bits of the type. */
const RTNL_KIND_DEL = 1;
const RTNL_KIND_GET = 2;

interface RtnlLink {
  readonly doit: RtnlDoitFn | null;
  readonly dumpit: RtnlDumpitFn | null;
  readonly flags: number;
  /** Size of the largest single message of a dump, when that may exceed 3776 bytes. */
  readonly calcit: ((net: Net) => number) | null;
}

/** The table of handlers and the RTNL lock: one per kernel, for all its namespaces. */
export class Rtnetlink {
  /** `rtnl_af_ops`, in the order of their registration. */
  readonly afOps: RtnlAfOps[] = [];
  private readonly handlers: (RtnlLink | null)[][] = [];
  private depth = 0;
  private readonly waiting: NetlinkSkb[] = [];

  /**
   * `rtnl_register`: handlers of `msgtype` (RTM_*) for a protocol family; PF_UNSPEC serves every family that has none of its
   * own. A null leaves what is registered.
   */
  register(
    protocol: number,
    msgtype: number,
    doit: RtnlDoitFn | null,
    dumpit: RtnlDumpitFn | null,
    flags: number = 0,
    calcit: ((net: Net) => number) | null = null,
  ): void {
    const table = (this.handlers[protocol] ??= new Array<RtnlLink | null>(RTM_NR_MSGTYPES).fill(null));
    const old = table[msgtype - RTM_BASE];
    table[msgtype - RTM_BASE] = {
      doit: doit ?? old?.doit ?? null,
      dumpit: dumpit ?? old?.dumpit ?? null,
      flags: flags | (old?.flags ?? 0),
      calcit: calcit ?? old?.calcit ?? null,
    };
  }

  /** `rtnl_unregister`: 0, or `-ENOENT` when there was nothing. */
  unregister(protocol: number, msgtype: number): number {
    const table = this.handlers[protocol];
    if (table === undefined || table[msgtype - RTM_BASE] === null) return -ENOENT;
    table[msgtype - RTM_BASE] = null;
    return 0;
  }

  /** `rtnl_dump_all`: asks one family after the other, for a request that names none. Registered for PF_UNSPEC. */
  dumpAll(part: NlMsgBuilder, cb: NetlinkCallback): number {
    let ret = 0;
    for (; cb.family <= RTNL_FAMILY_MAX; cb.family++) {
      const dumpit = cb.family === PF_UNSPEC || cb.family === PF_PACKET ? null : (this.handlers[cb.family]?.[cb.nlh.type - RTM_BASE]?.dumpit ?? null);
      if (dumpit === null) continue;
      ret = dumpit(part, cb);
      if (ret !== 0) break;
      cb.restart();
    }
    return part.len > 0 ? part.len : ret;
  }

  /** `rtnl_lock`. One thread: a depth, so that what runs under it may take it again. */
  lock(): void {
    this.depth++;
  }

  /** `rtnl_unlock`: the last one lets in what user space sent meanwhile. */
  unlock(): void {
    this.depth--;
    while (this.depth === 0 && this.waiting.length > 0) this.rcv(this.waiting.shift() as NetlinkSkb);
  }

  /** `rtnl_is_locked`. */
  isLocked(): boolean {
    return this.depth > 0;
  }

  /** `rtnetlink_rcv`: what arrives at the kernel's socket. Sent from inside a handler, it waits for the lock. */
  rcv(skb: NetlinkSkb): void {
    if (this.depth > 0) {
      this.waiting.push({ ...skb, buf: skb.buf.slice() });
      return;
    }
    netlinkRcvSkb(skb, (s, nlh, extack) => this.rcvMsg(s, nlh, extack));
  }

  /** `rtnetlink_rcv_msg`. */
  private rcvMsg(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
    if (nlh.type > RTM_MAX) return -EOPNOTSUPP;
    if (nlh.dataLen < RtGenMsg.LEN) return 0;
    const kind = nlh.type & 3;
    if (kind !== RTNL_KIND_GET && !skb.port.capable(CAP_NET_ADMIN)) return -EPERM;
    const family = nlh.buf[nlh.data];
    this.lock();
    const dump = kind === RTNL_KIND_GET && (nlh.flags & NLM_F_DUMP) !== 0;
    const err = dump ? this.dumpMsg(skb, nlh, family) : this.doMsg(skb, nlh, family, kind, extack);
    this.unlock();
    return err;
  }

  private dumpMsg(skb: NetlinkSkb, nlh: NlMsgHdr, family: number): number {
    const link = this.find(family, nlh.type, 'dumpit');
    const dumpit = link?.dumpit ?? null;
    if (link === null || dumpit === null) return -EOPNOTSUPP;
    const split = (link.flags & RTNL_FLAG_DUMP_SPLIT_NLM_DONE) !== 0;
    const dump: NetlinkDumpFn = (part, cb) => {
      this.lock();
      const err = dumpit(part, cb);
      this.unlock();
      return split && err === 0 ? part.len : err;
    };
    return netlinkDumpStart(skb, nlh, { dump, minDumpAlloc: link.calcit === null ? 0 : nlmsgTotalSize(link.calcit(skb.net)) });
  }

  private doMsg(skb: NetlinkSkb, nlh: NlMsgHdr, family: number, kind: number, extack: NetlinkExtAck): number {
    const link = this.find(family, nlh.type, 'doit');
    const doit = link?.doit ?? null;
    if (link === null || doit === null) return -EOPNOTSUPP;
    const bulk = kind === RTNL_KIND_DEL && (nlh.flags & NLM_F_BULK) !== 0;
    if (bulk && (link.flags & RTNL_FLAG_BULK_DEL_SUPPORTED) === 0) {
      extack.setErrMsg('Bulk delete is not supported');
      return -EOPNOTSUPP;
    }
    return doit(skb, nlh, extack);
  }

  /** The family's own entry if it has such a handler, else that of PF_UNSPEC. */
  private find(family: number, type: number, member: 'doit' | 'dumpit'): RtnlLink | null {
    const own = family <= RTNL_FAMILY_MAX ? (this.handlers[family]?.[type - RTM_BASE] ?? null) : null;
    if (own !== null && own[member] !== null) return own;
    return this.handlers[PF_UNSPEC]?.[type - RTM_BASE] ?? null;
  }
}

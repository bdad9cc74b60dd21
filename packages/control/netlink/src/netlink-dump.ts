/**
 * Dumps (`netlink_dump_start`, `netlink_dump`): a table told in parts, each made when the reader has room for it.
 *
 *     request ─► part ─► part ─► … ─► NLMSG_DONE        every message carries NLM_F_MULTI and the request's seq
 */
import {
  EBUSY,
  EINTR,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NLMSG_DONE,
  NLM_F_ACK_TLVS,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
} from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import { NetlinkExtAck } from './extack.ts';
import { putExtAckTlvs } from './netlink-ack.ts';
import { netlinkDatagram } from './netlink-datagram.ts';
import type { NetlinkPort } from './netlink-port.ts';
import type { NetlinkSkb } from './netlink-table.ts';
import { NlMsgHdr, nlmsgTotalSize } from './nlmsg.ts';
import { NlMsgBuilder, type NlStruct } from './nlmsg-builder.ts';

/** Room of a part when the reader has not shown a bigger buffer: a page less the shared info. */
const NLMSG_GOODSIZE = 4096 - 320;
const MORE = 0x7fffffff;

/**
 * Writes as many messages into `skb` as fit and remembers in `cb` where it was. Returns 0 when there are no more, `-EMSGSIZE`
 * when the next one did not fit, a positive number when there may be more, or another errno, which ends the dump.
 */
export type NetlinkDumpFn = (skb: NlMsgBuilder, cb: NetlinkCallback) => number;

/** `struct netlink_dump_control`. */
export interface NetlinkDumpControl {
  readonly dump: NetlinkDumpFn;
  /** Runs first: 0, or a negative errno that refuses the dump. */
  readonly start?: (cb: NetlinkCallback) => number;
  /** Runs at the end, and also when the reader goes away in the middle. */
  readonly done?: (cb: NetlinkCallback) => void;
  readonly data?: unknown;
  /** Size of the largest single message, when that may exceed 3776 bytes. */
  readonly minDumpAlloc?: number;
}

/** State of one dump (`struct netlink_callback`). */
export class NetlinkCallback {
  readonly skb: NetlinkSkb;
  /** The request: a copy that stays valid. */
  readonly nlh: NlMsgHdr;
  readonly control: NetlinkDumpControl;
  /** Where the dump was; the kernel's `cb->args`, all zero at first. */
  readonly args: number[] = [0, 0, 0, 0, 0, 0];
  /** Whatever else a dump wants to keep between parts. */
  ctx: unknown = null;
  /** The family that a dump of all families is at. */
  family = 0;
  /** The reader set NETLINK_GET_STRICT_CHK: judge the request's header and attributes. */
  readonly strictCheck: boolean;
  readonly extack: NetlinkExtAck = new NetlinkExtAck();
  /** A number that changes with the table, and its value when the last message was written. */
  seq = 0;
  prevSeq = 0;
  /** Flags for every message of the answer, such as NLM_F_DUMP_FILTERED. */
  answerFlags = 0;

  constructor(skb: NetlinkSkb, nlh: NlMsgHdr, control: NetlinkDumpControl) {
    this.nlh = new NlMsgHdr(nlh.buf.slice(nlh.off, nlh.off + nlh.len), 0);
    this.skb = { ...skb, buf: this.nlh.buf };
    this.control = control;
    this.strictCheck = skb.port.option(NETLINK_GET_STRICT_CHK);
  }

  done(): void {
    this.control.done?.(this);
  }

  /** Forgets where the dump was: another one answers the rest of the request. */
  restart(): void {
    this.args.fill(0);
    this.ctx = null;
    this.seq = 0;
    this.prevSeq = 0;
  }

  /** Begins a message of the answer; ends with `skb.nlmsgEnd`. */
  nlmsgPut(skb: NlMsgBuilder, type: number, payload: number | NlStruct): number {
    return skb.nlmsgPut(type, NLM_F_MULTI | this.answerFlags, this.nlh.seq, this.skb.portid, payload);
  }
}

/** A dump under way at a port. */
export interface DumpState {
  readonly cb: NetlinkCallback;
  /** Positive: there may be more. Else what goes into NLMSG_DONE. */
  errno: number;
}

/** `nl_dump_check_consistent`: marks a message when the table (`cb.seq`) has changed since the one before. */
export function nlDumpCheckConsistent(skb: NlMsgBuilder, nlh: number, cb: NetlinkCallback): void {
  if (cb.prevSeq !== 0 && cb.seq !== cb.prevSeq) skb.orFlags(nlh, NLM_F_DUMP_INTR);
  cb.prevSeq = cb.seq;
}

/**
 * `netlink_dump_start`: answers a request with a dump and makes its first part. Returns `-EINTR`, which tells
 * `netlinkRcvSkb` that no ACK is due, `-EBUSY` while another dump runs at the port, or what `start` refused with.
 */
export function netlinkDumpStart(skb: NetlinkSkb, nlh: NlMsgHdr, control: NetlinkDumpControl): number {
  const { port } = skb;
  if (port.dump !== null) return -EBUSY;
  const cb = new NetlinkCallback(skb, nlh, control);
  const refused = control.start?.(cb) ?? 0;
  if (refused !== 0) return refused;
  port.dump = { cb, errno: MORE };
  const err = netlinkDump(port);
  return err !== 0 ? err : -EINTR;
}

/** `netlink_dump`: makes the next part and queues it at the port. Returns 0 or a negative errno. */
export function netlinkDump(port: NetlinkPort): number {
  const state = port.dump;
  if (state === null) return -EINVAL;
  if (port.rmem >= port.rcvbuf) return -ENOBUFS;
  const { cb } = state;
  const part = new NlMsgBuilder(Math.max(cb.control.minDumpAlloc ?? 0, NLMSG_GOODSIZE, port.maxRecvmsgLen), NLMSG_GOODSIZE);
  if (state.errno > 0) state.errno = runDump(part, cb);
  const more = state.errno > 0 || part.tailroom() < nlmsgTotalSize(4);
  if (!more) {
    putDone(part, cb, state.errno);
    port.dump = null;
  }
  port.enqueueUnchecked(netlinkDatagram(part.bytes(), 0, 0));
  if (!more) cb.done();
  return 0;
}

/** A part that is full means that there is more; an empty one that there is not. */
function runDump(part: NlMsgBuilder, cb: NetlinkCallback): number {
  cb.extack.reset();
  const ret = cb.control.dump(part, cb);
  if (ret === -EMSGSIZE && part.len > 0) return part.len;
  return ret > 0 && part.len === 0 ? 0 : ret;
}

/** `netlink_dump_done`: NLMSG_DONE with the errno, and what the dump had to say about it. May exceed the part's limit. */
function putDone(part: NlMsgBuilder, cb: NetlinkCallback, errno: number): void {
  const nlh = cb.nlmsgPut(part, NLMSG_DONE, 4);
  nlDumpCheckConsistent(part, nlh, cb);
  setLe32(part.buf, nlh + 16, errno);
  const end = part.len;
  if (cb.skb.port.option(NETLINK_EXT_ACK)) putExtAckTlvs(part, cb.nlh, errno, cb.extack);
  if (part.len > end) part.orFlags(nlh, NLM_F_ACK_TLVS);
  setLe32(part.buf, nlh, part.len - nlh);
}

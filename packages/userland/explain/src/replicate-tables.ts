/** Addresses, rules, routes and neighbours: dumped here, replayed there, until both dumps say the same. */
import type { Net } from '@skbuff/core';
import { FibRuleHdr, IfAddrMsg, NdMsg, type NetlinkPort, netlinkPort, nlaForEach, NlMsgBuilder, type NlMsgHdr, type NlStruct, nlTalk, RtMsg } from '@skbuff/netlink';
import { SysError } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { le16, le32, setLe16, setLe32 } from '@skbuff/wire';
import { FAMILIES } from './families.ts';
import type { Copying } from './replicate.ts';

/** Asks and tells one namespace. */
export class Talker {
  readonly net: Net;
  private readonly port: NetlinkPort;
  private seq = 0;

  constructor(net: Net) {
    const port = netlinkPort(net, U.NETLINK_ROUTE, {});
    if (typeof port === 'number') throw new SysError('socket(AF_NETLINK)', port);
    this.net = net;
    this.port = port;
  }

  /** 0 or a negative errno. */
  send(type: number, flags: number, header: NlStruct, fill: (b: NlMsgBuilder) => void): number {
    const b = new NlMsgBuilder();
    const nlh = b.nlmsgPut(type, U.NLM_F_REQUEST | U.NLM_F_ACK | flags, ++this.seq, 0, header);
    fill(b);
    b.nlmsgEnd(nlh);
    return this.talk(b.bytes());
  }

  /** A message of a dump, as a request. */
  replay(type: number, flags: number, payload: Uint8Array): number {
    const bytes = new Uint8Array(U.NLMSG_HDRLEN + payload.length);
    setLe32(bytes, 0, bytes.length);
    setLe16(bytes, 4, type);
    setLe16(bytes, 6, U.NLM_F_REQUEST | U.NLM_F_ACK | flags);
    setLe32(bytes, 8, ++this.seq);
    bytes.set(payload, U.NLMSG_HDRLEN);
    return this.talk(bytes);
  }

  dump(type: number, header: NlStruct): readonly NlMsgHdr[] {
    const b = new NlMsgBuilder();
    b.nlmsgEnd(b.nlmsgPut(type, U.NLM_F_REQUEST | U.NLM_F_DUMP, ++this.seq, 0, header));
    return nlTalk(this.port, b.bytes()).msgs;
  }

  close(): void {
    this.port.close();
  }

  private talk(bytes: Uint8Array): number {
    const { error } = nlTalk(this.port, bytes);
    this.net.kernel.onClock();
    return error;
  }
}

/** A table that netlink shows. */
interface Table {
  readonly what: string;
  readonly get: number;
  readonly add: number;
  readonly del: number;
  readonly flags: number;
  readonly header: (family: number) => NlStruct;
  readonly size: number;
  /** Attributes that tell of time and use, not of what was set. */
  readonly without: readonly number[];
  /** Families (AF_*) whose dump shows what was added last before the rest. */
  readonly newestFirst: readonly number[];
  /** Families of whose equals the first one counts, and which come as the devices do, not as they are asked for. */
  readonly inOrder?: readonly number[];
  /** Changes the payload so that it can be asked for; false: not to be copied. */
  readonly prepare: (payload: Uint8Array) => boolean;
}

const RTN_FLAGS_ASKED = U.RTNH_F_ONLINK | U.RTNH_F_PERVASIVE;
const RTM_F_CLONED = 0x200;
/** `struct ifaddrlblmsg`, whose last word counts changes. */
const IFADDRLBLMSG_LEN = 12;
const IFAL_SEQ = 8;
const NEIGHBOURS_NEWEST_FIRST: readonly number[] = [U.AF_INET, U.AF_INET6];
/** Flags of an address that are set by request, of IPv6; the others are the kernel's. */
const ASKED_FLAGS = U.IFA_F_NODAD | U.IFA_F_HOMEADDRESS | U.IFA_F_MANAGETEMPADDR | U.IFA_F_NOPREFIXROUTE | U.IFA_F_MCAUTOJOIN;
const NDM_STATE = 8;
const NDM_FLAGS = 10;

const TABLES: readonly Table[] = [
  {
    what: 'address', get: U.RTM_GETADDR, add: U.RTM_NEWADDR, del: U.RTM_DELADDR, flags: U.NLM_F_CREATE | U.NLM_F_EXCL,
    header: (family) => IfAddrMsg.of({ family }), size: IfAddrMsg.LEN, without: [], newestFirst: [U.AF_INET6], prepare: prepareAddress,
  },
  {
    what: 'rule', get: U.RTM_GETRULE, add: U.RTM_NEWRULE, del: U.RTM_DELRULE, flags: U.NLM_F_CREATE,
    header: (family) => FibRuleHdr.of({ family }), size: FibRuleHdr.LEN, without: [], newestFirst: [], prepare: () => true,
  },
  {
    what: 'address label', get: U.RTM_GETADDRLABEL, add: U.RTM_NEWADDRLABEL, del: U.RTM_DELADDRLABEL, flags: U.NLM_F_CREATE,
    header: (family) => IfAddrMsg.of({ family }), size: IFADDRLBLMSG_LEN, without: [], newestFirst: [], prepare: prepareLabel,
  },
  {
    what: 'route', get: U.RTM_GETROUTE, add: U.RTM_NEWROUTE, del: U.RTM_DELROUTE, flags: U.NLM_F_CREATE | U.NLM_F_APPEND,
    header: (family) => RtMsg.of({ family }), size: RtMsg.LEN, without: [U.RTA_CACHEINFO], newestFirst: [], inOrder: [U.AF_INET6], prepare: prepareRoute,
  },
  {
    what: 'neighbour', get: U.RTM_GETNEIGH, add: U.RTM_NEWNEIGH, del: U.RTM_DELNEIGH, flags: U.NLM_F_CREATE | U.NLM_F_REPLACE,
    header: (family) => NdMsg.of({ family }), size: NdMsg.LEN, without: [U.NDA_CACHEINFO, U.NDA_PROBES], newestFirst: NEIGHBOURS_NEWEST_FIRST,
    // Who is being asked for is asked for again; what needs no question comes by itself.
    prepare: (payload) => (le16(payload, NDM_STATE) & (U.NUD_INCOMPLETE | U.NUD_NOARP)) === 0 && le16(payload, NDM_STATE) !== 0,
  },
  {
    what: 'proxy', get: U.RTM_GETNEIGH, add: U.RTM_NEWNEIGH, del: U.RTM_DELNEIGH, flags: U.NLM_F_CREATE,
    header: (family) => NdMsg.of({ family, flags: U.NTF_PROXY }), size: NdMsg.LEN, without: [U.NDA_CACHEINFO, U.NDA_PROBES], newestFirst: NEIGHBOURS_NEWEST_FIRST,
    prepare: (payload) => ((payload[NDM_FLAGS] as number) & U.NTF_PROXY) !== 0,
  },
];

/** Lifetimes are what is left of them now; when it was made and changed does not matter. */
function prepareAddress(payload: Uint8Array): boolean {
  const six = payload[0] === U.AF_INET6;
  if (six) payload[2] = (payload[2] as number) & ASKED_FLAGS;
  nlaForEach(payload, IfAddrMsg.LEN, payload.length - IfAddrMsg.LEN, (attr, type) => {
    const at = attr + U.NLA_HDRLEN;
    if (type === U.IFA_CACHEINFO) payload.fill(0, at + 8, at + 16);
    if (type === U.IFA_FLAGS && six) setLe32(payload, at, le32(payload, at) & ASKED_FLAGS);
    return 0;
  });
  return true;
}

function prepareLabel(payload: Uint8Array): boolean {
  payload.fill(0, IFAL_SEQ, IFADDRLBLMSG_LEN);
  return true;
}

function prepareRoute(payload: Uint8Array): boolean {
  const rtm = new RtMsg().read(payload, 0);
  if ((rtm.flags & RTM_F_CLONED) !== 0) return false;
  // What routers have announced is no route that could be asked for.
  if (rtm.family === U.AF_INET6 && rtm.protocol === U.RTPROT_RA) return false;
  rtm.flags &= RTN_FLAGS_ASKED;
  rtm.write(payload, 0);
  nlaForEach(payload, RtMsg.LEN, payload.length - RtMsg.LEN, (attr, type) => {
    if (type === U.RTA_MULTIPATH) clearHopFlags(payload, attr + U.NLA_HDRLEN, attr + le16(payload, attr));
    return 0;
  });
  return true;
}

/** `struct rtnexthop`: length, flags, hops, index; then attributes. */
function clearHopFlags(b: Uint8Array, from: number, to: number): void {
  for (let at = from; at + 8 <= to; at += Math.max(8, (le16(b, at) + 3) & ~3)) b[at + 2] = (b[at + 2] as number) & RTN_FLAGS_ASKED;
}

/** The entries of a table in their order, each under what identifies it. */
function read(talker: Talker, table: Table, family: number): Map<string, Uint8Array> {
  const entries = new Map<string, Uint8Array>();
  for (const nlh of talker.dump(table.get, table.header(family))) {
    const payload = stripped(nlh, table);
    if (nlh.type === table.add && payload[0] === family && table.prepare(payload)) entries.set(payload.join(), payload);
  }
  return entries;
}

function stripped(nlh: NlMsgHdr, { size, without }: Table): Uint8Array {
  const { buf } = nlh;
  const parts = [buf.slice(nlh.data, nlh.data + size)];
  nlaForEach(buf, nlh.attrData(size), nlh.attrLen(size), (attr, type) => {
    if (!without.includes(type)) parts.push(buf.slice(attr, attr + ((le16(buf, attr) + 3) & ~3)));
    return 0;
  });
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Makes the tables of one namespace say what those of another say. */
export function copyTables(copying: Copying, from: Talker, to: Talker): void {
  for (const { family } of FAMILIES) for (const table of TABLES) copyTable(copying, table, family, from, to);
}

function copyTable(copying: Copying, table: Table, family: number, from: Talker, to: Talker): void {
  const wanted = read(from, table, family);
  const there = read(to, table, family);
  let missing = [...wanted].filter(([key]) => !there.has(key)).map(([, payload]) => payload);
  if (table.newestFirst.includes(family)) missing.reverse();
  let errors: number[] = [];
  // A gateway is found by another route: what does not go now may go when the others are there.
  for (let before = Number.POSITIVE_INFINITY; missing.length > 0 && missing.length < before; ) {
    before = missing.length;
    errors = [];
    missing = missing.filter((payload) => {
      const err = to.replay(table.add, table.flags, payload);
      if (err < 0) errors.push(err);
      return err < 0;
    });
  }
  for (const [key, payload] of read(to, table, family)) if (!wanted.has(key)) to.replay(table.del, 0, payload);
  if (table.inOrder?.includes(family) === true) reorder(table, family, to, wanted);
  const kinds = [...new Set(errors.map((err) => U.errnoName(err)))];
  if (missing.length > 0) copying.notes.push(`${missing.length} ${table.what}${missing.length === 1 ? '' : 's'} of ${copying.nodeOf(from.net)} could not be copied: ${kinds.join(', ')}`);
}

/** What stands behind others than it should goes, and comes again. What the kernel makes for its addresses stays: nobody could ask for it as it is. */
function reorder(table: Table, family: number, to: Talker, wanted: ReadonlyMap<string, Uint8Array>): void {
  const known = new Set(read(to, table, family).keys());
  const there = [...known].filter((key) => wanted.has(key));
  const moved = [...wanted].filter(([key]) => known.has(key)).filter(([key, payload], i) => key !== there[i] && !isOwn(payload)).map(([, payload]) => payload);
  for (const payload of moved) to.replay(table.del, 0, payload);
  for (const payload of moved) to.replay(table.add, table.flags, payload);
}

function isOwn(payload: Uint8Array): boolean {
  const { type } = new RtMsg().read(payload, 0);
  return type === U.RTN_LOCAL || type === U.RTN_ANYCAST;
}

/**
 * The fixed headers between `struct nlmsghdr` and the attributes. Each is a plain object with the kernel's member names
 * without their prefix; `read` fills it from received bytes, `write` puts it on the wire. All zero when made.
 */
import { le16, le32, leS32, setLe16, setLe32 } from '@skbuff/wire';
import type { NlStruct } from './nlmsg-builder.ts';

/** `struct rtgenmsg`: the family alone, with which every rtnetlink header begins. */
export class RtGenMsg implements NlStruct {
  static readonly LEN = 1;
  readonly size: number = RtGenMsg.LEN;
  family = 0;

  static of(v: Partial<RtGenMsg>): RtGenMsg {
    return Object.assign(new RtGenMsg(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = b[o];
    return this;
  }

  write(b: Uint8Array, o: number): void {
    b[o] = this.family;
  }
}

/** `struct ifinfomsg`: links. */
export class IfInfoMsg implements NlStruct {
  static readonly LEN = 16;
  readonly size: number = IfInfoMsg.LEN;
  family = 0;
  /** ARPHRD_*. */
  type = 0;
  /** Signed. */
  index = 0;
  flags = 0;
  /** Which flags the message is about. */
  change = 0;

  static of(v: Partial<IfInfoMsg>): IfInfoMsg {
    return Object.assign(new IfInfoMsg(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = b[o];
    this.type = le16(b, o + 2);
    this.index = leS32(b, o + 4);
    this.flags = le32(b, o + 8);
    this.change = le32(b, o + 12);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    b[o] = this.family;
    setLe16(b, o + 2, this.type);
    setLe32(b, o + 4, this.index);
    setLe32(b, o + 8, this.flags);
    setLe32(b, o + 12, this.change);
  }
}

/** `struct if_stats_msg`: counters of links. */
export class IfStatsMsg implements NlStruct {
  static readonly LEN = 12;
  readonly size: number = IfStatsMsg.LEN;
  family = 0;
  ifindex = 0;
  /** A bit for each IFLA_STATS_* that is wanted: that of attribute 1 is bit 0. */
  filterMask = 0;

  static of(v: Partial<IfStatsMsg>): IfStatsMsg {
    return Object.assign(new IfStatsMsg(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = b[o];
    this.ifindex = le32(b, o + 4);
    this.filterMask = le32(b, o + 8);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    b[o] = this.family;
    setLe32(b, o + 4, this.ifindex);
    setLe32(b, o + 8, this.filterMask);
  }
}

/** `struct ifaddrmsg`: addresses. */
export class IfAddrMsg implements NlStruct {
  static readonly LEN = 8;
  readonly size: number = IfAddrMsg.LEN;
  family = 0;
  prefixlen = 0;
  /** Low byte of IFA_FLAGS. */
  flags = 0;
  scope = 0;
  index = 0;

  static of(v: Partial<IfAddrMsg>): IfAddrMsg {
    return Object.assign(new IfAddrMsg(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = b[o];
    this.prefixlen = b[o + 1];
    this.flags = b[o + 2];
    this.scope = b[o + 3];
    this.index = le32(b, o + 4);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    b[o] = this.family;
    b[o + 1] = this.prefixlen;
    b[o + 2] = this.flags;
    b[o + 3] = this.scope;
    setLe32(b, o + 4, this.index);
  }
}

/** `struct rtmsg`: routes. */
export class RtMsg implements NlStruct {
  static readonly LEN = 12;
  readonly size: number = RtMsg.LEN;
  family = 0;
  dstLen = 0;
  srcLen = 0;
  tos = 0;
  /** Tables above 255 are in RTA_TABLE. */
  table = 0;
  protocol = 0;
  scope = 0;
  type = 0;
  flags = 0;

  static of(v: Partial<RtMsg>): RtMsg {
    return Object.assign(new RtMsg(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = b[o];
    this.dstLen = b[o + 1];
    this.srcLen = b[o + 2];
    this.tos = b[o + 3];
    this.table = b[o + 4];
    this.protocol = b[o + 5];
    this.scope = b[o + 6];
    this.type = b[o + 7];
    this.flags = le32(b, o + 8);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    b[o] = this.family;
    b[o + 1] = this.dstLen;
    b[o + 2] = this.srcLen;
    b[o + 3] = this.tos;
    b[o + 4] = this.table;
    b[o + 5] = this.protocol;
    b[o + 6] = this.scope;
    b[o + 7] = this.type;
    setLe32(b, o + 8, this.flags);
  }
}

/** `struct rtnexthop`: one hop inside RTA_MULTIPATH; `len` counts its attributes too. */
export class RtNextHop implements NlStruct {
  static readonly LEN = 8;
  readonly size: number = RtNextHop.LEN;
  len = 0;
  flags = 0;
  /** Weight minus one. */
  hops = 0;
  ifindex = 0;

  static of(v: Partial<RtNextHop>): RtNextHop {
    return Object.assign(new RtNextHop(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.len = le16(b, o);
    this.flags = b[o + 2];
    this.hops = b[o + 3];
    this.ifindex = leS32(b, o + 4);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    setLe16(b, o, this.len);
    b[o + 2] = this.flags;
    b[o + 3] = this.hops;
    setLe32(b, o + 4, this.ifindex);
  }
}

/** `struct ndmsg`: neighbours. */
export class NdMsg implements NlStruct {
  static readonly LEN = 12;
  readonly size: number = NdMsg.LEN;
  family = 0;
  ifindex = 0;
  /** NUD_*. */
  state = 0;
  /** NTF_*. */
  flags = 0;
  type = 0;

  static of(v: Partial<NdMsg>): NdMsg {
    return Object.assign(new NdMsg(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = b[o];
    this.ifindex = leS32(b, o + 4);
    this.state = le16(b, o + 8);
    this.flags = b[o + 10];
    this.type = b[o + 11];
    return this;
  }

  write(b: Uint8Array, o: number): void {
    b[o] = this.family;
    setLe32(b, o + 4, this.ifindex);
    setLe16(b, o + 8, this.state);
    b[o + 10] = this.flags;
    b[o + 11] = this.type;
  }
}

/** `struct ndtmsg`: neighbour tables. */
export class NdtMsg implements NlStruct {
  static readonly LEN = 4;
  readonly size: number = NdtMsg.LEN;
  family = 0;

  static of(v: Partial<NdtMsg>): NdtMsg {
    return Object.assign(new NdtMsg(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = b[o];
    return this;
  }

  write(b: Uint8Array, o: number): void {
    b[o] = this.family;
  }
}

/** `struct fib_rule_hdr`: policy routing rules. */
export class FibRuleHdr implements NlStruct {
  static readonly LEN = 12;
  readonly size: number = FibRuleHdr.LEN;
  family = 0;
  dstLen = 0;
  srcLen = 0;
  tos = 0;
  table = 0;
  /** FR_ACT_*. */
  action = 0;
  flags = 0;

  static of(v: Partial<FibRuleHdr>): FibRuleHdr {
    return Object.assign(new FibRuleHdr(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = b[o];
    this.dstLen = b[o + 1];
    this.srcLen = b[o + 2];
    this.tos = b[o + 3];
    this.table = b[o + 4];
    this.action = b[o + 7];
    this.flags = le32(b, o + 8);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    b[o] = this.family;
    b[o + 1] = this.dstLen;
    b[o + 2] = this.srcLen;
    b[o + 3] = this.tos;
    b[o + 4] = this.table;
    b[o + 7] = this.action;
    setLe32(b, o + 8, this.flags);
  }
}

/** `struct tcmsg`: qdiscs, classes, filters. Handles are major << 16 | minor. */
export class TcMsg implements NlStruct {
  static readonly LEN = 20;
  readonly size: number = TcMsg.LEN;
  family = 0;
  ifindex = 0;
  handle = 0;
  parent = 0;
  info = 0;

  static of(v: Partial<TcMsg>): TcMsg {
    return Object.assign(new TcMsg(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = b[o];
    this.ifindex = leS32(b, o + 4);
    this.handle = le32(b, o + 8);
    this.parent = le32(b, o + 12);
    this.info = le32(b, o + 16);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    b[o] = this.family;
    setLe32(b, o + 4, this.ifindex);
    setLe32(b, o + 8, this.handle);
    setLe32(b, o + 12, this.parent);
    setLe32(b, o + 16, this.info);
  }
}

/** `struct nhmsg`: nexthop objects. */
export class NhMsg implements NlStruct {
  static readonly LEN = 8;
  readonly size: number = NhMsg.LEN;
  family = 0;
  scope = 0;
  protocol = 0;
  flags = 0;

  static of(v: Partial<NhMsg>): NhMsg {
    return Object.assign(new NhMsg(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = b[o];
    this.scope = b[o + 1];
    this.protocol = b[o + 2];
    this.flags = le32(b, o + 4);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    b[o] = this.family;
    b[o + 1] = this.scope;
    b[o + 2] = this.protocol;
    setLe32(b, o + 4, this.flags);
  }
}

/** `struct ifa_cacheinfo`: lifetimes in seconds (0xffffffff = for ever), time stamps in 1/100 s since boot. */
export class IfaCacheInfo implements NlStruct {
  static readonly LEN = 16;
  readonly size: number = IfaCacheInfo.LEN;
  prefered = 0;
  valid = 0;
  cstamp = 0;
  tstamp = 0;

  static of(v: Partial<IfaCacheInfo>): IfaCacheInfo {
    return Object.assign(new IfaCacheInfo(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.prefered = le32(b, o);
    this.valid = le32(b, o + 4);
    this.cstamp = le32(b, o + 8);
    this.tstamp = le32(b, o + 12);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    setLe32(b, o, this.prefered);
    setLe32(b, o + 4, this.valid);
    setLe32(b, o + 8, this.cstamp);
    setLe32(b, o + 12, this.tstamp);
  }
}

/** `struct nda_cacheinfo`: ages in 1/100 s. */
export class NdaCacheInfo implements NlStruct {
  static readonly LEN = 16;
  readonly size: number = NdaCacheInfo.LEN;
  confirmed = 0;
  used = 0;
  updated = 0;
  refcnt = 0;

  static of(v: Partial<NdaCacheInfo>): NdaCacheInfo {
    return Object.assign(new NdaCacheInfo(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.confirmed = le32(b, o);
    this.used = le32(b, o + 4);
    this.updated = le32(b, o + 8);
    this.refcnt = le32(b, o + 12);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    setLe32(b, o, this.confirmed);
    setLe32(b, o + 4, this.used);
    setLe32(b, o + 8, this.updated);
    setLe32(b, o + 12, this.refcnt);
  }
}

/** `struct rta_cacheinfo`: times in 1/100 s; `expires` and `error` are signed. */
export class RtaCacheInfo implements NlStruct {
  static readonly LEN = 32;
  readonly size: number = RtaCacheInfo.LEN;
  clntref = 0;
  lastuse = 0;
  expires = 0;
  error = 0;
  used = 0;
  id = 0;
  ts = 0;
  tsage = 0;

  static of(v: Partial<RtaCacheInfo>): RtaCacheInfo {
    return Object.assign(new RtaCacheInfo(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.clntref = le32(b, o);
    this.lastuse = le32(b, o + 4);
    this.expires = leS32(b, o + 8);
    this.error = leS32(b, o + 12);
    this.used = le32(b, o + 16);
    this.id = le32(b, o + 20);
    this.ts = le32(b, o + 24);
    this.tsage = le32(b, o + 28);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    setLe32(b, o, this.clntref);
    setLe32(b, o + 4, this.lastuse);
    setLe32(b, o + 8, this.expires);
    setLe32(b, o + 12, this.error);
    setLe32(b, o + 16, this.used);
    setLe32(b, o + 20, this.id);
    setLe32(b, o + 24, this.ts);
    setLe32(b, o + 28, this.tsage);
  }
}

/** `struct nlmsgerr` without what follows: the errno (0 or negative) and the request's header. */
export class NlMsgErr implements NlStruct {
  static readonly LEN = 20;
  readonly size: number = NlMsgErr.LEN;
  error = 0;
  len = 0;
  type = 0;
  flags = 0;
  seq = 0;
  pid = 0;

  static of(v: Partial<NlMsgErr>): NlMsgErr {
    return Object.assign(new NlMsgErr(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.error = leS32(b, o);
    this.len = le32(b, o + 4);
    this.type = le16(b, o + 8);
    this.flags = le16(b, o + 10);
    this.seq = le32(b, o + 12);
    this.pid = le32(b, o + 16);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    setLe32(b, o, this.error);
    setLe32(b, o + 4, this.len);
    setLe16(b, o + 8, this.type);
    setLe16(b, o + 10, this.flags);
    setLe32(b, o + 12, this.seq);
    setLe32(b, o + 16, this.pid);
  }
}

/** `struct sockaddr_nl`: the address of a port. `groups` is a mask of groups 1..32. */
export class SockaddrNl implements NlStruct {
  static readonly LEN = 12;
  readonly size: number = SockaddrNl.LEN;
  family = 16;
  pid = 0;
  groups = 0;

  static of(v: Partial<SockaddrNl>): SockaddrNl {
    return Object.assign(new SockaddrNl(), v);
  }

  read(b: Uint8Array, o: number): this {
    this.family = le16(b, o);
    this.pid = le32(b, o + 4);
    this.groups = le32(b, o + 8);
    return this;
  }

  write(b: Uint8Array, o: number): void {
    setLe16(b, o, this.family);
    setLe32(b, o + 4, this.pid);
    setLe32(b, o + 8, this.groups);
  }
}

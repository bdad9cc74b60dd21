/**
 * `struct mr_table`: who forwards what. A table has interfaces (numbers of its own, 0…31), entries that say where a group of a source (or of
 * any, ::) goes, and packets that wait until the daemon has said so.
 */
import { type Net, type NetDevice, NetSlot, type SkBuff, TimerList } from '@skbuff/core';
import type { Mroute6Sock } from '@skbuff/ipv6';
import { MAXMIFS } from '@skbuff/uapi';
import { type In6Addr, in6Hash, in6Word } from '@skbuff/wire';

/** Where no copy goes. */
export const NO_TTL = 255;
/** Bits of {@link Mfc6Cache.flags}, {@link Vif6Device.flags}: it is not the daemon's. */
export const MFC_STATIC = 1;
export const VIFF_STATIC = 0x8000;
/** The table that there is from the beginning. */
export const RT6_TABLE_DFLT = 254;
/** Jiffies that packets wait. */
export const UNRES_TIMEOUT = 10_000;

const BUCKETS = 64;

/** `struct vif_device`: an interface, by its number in a table. */
export interface Vif6Device {
  readonly dev: NetDevice;
  readonly flags: number;
  bytesIn: number;
  bytesOut: number;
  pktIn: number;
  pktOut: number;
}

/** `struct mfc6_cache` with an answer. */
export class Mfc6Cache {
  readonly origin: In6Addr;
  readonly group: In6Addr;
  /** Number of the interface by which its packets come. */
  parent: number;
  flags = 0;
  /** By number of the interface: a copy goes there if the hop limit is greater; {@link NO_TTL}: none. */
  readonly ttls: Uint8Array = new Uint8Array(MAXMIFS).fill(NO_TTL);
  minvif: number = MAXMIFS;
  maxvif = 0;
  pkt = 0;
  bytes = 0;
  wrongIf = 0;
  /** Jiffies. */
  lastuse = 0;
  /** Jiffies of the last message about a wrong interface; negative: never. */
  lastAssert: number = -Infinity;
  next: Mfc6Cache | null = null;

  constructor(origin: In6Addr, group: In6Addr, parent: number) {
    this.origin = origin;
    this.group = group;
    this.parent = parent;
  }
}

/** One without an answer, with the packets that wait for it. */
export interface Mfc6Unres {
  readonly origin: In6Addr;
  readonly group: In6Addr;
  /** Jiffies. */
  readonly expires: number;
  readonly queue: SkBuff[];
}

export class Mr6Table {
  readonly net: Net;
  readonly id: number;
  /** The daemon. */
  sk: Mroute6Sock | null = null;
  readonly vifs: (Vif6Device | null)[] = new Array<Vif6Device | null>(MAXMIFS).fill(null);
  /** One more than the greatest number in use. */
  maxvif = 0;
  /** Number of the register interface, -1: there is none. */
  regVif = -1;
  doAssert = false;
  doPim = false;
  /** Of a packet by a wrong interface the daemon gets the whole. */
  doWrvifwhole = false;
  /** All entries, in the order in which they came; by hash the newest first. */
  readonly mfcs: Mfc6Cache[] = [];
  private readonly hash: (Mfc6Cache | null)[] = new Array<Mfc6Cache | null>(BUCKETS).fill(null);
  /** The one that came last first. */
  readonly unres: Mfc6Unres[] = [];
  readonly expireTimer: TimerList;

  constructor(net: Net, id: number, expire: (mrt: Mr6Table) => void) {
    this.net = net;
    this.id = id;
    this.expireTimer = new TimerList(() => expire(this));
  }

  insert(c: Mfc6Cache): void {
    const bucket = bucketOf(c.origin, c.group);
    c.next = this.hash[bucket] as Mfc6Cache | null;
    this.hash[bucket] = c;
    this.mfcs.push(c);
  }

  remove(c: Mfc6Cache): void {
    this.mfcs.splice(this.mfcs.indexOf(c), 1);
    const bucket = bucketOf(c.origin, c.group);
    let at = this.hash[bucket] as Mfc6Cache | null;
    if (at === c) this.hash[bucket] = c.next;
    else for (; at !== null; at = at.next) if (at.next === c) at.next = c.next;
  }

  /** `ip6mr_cache_find` of the addresses of a packet. */
  private findAt(bytes: Uint8Array, saddr: number, daddr: number): Mfc6Cache | null {
    const bucket = mix(in6Word(bytes, saddr + 12), in6Word(bytes, saddr + 8), in6Word(bytes, daddr + 12), in6Word(bytes, daddr + 8));
    for (let c = this.hash[bucket] as Mfc6Cache | null; c !== null; c = c.next) if (c.group.isAt(bytes, daddr) && c.origin.isAt(bytes, saddr)) return c;
    return null;
  }

  /** `ip6mr_cache_find_parent`; `parent` negative: whichever. */
  find(origin: In6Addr, group: In6Addr, parent = -1): Mfc6Cache | null {
    for (let c = this.hash[bucketOf(origin, group)] as Mfc6Cache | null; c !== null; c = c.next) {
      if (c.group.equals(group) && c.origin.equals(origin) && (parent < 0 || c.parent === parent)) return c;
    }
    return null;
  }

  /** `mr_mfc_find_any_parent`: an entry of all groups and sources to whose interfaces `vif` belongs. */
  findAnyParent(vif: number): Mfc6Cache | null {
    for (let c = this.hash[ANY_ANY] as Mfc6Cache | null; c !== null; c = c.next) if (c.origin.isAny() && c.group.isAny() && (c.ttls[vif] as number) < NO_TTL) return c;
    return null;
  }

  /** What says where a packet goes that came by interface `from` (-1: by none): the entry of its source, else one of any source whose tree has `from`. */
  entryFor(bytes: Uint8Array, saddr: number, daddr: number, from: number): Mfc6Cache | null {
    const own = this.findAt(bytes, saddr, daddr);
    if (own !== null || from < 0) return own;
    const bucket = mix(0, 0, in6Word(bytes, daddr + 12), in6Word(bytes, daddr + 8));
    for (let c = this.hash[bucket] as Mfc6Cache | null; c !== null; c = c.next) if (c.origin.isAny() && c.group.isAt(bytes, daddr) && this.isOfTree(c, from)) return c;
    return this.findAnyParent(from);
  }

  /** An interface that the entry names, or that is of the tree of all groups that goes up where it does. */
  private isOfTree(c: Mfc6Cache, vif: number): boolean {
    return (c.ttls[vif] as number) < NO_TTL || (this.findAnyParent(c.parent)?.ttls[vif] ?? NO_TTL) < NO_TTL;
  }

  /** `ip6mr_find_vif`: the number of a device, -1: it has none. */
  findVif(dev: NetDevice): number {
    for (let i = this.maxvif - 1; i >= 0; i--) if (this.vifs[i]?.dev === dev) return i;
    return -1;
  }
}

function bucketOf(origin: In6Addr, group: In6Addr): number {
  return mix(origin.w3, origin.w2, group.w3, group.w2);
}

function mix(a: number, b: number, c: number, d: number): number {
  return in6Hash(a, b, c, d, 0) & (BUCKETS - 1);
}

/** Where entries of any source for any group are. */
const ANY_ANY: number = mix(0, 0, 0, 0);

/** What multicast routing has of one namespace. */
export class Ip6mrNet {
  readonly net: Net;
  readonly dflt: Mr6Table;
  readonly tables: Mr6Table[];
  readonly newTable: (net: Net, id: number) => Mr6Table;

  constructor(net: Net, newTable: (net: Net, id: number) => Mr6Table) {
    this.net = net;
    this.newTable = newTable;
    this.dflt = newTable(net, RT6_TABLE_DFLT);
    this.tables = [this.dflt];
  }

  /** `ip6mr_get_table`. */
  table(id: number): Mr6Table | null {
    return this.tables.find((mrt) => mrt.id === id) ?? null;
  }
}

export const ip6mrNet: NetSlot<Ip6mrNet> = new NetSlot<Ip6mrNet>('ip6mr');

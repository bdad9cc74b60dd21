/** `struct user_namespace`: whose capabilities count where, what ids mean, how many namespaces there may be (user_namespaces(7)). */
import type { ProcInums } from '@skbuff/core';
import { CAP_SYS_ADMIN, CLONE_NEWUSER, DEFAULT_OVERFLOWUID, EINVAL, EPERM } from '@skbuff/uapi';
import { IDENTITY, type IdExtent, mapIdDown, mapIdUp, mapRangeDown, parseIdMap, showIdMap } from './id-map.ts';
import { CountedNamespace, type NsOrigin, type ProcNsOperations } from './ns-common.ts';
import { UCOUNT_FILES, Ucounts } from './ucount.ts';

/** `userns_operations`. Nobody may enter where it is already, lest it gain what it gave away. */
export const usernsOperations: ProcNsOperations = {
  name: 'user',
  type: CLONE_NEWUSER,
  install(set, ns) {
    const { cred } = set;
    if (ns === cred.userNs) return -EINVAL;
    if (!cred.nsCapable(ns as UserNamespace, CAP_SYS_ADMIN)) return -EPERM;
    set.cred = cred.inside((ns as UserNamespace).get());
    return 0;
  },
};

const INT_MAX = 0x7fffffff;

export class UserNamespace extends CountedNamespace {
  readonly parent: UserNamespace | null;
  /** 0 for the first. */
  readonly level: number;
  /** Who made it: ids of the first user namespace. */
  readonly owner: number;
  readonly group: number;
  /** What its owner has in the parent; null for the first. */
  readonly ucounts: Ucounts | null;
  /** Limits on what its users make, by CLONE_NEW*. */
  readonly ucountMax: Map<number, number>;
  /** setgroups(2) is allowed (`/proc/PID/setgroups`). */
  setgroups: boolean;
  private readonly users: Map<number, Ucounts> = new Map();
  private maps: { uid: readonly IdExtent[]; gid: readonly IdExtent[] };

  private constructor(origin: NsOrigin, owner: number, group: number, max: number) {
    super(usernsOperations, origin);
    const parent = origin.userNs;
    this.parent = parent;
    this.level = parent === null ? 0 : parent.level + 1;
    this.owner = owner;
    this.group = group;
    this.ucounts = origin.ucounts;
    this.ucountMax = new Map(UCOUNT_FILES.map(([, type]) => [type, max]));
    this.setgroups = parent?.setgroups ?? true;
    this.maps = parent === null ? { uid: IDENTITY, gid: IDENTITY } : { uid: [], gid: [] };
  }

  /** `init_user_ns`. `max`: how many namespaces of each kind a user may make. */
  static first(inums: ProcInums, inum: number, max: number): UserNamespace {
    return new UserNamespace({ inums, inum, userNs: null, ucounts: null }, 0, 0, max);
  }

  /** One with no ids in it yet, and no limits of its own. */
  static below(parent: UserNamespace, owner: number, group: number, ucounts: Ucounts): UserNamespace {
    return new UserNamespace({ inums: parent.inums, userNs: parent, ucounts }, owner, group, INT_MAX);
  }

  /** What a user has made in it. */
  ucountsOf(uid: number): Ucounts {
    let ucounts = this.users.get(uid);
    if (ucounts === undefined) this.users.set(uid, (ucounts = new Ucounts(this, uid)));
    return ucounts;
  }

  /** `make_kuid`: the id of the first namespace for one of here, or -1. */
  kuid(id: number): number {
    return mapIdDown(this.maps.uid, id);
  }

  kgid(id: number): number {
    return mapIdDown(this.maps.gid, id);
  }

  /** `from_kuid`: the id here, or -1. */
  uidHere(kuid: number): number {
    return mapIdUp(this.maps.uid, kuid);
  }

  gidHere(kgid: number): number {
    return mapIdUp(this.maps.gid, kgid);
  }

  /** `from_kuid_munged`: an id that has no name here is shown as 65534. */
  uidMunged(kuid: number): number {
    const id = this.uidHere(kuid);
    return id < 0 ? DEFAULT_OVERFLOWUID : id;
  }

  gidMunged(kgid: number): number {
    const id = this.gidHere(kgid);
    return id < 0 ? DEFAULT_OVERFLOWUID : id;
  }

  /** The text of `/proc/PID/uid_map` for a reader in `reader`: from inside, what lies outside is called as the parent calls it. */
  showMap(kind: 'uid' | 'gid', reader: UserNamespace): string {
    const lower = reader === this && this.parent !== null ? this.parent : reader;
    return showIdMap(this.maps[kind], (kid) => (kind === 'uid' ? lower.uidHere(kid) : lower.gidHere(kid)));
  }

  /** `map_write`: once only. `allowed` judges who wrote it, `permitted` the map, whose lower ids are still the parent's. */
  setMap(kind: 'uid' | 'gid', text: string, allowed: () => boolean, permitted: (map: readonly IdExtent[]) => boolean): number {
    if (this.maps[kind].length > 0 || !allowed()) return -EPERM;
    const map = parseIdMap(text);
    if (typeof map === 'number') return map;
    if (!permitted(map)) return -EPERM;
    const parent = this.parent as UserNamespace;
    const outer = map.map((e) => ({ ...e, lower: mapRangeDown(parent.maps[kind], e.lower, e.count) }));
    if (outer.some(({ lower }) => lower < 0)) return -EPERM;
    this.maps = { ...this.maps, [kind]: outer };
    return 0;
  }

  /** A write to `/proc/PID/setgroups`: denied is denied for good, and only while no groups are mapped. */
  writeSetgroups(text: string): number {
    const word = /^(allow|deny)\s*$/.exec(text)?.[1];
    if (word === undefined) return -EINVAL;
    if (word === 'allow') return this.setgroups ? 0 : -EPERM;
    if (this.maps.gid.length > 0) return -EPERM;
    this.setgroups = false;
    return 0;
  }
}

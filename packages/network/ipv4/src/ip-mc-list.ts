/** `struct ip_mc_list`: a group that an interface is in, and from whom its sockets want to hear (RFC 3376 §3.2). */
import { MCAST_EXCLUDE, MCAST_INCLUDE } from '@skbuff/uapi';

/** `struct ip_sf_list`: one source, with the sockets that want it and those that do not. */
export interface IpSfList {
  readonly addr: number;
  include: number;
  exclude: number;
}

/** A group on an interface. Modes are MCAST_INCLUDE, MCAST_EXCLUDE. */
export class IpMcList {
  readonly group: number;
  users = 1;
  sfmode: number;
  /** Sockets in each mode. */
  include = 0;
  exclude = 0;
  readonly sources: IpSfList[] = [];

  constructor(group: number, mode: number) {
    this.group = group;
    this.sfmode = mode;
    this.count(mode, 1);
  }

  /** `ip_mc_add_src`: one more socket (or, `delta`, one that counts already) in a mode, with these sources. */
  addSrc(mode: number, addrs: readonly number[], delta: boolean): void {
    if (!delta) this.count(mode, 1);
    for (const addr of addrs) {
      let source = this.sources.find((other) => other.addr === addr);
      if (source === undefined) this.sources.push((source = { addr, include: 0, exclude: 0 }));
      if (mode === MCAST_INCLUDE) source.include++;
      else source.exclude++;
    }
  }

  /** `ip_mc_del_src`: the opposite. */
  delSrc(mode: number, addrs: readonly number[], delta: boolean): void {
    if (!delta) this.count(mode, -1);
    for (const addr of addrs) {
      const at = this.sources.findIndex((other) => other.addr === addr);
      const source = this.sources[at];
      if (source === undefined) continue;
      if (mode === MCAST_INCLUDE) source.include--;
      else source.exclude--;
      if (source.include === 0 && source.exclude === 0) this.sources.splice(at, 1);
    }
  }

  /** One socket that blocks nobody, or not somebody whom others block, is enough to hear all but those whom every such socket blocks. */
  private count(mode: number, by: number): void {
    if (mode === MCAST_INCLUDE) this.include += by;
    else this.exclude += by;
    if (this.exclude !== 0) this.sfmode = MCAST_EXCLUDE;
    else if (this.include !== 0) this.sfmode = MCAST_INCLUDE;
  }

  /** Whether anybody wants to hear `saddr` (0: not known yet). */
  allows(saddr: number): boolean {
    if (saddr === 0) return true;
    for (const source of this.sources) if (source.addr === saddr) return source.include !== 0 || source.exclude !== this.exclude;
    return this.exclude !== 0;
  }
}

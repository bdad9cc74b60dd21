/** What sockets do to the groups of an interface (`ipv6_sock_mc_join`, `ip6_mc_source`, `ip6_mc_msfilter`), as far as the interface sees it. */
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, MCAST_EXCLUDE, MCAST_INCLUDE } from '@skbuff/uapi';
import { type Listener, ip6 } from './support.ts';

interface Member {
  mode: number;
  sources: string[];
}

export class Sockets {
  private readonly l: Listener;
  private readonly members: Map<number, Map<string, Member>> = new Map();

  constructor(l: Listener) {
    this.l = l;
  }

  private groups(sk: number): Map<string, Member> {
    let groups = this.members.get(sk);
    if (groups === undefined) this.members.set(sk, (groups = new Map()));
    return groups;
  }

  private add(group: string, mode: number, sources: readonly string[], delta: boolean): void {
    this.l.mld.mcAddSrc(this.l.idev, ip6(group), mode, sources.map(ip6), delta);
  }

  private del(group: string, mode: number, sources: readonly string[], delta: boolean): void {
    this.l.mld.mcDelSrc(this.l.idev, ip6(group), mode, sources.map(ip6), delta);
  }

  join(sk: number, group: string, mode: number = MCAST_EXCLUDE): number {
    const groups = this.groups(sk);
    if (groups.has(group)) return -EADDRINUSE;
    groups.set(group, { mode, sources: [] });
    return this.l.join(group, mode);
  }

  leave(sk: number, group: string): number {
    const mc = this.groups(sk).get(group);
    if (mc === undefined) return -EADDRNOTAVAIL;
    this.groups(sk).delete(group);
    this.del(group, mc.mode, mc.sources, false);
    this.l.leave(group);
    return 0;
  }

  close(sk: number): number {
    // The membership that was made last goes first.
    for (const group of [...this.groups(sk).keys()].reverse()) this.leave(sk, group);
    return 0;
  }

  /** Adds or deletes a source; wanting one is joining. */
  source(sk: number, group: string, source: string, add: boolean, mode: number): number {
    if (add && mode === MCAST_INCLUDE) this.join(sk, group, MCAST_INCLUDE);
    const mc = this.groups(sk).get(group);
    if (mc === undefined || (mc.sources.length !== 0 && mc.mode !== mode)) return -EINVAL;
    if (mc.mode !== mode) {
      this.add(group, mode, [], false);
      this.del(group, mc.mode, [], false);
      mc.mode = mode;
    }
    const at = mc.sources.indexOf(source);
    if (add === at >= 0) return -EADDRNOTAVAIL;
    if (add) {
      mc.sources.push(source);
      this.add(group, mode, [source], true);
      return 0;
    }
    if (mc.sources.length === 1 && mode === MCAST_INCLUDE) return this.leave(sk, group);
    this.del(group, mode, [source], true);
    mc.sources.splice(at, 1);
    return 0;
  }

  filter(sk: number, group: string, mode: number, sources: readonly string[]): number {
    const mc = this.groups(sk).get(group);
    if (mode === MCAST_INCLUDE && sources.length === 0) return this.leave(sk, group);
    if (mc === undefined) return -EINVAL;
    this.add(group, mode, sources, false);
    this.del(group, mc.mode, mc.sources, false);
    mc.mode = mode;
    mc.sources = [...sources];
    return 0;
  }
}

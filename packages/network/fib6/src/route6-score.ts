/** How good a route is for a packet (`rt6_score_route`, `rt6_select`; RFC 4861 §6.3.6, RFC 4191 §3.2). */
import { RT6_LOOKUP_F_IFACE, RT6_LOOKUP_F_IGNORE_LINKSTATE, RT6_LOOKUP_F_REACHABLE, in6DevGet } from '@skbuff/ipv6';
import { NUD_VALID, neighSetProbeOnce } from '@skbuff/neighbour';
import { NUD_FAILED, RTF_NONEXTHOP, RTF_PREF_MASK, RTF_PREF_SHIFT, RTNH_F_DEAD, RTNH_F_LINKDOWN } from '@skbuff/uapi';
import { In6Addr, addrconfAddrSolictMult } from '@skbuff/wire';
import type { Fib6Rt } from './fib6-info.ts';
import { ipIgnoreLinkdown6 } from './fib6-linkdown.ts';
import type { Fib6Net } from './fib6-net.ts';
import type { Fib6Nh } from './fib6-nh.ts';
import type { Fib6Node } from './fib6-node.ts';
import type { Fib6Result } from './fib6-result.ts';

/** The route does not come into question; its gateway is asked whether it is there, and others come first. */
export const RT6_NUD_FAIL_HARD = -3;
export const RT6_NUD_FAIL_PROBE = -2;

/** `rt6_score_route`: by interface and preference; negative: RT6_NUD_*. `strict`: RT6_LOOKUP_F_IFACE, _REACHABLE. */
export function rt6ScoreRoute(state: Fib6Net, rt: Fib6Rt, oif: number, strict: number): number {
  const { nh } = rt;
  const score = oif === 0 || nh.dev.ifindex === oif ? 2 : 0;
  if (score === 0 && (strict & RT6_LOOKUP_F_IFACE) !== 0) return RT6_NUD_FAIL_HARD;
  if ((strict & RT6_LOOKUP_F_REACHABLE) !== 0 && nh.hasGw && (rt.flags & RTF_NONEXTHOP) === 0 && !mayAnswer(state, nh)) return RT6_NUD_FAIL_PROBE;
  return score | (PREFERENCE[(rt.flags & RTF_PREF_MASK) >>> RTF_PREF_SHIFT] << 2);
}

/** `IPV6_DECODE_PREF`: from least to most, low (3), medium (0), high (1). */
const PREFERENCE: readonly number[] = [2, 3, 0, 1];

/** `rt6_check_neigh`: nothing speaks against the gateway: nobody asked for it yet, or it did not fail to answer. */
function mayAnswer(state: Fib6Net, { dev, gw }: Fib6Nh): boolean {
  const neigh = state.fib6.ip.ndisc?.tbl.lookup(dev, gw.w0, gw.w1, gw.w2, gw.w3) ?? null;
  return neigh === null || (neigh.nudState & NUD_FAILED) === 0;
}

/**
 * `rt6_select`: the best usable route of a node into `res.f6i`; false: there is none. Of equally good ones the first. Routes of the next
 * metric count only where those of the metric before do not.
 */
export function rt6Select(state: Fib6Net, node: Fib6Node, strict: number, res: Fib6Result): boolean {
  let rt = node.leaf;
  if (rt === null) return false;
  res.node = node;
  res.f6i = null;
  while (rt !== null) {
    const { metric } = rt;
    res.score = -1;
    for (; rt !== null && rt.metric === metric; rt = rt.next) match(state, rt, strict, res);
    if (res.f6i !== null) return true;
  }
  return false;
}

/** `find_match`. */
function match(state: Fib6Net, rt: Fib6Rt, strict: number, res: Fib6Result): void {
  const { nh } = rt;
  if (rt.expires !== 0 && rt.expired(state.timers.jiffies)) return;
  if ((nh.flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) !== 0 && !linkUsable(nh, strict)) return;
  const score = rt6ScoreRoute(state, rt, res.oif, strict);
  if (score === RT6_NUD_FAIL_HARD) return;
  if ((strict & RT6_LOOKUP_F_REACHABLE) !== 0 && nh.hasGw) rt6Probe(state, nh);
  if (score <= res.score) return;
  res.score = score;
  res.f6i = rt;
}

function linkUsable(nh: Fib6Nh, strict: number): boolean {
  if ((nh.flags & RTNH_F_DEAD) !== 0) return false;
  return (strict & RT6_LOOKUP_F_IGNORE_LINKSTATE) !== 0 || !ipIgnoreLinkdown6(nh.dev);
}

const solicited: In6Addr = new In6Addr();

/**
 * `rt6_probe`: asks a gateway that is believed to be unreachable whether it is there again, so that its routes can come back (RFC 4191
 * §3.5): once in net.ipv6.conf.IFACE.router_probe_interval.
 */
function rt6Probe(state: Fib6Net, nh: Fib6Nh): void {
  const { ndisc } = state.fib6.ip;
  const idev = in6DevGet(nh.dev);
  if (ndisc === null || idev === null) return;
  const neigh = ndisc.tbl.lookup(nh.dev, nh.gw.w0, nh.gw.w1, nh.gw.w2, nh.gw.w3);
  if (neigh !== null && (neigh.nudState & NUD_VALID) !== 0) return;
  const now = state.timers.jiffies;
  if (now <= (neigh?.updated ?? nh.lastProbe) + idev.cnf.rtrProbeInterval) return;
  if (neigh !== null) neighSetProbeOnce(neigh);
  nh.lastProbe = now;
  ndisc.sendNs(nh.dev, nh.gw, addrconfAddrSolictMult(solicited, nh.gw), null, 0, 0);
}

/** A wrapper around the routing provider of IPv6. It asks nothing itself: a decision names its route, and rules that were asked tell which one decided. */
import type { Net, SkBuff, SkbSock } from '@skbuff/core';
import { type Fib6Rt, fib6Net } from '@skbuff/fib6';
import { type Fib6Rule, fib6RulesNet } from '@skbuff/fib6-rules';
import { type Flowi6, inet6Sk, IPV6, ip6Forward, ip6Input, type Ip6RoutingProvider, ip6McInput, ipv6DevGetSaddr, type Rt6Info } from '@skbuff/ipv6';
import { EACCES, EINVAL, errnoName, ETH_P_IPV6, IFF_LOOPBACK } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import { foundLine, routeLine, ruleLine, tableName, watchRules } from '../routes.ts';
import type { OpenStep, RouteFound, Trace } from '../trace.ts';
import { unusableOf } from './addresses.ts';

/** Watches every routing decision of the kernel. Returns the undo. */
export function watchRouting6(trace: Trace, nets: readonly Net[]): () => void {
  const { services } = trace.kernel;
  const ip = services.has(IPV6) ? services.get(IPV6) : null;
  const real = ip?.routing ?? null;
  if (ip === null || real === null) return () => {};
  const asked: Fib6Rule[] = [];
  const undos = nets.map((net) => watchRules(rulesOf(net), (rule) => asked.push(rule)));
  ip.routing = watchProvider(trace, real, asked);
  return () => {
    ip.routing = real;
    for (const undo of undos) undo();
  };
}

function rulesOf(net: Net): readonly Fib6Rule[] {
  return (fib6Net.peek(net)?.rules ?? null) === null ? [] : (fib6RulesNet.peek(net)?.list ?? []);
}

/** What a host has when nothing else can be used. */
const LOOPBACK = '::1';

/** The lookup that a host has made last for a packet of its own. */
interface LastOutput {
  readonly step: OpenStep;
  readonly net: Net;
  readonly daddr: string;
}

function watchProvider(trace: Trace, real: Ip6RoutingProvider, asked: Fib6Rule[]): Ip6RoutingProvider {
  let last: LastOutput | null = null;
  return {
    ...real,
    routeInput(skb) {
      asked.length = 0;
      real.routeInput(skb);
      if (skb.protocol === ETH_P_IPV6) noteInput(trace, skb, asked.at(-1) ?? null);
    },
    routeOutput(net, sk, fl6, flags) {
      asked.length = 0;
      const before = trace.steps.length;
      const rt = real.routeOutput(net, sk, fl6, flags);
      last = noteOutput(trace, net, sk, fl6, rt, asked.at(-1) ?? null, last);
      // A lookup may ask whether a router is there: that is told behind it.
      if (trace.steps.at(-1) === last.step) trace.steps.splice(before, 0, ...trace.steps.splice(-1));
      return rt;
    },
  };
}

function noteInput(trace: Trace, skb: SkBuff, rule: Fib6Rule | null): void {
  const subject = trace.subjectOf(skb);
  const ip = trace.headerOf(skb);
  const rt = skb.dst as Rt6Info | null;
  const net = skb.dev?.net as Net | undefined;
  if (subject === null || ip === null || rt === null || net === undefined) return;
  const found = describe(net, ip.daddr, rt, rule);
  trace.setRoute(net, subject, found);
  trace.add(net, skb.dev, 'route', subject, 'ip6RouteInput', `${foundLine(found, ip.daddr)}${nextOf(rt)}`);
}

function nextOf({ error, input }: Rt6Info): string {
  if (error !== 0) return ` → ${error === -EACCES ? 'ip6PktProhibit' : error === -EINVAL ? 'dstDiscard' : 'ip6PktDiscard'}, ${errnoName(error)}`;
  return input === ip6Forward ? ' → ip6Forward' : input === ip6Input ? ' → ip6Input' : input === ip6McInput ? ' → ip6McInput' : '';
}

/** A host asks again once it knows the source, or first how to choose one: that is one line. */
function noteOutput(trace: Trace, net: Net, sk: SkbSock | null, fl6: Flowi6, rt: Rt6Info, rule: Fib6Rule | null, last: LastOutput | null): LastOutput {
  const daddr = fl6.daddr.toString();
  const found = describe(net, daddr, rt, rule);
  const again = last !== null && last.net === net && last.daddr === daddr && trace.steps.findLast(({ subject }) => subject !== 'neighbour') === last.step;
  const subject = again ? last.step.subject : trace.sending(daddr);
  trace.setRoute(net, subject, found);
  const src = rt.error === 0 ? sourceOf(net, sk, fl6, rt) : '';
  const why = src === LOOPBACK && (rt.dev.flags & IFF_LOOPBACK) === 0 ? unusableOf(trace.nodeOf(net), rt.dev) : null;
  if (why !== null) trace.notes.add(`${why[0]}, so ${trace.nodeOf(net)} sends from ${LOOPBACK}; fix: ${why[1]}`);
  const text = `${foundLine(found, daddr)}${src === '' ? '' : ` src ${src}`}${rt.error === 0 ? '' : ` → ${errnoName(rt.error)}`}`;
  const step = again ? last.step : trace.add(net, rt.error === 0 ? rt.dev : null, 'route', subject, 'ip6RouteOutput', text);
  step.text = text;
  step.dev = rt.error === 0 ? rt.dev.name : null;
  return { step, net, daddr };
}

/** The source that the packet has or will get; empty: there is none. */
function sourceOf(net: Net, sk: SkbSock | null, fl6: Flowi6, rt: Rt6Info): string {
  if (!fl6.saddr.isAny()) return fl6.saddr.toString();
  if (!rt.prefsrc.isAny()) return rt.prefsrc.toString();
  const chosen = new In6Addr();
  ipv6DevGetSaddr(net, rt.idev?.dev ?? rt.dev, fl6.daddr, inet6Sk(sk)?.srcprefs ?? 0, chosen);
  return chosen.isAny() ? '' : chosen.toString();
}

function describe(net: Net, daddr: string, rt: Rt6Info, rule: Fib6Rule | null): RouteFound {
  const from = rt.from as Fib6Rt | null;
  return {
    error: rt.error,
    type: from === null ? null : from.type,
    table: from === null ? '' : `table ${tableName(from.table.id)}`,
    route: from === null ? '' : routeWords(from, daddr),
    rule: (fib6Net.peek(net)?.rules ?? null) === null || rule === null ? null : ruleWords(rule),
    wayBack: null,
  };
}

function routeWords(rt: Fib6Rt, daddr: string): string {
  const { dst, nh, plen, siblings, src, srcLen, type } = rt;
  const to = plen === 0 ? 'default' : plen === 128 ? daddr : `${dst.toString()}/${plen}`;
  return routeLine({
    type,
    prefix: srcLen === 0 ? to : `${to} from ${src.toString()}/${srcLen}`,
    gateway: nh.hasGw ? nh.gw.toString() : '',
    dev: nh.dev.name,
    hop: siblings?.indexOf(rt) ?? 0,
    hops: siblings?.length ?? 1,
  });
}

function ruleWords(rule: Fib6Rule): string {
  const prefix = (addr: In6Addr, len: number): string => (len === 0 ? '' : `${addr.toString()}${len === 128 ? '' : `/${len}`}`);
  return ruleLine(rule, prefix(rule.src.addr, rule.src.len), prefix(rule.dst.addr, rule.dst.len), rule.dscp);
}

/**
 * A wrapper around the routing provider. It asks nothing itself: it notes which rules and tables the real lookup asks, and reads what the
 * lookup left behind.
 */
import type { Net, SkBuff } from '@skbuff/core';
import { type FibAlias, type FibNet, fibNet, type FibResult, type FibStore, type FibTableBackend } from '@skbuff/fib';
import { type Fib4Rule, fib4RulesNet } from '@skbuff/fib4-rules';
import { type Flowi4, IPV4, ipForward, ipLocalDeliver, type Rtable, type RoutingProvider } from '@skbuff/ipv4';
import { EAGAIN, errnoName, ETH_P_IP, RTN_BROADCAST, RTN_MULTICAST } from '@skbuff/uapi';
import { inetMakeMask, inetNtoa } from '@skbuff/wire';
import { foundLine, routeLine, ruleLine, tableName, watchRules } from '../routes.ts';
import type { RouteFound, Trace } from '../trace.ts';

/** What one lookup asked, in its order. */
type Trail = ({ readonly rule: Fib4Rule } | { readonly store: FibStore; readonly addr: number; readonly index: number })[];

/** Watches every routing decision of the kernel. Returns the undo. */
export function watchRouting(trace: Trace, nets: readonly Net[]): () => void {
  const ip = trace.kernel.services.get(IPV4);
  const trail: Trail = [];
  const undos = nets.flatMap((net) => [watchTables(fibNet.of(net), trail), watchRules(rulesOf(net), (rule) => trail.push({ rule }))]);
  const real = ip.routing;
  if (real !== null) ip.routing = watchProvider(trace, real, trail);
  return () => {
    ip.routing = real;
    for (const undo of undos) undo();
  };
}

function rulesOf(net: Net): readonly Fib4Rule[] {
  return fibNet.of(net).rules === null ? [] : (fib4RulesNet.peek(net)?.list ?? []);
}

function watchTables(state: FibNet, trail: Trail): () => void {
  const undos = [...new Set([...state.tables.values()].map(({ store }) => store))].map((store) => {
    const open = store as { backend: FibTableBackend };
    const real = store.backend;
    const watched = Object.create(real) as { lookup: FibTableBackend['lookup'] } & FibTableBackend;
    watched.lookup = (addr, maxPlen) => {
      const index = real.lookup(addr, maxPlen);
      trail.push({ store, addr: addr >>> 0, index });
      return index;
    };
    open.backend = watched;
    return () => {
      open.backend = real;
    };
  });
  return () => {
    for (const undo of undos) undo();
  };
}

function watchProvider(trace: Trace, real: RoutingProvider, trail: Trail): RoutingProvider {
  return {
    ...real,
    routeInput: (skb, daddr, saddr, tos, dev) => {
      trail.length = 0;
      // What an earlier lookup left there would look like an answer.
      fibNet.of(dev.net).inRes.clear(0);
      const refused = real.routeInput(skb, daddr, saddr, tos, dev);
      if (skb.protocol === ETH_P_IP) noteInput(trace, skb, refused, daddr >>> 0, saddr >>> 0, dev.net, trail.slice());
      return refused;
    },
    routeOutput: (net, fl4, sk) => {
      trail.length = 0;
      const rt = real.routeOutput(net, fl4, sk);
      noteOutput(trace, net, fl4, rt, trail.slice());
      return rt;
    },
  };
}

function noteInput(trace: Trace, skb: SkBuff, refused: number, daddr: number, saddr: number, net: Net, trail: Trail): void {
  const subject = trace.subjectOf(skb);
  const rt = refused === 0 ? (skb.dst as Rtable | null) : null;
  const error = rt === null ? 0 : rt.error;
  const state = fibNet.of(net);
  const found = describe(net, daddr, saddr, error, state.inRes, trail);
  if (subject === null) return;
  trace.setRoute(net, subject, found);
  const next = rt === null ? ', refused' : rt.input === ipForward ? ' → ipForward' : rt.input === ipLocalDeliver ? ' → ipLocalDeliver' : error === 0 ? '' : ` → ipError, ${errnoName(error)}`;
  const unasked = trail.length === 0 || (found.route === '' && rt !== null && error === 0);
  trace.add(net, skb.dev, 'route', subject, 'ipRouteInputNoref', `${unasked ? `${inetNtoa(daddr)} without a lookup` : foundLine(found, inetNtoa(daddr))}${next}`);
}

function noteOutput(trace: Trace, net: Net, fl4: Flowi4, rt: Rtable | number, trail: Trail): void {
  const daddr = fl4.daddr >>> 0;
  const error = typeof rt === 'number' ? rt : rt.error;
  const found = describe(net, daddr, -1, error, fibNet.of(net).outRes, trail);
  const subject = trace.sending(inetNtoa(daddr));
  trace.setRoute(net, subject, found);
  const src = fl4.saddr === 0 || error !== 0 ? '' : ` src ${inetNtoa(fl4.saddr >>> 0)}`;
  const dev = typeof rt === 'number' ? null : rt.dev;
  trace.add(net, dev, 'route', subject, 'ipRouteOutputFlow', `${foundLine(dev === null || !isToMany(rt as Rtable) ? found : direct(found), inetNtoa(daddr))}${src}${error === 0 ? '' : ` → ${errnoName(error)}`}`);
}

/** Packets to many go to the link itself, whatever gateway the route names. */
function isToMany(rt: Rtable): boolean {
  return rt.type === RTN_BROADCAST || rt.type === RTN_MULTICAST;
}

function direct(found: RouteFound): RouteFound {
  return { ...found, route: found.route.replace(/ via [\d.]+/, '') };
}

function describe(net: Net, daddr: number, saddr: number, error: number, res: FibResult, trail: Trail): RouteFound {
  const { rule, end } = decider(trail, daddr);
  const asked = trail.slice(0, end);
  const alias = asked.some((step) => 'index' in step) ? (res.fa ?? errorRoute(asked, daddr)) : null;
  const back = saddr < 0 ? undefined : trail.findLast((step) => 'index' in step && step.addr === saddr && step.index >= 0);
  const backAlias = back !== undefined && 'index' in back ? (back.store.heads[back.index] ?? null) : null;
  return {
    error,
    type: alias === null ? null : alias.type,
    table: alias === null ? '' : `table ${tableName(alias.tbId)}`,
    route: alias === null ? '' : routeWords(alias, daddr, res.fa === null ? null : res),
    rule: fibNet.of(net).rules === null || rule === null ? null : ruleWords(rule),
    wayBack: backAlias === null ? null : routeWords(backAlias, saddr, null),
  };
}

/** The rule that the lookup of the destination ended at, and where the trail of that lookup ends. */
function decider(trail: Trail, daddr: number): { rule: Fib4Rule | null; end: number } {
  let rule: Fib4Rule | null = null;
  for (const [i, step] of trail.entries()) {
    if ('rule' in step) {
      if (rule !== null && step.rule !== rule && step.rule.pref < rule.pref) return { rule, end: i };
      rule = step.rule;
    } else if (step.addr !== daddr) return { rule, end: i };
  }
  return { rule, end: trail.length };
}

/** A lookup that fails at a route ends there; a throw route sends it on. */
function errorRoute(asked: Trail, daddr: number): FibAlias | null {
  const last = asked.findLast((step) => 'index' in step && step.addr === daddr && step.index >= 0);
  if (last === undefined || !('index' in last)) return null;
  for (let fa = last.store.heads[last.index] ?? null; fa !== null; fa = fa.next) if (fa.error !== 0 && fa.error !== -EAGAIN) return fa;
  return null;
}

function routeWords(fa: FibAlias, addr: number, res: FibResult | null): string {
  const prefix = fa.plen === 0 ? 'default' : fa.plen === 32 ? inetNtoa(addr) : `${inetNtoa((addr & inetMakeMask(fa.plen)) >>> 0)}/${fa.plen}`;
  const nh = res?.nh ?? fa.info.nhs[0];
  const { type, info } = fa;
  return routeLine({
    type,
    prefix,
    gateway: nh === undefined || nh.gw === 0 ? '' : inetNtoa(nh.gw >>> 0),
    dev: nh?.dev?.name ?? '',
    hop: res?.nhSel ?? 0,
    hops: info.nhs.length,
  });
}

function ruleWords(rule: Fib4Rule): string {
  const prefix = (addr: number, len: number): string => (len === 0 ? '' : `${inetNtoa(addr >>> 0)}${len === 32 ? '' : `/${len}`}`);
  return ruleLine(rule, prefix(rule.src, rule.srcLen), prefix(rule.dst, rule.dstLen), rule.tos);
}

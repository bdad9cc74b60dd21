import { child, compact, fields, list, number, text, type Context, type Fields } from './context.ts';
import { addressFamily, canonicalAddress, isAddress, splitZone } from './address.ts';
import { checkNode } from './links.ts';
import type { DropExpectation, Expectation, IpFamily, Moment, OutputExpectation, ProbePacket, ReachExpectation, RouteExpectation, Target } from './model.ts';
import { didYouMean } from './suggest.ts';
import { formatDuration, interfaceNameError, INTERFACE_NAME_EXPECTED, parseDuration, parsePercent } from './units.ts';

type Base = Pick<Expectation, 'moment' | 'at'> & { readonly name?: string };
type Kind = Expectation['kind'];
const KINDS: readonly Kind[] = ['reach', 'route', 'drop', 'output'];

/** The expectations of the file, in its order. One that has an error is left out. */
export function resolveExpect(context: Context): Expectation[] {
  let lastAt = 0;
  return list(context.root['expect']).flatMap((value, i) => {
    const pointer = `/expect/${i}`;
    const map = fields(value);
    const at = parseDuration(map['at']);
    if (at !== undefined && at < lastAt) {
      context.error(child(pointer, 'at'), { message: 'expectations are judged in the order of the file', found: formatDuration(at), expected: `${formatDuration(lastAt)} or later` });
    }
    lastAt = Math.max(lastAt, at ?? 0);
    return resolveOne(context, map, pointer) ?? [];
  });
}

function resolveOne(context: Context, map: Fields, pointer: string): Expectation | undefined {
  const kinds = KINDS.filter((k) => map[k] !== undefined);
  if (kinds.length !== 1) return undefined;
  const kind = kinds[0]!;
  const moment: Moment = map['at'] === undefined ? { kind: 'after', ns: parseDuration(map['after']) ?? 0 } : { kind: 'at', ns: parseDuration(map['at']) ?? 0 };
  const name = text(map['name']);
  const base: Base = { moment, at: context.position(pointer), ...(name !== undefined && { name }) };
  const body = fields(map[kind]);
  return RESOLVERS[kind](context, body, child(pointer, kind), base);
}

type Resolver = (context: Context, map: Fields, pointer: string, base: Base) => Expectation | undefined;
const RESOLVERS: Readonly<Record<Kind, Resolver>> = { reach, route, drop, output };

const FAMILY_NAMES: Readonly<Record<IpFamily, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };
const show = (to: Target): string => ('address' in to ? to.address : to.family === undefined ? to.node : `${to.node} over ${FAMILY_NAMES[to.family]}`);

function node(context: Context, map: Fields, key: string, pointer: string): string | undefined {
  const name = text(map[key]);
  return name !== undefined && checkNode(context, name, child(pointer, key)) ? name : undefined;
}

function familyOf(map: Fields): IpFamily | undefined {
  const family = map['family'];
  return family === 'ipv4' || family === 'ipv6' ? family : undefined;
}

/** An address or a node. */
function target(context: Context, map: Fields, pointer: string): Target | undefined {
  const to = text(map['to']);
  if (to === undefined) return undefined;
  const family = familyOf(map);
  if (context.nodeNames.has(to)) return compact<{ node: string; family?: IpFamily }>({ node: to, family });
  const own = addressFamily(to);
  if (own !== undefined && family !== undefined && own !== family) {
    context.error(child(pointer, 'family'), { message: `${to} is an address of ${FAMILY_NAMES[own]}`, found: family, expected: own, hint: 'leave out family: it says which address of a node is meant' });
  }
  if (own !== undefined) return { address: to };
  const hint = mistakeIn(to) ?? didYouMean(to, context.nodeNames);
  context.error(child(pointer, 'to'), { message: `${to} is no address and no node`, found: to, expected: 'an IP address or the name of a node', ...(hint && { hint }) });
  return undefined;
}

/** What keeps an address from being one. */
function mistakeIn(text: string): string | undefined {
  if (text.includes('/')) return 'leave out the prefix length';
  if (/^\[.*\]/.test(text)) return 'leave out the brackets, and a port behind them';
  return text.includes('%') && isAddress(splitZone(text)[0]) ? 'only an address of IPv6 has an interface behind it' : undefined;
}

function reach(context: Context, map: Fields, pointer: string, base: Base): ReachExpectation | undefined {
  const from = node(context, map, 'from', pointer);
  const to = target(context, map, pointer);
  const not = map['not'] === true;
  for (const key of ['loss', 'within']) {
    if (not && map[key] !== undefined) context.error(child(pointer, key), { message: `\`${key}\` says nothing beside \`not: true\``, hint: 'remove one of them' }, 'key');
  }
  if (from === undefined || to === undefined) return undefined;
  const withinNs = parseDuration(map['within']);
  const sentence = `${from} ${not ? 'does not reach' : 'reaches'} ${show(to)}${withinNs === undefined ? '' : ` within ${formatDuration(withinNs)}`}`;
  return compact<ReachExpectation>({ name: sentence, ...base, kind: 'reach', from, to, count: number(map['count']) ?? 1, withinNs, loss: parsePercent(map['loss']) ?? 0, not });
}

function route(context: Context, map: Fields, pointer: string, base: Base): RouteExpectation | undefined {
  const [name, to, via, dev] = [node(context, map, 'node', pointer), target(context, map, pointer), text(map['via']), text(map['dev'])];
  const unreachable = map['unreachable'] === true;
  if (via !== undefined && (!isAddress(via) || via.includes('%'))) {
    context.error(child(pointer, 'via'), { message: `${via} is no address`, found: via, expected: 'the IP address of the next hop', ...(via.includes('%') && { hint: 'its interface is told by dev' }) });
  }
  const family = to === undefined ? undefined : 'address' in to ? addressFamily(to.address) : to.family;
  if (family === 'ipv6' && via !== undefined && addressFamily(via) === 'ipv4') {
    context.error(child(pointer, 'via'), { message: `no route of IPv6 goes by ${via}, an address of IPv4`, found: via, expected: 'an address of IPv6' });
  }
  const problem = dev === undefined ? undefined : interfaceNameError(dev);
  // A route over lo is a thing one may expect, an endpoint named lo is not.
  if (problem !== undefined && dev !== 'lo') context.error(child(pointer, 'dev'), { message: problem, found: dev!, expected: INTERFACE_NAME_EXPECTED });
  if (unreachable && (via ?? dev) !== undefined) {
    context.error(child(pointer, 'unreachable'), { message: '`unreachable: true` contradicts `via` and `dev`', hint: 'remove one of them' }, 'key');
  }
  if (name === undefined || to === undefined) return undefined;
  const how = unreachable ? 'has no route to' : 'routes';
  const sentence = `${name} ${how} ${show(to)}${via === undefined ? '' : ` via ${via}`}${dev === undefined ? '' : ` dev ${dev}`}`;
  return compact<RouteExpectation>({ name: sentence, ...base, kind: 'route', node: name, to, via: via === undefined ? undefined : canonicalAddress(via), dev, unreachable });
}

function drop(context: Context, map: Fields, pointer: string, base: Base): DropExpectation | undefined {
  const name = node(context, map, 'node', pointer);
  const reason = text(map['reason'])?.replace(/^SKB_DROP_REASON_/, '');
  const packet = map['packet'] === undefined ? undefined : probe(context, fields(map['packet']), child(pointer, 'packet'));
  if (name === undefined || reason === undefined) return undefined;
  const sentence = `${name} drops ${packet === undefined ? 'packets' : `a packet from ${packet.from} to ${show(packet.to)}`} with ${reason}`;
  return compact<DropExpectation>({ name: sentence, ...base, kind: 'drop', node: name, reason, count: number(map['count']) ?? 1, packet });
}

function probe(context: Context, map: Fields, pointer: string): ProbePacket | undefined {
  const from = node(context, map, 'from', pointer);
  const to = target(context, map, pointer);
  const proto = map['proto'] === 'udp' ? 'udp' : 'icmp';
  if (proto === 'icmp' && map['port'] !== undefined) context.error(child(pointer, 'port'), { message: 'an ICMP echo request has no port', hint: 'add proto: udp' }, 'key');
  if (from === undefined || to === undefined) return undefined;
  return compact<ProbePacket>({ from, to, proto, port: number(map['port']) ?? 9, ttl: number(map['ttl']), size: number(map['size']) ?? 56, count: number(map['count']) ?? 1 });
}

function output(context: Context, map: Fields, pointer: string, base: Base): OutputExpectation | undefined {
  const name = node(context, map, 'node', pointer);
  const exec = text(map['exec']);
  const [equals, matches, exit] = [text(map['equals']), text(map['matches']), number(map['exit'])];
  const contains = [map['contains'] ?? []].flat().filter((c) => typeof c === 'string');
  if (matches !== undefined) checkPattern(context, matches, child(pointer, 'matches'));
  if (Object.keys(map).every((key) => key === 'node' || key === 'exec')) {
    context.error(pointer, { message: 'this expectation says nothing about the output', found: 'node and exec only', expected: 'at least one of equals, contains, matches, exit' }, 'key');
  }
  if (name === undefined || exec === undefined) return undefined;
  return compact<OutputExpectation>({ name: `${name}: ${exec}`, ...base, kind: 'output', node: name, exec, equals, contains, matches, exit: exit ?? 0 });
}

function checkPattern(context: Context, pattern: string, pointer: string): void {
  try {
    new RegExp(pattern, 'mu');
  } catch (error) {
    context.error(pointer, { message: 'this is no regular expression', found: pattern, expected: 'a JavaScript regular expression', hint: (error as Error).message });
  }
}

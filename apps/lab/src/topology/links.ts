import { child, compact, fields, list, number, text, type Context, type Fields } from './context.ts';
import { resolveDown, resolveImpair } from './impair.ts';
import type { LabLink, LinkEnd, LinkType } from './model.ts';
import { didYouMean } from './suggest.ts';
import { INTERFACE_NAME_EXPECTED, interfaceNameError, parseMac } from './units.ts';

/** What containerlab gives a link without `mtu`. */
const DEFAULT_MTU: Readonly<Record<LinkType, number>> = { veth: 9500, dummy: 9500, host: 9500, 'mgmt-net': 1500, macvlan: 1500 };

/** Node names that stand for something else in a short endpoint, unless a node really is called so. */
const SPECIAL: ReadonlySet<string> = new Set(['host', 'mgmt-net', 'macvlan', 'dummy']);

interface Found {
  readonly end: LinkEnd;
  readonly pointer: string;
}

/** The links of the file. Reports every endpoint that cannot be. */
export function resolveLinks(context: Context): LabLink[] {
  const used = new Map<string, number>();
  return list(fields(context.root['topology'])['links']).flatMap((value, index) => {
    const pointer = `/topology/links/${index}`;
    const link = resolveLink(context, fields(value), index, pointer);
    if (link === undefined) return [];
    for (const { end, pointer: spot } of link.found) claim(context, used, end, spot);
    return link.link;
  });
}

function claim(context: Context, used: Map<string, number>, end: LinkEnd, pointer: string): void {
  const key = `${end.node}:${end.interface}`;
  const first = used.get(key);
  if (first === undefined) {
    used.set(key, context.position(pointer).line);
    return;
  }
  context.error(pointer, { message: `interface ${key} is used twice`, found: key, expected: 'an interface that no other endpoint has', hint: `it is first used in line ${first}` });
}

function resolveLink(context: Context, link: Fields, index: number, pointer: string): { link: LabLink; found: Found[] } | undefined {
  const long = text(link['type']);
  const shape = long === undefined ? shortForm(context, link, pointer) : longForm(context, link, long, pointer);
  const impair = resolveImpair(context, link['impair'], child(pointer, 'impair'));
  const down = resolveDown(context, link['down'], child(pointer, 'down'));
  if (shape === undefined) return undefined;
  const { type, found } = shape;
  const hostInterface = shape.hostInterface ?? text(link['host-interface']);
  if (hostInterface !== undefined) checkInterface(context, hostInterface, shape.hostPointer ?? child(pointer, 'host-interface'));
  const resolved = compact<LabLink>({
    index, type, ends: found.map((f) => f.end), mtu: number(link['mtu']) ?? DEFAULT_MTU[type],
    hostInterface, mode: type === 'macvlan' ? ((text(link['mode']) as LabLink['mode']) ?? 'bridge') : undefined,
    impair, down, at: context.position(pointer),
  });
  return { link: resolved, found };
}

interface Shape {
  readonly type: LinkType;
  readonly found: Found[];
  readonly hostInterface?: string;
  readonly hostPointer?: string;
}

/** `endpoints: ["a:eth1", "b:eth1"]`, with `host:…`, `mgmt-net:…`, `macvlan:…` or `dummy:…` as the second or first. */
function shortForm(context: Context, link: Fields, pointer: string): Shape | undefined {
  const parts = list(link['endpoints']).map((value, i) => {
    const [node = '', ...rest] = (text(value) ?? '').split(':');
    return { node, interface: rest.join(':'), pointer: child(child(pointer, 'endpoints'), i) };
  });
  if (parts.length !== 2 || parts.some((p) => p.node === '' || p.interface === '')) return undefined;
  const special = parts.find((p) => SPECIAL.has(p.node) && !context.nodeNames.has(p.node));
  const found = parts.filter((p) => p !== special).flatMap((p) => checkEnd(context, p.node, p.interface, p.pointer, p.pointer));
  if (special === undefined) return { type: 'veth', found };
  return { type: special.node as LinkType, found, ...(special.node !== 'dummy' && { hostInterface: special.interface, hostPointer: special.pointer }) };
}

/** `type: …` with endpoints as maps. */
function longForm(context: Context, link: Fields, type: string, pointer: string): Shape | undefined {
  if (!Object.hasOwn(DEFAULT_MTU, type)) return undefined;
  const ends = type === 'veth'
    ? list(link['endpoints']).map((value, i) => ({ value, spot: child(child(pointer, 'endpoints'), i) }))
    : [{ value: link['endpoint'], spot: child(pointer, 'endpoint') }];
  return { type: type as LinkType, found: ends.flatMap(({ value, spot }) => longEnd(context, fields(value), spot)) };
}

function longEnd(context: Context, end: Fields, pointer: string): Found[] {
  const node = text(end['node']);
  const name = text(end['interface']);
  const mac = text(end['mac']);
  const parsed = mac === undefined ? undefined : parseMac(mac);
  if (typeof parsed === 'object') {
    context.error(child(pointer, 'mac'), { message: parsed.error, found: mac!, expected: 'a unicast address that is not zero, such as 02:00:00:00:00:01' });
  }
  if (node === undefined || name === undefined) return [];
  const found = checkEnd(context, node, name, child(pointer, 'node'), child(pointer, 'interface'));
  return typeof parsed === 'string' ? found.map((f) => ({ ...f, end: { ...f.end, mac: parsed } })) : found;
}

function checkEnd(context: Context, node: string, name: string, nodePointer: string, namePointer: string): Found[] {
  const known = checkNode(context, node, nodePointer);
  const valid = checkInterface(context, name, namePointer);
  return known && valid ? [{ end: { node, interface: name }, pointer: namePointer }] : [];
}

function checkInterface(context: Context, name: string, pointer: string): boolean {
  const problem = interfaceNameError(name);
  if (problem !== undefined) context.error(pointer, { message: problem, found: JSON.stringify(name), expected: INTERFACE_NAME_EXPECTED });
  return problem === undefined;
}

/** Reports a name that no node has. */
export function checkNode(context: Context, name: string, pointer: string): boolean {
  if (context.nodeNames.has(name)) return true;
  const hint = didYouMean(name, context.nodeNames);
  const names = [...context.nodeNames];
  const shown = names.length > 10 ? `${names.slice(0, 10).join(', ')}, …` : names.join(', ');
  context.error(pointer, { message: `there is no node ${name}`, found: name, expected: `one of ${shown}`, ...(hint && { hint }) });
  return false;
}

import { child, fields, text, type Context, type Fields } from './context.ts';

/** One place that a node takes values from. */
export interface Level {
  readonly pointer: string;
  readonly fields: Fields;
}

/** Where a node's values come from, the most general first: defaults, kind, group, node. */
export interface Ancestry {
  readonly name: string;
  readonly kind: string | undefined;
  /** Pointer of the `kind` that applies. */
  readonly kindPointer: string;
  readonly group?: string;
  readonly levels: readonly Level[];
}

const TOPOLOGY = '/topology';

function level(topology: Fields, section: string, name?: string): Level | undefined {
  if (name === undefined) return { pointer: `${TOPOLOGY}/${section}`, fields: fields(topology[section]) };
  const entries = fields(topology[section]);
  return Object.hasOwn(entries, name) ? { pointer: child(`${TOPOLOGY}/${section}`, name), fields: fields(entries[name]) } : undefined;
}

/**
 * containerlab's order: what the node says wins over its group, that over its kind, that over the defaults. The kind itself
 * comes from node, group or defaults; the group from node, the node's own kind, or defaults.
 */
export function ancestry(context: Context, name: string): Ancestry {
  const topology = fields(context.root['topology']);
  const node = level(topology, 'nodes', name)!;
  const defaults = level(topology, 'defaults')!;
  const ownKind = text(node.fields['kind']);
  const group = text(node.fields['group'])
    ?? (ownKind === undefined ? undefined : text(level(topology, 'kinds', ownKind)?.fields['group']))
    ?? text(defaults.fields['group']);
  const groupLevel = group === undefined ? undefined : level(topology, 'groups', group);
  const kindLevel = [node, groupLevel, defaults].find((l) => text(l?.fields['kind']) !== undefined);
  const kind = text(kindLevel?.fields['kind']);
  const levels = [defaults, kind === undefined ? undefined : level(topology, 'kinds', kind), groupLevel, node];
  return {
    name,
    kind,
    kindPointer: kindLevel === undefined ? node.pointer : child(kindLevel.pointer, 'kind'),
    ...(group !== undefined && { group }),
    levels: levels.filter((l) => l !== undefined),
  };
}

/** The value that wins, and where it stands. */
export function nearest(of: Ancestry, key: string): { readonly value: unknown; readonly pointer: string } | undefined {
  const found = of.levels.findLast((l) => l.fields[key] !== undefined && l.fields[key] !== null);
  return found && { value: found.fields[key], pointer: child(found.pointer, key) };
}

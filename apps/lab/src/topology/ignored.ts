import { fields, list, type Context } from './context.ts';
import type { Ancestry } from './inherit.ts';
import type { IgnoredKey, LabLink } from './model.ts';
import { ignoredKeys } from './schema.ts';

const CONTAINER = 'concerns containers only';

function count(scope: IgnoredKey['scope'], title: string, maps: readonly (readonly object[])[], reason: string): IgnoredKey[] {
  return [...ignoredKeys(title)].flatMap((key) => {
    const n = maps.filter((levels) => levels.some((level) => Object.hasOwn(level, key))).length;
    return n === 0 ? [] : { key, scope, count: n, reason };
  });
}

/** One entry per key that changes nothing, with the number of nodes or links that have or inherit it. */
export function listIgnored(context: Context, ancestries: readonly Ancestry[]): IgnoredKey[] {
  const links = list(fields(context.root['topology'])['links']).map(fields);
  const ends = links.flatMap((l) => [...list(l['endpoints']), l['endpoint']]).map((end) => [fields(end)]);
  const imports = ancestries.filter((a) => a.levels.some((l) => Object.hasOwn(fields(l.fields['env']), '__IMPORT_ENVS'))).length;
  return [
    ...count('lab', 'the top level', [[context.root]], CONTAINER),
    ...count('node', 'a node', ancestries.map((a) => a.levels.map((l) => l.fields)), CONTAINER),
    ...(imports === 0 ? [] : [{ key: 'env.__IMPORT_ENVS', scope: 'node' as const, count: imports, reason: 'a run must not depend on who starts it' }]),
    ...count('link', 'a link', links.map((l) => [l]), 'for configuration templates only'),
    ...count('link', 'an endpoint', ends, 'for configuration templates only').map((k) => ({ ...k, key: `endpoint.${k.key}` })),
  ];
}

/** Links whose other end is the machine the lab runs on: it is simulated too, and people should know. */
export function noteOutside(context: Context, links: readonly LabLink[]): void {
  for (const type of ['host', 'mgmt-net', 'macvlan'] as const) {
    const some = links.filter((l) => l.type === type);
    if (some.length === 0) continue;
    const message = `${some.length === 1 ? 'a link' : `${some.length} links`} of type ${type}: the far end is simulated too, nothing reaches the real machine`;
    context.note(`/topology/links/${some[0]!.index}`, { message }, 'value');
  }
}

import { expandMagic } from './expand.ts';
import { child, fields, list, text, type Context } from './context.ts';
import { ancestry, nearest, type Ancestry } from './inherit.ts';
import type { ExecLine, LabNode, SysctlSetting } from './model.ts';
import { suggest } from './suggest.ts';
import { sysctlPath } from './units.ts';

const HOST_LIKE: ReadonlySet<string> = new Set(['bridge', 'ovs-bridge', 'host', 'ext-container', 'k8s-kind', 'k8s_kind', 'border0', 'generic_vm']);

/** The nodes of the file, each with everything it inherits. */
export function resolveNodes(context: Context, lab: string): { nodes: LabNode[]; ancestries: Ancestry[] } {
  const ancestries = [...context.nodeNames].map((name) => ancestry(context, name));
  return { ancestries, nodes: ancestries.map((a) => resolveNode(context, a, lab)) };
}

function resolveNode(context: Context, from: Ancestry, lab: string): LabNode {
  const pointer = child('/topology/nodes', from.name);
  checkKind(context, from, pointer);
  checkNetworkMode(context, from);
  return {
    name: from.name,
    kind: 'linux',
    ...(from.group !== undefined && { group: from.group }),
    env: mergeEnv(context, from, lab),
    exec: joinExec(context, from, lab),
    sysctl: mergeSysctl(context, from),
    at: context.position(pointer, 'key'),
  };
}

function checkKind(context: Context, from: Ancestry, pointer: string): void {
  if (from.kind === 'linux') return;
  if (from.kind === undefined) {
    if (from.levels.some((l) => 'kind' in l.fields && l.fields['kind'] !== null)) return;
    context.note(pointer, { message: `node ${from.name} has no kind; linux is assumed, where containerlab would refuse the file` });
    return;
  }
  const typing = suggest(from.kind, ['linux']);
  const hint = typing ? 'did you mean linux?'
    : HOST_LIKE.has(from.kind) ? 'it stands for something outside the lab; a node of kind linux can forward or answer in its place'
    : 'it needs the image of a vendor; a node of kind linux can route in its place';
  context.error(from.kindPointer, { message: `node ${from.name} is of kind ${from.kind}, which cannot run here`, found: from.kind, expected: 'linux', hint });
}

/** Sharing a namespace would change what the lab does, so it cannot be passed over. */
function checkNetworkMode(context: Context, from: Ancestry): void {
  const mode = nearest(from, 'network-mode');
  const value = text(mode?.value);
  if (value === undefined || !(value === 'host' || value.startsWith('container:'))) return;
  context.error(mode!.pointer, {
    message: `node ${from.name} shares a network namespace, which cannot run here`,
    found: value, expected: 'bridge or none', hint: 'put the interfaces and exec lines of both into one node',
  });
}

/** containerlab merges the maps key by key; the more special level wins. */
function mergeEnv(context: Context, from: Ancestry, lab: string): Record<string, string> {
  const env: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const level of from.levels) {
    for (const [name, value] of Object.entries(fields(level.fields['env']))) {
      // A switch of containerlab ("take over my shell's environment"), not a variable.
      if (name === '__IMPORT_ENVS') continue;
      const written = context.written(child(child(level.pointer, 'env'), name), value);
      env[name] = expandMagic(written, lab, from.name);
    }
  }
  return { ...env };
}

/**
 * containerlab merges lists such as `exec` by joining them. The order here is from general to special (defaults, kind, group,
 * node), so that a node's own lines find what the general ones set up. Lines that stand in two lists run twice.
 */
function joinExec(context: Context, from: Ancestry, lab: string): ExecLine[] {
  return from.levels.flatMap((level) =>
    list(level.fields['exec']).flatMap((line, i) => {
      if (typeof line !== 'string') return [];
      return { line: expandMagic(line, lab, from.name), at: context.position(child(child(level.pointer, 'exec'), i)) };
    }),
  );
}

/** Lab, defaults, kind, group, node; at each level `sysctl` after `sysctls`. Later ones replace earlier ones in place. */
function mergeSysctl(context: Context, from: Ancestry): SysctlSetting[] {
  const merged = new Map<string, SysctlSetting>();
  const take = (pointer: string, map: unknown): void => {
    for (const [name, value] of Object.entries(fields(map))) {
      const spot = child(pointer, name);
      const path = sysctlPath(name);
      if (typeof value === 'string' || typeof value === 'number') merged.set(path, { path, value: context.written(spot, value), at: context.position(spot, 'key') });
    }
  };
  take('/sysctl', context.root['sysctl']);
  for (const level of from.levels) {
    for (const key of ['sysctls', 'sysctl']) take(child(level.pointer, key), level.fields[key]);
  }
  return [...merged.values()];
}

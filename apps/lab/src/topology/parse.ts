import { child, Context, number, text } from './context.ts';
import { byPosition, TopologyError } from './diagnostic.ts';
import type { Env } from './expand.ts';
import { resolveExpect } from './expect.ts';
import { listIgnored, noteOutside } from './ignored.ts';
import { checkNode, resolveLinks } from './links.ts';
import type { Capture, LabTopology, ParseResult } from './model.ts';
import { resolveNodes } from './nodes.ts';
import { sourceText } from './source.ts';
import { validate } from './validate.ts';
import { parseYaml } from './yaml-tree.ts';

export interface ParseOptions {
  /** Name of the file for messages. */
  readonly file: string;
  /** Variables for `${NAME}` in the file. Empty without it: then only defaults (`${NAME:-x}`) are filled in. */
  readonly env?: Env;
}

/**
 * Reads a containerlab topology file. Never throws: whatever the bytes are, the result is a topology, or diagnostics of
 * which at least one is an error. All errors that can be told apart are reported at once, in the order of the file.
 */
export function parseTopology(source: string | Uint8Array, options: ParseOptions): ParseResult {
  const { text: decoded, error } = sourceText(source, options.file);
  if (error) return { source: decoded, diagnostics: [error] };
  const tree = parseYaml(decoded, options.file, options.env ?? {});
  const diagnostics = [...tree.diagnostics];
  if (tree.value === undefined) return { source: decoded, diagnostics: diagnostics.sort(byPosition) };
  diagnostics.push(...validate(tree));
  const topology = resolve(new Context(tree, options.file, diagnostics));
  const failed = diagnostics.some((d) => d.severity === 'error');
  return { source: decoded, diagnostics: diagnostics.sort(byPosition), ...(!failed && { topology }) };
}

/** The same for callers who want an exception. Throws `TopologyError` with all diagnostics. */
export function parseTopologyOrThrow(source: string | Uint8Array, options: ParseOptions): LabTopology {
  const { topology, diagnostics } = parseTopology(source, options);
  if (topology === undefined) throw new TopologyError(diagnostics);
  return topology;
}

/** Works on what the schema has found fault with, too, so that its own findings come in the same run. */
function resolve(context: Context): LabTopology {
  const name = context.written('/name', context.root['name']);
  const { nodes, ancestries } = resolveNodes(context, name);
  const links = resolveLinks(context);
  noteOutside(context, links);
  const seed = number(context.root['seed']);
  return {
    file: context.file,
    name,
    nodes,
    links,
    expect: resolveExpect(context),
    ipv6: context.root['ipv6'] !== false,
    ...(seed !== undefined && { seed }),
    capture: resolveCapture(context, new Set(links.flatMap((l) => l.ends.map((e) => `${e.node}:${e.interface}`)))),
    ignored: listIgnored(context, ancestries),
  };
}

function resolveCapture(context: Context, known: ReadonlySet<string>): Capture {
  const value = context.root['capture'];
  if (value === false) return { all: false, points: [] };
  if (!Array.isArray(value)) return { all: true };
  const points = value.flatMap((item: unknown, i) => {
    const [node = '', name] = (text(item) ?? '').split(':', 2);
    const spot = child('/capture', i);
    if (node === '' || !checkNode(context, node, spot)) return [];
    if (name !== undefined && !known.has(`${node}:${name}`)) noSuchInterface(context, node, name, spot, known);
    return { node, ...(name !== undefined && { interface: name }) };
  });
  return { all: false, points };
}

function noSuchInterface(context: Context, node: string, name: string, pointer: string, known: ReadonlySet<string>): void {
  const own = [...known].filter((k) => k.startsWith(`${node}:`)).map((k) => k.slice(node.length + 1));
  context.note(pointer, { message: `no link gives ${node} an interface ${name}; it is captured if an exec line makes it`, found: name, expected: own.length > 0 ? `one of ${own.join(', ')}` : 'a node that has links' }, 'value');
}


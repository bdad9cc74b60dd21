/** The lab as an SVG that needs nothing else: readable on light and dark ground. */
import { layout, type Point } from './layout.ts';
import { type Box, part } from './part.ts';
import type { GraphEnd, LabGraph } from './model.ts';

/** Pixels of a link, and around everything. */
const UNIT = 240;
const MARGIN = 70;
const NODE_HEIGHT = 38;
const LINE = 14;
/** Half the width of a character of an address. */
const CHAR = 3.4;

const STYLE = `
  svg { background: #fff; color: #1c2430; font: 12px ui-sans-serif, system-ui, sans-serif; }
  .link { stroke: #7b8794; stroke-width: 1.6; fill: none; }
  .bad { stroke: #d9730d; stroke-dasharray: 6 4; }
  .node { fill: #e8f1fd; stroke: #2f6fbd; stroke-width: 1.6; }
  .router { fill: #e7f6ec; stroke: #2b8a4b; }
  .stub { fill: #f3f4f6; stroke: #9aa4b0; stroke-dasharray: 4 3; }
  text { fill: currentColor; text-anchor: middle; paint-order: stroke; stroke: #fff; stroke-width: 3px; stroke-linejoin: round; }
  .name { font-weight: 600; font-size: 14px; stroke: none; }
  .address { font-family: ui-monospace, monospace; font-size: 11px; }
  .label { font-size: 11px; fill: #b45309; }
  @media (prefers-color-scheme: dark) {
    svg { background: #12161c; color: #e6eaf0; }
    .link { stroke: #8b98a8; }
    .node { fill: #17304d; stroke: #6aa7ee; }
    .router { fill: #163522; stroke: #58c27d; }
    .stub { fill: #20262e; stroke: #77828f; }
    text { stroke: #12161c; }
    .name { stroke: none; }
    .label { fill: #f5a254; }
  }
`;

/** Text of XML; what XML cannot hold becomes a replacement character. */
function xml(value: string): string {
  return value
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
    .replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);
}

const px = (value: number): string => String(Math.round(value * 10) / 10);

export function graphToSvg(graph: LabGraph): string {
  const placed = layout(graph.nodes.length, graph.links.map(({ a, b }) => [a.node, b.node] as const));
  const halves = graph.nodes.map(({ name }) => Math.max(28, [...name].length * 4.6 + 14));
  const spread = UNIT * Math.max(1, ...halves.map((half) => half / 70));
  const points = placed.map(({ x, y }) => ({ x: x * spread, y: y * spread }));
  const [left, top] = [Math.min(0, ...points.map((p, i) => p.x - (halves[i] as number))), Math.min(0, ...points.map((p) => p.y))];
  const width = Math.max(0, ...points.map((p, i) => p.x + (halves[i] as number))) - left + 2 * MARGIN;
  const height = Math.max(0, ...points.map((p) => p.y)) - top + 2 * MARGIN;
  const at = points.map(({ x, y }) => ({ x: x - left + MARGIN, y: y - top + MARGIN }));
  const links = parallel(graph).map(([link, bend]) => linkSvg(link, bend, at, halves));
  const boxes = at.map(({ x, y }, i): Box => ({ x, y, halfWidth: halves[i] as number, halfHeight: NODE_HEIGHT / 2 }));
  const ends = links.flatMap((link) => link.ends);
  part(ends, boxes);
  const nodes = graph.nodes.map(({ name, kind }, i) => nodeSvg(name, kind, at[i] as Point, halves[i] as number));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${px(width)} ${px(height)}" width="${px(width)}" height="${px(height)}" role="img" aria-label="${xml(graph.name)}">`,
    `<title>${xml(graph.name)}</title>`,
    `<style>${STYLE}</style>`,
    ...links.map(({ line }) => line),
    ...nodes,
    ...ends.map(endSvg),
    ...links.map(({ words }) => words),
    '</svg>',
    '',
  ].join('\n');
}

/** Links between the same two nodes bend away from each other. */
function parallel({ links }: LabGraph): (readonly [LabGraph['links'][number], number])[] {
  const key = (l: LabGraph['links'][number]): string => [l.a.node, l.b.node].sort((x, y) => x - y).join();
  return links.map((link, i) => {
    const same = links.filter((other) => key(other) === key(link));
    const nth = links.slice(0, i).filter((other) => key(other) === key(link)).length;
    return [link, (nth - (same.length - 1) / 2) * 70 * (link.a.node > link.b.node ? -1 : 1)];
  });
}

function linkSvg({ a, b, label }: LabGraph['links'][number], bend: number, at: readonly Point[], halves: readonly number[]): { line: string; words: string; ends: readonly End[] } {
  const [p, q] = [at[a.node] as Point, at[b.node] as Point];
  const length = Math.max(1, Math.hypot(q.x - p.x, q.y - p.y));
  const side = { x: -(q.y - p.y) / length, y: (q.x - p.x) / length };
  const middle = { x: (p.x + q.x) / 2 + side.x * bend, y: (p.y + q.y) / 2 + side.y * bend };
  const loop = a.node === b.node;
  const path = loop
    ? `M ${px(p.x)} ${px(p.y)} c -60 -110 60 -110 0 0`
    : `M ${px(p.x)} ${px(p.y)} Q ${px(2 * middle.x - (p.x + q.x) / 2)} ${px(2 * middle.y - (p.y + q.y) / 2)} ${px(q.x)} ${px(q.y)}`;
  const near = (end: GraphEnd, from: Point): End | null => endBox(end, from, loop ? { x: p.x, y: p.y - 80 } : middle, halves[end.node] as number);
  const parts = label === '' ? [] : label.split(/(?<=[,;]) /);
  const top = middle.y + 4 - ((parts.length - 1) * LINE) / 2;
  const word = parts.map((part, i) => `<text class="label" x="${px(middle.x)}" y="${px(top + i * LINE)}">${xml(part)}</text>`).join('');
  return { line: `<path class="link${label === '' ? '' : ' bad'}" d="${path}"/>`, words: word, ends: [near(a, p), near(b, q)].filter((end) => end !== null) };
}

/** Interface and addresses of one end of a link. */
interface End extends Box {
  readonly lines: readonly string[];
}

/** They stand beside the node, on the way to the other end. */
function endBox({ interface: dev, addresses }: GraphEnd, from: Point, to: Point, half: number): End | null {
  if (dev === '') return null;
  const lines = [dev, ...addresses];
  const length = Math.max(1, Math.hypot(to.x - from.x, to.y - from.y));
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const away = Math.abs(ux) > 0.5 ? half + 44 : NODE_HEIGHT / 2 + 20;
  const halfHeight = (lines.length * LINE) / 2;
  const y = from.y + uy * away + (Math.abs(ux) > 0.5 ? LINE + 2 : 0) + halfHeight - LINE;
  const chars = Math.max(...lines.map((line) => [...line].length));
  return { lines, x: from.x + ux * away, y, halfWidth: chars * CHAR + 3, halfHeight };
}

function endSvg({ lines, x, y, halfHeight }: End): string {
  const top = y - halfHeight + LINE;
  return lines.map((line, i) => `<text class="${i === 0 ? 'interface' : 'address'}" x="${px(x)}" y="${px(top + i * LINE)}">${xml(line)}</text>`).join('');
}

function nodeSvg(name: string, kind: string, { x, y }: Point, half: number): string {
  const box = `<rect class="node ${kind}" x="${px(x - half)}" y="${px(y - NODE_HEIGHT / 2)}" width="${px(2 * half)}" height="${NODE_HEIGHT}" rx="${kind === 'router' ? NODE_HEIGHT / 2 : 7}"/>`;
  return `${box}<text class="name" x="${px(x)}" y="${px(y + 5)}">${xml(name)}</text>`;
}

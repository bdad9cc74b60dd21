/** Drawings of labs: what is in them, and that no name can break them. */
import { describe, expect, it } from 'vitest';
import { graphOf, graphToMermaid, graphToSvg, type InterfaceAddresses, type LabGraph } from '../src/index.ts';
import { layout } from '../src/graph/layout.ts';
import { part } from '../src/graph/part.ts';
import { example, lab, parsed } from './helpers.ts';

const NONE: InterfaceAddresses = () => [];

/** Tags are closed in the order in which they were opened; attributes are quoted; no bare < or & anywhere. */
function isXml(text: string): boolean {
  const open: string[] = [];
  const rest = text.replace(/<style>[^<]*<\/style>/g, '').replace(/<(\/?)([a-z]+)((?: [a-zA-Z-]+(?::[a-z]+)?="[^"<]*")*)(\/?)>/g, (_all, close: string, name: string, _attrs, empty: string) => {
    if (close === '/') return open.pop() === name ? '' : '<';
    if (empty !== '/') open.push(name);
    return '';
  });
  return open.length === 0 && !/[<>]/.test(rest) && !/&(?!#\d+;)/.test(rest) && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(rest);
}

describe('part', () => {
  it('moves words apart, and off nodes, which stay', () => {
    const node = { x: 0, y: 0, halfWidth: 28, halfHeight: 19 };
    const words = [{ x: 20, y: 5, halfWidth: 30, halfHeight: 14 }, { x: 25, y: 10, halfWidth: 30, halfHeight: 14 }];
    part(words, [node]);
    const [a, b] = words as [typeof node, typeof node];
    for (const [p, q] of [[a, b], [a, node], [b, node]] as const) {
      expect(Math.max(Math.abs(p.x - q.x) - p.halfWidth - q.halfWidth, Math.abs(p.y - q.y) - p.halfHeight - q.halfHeight)).toBeGreaterThan(-0.2);
    }
    expect(node).toMatchObject({ x: 0, y: 0 });
  });
});

describe('skbuff graph', () => {
  it('draws nodes, links, addresses and impairments', () => {
    const topology = parsed(lab({ links: ['- { endpoints: ["a:eth1", "b:eth1"], impair: { delay: 10ms, jitter: 1ms, loss: 1%, rate: 10mbit } }'] }));
    const graph = graphOf(topology, (node) => [{ dev: 'eth1', cidr: node === 'a' ? '10.0.0.1/24' : '10.0.0.2/24' }]);
    expect(graphToMermaid(graph)).toBe(
      ['flowchart LR', '  n0["a"]', '  n1["b"]', '  n0 ---|"eth1 10.0.0.1/24<br/>delay 10ms ±1ms, loss 1#37;, rate 10Mbit/s<br/>eth1 10.0.0.2/24"| n1', ''].join('\n'),
    );
    const svg = graphToSvg(graph);
    for (const text of ['>a<', '>b<', '>eth1<', '>10.0.0.1/24<', '>10.0.0.2/24<', '>delay 10ms ±1ms,<', '>loss 1%,<', '>rate 10Mbit/s<', 'prefers-color-scheme: dark']) expect(svg).toContain(text);
    expect(isXml(svg)).toBe(true);
  });

  it('draws every example the same way each time, as XML', () => {
    for (const name of ['quick-start.clab.yml', 'three-routers.clab.yml', 'lossy-ten-nodes.clab.yml', 'outside-links.clab.yml', 'failing-link.clab.yml', 'ipv6-path.clab.yml', 'ring-of-routers.clab.yml']) {
      const draw = (): string => graphToSvg(graphOf(parsed(example(name)), NONE));
      expect(isXml(draw()), name).toBe(true);
      expect(draw()).toBe(draw());
    }
  });

  it('knows routers by their sysctl, and gives links that lead out an end', () => {
    const { nodes } = graphOf(parsed(example('quick-start.clab.yml')), NONE);
    expect(nodes.map(({ name, kind }) => `${name} ${kind}`)).toEqual(['h1 node', 'r1 router', 'h2 node']);
    expect(graphOf(parsed(example('outside-links.clab.yml')), NONE).nodes.some(({ kind }) => kind === 'stub')).toBe(true);
  });

  it.each(['<script>alert(1)</script>', '"]; click n0 "javascript:x"', 'a&b;#35;', 'naïve \u0000\u001b[31m', '%% %{init}%', '`|]})', '\ud800'])('escapes the name %j', (name) => {
    const end = (node: number): LabGraph['links'][number]['a'] => ({ node, interface: name, addresses: [name] });
    const graph: LabGraph = { name, nodes: [{ name, kind: 'node' }, { name, kind: 'router' }, { name, kind: 'stub' }], links: [{ a: end(0), b: end(1), label: name }, { a: end(0), b: end(1), label: '' }, { a: end(2), b: end(2), label: '' }] };
    expect(isXml(graphToSvg(graph))).toBe(true);
    const [head, ...lines] = graphToMermaid(graph).trimEnd().split('\n');
    expect(head).toBe('flowchart LR');
    const plain = '(?:[^#;<>"\'`{}|\\\\&%[\\]()\\u0000-\\u001f]|#\\d+;|<br/>)*';
    for (const line of lines) expect(line).toMatch(new RegExp(`^ {2}(n\\d(\\["|\\(\\["|>")${plain}("\\]\\)|"\\])|n\\d ---\\|"${plain}"\\| n\\d)$`));
  });

  it('draws nothing at all', () => {
    expect(isXml(graphToSvg({ name: 'empty', nodes: [], links: [] }))).toBe(true);
  });

  it('lays a line out along a line, and keeps nodes apart', () => {
    const points = layout(6, [[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]]);
    const xs = points.map(({ x }) => x);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    for (const [i, p] of points.entries()) for (const q of points.slice(0, i)) expect(Math.hypot(p.x - q.x, p.y - q.y)).toBeGreaterThan(0.5);
  });
});

import { describe, expect, it } from 'vitest';
import { parseTopology, parseTopologyOrThrow, TopologyError } from '../src/index.ts';
import { example, exampleNames, lab, links, expects, parsed, summary } from './helpers.ts';

describe('examples', () => {
  it.each(exampleNames)('%s has no error', (name) => {
    const { topology, diagnostics } = parseTopology(example(name), { file: name });
    expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
    expect(topology?.nodes.length).toBeGreaterThan(0);
  });

  it('the quick start is two hosts and a router that forwards', () => {
    const lab = parsed(example('quick-start.clab.yml'));
    expect(lab.nodes.map((n) => [n.name, n.exec.length])).toEqual([['h1', 2], ['r1', 2], ['h2', 2]]);
    expect(lab.nodes[1]!.sysctl).toMatchObject([{ path: 'net/ipv4/ip_forward', value: '1' }]);
    expect(lab.links.map((l) => l.ends)).toEqual([
      [{ node: 'h1', interface: 'eth1' }, { node: 'r1', interface: 'eth1' }],
      [{ node: 'r1', interface: 'eth2' }, { node: 'h2', interface: 'eth1' }],
    ]);
  });

  it('the lossy ring has ten nodes, ten impaired links and a seed', () => {
    const lab = parsed(example('lossy-ten-nodes.clab.yml'));
    expect([lab.nodes.length, lab.seed, lab.links.filter((l) => l.impair.length > 0).length]).toEqual([10, 2024, 10]);
  });
});

describe('inheritance', () => {
  const source = `
name: t
sysctl: {net.ipv4.ip_forward: 1, net/ipv4/conf/eth0.1/rp_filter: 2}
topology:
  defaults: {kind: linux, env: {A: defaults, B: defaults, C: defaults, D: defaults}, exec: [one], sysctls: {net.ipv4.ip_forward: 0}}
  kinds:
    linux: {env: {B: kind, C: kind, D: kind}, exec: [two]}
  groups:
    g: {env: {C: group, D: group}, exec: [three]}
  nodes:
    n: {group: g, env: {D: node}, exec: [four], sysctls: {net.ipv4.ip_forward: 2}, sysctl: {net.ipv4.ip_forward: 3}}
    m: {}
`;
  it('merges env by key, node before group before kind before defaults', () => {
    expect(parsed(source).nodes[0]!.env).toEqual({ A: 'defaults', B: 'kind', C: 'group', D: 'node' });
  });
  it('joins exec lists from general to special', () => {
    expect(parsed(source).nodes.map((n) => n.exec.map((e) => e.line))).toEqual([['one', 'two', 'three', 'four'], ['one', 'two']]);
  });
  it('merges sysctls, the lab first, sysctl after sysctls, paths in one spelling', () => {
    expect(parsed(source).nodes.map((n) => n.sysctl.map((s) => `${s.path}=${s.value}`))).toEqual([
      ['net/ipv4/ip_forward=3', 'net/ipv4/conf/eth0.1/rp_filter=2'],
      ['net/ipv4/ip_forward=0', 'net/ipv4/conf/eth0.1/rp_filter=2'],
    ]);
  });
  it('takes the kind from the group before the defaults', () => {
    const text = 'name: t\ntopology:\n  defaults: {kind: ceos}\n  groups: {g: {kind: linux}}\n  nodes: {n: {group: g}}\n';
    expect(parsed(text).nodes[0]!.kind).toBe('linux');
  });
  it('takes the group from the kind or the defaults, when the node has none', () => {
    const text = 'name: t\ntopology:\n  defaults: {group: d}\n  kinds: {linux: {group: k}}\n  nodes: {n: {kind: linux}, m: {kind: linux, group: own}}\n';
    expect(parsed(text).nodes.map((n) => n.group)).toEqual(['k', 'own']);
  });
  it('reports a mistake that all nodes inherit once', () => {
    expect(summary('name: t\ntopology:\n  defaults: {kind: ceos}\n  nodes: {a: , b: , c: }\n')).toEqual(['3:20 error: node a is of kind ceos, which cannot run here']);
  });
  it('knows merge keys and aliases, own keys first', () => {
    const text = 'name: t\ntopology:\n  nodes:\n    a: &a {kind: linux, env: &e {X: 1, Y: 2}}\n    b: {<<: *a, env: {<<: *e, Y: 3}}\n    c: *a\n';
    expect(parsed(text).nodes.map((n) => n.env)).toEqual([{ X: '1', Y: '2' }, { Y: '3', X: '1' }, { X: '1', Y: '2' }]);
  });
});

describe('values', () => {
  it('keeps env and sysctl values as they are written', () => {
    const node = parsed(lab({ a: ['env: {A: 010, B: 1.50, C: yes, D: , E: true}', 'sysctls: {net.ipv4.tcp_rmem: 4096 87380 6291456}'] })).nodes[0]!;
    expect(node.env).toEqual({ A: '010', B: '1.50', C: 'yes', D: '', E: 'true' });
    expect(node.sysctl[0]!.value).toBe('4096 87380 6291456');
  });
  it('fills in variables of the caller, and defaults without them', () => {
    const source = lab({ a: ['exec: ["echo ${WHO} $WHO ${NO:-x} ${NO} ${EMPTY:-e} ${EMPTY-f}"]'], links: ['- endpoints: ["a:eth1", "b:eth1"]', '  mtu: ${MTU:=1400}'] });
    const filled = parsed(source, { WHO: 'me', EMPTY: '' });
    expect(filled.nodes[0]!.exec[0]!.line).toBe('echo me me x ${NO} e ');
    expect(filled.links[0]!.mtu).toBe(1400);
  });
  it('fills in the magic variables of containerlab', () => {
    const node = parsed(lab({ a: ['env: {N: __clabNodeName__}', 'exec: ["echo __clabNodeName__ __clabDir__ __clabNodeDir__"]'] })).nodes[0]!;
    expect([node.env['N'], node.exec[0]!.line]).toEqual(['a', 'echo a clab-t clab-t/a']);
  });
  it('is not misled by names of Object.prototype', () => {
    const text = 'name: t\ntopology:\n  nodes:\n    constructor: {kind: linux, env: {__proto__: x}}\n    toString: {kind: linux, group: valueOf}\n  links:\n    - endpoints: ["constructor:eth1", "toString:eth1"]\n';
    expect(parsed(text).nodes.map((n) => n.name)).toEqual(['constructor', 'toString']);
    expect(summary(text.replace('toString:eth1', 'hasOwnProperty:eth1'))).toEqual(['7:39 error: there is no node hasOwnProperty']);
  });
  it('gives the place of every exec line', () => {
    expect(parsed(lab({ a: ['exec:', '  - one', '  - "two"'] })).nodes[0]!.exec.map((e) => [e.at.line, e.at.column])).toEqual([[7, 11], [8, 11]]);
  });
});

describe('links', () => {
  it.each<[string, string[], object]>([
    ['short, with the MTU of containerlab', ['- endpoints: ["a:eth1", "b:eth1"]'], { type: 'veth', mtu: 9500, ends: [{ node: 'a', interface: 'eth1' }, { node: 'b', interface: 'eth1' }] }],
    ['short to the host', ['- endpoints: ["host:veth-b", "b:eth1"]'], { type: 'host', mtu: 9500, hostInterface: 'veth-b', ends: [{ node: 'b', interface: 'eth1' }] }],
    ['short to the management network', ['- endpoints: ["a:eth1", "mgmt-net:x"]'], { type: 'mgmt-net', mtu: 1500, hostInterface: 'x' }],
    ['short macvlan', ['- endpoints: ["a:eth1", "macvlan:ens3"]'], { type: 'macvlan', mode: 'bridge', hostInterface: 'ens3' }],
    ['short dummy', ['- endpoints: ["a:eth1", "dummy:x"]'], { type: 'dummy', ends: [{ node: 'a', interface: 'eth1' }] }],
    ['long dummy', ['- {type: dummy, endpoint: {node: a, interface: d0, mac: 02-00-00-00-00-0A}, mtu: 1280}'], { type: 'dummy', mtu: 1280, ends: [{ node: 'a', interface: 'd0', mac: '02:00:00:00:00:0a' }] }],
    ['long macvlan', ['- {type: macvlan, endpoint: {node: a, interface: m0}, host-interface: ens3, mode: vepa}'], { type: 'macvlan', mode: 'vepa', hostInterface: 'ens3' }],
    ['a loop at one node', ['- endpoints: ["a:eth1", "a:eth2"]'], { type: 'veth' }],
  ])('%s', (_label, lines, expected) => {
    expect(parsed(links(...lines)).links[0]).toMatchObject(expected);
  });

  it('a node that is called host is a node', () => {
    const text = 'name: t\ntopology:\n  nodes: {host: {kind: linux}, b: {kind: linux}}\n  links:\n    - endpoints: ["host:eth1", "b:eth1"]\n';
    expect(parsed(text).links[0]).toMatchObject({ type: 'veth', ends: [{ node: 'host' }, { node: 'b' }] });
  });
});

describe('impair and down', () => {
  const LINK = '- endpoints: ["a:eth1", "b:eth1"]';
  it('converts to nanoseconds, probabilities and bits per second', () => {
    const [link] = parsed(links(LINK, '  impair: {delay: 1.5ms, jitter: 10us, loss: 1%, duplicate: 0.5, reorder: 25%, corrupt: 100%, rate: 1mbps, seed: 3}')).links;
    expect(link!.impair).toEqual([{ atNs: 0, delayNs: 1_500_000, jitterNs: 10_000, loss: 0.01, duplicate: 0.005, reorder: 0.25, corrupt: 1, rate: 8e6, seed: 3 }]);
  });
  it('takes a schedule', () => {
    expect(parsed(links(LINK, '  impair: [{at: 0, loss: 5%}, {at: 2m}]')).links[0]!.impair).toEqual([{ atNs: 0, loss: 0.05 }, { atNs: 120e9 }]);
  });
  it.each([['[10s, 12s]', [[10, 12]]], ['[1s, 2s, 3s, 4s]', [[1, 2], [3, 4]]], ['[[0, 2s], [3s, 4s]]', [[0, 2], [3, 4]]]])('down: %s', (text, pairs) => {
    expect(parsed(links(LINK, `  down: ${text}`)).links[0]!.down.map((d) => [d.fromNs / 1e9, d.toNs / 1e9])).toEqual(pairs);
  });
});

describe('expect', () => {
  it.each<[string, string, object]>([
    ['reach', '- reach: {from: a, to: 10.0.0.1}', { kind: 'reach', name: 'a reaches 10.0.0.1', moment: { kind: 'after', ns: 0 }, to: { address: '10.0.0.1' }, count: 1, loss: 0, not: false }],
    ['reach within a time', '- {after: 2s, reach: {from: a, to: b, within: 20ms, loss: 10%, count: 20}}', { name: 'a reaches b within 20ms', moment: { kind: 'after', ns: 2e9 }, to: { node: 'b' }, withinNs: 20e6, loss: 0.1, count: 20 }],
    ['no reach', '- {at: 1s, name: cut off, reach: {from: a, to: b, not: true}}', { name: 'cut off', moment: { kind: 'at', ns: 1e9 }, not: true }],
    ['route', '- route: {node: a, to: 10.9.0.1, via: 10.0.0.1, dev: eth1}', { kind: 'route', name: 'a routes 10.9.0.1 via 10.0.0.1 dev eth1', via: '10.0.0.1', dev: 'eth1', unreachable: false }],
    ['no route', '- route: {node: a, to: 10.9.0.1, unreachable: true}', { name: 'a has no route to 10.9.0.1', unreachable: true }],
    ['drop', '- drop: {node: b, reason: SKB_DROP_REASON_NO_SOCKET, packet: {from: a, to: b, proto: udp, port: 53}}', { kind: 'drop', name: 'b drops a packet from a to b with NO_SOCKET', reason: 'NO_SOCKET', count: 1, packet: { from: 'a', to: { node: 'b' }, proto: 'udp', port: 53, size: 56, count: 1 } }],
    ['output', '- output: {node: a, exec: ip route, contains: [x, y], matches: "^d", equals: "", exit: 2}', { kind: 'output', name: 'a: ip route', contains: ['x', 'y'], matches: '^d', equals: '', exit: 2 }],
  ])('%s', (_label, line, expected) => {
    expect(parsed(expects(line)).expect[0]).toMatchObject(expected);
  });
});

describe('what changes nothing', () => {
  it('is listed once per key with the nodes that have or inherit it', () => {
    const text = 'name: t\nprefix: p\nmgmt: {network: x}\ntopology:\n  defaults: {image: i}\n  nodes:\n    a: {kind: linux, cmd: x, env: {__IMPORT_ENVS: true}}\n    b: {kind: linux, image: j, cmd: y}\n    c: {kind: linux}\n  links:\n    - {endpoints: ["a:eth1", "b:eth1"], vars: {x: 1}}\n';
    expect(parsed(text).ignored.map((k) => [k.key, k.scope, k.count])).toEqual([
      ['prefix', 'lab', 1], ['mgmt', 'lab', 1], ['image', 'node', 3], ['cmd', 'node', 2], ['env.__IMPORT_ENVS', 'node', 1], ['vars', 'link', 1],
    ]);
    expect(parsed(text).nodes[0]!.env).toEqual({});
  });
  it('a capture is all, nothing, or a list', () => {
    const capture = (line: string) => parsed(lab({ top: [line] })).capture;
    expect([capture('seed: 1'), capture('capture: false'), capture('capture: [a, "b:eth1"]')]).toEqual([
      { all: true }, { all: false, points: [] }, { all: false, points: [{ node: 'a' }, { node: 'b', interface: 'eth1' }] },
    ]);
  });
});

describe('several mistakes', () => {
  it('are reported at once, in the order of the file', () => {
    const text = lab({ top: ['seed: x'], a: ['exec: 5', 'exec: 6'], links: ['- endpoints: ["a:eth1", "c:eth1"]', '  impair: {loss: 200%}', '- type: gre'] });
    expect(summary(text)).toEqual([
      '2:7 error: `seed` is of the wrong type', '8:7 error: this key stands twice in the same map', '8:13 error: `exec` is of the wrong type',
      '11:29 error: there is no node c', '12:22 error: `loss` cannot be "200%"', '13:13 error: `type` cannot be "gre"',
    ]);
  });
  it('are all in the exception, for those who want one', () => {
    const parse = (): unknown => parseTopologyOrThrow(links('- endpoints: ["c:eth1", "d:eth1"]'), { file: 'f.yml' });
    expect(parse).toThrow(TopologyError);
    expect(parse).toThrow('f.yml:8:19: there is no node c\nf.yml:8:29: there is no node d');
  });
});

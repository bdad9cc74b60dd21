/** Expectations of either family, on the real stack. */
import { describe, expect, it } from 'vitest';
import { createStackHost, graphOf, type LabReport, runLab, setUp } from '../src/index.ts';
import { withPort } from '../src/topology/address.ts';
import { expects, full, lab, parsed } from './helpers.ts';

interface Family {
  readonly name: 'ipv4' | 'ipv6';
  readonly forward: string;
  readonly bits: number;
  readonly a: string;
  readonly r: readonly [string, string];
  readonly b: string;
  readonly nowhere: string;
}

const FAMILIES: readonly Family[] = [
  { name: 'ipv4', forward: 'net.ipv4.ip_forward', bits: 24, a: '10.0.1.1', r: ['10.0.1.2', '10.0.2.1'], b: '10.0.2.2', nowhere: '10.9.0.1' },
  { name: 'ipv6', forward: 'net.ipv6.conf.all.forwarding', bits: 64, a: '2001:db8:1::1', r: ['2001:db8:1::2', '2001:db8:2::1'], b: '2001:db8:2::2', nowhere: '2001:db8:9::1' },
];

/** a, a router and b, with addresses of these families. */
function routed(families: readonly Family[], expectations: readonly string[], top: readonly string[] = []): string {
  const exec = (of: (family: Family) => readonly string[]): string => JSON.stringify(families.flatMap(of));
  return [
    'name: families', ...top, 'topology:', '  defaults: { kind: linux }', '  nodes:',
    `    a: { exec: ${exec(({ a, bits, r }) => [`ip addr add ${a}/${bits} dev eth1`, `ip route add default via ${r[0]}`])} }`,
    `    r: { sysctl: { ${families.map(({ forward }) => `${forward}: 1`).join(', ')} }, exec: ${exec(({ bits, r }) => r.map((address, i) => `ip addr add ${address}/${bits} dev eth${i + 1}`))} }`,
    `    b: { exec: ${exec(({ b, bits, r }) => [`ip addr add ${b}/${bits} dev eth1`, `ip route add default via ${r[1]}`])} }`,
    '  links:', '    - { endpoints: ["a:eth1", "r:eth1"], impair: { delay: 10ms } }', '    - { endpoints: ["r:eth2", "b:eth1"], down: [60s, 70s] }',
    'expect:', ...expectations.map((line) => `  - ${line}`), '',
  ].join('\n');
}

async function run(source: string): Promise<LabReport> {
  const { report, leaks } = await runLab(parsed(source), createStackHost, { seed: 1 });
  expect(leaks).toEqual({});
  expect(report.exec).toEqual([]);
  return report;
}

const outcomes = (report: LabReport): unknown[] => report.expectations.map(({ pass, found }) => pass || found);

describe.each(FAMILIES)('expectations of $name', (family) => {
  const { name, r, b, nowhere } = family;

  it.each([
    ['with this family alone', [family], ''],
    ['with both', FAMILIES, `, family: ${name}`],
  ])('are judged %s', async (_what, families, asked) => {
    const report = await run(routed(families, [
      `reach: { from: a, to: "${b}", count: 2 }`,
      `reach: { from: a, to: b${asked}, within: 21ms }`,
      `reach: { from: b, to: "${nowhere}", not: true }`,
      `route: { node: a, to: b${asked}, via: "${r[0].toUpperCase()}", dev: eth1 }`,
      `drop: { node: b, reason: NO_SOCKET, packet: { from: a, to: b${asked}, proto: udp, port: 7 } }`,
      `drop: { node: b, reason: NO_SOCKET, packet: { from: a, to: "${b}", proto: udp, port: 7, ttl: 1 } }`,
      `output: { node: a, exec: ping -c 1 ${b}, contains: "1 packets transmitted, 1 received" }`,
      `{ at: 65s, reach: { from: a, to: b${asked}, not: true } }`,
      `{ at: 80s, reach: { from: a, to: b${asked} } }`,
    ]));
    expect(outcomes(report)).toEqual([true, true, true, true, true, expect.stringContaining('0; since'), true, true, true]);
  });
});

describe('a node of both families', () => {
  it('is meant by its address of IPv4, unless the expectation says which', async () => {
    const report = await run(routed(FAMILIES, ['route: { node: r, to: b, dev: eth2 }', 'output: { node: a, exec: ip -br addr show dev eth1, matches: "10.0.1.1/24 2001:db8:1::1/64 fe80::\\\\S+/64 $" }']));
    expect(outcomes(report)).toEqual([true, true]);
    const host = createStackHost(parsed(routed(FAMILIES, [])), { seed: 1, realTime: false });
    await setUp(host, parsed(routed(FAMILIES, [])));
    expect([undefined, 'ipv4' as const, 'ipv6' as const].map((family) => host.addressOf('b', family))).toEqual(['10.0.2.2', '10.0.2.2', '2001:db8:2::2']);
    const graph = graphOf(parsed(routed(FAMILIES, [])), (node) => host.addressesOf(node), (node) => host.forwards(node));
    expect(graph.links[0]?.a.addresses).toEqual(['10.0.1.1/24', '2001:db8:1::1/64']);
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['node', 'router', 'node']);
    expect(host.close().leaks).toEqual({});
  });

  it('says what family has no address', async () => {
    expect(outcomes(await run(routed(FAMILIES.slice(0, 1), ['reach: { from: a, to: b, family: ipv6 }'])))).toEqual(['b has no global IPv6 address that can be used']);
    expect(outcomes(await run(routed(FAMILIES.slice(1), ['reach: { from: a, to: b, family: ipv4 }', 'reach: { from: a, to: b }'])))).toEqual(['b has no global IPv4 address that can be used', true]);
  });

  it('is a router by either', async () => {
    for (const family of FAMILIES) {
      const topology = parsed(lab({ a: [`exec: [sysctl -w ${family.forward}=1]`] }));
      const host = createStackHost(topology, { seed: 1, realTime: false });
      await setUp(host, topology);
      expect([host.forwards('a'), host.forwards('b')]).toEqual([true, false]);
      host.close();
    }
  });
});

describe('addresses of a link', () => {
  const exec = ['exec: [ip addr add fe80::1/64 dev eth1]'];

  it('are expected with their interface', async () => {
    const report = await run(lab({ a: exec, top: ['expect:', '  - reach: { from: b, to: "fe80::1%eth1" }', '  - route: { node: b, to: "fe80::1%eth1", dev: eth1 }', '  - reach: { from: a, to: b, family: ipv6 }'] }));
    expect(outcomes(report)).toEqual([true, true, 'b has no global IPv6 address that can be used']);
  });

  it('are out of reach without it, in words', async () => {
    const report = await run(lab({ top: ['expect:', '  - reach: { from: b, to: "fe80::1%eth7" }', '  - route: { node: b, to: "fe80::1%eth7", dev: eth1 }', '  - drop: { node: a, reason: X, packet: { from: b, to: "fe80::1%eth7" } }', '  - reach: { from: b, to: "fe80::1%eth7", not: true }'] }));
    expect(outcomes(report)).toEqual(['b has lo, eth1', 'b has lo, eth1', 'b has lo, eth1', true]);
    expect(report.expectations[0]?.expected).toBe('b has the interface eth7');
  });

  it('are drawn if somebody has given them', async () => {
    const topology = parsed(lab({ a: exec }));
    const host = createStackHost(topology, { seed: 1, realTime: false });
    await setUp(host, topology);
    const [link] = graphOf(topology, (node) => host.addressesOf(node)).links;
    expect([link?.a.addresses, link?.b.addresses]).toEqual([['fe80::1/64'], []]);
    host.close();
  });
});

describe('a lab is up', () => {
  const second = (source: string): string => source.replace('b: {kind: linux}', 'b: {kind: linux, exec: [ip addr add 2001:db8::2/64 dev eth1]}');

  it('when its addresses can be used, and no sooner', async () => {
    const report = await run(second(lab({ a: ['exec: [ip addr add 2001:db8::1/64 dev eth1]'], top: ['expect:', '  - reach: { from: a, to: b, within: 1ms }'] })));
    expect(outcomes(report)).toEqual([true]);
    expect(report.expectations[0]?.timeNs).toBe(0);
    expect(report.virtualTimeNs).toBeGreaterThan(1e9);
    expect(report.virtualTimeNs).toBeLessThan(2.3e9);
  });

  it('at once without IPv6', async () => {
    const report = await run(lab({ top: ['ipv6: false', 'expect:', '  - output: { node: a, exec: ip addr show dev eth1, matches: "^(?!.*inet6)" }', '  - output: { node: a, exec: ip -6 addr show, equals: "" }'] }));
    expect([outcomes(report), report.virtualTimeNs]).toEqual([[true, true], 0]);
  });

  it('though an address is somebody else’s, or its link has no carrier', async () => {
    const twice = await run(second(lab({ a: ['exec: [sleep 3, ip addr add 2001:db8::2/64 dev eth1]'], top: ['expect:', '  - output: { node: a, exec: ip -6 addr show dev eth1, contains: dadfailed tentative }', '  - reach: { from: b, to: a, family: ipv6 }'] })));
    expect(outcomes(twice)).toEqual([true, 'a has no global IPv6 address that can be used']);
    expect(twice.virtualTimeNs).toBeLessThan(6e9);
    const dark = await run(lab({ a: ['exec: [ip addr add 2001:db8::1/64 dev eth1, ip link set eth1 down, ip link set eth1 up]'] }).replace('b: {kind: linux}', 'b: {kind: linux, exec: [ip link set eth1 down]}'));
    expect(dark.virtualTimeNs).toBeLessThan(3e9);
  });
});

describe('a file', () => {
  it('with `ipv6: false` gives its nodes no IPv6, and says so where that is no place for it', () => {
    expect([parsed(lab()).ipv6, parsed(lab({ top: ['ipv6: false'] })).ipv6, parsed(lab({ top: ['ipv6: true'] })).ipv6]).toEqual([true, false, true]);
    expect(full(lab({ a: ['ipv6: false'] }))).toEqual(['6:7 error: `ipv6` does not belong in a node | topology.nodes.a.ipv6 | ipv6 | `ipv6` in the top level | -']);
  });

  it('may not ask for an address of the other family', () => {
    expect(full(expects('- reach: {from: a, to: 2001:db8::1, family: ipv4}'))).toEqual([
      '3:47 error: 2001:db8::1 is an address of IPv6 | expect[0].reach.family | ipv4 | ipv6 | leave out family: it says which address of a node is meant',
    ]);
    expect(full(expects('- route: {node: a, to: 10.0.0.1, via: "fe80::1%eth1"}'))).toEqual([
      '3:41 error: fe80::1%eth1 is no address | expect[0].route.via | fe80::1%eth1 | the IP address of the next hop | its interface is told by dev',
    ]);
  });

  it.each([
    ['reach: {from: a, to: "[2001:db8::1]:53"}', '3:26 error: [2001:db8::1]:53 is no address and no node | expect[0].reach.to | [2001:db8::1]:53 | an IP address or the name of a node | leave out the brackets, and a port behind them'],
    ['reach: {from: a, to: "2001:db8::1/64"}', '3:26 error: 2001:db8::1/64 is no address and no node | expect[0].reach.to | 2001:db8::1/64 | an IP address or the name of a node | leave out the prefix length'],
    ['reach: {from: a, to: "10.0.0.1%eth1"}', '3:26 error: 10.0.0.1%eth1 is no address and no node | expect[0].reach.to | 10.0.0.1%eth1 | an IP address or the name of a node | only an address of IPv6 has an interface behind it'],
    ['route: {node: a, to: "2001:db8::1", via: 10.0.0.1}', '3:46 error: no route of IPv6 goes by 10.0.0.1, an address of IPv4 | expect[0].route.via | 10.0.0.1 | an address of IPv6 | -'],
    ['route: {node: a, to: b, family: ipv6, via: 10.0.0.1}', '3:48 error: no route of IPv6 goes by 10.0.0.1, an address of IPv4 | expect[0].route.via | 10.0.0.1 | an address of IPv6 | -'],
    ['reach: {from: a, to: b, family: IPv6}', '3:37 error: `family` cannot be "IPv6" | expect[0].reach.family | "IPv6" | one of ipv4, ipv6 | did you mean ipv6?'],
  ])('says what is wrong with %s', (expectation, diagnostic) => {
    expect(full(expects(`- ${expectation}`))).toEqual([diagnostic]);
  });

  it('writes ports behind addresses so that they can be told apart', () => {
    expect([withPort('10.0.0.1', 53), withPort('2001:db8::1', 53), withPort('fe80::1%eth0', 53)]).toEqual(['10.0.0.1:53', '[2001:db8::1]:53', '[fe80::1%eth0]:53']);
  });

  it('has the written form of an address in the sentence, and the kernel’s in the judgement', () => {
    const [route] = parsed(expects('- route: {node: a, to: b, family: ipv6, via: "2001:DB8:0::1"}')).expect;
    expect(route).toMatchObject({ name: 'a routes b over IPv6 via 2001:DB8:0::1', via: '2001:db8::1', to: { node: 'b', family: 'ipv6' } });
  });
});

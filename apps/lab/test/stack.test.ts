/** Labs from end to end, on the real stack. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type CaptureStore, captureDirectory, createStackHost, exitCode, type LabReport, renderJson, renderText, runLab } from '../src/index.ts';
import { example, exampleNames, lab, parsed } from './helpers.ts';

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true });
});

function directory(): string {
  const name = mkdtempSync(path.join(tmpdir(), 'skbuff-lab-'));
  made.push(name);
  return name;
}

/** Runs a file; nothing may be left of it. */
async function run(source: string, options: { seed?: number; captures?: CaptureStore } = {}): Promise<LabReport> {
  const topology = parsed(source);
  const { report, leaks } = await runLab(topology, createStackHost, { seed: topology.seed ?? 1, ...options });
  expect(leaks).toEqual({});
  return report;
}

const failures = (report: LabReport): unknown[] => report.expectations.filter(({ pass }) => !pass).map(({ name, found }) => [name, found]);

it.each(exampleNames)('%s holds, and leaves nothing', async (name) => {
  const report = await run(example(name));
  expect(failures(report)).toEqual([]);
  expect(report.exec.filter(({ kind }) => kind === 'failed')).toEqual([]);
});

/** Report and captures as bytes. */
async function traceOf(source: string, seed: number): Promise<Record<string, string>> {
  const into = directory();
  const report = await run(source, { seed, captures: captureDirectory(into) });
  const hash = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
  const text = renderJson([{ kind: 'ran', report: { ...report, captures: [] } }]);
  return Object.fromEntries([['report', hash(text)], ...readdirSync(into).map((file) => [file, hash(readFileSync(path.join(into, file)))])]) as Record<string, string>;
}

describe('a lossy lab of ten nodes', () => {
  const source = example('lossy-ten-nodes.clab.yml');

  it('gives the same report and captures, byte for byte, in 20 runs with one seed, and others with another', { timeout: 120_000 }, async () => {
    const first = await traceOf(source, 2024);
    expect(Object.keys(first)).toHaveLength(1 + 30);
    for (let i = 1; i < 20; i++) expect(await traceOf(source, 2024)).toEqual(first);
    expect((await traceOf(source, 2025))['report']).not.toBe(first['report']);
  });
});

describe('captures', () => {
  it('are named after node and interface, those that exec lines make among them', async () => {
    const into = directory();
    const report = await run(lab({ a: ['exec: [ip link add extra type dummy, ip link set extra up]'] }), { captures: captureDirectory(into) });
    expect(readdirSync(into).sort()).toEqual(['a-eth1.pcapng', 'a-extra.pcapng', 'b-eth1.pcapng']);
    expect(report.captures.map((file) => path.basename(file))).toEqual(['a-eth1.pcapng', 'a-extra.pcapng', 'b-eth1.pcapng']);
  });

  it('are only of what the file asks for', async () => {
    const into = directory();
    await run(lab({ top: ['capture: ["b:eth1"]'] }), { captures: captureDirectory(into) });
    expect(readdirSync(into)).toEqual(['b-eth1.pcapng']);
  });

  const tshark = spawnSync('tshark', ['--version']).status === 0;
  it.runIf(tshark)('hold nothing malformed for tshark, and every checksum is right', async () => {
    const into = directory();
    for (const name of ['quick-start.clab.yml', 'three-routers.clab.yml', 'router-sysctl.clab.yml', 'ipv6-path.clab.yml']) await run(example(name), { captures: captureDirectory(into) });
    const files = readdirSync(into);
    // An error quotes a packet as its router saw it: before a device has written the sum, as on Linux.
    const bad = '_ws.malformed || ip.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0 || (!(icmpv6.type < 128) && (udp.checksum.status == 0 || _ws.expert.severity >= error))';
    const checks = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE'];
    let frames = 0;
    for (const file of files) {
      const read = (...more: string[]): string => spawnSync('tshark', ['-r', path.join(into, file), ...checks, ...more], { encoding: 'utf8' }).stdout;
      expect(read('-Y', bad), file).toBe('');
      frames += read().split('\n').filter((line) => line !== '').length;
    }
    expect(frames).toBeGreaterThan(40);
  });
});

it('a daemon goes on beside all else until the lab is closed', async () => {
  const topology = parsed(lab({ a: ['exec: [ip addr add 10.0.0.1/24 dev eth1]'] }));
  const host = createStackHost(topology, { seed: 1, realTime: false });
  const said: string[] = [];
  const output = { stdout: (text: string) => void said.push(text), stderr: () => {} };
  expect((await host.exec('a', ['ip', 'addr', 'add', '10.0.0.1/24', 'dev', 'eth1'])).code).toBe(0);
  expect((await host.daemon('a', ['ip', 'link', 'show', 'eth7'])).code).toBe(1);
  expect((await host.daemon('a', ['ping', '10.0.0.1'], output)).code).toBe(0);
  host.interrupt();
  await host.runUntil(host.now() + 5e9);
  expect(said.join('').match(/icmp_seq=\d+/g)).toEqual(['icmp_seq=1', 'icmp_seq=2', 'icmp_seq=3', 'icmp_seq=4', 'icmp_seq=5', 'icmp_seq=6']);
  expect(host.close().leaks).toEqual({});
});

it('what a line writes to a file, commands of that node read', async () => {
  const source = lab({ a: [`exec: ["echo 10.0.0.1 me > /etc/hosts", "ip addr add 10.0.0.1/24 dev eth1"]`], top: ['expect:', '  - output: { node: a, exec: ping -c 1 me, contains: PING me (10.0.0.1) }', '  - output: { node: b, exec: ping -c 1 me, exit: 2 }'] });
  expect(failures(await run(source))).toEqual([]);
});

it('an expectation that fails takes no time to be explained, though schedules wait', async () => {
  const links = ['- { endpoints: ["a:eth1", "b:eth1"], down: [60s, 70s] }'];
  const top = ['expect:', '  - reach: { from: a, to: 10.0.0.9 }', '  - { after: 1s, reach: { from: a, to: 10.0.0.9 } }'];
  const report = await run(lab({ a: ['exec: [ip addr add 10.0.0.1/24 dev eth1]'], links, top }));
  expect(report.expectations.map(({ pass, explanation, timeNs }) => [pass, explanation?.length !== undefined, timeNs])).toEqual([[false, true, 0], [false, true, 3e9]]);
});

describe('what Linux does', () => {
  const addresses = ['exec: [ip addr add 10.0.0.1/24 dev eth1]'];

  it('containerlab addresses: vendor aa:c1:ab, by the seed', async () => {
    const output = ['expect:', '  - output: { node: a, exec: ip link show dev eth1, matches: "link/ether aa:c1:ab:" }', '  - output: { node: a, exec: ip link show dev eth1, contains: mtu 9500 }'];
    expect(failures(await run(lab({ top: output })))).toEqual([]);
  });

  it('the far end of an outside link lies in a namespace of its own', async () => {
    const links = ['- endpoints: ["a:eth1", "b:eth1"]', '- type: host', '  endpoint: { node: a, interface: eth2 }', '  host-interface: out0', '- endpoints: ["b:eth2", "macvlan:enp0s3"]', '- endpoints: ["a:eth3", "macvlan:enp0s3"]'];
    const report = await run(lab({ links, top: ['expect:', '  - output: { node: a, exec: ip link show dev eth2, contains: "state UP" }'] }));
    expect(failures(report)).toEqual([]);
    expect(report.nodes[0]?.interfaces).toEqual(['eth1', 'eth2', 'eth3']);
  });

  it('a link that cannot be made is an error with its place', async () => {
    const links = ['- endpoints: ["a:eth1", "host:same"]', '- endpoints: ["b:eth1", "host:same"]'];
    const topology = parsed(lab({ links }));
    await expect(runLab(topology, createStackHost, { seed: 1 })).rejects.toMatchObject({ name: 'TopologyError', diagnostics: [{ line: topology.links[1]?.at.line, severity: 'error' }] });
  });

  it('a drop has its reason, and the trace of a failure shows the way', async () => {
    const top = [
      'expect:',
      '  - drop: { node: b, reason: NO_SOCKET, packet: { from: a, to: 10.0.0.2, proto: udp, port: 7777 } }',
      '  - drop: { node: b, reason: IP_RPFILTER, packet: { from: a, to: 10.0.0.2, proto: udp, port: 7777 } }',
    ];
    const source = lab({ top, a: addresses }).replace('b: {kind: linux}', 'b: {kind: linux, exec: ["ip addr add 10.0.0.2/24 dev eth1"]}');
    const report = await run(source);
    expect(report.expectations.map(({ pass }) => pass)).toEqual([true, false]);
    expect(report.expectations[1]?.trace).toEqual(expect.arrayContaining([expect.stringMatching(/ b eth1 in {3}IP 10\.0\.0\.1 > 10\.0\.0\.2: UDP \d+ > 7777, length 56, ttl 64$/)]));
    expect(exitCode([{ kind: 'ran', report }])).toBe(1);
  });

  it('an exec line that fails is shown, and fails nothing', async () => {
    const report = await run(lab({ a: ['exec: [ip link set eth9 up, ip addr add 10.0.0.1/24 dev eth1]'], top: ['expect:', '  - output: { node: a, exec: ip addr show dev eth1, contains: 10.0.0.1/24 }'] }));
    expect(report.exec).toMatchObject([{ kind: 'failed', node: 'a', text: 'Cannot find device "eth9" (exit code 1)' }]);
    expect(failures(report)).toEqual([]);
    expect(exitCode([{ kind: 'ran', report }])).toBe(0);
    expect(renderText([{ kind: 'ran', report }])).toContain('Cannot find device "eth9"');
  });
});

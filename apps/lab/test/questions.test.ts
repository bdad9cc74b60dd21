/** `skbuff explain`, `capture` and `graph` as they are called: exit codes, output, errors. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PcapngFile, readPcapng } from '@skbuff/pcapng';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { captureCommand, type CaptureOptions } from '../src/cli/capture-command.ts';
import { explainCommand, type ExplainOptions } from '../src/cli/explain-command.ts';
import { graphCommand, type GraphOptions } from '../src/cli/graph-command.ts';
import { testCommand } from '../src/cli/test-command.ts';
import { example } from './helpers.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'skbuff-ask-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const fileOf = (name: string): string => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
const QUICK = fileOf('quick-start.clab.yml');

function file(name: string, text: string): string {
  const full = path.join(directory, name);
  writeFileSync(full, text);
  return full;
}

interface Called {
  readonly code: number;
  readonly out: string;
  readonly bytes: Uint8Array;
  readonly err: string;
}

async function call(run: () => Promise<number>): Promise<Called> {
  const printed = { out: [] as Buffer[], err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation(((bytes: string | Uint8Array, done?: () => void) => {
    printed.out.push(Buffer.from(bytes));
    done?.();
    return true;
  }) as never);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((printed.err += String(text)), true));
  const code = await run();
  vi.restoreAllMocks();
  const bytes = Buffer.concat(printed.out);
  return { code, out: bytes.toString('utf8'), bytes, err: printed.err };
}

const read = (bytes: Uint8Array): PcapngFile => readPcapng(bytes) as PcapngFile;
const ask = (name: string, packet: string, options: ExplainOptions): Promise<Called> => call(() => explainCommand(name, packet, options));
const capture = (points: string[], options: CaptureOptions = {}, name = QUICK): Promise<Called> => call(() => captureCommand(name, points, options));
const graph = (name: string, options: GraphOptions): Promise<Called> => call(() => graphCommand(name, options));

describe('skbuff explain', () => {
  it('exits with 0 for a packet that arrives, and shows its way', async () => {
    const { code, out, err } = await ask(QUICK, 'icmp > 10.0.2.2', { node: 'h1' });
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out).toContain('  │ ipRouteInputNoref  10.0.2.0/24 dev eth2 (table main) → ipForward\n');
    expect(out).toMatch(/✓ delivered on h2: echo request\n✓ the answer: delivered on h1: echo reply\n$/);
  });

  it('exits with 1 for one that does not, with the reason and what mends it, as the README shows', async () => {
    const off = file('off.yml', example('quick-start.clab.yml').replace('net.ipv4.ip_forward: 1', 'net.ipv4.ip_forward: 0'));
    const { code, out } = await ask(off, 'icmp 10.0.1.2 > 10.0.2.2', { node: 'h1' });
    expect(code).toBe(1);
    const shown = /\n```text\n(r1\n[^]*?)```\n/.exec(readFileSync(new URL('../../../README.md', import.meta.url), 'utf8'))?.[1];
    expect(shown).toContain('  fix    ip_forward is 0 on r1: sysctl -w net.ipv4.ip_forward=1\n');
    expect(out.endsWith(`\n\n${shown}`)).toBe(true);
  });

  it('asks at a moment of virtual time', async () => {
    const failing = fileOf('failing-link.clab.yml');
    expect((await ask(failing, 'icmp > 10.7.0.2', { node: 'a', at: 1e9 })).code).toBe(0);
    expect((await ask(failing, 'icmp > 10.7.0.2', { node: 'a', at: 11e9 })).code).toBe(1);
    expect((await ask(failing, 'icmp > 10.7.0.2', { node: 'a', at: 16e9 })).code).toBe(0);
  });

  it('prints JSON and mermaid', async () => {
    const json = await ask(QUICK, 'icmp > 10.0.2.2', { node: 'h1', json: true });
    expect(JSON.parse(json.out)).toMatchObject({ version: 1, node: 'h1', verdict: { outcome: 'delivered', node: 'h2' }, answer: { outcome: 'delivered' } });
    const { out } = await ask(QUICK, 'icmp > 10.0.2.2', { node: 'h1', mermaid: true });
    expect(out).toMatch(/^sequenceDiagram\n {2}participant n0 as h1\n/);
  });

  it.each<[string, string, string, string]>([
    ['a node that is not there', 'h3', 'icmp > 10.0.2.2', 'there is no node h3: did you mean h1?\n   expected: h1, r1, h2\n'],
    ['an interface that is not there', 'r1', 'icmp 10.0.1.2 > 10.0.2.2 in eth9', 'r1 has no interface eth9'],
    ['a packet that is none', 'h1', 'icmp > 10.0.2', 'packet:8: error: this is no IP address\n | icmp > 10.0.2\n |        ^^^^^^\n'],
  ])('exits with 2 for %s', async (_what, node, packet, text) => {
    const { code, out, err } = await ask(QUICK, packet, { node });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(text);
  });

  it('exits with 2 for a file that is not there', async () => {
    const { code, err } = await ask(path.join(directory, 'nothing.yml'), 'icmp > 10.0.2.2', { node: 'h1' });
    expect(code).toBe(2);
    expect(err).toContain('the file cannot be read');
  });
});

/** Of IPv4 and ARP. */
const linesOf = (out: string): string[] => out.split('\n').filter((line) => / (IP|ARP),? /.test(line));

describe('skbuff capture', () => {
  it('writes a pcapng of what an interface sees', async () => {
    const { code, bytes } = await capture(['r1:eth1']);
    expect(code).toBe(0);
    const { interfaces, packets } = read(bytes);
    expect(interfaces.map(({ name }) => name)).toEqual(['eth1']);
    // ARP, and the echo requests of two expectations with their replies; what IPv6 says by itself is not counted.
    expect(packets.filter(({ bytes: frame }) => frame[12] === 0x08)).toHaveLength(10);
  });

  it('writes several interfaces under the names of their nodes', async () => {
    const target = path.join(directory, 'two.pcapng');
    const { code, out } = await capture(['h1:eth1', 'h2:eth1'], { output: target });
    expect([code, out]).toEqual([0, '']);
    expect(read(readFileSync(target)).interfaces.map(({ name }) => name)).toEqual(['h1:eth1', 'h2:eth1']);
  });

  it('writes lines, and the same bytes every time', async () => {
    const { out } = await capture(['r1:eth1'], { read: true });
    // What IPv6 does by itself comes first: the lab is up when addresses can be used.
    expect(linesOf(out)[0]).toMatch(/^[12]\.\d{6} r1:eth1 in {2}ARP, Request who-has 10\.0\.1\.1 tell 10\.0\.1\.2$/);
    expect(Buffer.compare((await capture(['r1:eth1'])).bytes, (await capture(['r1:eth1'])).bytes)).toBe(0);
  });

  it('ends after the time that is given', async () => {
    const { out } = await capture(['r1:eth1'], { read: true, for: 500e6 });
    expect(linesOf(out)).toHaveLength(4);
  });

  it.each<[string, string[], string]>([
    ['an interface that is not there', ['r1:eth7'], 'r1 has no interface eth7\n   expected: lo, eth1, eth2'],
    ['a node that is not there', ['r9:eth1'], 'there is no node r9'],
    ['what is no interface', ['r1'], 'r1 is no interface of a lab\n   expected: node:interface, such as h1:eth1'],
  ])('exits with 2 for %s', async (_what, points, text) => {
    const { code, err, bytes } = await capture(points);
    expect(code).toBe(2);
    expect(err).toContain(text);
    expect(bytes).toHaveLength(0);
  });

  it('exits with 2 where it cannot write', async () => {
    const { code, err } = await capture(['r1:eth1'], { output: path.join(directory, 'no', 'such.pcapng') });
    expect(code).toBe(2);
    expect(err).toContain('cannot be written: ENOENT');
  });

  it('is read by tshark', async () => {
    if (spawnSync('tshark', ['--version']).error !== undefined) return console.warn('tshark SKIPPED: there is none here');
    const target = path.join(directory, 'shark.pcapng');
    await capture(['r1:eth1', 'r1:eth2'], { output: target });
    const said = execFileSync('tshark', ['-r', target, '-T', 'fields', '-e', 'frame.interface_name', '-e', 'icmp.type'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    expect(said.split('\n').filter((row) => row === 'r1:eth2\t8')).toHaveLength(4);
  });
});

describe('skbuff graph as it is called', () => {
  it('draws the addresses that exec lines made', async () => {
    const mermaid = await graph(QUICK, { format: 'mermaid' });
    expect(mermaid.code).toBe(0);
    expect(mermaid.out).toContain('n0 ---|"eth1 10.0.1.2/24<br/>eth1 10.0.1.1/24"| n1');
    expect((await graph(QUICK, { format: 'svg' })).out).toMatch(/^<svg [^]*>10\.0\.2\.2\/24<[^]*<\/svg>\n$/);
  });
});

describe('skbuff test', () => {
  it('explains the flow of an expectation that fails', async () => {
    const off = file('off-again.yml', example('quick-start.clab.yml').replace('net.ipv4.ip_forward: 1', 'net.ipv4.ip_forward: 0'));
    const { code, out } = await call(() => testCommand([off], {}));
    expect(code).toBe(1);
    expect(out).toContain('      explained:\n        icmp > 10.0.2.2 on h1\n');
    expect(out).toContain('          fix    ip_forward is 0 on r1: sysctl -w net.ipv4.ip_forward=1\n');
  });
});

/** `skbuff test` as it is called: exit codes and what is printed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { testCommand, type TestOptions } from '../src/cli/test-command.ts';
import { captureDirectory } from '../src/lab/capture-directory.ts';
import { lab } from './helpers.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'skbuff-cli-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

function file(name: string, text: string): string {
  const full = path.join(directory, name);
  writeFileSync(full, text);
  return full;
}

async function call(files: string[], options: TestOptions = {}): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((printed.out += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((printed.err += String(text)), true));
  const code = await testCommand(files, options);
  vi.restoreAllMocks();
  return { code, ...printed };
}

const reach = (to: string): string => lab({ a: ['exec: [ip addr add 10.0.0.1/24 dev eth1]'], top: ['expect:', `  - reach: { from: a, to: ${to} }`] });

describe('a directory for captures', () => {
  it('is made where what it lies in is there, or refused, but never waited for', () => {
    const deep = path.join(directory, 'x', 'y');
    expect(() => captureDirectory(deep)).toThrow(/ENOENT/);
    captureDirectory(path.join(directory, 'x'));
    const sink = captureDirectory(deep).create('a.pcapng');
    sink.close();
    expect(sink.path).toBe(path.join(deep, 'a.pcapng'));
    expect(() => captureDirectory(path.join(directory, 'x', 'y', 'a.pcapng', 'z'))).toThrow(/ENOTDIR/);
    expect(() => captureDirectory(sink.path)).toThrow(expect.objectContaining({ message: `${sink.path} is not a directory, but captures are files in one: name another`, syscall: 'mkdir' }));
    expect(() => captureDirectory('/proc/nope')).toThrow(/ENOENT|EACCES|EPERM/);
  });
});

describe('skbuff test', () => {
  it('exits with 0 when all is as expected', async () => {
    const { code, out, err } = await call([file('good.yml', reach('10.0.0.1'))]);
    expect(code).toBe(0);
    expect(out).toContain('1 of 1 as expected');
    expect(err).toBe('');
  });

  it('exits with 1 when something is not, and shows what was found', async () => {
    const { code, out } = await call([file('bad.yml', reach('10.0.0.2'))]);
    expect(code).toBe(1);
    expect(out).toContain('0 of 1 answered');
    expect(out).toContain('a eth1 out  ARP, Request who-has 10.0.0.2 tell 10.0.0.1');
  });

  it('exits with 2 for what cannot be run, with its place, and runs the other files', async () => {
    const { code, out } = await call([file('odd.yml', 'name: x\ntopology:\n  nodes:\n    a: { kind: srl }\n'), file('good.yml', reach('10.0.0.1'))]);
    expect(code).toBe(2);
    expect(out).toMatch(/odd\.yml:4:\d+: error:/);
    expect(out).toContain('2 labs: 1 passed, 0 failed, 1 not run');
  });

  it('exits with 2 for a file that is not there', async () => {
    const { code, out } = await call([path.join(directory, 'nothing.yml')]);
    expect(code).toBe(2);
    expect(out).toContain('the file cannot be read');
  });

  it('prints JSON with the seed it was given', async () => {
    const { code, out } = await call([file('good.yml', reach('10.0.0.1'))], { json: true, seed: 99 });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ exitCode: 0, labs: [{ result: 'ran', seed: 99, expectations: [{ pass: true }] }] });
  });

  it('keeps the captures of several labs apart', async () => {
    const { out } = await call([file('one.yml', reach('10.0.0.1')), file('two.yml', reach('10.0.0.1').replace('name: t', 'name: u'))], { pcap: path.join(directory, 'caps') });
    expect(out).toContain(path.join('caps', 't', 'a-eth1.pcapng'));
    expect(out).toContain(path.join('caps', 'u', 'a-eth1.pcapng'));
  });
});

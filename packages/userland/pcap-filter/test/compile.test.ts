import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type BpfInsn, BpfBuffer, BpfProgram, bpfDisassemble, bpfRun } from '@skbuff/bpf';
import { defaultNames, isCompileError, pcapCompile } from '../src/index.ts';
import { DLTS, compileBySystem, haveTcpdump } from './oracle.ts';

type Row = readonly [dlt: string, expression: string, unoptimized: string, optimized: string];
const rows = JSON.parse(gunzipSync(readFileSync(new URL('./golden/expressions.json.gz', import.meta.url))).toString()) as Row[];
const live = haveTcpdump();
if (!live) console.warn('tcpdump is not there: comparison with libpcap SKIPPED: recorded programs only');

function compile(dlt: string, expression: string, optimize: boolean): string {
  const result = pcapCompile(expression, { dlt: DLTS[dlt] as number, optimize });
  return isCompileError(result) ? `!${result.error}` : result.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k}`).join(';');
}

function parse(program: string): BpfProgram {
  const insns = program.split(';').map((line): BpfInsn => {
    const [code = 0, jt = 0, jf = 0, k = 0] = line.split(' ').map(Number);
    return { code, jt, jf, k };
  });
  return new BpfProgram(insns);
}

/** A frame that some tests of the programs hold for: types, versions, protocols, ports that they name. */
function frame(next: (n: number) => number): Uint8Array {
  const b = Uint8Array.from({ length: 20 + next(100) }, () => next(256));
  const put = (at: number, bytes: readonly number[]): void => bytes.forEach((byte, i) => (at + i < b.length ? (b[at + i] = byte) : 0));
  put(12, [[8, 0], [8, 6], [0x86, 0xdd], [0x81, 0], [0x80, 0x35], [0, 40], [0x88, 0x47], [0x88, 0x64]][next(8)] as number[]);
  if (next(2) === 0) put(14, [next(2) === 0 ? 0x45 : 0x60]);
  if (next(2) === 0) put(20, [0x40, 0]);
  if (next(2) === 0) put(23, [[6, 17, 1, 132, 2, 58][next(6)] as number]);
  if (next(2) === 0) put(20, [[6, 17, 58, 44, 0][next(5)] as number]);
  if (next(2) === 0) put(26, [1, 2, 3, 4]);
  if (next(3) === 0) put(30, [10, 0, 0, 1]);
  if (next(2) === 0) put(34, [0, [53, 80, 22, 5, 6, 10][next(6)] as number, 0, [53, 80, 22, 7][next(4)] as number]);
  if (next(2) === 0) put(54, [0, [53, 80, 22, 5][next(4)] as number, 0, [53, 80][next(2)] as number]);
  return b;
}

function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * n);
  };
}

describe('expressions', () => {
  it('have at least 300 different recorded ones', () => {
    expect(new Set(rows.map(([, expression]) => expression)).size).toBeGreaterThan(300);
  });

  it.each(Object.keys(DLTS))('compile to libpcap’s unoptimised program, or its error, on %s [TOOL-51]', (dlt) => {
    const wrong = rows.filter((row) => row[0] === dlt && compile(dlt, row[1], false) !== row[2]).map(([, expression]) => expression);
    expect(wrong).toEqual([]);
  });

  it.runIf(live)('compile to what the libpcap here makes of them', () => {
    const next = dice(3);
    const some = Array.from({ length: 120 }, () => rows[next(rows.length)] as Row);
    for (const [dlt, expression, unoptimized] of some) expect(compileBySystem(dlt, expression, false)).toBe(unoptimized);
  });

  it.each(['ip', 'tcp', 'port 53', 'host 1.2.3.4', 'net 10.0.0.0/8', 'tcp port 80', 'vlan 5 and ip', 'ip6 host ::1', 'ip and arp'])(
    'compile to libpcap’s optimised program: %s [TOOL-51]',
    (expression) => {
      const row = rows.find(([dlt, e]) => dlt === 'EN10MB' && e === expression) as Row;
      expect(compile('EN10MB', expression, true)).toBe(row[3]);
    },
  );

  it('give the verdicts of libpcap’s optimised program for random and mutated packets', () => {
    const next = dice(9);
    const frames = Array.from({ length: 300 }, () => new BpfBuffer(frame(next)));
    const wrong: string[] = [];
    for (const [dlt, expression, , optimized] of rows) {
      if (optimized.startsWith('!') || /protochain/.test(expression)) continue;
      const ours = compile(dlt, expression, true);
      // What rejects everything is an error where libpcap sees that it does.
      if (ours.startsWith('!')) continue;
      const [a, b] = [parse(ours), parse(optimized)];
      const differs = frames.filter((f) => (bpfRun(a, f) !== 0) !== (bpfRun(b, f) !== 0)).length;
      if (differs > 0) wrong.push(`${dlt} ${expression}: ${differs}`);
    }
    // A load beyond the packet drops it; libpcap's optimiser leaves out loads whose value is not used, and then it does not.
    expect(wrong).toEqual([]);
  });
});

describe('pcapCompile', () => {
  it('keeps every packet for an empty expression, and as many bytes as asked for', () => {
    expect(bpfDisassemble(pcapCompile('', { snaplen: 96 }) as BpfInsn[])).toBe('(000) ret      #96\n');
  });

  it('asks for names where it is told to', () => {
    const names = { ...defaultNames(), host: () => ({ v4: [0x0a000001], v6: [] }) };
    const text = bpfDisassemble(pcapCompile('ip src host router', { names }) as BpfInsn[]);
    expect(text).toContain('#0xa000001');
    expect(pcapCompile('host router')).toEqual({ error: "unknown host 'router'" });
  });

  it('knows the broadcast address of an interface by its netmask', () => {
    const text = bpfDisassemble(pcapCompile('ip broadcast', { netmask: 0xffffff00, optimize: false }) as BpfInsn[]);
    expect(text).toContain('and      #0xff');
    expect(text).toContain('jeq      #0xff ');
  });
});

describe('words that are members of every object', () => {
  it.each(['constructor', 'host constructor', 'net toString', 'port valueOf', 'tcp[constructor] = 1', 'ether proto hasOwnProperty', 'llc constructor', 'wlan type toString', 'proto constructor', 'type constructor', 'dir toString'])('%s is refused', (expression) => {
    expect(isCompileError(pcapCompile(expression, { dlt: 1, snaplen: 65535, names: defaultNames() }))).toBe(true);
  });
});

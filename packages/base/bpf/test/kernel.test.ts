/** The same programs and packets, by the running kernel and by ours. Needs gcc; says aloud when it cannot. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BPF_ALU, BPF_IMM, BPF_K, BPF_LD, BPF_NEG, BPF_RET, EINVAL, SKF_AD_HATYPE, SKF_AD_IFINDEX } from '@skbuff/uapi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BpfBuffer, type BpfInsn, BpfProgram, bpfCheckClassic, bpfDisassemble, bpfRun, bpfStmt, encodeSockFilter } from '../src/index.ts';
import { Dice, soundProgram, wildProgram } from './programs.ts';

const possible = process.platform === 'linux' && spawnSync('gcc', ['--version']).status === 0;
if (!possible) console.warn('socket filters against the kernel SKIPPED: it needs Linux and gcc');

interface Case {
  readonly insns: readonly BpfInsn[];
  readonly packet: Uint8Array;
}

/** The packet of a UNIX socket: without a link-layer header, and its data begins where its network header would. */
class UnixPacket extends BpfBuffer {
  override readonly networkHeader: number = 0;
  override readonly macHeader: number = -1;
}

/** Its mark, protocol … are 0; it has no device. */
function beside(_: UnixPacket, what: number): number {
  return what === SKF_AD_IFINDEX || what === SKF_AD_HATYPE ? -1 : 0;
}

/** What ours says, as the program beside this file says it. */
function ours({ insns, packet }: Case): string {
  const err = bpfCheckClassic(insns);
  if (err !== 0) return `errno ${-err}`;
  const keep = bpfRun(new BpfProgram(insns), new UnixPacket(packet), beside);
  return `len ${keep === 0 ? -1 : Math.min(keep, packet.length)}`;
}

describe.skipIf(!possible)('the running kernel', () => {
  let dir = '';

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'skbuff-bpf-'));
    execFileSync('gcc', ['-O1', '-o', join(dir, 'filter'), join(import.meta.dirname, 'kernel-filter.c')]);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  function agree(cases: readonly Case[]): string[] {
    const hex = (b: Uint8Array): string => (b.length === 0 ? '-' : Buffer.from(b).toString('hex'));
    const input = cases.map(({ insns, packet }) => `${hex(encodeSockFilter(insns))} ${hex(packet)}\n`).join('');
    const answers = execFileSync(join(dir, 'filter'), { input, maxBuffer: 1 << 26 }).toString().trim().split('\n');
    const mine = cases.map(ours);
    cases.forEach((c, i) => {
      if (mine[i] !== answers[i]) expect.fail(`kernel: ${answers[i]}, ours: ${mine[i]}\n${bpfDisassemble(c.insns)}${hex(c.packet)}`);
    });
    return answers;
  }

  it('keeps the same bytes of 300 for 4,000 random programs', () => {
    const dice = new Dice(1);
    const answers = agree(Array.from({ length: 4000 }, () => ({ insns: soundProgram(dice), packet: dice.bytes(dice.below(8) === 0 ? dice.below(300) : 300) })));
    expect(answers.filter((line) => /^len \d/.test(line)).length).toBeGreaterThan(1000);
  });

  it('refuses the same of 8,000 random programs', () => {
    const dice = new Dice(2);
    const answers = agree(Array.from({ length: 8000 }, () => ({ insns: wildProgram(dice), packet: dice.bytes(290) })));
    expect(answers.filter((line) => line === `errno ${EINVAL}`).length).toBeGreaterThan(2000);
    expect(answers.filter((line) => line.startsWith('len')).length).toBeGreaterThan(1000);
  });

  it('takes each of the 65,536 codes that ours takes', () => {
    const end = bpfStmt(BPF_RET | BPF_K, 5);
    agree(Array.from({ length: 65536 }, (_, code) => ({ insns: [{ code, jt: 0, jf: 0, k: 1 }, end], packet: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) })));
  });

  it('knows the same SKF_AD_* and sizes of programs', () => {
    const packet = Uint8Array.of(9, 9);
    const end = bpfStmt(BPF_RET | BPF_K, 2);
    const unknown = Array.from({ length: 70 }, (_, i) => ({ insns: [{ code: 0x28, jt: 0, jf: 0, k: 0xfffff000 + i }, end], packet })).filter((c) => bpfCheckClassic(c.insns) !== 0);
    expect(agree(unknown).every((line) => line === `errno ${EINVAL}`)).toBe(true);
    const long = Array.from({ length: 4097 }, () => bpfStmt(BPF_ALU | BPF_NEG, 0));
    const sizes = [[], [end], [bpfStmt(BPF_LD | BPF_IMM, 1)], [...long.slice(2), end], [...long.slice(1), end], [...long, end]];
    agree(sizes.map((insns) => ({ insns, packet })));
  });
});

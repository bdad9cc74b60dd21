import { expect, it } from 'vitest';
import { type BpfInsn, bpfDisassemble } from '@skbuff/bpf';
import { DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, isCompileError, pcapCompile } from '@skbuff/pcap-filter';
import { forSocket } from '../src/socket-filter.ts';

function compiled(expression: string, dlt: number, snaplen: number): BpfInsn[] {
  const insns = pcapCompile(expression, { dlt, snaplen });
  if (isCompileError(insns)) throw new Error(insns.error);
  return insns;
}

function loads(expression: string, dlt: number): string[] | null {
  const insns = forSocket(compiled(expression, dlt, 96), dlt);
  return insns === null ? null : bpfDisassemble(insns).split('\n').map((line) => line.slice(6).split(' jt ')[0]?.trim().replace(/ +/g, ' ') ?? '').filter((line) => line.startsWith('ld') || line.startsWith('ret'));
}

it.each([
  [DLT_LINUX_SLL2, 'tcp port 22 and ip', ['ldh [proto]', 'ldb [9]', 'ldh [6]', 'ldxb 4*([0]&0xf)', 'ldh [x + 0]', 'ldh [x + 2]', 'ret #262144', 'ret #0']],
  [DLT_LINUX_SLL, 'ip[2] = 3', ['ldh [proto]', 'ldb [2]', 'ret #262144', 'ret #0']],
  [DLT_LINUX_SLL2, 'outbound', ['ldb [type]', 'ret #262144', 'ret #0']],
  [DLT_LINUX_SLL, 'outbound', ['ldh [type]', 'ret #262144', 'ret #0']],
  [DLT_LINUX_SLL2, 'ifindex 3', ['ld [ifidx]', 'ret #262144', 'ret #0']],
  [DLT_EN10MB, 'arp', ['ldh [12]', 'ret #262144', 'ret #0']],
] as const)('of link type %i a filter counts from the network header and asks the kernel: %s', (dlt, expression, expected) => {
  expect(loads(expression, dlt)).toEqual(expected);
});

it.each([
  [DLT_LINUX_SLL2, 'link[11] = 6'],
  [DLT_LINUX_SLL2, 'link[8:2] = 1'],
  [DLT_LINUX_SLL, 'link[6:4] = 1 and ip'],
])('of link type %i a field that only the cooked header has cannot be asked for: %s', (dlt, expression) => {
  expect(loads(expression, dlt)).toBeNull();
});

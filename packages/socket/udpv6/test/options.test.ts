/**
 * Options of SOL_IPV6 on sockets of UDP: each with values of many lengths, with many values (and what reads back), with little and much room,
 * and on a connected socket. `options-kernel.txt` is what Linux 6.18 said, in a namespace with nothing but loopback, to root.
 */
import { ipv6Net } from '@skbuff/ipv6';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sin6 } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab();
const kernel: readonly string[] = readFileSync(join(import.meta.dirname, 'options-kernel.txt'), 'utf8').trimEnd().split('\n');

function errno(result: number): string {
  if (result === 0) return '0';
  return Object.entries(U).find(([name, value]) => /^E[A-Z0-9]+$/.test(name) && value === -result)?.[0] ?? `${result}`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

function fresh<T>(use: (fd: number) => T, connected = false): T {
  const { ta } = t.lab;
  const fd = ta.socket(U.AF_INET6, U.SOCK_DGRAM);
  if (connected) ta.connect(fd, sin6('::1', 9));
  const result = use(fd);
  ta.close(fd);
  return result;
}

const set = (fd: number, name: number, value: Uint8Array): string => errno(t.lab.ta.setsockopt(fd, U.SOL_IPV6, name, value));

function get(fd: number, name: number, room: number): string {
  const out = new Uint8Array(room);
  const n = t.lab.ta.getsockopt(fd, U.SOL_IPV6, name, out);
  return n < 0 ? errno(n) : hex(out.subarray(0, n));
}

function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  setLe32(bytes, 0, value);
  return bytes;
}

/** Runs what stands before a colon and says what came out, as the kernel's line does. */
function answer(line: string): string {
  const [what, asked] = line.split(': ') as [string, string];
  const name = Number(what.split(' ')[1]);
  const cases = asked.split(' ').map((each) => Number(each.split('=')[0]));
  const results = cases.map((n) => {
    if (what.includes('by length')) return fresh((fd) => set(fd, name, Uint8Array.from({ length: n }, (_, i) => Number(i === 0))));
    if (what.includes('by value')) return fresh((fd) => [set(fd, name, int32(n))].map((r) => (r === '0' ? `0:${get(fd, name, 4)}` : r))[0] as string);
    return fresh((fd) => get(fd, name, n), what.includes('connected'));
  });
  return `${what}: ${cases.map((n, i) => `${n}=${results[i]}`).join(' ')}`;
}

const numbers = [...new Set(kernel.map((line) => Number(line.split(/[ :]/)[1])))];
const names: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(U).flatMap(([name, value]) => (/^IPV6_(?!FL_|PMTUDISC|PREFER|TLV|SRCRT|FLOWINFO_[FP]|MIN_MTU|OPT_)|^MCAST_/.test(name) ? [[value as number, name]] : [])),
);

describe('SOL_IPV6', () => {
  it.each(numbers.map((n) => [n, names[n] ?? '']))('option %i %s: errno, value and length as Linux has them', (name) => {
    const lines = kernel.filter((line) => Number(line.split(/[ :]/)[1]) === name);
    expect(lines.map(answer)).toEqual(lines);
  });
});

it('of multicast routing are for raw sockets, if the kernel has it at all', () => {
  const { a } = t.lab;
  const every = Array.from({ length: U.MRT6_FLUSH - U.MRT6_INIT + 1 }, (_, i) => U.MRT6_INIT + i);
  const asked = (): string[] => [...new Set(fresh((fd) => every.flatMap((name) => [set(fd, name, int32(0)), get(fd, name, 4)])))];
  expect(asked()).toEqual(['ENOPROTOOPT']);
  const { ip } = ipv6Net.of(a) as { ip: { mroute: unknown } };
  ip.mroute = {};
  expect(asked()).toEqual(['EOPNOTSUPP']);
  ip.mroute = null;
});

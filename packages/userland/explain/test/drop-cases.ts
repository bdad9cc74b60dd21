/** Packets that end early, as a table: what is set, what is asked, what is told. */
import type { Host } from '@skbuff/hosts';
import { expect } from 'vitest';
import { explain } from '../src/index.ts';
import type { Line } from './support.ts';

export interface DropCase {
  readonly what: string;
  /** Commands of ip on a host. */
  readonly set?: readonly (readonly [host: 'h1' | 'r1' | 'h2', words: string])[];
  readonly sysctl?: readonly (readonly [host: 'h1' | 'r1' | 'h2', name: string, value: number])[];
  readonly from?: 'h1' | 'r1' | 'h2';
  readonly packet: string;
  readonly reason: string;
  readonly node: string;
  readonly function: string;
  readonly fix: string;
  /** Name of the ICMP error that tells the sender. */
  readonly error?: string;
}

export function apply({ h1, r1, h2 }: Line, { set = [], sysctl = [] }: Pick<DropCase, 'set' | 'sysctl'>): void {
  const hosts: { readonly [name: string]: Host } = { h1, r1, h2 };
  for (const [host, words] of set) (hosts[host] as Host).ip([words] as unknown as TemplateStringsArray);
  for (const [host, name, value] of sysctl) (hosts[host] as Host).sysctl(name, value);
}

/** Asks, and looks at the verdict, the step that drops, and the error. */
export async function expectDrop(all: Line, c: DropCase): Promise<void> {
  apply(all, c);
  const found = await explain(all.net, c.from ?? 'h1', c.packet);
  expect(found.verdict).toMatchObject({ outcome: 'dropped', node: c.node, reason: `SKB_DROP_REASON_${c.reason}` });
  expect(found.steps.find((step) => step.kind === 'drop' && step.subject === 'packet' && step.node === c.node)).toMatchObject({ function: c.function });
  expect(found.verdict.fix).toContain(c.fix);
  const icmp = found.steps.find((step) => step.kind === 'icmp');
  if (c.error === undefined) expect(icmp).toBeUndefined();
  else expect(icmp?.text).toContain(c.error);
}

/** Packets to and through a router, with what a running Linux 6.18 did with them: what it sent, which counters rose, why it dropped. */
import { readFileSync } from 'node:fs';
import { type Sent } from '@skbuff/testkit';
import { describe, expect, it } from 'vitest';
import { Router, SEC } from './support.ts';

interface RecordedCase {
  readonly name: string;
  readonly sysctls: Record<string, number | string>;
  readonly mtu: Record<string, number>;
  readonly sends: readonly { readonly dev: string; readonly ip: string; readonly dst?: string; readonly wait?: number }[];
  readonly replies: readonly { readonly dev: string; readonly ip: string }[];
  readonly counters: Record<string, number>;
  readonly dev: Record<string, number>;
  /** Absent: they were lost by a timer, whose context was not watched. */
  readonly drops?: Record<string, number>;
}

const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

function records(name: string): RecordedCase[] {
  return JSON.parse(readFileSync(new URL(`./records/${name}.json`, import.meta.url), 'utf8')) as RecordedCase[];
}

/** Without what differs from run to run: the identification that the sender of fragments chose. */
function masked({ dev, ip }: Sent): string {
  const b = ip.slice();
  if (b[6] === 44) b.fill(0, 44, 48);
  return `${dev} ${Buffer.from(b).toString('hex')}`;
}

describe.each(['exthdrs', 'frag', 'icmp', 'limits', 'random'])('%s', (file) => {
  it.each(records(file).map((record) => [record.name, record] as const))('does what Linux does: %s', (_name, record) => {
    const r = new Router();
    for (const [path, value] of Object.entries(record.sysctls)) expect(r.sysctl(path, value), path).toBe(0);
    for (const [name, mtu] of Object.entries(record.mtu)) r.mtu(name === 'v0' ? r.v0 : r.v1, mtu);
    for (const { dev, ip, dst, wait } of record.sends) {
      r.receive(dev === 'v0' ? r.v0 : r.v1, unhex(ip), dst === undefined ? undefined : unhex(dst));
      if (wait !== undefined) r.clock.advance(wait * SEC);
    }
    const { ifIndex: _ifIndex, ...own } = r.counters('dev_snmp6/v0');
    const got = { replies: r.take().map(masked), counters: r.counters(), dev: own, drops: record.drops === undefined ? undefined : r.drops };
    const replies = record.replies.map(({ dev, ip }) => masked({ dev, ip: unhex(ip) }));
    expect(got).toEqual({ replies, counters: record.counters, dev: record.dev, drops: record.drops });
    expect(r.shutdown()).toEqual({});
  });
});

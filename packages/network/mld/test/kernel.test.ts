/**
 * Sockets join, leave and filter, routers ask, the link goes down and up: what a running Linux 6.18 sent and showed in /proc/net/igmp6 and
 * /proc/net/mcfilter6 after each step. Steps were picked by chance, those of `directed` on purpose; with an MTU there is more than fits into a report.
 */
import { readFileSync } from 'node:fs';
import { MCAST_EXCLUDE, MCAST_INCLUDE } from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sockets } from './sockets.ts';
import { Listener } from './support.ts';

interface Step {
  readonly step: readonly [string, ...(number | string | string[] | Record<string, never>)[]];
  /** Absent: 0. */
  readonly res?: number;
  /** IPv6 packets; absent: none. */
  readonly sent?: readonly string[];
  /** Group, users, flags; absent: as before. */
  readonly groups?: readonly string[];
  /** Group, source, included, excluded; absent: as before. */
  readonly filters?: readonly string[];
}

const records = JSON.parse(readFileSync(new URL('./records/kernel.json', import.meta.url), 'utf8')) as Record<string, Step[]>;
const CONF = {
  force_mld_version: 'forceMldVersion',
  mldv1_unsolicited_report_interval: 'mldv1UnsolicitedReportInterval',
  mldv2_unsolicited_report_interval: 'mldv2UnsolicitedReportInterval',
} as const;

/** Answers of several groups come in any order, for each picks its moment. */
const sorted = (packets: readonly string[]): string[] => [...packets].sort();
const fields = (text: string, from: number, to?: number): string[] =>
  text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.trim().split(/ +/).slice(from, to).join(' '));

class Replay {
  readonly l: Listener;
  private readonly sockets: Sockets;

  constructor(mtu: number) {
    this.l = new Listener('v0', mtu);
    this.sockets = new Sockets(this.l);
    this.l.conf('mldv2UnsolicitedReportInterval', 20);
    this.l.conf('mldv1UnsolicitedReportInterval', 20);
    this.l.start();
  }

  private run([op, ...args]: Step['step']): number {
    const [a, b, c, d, e, f] = args as [never, never, never, never, never, never];
    const { l, sockets } = this;
    // Interface-local from outside: IPv6 drops it (RFC 4291 §2.7.1).
    if ((op === 'q2' || op === 'r1' || op === 'q1') && String(a).startsWith('ff01')) return 0;
    switch (op) {
      case 'join':
        return sockets.join(a, b);
      case 'leave':
        return sockets.leave(a, b);
      case 'close':
        return sockets.close(a);
      case 'many':
        for (let i = 1; i <= c; i++) sockets.join(a, `${b as string}${i.toString(16)}`);
        return 0;
      case 'srcs':
        return sockets.filter(a, b, c, Array.from({ length: d }, (_, i) => `2001:db8::${(e + i).toString(16)}`));
      case 'block':
      case 'unblock':
        return sockets.source(a, b, c, op === 'block', MCAST_EXCLUDE);
      case 'srcjoin':
      case 'srcleave':
        return sockets.source(a, b, c, op === 'srcjoin', MCAST_INCLUDE);
      case 'filter':
        return sockets.filter(a, b, c, d);
      case 'q1':
        l.queryV1(a, b);
        return 0;
      case 'q2':
        l.queryV2(a, b, c, d, e, f);
        return 0;
      case 'r1':
        l.reportV1(a, b === undefined ? {} : { src: b });
        return 0;
      case 'conf':
        l.conf(CONF[b as keyof typeof CONF], c, a === 'all');
        return 0;
      case 'link':
        if (a === 'down') l.down();
        else this.linkUp();
        return 0;
      default:
        return 0;
    }
  }

  private linkUp(): void {
    const { l } = this;
    l.up();
    l.address();
    l.clock.advance(1.5e9);
    l.ready();
  }

  play(step: Step['step']): Required<Omit<Step, 'step'>> {
    const res = this.run(step);
    const ms = step[0] === 'link' && step[1] === 'up' ? 1000 : step[0] === 'wait' && step.length > 1 ? (step[1] as number) : 120;
    const sent = this.l.wait(ms).map(({ packet }) => Buffer.from(packet).toString('hex'));
    return { res, sent: sorted(sent), groups: fields(this.l.proc('igmp6'), 2, 5), filters: fields(this.l.proc('mcfilter6'), 2).slice(1) };
  }
}

describe.each(Object.keys(records))('as Linux: %s', (name) => {
  let r: Replay;
  beforeEach(() => {
    r = new Replay(Number(/^MTU (\d+)/.exec(name)?.[1] ?? 1500));
  });
  afterEach(() => {
    expect(r.l.shutdown()).toEqual({});
  });

  it('reports and shows the same [MLD-04] [MLD-05] [IP6M-14]', () => {
    let shown: Pick<Step, 'groups' | 'filters'> = {};
    for (const [i, { step, res, sent, ...changed }] of (records[name] as Step[]).entries()) {
      shown = { ...shown, ...changed };
      const played = r.play(step);
      expect(played, `${i}: ${JSON.stringify(step)}`).toEqual({ ...played, ...shown, res: res ?? 0, sent: sorted(sent ?? []) });
    }
  });
});

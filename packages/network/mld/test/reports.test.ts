import { nfRegisterNetHook, nfUnregisterNetHook, Random } from '@skbuff/core';
import { ipv6Net } from '@skbuff/ipv6';
import { IPSTATS_MIB_OUTDISCARDS, IPSTATS_MIB_OUTREQUESTS, MCAST_EXCLUDE, MCAST_INCLUDE, NF_ACCEPT, NF_DROP, NFPROTO_IPV6, NF_INET_LOCAL_OUT, PACKET_HOST, PACKET_LOOPBACK } from '@skbuff/uapi';
import { csumFold, csumPartial, csumIpv6Nofold } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { Sockets } from './sockets.ts';
import { ip6, Listener, LINK_LOCAL, SEC, type Sent, told, useListener } from './support.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const saddr = ({ packet }: Sent): string => hex(packet.subarray(8, 24));
const UNSPECIFIED = '0'.repeat(32);

describe('joining and leaving by MLDv2', () => {
  const h = useListener();

  it('reports a group to ff02::16, behind a router alert, with hop limit 1 and urgent [MLD-01] [MLD-03] [MLD-04]', () => {
    const { l } = h;
    l.start();
    l.counts.clear();
    l.join('ff15::1');
    const [first, second, ...more] = l.wait(5000) as [Sent, Sent];
    expect(more).toEqual([]);
    expect(hex(first.packet)).toBe(
      '60000000' + '0024' + '00' + '01' + hex(ip6(LINK_LOCAL).toBytes()) + 'ff020000000000000000000000000016' + '3a00050200000100' + '8f0070f6' + '00000001' + '04000000' + 'ff150000000000000000000000000001',
    );
    const { packet } = first;
    expect(csumFold(csumPartial(packet, 48, packet.length - 48, csumIpv6Nofold(packet, 8, packet.length - 48, 58)))).toBe(0);
    expect(hex(second.packet)).toBe(hex(packet));
    expect(first.priority).toBe(7);
    expect([...l.counts]).toEqual([[143, 2]]);
  });

  it('reports in two jiffies, and once more within the interval that the sysctl says', () => {
    const { l } = h;
    l.start();
    const delays = Array.from({ length: 40 }, (_, i) => {
      const began = l.clock.now() / 1e6;
      l.join(`ff15::1:${i.toString(16)}`);
      const [first, second] = l.wait(3000) as [Sent, Sent];
      expect(first.at - began).toBe(2);
      return second.at - first.at;
    });
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...delays)).toBeLessThan(1002);
    expect(Math.max(...delays)).toBeGreaterThan(800);
    l.conf('mldv2UnsolicitedReportInterval', 10);
    l.join('ff15::2');
    const [first, second] = l.wait(3000) as [Sent, Sent];
    expect(second.at - first.at).toBeLessThan(12);
  });

  it('puts all changes of a moment into one report', () => {
    const { l } = h;
    l.start();
    l.join('ff15::1');
    l.join('ff15::2');
    l.join('ff15::3');
    l.leave('ff15::1');
    expect(l.wait(5000).map(told)).toEqual(['TO_IN ff15::1, TO_EX ff15::3, TO_EX ff15::2', 'TO_IN ff15::1, TO_EX ff15::3, TO_EX ff15::2']);
  });

  it('leaves with a change to including nobody, and forgets that when it joins again', () => {
    const { l } = h;
    l.start();
    l.join('ff15::1');
    l.wait(5000);
    l.leave('ff15::1');
    expect(l.wait(2).map(told)).toEqual(['TO_IN ff15::1']);
    l.join('ff15::1');
    expect(l.wait(5000).map(told)).toEqual(['TO_EX ff15::1', 'TO_EX ff15::1']);
  });

  it('never reports ff02::1, nor what does not leave the interface', () => {
    const { l } = h;
    l.start();
    l.join('ff02::1');
    l.join('ff01::9');
    l.join('ff00::9');
    l.leave('ff01::9');
    expect(l.wait(5000)).toEqual([]);
  });

  it('reports from :: until it has an address, and all over again when it has', () => {
    const { l } = h;
    l.up();
    l.address();
    l.join('ff15::1', MCAST_INCLUDE);
    l.mld.mcAddSrc(l.idev, ip6('ff15::1'), MCAST_INCLUDE, [ip6('2001:db8::1')], true);
    const early = l.wait(3000);
    expect(early.map(told)).toEqual(Array(2).fill('ALLOW ff15::1 (2001:db8::1), TO_EX ff02::1:ff00:1'));
    expect(early.map(saddr)).toEqual([UNSPECIFIED, UNSPECIFIED]);
    l.ready();
    const late = l.wait(3000);
    expect(late.map(told)).toEqual(Array(2).fill('ALLOW ff15::1 (2001:db8::1), TO_EX ff02::1:ff00:1'));
    expect(late.map(saddr)).toEqual(Array(2).fill(hex(ip6(LINK_LOCAL).toBytes())));
    expect((late[1] as Sent).at - (late[0] as Sent).at).toBeLessThan(1002);
  });

  it('is silent while the interface is down, and reports all when it comes up', () => {
    const { l } = h;
    l.join('ff15::1');
    expect(l.wait(5000)).toEqual([]);
    l.up();
    expect(l.wait(5000).map(told)).toEqual(['TO_EX ff15::1', 'TO_EX ff15::1']);
  });

  it('counts what it sends, and what a hook drops as discarded', () => {
    const { l } = h;
    l.start();
    const before = ipv6Net.of(l.net).stats.slice();
    const counted = (mib: number): number => (ipv6Net.of(l.net).stats[mib] as number) - (before[mib] as number);
    const seen: number[] = [];
    const ops = (verdict: number) => ({ pf: NFPROTO_IPV6, hooknum: NF_INET_LOCAL_OUT, priority: 0, hook: () => (seen.push(verdict), verdict) });
    const accept = ops(NF_ACCEPT);
    nfRegisterNetHook(l.net, accept);
    l.join('ff15::1');
    expect(l.wait(2)).toHaveLength(1);
    nfUnregisterNetHook(l.net, accept);
    const drop = ops(NF_DROP);
    nfRegisterNetHook(l.net, drop);
    l.counts.clear();
    expect(l.wait(5000)).toEqual([]);
    nfUnregisterNetHook(l.net, drop);
    expect(seen).toEqual([NF_ACCEPT, NF_DROP]);
    expect([counted(IPSTATS_MIB_OUTREQUESTS), counted(IPSTATS_MIB_OUTDISCARDS), l.counts.size]).toEqual([2, 1, 0]);
  });

  it('sends nothing without routing', () => {
    const { l } = h;
    l.start();
    (l.ip as { routing: unknown }).routing = null;
    l.join('ff15::1');
    expect(l.wait(5000)).toEqual([]);
  });

  it('sends nothing on a link too narrow for IPv6', () => {
    const narrow = new Listener('v0', 1279);
    narrow.start();
    narrow.join('ff15::1');
    expect(narrow.wait(5000)).toEqual([]);
    expect(narrow.shutdown()).toEqual({});
  });
});

describe('what sockets want', () => {
  const h = useListener();
  const GROUP = 'ff15::9';

  it('reports whom it listens to, in order [MLD-05] [MLD-06]', () => {
    const { l } = h;
    const sk = new Sockets(l);
    l.start();
    sk.join(0, GROUP);
    l.wait(5000);
    sk.filter(0, GROUP, MCAST_INCLUDE, ['2001:db8::1', '2001:db8::2', '2001:db8::3']);
    const all = `TO_IN ${GROUP} (2001:db8::1 2001:db8::2 2001:db8::3)`;
    expect(l.wait(5000).map(told)).toEqual([all, all]);
  });

  it('reports whom it does not want to hear [MLD-05] [MLD-07]', () => {
    const { l } = h;
    const sk = new Sockets(l);
    l.start();
    sk.join(0, GROUP);
    l.wait(5000);
    sk.filter(0, GROUP, MCAST_EXCLUDE, ['2001::1', '2001::2']);
    // The mode has not changed: the new sources are told.
    expect(l.wait(5000).map(told)).toEqual(Array(2).fill(`BLOCK ${GROUP} (2001::1 2001::2)`));
    sk.filter(0, GROUP, MCAST_INCLUDE, ['2001::3']);
    l.wait(5000);
    sk.filter(0, GROUP, MCAST_EXCLUDE, ['2001::1', '2001::2']);
    expect(l.wait(5000).map(told)).toEqual(Array(2).fill(`TO_EX ${GROUP} (2001::1 2001::2)`));
  });

  it('reports a source that is wanted again, one that is wanted newly, and one that is not any more [MLD-05] [IP6M-10]', () => {
    const { l } = h;
    const sk = new Sockets(l);
    l.start();
    sk.join(0, GROUP);
    sk.source(0, GROUP, '2001:db8::1', true, MCAST_EXCLUDE);
    l.wait(5000);
    sk.source(0, GROUP, '2001:db8::1', false, MCAST_EXCLUDE);
    expect(l.wait(5000).map(told)).toEqual(Array(2).fill(`ALLOW ${GROUP} (2001:db8::1)`));
    sk.leave(0, GROUP);
    l.wait(5000);
    sk.source(0, GROUP, '2001:db8::1', true, MCAST_INCLUDE);
    expect(l.wait(5000).map(told)).toEqual(Array(2).fill(`ALLOW ${GROUP} (2001:db8::1)`));
    sk.source(0, GROUP, '2001:db8::2', true, MCAST_INCLUDE);
    sk.source(0, GROUP, '2001:db8::1', false, MCAST_INCLUDE);
    expect(l.wait(5000).map(told)).toEqual(Array(2).fill(`ALLOW ${GROUP} (2001:db8::2), BLOCK ${GROUP} (2001:db8::1)`));
    sk.source(0, GROUP, '2001:db8::2', false, MCAST_INCLUDE);
    expect(l.wait(5000).map(told)).toEqual(Array(2).fill(`BLOCK ${GROUP} (2001:db8::2)`));
  });
});

describe('more than fits into a report', () => {
  const h = useListener();
  const sources = (n: number) => Array.from({ length: n }, (_, i) => ip6(`2001:db8::${(i + 1).toString(16)}`));
  const lengths = (sent: Sent[]): number[] => sent.map(({ packet }) => packet.length);

  it('names as many of those whom it blocks as fit into one (RFC 3810 §5.2.15)', () => {
    const { l } = h;
    l.start();
    l.join('ff15::1', MCAST_INCLUDE);
    l.mld.mcAddSrc(l.idev, ip6('ff15::1'), MCAST_EXCLUDE, sources(100), false);
    const [first, second, ...more] = l.wait(5000) as [Sent, Sent];
    expect([lengths([first, second]), more.length]).toEqual([[56 + 20 + 89 * 16, 56 + 20 + 89 * 16], 0]);
    expect(told(first).startsWith('TO_EX ff15::1 (2001:db8::1 ')).toBe(true);
    l.queryV2('ff15::1', 100);
    expect(lengths(l.wait(200))).toEqual([1500]);
  });

  it('spreads those whom it wants to hear over as many as it needs', () => {
    const { l } = h;
    l.start();
    l.join('ff15::1', MCAST_INCLUDE);
    l.mld.mcAddSrc(l.idev, ip6('ff15::1'), MCAST_INCLUDE, sources(100), true);
    expect(lengths(l.wait(2))).toEqual([1500, 56 + 20 + 11 * 16]);
  });
});

describe('queries', () => {
  const h = useListener();

  it('answers a general one with all groups, within the time that it allows [MLD-02] [MLD-05] [MLD-08]', () => {
    const { l } = h;
    l.start();
    l.join('ff15::1');
    l.wait(5000);
    const delays = Array.from({ length: 40 }, () => {
      const began = l.clock.now() / 1e6;
      l.queryV2('::', 500);
      const [answer, ...more] = l.wait(2000) as [Sent];
      expect([told(answer), more.length]).toEqual(['IS_EX ff15::1, IS_EX ff02::1:ff00:1', 0]);
      return answer.at - began;
    });
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...delays)).toBeLessThan(502);
    expect(Math.max(...delays)).toBeGreaterThan(400);
  });

  it('understands times that are written as floating point numbers', () => {
    const { l } = h;
    l.start();
    const slowest = (code: number): number => {
      const delays = Array.from({ length: 20 }, () => {
        const began = l.clock.now() / 1e6;
        l.queryV2('::', code);
        return (l.wait(200_000)[0] as Sent).at - began;
      });
      return Math.max(...delays);
    };
    // (0x1000 | 0x000) << 3 and (0x1000 | 0x800) << 4
    expect(slowest(0x8000)).toBeLessThan(32_770);
    expect(slowest(0x9800)).toBeGreaterThan(60_000);
    expect(slowest(0x9800)).toBeLessThan(98_306);
  });

  it('lets an answer that comes sooner stand', () => {
    const { l } = h;
    l.start();
    l.queryV2('::', 10);
    l.queryV2('::', 10_000);
    expect(l.wait(12).map(told)).toEqual(['IS_EX ff02::1:ff00:1']);
    expect(l.wait(20_000)).toEqual([]);
    l.queryV2('ff02::1:ff00:1', 10);
    l.queryV2('ff02::1:ff00:1', 10_000);
    expect(l.wait(12).map(told)).toEqual(['IS_EX ff02::1:ff00:1']);
    expect(l.wait(20_000)).toEqual([]);
  });

  it('answers one about a group or some sources with what it knows of them', () => {
    const { l } = h;
    const sk = new Sockets(l);
    l.start();
    sk.join(0, 'ff15::1');
    for (const n of ['1', '2', '3']) sk.source(1, 'ff15::2', `2001:db8::${n}`, true, MCAST_INCLUDE);
    sk.filter(0, 'ff15::1', MCAST_EXCLUDE, ['2001:db8::1']);
    l.wait(5000);
    const ask = (group: string, sources: string[]): string[] => {
      l.queryV2(group, 100, 2, 125, sources);
      return l.wait(200).map(told);
    };
    expect(ask('ff15::2', [])).toEqual(['IS_IN ff15::2 (2001:db8::1 2001:db8::2 2001:db8::3)']);
    expect(ask('ff15::2', ['2001:db8::3', '2001:db8::9', '2001:db8::1'])).toEqual(['IS_IN ff15::2 (2001:db8::1 2001:db8::3)']);
    expect(ask('ff15::2', ['2001:db8::9'])).toEqual([]);
    expect(ask('ff15::1', ['2001:db8::1'])).toEqual([]);
    expect(ask('ff15::1', ['2001:db8::1', '2001:db8::2'])).toEqual(['IS_EX ff15::1 (2001:db8::1)']);
    expect(ask('ff15::3', [])).toEqual([]);
  });

  it('ignores what is not from a querier of this link [MLD-08]', () => {
    const { l } = h;
    l.start();
    const dropped = l.kernel.skbs.drops[2] as number;
    l.queryV2('::', 10, 2, 125, [], { src: '2001:db8::1' });
    l.queryV2('::', 10, 2, 125, [], { hop: 2 });
    l.queryV2('::', 10, 2, 125, [], { ra: false });
    l.queryV2('::', 10, 2, 125, [], { alert: 1 });
    l.queryV2('::', 10, 2, 125, ['2001:db8::1']);
    l.queryV2('2001:db8::1', 10);
    l.queryV2('ff02::1:ff00:1', 10, 2, 125, [], { nsrcs: 1 });
    l.receive(130, 'ff02::1', [0, 10, 0, 0]);
    // Neither of one version nor of the other.
    l.receive(130, 'ff02::1', [0, 10, 0, 0, ...ip6('::').toBytes(), 2, 125]);
    expect(l.wait(1000)).toEqual([]);
    expect((l.kernel.skbs.drops[2] as number) - dropped).toBe(9);
  });

  it('takes over how often reports are sent, at least twice', () => {
    const { l } = h;
    l.start();
    const reports = (qrv: number, group: string): number => {
      l.queryV2('ff15::99', 10, qrv);
      l.join(group);
      return l.wait(10_000).length;
    };
    expect([reports(5, 'ff15::1'), reports(0, 'ff15::2'), reports(1, 'ff15::3')]).toEqual([5, 5, 2]);
  });
});

describe('MLDv1', () => {
  const h = useListener();

  it('speaks it to a router that knows nothing else, for as long as it may be there [MLD-08] [MLD-09]', () => {
    const { l } = h;
    l.start();
    l.join('ff15::1');
    l.wait(5000);
    l.queryV1('::', 1000);
    const answers = l.wait(1000);
    expect(answers.map(told).sort()).toEqual(['report ff02::1:ff00:1', 'report ff15::1']);
    expect(answers.map(({ packet }) => hex(packet.subarray(24, 40)))).toEqual(answers.map(({ packet }) => hex(packet.subarray(56, 72))));
    // Two query intervals and the time for answers (RFC 3810 §9.12).
    l.clock.advance(258.9 * SEC);
    l.leave('ff15::1');
    expect(l.wait(5000).map(told)).toEqual(['done ff15::1']);
    l.join('ff15::1');
    expect(l.wait(5000).map(told)).toEqual(['TO_EX ff15::1', 'TO_EX ff15::1']);
  });

  it('reports a group to itself, twice, and its end to all routers, if it must [MLD-10]', () => {
    const { l } = h;
    l.start();
    l.conf('forceMldVersion', 1);
    l.join('ff15::1');
    const began = l.clock.now() / 1e6;
    const [first, second, ...more] = l.wait(20_000) as [Sent, Sent];
    expect(hex(first.packet)).toBe(
      '60000000' + '0020' + '00' + '01' + hex(ip6(LINK_LOCAL).toBytes()) + 'ff150000000000000000000000000001' + '3a00050200000100' + hex(first.packet.subarray(48, 52)) + '00000000' + 'ff150000000000000000000000000001',
    );
    expect([first.packet[48], hex(second.packet), more.length, first.at]).toEqual([131, hex(first.packet), 0, began]);
    expect(second.at - first.at).toBeLessThanOrEqual(10_000);
    l.leave('ff15::1');
    const [done] = l.wait(20_000) as [Sent];
    expect([told(done), hex(done.packet.subarray(24, 40))]).toEqual(['done ff15::1', 'ff020000000000000000000000000002']);
  });

  it('knows no source filters [MLD-10]', () => {
    const { l } = h;
    const sk = new Sockets(l);
    l.start();
    l.conf('forceMldVersion', 1, true);
    sk.join(0, 'ff15::1');
    l.wait(20_000);
    sk.filter(0, 'ff15::1', MCAST_INCLUDE, ['2001:db8::1']);
    sk.source(0, 'ff15::1', '2001:db8::2', true, MCAST_INCLUDE);
    expect(l.wait(20_000)).toEqual([]);
  });

  it('need not report what somebody else has reported [MLD-09]', () => {
    const { l } = h;
    l.start();
    l.conf('forceMldVersion', 1);
    l.join('ff15::1');
    l.wait(20_000);
    l.queryV1('ff15::1', 1000);
    l.reportV1('ff15::1', { pktType: PACKET_LOOPBACK });
    l.reportV1('ff15::1', { pktType: PACKET_HOST });
    l.reportV1('ff15::1', { src: '2001:db8::1' });
    expect(l.wait(2000).map(told)).toEqual(['report ff15::1']);
    l.queryV1('ff15::1', 1000);
    l.reportV1('ff15::1');
    expect(l.wait(2000)).toEqual([]);
    // Nor then that it listens no more: somebody else does.
    l.leave('ff15::1');
    expect(l.wait(2000)).toEqual([]);
  });

  it('does not hear MLDv1 routers, if it must speak MLDv2', () => {
    const { l } = h;
    l.start();
    l.conf('forceMldVersion', 2, true);
    l.queryV1('::', 1000);
    expect(l.wait(2000)).toEqual([]);
    l.join('ff15::1');
    expect(l.wait(5000).map(told)).toEqual(['TO_EX ff15::1', 'TO_EX ff15::1']);
  });

  it('reads a query of MLDv2 as one of MLDv1 meanwhile', () => {
    const { l } = h;
    l.start();
    l.conf('forceMldVersion', 1);
    l.queryV2('::', 0x8000);
    const [answer] = l.wait(33_000) as [Sent];
    expect(told(answer)).toBe('report ff02::1:ff00:1');
  });
});

describe('anything else', () => {
  const h = useListener();

  it('bears whatever comes in', () => {
    const { l } = h;
    const random = new Random(1);
    const sk = new Sockets(l);
    l.start();
    sk.join(0, 'ff15::1');
    sk.source(1, 'ff15::2', '2001:db8::1', true, MCAST_INCLUDE);
    for (let i = 0; i < 2000; i++) {
      const rest = Array.from({ length: random.below(60) }, () => random.below(256));
      const group = [...ip6(['::', 'ff15::1', 'ff15::2', '2001:db8::1'][random.below(4)] as string).toBytes()];
      if (random.below(3) !== 0) rest.splice(4, 16, ...group);
      l.receive(130 + random.below(2), 'ff02::1', rest, { ra: random.below(8) !== 0 });
      l.wait(random.below(500));
    }
    l.sent.length = 0;
    // It still answers: a querier that is not heard any more is forgotten when the interface comes up again.
    l.down();
    l.start();
    l.queryV2('ff15::2', 100);
    expect(l.wait(200).map(told)).toEqual(['IS_IN ff15::2 (2001:db8::1)']);
  });
});

import { setupNet, devChangeName, NETEVENT_DELAY_PROBE_TIME_UPDATE, unregisterNetdevice } from '@skbuff/core';
import { NdtMsg, NlAttrs, type NlMsgBuilder, type NlMsgHdr, nlaPolicySet, type NlReply, nlaParseNestedDeprecated, nlmsgParseDeprecated } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { EINVAL, ENOENT, NUD_REACHABLE } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { le16, le32 } from '@skbuff/wire';
import { NEIGHBOUR, type NeteventData, neighStatSeqShow, neighUpdate, neighProxy } from '../src/index.ts';
import { type Bench, mac, useBench } from './support.ts';

const holder = useBench();

/** The settings of a message, in its order. */
const SETTINGS: readonly (readonly [name: string, attr: number, wide: boolean])[] = [
  ['ifindex', U.NDTPA_IFINDEX, false],
  ['refcnt', U.NDTPA_REFCNT, false],
  ['queueBytes', U.NDTPA_QUEUE_LENBYTES, false],
  ['queue', U.NDTPA_QUEUE_LEN, false],
  ['proxyQueue', U.NDTPA_PROXY_QLEN, false],
  ['app', U.NDTPA_APP_PROBES, false],
  ['ucast', U.NDTPA_UCAST_PROBES, false],
  ['mcast', U.NDTPA_MCAST_PROBES, false],
  ['mcastRe', U.NDTPA_MCAST_REPROBES, false],
  ['reachable', U.NDTPA_REACHABLE_TIME, true],
  ['baseReachable', U.NDTPA_BASE_REACHABLE_TIME, true],
  ['gcStale', U.NDTPA_GC_STALETIME, true],
  ['delayProbe', U.NDTPA_DELAY_PROBE_TIME, true],
  ['retrans', U.NDTPA_RETRANS_TIME, true],
  ['anycastDelay', U.NDTPA_ANYCAST_DELAY, true],
  ['proxyDelay', U.NDTPA_PROXY_DELAY, true],
  ['locktime', U.NDTPA_LOCKTIME, true],
  ['intervalProbe', U.NDTPA_INTERVAL_PROBE_TIME_MS, true],
];

interface Shown {
  readonly family: number;
  readonly name: string;
  readonly tb: NlAttrs;
  readonly parms: Readonly<Record<string, number>>;
}

function read(nlh: NlMsgHdr): Shown {
  const tb = new NlAttrs(U.NDTA_MAX);
  const tbp = new NlAttrs(U.NDTPA_MAX);
  expect(nlmsgParseDeprecated(nlh, NdtMsg.LEN, tb, nlaPolicySet(U.NDTA_MAX, {}), null)).toBe(0);
  expect(nlaParseNestedDeprecated(tbp, tb.buf, tb.at(U.NDTA_PARMS), nlaPolicySet(U.NDTPA_MAX, {}), null)).toBe(0);
  const parms: Record<string, number> = {};
  const offs: number[] = [];
  for (const [name, attr, wide] of SETTINGS) {
    if (!tbp.has(attr)) continue;
    parms[name] = wide ? Number(tbp.u64(attr)) : tbp.u32(attr);
    offs.push(tbp.at(attr));
  }
  expect(offs).toEqual([...offs].sort((x, y) => x - y));
  return { family: nlh.buf[nlh.data] as number, name: tb.string(U.NDTA_NAME), tb, parms };
}

const show = (b: Bench, family = 0): Shown[] => b.talk(U.RTM_GETNEIGHTBL, U.NLM_F_DUMP, NdtMsg.of({ family })).msgs.map(read);

function change(b: Bench, name: string | null, parms: Readonly<Record<string, number>> | null, fill: (m: NlMsgBuilder) => void = () => {}, port?: ReturnType<Bench['open']>, family: number = U.AF_INET): NlReply {
  return b.request(U.RTM_SETNEIGHTBL, 0, NdtMsg.of({ family }), (m) => {
    if (name !== null) m.nlaPutString(U.NDTA_NAME, name);
    fill(m);
    if (parms === null) return;
    const nest = m.nlaNestStart(U.NDTA_PARMS);
    for (const [key, attr, wide] of SETTINGS) {
      if (parms[key] === undefined) continue;
      if (wide) m.nlaPutU64(attr, parms[key]);
      else m.nlaPutU32(attr, parms[key]);
    }
    m.nlaNestEnd(nest);
  }, port);
}

describe('RTM_GETNEIGHTBL', () => {
  it('lists each table with its key, thresholds, sizes, defaults, and the settings of each device [NEIGH-02] [NEIGH-05] [NEIGH-30]', () => {
    const { b } = holder;
    b.tbl.parmsOf(b.dev);
    for (let i = 1; i <= 20; i++) b.entry(`10.0.0.${i}`);
    neighProxy(b.tbl).enqueue(b.tbl.parmsOf(b.dev), b.packet());
    b.ms(60);
    const [table, device, table6, ...rest] = show(b);
    expect([table?.name, table?.family, table6?.name, table6?.family, rest.length]).toEqual(['test_cache', U.AF_INET, 'test6_cache', U.AF_INET6, 0]);
    const { tb, parms } = table as Shown;
    expect([U.NDTA_THRESH1, U.NDTA_THRESH2, U.NDTA_THRESH3].map((attr) => tb.u32(attr))).toEqual([128, 512, 1024]);
    expect(tb.u64(U.NDTA_GC_INTERVAL)).toBe(30_000n);
    const config = tb.at(U.NDTA_CONFIG) + U.NLA_HDRLEN;
    expect([tb.len(U.NDTA_CONFIG), le16(tb.buf, config), le16(tb.buf, config + 2)]).toEqual([32, 4, 336]);
    // Entries, age of the last forced collection and drawing, hash, buckets less one, nothing, waiting requests.
    const words = [4, 8, 12, 16, 20, 24, 28].map((off) => le32(tb.buf, config + off));
    expect(words).toEqual([20, b.now(), b.now(), b.tbl.rnd >>> 0, 31, 0, 1]);
    const own = { queueBytes: 212992, queue: 101, proxyQueue: 64, app: 0, ucast: 3, mcast: 3, mcastRe: 0 };
    const times = { baseReachable: 30_000, gcStale: 60_000, delayProbe: 5000, retrans: 1000, anycastDelay: 1000, proxyDelay: 800, locktime: 1000, intervalProbe: 5000 };
    expect(parms).toEqual({ refcnt: 1, ...own, reachable: b.tbl.parms.reachableTime, ...times });
    expect(device?.parms).toEqual({ ifindex: b.dev.ifindex, refcnt: 21, ...own, reachable: b.tbl.parmsOf(b.dev).reachableTime, ...times });
    expect(device?.tb.has(U.NDTA_CONFIG)).toBe(false);
    const six = (table6 as Shown).tb;
    const config6 = six.at(U.NDTA_CONFIG) + U.NLA_HDRLEN;
    expect([le16(six.buf, config6), le16(six.buf, config6 + 2), le32(six.buf, config6 + 20)]).toEqual([16, 344, 7]);
  });

  it('lists one family, and the devices of the reader\'s namespace [NEIGH-30]', () => {
    const { b } = holder;
    b.tbl.parmsOf(b.dev);
    const net = setupNet(b.kernel) as typeof b.net;
    const there = b.device({}, net);
    b.tbl6.parmsOf(there);
    expect(show(b).map((s) => `${s.name} ${s.parms.ifindex ?? '-'}`)).toEqual(['test_cache -', `test_cache ${b.dev.ifindex}`, 'test6_cache -']);
    expect(show(b, U.AF_INET6).map(({ name }) => name)).toEqual(['test6_cache']);
    const msgs = b.talk(U.RTM_GETNEIGHTBL, U.NLM_F_DUMP, new NdtMsg(), [], b.open(net)).msgs.map(read);
    expect(msgs.map((s) => `${s.name} ${s.parms.ifindex ?? '-'}`)).toEqual(['test_cache -', 'test6_cache -', `test6_cache ${there.ifindex}`]);
  });
});

describe('RTM_SETNEIGHTBL', () => {
  it('changes the settings of one device: `ip ntable change name … dev … queue 20` [NEIGH-30]', () => {
    const { b } = holder;
    const parms = b.tbl.parmsOf(b.dev);
    const other = b.tbl.parmsOf(b.device());
    const wanted = {
      queue: 20, proxyQueue: 7, app: 1, ucast: 2, mcast: 4, mcastRe: 5,
      baseReachable: 6000, gcStale: 100, delayProbe: 10, retrans: 110, anycastDelay: 120, proxyDelay: 130, locktime: 140, intervalProbe: 150,
    };
    expect(change(b, 'test_cache', { ifindex: b.dev.ifindex, ...wanted }).error).toBe(0);
    const shown = show(b, U.AF_INET).find((s) => s.parms.ifindex === b.dev.ifindex)?.parms;
    expect(shown).toEqual({ ifindex: b.dev.ifindex, refcnt: 1, queueBytes: 20 * 2090, ...wanted, reachable: parms.reachableTime });
    // Drawn anew from the new base.
    expect(parms.reachableTime).toBeGreaterThanOrEqual(3000);
    expect(parms.reachableTime).toBeLessThan(9000);
    expect([other.queueLenBytes, b.tbl.parms.queueLenBytes]).toEqual([212992, 212992]);
    expect(change(b, 'test_cache', { ifindex: b.dev.ifindex, queueBytes: 5000 }).error).toBe(0);
    expect(show(b, U.AF_INET).find((s) => s.parms.ifindex === b.dev.ifindex)?.parms).toMatchObject({ queueBytes: 5000, queue: 2 });
  });

  it('changes thresholds and defaults, from the initial namespace only; devices that exist keep their values [NEIGH-30]', () => {
    const { b } = holder;
    const parms = b.tbl.parmsOf(b.dev);
    const fill = (m: NlMsgBuilder): void => {
      m.nlaPutU32(U.NDTA_THRESH1, 1);
      m.nlaPutU32(U.NDTA_THRESH2, 2);
      m.nlaPutU32(U.NDTA_THRESH3, 3);
      m.nlaPutU64(U.NDTA_GC_INTERVAL, 4000);
    };
    expect(change(b, 'test_cache', { ucast: 9 }, fill).error).toBe(0);
    expect([b.tbl.gcThresh1, b.tbl.gcThresh2, b.tbl.gcThresh3, b.tbl.gcInterval]).toEqual([1, 2, 3, 4000]);
    expect([b.tbl.parms.ucastProbes, parms.ucastProbes, b.tbl.parmsOf(b.device()).ucastProbes]).toEqual([9, 3, 9]);
    const port = b.open(setupNet(b.kernel) as typeof b.net);
    expect(change(b, 'test_cache', null, (m) => m.nlaPutU32(U.NDTA_THRESH1, 5), port).error).toBe(-ENOENT);
    expect(change(b, 'test_cache', { ucast: 5 }, () => {}, port).error).toBe(-ENOENT);
    expect([b.tbl.gcThresh1, b.tbl.parms.ucastProbes]).toEqual([1, 9]);
  });

  it('refuses a change without a name, of an unknown table, of another family, of a device without settings [NEIGH-30]', () => {
    const { b } = holder;
    expect(change(b, null, null).error).toBe(-EINVAL);
    expect(change(b, 'nothing', null).error).toBe(-ENOENT);
    expect(change(b, 'test6_cache', null).error).toBe(-ENOENT);
    expect(change(b, 'test6_cache', null, () => {}, undefined, U.AF_UNSPEC).error).toBe(0);
    expect(change(b, 'test_cache', { ifindex: 99, ucast: 1 }).error).toBe(-ENOENT);
  });

  it('tells the chain of the kernel that delay_first_probe_time changed [NEIGH-30]', () => {
    const { b } = holder;
    const parms = b.tbl.parmsOf(b.dev);
    const heard: boolean[] = [];
    const { netevent } = b.kernel.services.get(NEIGHBOUR);
    const nb = {
      notifierCall(_nb: unknown, event: number, data: NeteventData) {
        if (event === NETEVENT_DELAY_PROBE_TIME_UPDATE) heard.push(data === parms);
        return 0;
      },
    };
    netevent.register(nb);
    change(b, 'test_cache', { ifindex: b.dev.ifindex, delayProbe: 10 });
    change(b, 'test_cache', { ifindex: b.dev.ifindex, retrans: 10 });
    b.sysctl(`ipv4/neigh/${b.dev.name}/delay_first_probe_time`, 3);
    netevent.unregister(nb);
    expect(heard).toEqual([true, true]);
  });
});

describe('the files below net.ipv4.neigh', () => {
  const read1 = (b: Bench, name: string): string | number => b.sysctl(`ipv4/neigh/${b.dev.name}/${name}`);
  const write = (b: Bench, name: string, value: number): string | number => b.sysctl(`ipv4/neigh/${b.dev.name}/${name}`, value);

  it('show every setting in its unit, and refuse what Linux refuses', () => {
    const { b } = holder;
    b.tbl.parmsOf(b.dev);
    const expected = {
      mcast_solicit: 3, ucast_solicit: 3, app_solicit: 0, mcast_resolicit: 0, retrans_time: 100, base_reachable_time: 30, delay_first_probe_time: 5,
      interval_probe_time_ms: 5000, gc_stale_time: 60, unres_qlen: 101, unres_qlen_bytes: 212992, proxy_qlen: 64, anycast_delay: 100, proxy_delay: 80,
      locktime: 100, retrans_time_ms: 1000, base_reachable_time_ms: 30000,
    };
    for (const [name, value] of Object.entries(expected)) expect([name, read1(b, name)]).toEqual([name, `${value}`]);
    for (const name of ['mcast_solicit', 'ucast_solicit', 'app_solicit', 'mcast_resolicit', 'retrans_time_ms', 'base_reachable_time_ms', 'unres_qlen', 'unres_qlen_bytes', 'proxy_qlen', 'interval_probe_time_ms']) {
      expect([name, write(b, name, -1)]).toEqual([name, -EINVAL]);
    }
    expect([write(b, 'interval_probe_time_ms', 0), write(b, 'unres_qlen', 1027504), write(b, 'unres_qlen', 1027505)]).toEqual([-EINVAL, 0, -EINVAL]);
    expect([write(b, 'gc_stale_time', -5), read1(b, 'gc_stale_time'), write(b, 'gc_stale_time', 2147483), write(b, 'gc_stale_time', 2147484)]).toEqual([0, '-5', 0, -EINVAL]);
    expect([write(b, 'unres_qlen', 3), read1(b, 'unres_qlen_bytes'), write(b, 'unres_qlen_bytes', 9000), read1(b, 'unres_qlen')]).toEqual([0, '6270', 0, '4']);
  });

  it('have the name of the device, and go with it', () => {
    const { b } = holder;
    const dev = b.device();
    const parms = b.tbl.parmsOf(dev);
    expect([b.sysctl(`ipv4/neigh/${dev.name}/locktime`), show(b, U.AF_INET).length]).toEqual(['100', 2]);
    const old = dev.name;
    expect(devChangeName(dev, 'lan0')).toBe(0);
    expect([b.sysctl(`ipv4/neigh/${old}/locktime`), b.sysctl('ipv4/neigh/lan0/locktime')]).toEqual([-ENOENT, '100']);
    unregisterNetdevice(dev);
    expect([b.sysctl('ipv4/neigh/lan0/locktime'), show(b, U.AF_INET).length, parms.dead]).toEqual([-ENOENT, 1, true]);
  });

  it('of the defaults are followed by devices until they have a value of their own', () => {
    const { b } = holder;
    const parms = b.tbl.parmsOf(b.dev);
    const addressed = b.tbl.parmsOf(b.device());
    addressed.setAll();
    expect(b.sysctl('ipv4/neigh/default/anycast_delay', 120)).toBe(0);
    expect([parms.anycastDelay, addressed.anycastDelay]).toEqual([1200, 1000]);
    write(b, 'anycast_delay', 90);
    b.sysctl('ipv4/neigh/default/anycast_delay', 100);
    expect([parms.anycastDelay, addressed.anycastDelay, b.tbl.parms.anycastDelay]).toEqual([900, 1000, 1000]);
    expect(b.sysctl('ipv4/neigh/default/gc_thresh1', 7)).toBe(0);
    expect(b.tbl.gcThresh1).toBe(7);
  });
});

describe('counters', () => {
  it('count what the table does [NEIGH-34]', () => {
    const { b } = holder;
    const { stats } = b.tbl;
    const first = b.tbl.parms.reachableTime;
    for (let i = 1; i <= 9; i++) b.entry(`10.0.0.${i}`);
    expect(stats).toMatchObject({ allocs: 9, hashGrows: 1, destroys: 0 });
    b.tbl.find(b.dev, 0x0a000001);
    b.tbl.find(b.dev, 0x0b000001);
    expect(stats).toMatchObject({ lookups: 2, hits: 1 });
    b.entry('10.0.0.1').parms.queueLenBytes = 0;
    b.send('10.0.0.1');
    b.send('10.0.0.1');
    b.ms(3000);
    expect(stats).toMatchObject({ unresDiscards: 1, resFailed: 1 });
    expect(b.tbl.remove(b.entry('10.0.0.1'))).toBe(true);
    Object.assign(b.tbl, { gcThresh2: 1, gcThresh3: 8 });
    for (const n of b.tbl.all()) n.hold();
    b.tbl.create(b.dev, 1);
    for (const n of b.tbl.all()) n.release();
    expect(stats).toMatchObject({ destroys: 1, forcedGcRuns: 1, tableFulls: 1 });
    b.ms(90_000);
    expect(stats.periodicGcRuns).toBe(1 + Math.floor((b.now() - first) / 15_000));
  });

  it('are shown in hexadecimal, with the number of entries in front, in Linux\'s columns [NEIGH-34] [NEIGH-35]', () => {
    const { b } = holder;
    Object.assign(b.tbl.stats, {
      allocs: 0xcc, destroys: 0xdb, hashGrows: 1, lookups: 0x823, hits: 0x131, resFailed: 0x22,
      rcvProbesMcast: 2, rcvProbesUcast: 3, periodicGcRuns: 0x308, forcedGcRuns: 4, unresDiscards: 0xe3, tableFulls: 5,
    });
    // As Linux 6.18 writes it.
    expect(neighStatSeqShow(3, b.tbl.stats)).toBe(
      'entries  allocs   destroys hash_grows lookups  hits     res_failed rcv_probes_mcast rcv_probes_ucast periodic_gc_runs forced_gc_runs unresolved_discards table_fulls\n' +
        '00000003 000000cc 000000db 00000001   00000823 00000131 00000022   00000002         00000003         00000308         00000004       000000e3            00000005\n',
    );
  });

  it('are part of what RTM_GETNEIGHTBL tells [NEIGH-30] [NEIGH-34]', () => {
    const { b } = holder;
    b.send('10.0.0.9');
    neighUpdate(b.entry('10.0.0.8'), mac(8), 0, NUD_REACHABLE, 0);
    b.tbl.find(b.dev, 0x0a000009);
    b.ms(5000);
    Object.assign(b.tbl.stats, { destroys: 2, hashGrows: 3, rcvProbesMcast: 7, rcvProbesUcast: 8, periodicGcRuns: 9, forcedGcRuns: 10, tableFulls: 11 });
    const { tb } = show(b, U.AF_INET)[0] as Shown;
    const at = tb.at(U.NDTA_STATS) + U.NLA_HDRLEN;
    const words = Array.from({ length: 11 }, (_, i) => le32(tb.buf, at + 8 * i));
    expect([tb.len(U.NDTA_STATS), words]).toEqual([88, [2, 2, 3, 1, 1, 1, 7, 8, 9, 10, 11]]);
  });
});

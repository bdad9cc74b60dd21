/** Lookup against a model, aliases, and the sharing of what routes say. */
import { setupNet, devOpen, type NetDevice } from '@skbuff/core';
import { Flowi4 } from '@skbuff/ipv4';
import * as U from '@skbuff/uapi';
import { inetMakeMask, inetNtoa } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  FibResult,
  type FibInfo,
  fibAliasOrder,
  fibFlush,
  fibGetTable,
  fibLookup,
  fibNet,
  fibNewTable,
  fibSetRules,
  fibTableLookup,
} from '../src/index.ts';
import { ip4, useHost } from './support.ts';

const t = useHost();
let v0: NetDevice;

beforeEach(() => {
  t.h.loUp();
  v0 = t.h.eth('v0', '10.0.0.1/24');
});

/** Prefix length and gateway found, or the errno. */
function find(daddr: string, more: Partial<Flowi4> = {}): string | number {
  const res = new FibResult();
  const err = fibLookup(t.h.net, Object.assign(new Flowi4(), { daddr: ip4(daddr) }, more), res);
  return err !== 0 ? err : `/${res.prefixlen} via ${inetNtoa(res.nh!.gw)}`;
}

const gw = (text: string): { gw: number } => ({ gw: ip4(text) });

describe('fibLookup', () => {
  it('finds the longest prefix, whatever came first [FIB-01 FIB-04 FIB-15 FTAB-09]', () => {
    t.h.route('172.16.1.1/32', gw('10.0.0.4'));
    t.h.route('default', gw('10.0.0.9'));
    t.h.route('172.16.0.0/12', gw('10.0.0.2'));
    t.h.route('172.16.1.0/24', gw('10.0.0.3'));
    expect(['172.16.1.1', '172.16.1.2', '172.17.0.1', '9.9.9.9'].map((addr) => find(addr))).toEqual(['/32 via 10.0.0.4', '/24 via 10.0.0.3', '/12 via 10.0.0.2', '/0 via 10.0.0.9']);
  });

  it('asks local and main as one table, then default [FIB-03 FTAB-02]', () => {
    t.h.route('10.0.0.1/32', gw('10.0.0.9'));
    expect(find('10.0.0.1')).toBe('/32 via 0.0.0.0');
    t.h.route('127.5.5.5/32', gw('10.0.0.9'));
    expect(find('127.5.5.5')).toBe('/32 via 10.0.0.9');
    t.h.route('99.0.0.0/8', { ...gw('10.0.0.8'), table: U.RT_TABLE_DEFAULT });
    expect([find('99.1.1.1'), find('98.1.1.1')]).toEqual(['/8 via 10.0.0.8', -U.ENETUNREACH]);
  });

  it('goes on behind throw, and ends at unreachable [FIB-18]', () => {
    t.h.route('default', { ...gw('10.0.0.8'), table: U.RT_TABLE_DEFAULT });
    t.h.route('99.0.0.0/8', { type: U.RTN_THROW });
    t.h.route('98.0.0.0/8', { type: U.RTN_UNREACHABLE });
    expect([find('99.1.1.1'), find('98.1.1.1')]).toEqual(['/0 via 10.0.0.8', -U.EHOSTUNREACH]);
  });

  it('needs no route in main to find a local one; without any address there is no table [FTAB-02 FTAB-05]', () => {
    const net = setupNet(t.h.kernel);
    if (typeof net === 'number') throw new Error(String(net));
    const fl4 = Object.assign(new Flowi4(), { daddr: ip4('127.0.0.1') });
    expect([fibLookup(net, fl4, new FibResult()), fibNet.of(net).tables.size]).toEqual([-U.ENETUNREACH, 0]);
    expect(devOpen(net.loopbackDev as NetDevice)).toBe(0);
    expect([fibLookup(net, fl4, new FibResult()), fibNet.of(net).tables.size]).toEqual([0, 2]);
    net.put();
  });

  it('does not look into other tables [FTAB-03 FTAB-05]', () => {
    expect(fibGetTable(t.h.state, 100)).toBe(null);
    t.h.route('99.0.0.0/8', { ...gw('10.0.0.8'), table: 100 });
    expect([find('99.1.1.1'), fibGetTable(t.h.state, 100)!.store.size, fibGetTable(t.h.state, 0)!.id]).toEqual([-U.ENETUNREACH, 1, U.RT_TABLE_MAIN]);
  });

  it('has separate local and main tables as soon as there are rules, as a Linux 6.18 [FTAB-02]', () => {
    t.h.route('127.5.5.5/32', gw('10.0.0.9'));
    fibSetRules(t.h.state, {
      lookup: (state, fl4, res, flags) => {
        const local = fibTableLookup(state.tables.get(U.RT_TABLE_LOCAL)!, fl4, res, flags);
        return local === 0 ? 0 : fibTableLookup(state.main!, fl4, res, flags);
      },
    });
    expect([find('127.5.5.5'), find('10.0.0.7'), find('10.0.0.1')]).toEqual(['/8 via 0.0.0.0', '/24 via 0.0.0.0', '/32 via 0.0.0.0']);
    expect([t.h.state.main!.store.size, t.h.state.tables.get(U.RT_TABLE_LOCAL)!.store.size]).toEqual([2, 5]);
    expect(t.h.unroute('127.5.5.5/32')).toBe(0);
    t.h.route('127.5.5.5/32', gw('10.0.0.9'));
    fibSetRules(t.h.state, null);
    expect([find('127.5.5.5'), find('10.0.0.7'), find('99.1.1.1')]).toEqual(['/8 via 0.0.0.0', '/24 via 0.0.0.0', -U.ENETUNREACH]);
  });

  it('takes the route of the TOS, else the one for any [FALIAS-03 FALIAS-04]', () => {
    for (const [tos, last] of [[0x10, 8], [0, 9], [0xb0, 7], [0x20, 6]]) t.h.route('99.0.0.0/8', { ...gw(`10.0.0.${last}`), tos });
    expect(t.h.state.main!.store.aliases(ip4('99.0.0.0'), 8).map((fa) => fa.tos)).toEqual([0xb0, 0x20, 0x10, 0]);
    // Of the TOS byte only three bits count for a lookup: 0xb0 looks like 0x10.
    const found = [0x10, 0x14, 0xb0, 0xf0, 0x20, 0x30, 0x50].map((tos) => String(find('99.1.1.1', { tos })).slice(-1));
    expect(found).toEqual(['8', '9', '8', '8', '9', '8', '8']);
  });

  it('falls back to a shorter prefix where the longer one does not fit [FIB-04 FALIAS-04]', () => {
    t.h.route('99.0.0.0/8', gw('10.0.0.8'));
    t.h.route('99.1.0.0/16', { ...gw('10.0.0.9'), tos: 0x10 });
    expect([find('99.1.1.1', { tos: 0x10 }), find('99.1.1.1')]).toEqual(['/16 via 10.0.0.9', '/8 via 10.0.0.8']);
  });

  it('wants a scope at least as narrow as asked, and the device that was asked for [FINFO-09]', () => {
    t.h.route('99.0.0.0/8', gw('10.0.0.8'));
    expect([find('99.1.1.1', { scope: U.RT_SCOPE_LINK }), find('10.0.0.7', { scope: U.RT_SCOPE_LINK })]).toEqual([-U.ENETUNREACH, '/24 via 0.0.0.0']);
    expect([find('99.1.1.1', { oif: v0.ifindex }), find('99.1.1.1', { oif: 1 })]).toEqual(['/8 via 10.0.0.8', -U.ENETUNREACH]);
  });

  it('tells all about the route it found [FIB-14 FIB-16 FIB-21]', () => {
    const w0 = t.h.eth('w0', '10.1.0.1/24');
    const hop = (dev: NetDevice, text: string) => ({ oif: dev.ifindex, gw: ip4(text), flags: 0, weight: 1, flow: 0 });
    t.h.route('99.0.0.0/8', { nexthops: [hop(v0, '10.0.0.9'), hop(w0, '10.1.0.9')] });
    const res = new FibResult();
    const ask = (oif: number): (string | number | undefined)[] => {
      expect(fibLookup(t.h.net, Object.assign(new Flowi4(), { daddr: ip4('99.1.1.1'), oif }), res)).toBe(0);
      return [res.prefixlen, res.type, res.scope, res.nhSel, res.nh?.dev?.name, inetNtoa(res.nh!.gw), res.table?.id, res.fi?.nhs.length, res.fa?.plen];
    };
    expect(ask(0)).toEqual([8, U.RTN_UNICAST, U.RT_SCOPE_UNIVERSE, 0, 'v0', '10.0.0.9', U.RT_TABLE_MAIN, 2, 8]);
    expect(ask(w0.ifindex)).toEqual([8, U.RTN_UNICAST, U.RT_SCOPE_UNIVERSE, 1, 'w0', '10.1.0.9', U.RT_TABLE_MAIN, 2, 8]);
    t.h.route('99.1.1.1/32', { oif: v0.ifindex, scope: U.RT_SCOPE_LINK });
    expect(ask(0)).toEqual([32, U.RTN_UNICAST, U.RT_SCOPE_LINK, 0, 'v0', '0.0.0.0', U.RT_TABLE_MAIN, 1, 32]);
  });

  it('knows a prefix exactly [FTAB-10]', () => {
    t.h.route('99.0.0.0/8', gw('10.0.0.9'));
    const { store } = t.h.state.main!;
    expect([store.head(ip4('99.0.0.0'), 8)?.plen, store.head(ip4('99.0.0.0'), 9), store.head(ip4('99.1.0.0'), 8)]).toEqual([8, null, null]);
  });

  it('keeps namespaces apart [FINFO-18 FTAB-03]', () => {
    const net = setupNet(t.h.kernel);
    if (typeof net === 'number') throw new Error(String(net));
    t.h.route('99.0.0.0/8', { type: U.RTN_UNREACHABLE });
    const fl4 = Object.assign(new Flowi4(), { daddr: ip4('99.1.1.1') });
    expect([fibLookup(t.h.net, fl4, new FibResult()), fibLookup(net, fl4, new FibResult())]).toEqual([-U.EHOSTUNREACH, -U.ENETUNREACH]);
    net.put();
  });

  it('agrees with a naive model in 20,000 random lookups over random tables', () => {
    let x = 2463534242;
    const random = (n: number): number => {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      return (x >>> 0) % n;
    };
    interface Model {
      prefix: number;
      plen: number;
      tos: number;
      priority: number;
      gw: number;
      type: number;
      seq: number;
    }
    const model: Model[] = [];
    const someAddr = (): number => (0x63000000 | (random(4) << 16) | (random(4) << 8) | random(256)) >>> 0;
    let seq = 0;
    const change = (): void => {
      const plen = [8, 14, 15, 16, 20, 23, 24, 28, 32][random(9)];
      const prefix = (someAddr() & inetMakeMask(plen)) >>> 0;
      const tos = [0, 0, 0, 0x10, 0x08][random(5)];
      const priority = random(3);
      if (random(3) === 0 && model.length > 0) {
        const [gone] = model.splice(random(model.length), 1);
        const values = { tos: gone.tos, priority: gone.priority, gw: gone.gw, type: gone.type };
        // A deletion takes the first route that fits: say exactly which.
        expect(t.h.unroute(`${inetNtoa(gone.prefix)}/${gone.plen}`, values)).toBe(0);
        return;
      }
      const type = random(8) === 0 ? U.RTN_UNREACHABLE : U.RTN_UNICAST;
      const via = type === U.RTN_UNICAST ? ip4(`10.0.0.${2 + random(20)}`) : 0;
      const same = model.some((m) => m.prefix === prefix && m.plen === plen && m.tos === tos && m.priority === priority);
      if (same) return;
      expect(t.h.route(`${inetNtoa(prefix)}/${plen}`, { tos, priority, gw: via, type, nlflags: 0xc00 })).toBe(0);
      model.push({ prefix, plen, tos, priority, gw: via, type, seq: seq++ });
    };
    const expected = (addr: number, tos: number): string | number => {
      const fits = model.filter((m) => ((m.prefix ^ addr) & inetMakeMask(m.plen)) === 0 && (m.tos === 0 || m.tos === tos));
      fits.sort((a, b) => b.plen - a.plen || b.tos - a.tos || a.priority - b.priority || a.seq - b.seq);
      if (fits.length === 0) return -U.ENETUNREACH;
      return fits[0].type === U.RTN_UNREACHABLE ? -U.EHOSTUNREACH : `/${fits[0].plen} via ${inetNtoa(fits[0].gw)}`;
    };
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 12; i++) change();
      for (let i = 0; i < 200; i++) {
        const addr = someAddr();
        const tos = [0, 0x10, 0x08, 0x04][random(4)];
        const found = find(inetNtoa(addr), { tos });
        if (found !== expected(addr, tos)) expect(`${inetNtoa(addr)} tos ${tos}: ${found}`).toBe(`${inetNtoa(addr)} tos ${tos}: ${expected(addr, tos)}`);
      }
    }
    expect(model.length).toBeGreaterThan(100);
  });
});

describe('what routes share', () => {
  const infoOf = (prefix: string, plen: number, tos = 0): FibInfo => t.h.state.main!.store.aliases(ip4(prefix), plen).find((fa) => fa.tos === tos)!.info;

  it('three routes of one prefix by one gateway share one info [FALIAS-02 FINFO-04 FALIAS-06]', () => {
    for (const tos of [4, 8, 12]) t.h.route('99.0.0.0/8', { ...gw('10.0.0.9'), tos });
    const before = t.h.state.infos.count;
    expect([infoOf('99.0.0.0', 8, 4).treeref, infoOf('99.0.0.0', 8, 4) === infoOf('99.0.0.0', 8, 12)]).toEqual([3, true]);
    t.h.unroute('99.0.0.0/8', { tos: 8 });
    expect(infoOf('99.0.0.0', 8, 4).treeref).toBe(2);
    t.h.unroute('99.0.0.0/8', { tos: 4 });
    t.h.unroute('99.0.0.0/8', { tos: 12 });
    expect(t.h.state.infos.count).toBe(before - 1);
  });

  it('ten thousand prefixes by two gateways are two infos and two aliases [FINFO-01 FINFO-03]', () => {
    const { infos, main } = t.h.state;
    const [count, heads] = [infos.count, main!.store.heads.length];
    for (let i = 0; i < 10_000; i++) t.h.route(`20.${i >> 8}.${i & 255}.0/24`, gw(`10.0.0.${7 + (i & 1)}`));
    expect([infos.count - count, infoOf('20.0.0.0', 24).treeref, main!.store.heads.length - heads]).toEqual([2, 5000, 2]);
    for (let i = 0; i < 10_000; i++) t.h.unroute(`20.${i >> 8}.${i & 255}.0/24`);
    expect([infos.count, main!.store.heads.filter((head) => head !== null).length]).toEqual([count, heads]);
  });

  it.each<[what: string, a: object, b: object]>([
    ['type', { type: U.RTN_UNREACHABLE }, { type: U.RTN_PROHIBIT }],
    ['metric', { ...gw('10.0.0.9'), priority: 1 }, { ...gw('10.0.0.9'), priority: 2 }],
    ['gateway', gw('10.0.0.9'), gw('10.0.0.8')],
    ['protocol', { ...gw('10.0.0.9'), protocol: U.RTPROT_STATIC }, gw('10.0.0.9')],
    ['preferred source', { ...gw('10.0.0.9'), prefsrc: 0x0a000001 }, gw('10.0.0.9')],
    ['realm', { ...gw('10.0.0.9'), flow: 3 }, gw('10.0.0.9')],
    ['path metrics', { ...gw('10.0.0.9'), metrics: new Uint32Array(18).fill(7, 2, 3) }, gw('10.0.0.9')],
  ])('another %s is another info [FINFO-10 FINFO-02]', (_what, a, b) => {
    expect([t.h.route('98.0.0.0/8', a), t.h.route('99.0.0.0/8', b)]).toEqual([0, 0]);
    expect(infoOf('98.0.0.0', 8) === infoOf('99.0.0.0', 8)).toBe(false);
  });

  it('holds its device while it is used, and lets it go with the last route [FINFO-05]', () => {
    const held = v0.refcount();
    t.h.route('98.0.0.0/8', gw('10.0.0.9'));
    t.h.route('99.0.0.0/8', gw('10.0.0.9'));
    expect(v0.refcount()).toBe(held + 1);
    t.h.unroute('98.0.0.0/8');
    t.h.unroute('99.0.0.0/8');
    expect(v0.refcount()).toBe(held);
  });

  it('keeps aliases sorted by table, TOS and priority [FALIAS-01 FALIAS-03 FALIAS-05]', () => {
    for (const [tos, priority] of [[0, 5], [8, 1], [0, 1], [16, 9], [8, 0]]) t.h.route('99.0.0.0/8', { ...gw('10.0.0.9'), tos, priority });
    const list = t.h.state.main!.store.aliases(ip4('99.0.0.0'), 8);
    expect(list.map((fa) => `${fa.tos}/${fa.info.priority}`)).toEqual(['16/9', '8/0', '8/1', '0/1', '0/5']);
    expect(list.every((fa, i) => i === 0 || fibAliasOrder(list[i - 1], fa) < 0)).toBe(true);
  });

  it('flushes only what is dead', () => {
    t.h.route('99.0.0.0/8', gw('10.0.0.9'));
    expect(fibFlush(t.h.state)).toBe(0);
    infoOf('99.0.0.0', 8).flags |= U.RTNH_F_DEAD;
    expect([fibFlush(t.h.state), find('99.1.1.1')]).toEqual([1, -U.ENETUNREACH]);
  });

  it('counts the default routes of a table [FTAB-06 FTAB-01]', () => {
    const table = fibNewTable(t.h.state, 100);
    expect(table.numDefault).toBe(0);
    t.h.route('default', { ...gw('10.0.0.9'), table: 100 });
    t.h.route('default', { ...gw('10.0.0.8'), table: 100, nlflags: 0xc00 });
    expect(table.numDefault).toBe(2);
    t.h.unroute('0.0.0.0/0', { table: 100 });
    expect(table.numDefault).toBe(1);
  });
});

/** /proc/net and sysctls. The lines of `route` are what a Linux 6.18 showed for these routes. */
import { setupNet, type NetDevice } from '@skbuff/core';
import { procNetOf } from '@skbuff/procfs';
import { sysctlOf } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { fibTriestatShow, fibTrieShow } from '../src/index.ts';
import { PlainTable } from './plain-table.ts';
import { ip4, useHost } from './support.ts';

const t = useHost();
let v0: NetDevice;

beforeEach(() => {
  t.h.loUp();
  v0 = t.h.eth('v0', '10.0.0.1/24');
});

const file = (name: string): string => {
  const text = procNetOf(t.h.net).read(name);
  if (typeof text === 'number') throw new Error(`${name}: ${text}`);
  return text;
};

describe('/proc/net/route', () => {
  it('shows the main table in 128 columns [FTAB-16]', () => {
    const metrics = new Uint32Array(18);
    metrics[U.RTAX_ADVMSS] = 500;
    metrics[U.RTAX_MTU] = 800;
    t.h.route('10.9.0.0/16', { gw: ip4('10.0.0.9') });
    t.h.route('10.16.0.0/16', { type: U.RTN_UNREACHABLE });
    t.h.route('10.17.0.0/16', { type: U.RTN_BLACKHOLE });
    t.h.route('10.18.0.0/16', { type: U.RTN_PROHIBIT });
    t.h.route('10.23.0.0/16', { gw: ip4('10.0.0.9'), metrics, priority: 5 });
    t.h.route('127.5.5.5/32', { gw: ip4('10.0.0.9') });
    t.h.route('239.0.0.0/8', { type: U.RTN_MULTICAST, scope: U.RT_SCOPE_LINK, oif: v0.ifindex });
    const lines = file('route').split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => line.length)).toEqual(lines.map(() => 127));
    expect(lines.map((line) => line.trimEnd())).toEqual([
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
      'v0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
      'v0\t0000090A\t0900000A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0',
      '*\t0000100A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0',
      '*\t0000110A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
      '*\t0000120A\t00000000\t0201\t0\t0\t0\t0000FFFF\t0\t0\t0',
      'v0\t0000170A\t0900000A\t0003\t0\t0\t5\t0000FFFF\t540\t0\t0',
      'v0\t0505057F\t0900000A\t0007\t0\t0\t0\tFFFFFFFF\t0\t0\t0',
    ]);
  });
});

/** A trie of one node with a child for each prefix, to see how a trie is written. */
class FlatTrie extends PlainTable {
  walkNodes(visitor: { tnode: (...n: number[]) => void; leaf: (key: number, depth: number) => void; prefix: (...n: number[]) => void }): void {
    visitor.tnode(0, 31, 1, 0, 1, 0);
    this.walk((prefix, plen, value) => {
      visitor.leaf(prefix, 1);
      visitor.prefix(prefix, plen, value, 1);
    });
  }

  stat(): object {
    return { leaves: 2, tnodes: 1, nullPointers: 1, averageDepth: 7 / 3, maxDepth: 3, internalNodesBySize: [0, 1, 2] };
  }
}

describe('/proc/net/fib_trie and fib_triestat', () => {
  it('write nodes, leaves and aliases of every table; of a table that is no trie nothing [FTAB-11]', () => {
    expect(file('fib_trie')).toBe('');
    expect(file('fib_triestat')).toBe('Basic info: size of leaf: 48 bytes, size of tnode: 40 bytes.\n');
    Object.assign(t.h.state.fib, { factory: () => new FlatTrie() });
    t.h.route('10.25.0.0/16', { gw: ip4('10.0.0.9'), table: 100, tos: 0x10 });
    t.h.route('10.25.0.0/16', { gw: ip4('10.0.0.9'), table: 100 });
    t.h.route('99.0.0.0/8', { type: U.RTN_THROW, table: 100, scope: 7 });
    expect(fibTrieShow(t.h.state)).toBe(
      'Id 100:\n' +
        '  +-- 0.0.0.0/0 1 0 1\n' +
        '     |-- 10.25.0.0\n' +
        '        /16 universe UNICAST tos=16\n' +
        '        /16 universe UNICAST\n' +
        '     |-- 99.0.0.0\n' +
        '        /8 scope=7 THROW\n',
    );
    expect(fibTriestatShow(t.h.state)).toBe(
      'Basic info: size of leaf: 48 bytes, size of tnode: 40 bytes.\n' +
        'Id 100:\n' +
        '\tAver depth:     2.33\n\tMax depth:      3\n\tLeaves:         2\n\tPrefixes:       3\n\tInternal nodes: 1\n' +
        '\t  1: 1  2: 2\n\tPointers: 10\nNull ptrs: 1\nTotal size: 1  kB\n',
    );
  });

  it('the old cache has only a title left [FIB-26]', () => {
    expect(file('rt_cache').length).toBe(128);
  });
});

describe('net.ipv4.route', () => {
  it('has its defaults, times in jiffies where the kernel shows jiffies', () => {
    const tree = sysctlOf(t.h.net);
    const values = Object.fromEntries(tree.list('net/ipv4/route').map((path) => [path.slice(15), String(tree.read(path)).trim()]));
    expect(values).toEqual({
      error_burst: '5000',
      error_cost: '1000',
      flush: '',
      gc_elasticity: '8',
      gc_interval: '60',
      gc_min_interval: '0',
      gc_min_interval_ms: '500',
      gc_thresh: '-1',
      gc_timeout: '300',
      max_size: '2147483647',
      min_adv_mss: '256',
      min_pmtu: '552',
      mtu_expires: '600',
      redirect_load: '20',
      redirect_number: '9',
      redirect_silence: '20480',
    });
    expect([tree.write('net/ipv4/route/min_pmtu', '67'), tree.write('net/ipv4/route/min_pmtu', '68')]).toEqual([-U.EINVAL, 0]);
  });

  it('shows only its own settings in another namespace', () => {
    const net = setupNet(t.h.kernel);
    if (typeof net === 'number') throw new Error(String(net));
    expect(sysctlOf(net).list('net/ipv4/route').map((path) => path.slice(15))).toEqual(['flush', 'min_adv_mss', 'min_pmtu', 'mtu_expires']);
    net.put();
  });
});

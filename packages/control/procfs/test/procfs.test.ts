import { createKernel, setupNet, type Kernel, type Net, type SkBuff } from '@skbuff/core';
import { EEXIST, EISDIR, ENOENT } from '@skbuff/uapi';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { procCreateNet, procfs, procNetOf, ProcNet } from '../src/index.ts';

let kernel: Kernel;

beforeEach(() => {
  kernel = createKernel({ plugins: [procfs()] });
});

afterEach(() => {
  kernel.shutdown();
});

it('makes a file when it is read', () => {
  let reads = 0;
  const undo = procCreateNet(kernel.initNet, 'snmp', () => `${++reads}\n`);
  expect([procNetOf(kernel.initNet).read('snmp'), procNetOf(kernel.initNet).read('snmp')]).toEqual(['1\n', '2\n']);
  undo();
  expect(procNetOf(kernel.initNet).read('snmp')).toBe(-ENOENT);
});

it('knows directories and refuses a second file of one name', () => {
  const proc = new ProcNet();
  proc.create('stat/arp_cache', () => '');
  expect([proc.read('stat'), proc.read('none'), proc.create('stat/arp_cache', () => ''), proc.list('stat')]).toEqual([-EISDIR, -ENOENT, -EEXIST, ['stat/arp_cache']]);
});

it('is one tree for each namespace, and tells of files that nobody took back', () => {
  const other = setupNet(kernel) as Net;
  procCreateNet(other, 'udp', () => '');
  expect(() => procCreateNet(other, 'udp', () => '')).toThrow('/proc/net/udp');
  expect(procNetOf(kernel.initNet).list()).toEqual(['dev', 'dev_mcast', 'ptype', 'softnet_stat']);
  other.put();
  kernel.onClock();
  expect(kernel.leaks()).toMatchObject({ 'proc file': 1 });
});

it('shows taps and protocols by the names of their functions [CFG-01]', () => {
  const other = setupNet(kernel) as Net;
  function packetRcv(skb: SkBuff): number {
    skb.consume();
    return 0;
  }
  const type = { dev: null, ignoreOutgoing: false, func: packetRcv, listFunc: null };
  const packs = [
    { ...type, type: 0x0806, net: null },
    { ...type, type: 3, net: other },
  ];
  for (const pack of packs) kernel.softnet.addPack(pack);
  const shown = (net: Net): string => String(procNetOf(net).read('ptype'));
  expect(shown(kernel.initNet)).toBe('Type Device      Function\n0806          packet_rcv\n');
  expect(shown(other)).toBe('Type Device      Function\nALL           packet_rcv\n0806          packet_rcv\n');
  for (const pack of packs) kernel.softnet.removePack(pack);
  other.put();
});

it('has a line of fifteen numbers for each CPU [TOOL-58]', () => {
  const many = createKernel({ plugins: [procfs()], cpus: 2 });
  expect(procNetOf(many.initNet).read('softnet_stat')).toBe(
    `${'00000000 '.repeat(14)}00000000\n${'00000000 '.repeat(12)}00000001 ${'00000000 '}00000000\n`,
  );
  many.shutdown();
});

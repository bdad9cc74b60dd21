import { createKernel, type Kernel, type Net } from '@skbuff/core';
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
  const other = kernel.netns.create() as Net;
  procCreateNet(other, 'udp', () => '');
  expect(() => procCreateNet(other, 'udp', () => '')).toThrow('/proc/net/udp');
  expect(procNetOf(kernel.initNet).list()).toEqual([]);
  other.put();
  kernel.onClock();
  expect(kernel.leaks()).toMatchObject({ 'proc file': 1 });
});

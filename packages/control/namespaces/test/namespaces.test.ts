import { createKernel, type Kernel, VirtualClock } from '@skbuff/core';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyNamespaces, Cred, createNewNamespaces, createUserNs, namespaces, type Namespaces, namespacesOf, netNsOf, type Nsproxy, parseIdMap } from '../src/index.ts';

const clock = new VirtualClock();
let kernel: Kernel;
/** What the first network namespace holds of the others. */
let held: number;
let all: Namespaces;
let root: Cred;

beforeEach(() => {
  kernel = createKernel({ clock, debug: true, plugins: [sysctl(), namespaces({ uname: { nodename: 'here' } })] });
  all = namespacesOf(kernel.initNet);
  root = new Cred(all.initUserNs);
  held = all.held();
});
afterEach(() => {
  expect(kernel.shutdown()).toEqual({});
});

describe('the first namespaces', () => {
  it('are there from the start, all but the network’s under one nsproxy, owned by the first user namespace [NS-14]', () => {
    const proxy = all.nsproxyFor(kernel.initNet);
    const members = [proxy.utsNs, proxy.ipcNs, proxy.mntNs, proxy.pidNsForChildren, proxy.cgroupNs, proxy.timeNs, proxy.netNs];
    expect([proxy.count, members.map((ns) => ns.userNs === all.initUserNs), proxy.netNs.net === kernel.initNet]).toEqual([1, Array(7).fill(true), true]);
    expect([all.initUserNs.parent, all.initUserNs.level, proxy.utsNs === all.initUtsNs, all.initUtsNs.name.nodename]).toEqual([null, 0, true, 'here']);
    proxy.put();
  });

  it('show their names and limits to the stack itself [NS-25]', () => {
    const tree = sysctlOf(kernel.initNet);
    expect([tree.read('kernel/hostname'), tree.write('kernel/hostname', 'there\n'), tree.read('kernel/hostname')]).toEqual(['here\n', 0, 'there\n']);
    expect([tree.write('user/max_net_namespaces', '7\n'), all.initUserNs.ucountMax.get(U.CLONE_NEWNET), tree.list('user').length]).toEqual([0, 7, 8]);
  });
});

describe('an nsproxy', () => {
  it('is shared when nothing is to be new, with one reference more, not one for each member [NS-02] [NS-07]', () => {
    const proxy = all.nsproxyFor(kernel.initNet);
    const { count } = all.initUtsNs;
    const same = copyNamespaces(all, 0, proxy, all.initPidNs, root) as Nsproxy;
    expect([same === proxy, proxy.count, all.initUtsNs.count]).toEqual([true, 2, count]);
    same.put();
    proxy.put();
    expect(all.held()).toBe(held);
  });

  it('of new kinds holds new namespaces of these and the old ones of the others; the last one to let go frees them [NS-02] [NS-07] [NET-03]', () => {
    const old = all.nsproxyFor(kernel.initNet);
    const made = createNewNamespaces(all, U.CLONE_NEWNET | U.CLONE_NEWUTS, old, all.initPidNs, root) as Nsproxy;
    const { net } = made.netNs;
    expect([made.utsNs === old.utsNs, made.ipcNs === old.ipcNs, net === kernel.initNet, net.alive, net.count]).toEqual([false, true, false, true, 1]);
    old.put();
    made.put();
    clock.advance(0);
    expect([net.alive, made.utsNs.count, all.held()]).toEqual([false, 0, held]);
  });
});

it('without CAP_SYS_ADMIN there is nothing new but a user namespace, which brings it [NS-06] [NS-29]', () => {
  const user = new Cred(all.initUserNs, { uid: 1000 });
  const proxy = all.nsproxyFor(kernel.initNet);
  expect(copyNamespaces(all, U.CLONE_NEWNET, proxy, all.initPidNs, user)).toBe(-U.EPERM);
  const inside = createUserNs(user) as Cred;
  const made = copyNamespaces(all, U.CLONE_NEWNET, proxy, all.initPidNs, inside) as Nsproxy;
  expect([netNsOf(made.netNs.net).userNs === inside.userNs, inside.userNs.owner, inside.uidHere]).toEqual([true, 1000, 65534]);
  for (const held of [made, proxy, inside.userNs]) held.put();
});

it.each([
  ['0 0 1', 1],
  ['0 1000 1\n1 2000 5\n', 2],
  ['  0\t1000  1 \n', 1],
  ['', -U.EINVAL],
  ['0 0', -U.EINVAL],
  ['0 0 0', -U.EINVAL],
  ['0 0 x', -U.EINVAL],
  ['-1 0 1', -U.EINVAL],
  ['0 0 10\n9 20 1', -U.EINVAL],
  ['0 0 10\n20 9 1', -U.EINVAL],
  ['0 4294967295 1', -U.EINVAL],
  [Array.from({ length: 341 }, (_, i) => `${i} ${i} 1`).join('\n'), -U.EINVAL],
])('a map of ids %j', (text, result) => {
  const map = parseIdMap(text);
  expect(typeof map === 'number' ? map : map.length).toBe(result);
});

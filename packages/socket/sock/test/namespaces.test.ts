/** Tasks and the namespaces that they are in. */
import { insmod } from '@skbuff/core';
import type { Net } from '@skbuff/core';
import { Cred, namespacesOf, netNsOf, UCOUNT_FILES } from '@skbuff/namespaces';
import { sysctlOf } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { enterNet, getNetNsByFd, kernelTask, NS_ENTRIES, type Task } from '../src/index.ts';
import { bytes, useBench } from './support.ts';

const t = useBench();
const task = (uid = 0): Task => kernelTask(t.b.net, { uid });
const child = (of: Task, flags = 0): Task => of.clone(flags) as Task;
/** What is no number is not shown: whole kernels hang on it. */
const errno = (result: unknown): unknown => (typeof result === 'number' ? result : result === null ? null : 'something');
const links = (of: Task): (string | number)[] => NS_ENTRIES.map((kind) => of.readlink(`/proc/self/ns/${kind}`));
const read = (of: Task, path: string): string | number => of.enter(() => sysctlOf(of.net).read(path));

describe('a task', () => {
  it('shares its nsproxy with its children, and each namespace holds one reference of it [NS-01] [NS-02]', () => {
    const a = task();
    const proxy = a.nsproxy;
    const uts = namespacesOf(a.net).initUtsNs.count;
    const [b, c] = [child(a), child(a)];
    expect([b.nsproxy === proxy, proxy?.count, namespacesOf(a.net).initUtsNs.count]).toEqual([true, 3, uts]);
    a.unshare(U.CLONE_NEWIPC);
    expect([a.nsproxy === proxy, proxy?.count, a.nsproxy?.utsNs === b.nsproxy?.utsNs, a.nsproxy?.ipcNs === b.nsproxy?.ipcNs]).toEqual([false, 2, true, false]);
    for (const one of [a, b, c]) one.exit();
    expect(proxy?.count).toBe(0);
  });

  it('has none when it has ended [NS-08] [NS-09]', () => {
    const a = task();
    a.unshare(U.CLONE_NEWNET | U.CLONE_NEWUTS);
    const { net } = a;
    a.exit();
    expect([errno(a.nsproxy), net.alive, a.unshare(0), a.setns(0), errno(a.clone(0))]).toEqual([null, false, -U.ESRCH, -U.EBADF, -U.ESRCH]);
    t.b.clock.advance(0);
    expect([a.utsname.nodename, a.gethostname(bytes('xxxxxxxx')), enterNet(task(), net)]).toEqual(['(none)', 0, -U.EINVAL]);
  });

  it('moves at once, but for PIDs, which are its children’s [NS-03] [NS-26]', () => {
    const a = task();
    const before = links(a);
    expect(a.unshare(U.CLONE_NEWNET | U.CLONE_NEWUTS | U.CLONE_NEWPID)).toBe(0);
    const changed = NS_ENTRIES.filter((_, i) => links(a)[i] !== before[i]);
    expect([changed, a.getpid() === a.pid]).toEqual([['net', 'pid_for_children', 'uts'], true]);
    const b = child(a);
    expect([b.getpid(), b.pid === a.pid + 1, b.readlink('/proc/self/ns/pid') === a.readlink('/proc/self/ns/pid_for_children')]).toEqual([1, true, true]);
  });

  it('begins in new namespaces with the flags of clone(2), whose parent stays [NS-05]', () => {
    const a = task();
    const before = links(a);
    const b = child(a, U.CLONE_NEWNET | U.CLONE_NEWUSER);
    expect([links(a), NS_ENTRIES.filter((_, i) => links(b)[i] !== before[i])]).toEqual([before, ['net', 'user']]);
    // What it made belongs to its own user namespace, and it may do everything there and nothing outside.
    expect([b.nsproxy?.netNs.userNs === b.cred.userNs, b.cred.nsCapable(b.cred.userNs, U.CAP_NET_ADMIN), b.cred.nsCapable(a.cred.userNs, U.CAP_NET_ADMIN)]).toEqual([true, true, false]);
  });

  it('gets no part of what fails: the namespaces made before are undone [NS-07]', () => {
    const a = task();
    a.unshare(U.CLONE_NEWUSER);
    for (const [file, type] of UCOUNT_FILES) if (type === U.CLONE_NEWNET) a.enter(() => sysctlOf(a.net).write(`user/${file}`, '0\n'));
    const before = links(a);
    const all = U.CLONE_NEWNS | U.CLONE_NEWUTS | U.CLONE_NEWIPC | U.CLONE_NEWPID | U.CLONE_NEWCGROUP | U.CLONE_NEWNET;
    const { count } = a.cred.userNs;
    expect([a.unshare(all), links(a), a.cred.userNs.count - count]).toEqual([-U.ENOSPC, before, 0]);
    // Nor does a pernet operation that fails leave anything.
    const b = task();
    const before2 = links(b);
    insmod(t.b.kernel, { name: 'full', init: (ctx) => ctx.pernetSubsys({ name: 'full', init: (net) => (net === t.b.net ? 0 : -U.ENOMEM) }) });
    expect([b.unshare(all), links(b), errno(b.clone(all))]).toEqual([-U.ENOMEM, before2, -U.ENOMEM]);
    // Nor does it count as one that there is.
    namespacesOf(t.b.net).initUserNs.ucountMax.set(U.CLONE_NEWNET, 1);
    expect([1, 2, 3].map(() => b.unshare(U.CLONE_NEWNET))).toEqual([-U.ENOMEM, -U.ENOMEM, -U.ENOMEM]);
  });

  it('has copies of the descriptors of its parent, or the same ones [NS-05]', () => {
    const a = task();
    const fd = t.b.dgram(0, a);
    const b = child(a);
    const c = child(a, U.CLONE_FILES);
    a.close(fd);
    expect([typeof b.socketOf(fd), errno(c.socketOf(fd)), t.b.kernel.leaks().socket]).toEqual(['object', -U.EBADF, 1]);
    const more = t.b.dgram(0, c);
    expect([typeof a.socketOf(more), b.socketOf(more) === a.socketOf(more)]).toEqual(['object', false]);
    c.unshare(U.CLONE_FILES);
    c.exit();
    expect(typeof a.socketOf(more)).toBe('object');
  });
});

describe('the files of /proc/PID/ns', () => {
  it('show kind and number; equal numbers mean one namespace [NS-10] [NS-15] [NSP-04] [TOOL-58]', () => {
    const [a, b] = [task(), task()];
    expect(links(a)).toEqual([
      'cgroup:[4026531835]', 'ipc:[4026531839]', 'mnt:[4026531841]', 'net:[4026531840]', 'pid:[4026531836]', 'pid:[4026531836]',
      'time:[4026531834]', 'time:[4026531834]', 'user:[4026531837]', 'uts:[4026531838]',
    ]);
    expect(b.readlink(`/proc/${a.pid}/ns/net`)).toBe(b.readlink('/proc/self/ns/net'));
    a.unshare(U.CLONE_NEWNET);
    expect([b.readlink(`/proc/${a.pid}/ns/net`), b.readlink('/proc/self/ns/net')]).toEqual(['net:[4026531842]', 'net:[4026531840]']);
  });

  it('are not there for a task that is not, nor open to those whose task it is not [NS-10]', () => {
    const [a, other] = [task(), task(1000)];
    expect(['/proc/99/ns/net', '/proc/self/ns/foo', '/proc/self/foo', '/nosuch'].map((path) => [a.readlink(path), a.open(path)])).toEqual(Array(4).fill([-U.ENOENT, -U.ENOENT]));
    expect([other.readlink(`/proc/${a.pid}/ns/net`), other.open(`/proc/${a.pid}/ns/net`), a.readlink(`/proc/${other.pid}/ns/net`)]).toEqual([-U.EACCES, -U.EACCES, 'net:[4026531840]']);
    const { pid } = other;
    other.exit();
    expect(a.readlink(`/proc/${pid}/ns/net`)).toBe(-U.ENOENT);
  });

  it('have the lowest numbers that are free, and give them back [NS-11] [NET-15]', () => {
    const tasks = [task(), task(), task()];
    for (const one of tasks) one.unshare(U.CLONE_NEWNET);
    const inodes = tasks.map((one) => one.readlink('/proc/self/ns/net'));
    expect(inodes).toEqual(['net:[4026531842]', 'net:[4026531843]', 'net:[4026531844]']);
    (tasks[1] as Task).exit();
    t.b.clock.advance(0);
    const next = task();
    next.unshare(U.CLONE_NEWUTS);
    expect(next.readlink('/proc/self/ns/uts')).toBe('uts:[4026531843]');
    next.exit();
    const last = task();
    last.unshare(U.CLONE_NEWIPC);
    expect(last.readlink('/proc/self/ns/ipc')).toBe('ipc:[4026531843]');
  });

  it('keep a namespace alive while they are open, and lead back into it [NS-04] [NS-12] [NET-16]', () => {
    const [a, b] = [task(), task()];
    a.unshare(U.CLONE_NEWNET | U.CLONE_NEWUTS);
    a.sethostname(bytes('inside'));
    const { net } = a;
    const [fd, uts] = [b.open(`/proc/${a.pid}/ns/net`), b.open(`/proc/${a.pid}/ns/uts`)];
    a.exit();
    expect([net.alive, getNetNsByFd(b, fd) === net, errno(getNetNsByFd(b, uts)), errno(getNetNsByFd(b, 99))]).toEqual([true, true, -U.EINVAL, -U.EBADF]);
    expect([b.setns(fd, U.CLONE_NEWUTS), b.setns(fd, U.CLONE_NEWNET), b.net === net, b.setns(uts), b.utsname.nodename]).toEqual([-U.EINVAL, 0, true, 0, 'inside']);
    b.close(fd);
    enterNet(b, t.b.net);
    expect(net.alive).toBe(false);
  });
});

it('a task that ends while it polls for packets itself leaves no timer behind', () => {
  const a = task();
  const fd = t.b.dgram(0, a);
  const timers = t.b.kernel.timers.pendingCount;
  a.setsockopt(fd, U.SOL_SOCKET, U.SO_BUSY_POLL, 1_000_000);
  void a.recvfrom(fd, new Uint8Array(8));
  expect(t.b.kernel.timers.pendingCount).toBeGreaterThan(timers);
  a.exit();
  expect(t.b.kernel.timers.pendingCount).toBe(timers);
});

describe('a UTS namespace', () => {
  it('has the six names, as bytes of 65 each [NS-21]', () => {
    const a = task();
    const buf = new Uint8Array(U.NEW_UTSNAME_LEN);
    expect([a.uname(buf), a.uname(buf.subarray(1))]).toEqual([0, -U.EFAULT]);
    const names = [0, 1, 2, 3, 4, 5].map((i) => String.fromCharCode(...buf.subarray(i * 65, (i + 1) * 65)).replace(/\0.*$/s, ''));
    expect(names).toEqual(['Linux', '(none)', '6.18.0', '#1 SMP PREEMPT_DYNAMIC', 'x86_64', '(none)']);
  });

  it('begins with its parent’s names and keeps its own; without the flag it is the parent’s [NS-20] [NS-22]', () => {
    const a = task();
    a.sethostname(bytes('one'));
    const [same, own] = [child(a), child(a, U.CLONE_NEWUTS)];
    expect([same.utsname.nodename, own.utsname.nodename]).toEqual(['one', 'one']);
    own.sethostname(bytes('two'));
    same.setdomainname(bytes('dom'));
    expect([a, same, own].map((one) => [one.utsname.nodename, one.utsname.domainname])).toEqual([['one', 'dom'], ['one', 'dom'], ['two', '(none)']]);
    const uts = own.nsproxy?.utsNs;
    expect(uts?.count).toBe(1);
    own.exit();
    expect(uts?.count).toBe(0);
  });

  it('gethostname copies what fits, the zero included [NS-23]', () => {
    const a = task();
    a.sethostname(bytes('abc'));
    const buf = new Uint8Array(8).fill(0x2a);
    expect([a.gethostname(buf, 2), [...buf.subarray(0, 4)]]).toEqual([0, [97, 98, 0x2a, 0x2a]]);
    expect([a.gethostname(buf), [...buf.subarray(0, 5)]]).toEqual([0, [97, 98, 99, 0, 0x2a]]);
    expect([a.gethostname(buf, -1), a.gethostname(buf.subarray(0, 2), 64)]).toEqual([-U.EINVAL, -U.EFAULT]);
  });

  it('is the one of the reader in /proc/sys/kernel [NS-25]', () => {
    const a = task();
    const b = child(a, U.CLONE_NEWUTS);
    b.enter(() => sysctlOf(b.net).write('kernel/hostname', 'two\n'));
    expect([read(a, 'kernel/hostname'), read(b, 'kernel/hostname'), read(b, 'kernel/ostype'), read(b, 'kernel/osrelease')]).toEqual(['(none)\n', 'two\n', 'Linux\n', '6.18.0\n']);
    expect([b.enter(() => sysctlOf(b.net).write('kernel/ostype', 'x\n')), b.utsname.nodename]).toEqual([-U.EACCES, 'two']);
  });
});

describe('a user namespace', () => {
  it('rules over what is made in it and below; its maker rules over it from outside [NS-29] [NS-06]', () => {
    const [maker, other, root] = [task(1000), task(1001), task()];
    const inside = child(maker, U.CLONE_NEWUSER);
    const ns = inside.cred.userNs;
    expect([maker, other, root, inside].map((one) => one.cred.nsCapable(ns, U.CAP_NET_ADMIN))).toEqual([true, false, true, true]);
    expect([maker.unshare(U.CLONE_NEWNET), inside.unshare(U.CLONE_NEWNET), maker.cred.userNs === ns.parent]).toEqual([-U.EPERM, 0, true]);
    const fd = maker.open(`/proc/${inside.pid}/ns/net`);
    const user = maker.open(`/proc/${inside.pid}/ns/user`);
    // The network namespace opens once the user namespace has been entered.
    expect([maker.setns(fd), maker.setns(user, U.CLONE_NEWUSER), maker.setns(fd), maker.net === inside.net, maker.setns(user), maker.getuid()]).toEqual([-U.EPERM, 0, 0, true, -U.EINVAL, 65534]);
  });

  it('keeps those without rights in the first one from configuring it [NS-06]', () => {
    const inside = child(task(1000), U.CLONE_NEWUSER);
    const fd = t.b.dgram(0, inside);
    const ifreq = new Uint8Array(U.IFREQ_LEN);
    // All capabilities, but the network namespace is still the first one's.
    expect(inside.ioctl(fd, U.SIOCSIFFLAGS, ifreq)).toBe(-U.EPERM);
    inside.unshare(U.CLONE_NEWNET);
    expect(inside.ioctl(t.b.dgram(0, inside), U.SIOCSIFFLAGS, ifreq)).toBe(-U.ENODEV);
  });

  it('has no say over what a socket from outside belongs to, nor over the whole machine [NS-06] [NS-29]', () => {
    const a = task(1000);
    const outer = t.b.dgram(0, a);
    a.unshare(U.CLONE_NEWUSER | U.CLONE_NEWNET);
    const own = t.b.dgram(0, a);
    const ioctl = (fd: number, request: number): number => a.ioctl(fd, request, new Uint8Array(U.IFREQ_LEN));
    // The device of no name is missing; who is not allowed does not hear of that.
    expect([ioctl(own, U.SIOCSIFMTU), ioctl(outer, U.SIOCSIFMTU), ioctl(own, U.SIOCSIFTXQLEN), ioctl(own, U.SIOCSIFMAP)]).toEqual([-U.ENODEV, -U.EPERM, -U.EPERM, -U.EPERM]);
    const set = (fd: number, name: number, value: number): number => a.setsockopt(fd, U.SOL_SOCKET, name, value);
    expect([U.SO_MARK, U.SO_PRIORITY].map((name) => [set(own, name, 9), set(outer, name, 9)])).toEqual([[0, -U.EPERM], [0, -U.EPERM]]);
    expect([U.SO_SNDBUFFORCE, U.SO_RCVBUFFORCE, U.SO_DEBUG, U.SO_BUSY_POLL_BUDGET].map((name) => set(own, name, 9))).toEqual([-U.EPERM, -U.EPERM, -U.EACCES, -U.EPERM]);
  });

  it('maps no ids that its parent does not have, not even at the end of a range [NS-29]', () => {
    const a = task();
    a.unshare(U.CLONE_NEWUSER);
    const root = task();
    for (const file of ['uid_map', 'gid_map']) expect(root.procWrite(`/proc/${a.pid}/${file}`, '0 0 5\n')).toBe(0);
    const b = child(a, U.CLONE_NEWUSER);
    const map = (text: string): number => a.procWrite(`/proc/${b.getpid()}/uid_map`, text);
    expect([map('0 3 3\n'), map('0 5 1\n'), map('0 3 2\n'), b.cred.userNs.kuid(1)]).toEqual([-U.EPERM, -U.EPERM, 0, 4]);
  });

  it('is counted by its maker, all the way up', () => {
    const all = namespacesOf(t.b.net);
    all.initUserNs.ucountMax.set(U.CLONE_NEWNET, 2);
    const a = task(1000);
    a.unshare(U.CLONE_NEWUSER);
    expect([a.unshare(U.CLONE_NEWNET), child(a, U.CLONE_NEWNET).net === a.net, errno(a.clone(U.CLONE_NEWNET))]).toEqual([0, false, -U.ENOSPC]);
    // Another user has two of its own, root too; and those that have ended count no more.
    expect(task().unshare(U.CLONE_NEWNET)).toBe(0);
    a.unshare(0);
    a.exit();
    t.b.clock.advance(0);
    const again = task(1000);
    again.unshare(U.CLONE_NEWUSER);
    expect(again.unshare(U.CLONE_NEWNET)).toBe(0);
    // The other kinds alike.
    all.initUserNs.ucountMax.set(U.CLONE_NEWUTS, 1);
    const [one, two] = [task(), task()];
    expect([one.unshare(U.CLONE_NEWUTS), two.unshare(U.CLONE_NEWUTS)]).toEqual([0, -U.ENOSPC]);
    one.exit();
    expect(two.unshare(U.CLONE_NEWUTS)).toBe(0);
  });
});

describe('/proc/sys/net', () => {
  it('may be read by all and written by root, and by who administers the namespace [CFG-03]', () => {
    const [root, user] = [task(), task(1000)];
    const write = (of: Task, net: Net, value: number): number => of.enter(() => sysctlOf(net).write('net/core/somaxconn', `${value}\n`));
    const weak = kernelTask(t.b.net, { uid: 0, caps: [] });
    const admin = kernelTask(t.b.net, { uid: 1000, caps: [U.CAP_NET_ADMIN] });
    expect([user, root, weak, admin].map((of, i) => [write(of, t.b.net, 100 + i), read(of, 'net/core/somaxconn')])).toEqual([
      [-U.EACCES, '4096\n'],
      [0, '101\n'],
      [0, '102\n'],
      [0, '103\n'],
    ]);
    user.unshare(U.CLONE_NEWUSER | U.CLONE_NEWNET);
    expect([write(user, user.net, 7), write(user, t.b.net, 7), read(user, 'net/core/somaxconn'), read(root, 'net/core/somaxconn')]).toEqual([0, -U.EACCES, '7\n', '103\n']);
    expect([write(admin, user.net, 8), sysctlOf(user.net).write('net/core/somaxconn', '9\n')]).toEqual([0, 0]);
    // Whoever called last, the program that holds the kernel is no user of it.
    user.sethostname(bytes('x'));
    expect(sysctlOf(t.b.net).write('net/core/somaxconn', '10\n')).toBe(0);
    // What is not there is not forbidden; what nobody may write is.
    expect([user.enter(() => sysctlOf(t.b.net).write('net/core/none', '1\n')), user.enter(() => sysctlOf(t.b.net).write('net/core', '1\n'))]).toEqual([-U.ENOENT, -U.EISDIR]);
  });
});

describe('a PID namespace', () => {
  it('numbers its own tasks from 1; those above see them by other numbers [NS-26]', () => {
    const a = task();
    a.unshare(U.CLONE_NEWPID);
    const [init, second] = [child(a), child(a)];
    const grand = child(init);
    expect([init, second, grand].map((one) => one.getpid())).toEqual([1, 2, 3]);
    expect([init.findTask(3) === grand, a.findTask(grand.pid) === grand, errno(init.findTask(grand.pid)), a.readlink(`/proc/${grand.pid}/ns/net`)]).toEqual([true, true, null, 'net:[4026531840]']);
    expect(init.readlink('/proc/3/ns/net')).toBe('net:[4026531840]');
  });

  it('ends with its first task: all others end, and nobody is born there again [NS-26]', () => {
    const a = task();
    a.unshare(U.CLONE_NEWPID);
    const [init, second] = [child(a), child(a)];
    const below = child(second, U.CLONE_NEWPID);
    init.exit();
    expect([errno(second.nsproxy), errno(below.nsproxy), a.nsproxy === null, errno(a.clone(0))]).toEqual([null, null, false, -U.ENOMEM]);
  });
});

it('a kernel that shuts down takes tasks and their namespaces along', () => {
  const a = task();
  a.unshare(U.CLONE_NEWUSER | U.CLONE_NEWNET | U.CLONE_NEWUTS | U.CLONE_NEWPID | U.CLONE_NEWNS);
  child(a).open('/proc/self/ns/net');
  const { net }: { net: Net } = a;
  expect([netNsOf(net).userNs === a.cred.userNs, new Cred(a.cred.userNs).raised(U.CAP_NET_ADMIN)]).toEqual([true, true]);
});

/**
 * The same system calls in processes of the running kernel and in tasks of ours: both must answer with the same numbers. Needs root and
 * python3; says aloud when it cannot. Whatever is changed is changed in namespaces that die with the process.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { errnoName } from '@skbuff/uapi';
import * as U from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { kernelTask, type Task } from '../src/index.ts';
import { sysctlOf } from '@skbuff/sysctl';
import { bytes, useBench } from './support.ts';

const possible = process.getuid?.() === 0 && spawnSync('python3', ['-c', 'pass']).status === 0;
if (!possible) console.warn('namespaces oracle SKIPPED: it needs root and python3');

type Step = readonly (string | number)[];
type Answer = string | number;

/** Each runs in a process of its own; descriptors are numbered in the order in which they were opened. */
const PYTHON = `
import ctypes, errno, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def rc(n): return n if n >= 0 else errno.errorcode[ctypes.get_errno()]
def run(who, steps):
  fds, out = [], []
  if who == 'nobody':
    os.setgroups([]); os.setgid(65534); os.setuid(65534); libc.prctl(4, 1, 0, 0, 0)
  for name, *a in steps:
    try:
      if name == 'unshare': out.append(rc(libc.unshare(ctypes.c_int(a[0] if a[0] < 2**31 else a[0] - 2**32))))
      elif name == 'open': fds.append(os.open(a[0], os.O_RDONLY)); out.append('ok')
      elif name == 'setns': out.append(rc(libc.setns(fds[a[0]] if a[0] >= 0 else 999, a[1])))
      elif name in ('sethostname', 'setdomainname'): out.append(rc(getattr(libc, name)(a[0].encode(), a[1])))
      elif name == 'nodename': out.append(os.uname().nodename)
      elif name == 'uid': out.append(os.getuid())
      elif name == 'gid': out.append(os.getgid())
      elif name == 'clone':
        sys.stdout.flush()
        n = libc.syscall(56, ctypes.c_long(a[0]), 0, 0, 0, 0)
        if n == 0: os._exit(0)
        if n > 0:
          try: os.waitpid(n, 0x40000000)
          except ChildProcessError: pass
        out.append('ok' if n > 0 else rc(n))
      elif name == 'read': out.append(open(a[0]).read())
      elif name == 'link': out.append(os.readlink(a[0]).split(':')[0])
      elif name == 'write':
        fd = os.open(a[0], os.O_WRONLY)
        try: os.write(fd, a[1].encode()); out.append(0)
        finally: os.close(fd)
    except OSError as e: out.append(errno.errorcode[e.errno])
  return out
answers = []
for who, steps in json.load(sys.stdin):
  r, w = os.pipe(); pid = os.fork()
  if pid == 0:
    try: text = json.dumps(run(who, steps))
    except BaseException as e: text = json.dumps([repr(e)])
    os.write(w, text.encode()); os._exit(0)
  os.close(w); answers.append(json.loads(os.read(r, 65536))); os.close(r); os.waitpid(pid, 0)
print(json.dumps(answers))
`;

const t = useBench();

function act(task: Task, fds: number[], [name, ...args]: Step): Answer {
  const [a, b] = args as [never, never];
  const rc = (n: number): Answer => (n < 0 ? errnoName(n) : n);
  const file = (path: string): string | null => (path.startsWith('/proc/sys/') ? path.slice('/proc/sys/'.length) : null);
  const text = (value: string | number): Answer => (typeof value === 'number' ? errnoName(value) : value);
  switch (name) {
    case 'unshare':
      return rc(task.unshare(a));
    case 'open': {
      const fd = (a as string) === '/dev/null' ? task.epollCreate() : task.open(a);
      if (fd < 0) return errnoName(fd);
      fds.push(fd);
      return 'ok';
    }
    case 'setns':
      return rc(task.setns((a as number) < 0 ? 999 : (fds[a as number] as number), b));
    case 'sethostname':
      return rc(task.sethostname(bytes(a), b));
    case 'setdomainname':
      return rc(task.setdomainname(bytes(a), b));
    case 'nodename':
      return task.utsname.nodename;
    case 'uid':
      return task.getuid();
    case 'gid':
      return task.getgid();
    case 'clone': {
      const child = task.clone(a);
      if (typeof child === 'number') return errnoName(child);
      child.exit();
      return 'ok';
    }
    case 'read': {
      const path = file(a);
      return text(path === null ? task.procRead(a) : task.enter(() => sysctlOf(task.net).read(path)));
    }
    case 'link': {
      const link = task.readlink(a);
      return typeof link === 'number' ? errnoName(link) : (link.split(':')[0] as string);
    }
    default: {
      const path = file(a);
      return rc(path === null ? task.procWrite(a, b) : task.enter(() => sysctlOf(task.net).write(path, b)));
    }
  }
}

type Case = readonly [who: 'root' | 'nobody', steps: readonly Step[]];

function ours([who, steps]: Case): Answer[] {
  const task = kernelTask(t.b.net, who === 'root' ? {} : { uid: 65534, gid: 65534 });
  const fds: number[] = [];
  const answers = steps.map((step) => act(task, fds, step));
  task.exit();
  return answers;
}

function compare(cases: readonly Case[]): void {
  const theirs = JSON.parse(execFileSync('python3', ['-c', PYTHON], { input: JSON.stringify(cases) }).toString()) as Answer[][];
  expect(cases.map((one) => ({ one, answers: ours(one) }))).toEqual(cases.map((one, i) => ({ one, answers: theirs[i] })));
}

const WHO = ['root', 'nobody'] as const;
const both = (...lists: readonly (readonly Step[])[]): Case[] => WHO.flatMap((who) => lists.map((steps): Case => [who, steps]));
const KINDS = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'pid_for_children', 'time', 'time_for_children', 'user', 'uts'];
const BITS = Array.from({ length: 31 }, (_, bit) => 1 << bit);

describe.runIf(possible)('against the running kernel', () => {
  it('unshare(2) of every flag alone, of some together, and of what is none [NS-03] [NS-06] [ARCH-11]', () => {
    compare(both(...[0, ...BITS].map((flag): Step[] => [['unshare', flag]]), [['unshare', 0x80000000]]));
    const some = [U.CLONE_NEWUSER | U.CLONE_NEWNET, U.CLONE_NEWNET | U.CLONE_NEWUTS | U.CLONE_NEWIPC, U.CLONE_NEWNS | U.CLONE_NEWUTS | U.CLONE_NEWIPC | U.CLONE_NEWPID | U.CLONE_NEWNET];
    compare(both(...some.map((flags): Step[] => [['unshare', flags], ['unshare', flags]])));
  });

  it('setns(2) into each kind, with each type, and into what is no namespace [NS-04] [NS-06] [NS-13] [NSP-03]', () => {
    const types = [0, 5, U.CLONE_NEWNET, U.CLONE_NEWUTS, U.CLONE_NEWUSER, U.CLONE_NEWNET | U.CLONE_NEWUTS];
    compare(both(...KINDS.map((kind): Step[] => [['open', `/proc/self/ns/${kind}`], ...types.map((type): Step => ['setns', 0, type])])));
    compare(both([['setns', -1, 0], ['setns', -1, 5], ['open', '/dev/null'], ['setns', 0, 0], ['setns', 0, U.CLONE_NEWNET]]));
    // From inside a user namespace, what belongs outside is closed.
    compare(both(...KINDS.map((kind): Step[] => [['open', `/proc/self/ns/${kind}`], ['unshare', U.CLONE_NEWUSER], ['setns', 0, 0]])));
  });

  it('clone(2) of flags that go together and of flags that do not [NS-05] [NS-06]', () => {
    const flags = [
      0, U.CLONE_NEWNET, U.CLONE_NEWUSER, U.CLONE_NEWUSER | U.CLONE_FS, U.CLONE_NEWNS | U.CLONE_FS, U.CLONE_NEWIPC | U.CLONE_SYSVSEM, U.CLONE_THREAD,
      U.CLONE_SIGHAND, U.CLONE_NEWUSER | U.CLONE_NEWNET | U.CLONE_NEWUTS, U.CLONE_NEWPID, U.CLONE_FILES, U.CLONE_NEWNET | U.CLONE_NEWUTS | U.CLONE_NEWIPC,
    ];
    compare(both(...flags.map((flag): Step[] => [['clone', flag | 17]])));
  });

  it('sethostname(2), setdomainname(2) and their files [NS-24] [NS-25]', () => {
    const names: Step[] = [
      ['sethostname', 'x'.repeat(65), 65], ['sethostname', 'x'.repeat(64), 64], ['nodename'], ['sethostname', 'x', -1], ['sethostname', '', 0], ['nodename'],
      ['sethostname', 'a\0b', 3], ['nodename'], ['setdomainname', 'dom', 3], ['read', '/proc/sys/kernel/domainname'],
      ['write', '/proc/sys/kernel/hostname', 'abc def\nxyz\n'], ['read', '/proc/sys/kernel/hostname'],
      ['write', '/proc/sys/kernel/hostname', `${'y'.repeat(70)}\n`], ['read', '/proc/sys/kernel/hostname'],
      ['write', '/proc/sys/kernel/hostname', '\n'], ['read', '/proc/sys/kernel/hostname'], ['read', '/proc/sys/kernel/ostype'],
      ['write', '/proc/sys/kernel/ostype', 'x\n'], ['write', '/proc/sys/kernel/osrelease', 'x\n'], ['write', '/proc/sys/kernel/version', 'x\n'],
    ];
    compare([['root', [['unshare', U.CLONE_NEWUTS], ...names]]]);
    compare([['nobody', [['sethostname', 'x'.repeat(65), 65], ['sethostname', 'x', -1], ['sethostname', 'x', 1], ['setdomainname', 'x', 1]]]]);
    // A user namespace alone does not own the names; with a UTS namespace of its own it does, but the file stays root's.
    compare([['nobody', [['unshare', U.CLONE_NEWUSER], ['sethostname', 'x', 1], ['unshare', U.CLONE_NEWUTS], ['sethostname', 'x', 1], ['nodename'], ['write', '/proc/sys/kernel/hostname', 'y\n']]]]);
  });

  it('user namespaces: maps, the setgroups file, ids that have no name [NS-29]', () => {
    const file = (name: string): string => `/proc/self/${name}`;
    const steps: Step[] = [
      ['read', file('uid_map')], ['unshare', U.CLONE_NEWUSER], ['uid'], ['gid'], ['read', file('uid_map')], ['read', file('setgroups')],
      ['write', file('gid_map'), '0 65534 1\n'], ['write', file('setgroups'), 'foo'], ['write', file('setgroups'), 'deny'], ['write', file('setgroups'), 'allow'],
      ['write', file('uid_map'), '0 0 1\n'], ['write', file('uid_map'), '0 65534 2\n'], ['write', file('uid_map'), '0 65534\n'], ['write', file('uid_map'), '\n'],
      ['write', file('uid_map'), '0 65534 1\n5 65534 1\n'], ['write', file('uid_map'), 'a b c\n'], ['write', file('uid_map'), '0 65534 1\n'],
      ['write', file('uid_map'), '0 65534 1\n'], ['read', file('uid_map')], ['uid'], ['gid'], ['write', file('gid_map'), '5 65534 1\n'], ['read', file('gid_map')],
      ['gid'], ['write', file('setgroups'), 'deny'], ['read', file('setgroups')], ['unshare', U.CLONE_NEWUSER], ['uid'], ['unshare', U.CLONE_NEWUSER],
    ];
    compare([['nobody', steps]]);
    compare([['root', [['unshare', U.CLONE_NEWUSER], ['write', file('uid_map'), '7 0 1\n'], ['read', file('uid_map')], ['uid'], ['gid'], ['unshare', U.CLONE_NEWNET]]]]);
    const deep = Array.from({ length: 35 }, (): Step[] => [['unshare', U.CLONE_NEWUSER], ['write', file('setgroups'), 'deny'], ['write', file('uid_map'), '0 0 1\n'], ['write', file('gid_map'), '0 0 1\n']]);
    compare([['root', deep.flat()]]);
  });

  it('limits: max_net_namespaces and its kin, for the reader’s user namespace [NET-03] [NS-29]', () => {
    const max = (kind: string): string => `/proc/sys/user/max_${kind}_namespaces`;
    const steps: Step[] = [
      ['unshare', U.CLONE_NEWUSER], ['read', max('net')], ['write', max('net'), '1\n'], ['unshare', U.CLONE_NEWNET], ['unshare', U.CLONE_NEWNET], ['clone', U.CLONE_NEWNET | 17],
      ['write', max('uts'), '0\n'], ['unshare', U.CLONE_NEWUTS], ['unshare', U.CLONE_NEWUTS | U.CLONE_NEWIPC], ['write', max('net'), '-1\n'], ['write', max('net'), '2147483648\n'],
      ['write', max('net'), 'zz\n'], ['write', max('net'), '2147483647\n'], ['read', max('net')], ['unshare', U.CLONE_NEWNET],
    ];
    compare(both(steps));
    compare([['nobody', [['write', max('net'), '5\n']]]]);
  });

  it('PID namespaces: whose children are where, and the end of one [NS-26]', () => {
    const link: Step = ['link', '/proc/self/ns/pid_for_children'];
    compare([['root', [link, ['unshare', U.CLONE_NEWPID], link, ['unshare', U.CLONE_NEWPID], ['clone', 17], link, ['clone', 17], ['unshare', U.CLONE_NEWPID], ['link', '/proc/self/ns/pid'], ['link', '/proc/self/ns/nosuch']]]]);
  });
});

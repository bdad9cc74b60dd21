/** unshare(2), setns(2), clone(2): how a task comes into namespaces (`kernel/nsproxy.c`, `kernel/fork.c`). */
import {
  copyNamespaces,
  createUserNs,
  type Cred,
  CLONE_NEW_ALL,
  createNewNamespaces,
  namespacesOf,
  type Namespaces,
  NetNs,
  netNsOf,
  type NsSet,
  type Nsproxy,
  type Pid,
  unshareNsproxyNamespaces,
} from '@skbuff/namespaces';
import type { Net } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import type { FdTable } from './file.ts';
import { nsFile, nsOfFile } from './nsfs.ts';
import type { Task } from './task.ts';

/** What unshare(2) takes. Sharing of memory and threads is undone at once, since no task has either. */
const UNSHARE_FLAGS: number =
  CLONE_NEW_ALL | U.CLONE_FS | U.CLONE_FILES | U.CLONE_SIGHAND | U.CLONE_VM | U.CLONE_THREAD | U.CLONE_SYSVSEM;

/** The namespaces of a task that has not ended; calls of others end before. */
function nsproxyOf(task: Task): Nsproxy {
  return task.nsproxy as Nsproxy;
}

function allOf(task: Task): Namespaces {
  return namespacesOf(task.net);
}

/**
 * unshare(2): the task moves to new namespaces of the kinds in `flags` (CLONE_NEWPID and CLONE_NEWTIME: its children will). 0, `-EINVAL`,
 * `-EPERM` without CAP_SYS_ADMIN unless a new user namespace gives it, `-ENOSPC` beyond a limit.
 */
export function taskUnshare(task: Task, flags: number): number {
  if ((flags & ~UNSHARE_FLAGS) !== 0) return -U.EINVAL;
  if (task.nsproxy === null) return -U.ESRCH;
  const cred = (flags & U.CLONE_NEWUSER) === 0 ? null : createUserNs(task.cred);
  if (typeof cred === 'number') return cred;
  const nsproxy = unshareNsproxyNamespaces(allOf(task), flags, task.nsproxy, task.struct.ns, cred ?? task.cred);
  if (typeof nsproxy === 'number') {
    cred?.userNs.put();
    return nsproxy;
  }
  if ((flags & U.CLONE_FILES) !== 0) task.fds = task.fds.unshare();
  if (nsproxy !== null) task.switchNamespaces(nsproxy);
  if (cred !== null) task.commitCreds(cred);
  return 0;
}

/**
 * setns(2): the task moves into the namespace of a descriptor. `nstype` 0, or the CLONE_NEW* that it must be. 0, `-EBADF`, `-EINVAL`
 * (no namespace, another kind, one's own user namespace), `-EPERM`.
 */
export function taskSetns(task: Task, fd: number, nstype: number): number {
  const file = task.fds.get(fd);
  if (file === null || task.nsproxy === null) return -U.EBADF;
  const ns = nsOfFile(file);
  if (ns === null || (nstype !== 0 && ns.ops.type !== nstype)) return -U.EINVAL;
  const nsproxy = createNewNamespaces(allOf(task), 0, task.nsproxy, task.struct.ns, task.cred) as Nsproxy;
  const set: NsSet = { nsproxy, cred: task.cred, pidNs: task.struct.ns };
  const err = ns.ops.install(set, ns);
  if (err < 0) {
    nsproxy.put();
    return err;
  }
  task.switchNamespaces(nsproxy);
  if (set.cred !== task.cred) task.commitCreds(set.cred);
  return 0;
}

/** What clone(2) refuses before it looks at anything else. */
function cloneFlagsOk(task: Task, flags: number): boolean {
  const both = (mask: number): boolean => (flags & mask) === mask;
  if (both(U.CLONE_NEWNS | U.CLONE_FS) || both(U.CLONE_NEWUSER | U.CLONE_FS)) return false;
  if ((flags & (U.CLONE_THREAD | U.CLONE_SIGHAND)) === U.CLONE_THREAD) return false;
  if ((flags & (U.CLONE_SIGHAND | U.CLONE_VM)) === U.CLONE_SIGHAND) return false;
  if ((flags & U.CLONE_THREAD) === 0) return true;
  return (flags & (U.CLONE_NEWUSER | U.CLONE_NEWPID)) === 0 && nsproxyOf(task).pidNsForChildren === task.struct.ns;
}

/** What a task begins with; its references are the task's. */
export interface TaskStart {
  readonly nsproxy: Nsproxy;
  readonly cred: Cred;
  readonly struct: Pid;
  readonly fds: FdTable;
}

/**
 * clone(2), fork(2): what a child begins with: copies of the descriptors, the namespaces of its parent or, of the kinds in `flags`, new
 * ones. Or `-EINVAL`, `-EPERM`, `-ENOSPC`, `-ENOMEM` (the first task of the PID namespace has ended).
 */
export function copyProcess(task: Task, flags: number, setTid: number = 0): TaskStart | number {
  const wanted = flags & ~U.CSIGNAL;
  if (task.nsproxy === null) return -U.ESRCH;
  if (!cloneFlagsOk(task, wanted)) return -U.EINVAL;
  const cred = (wanted & U.CLONE_NEWUSER) === 0 ? keepCred(task.cred) : createUserNs(task.cred);
  if (typeof cred === 'number') return cred;
  const nsproxy = cloneNsproxy(task, wanted, cred);
  const struct = typeof nsproxy === 'number' ? nsproxy : nsproxy.pidNsForChildren.allocPid(setTid);
  if (typeof nsproxy === 'number' || typeof struct === 'number') {
    if (typeof nsproxy !== 'number') nsproxy.put();
    cred.userNs.put();
    return struct as number;
  }
  return { nsproxy, cred, struct, fds: (wanted & U.CLONE_FILES) === 0 ? task.fds.copy() : task.fds.share() };
}

function keepCred(cred: Cred): Cred {
  cred.userNs.get();
  return cred;
}

function cloneNsproxy(task: Task, flags: number, cred: Cred): Nsproxy | number {
  const nsproxy = copyNamespaces(allOf(task), flags, nsproxyOf(task), task.struct.ns, cred);
  const both = U.CLONE_NEWIPC | U.CLONE_SYSVSEM;
  if (typeof nsproxy === 'number' || (flags & both) !== both) return nsproxy;
  nsproxy.put();
  return -U.EINVAL;
}

/** `get_net_ns_by_fd`: `-EBADF`, or `-EINVAL` for what is no network namespace. No reference is taken. */
export function getNetNsByFd(task: Task, fd: number): Net | number {
  const file = task.fds.get(fd);
  if (file === null) return -U.EBADF;
  const ns = nsOfFile(file);
  return ns instanceof NetNs ? ns.net : -U.EINVAL;
}

/** Moves a task into a network namespace: open, setns(2), close. 0 or a negative errno; -EINVAL for one that is dying. */
export function enterNet(task: Task, net: Net): number {
  if (!net.alive) return -U.EINVAL;
  const fd = task.openNs(netNsOf(net));
  if (fd < 0) return fd;
  const err = task.setns(fd, U.CLONE_NEWNET);
  task.close(fd);
  return err;
}

/** A descriptor for a namespace, as opening a file that shows it gives one; or `-EMFILE`. */
export function taskOpenNs(task: Task, ns: Parameters<typeof nsFile>[0]): number {
  const file = nsFile(ns);
  const fd = task.nsproxy === null ? -U.EMFILE : task.fds.install(file, true);
  if (fd < 0) file.put();
  return fd;
}

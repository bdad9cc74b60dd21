/** What a task sees of tasks below /proc/PID: `ns/*` (`fs/proc/namespaces.c`), `uid_map`, `gid_map`, `setgroups`. */
import { type Namespace, type UserNamespace, writeIdMap } from '@skbuff/namespaces';
import { CAP_SYS_PTRACE, EACCES, EINVAL, ENOENT } from '@skbuff/uapi';
import type { SocketLayer } from './sock-net.ts';
import type { Task } from './task.ts';

/** The files of /proc/PID/ns. */
export const NS_ENTRIES: readonly string[] = [
  'cgroup',
  'ipc',
  'mnt',
  'net',
  'pid',
  'pid_for_children',
  'time',
  'time_for_children',
  'user',
  'uts',
];

/** The namespace that one of these files of a task shows, or null. */
function nsEntry(task: Task, name: string): Namespace | null {
  const { nsproxy } = task;
  if (nsproxy === null) return null;
  switch (name) {
    case 'cgroup':
      return nsproxy.cgroupNs;
    case 'ipc':
      return nsproxy.ipcNs;
    case 'mnt':
      return nsproxy.mntNs;
    case 'net':
      return nsproxy.netNs;
    case 'pid':
      return task.struct.ns;
    case 'pid_for_children':
      // Not before its first task.
      return nsproxy.pidNsForChildren.born ? nsproxy.pidNsForChildren : null;
    case 'time':
      return nsproxy.timeNs;
    case 'time_for_children':
      return nsproxy.timeNsForChildren;
    case 'user':
      return task.cred.userNs;
    case 'uts':
      return nsproxy.utsNs;
    default:
      return null;
  }
}

/** The task that `pid` means for `reader`, by the numbers of the reader's PID namespace; null if there is none. */
export function findTask(layer: SocketLayer, reader: Task, pid: number): Task | null {
  if (pid <= 0) return null;
  for (const task of layer.tasks) if (task.struct.nr(reader.struct.ns) === pid) return task;
  return null;
}

/** `ptrace_may_access`: one's own tasks, or CAP_SYS_PTRACE over the other's user namespace. */
function mayAccess(reader: Task, task: Task): boolean {
  return reader === task || reader.cred.uid === task.cred.uid || reader.cred.nsCapable(task.cred.userNs, CAP_SYS_PTRACE);
}

function split(layer: SocketLayer, reader: Task, path: string): { readonly task: Task; readonly file: string } | null {
  const [, who, file] = /^\/proc\/(self|\d+)\/(.+)$/.exec(path) ?? [];
  if (who === undefined || file === undefined) return null;
  const task = who === 'self' ? reader : findTask(layer, reader, Number(who));
  return task === null ? null : { task, file };
}

/** The namespace that `/proc/PID/ns/KIND` shows to `reader`: `-ENOENT`, or `-EACCES` for a task that is none of its business. */
export function procNs(layer: SocketLayer, reader: Task, path: string): Namespace | number {
  const found = split(layer, reader, path);
  const kind = found === null ? undefined : /^ns\/(\w+)$/.exec(found.file)?.[1];
  if (found === null || kind === undefined || !NS_ENTRIES.includes(kind)) return -ENOENT;
  if (!mayAccess(reader, found.task)) return -EACCES;
  return nsEntry(found.task, kind) ?? -ENOENT;
}

/** The text of `/proc/PID/uid_map`, `gid_map` or `setgroups`, or a negative errno. */
export function procPidRead(layer: SocketLayer, reader: Task, path: string): string | number {
  const found = split(layer, reader, path);
  if (found === null) return -ENOENT;
  const { userNs } = found.task.cred;
  switch (found.file) {
    case 'uid_map':
      return userNs.showMap('uid', reader.cred.userNs);
    case 'gid_map':
      return userNs.showMap('gid', reader.cred.userNs);
    case 'setgroups':
      return userNs.setgroups ? 'allow\n' : 'deny\n';
    default:
      return found.file.startsWith('ns/') && NS_ENTRIES.includes(found.file.slice(3)) ? -EINVAL : -ENOENT;
  }
}

/** A write to one of them: 0 or a negative errno. The files belong to the task's user. */
export function procPidWrite(layer: SocketLayer, writer: Task, path: string, text: string): number {
  const found = split(layer, writer, path);
  const kind = found === null ? undefined : /^(?:(uid|gid)_map|setgroups)$/.exec(found.file);
  if (found === null || kind === null || kind === undefined) return -ENOENT;
  const userNs: UserNamespace = found.task.cred.userNs;
  if (writer.cred.uid !== found.task.cred.uid && writer.cred.uid !== 0) return -EACCES;
  const id = kind[1] as 'uid' | 'gid' | undefined;
  return id === undefined ? userNs.writeSetgroups(text) : writeIdMap(userNs, id, text, writer.cred);
}

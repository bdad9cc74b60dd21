/** fcntl(2), dup(2). */
import {
  EBADF,
  EINVAL,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  FD_CLOEXEC,
  O_NONBLOCK,
} from '@skbuff/uapi';
import type { FdTable, OpenFile } from './file.ts';
import type { Task } from './task.ts';

export function fcntl(fds: FdTable, fd: number, cmd: number, arg: number): number {
  const file = fds.get(fd);
  if (file === null) return -EBADF;
  switch (cmd) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return arg < 0 || arg >= fds.limit ? -EINVAL : dup(fds, fd, arg, cmd === F_DUPFD_CLOEXEC);
    case F_GETFD:
      return fds.isCloexec(fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
      return fds.setCloexec(fd, (arg & FD_CLOEXEC) !== 0);
    case F_GETFL:
      return file.flags;
    case F_SETFL:
      // Of the flags that may change, sockets know only this one.
      file.flags = (file.flags & ~O_NONBLOCK) | (arg & O_NONBLOCK);
      return 0;
    default:
      return -EINVAL;
  }
}

/** The lowest free descriptor from `min` on, for the same file. */
export function dup(fds: FdTable, fd: number, min: number, cloexec: boolean): number {
  const file = fds.get(fd);
  if (file === null) return -EBADF;
  const to = fds.install(file, cloexec, min);
  if (to >= 0) file.refs++;
  return to;
}

/** dup2(2): `to` is closed first, unless it is `fd`. */
export function dup2(task: Task, fd: number, to: number): number {
  const file: OpenFile | null = task.fds.get(fd);
  if (file === null || to < 0 || to >= task.fds.limit) return -EBADF;
  if (fd === to) return to;
  file.refs++;
  task.close(to);
  task.fds.installAt(file, to, false);
  return to;
}

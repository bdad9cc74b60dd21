/** Open files and the table of a task's descriptors. */
import { EBADF, EMFILE, O_NONBLOCK, O_RDWR } from '@skbuff/uapi';
import type { Socket } from './socket.ts';
import type { WaitQueueHead } from './wait.ts';

/** What a file can do beside the socket calls. */
export interface FileOps {
  /** POLL* mask now. */
  poll(file: OpenFile): number;
  /** Whom to ask to hear of a change. */
  waitQueue(file: OpenFile): WaitQueueHead;
  /** The last descriptor was closed. */
  release(file: OpenFile): void;
}

/** `struct file`: what descriptors refer to; dup(2) makes two refer to one. */
export class OpenFile {
  readonly ops: FileOps;
  /** The socket, or null if it is something else. */
  readonly socket: Socket | null;
  readonly priv: unknown;
  /** O_* status flags. */
  flags: number = O_RDWR;
  refs = 1;
  /** Told when the last descriptor goes (epoll forgets the file then). */
  onClose: (() => void)[] | null = null;

  constructor(ops: FileOps, socket: Socket | null, priv: unknown, nonblock: boolean) {
    this.ops = ops;
    this.socket = socket;
    this.priv = priv;
    if (nonblock) this.flags |= O_NONBLOCK;
  }

  get nonblock(): boolean {
    return (this.flags & O_NONBLOCK) !== 0;
  }

  put(): void {
    if (--this.refs > 0) return;
    if (this.onClose !== null) for (const tell of [...this.onClose]) tell();
    this.ops.release(this);
  }
}

/** `struct files_struct`. */
export class FdTable {
  /** Tasks that share it (CLONE_FILES). */
  private users = 1;
  /** RLIMIT_NOFILE */
  limit = 1024;
  private readonly files: (OpenFile | null)[] = [];
  private readonly cloexec: boolean[] = [];
  private lowestFree = 0;

  /** The file of `fd`, or null. */
  get(fd: number): OpenFile | null {
    const file = this.files[fd];
    return file === undefined ? null : file;
  }

  /** Puts `file` under the lowest free number from `min` on; the number, or -EMFILE. Takes over the caller's reference on success. */
  install(file: OpenFile, cloexec: boolean, min = 0): number {
    let fd = Math.max(min, this.lowestFree);
    while (this.get(fd) !== null) fd++;
    if (fd >= this.limit) return -EMFILE;
    while (this.files.length <= fd) this.files.push(null);
    this.files[fd] = file;
    this.cloexec[fd] = cloexec;
    if (min <= this.lowestFree) this.lowestFree = fd + 1;
    return fd;
  }

  /** dup2(2): puts `file` under exactly `fd`, which is free. */
  installAt(file: OpenFile, fd: number, cloexec: boolean): void {
    while (this.files.length <= fd) this.files.push(null);
    this.files[fd] = file;
    this.cloexec[fd] = cloexec;
  }

  /** Takes the file out; the caller has its reference now. Null if there is none. */
  remove(fd: number): OpenFile | null {
    const file = this.get(fd);
    if (file === null) return null;
    this.files[fd] = null;
    this.cloexec[fd] = false;
    if (fd < this.lowestFree) this.lowestFree = fd;
    return file;
  }

  /** One more task has the same descriptors. */
  share(): this {
    this.users++;
    return this;
  }

  /** A task ends: true if nobody else has them. */
  leave(): boolean {
    return --this.users === 0;
  }

  /** unshare(CLONE_FILES): descriptors of one's own. */
  unshare(): FdTable {
    if (this.users === 1) return this;
    this.users--;
    return this.copy();
  }

  /** `dup_fd`: other descriptors with the same numbers for the same files. */
  copy(): FdTable {
    const to = new FdTable();
    to.limit = this.limit;
    for (const fd of this.open()) {
      const file = this.files[fd] as OpenFile;
      file.refs++;
      to.installAt(file, fd, this.isCloexec(fd));
    }
    to.lowestFree = this.lowestFree;
    return to;
  }

  /** FD_CLOEXEC of a descriptor that is open. */
  isCloexec(fd: number): boolean {
    return this.cloexec[fd] === true;
  }

  setCloexec(fd: number, on: boolean): number {
    if (this.get(fd) === null) return -EBADF;
    this.cloexec[fd] = on;
    return 0;
  }

  /** Descriptors in use, lowest first. */
  open(): number[] {
    return [...this.files.keys()].filter((fd) => this.get(fd) !== null);
  }
}

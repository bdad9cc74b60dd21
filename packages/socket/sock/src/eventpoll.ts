/**
 * epoll (`fs/eventpoll.c`): an interest list of files and a ready list of those that reported something. Level-triggered entries
 * go back to the ready list after they were told, and leave it when a look at the file finds nothing.
 */
import {
  EBADF,
  EEXIST,
  EINTR,
  EINVAL,
  ELOOP,
  ENOENT,
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLWAKEUP,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  ETIME,
  POLLIN,
  POLLRDNORM,
} from '@skbuff/uapi';
import { type FdTable, type FileOps, OpenFile } from './file.ts';
import { whenTurn, deadlineOf } from './poll.ts';
import type { Result, Task } from './task.ts';
import { TaskWait, afterWait } from './task-wait.ts';
import { WaitQueueEntry, WaitQueueHead } from './wait.ts';

/** `struct epoll_event`; `data` comes back as it was given. */
export interface EpollEvent {
  events: number;
  data: unknown;
}

const EP_PRIVATE_BITS = EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE;
const EXCLUSIVE_OK = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

/** `struct epitem`. */
class EpItem {
  readonly ep: EventPoll;
  readonly file: OpenFile;
  readonly fd: number;
  events: number;
  data: unknown;
  ready = false;
  readonly wait: WaitQueueEntry;
  readonly forget: () => void;

  constructor(ep: EventPoll, file: OpenFile, fd: number, event: EpollEvent) {
    this.ep = ep;
    this.file = file;
    this.fd = fd;
    this.events = event.events;
    this.data = event.data;
    this.wait = new WaitQueueEntry((mask) => this.onEvent(mask), (event.events & EPOLLEXCLUSIVE) !== 0);
    this.forget = () => ep.remove(this);
  }

  /** `ep_poll_callback`. */
  private onEvent(mask: number): boolean {
    if ((this.events & ~EP_PRIVATE_BITS) === 0) return false;
    if (mask !== 0 && (mask & this.events) === 0) return false;
    this.ep.makeReady(this);
    return true;
  }

  /** What the file has now of what is asked for. */
  poll(): number {
    return this.file.ops.poll(this.file) & this.events & ~EP_PRIVATE_BITS;
  }
}

/** `struct eventpoll`. */
export class EventPoll {
  readonly wq: WaitQueueHead = new WaitQueueHead();
  readonly items: EpItem[] = [];
  private ready: EpItem[] = [];

  find(file: OpenFile, fd: number): EpItem | null {
    return this.items.find((item) => item.file === file && item.fd === fd) ?? null;
  }

  add(file: OpenFile, fd: number, event: EpollEvent): void {
    const item = new EpItem(this, file, fd, event);
    this.items.push(item);
    (file.onClose ??= []).push(item.forget);
    file.ops.waitQueue(file).add(item.wait);
    if (item.poll() !== 0) this.makeReady(item);
  }

  modify(item: EpItem, event: EpollEvent): void {
    item.events = event.events | EPOLLERR | EPOLLHUP;
    item.data = event.data;
    if (item.poll() !== 0) this.makeReady(item);
  }

  remove(item: EpItem): void {
    this.items.splice(this.items.indexOf(item), 1);
    this.ready = this.ready.filter((other) => other !== item);
    item.wait.head?.remove(item.wait);
    const { file } = item;
    file.onClose = (file.onClose ?? []).filter((tell) => tell !== item.forget);
  }

  makeReady(item: EpItem): void {
    if (item.ready) return;
    item.ready = true;
    this.ready.push(item);
    this.wq.wake(POLLIN | POLLRDNORM);
  }

  /** `ep_poll`'s view of itself: whether a look at the ready list would find something. */
  isReady(): boolean {
    return this.ready.some((item) => item.poll() !== 0);
  }

  /** `ep_send_events`: entries that did not fit are the first next time, those that stay ready come behind. */
  collect(out: EpollEvent[], max: number): number {
    const list = this.ready;
    const again: EpItem[] = [];
    let n = 0;
    let at = 0;
    for (; at < list.length && n < max; at++) {
      const item = list[at] as EpItem;
      item.ready = false;
      const events = item.poll();
      if (events === 0) continue;
      put(out, n++, events, item.data);
      if ((item.events & EPOLLONESHOT) !== 0) item.events &= EP_PRIVATE_BITS;
      else if ((item.events & EPOLLET) === 0) {
        item.ready = true;
        again.push(item);
      }
    }
    this.ready = [...list.slice(at), ...again];
    return n;
  }

  release(): void {
    for (const item of [...this.items]) this.remove(item);
  }
}

const epollFileOps: FileOps = {
  poll: (file) => ((file.priv as EventPoll).isReady() ? POLLIN | POLLRDNORM : 0),
  waitQueue: (file) => (file.priv as EventPoll).wq,
  release: (file) => (file.priv as EventPoll).release(),
};

function put(out: EpollEvent[], at: number, events: number, data: unknown): void {
  const slot = out[at];
  if (slot === undefined) out[at] = { events, data };
  else {
    slot.events = events;
    slot.data = data;
  }
}

export function epollCreate(fds: FdTable, flags: number): number {
  if ((flags & ~EPOLL_CLOEXEC) !== 0) return -EINVAL;
  return fds.install(new OpenFile(epollFileOps, null, new EventPoll(), false), (flags & EPOLL_CLOEXEC) !== 0);
}

/** The epoll of a descriptor, -EBADF, or -EINVAL if it is something else. */
function epollOf(fds: FdTable, epfd: number): EventPoll | number {
  const file = fds.get(epfd);
  if (file === null) return -EBADF;
  return file.priv instanceof EventPoll ? file.priv : -EINVAL;
}

export function epollCtl(fds: FdTable, epfd: number, op: number, fd: number, event: EpollEvent | null): number {
  const ep = epollOf(fds, epfd);
  const file = fds.get(fd);
  if (ep === -EBADF || file === null) return -EBADF;
  if (typeof ep === 'number' || fds.get(epfd) === file) return -EINVAL;
  if (op !== EPOLL_CTL_DEL && event === null) return -EINVAL;
  const wanted = event as EpollEvent;
  if (op !== EPOLL_CTL_DEL && (wanted.events & EPOLLEXCLUSIVE) !== 0) {
    if (op === EPOLL_CTL_MOD || file.priv instanceof EventPoll || (wanted.events & ~EXCLUSIVE_OK) !== 0) return -EINVAL;
  }
  const item = ep.find(file, fd);
  switch (op) {
    case EPOLL_CTL_ADD:
      if (item !== null) return -EEXIST;
      if (file.priv instanceof EventPoll && watches(file.priv, ep)) return -ELOOP;
      ep.add(file, fd, { events: wanted.events | EPOLLERR | EPOLLHUP, data: wanted.data });
      return 0;
    case EPOLL_CTL_MOD:
      if (item === null) return -ENOENT;
      if ((item.events & EPOLLEXCLUSIVE) !== 0) return -EINVAL;
      ep.modify(item, wanted);
      return 0;
    case EPOLL_CTL_DEL:
      if (item === null) return -ENOENT;
      ep.remove(item);
      return 0;
    default:
      return -EINVAL;
  }
}

/** Whether `from` watches `ep`, directly or through others. */
function watches(from: EventPoll, ep: EventPoll): boolean {
  return from === ep || from.items.some(({ file }) => file.priv instanceof EventPoll && watches(file.priv, ep));
}

export function epollWait(task: Task, epfd: number, events: EpollEvent[], maxevents: number, timeoutMs: number): Result {
  if (maxevents <= 0) return -EINVAL;
  const ep = epollOf(task.fds, epfd);
  if (typeof ep === 'number') return ep;
  const n = ep.collect(events, maxevents);
  if (n === 0 && timeoutMs !== 0) return waitReady(task, ep, task.fds.get(epfd) as OpenFile, events, maxevents, timeoutMs);
  const rc = whenTurn(task, n, () => n);
  // What was collected is not told again: no signal may take it away.
  return n === 0 || typeof rc === 'number' ? rc : rc.then(() => n);
}

async function waitReady(task: Task, ep: EventPoll, file: OpenFile, events: EpollEvent[], max: number, timeoutMs: number): Promise<number> {
  const deadline = deadlineOf(task, timeoutMs);
  for (;;) {
    const wait = new TaskWait(task, file, deadline);
    wait.watch(ep.wq, POLLIN, true);
    const why = afterWait(task, file, await wait.promise);
    if (why === -EINTR || why === -EBADF) return why;
    const n = task.enter(() => ep.collect(events, max));
    if (n > 0 || why === -ETIME) return n;
  }
}

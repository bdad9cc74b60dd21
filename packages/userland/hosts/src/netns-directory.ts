/** /run/netns of one host: every host has a mount namespace of its own, so the names of two hosts do not meet. */
import type { NetnsDirectory, NetnsEvent, NetnsWatch } from '@skbuff/command';
import type { Net } from '@skbuff/core';
import { type FileOps, OpenFile, type Task, WaitQueueHead } from '@skbuff/sock';
import { EEXIST, ENOENT, POLLIN } from '@skbuff/uapi';

/** One inotify(7) instance: what happened and has not been read. */
class Watch {
  readonly wq: WaitQueueHead = new WaitQueueHead();
  events: NetnsEvent[] = [];
  readonly stop: (watch: Watch) => void;

  constructor(stop: (watch: Watch) => void) {
    this.stop = stop;
  }

  tell(event: NetnsEvent): void {
    this.events.push(event);
    this.wq.wake(POLLIN);
  }
}

const watchFileOps: FileOps = {
  poll: (file) => ((file.priv as Watch).events.length > 0 ? POLLIN : 0),
  waitQueue: (file) => (file.priv as Watch).wq,
  release: (file) => (file.priv as Watch).stop(file.priv as Watch),
};

export class HostNetns implements NetnsDirectory {
  private readonly mounted: Map<string, Net> = new Map();
  private readonly watches: Set<Watch> = new Set();

  /** The newest first, as tmpfs lists its files. */
  names(): readonly string[] {
    return [...this.mounted.keys()].reverse();
  }

  get(name: string): Net | null {
    return this.mounted.get(name) ?? null;
  }

  attach(name: string, net: Net): number {
    if (this.mounted.has(name)) return -EEXIST;
    this.mounted.set(name, net.get());
    this.tell({ what: 'add', name });
    return 0;
  }

  remove(name: string): number {
    const net = this.mounted.get(name);
    if (net === undefined) return -ENOENT;
    this.mounted.delete(name);
    net.put();
    this.tell({ what: 'delete', name });
    return 0;
  }

  watch(task: Task): NetnsWatch | number {
    const watch = new Watch((done) => void this.watches.delete(done));
    const file = new OpenFile(watchFileOps, null, watch, false);
    const fd = task.fds.install(file, true);
    if (fd < 0) return fd;
    this.watches.add(watch);
    return { fd, read: () => watch.events.splice(0) };
  }

  /** Unmounts everything. */
  close(): void {
    for (const name of this.names()) this.remove(name);
  }

  private tell(event: NetnsEvent): void {
    for (const watch of this.watches) watch.tell(event);
  }
}

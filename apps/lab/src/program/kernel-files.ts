/**
 * The files below /proc/sys/net and /sys/class/net of one of our namespaces, as plain files that are mounted over the machine's. What is written to them
 * is told to the kernel; what changes in the kernel is written to them.
 */
import { closeSync, ftruncateSync, type FSWatcher, mkdirSync, openSync, readFileSync, rmdirSync, rmSync, symlinkSync, unlinkSync, watch, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { devGetStats, LINK_STATS_COUNT, type Net, type NetDevice, netSysfsList, netSysfsPath, netSysfsRead, netSysfsWrite } from '@skbuff/core';
import type { Task } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import { EISDIR, ENOENT, strerror } from '@skbuff/uapi';
import { shownAt, TREES } from './sandbox.ts';

/** Stands among the directories once one of them cannot be watched, so that it is said once. */
const UNWATCHED = '/';
const VIRTUAL = '/sys/devices/virtual/net/';

/** A device whose files are shown. */
interface ShownDevice {
  readonly name: string;
  /** Of what its files tell, as far as it can be had without making them. */
  state: string;
}

export class KernelFiles {
  readonly directory: string;
  private readonly net: Net;
  /** Who reads and writes; null while nobody looks at the files. */
  private task: Task | null = null;
  /** What the files hold, by their paths below the directory. */
  private readonly shown: Map<string, string> = new Map();
  private readonly devices: Map<NetDevice, ShownDevice> = new Map();
  /** Null: it could not be watched. */
  private readonly directories: Map<string, FSWatcher | null> = new Map();
  /** Files that a writer has emptied and may be about to fill. */
  private readonly emptied: Set<string> = new Set();

  constructor(directory: string, net: Net) {
    this.directory = directory;
    this.net = net;
    for (const tree of TREES) mkdirSync(path.join(directory, tree), { recursive: true });
  }

  /** The program that looks at them from now on. */
  use(task: Task | null): void {
    this.task = task;
    if (task !== null) this.refresh(true);
  }

  /** Shows what has changed; devices that look the same as before only if `all`. */
  refresh(all: boolean): void {
    const { task, net } = this;
    if (task === null || !net.alive) return;
    whatThereIs(() => {
      task.enter(() => this.refreshSysctls());
      for (const [dev, { name }] of this.devices) if (!net.devList.includes(dev) || dev.name !== name) this.hideDevice(dev);
      for (const dev of net.devList) this.refreshDevice(dev, all);
    });
  }

  /** What was emptied and not filled is as it was: who writes nothing changes nothing. */
  settle(): void {
    for (const file of this.emptied) if (this.read(file) === '') whatThereIs(() => this.put(file, this.shown.get(file) ?? '', true));
    this.emptied.clear();
  }

  close(): void {
    for (const watcher of this.directories.values()) watcher?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private refreshSysctls(): void {
    const tree = sysctlOf(this.net);
    const paths = tree.list('net');
    for (const name of paths) {
      const text = tree.read(name);
      this.put(sysctlFile(name), typeof text === 'string' ? text : '');
    }
    this.hideOthers('sys/', new Set(paths.map(sysctlFile)));
  }

  private refreshDevice(dev: NetDevice, all: boolean): void {
    const before = this.devices.get(dev);
    const state = stateOf(dev);
    if (before !== undefined && before.state === state && !all) return;
    const at = deviceDirectory(dev);
    if (before === undefined) {
      this.devices.set(dev, { name: dev.name, state });
      this.makeDirectory(at);
      if (at.startsWith('devices/')) symlinkSync(`../../devices/virtual/net/${dev.name}`, path.join(this.directory, 'class', dev.name));
    } else before.state = state;
    const files = new Set<string>();
    this.collect(dev, '', at, files);
    this.hideOthers(`${at}/`, files);
  }

  private collect(dev: NetDevice, below: string, at: string, files: Set<string>): void {
    for (const name of netSysfsList(dev, below)) {
      const file = below === '' ? name : `${below}/${name}`;
      const text = netSysfsRead(dev, file);
      if (text === -EISDIR) this.collect(dev, file, at, files);
      // What cannot be read now (`carrier` of a device that is down) is missing: so reading fails.
      if (typeof text === 'number') continue;
      files.add(`${at}/${file}`);
      this.put(`${at}/${file}`, text);
    }
  }

  private hideDevice(dev: NetDevice): void {
    const { name } = this.devices.get(dev) as ShownDevice;
    this.devices.delete(dev);
    const virtual = dev.parent === '';
    if (virtual) rmSync(path.join(this.directory, 'class', name), { force: true });
    this.hideOthers(`${virtual ? 'devices' : 'class'}/${name}/`, new Set());
  }

  private hideOthers(prefix: string, keep: ReadonlySet<string>): void {
    for (const file of this.shown.keys()) if (file.startsWith(prefix) && !keep.has(file)) this.hide(file);
  }

  private hide(file: string): void {
    this.shown.delete(file);
    rmSync(path.join(this.directory, file), { force: true });
    this.leaveDirectory(path.dirname(file));
  }

  /** With those above it that hold nothing else. */
  private leaveDirectory(directory: string): void {
    if (!directory.includes('/')) return;
    try {
      rmdirSync(path.join(this.directory, directory));
    } catch {
      return; // there are more files in it
    }
    this.directories.get(directory)?.close();
    this.directories.delete(directory);
    this.leaveDirectory(path.dirname(directory));
  }

  /** Where the files are, a reader may be: the text is never missing in between. */
  private put(file: string, text: string, anyway = false): void {
    const before = this.shown.get(file);
    if (before === text && !anyway) return;
    this.shown.set(file, text);
    const at = path.join(this.directory, file);
    if (before === undefined) {
      this.makeDirectory(path.dirname(file));
      writeFileSync(at, text);
      return;
    }
    try {
      overwrite(at, text);
    } catch {
      writeFileSync(at, text); // the program has removed it
    }
  }

  private makeDirectory(directory: string): void {
    if (this.directories.has(directory)) return;
    const at = path.join(this.directory, directory);
    if (directory.includes('/')) this.makeDirectory(path.dirname(directory));
    mkdirSync(at, { recursive: true });
    // Those of the devices are changed by links only; and what cannot be watched can be read.
    this.directories.set(directory, directory === 'devices' ? null : this.watch(directory, at));
  }

  private watch(directory: string, at: string): FSWatcher | null {
    try {
      const watcher = watch(at, { persistent: false }, (_event, name) => {
        if (name !== null) whatThereIs(() => this.changed(`${directory}/${name}`));
      });
      return watcher.on('error', () => {});
    } catch (error) {
      if (!this.directories.has(UNWATCHED)) process.stderr.write(`skbuff run: files cannot be watched (${(error as NodeJS.ErrnoException).code}), so what a program writes to some of them is not seen; to mend: sudo sysctl -w fs.inotify.max_user_watches=1000000\n`);
      this.directories.set(UNWATCHED, null);
      return null;
    }
  }

  private read(file: string): string | null {
    try {
      return readFileSync(path.join(this.directory, file), 'utf8');
    } catch {
      return null;
    }
  }

  private changed(file: string): void {
    const { task } = this;
    if (task === null || !this.net.alive || this.directories.has(file)) return;
    const text = this.read(file);
    const before = this.shown.get(file);
    if (text === (before ?? null)) return;
    if (text === '') this.emptied.add(file);
    else if (text === null) this.put(file, before as string, true);
    else this.written(task, file, text);
  }

  /** What the kernel refuses is put back. Its writer has gone on long since, so the user is told. */
  private written(task: Task, file: string, text: string): void {
    this.emptied.delete(file);
    const rc = file.startsWith('sys/') ? task.enter(() => sysctlOf(this.net).write(`net/${file.slice('sys/'.length)}`, text)) : this.writeSysfs(file, text);
    if (rc < 0) process.stderr.write(`skbuff run: ${shownAt(file)}: write error: ${strerror(-rc)}: ${text.trimEnd()}\n`);
    const before = this.shown.get(file);
    this.refresh(true);
    const now = this.shown.get(file);
    if (now === undefined) this.remove(file);
    // Not what has been written meanwhile: that is heard of next.
    else if (now === before && this.read(file) === text) this.put(file, now, true);
  }

  private writeSysfs(file: string, text: string): number {
    const [, name, rest = ''] = /^(?:devices|class)\/([^/]+)\/(.*)$/s.exec(file) ?? [];
    const dev = this.net.devList.find((each) => each.name === name);
    return dev === undefined ? -ENOENT : netSysfsWrite(dev, rest, text);
  }

  /** A file that the kernel does not have. */
  private remove(file: string): void {
    try {
      unlinkSync(path.join(this.directory, file));
    } catch {
      // it is gone, or a directory
    }
  }
}

/** A program that removes or replaces directories here spoils its own files, and nothing else. */
function whatThereIs(write: () => void): void {
  try {
    write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
  }
}

function sysctlFile(name: string): string {
  return `sys/${name.slice('net/'.length)}`;
}

function deviceDirectory(dev: NetDevice): string {
  return netSysfsPath(dev).startsWith(VIRTUAL) ? `devices/${dev.name}` : `class/${dev.name}`;
}

function overwrite(at: string, text: string): void {
  const fd = openSync(at, 'r+');
  try {
    ftruncateSync(fd, writeSync(fd, text, 0));
  } finally {
    closeSync(fd);
  }
}

/** Reading all files of a device takes milliseconds, which nobody wants to wait for after each command. */
function stateOf(dev: NetDevice): string {
  const stats = new Float64Array(LINK_STATS_COUNT);
  devGetStats(dev, stats);
  const { flags, operstate, mtu, group, ifalias, txQueueLen, linkMode, protoDown, carrierUpCount, carrierDownCount, realNumTxQueues, realNumRxQueues } = dev;
  return [flags, operstate, mtu, group, ifalias, txQueueLen, linkMode, protoDown, carrierUpCount, carrierDownCount, realNumTxQueues, realNumRxQueues, dev.running(), dev.dormant(), dev.carrierOk(), dev.devAddr.join(':'), dev.broadcast.join(':'), stats.join()].join(' ');
}

/** /run/netns of one host: every host has a mount namespace of its own, so the names of two hosts do not meet. */
import type { Kernel, Net } from '@skbuff/core';
import type { NetnsDirectory } from '@skbuff/command';
import { EEXIST, ENOENT } from '@skbuff/uapi';

export class HostNetns implements NetnsDirectory {
  private readonly kernel: Kernel;
  private readonly mounted: Map<string, Net> = new Map();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** The newest first, as tmpfs lists its files. */
  names(): readonly string[] {
    return [...this.mounted.keys()].reverse();
  }

  get(name: string): Net | null {
    return this.mounted.get(name) ?? null;
  }

  add(name: string): number {
    if (this.mounted.has(name)) return -EEXIST;
    const net = this.kernel.netns.create();
    if (typeof net === 'number') return net;
    this.mounted.set(name, net);
    return 0;
  }

  attach(name: string, net: Net): number {
    if (this.mounted.has(name)) return -EEXIST;
    this.mounted.set(name, net.get());
    return 0;
  }

  remove(name: string): number {
    const net = this.mounted.get(name);
    if (net === undefined) return -ENOENT;
    this.mounted.delete(name);
    net.put();
    return 0;
  }

  /** Unmounts everything. */
  close(): void {
    for (const name of this.names()) this.remove(name);
  }
}

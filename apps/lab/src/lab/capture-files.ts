/** One pcapng file per interface, named `node-interface.pcapng`. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { type Net, NETDEV_REGISTER, NETDEV_UNREGISTER, type NetDevice, NOTIFY_DONE, type Plugin } from '@skbuff/core';
import { attachCapture, PcapngWriter } from '@skbuff/pcapng';
import type { Capture } from '../topology/model.ts';

const FLUSH_AT = 1 << 18;

interface CaptureFile {
  readonly stop: () => void;
}

export class CaptureFiles {
  /** In the order in which they were begun. */
  readonly paths: string[] = [];
  private readonly directory: string;
  private readonly what: Capture;
  private readonly nodes: Map<Net, string> = new Map();
  private readonly open: Map<NetDevice, CaptureFile> = new Map();

  constructor(directory: string, what: Capture) {
    this.directory = directory;
    this.what = what;
    mkdirSync(directory, { recursive: true });
  }

  /** Hears of interfaces that come and go, also those that exec lines make. */
  plugin(): Plugin {
    return {
      name: '@skbuff/cli/captures',
      init: (ctx) =>
        ctx.netdeviceNotifier({
          notifierCall: (_nb, event, { dev }) => {
            if (event === NETDEV_REGISTER) this.begin(dev);
            else if (event === NETDEV_UNREGISTER) this.end(dev);
            return NOTIFY_DONE;
          },
        }),
    };
  }

  /** The namespace of a node, whose interfaces are looked at from now on. */
  addNode(name: string, net: Net): void {
    this.nodes.set(net, name);
    for (const dev of net.devList) this.begin(dev);
  }

  close(): void {
    for (const dev of [...this.open.keys()]) this.end(dev);
  }

  private begin(dev: NetDevice): void {
    const node = this.nodes.get(dev.net);
    if (node === undefined || this.open.has(dev) || !this.wanted(node, dev)) return;
    const file = this.path(`${node}-${dev.name}`.replace(/[^\p{L}\p{N}._@-]/gu, '_'));
    const fd = openSync(file, 'w');
    let pieces: Uint8Array[] = [];
    let size = 0;
    const flush = (): void => {
      writeAll(fd, Buffer.concat(pieces));
      pieces = [];
      size = 0;
    };
    const detach = attachCapture([dev], new PcapngWriter((bytes) => {
      pieces.push(bytes);
      size += bytes.length;
      if (size >= FLUSH_AT) flush();
    }));
    const stop = (): void => {
      detach();
      flush();
      closeSync(fd);
    };
    this.open.set(dev, { stop });
  }

  private end(dev: NetDevice): void {
    this.open.get(dev)?.stop();
    this.open.delete(dev);
  }

  private wanted(node: string, dev: NetDevice): boolean {
    if (this.what.all) return dev !== dev.net.loopbackDev;
    return this.what.points.some((p) => p.node === node && (p.interface === undefined ? dev !== dev.net.loopbackDev : p.interface === dev.name));
  }

  /** An interface that goes and comes again gets a file of its own. */
  private path(stem: string): string {
    let file = path.join(this.directory, `${stem}.pcapng`);
    for (let n = 2; this.paths.includes(file); n++) file = path.join(this.directory, `${stem}-${n}.pcapng`);
    this.paths.push(file);
    return file;
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

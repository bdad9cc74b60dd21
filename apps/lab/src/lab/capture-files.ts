/** One pcapng file per interface, named `node-interface.pcapng`. */
import { type Net, NETDEV_REGISTER, NETDEV_UNREGISTER, type NetDevice, NOTIFY_DONE, type Plugin } from '@skbuff/core';
import { attachCapture, PcapngWriter } from '@skbuff/pcapng';
import type { Capture } from '../topology/model.ts';
import type { CaptureStore } from './capture-store.ts';

export class CaptureFiles {
  /** In the order in which they were begun. */
  readonly paths: string[] = [];
  private readonly store: CaptureStore;
  private readonly what: Capture;
  private readonly names: Set<string> = new Set();
  private readonly nodes: Map<Net, string> = new Map();
  private readonly open: Map<NetDevice, () => void> = new Map();

  constructor(store: CaptureStore, what: Capture) {
    this.store = store;
    this.what = what;
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
    const file = this.store.create(this.name(`${node}-${dev.name}`.replace(/[^\p{L}\p{N}._@-]/gu, '_')));
    this.paths.push(file.path);
    const detach = attachCapture([dev], new PcapngWriter((bytes) => file.write(bytes)));
    this.open.set(dev, () => {
      detach();
      file.close();
    });
  }

  private end(dev: NetDevice): void {
    this.open.get(dev)?.();
    this.open.delete(dev);
  }

  private wanted(node: string, dev: NetDevice): boolean {
    if (this.what.all) return dev !== dev.net.loopbackDev;
    return this.what.points.some((p) => p.node === node && (p.interface === undefined ? dev !== dev.net.loopbackDev : p.interface === dev.name));
  }

  /** An interface that goes and comes again gets a file of its own. */
  private name(stem: string): string {
    let name = `${stem}.pcapng`;
    for (let n = 2; this.names.has(name); n++) name = `${stem}-${n}.pcapng`;
    this.names.add(name);
    return name;
  }
}

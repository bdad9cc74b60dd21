/** The interfaces of a lab that are captured, as they come and go. */
import { type Net, NETDEV_REGISTER, NETDEV_UNREGISTER, type NetDevice, NOTIFY_DONE, type Plugin } from '@skbuff/core';

export abstract class CapturePoints {
  private readonly nodes: Map<Net, string> = new Map();
  private readonly open: Map<NetDevice, () => void> = new Map();

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

  protected abstract wanted(node: string, dev: NetDevice): boolean;

  /** Begins to capture; returns the undo. */
  protected abstract capture(node: string, dev: NetDevice): () => void;

  private begin(dev: NetDevice): void {
    const node = this.nodes.get(dev.net);
    if (node !== undefined && !this.open.has(dev) && this.wanted(node, dev)) this.open.set(dev, this.capture(node, dev));
  }

  private end(dev: NetDevice): void {
    this.open.get(dev)?.();
    this.open.delete(dev);
  }
}

/** What some interfaces of a lab see, in one stream: a pcapng file, or lines. */
import { type Net, NETDEV_REGISTER, NETDEV_UNREGISTER, type NetDevice, NOTIFY_DONE, type PacketType, type Plugin } from '@skbuff/core';
import { attachCapture, type PcapngInterface, PcapngWriter } from '@skbuff/pcapng';
import { ETH_P_ALL, PACKET_OUTGOING } from '@skbuff/uapi';
import type { CaptureTarget } from './lab-host.ts';
import { packetLine } from './packet-line.ts';

/** Interfaces of several nodes may have one name: in the file each has its node before it. */
class NamedWriter extends PcapngWriter {
  node: string | null = null;

  override addInterface(itf: PcapngInterface): number {
    return super.addInterface(this.node === null ? itf : { ...itf, name: `${this.node}:${itf.name}` });
  }
}

export class CaptureStream {
  private readonly target: CaptureTarget;
  private readonly writer: NamedWriter | null;
  private readonly nodes: Map<Net, string> = new Map();
  private readonly open: Map<NetDevice, () => void> = new Map();

  constructor(target: CaptureTarget) {
    this.target = target;
    this.writer = target.pcapng === undefined ? null : new NamedWriter(target.pcapng);
  }

  /** Hears of interfaces that come and go; takes its taps back when the lab ends. */
  plugin(): Plugin {
    return {
      name: '@skbuff/cli/capture-stream',
      init: (ctx) => {
        ctx.netdeviceNotifier({
          notifierCall: (_nb, event, { dev }) => {
            if (event === NETDEV_REGISTER) this.begin(dev);
            else if (event === NETDEV_UNREGISTER) this.end(dev);
            return NOTIFY_DONE;
          },
        });
      },
    };
  }

  addNode(name: string, net: Net): void {
    this.nodes.set(net, name);
    for (const dev of net.devList) this.begin(dev);
  }

  private begin(dev: NetDevice): void {
    const node = this.nodes.get(dev.net);
    if (node === undefined || this.open.has(dev) || !this.target.points.some((p) => p.node === node && p.interface === dev.name)) return;
    if (this.writer !== null) this.writer.node = this.target.points.length > 1 ? node : null;
    this.open.set(dev, this.writer === null ? this.print(node, dev) : attachCapture([dev], this.writer));
  }

  private end(dev: NetDevice): void {
    this.open.get(dev)?.();
    this.open.delete(dev);
  }

  private print(node: string, dev: NetDevice): () => void {
    const { softnet, clock } = dev.net.kernel;
    const tap: PacketType = {
      type: ETH_P_ALL,
      dev,
      net: null,
      ignoreOutgoing: dev === dev.net.loopbackDev,
      listFunc: null,
      func: (skb) => {
        this.target.line?.(`${(clock.now() / 1e9).toFixed(6)} ${node}:${dev.name} ${skb.pktType === PACKET_OUTGOING ? 'out' : 'in '} ${packetLine(skb)}`);
        skb.consume();
        return 0;
      },
    };
    softnet.addPack(tap);
    return () => softnet.removePack(tap);
  }
}

/** What some interfaces of a lab see, in one stream: a pcapng file, or lines. */
import type { NetDevice, PacketType } from '@skbuff/core';
import { attachCapture, type PcapngInterface, PcapngWriter } from '@skbuff/pcapng';
import { ETH_P_ALL, PACKET_OUTGOING } from '@skbuff/uapi';
import { CapturePoints } from './capture-points.ts';
import type { CaptureTarget } from './lab-host.ts';
import { packetLine } from './packet-line.ts';

/** Interfaces of several nodes may have one name: in the file each has its node before it. */
class NamedWriter extends PcapngWriter {
  node: string | null = null;

  override addInterface(itf: PcapngInterface): number {
    return super.addInterface(this.node === null ? itf : { ...itf, name: `${this.node}:${itf.name}` });
  }
}

export class CaptureStream extends CapturePoints {
  private readonly target: CaptureTarget;
  private readonly writer: NamedWriter | null;

  constructor(target: CaptureTarget) {
    super();
    this.target = target;
    this.writer = target.pcapng === undefined ? null : new NamedWriter(target.pcapng);
  }

  protected override wanted(node: string, dev: NetDevice): boolean {
    return this.target.points.some((p) => p.node === node && p.interface === dev.name);
  }

  protected override capture(node: string, dev: NetDevice): () => void {
    if (this.writer === null) return this.print(node, dev);
    this.writer.node = this.target.points.length > 1 ? node : null;
    return attachCapture([dev], this.writer);
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

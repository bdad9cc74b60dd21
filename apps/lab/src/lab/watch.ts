/** What happens to the packets of a lab: drops counted per node, and, while somebody asks, the way of each packet. */
import { dropReasonName, type Kernel, type Net, type PacketType, type SkBuff } from '@skbuff/core';
import { ETH_P_ALL, PACKET_OUTGOING } from '@skbuff/uapi';
import { formatDuration } from '../topology/units.ts';
import { packetLine } from './packet-line.ts';
import type { DropCount } from './lab-host.ts';

/** Lines kept of one trace: a reader wants the first failure, not all of them. */
const TRACE_LINES = 60;

export class Watch {
  private readonly kernel: Kernel;
  private readonly nodes: Map<Net, string> = new Map();
  private readonly drops: Map<string, Map<string, number>> = new Map();
  private readonly tap: PacketType;
  private lines: string[] | null = null;
  private missed = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    const { skbs } = kernel;
    const next = skbs.dropMonitor;
    skbs.dropMonitor = (skb, reason) => {
      this.dropped(skb, dropReasonName(reason));
      next?.(skb, reason);
    };
    this.tap = {
      type: ETH_P_ALL,
      dev: null,
      net: null,
      ignoreOutgoing: false,
      listFunc: null,
      func: (skb, dev) => {
        this.line(dev.net, dev.name, skb.pktType === PACKET_OUTGOING ? 'out ' : 'in  ', packetLine(skb));
        skb.consume();
        return 0;
      },
    };
  }

  addNode(name: string, net: Net): void {
    this.nodes.set(net, name);
    this.drops.set(name, new Map());
  }

  /** Packets that the node lost, by reason, in the order of the names. */
  dropsOf(node: string): DropCount[] {
    const counts = [...(this.drops.get(node) ?? [])].map(([reason, count]) => ({ reason, count }));
    return counts.sort((a, b) => (a.reason < b.reason ? -1 : 1));
  }

  /** Writes down the way of all packets while `during` lasts. */
  async trace(during: () => Promise<void>): Promise<readonly string[]> {
    const lines: string[] = [];
    this.lines = lines;
    this.missed = 0;
    this.kernel.softnet.addPack(this.tap);
    try {
      await during();
    } finally {
      this.kernel.softnet.removePack(this.tap);
      this.lines = null;
    }
    if (this.missed > 0) lines.push(`… ${this.missed} more`);
    return lines;
  }

  private dropped(skb: SkBuff, reason: string): void {
    const net = skb.dev?.net ?? skb.sk?.net;
    const node = net === undefined ? undefined : this.nodes.get(net);
    const counts = node === undefined ? undefined : this.drops.get(node);
    counts?.set(reason, (counts.get(reason) ?? 0) + 1);
    if (net !== undefined && this.lines !== null) this.line(net, skb.dev?.name ?? '-', 'drop', `${packetLine(skb)}: ${reason}`);
  }

  private line(net: Net, dev: string, what: string, text: string): void {
    const { lines } = this;
    const node = this.nodes.get(net);
    if (lines === null || node === undefined) return;
    if (lines.length >= TRACE_LINES) this.missed++;
    else lines.push(`${formatDuration(Math.floor(this.kernel.clock.now())).padStart(10)} ${node} ${dev} ${what} ${text}`);
  }
}

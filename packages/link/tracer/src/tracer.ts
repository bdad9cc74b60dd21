/**
 * Reports packets to a callback: those that chosen devices send and receive, by a packet tap, and those that are lost, by the drop
 * monitor. While a tracer runs, new packets are numbered, so that one packet's journey can be told from another's.
 */
import { dropReasonName, type Kernel, type NetDevice, type PacketType, skbMacHeaderWasSet, type SkBuff } from '@skbuff/core';
import { ETH_P_ALL, PACKET_OUTGOING } from '@skbuff/uapi';

export interface TraceEvent {
  /** Nanoseconds of the kernel's clock. */
  readonly time: number;
  /** Received, about to be sent, or lost. */
  readonly what: 'in' | 'out' | 'drop';
  /** Name of the device, '' for a packet that was lost before it had one. */
  readonly dev: string;
  /** Number of the device's namespace (its inode, as `readlink /proc/PID/ns/net` shows it); 0 without device. */
  readonly net: number;
  /** Bytes: the whole frame; of a lost packet what it was from the current layer on. */
  readonly len: number;
  /** EtherType. */
  readonly protocol: number;
  /** `NO_SOCKET`: why it was lost; '' for the others. */
  readonly reason: string;
  /** The packet's number: the same in clones, copies, and behind routers and NAT. 0 for a packet older than the tracer. */
  readonly traceId: number;
}

export interface TraceOptions {
  /** Only these devices; default all of all namespaces. */
  readonly devs?: readonly NetDevice[];
}

/** Calls `onEvent` for each packet until the returned function is called. The callback must not send packets. */
export function trace(kernel: Kernel, onEvent: (event: TraceEvent) => void, options: TraceOptions = {}): () => void {
  const { devs } = options;
  const report = (skb: SkBuff, dev: NetDevice | null, what: TraceEvent['what'], len: number, reason: string): void => {
    onEvent({ time: kernel.clock.now(), what, dev: dev?.name ?? '', net: dev?.net.inode ?? 0, len, protocol: skb.protocol, reason, traceId: skb.traceId });
  };
  const stopTaps = tap(kernel, devs, (skb, dev) => {
    const header = skbMacHeaderWasSet(skb) ? skb.data - skb.macHeader : 0;
    report(skb, dev, skb.pktType === PACKET_OUTGOING ? 'out' : 'in', skb.len + header, '');
  });
  const stopDrops = monitor(kernel, (skb, reason) => {
    if (devs === undefined || (skb.dev !== null && devs.includes(skb.dev))) report(skb, skb.dev, 'drop', skb.len, dropReasonName(reason));
  });
  kernel.skbs.tracing++;
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    kernel.skbs.tracing--;
    stopDrops();
    stopTaps();
  };
}

/** A tap on each device, or one on all. */
function tap(kernel: Kernel, devs: readonly NetDevice[] | undefined, see: (skb: SkBuff, dev: NetDevice) => void): () => void {
  const types = (devs ?? [null]).map((dev): PacketType => ({
    type: ETH_P_ALL,
    dev,
    net: null,
    ignoreOutgoing: false,
    listFunc: null,
    func: (skb, on) => {
      see(skb, on);
      skb.consume();
      return 0;
    },
  }));
  for (const type of types) kernel.softnet.addPack(type);
  return () => {
    for (const type of types) kernel.softnet.removePack(type);
  };
}

/** Hears of drops in front of whoever does already. Out of turn it cannot leave the chain: then it only passes on. */
function monitor(kernel: Kernel, see: (skb: SkBuff, reason: number) => void): () => void {
  const { skbs } = kernel;
  const next = skbs.dropMonitor;
  let on = true;
  const mine = (skb: SkBuff, reason: number): void => {
    if (on) see(skb, reason);
    next?.(skb, reason);
  };
  skbs.dropMonitor = mine;
  return () => {
    on = false;
    if (skbs.dropMonitor === mine) skbs.dropMonitor = next;
  };
}

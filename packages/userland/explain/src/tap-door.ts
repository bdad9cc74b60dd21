/** A tap on every device: what leaves, what arrives. */
import type { NetDevice, PacketType, SkBuff } from '@skbuff/core';
import { ETH_P_ALL, PACKET_OTHERHOST, PACKET_OUTGOING } from '@skbuff/uapi';
import { vethPeer } from '@skbuff/veth';
import { arpLine, ipHeaderOf, ipLine } from './headers.ts';
import { atResolved } from './neighbour-door.ts';
import type { Trace } from './trace.ts';

/** Watches all devices. `bad`: what links would do by chance, told when the packet crosses one. Returns the undo. */
export function watchDevices(trace: Trace, bad: ReadonlyMap<NetDevice, string>): () => void {
  const { softnet } = trace.kernel;
  const tap: PacketType = {
    type: ETH_P_ALL,
    dev: null,
    net: null,
    ignoreOutgoing: false,
    listFunc: null,
    func: (skb, dev) => {
      if (skb.pktType === PACKET_OUTGOING) leaves(trace, skb, dev, bad);
      else arrives(trace, skb, dev);
      skb.consume();
      return 0;
    },
  };
  softnet.addPack(tap);
  return () => softnet.removePack(tap);
}

/** The other end of a veth pair; null for other devices. */
export function otherEnd(dev: NetDevice): NetDevice | null {
  return dev.rtnlLinkOps?.kind === 'veth' ? vethPeer(dev) : null;
}

function leaves(trace: Trace, skb: SkBuff, dev: NetDevice, bad: ReadonlyMap<NetDevice, string>): void {
  const subject = trace.subjectOf(skb);
  if (subject === null) return;
  const ip = ipHeaderOf(skb);
  if (ip === null) {
    trace.add(dev.net, dev, 'transmit', subject, 'devQueueXmit', `ARP ${arpLine(skb)}`);
    return;
  }
  atResolved(trace, subject, dev);
  if (ip.more && ip.offset === 0) trace.add(dev.net, dev, 'fragment', subject, 'ipFragment', `it is longer than the MTU of ${dev.name}, ${dev.mtu} bytes`);
  const peer = otherEnd(dev);
  trace.add(dev.net, dev, 'transmit', subject, 'devQueueXmit', `${dev.name}${peer === null ? '' : ` → ${trace.nodeOf(peer.net)} ${peer.name}`}: ${ipLine(ip)}`);
  const note = bad.get(dev);
  if (note !== undefined) trace.notes.add(note);
}

function arrives(trace: Trace, skb: SkBuff, dev: NetDevice): void {
  const subject = trace.subjectOf(skb);
  if (subject === null) return;
  const ip = ipHeaderOf(skb);
  if (subject === 'arp') trace.add(dev.net, dev, 'receive', subject, 'arpRcv', `ARP ${arpLine(skb)}`);
  else trace.add(dev.net, dev, 'receive', subject, 'ipRcv', `${dev.name}: ${ip === null ? 'an IP packet that cannot be read' : ipLine(ip)}${skb.pktType === PACKET_OTHERHOST ? ', for another MAC address' : ''}`);
}

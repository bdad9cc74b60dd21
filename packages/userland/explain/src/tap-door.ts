/** A tap on every device: what leaves, what arrives. */
import type { NetDevice, PacketType, SkBuff } from '@skbuff/core';
import { ETH_P_ALL, PACKET_OTHERHOST, PACKET_OUTGOING } from '@skbuff/uapi';
import { otherEnd } from './far-end.ts';
import { readPacket } from './families.ts';
import { ipLine, type PacketRead } from './headers.ts';
import { atResolved } from './neighbour-door.ts';
import type { Trace } from './trace.ts';

const UNREADABLE = 'an IP packet that cannot be read';

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

/** `ARP who-has 10.0.1.1 tell 10.0.1.2` */
function searchLine({ title, search }: PacketRead): string {
  return `${title} ${search?.text ?? ''}`;
}

function leaves(trace: Trace, skb: SkBuff, dev: NetDevice, bad: ReadonlyMap<NetDevice, string>): void {
  const subject = trace.subjectOf(skb);
  const read = readPacket(skb);
  if (subject === null || read === null) return;
  const { ip } = read;
  if (read.search !== null || ip === null) {
    trace.add(dev.net, dev, 'transmit', subject, 'devQueueXmit', read.search === null ? UNREADABLE : searchLine(read));
    return;
  }
  atResolved(trace, subject, dev);
  if (ip.more && ip.offset === 0) trace.add(dev.net, dev, 'fragment', subject, ip.family.functions.fragment, `it is longer than the MTU of ${dev.name}, ${dev.mtu} bytes`);
  const peer = otherEnd(dev);
  trace.add(dev.net, dev, 'transmit', subject, 'devQueueXmit', `${dev.name}${peer === null ? '' : ` → ${trace.nodeOf(peer.net)} ${peer.name}`}: ${ipLine(ip)}`);
  const note = bad.get(dev);
  if (note !== undefined) trace.notes.add(note);
}

function arrives(trace: Trace, skb: SkBuff, dev: NetDevice): void {
  const subject = trace.subjectOf(skb);
  const read = readPacket(skb);
  if (subject === null || read === null) return;
  const { receive, search } = read.family.functions;
  if (read.search !== null) trace.add(dev.net, dev, 'receive', subject, search, searchLine(read));
  else trace.add(dev.net, dev, 'receive', subject, receive, `${dev.name}: ${read.ip === null ? UNREADABLE : ipLine(read.ip)}${skb.pktType === PACKET_OTHERHOST ? ', for another MAC address' : ''}`);
}

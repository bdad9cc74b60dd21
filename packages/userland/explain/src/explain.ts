/** What would happen to a packet in a network that is alive and must not notice. */
import type { Host, HostNet } from '@skbuff/hosts';
import { followPacket, hostOf } from './follow.ts';
import type { Explanation } from './model.ts';
import { parsePacket } from './packet-language.ts';
import type { Packet } from './packet.ts';
import { replicate } from './replicate.ts';

/**
 * Sends the packet through a replica of the network. The network itself is only read: no counter, no table, no neighbour, no timer of it changes,
 * and its time stands still meanwhile unless others let it pass. Throws `PacketSyntaxError`, and `TypeError` for a host that is not there.
 */
export async function explain(net: HostNet, host: Host | string, packet: Packet | string): Promise<Explanation> {
  const asked = typeof packet === 'string' ? parsePacket(packet) : packet;
  const { name } = hostOf(net, host);
  const replica = replicate(net);
  try {
    const explanation = await followPacket(replica.net, name, asked);
    return replica.notes.length === 0 ? explanation : { ...explanation, notes: [...explanation.notes, ...replica.notes] };
  } finally {
    replica.close();
  }
}

/** /proc/net/sockstat (`sockstat_seq_show`). */
import type { Net } from '@skbuff/core';
import { ipFragNet } from '@skbuff/ipv4';
import { type Proto, sockNet } from '@skbuff/sock';

/** The text: sockets of the namespace, and how many of each protocol packets can reach. A protocol that is not loaded has none. */
export function sockstatText(net: Net): string {
  const { sockets, inuse, layer } = sockNet.of(net);
  const prot = (name: string): Proto | undefined => layer.protos.find((p) => p.name === name);
  const used = (name: string): number => inuse.get(prot(name) as Proto) ?? 0;
  const mem = (name: string): number => prot(name)?.memoryAllocated?.(net.kernel) ?? 0;
  const { fqdir } = ipFragNet.of(net);
  return (
    `sockets: used ${sockets}\n` +
    `TCP: inuse ${used('TCP')} orphan 0 tw 0 alloc ${used('TCP')} mem ${mem('TCP')}\n` +
    `UDP: inuse ${used('UDP')} mem ${mem('UDP')}\n` +
    `UDPLITE: inuse ${used('UDP-Lite')}\n` +
    `RAW: inuse ${used('RAW')}\n` +
    `FRAG: inuse ${fqdir.count} memory ${fqdir.mem}\n`
  );
}

/** /proc/net/sockstat6 (`sockstat6_seq_show`). */
import type { Net } from '@skbuff/core';
import { type Proto, sockNet } from '@skbuff/sock';

/** The text: how many sockets of each protocol packets can reach, and the fragments that `frags` counts. */
export function sockstat6Text(net: Net, frags: { readonly count: number; readonly mem: number }): string {
  const { inuse, layer } = sockNet.of(net);
  const used = (name: string): number => inuse.get(layer.protos.find((p) => p.name === name) as Proto) ?? 0;
  return (
    `TCP6: inuse ${used('TCPv6')}\n` +
    `UDP6: inuse ${used('UDPv6')}\n` +
    `UDPLITE6: inuse ${used('UDPLITEv6')}\n` +
    `RAW6: inuse ${used('RAWv6')}\n` +
    `FRAG6: inuse ${frags.count} memory ${frags.mem}\n`
  );
}

/** /proc/net/protocols. */
import type { Net } from '@skbuff/core';
import { sockNet } from './sock-net.ts';

/** The text: name, size, sockets in use, memory, and a letter for each callback. */
export function protocolsText(net: Net): string {
  const { layer, inuse } = sockNet.of(net);
  let text = 'protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em\n';
  for (const prot of [...layer.protos].reverse()) {
    const sockets = String(inuse.get(prot) ?? 0).padStart(6);
    const memory = String(prot.memoryAllocated?.(net.kernel) ?? prot.memory).padStart(7);
    text += `${prot.name.padEnd(9)} ${String(prot.objSize).padStart(4)} ${sockets} ${memory}   NI       0   yes  kernel      ${[...prot.callbacks].join('  ')}\n`;
  }
  return text;
}

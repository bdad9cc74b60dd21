/** /proc/net/protocols. */
import type { Net } from '@skbuff/core';
import { sockNet } from './sock-net.ts';

/** The text; columns that skbuff has nothing to say about are as Linux prints them for a protocol that counts no memory. */
export function protocolsText(net: Net): string {
  const { layer, inuse } = sockNet.of(net);
  let text = 'protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em\n';
  for (const prot of [...layer.protos].reverse()) {
    const sockets = String(inuse.get(prot) ?? 0).padStart(6);
    text += `${prot.name.padEnd(9)} ${String(prot.objSize).padStart(4)} ${sockets}  ${'-1'.padStart(6)}   ${'NI'.padEnd(3)} ${'0'.padStart(6)}   ${'yes'.padEnd(4)} ${'kernel'.padEnd(10)}  y  y  y  y  y  y  y  y  y  y  y  y  y  n  y  y  y  n\n`;
  }
  return text;
}

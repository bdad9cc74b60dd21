/** The text of /proc/net/packet. */
import type { Net } from '@skbuff/core';
import { type PacketSock, packetNet } from './packet-sock.ts';

const HEADER = 'sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n';

export function packetProcText(net: Net): string {
  return HEADER + packetNet.of(net).socks.map(line).join('');
}

/** Addresses of structures are not shown. A socket has two references, one more while it listens. */
function line(po: PacketSock): string {
  const fields = [
    '0'.repeat(16),
    String(po.running ? 3 : 2).padEnd(6),
    String(po.type).padEnd(4),
    po.num.toString(16).padStart(4, '0'),
    `  ${String(po.ifindex).padEnd(5)}`,
    Number(po.running),
    String(po.rmemAlloc).padEnd(6),
    String(po.uid).padEnd(6),
    String(po.inode).padEnd(6),
  ];
  return `${fields.join(' ')}\n`;
}

/** /proc/net/netlink (`netlink_seq_show`). */
import type { NetlinkPort } from './netlink-port.ts';
import type { NetlinkNet } from './netlink-table.ts';

const HEADER = 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode';

function line(eth: number, port: NetlinkPort | null): string {
  return [
    '0'.repeat(16),
    String(eth).padEnd(3),
    String(port?.portid ?? 0).padEnd(10),
    (port?.groupMask() ?? 0).toString(16).padStart(8, '0'),
    String(port?.rmem ?? 0).padEnd(8),
    '0'.padEnd(8),
    String(port !== null && port.dump !== null ? 1 : 0).padEnd(5),
    '2'.padEnd(8),
    String(port?.drops ?? 0).padEnd(8),
    String(port?.inode ?? 0).padEnd(8),
  ].join(' ');
}

/** The file's text. Pointers are shown as zeros, as Linux shows them to the unprivileged. */
export function netlinkSeqShow(nlnet: NetlinkNet): string {
  const lines = [HEADER];
  for (const proto of nlnet.all()) {
    if (proto.kernelSide) lines.push(line(proto.unit, null));
    for (const port of proto.ports.values()) lines.push(line(proto.unit, port));
  }
  return `${lines.join('\n')}\n`;
}

/** Lines of /proc/net/udp, raw and icmp. */
import type { InetSk } from './inet-sk.ts';

/** `0100007F:0035`: an address as the bytes lie in memory on x86-64, and a port. */
export function procAddr(addr: number, port: number): string {
  const swapped = ((addr & 0xff) << 24) | ((addr & 0xff00) << 8) | ((addr >>> 8) & 0xff00) | (addr >>> 24);
  return `${hex(swapped >>> 0, 8)}:${hex(port, 4)}`;
}

function hex(n: number, width: number): string {
  return n.toString(16).toUpperCase().padStart(width, '0');
}

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops';

/** Heading of /proc/net/raw. */
export const PROC_RAW_HEADER: string = `${HEADER}\n`;

/** Heading of /proc/net/udp and icmp, padded as every line there is. */
export const PROC_SOCK_HEADER: string = `${` ${HEADER}`.padEnd(127)}\n`;

/**
 * One line of /proc/net/udp, raw or icmp, without padding and newline. The kernel's pointer is shown as 0, as to a reader without
 * privilege.
 */
export function procSockLine(sk: InetSk, bucket: string, port: number): string {
  return `${bucket}: ${procAddr(sk.inetRcvSaddr, port)} ${procAddr(sk.inetDaddr, sk.inetDport)} ${procSockState(sk)}`;
}

/** What stands behind the addresses of such a line, in every family. */
export function procSockState(sk: InetSk): string {
  const queues = `${hex(sk.wmemAlloc, 8)}:${hex(sk.rmemAlloc, 8)}`;
  const uid = String(sk.uid).padStart(5);
  return `${hex(sk.state, 2)} ${queues} 00:00000000 00000000 ${uid}        0 ${sk.inode} 2 0000000000000000 ${sk.drops}`;
}

/** A line of /proc/net/udp and icmp. */
export function procSockLinePadded(sk: InetSk, bucket: number, port: number): string {
  return `${procSockLine(sk, String(bucket).padStart(5), port).padEnd(127)}\n`;
}

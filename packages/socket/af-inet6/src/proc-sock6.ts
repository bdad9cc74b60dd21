/** Lines of /proc/net/udp6, raw6 and icmp6 (`ip6_dgram_sock_seq_show`). */
import { type InetSk, procSockState } from '@skbuff/af-inet';
import type { In6Addr } from '@skbuff/wire';
import { inet6Np } from './ipv6-pinfo.ts';

/** `IPV6_SEQ_DGRAM_HEADER`. */
export const PROC_SOCK6_HEADER =
  '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n';

/** `00000000000000000000000001000000:1388`: each word as it lies in memory on x86-64, and a port. */
export function procAddr6(addr: In6Addr, port: number): string {
  const words = addr.toBytes();
  let text = '';
  for (let at = 0; at < 16; at += 4) text += [3, 2, 1, 0].map((i) => hex(words[at + i] as number, 2)).join('');
  return `${text}:${hex(port, 4)}`;
}

function hex(n: number, width: number): string {
  return n.toString(16).toUpperCase().padStart(width, '0');
}

/** One line; ports are what the protocol shows for them. */
export function procSock6Line(sk: InetSk, bucket: number, sport: number, dport: number): string {
  const { rcvSaddr, daddr } = inet6Np(sk);
  return `${String(bucket).padStart(5)}: ${procAddr6(rcvSaddr, sport)} ${procAddr6(daddr, dport)} ${procSockState(sk)}\n`;
}

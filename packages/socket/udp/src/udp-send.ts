/** What sending has in common in every family. */
import type { Msghdr } from '@skbuff/sock';
import { EAGAIN, EINVAL, ENOBUFS, MSG_DONTWAIT, SOL_UDP, UDP_MIB_SNDBUFERRORS, UDP_SEGMENT } from '@skbuff/uapi';
import type { UdpMib } from './udp-net.ts';

/**
 * `udp_cmsg_send`: UDP_SEGMENT among the ancillary data goes to `ipc`, the rest is the network layer's. 1 if there is any of that, 0, or
 * -EINVAL.
 */
export function udpCmsgSend(msg: Msghdr, ipc: { gsoSize: number }): number {
  let others = 0;
  for (const { level, type, data } of msg.control) {
    if (level !== SOL_UDP) others = 1;
    else if (type !== UDP_SEGMENT || data.length !== 2) return -EINVAL;
    else ipc.gsoSize = (data[0] as number) | ((data[1] as number) << 8);
  }
  return others;
}

/** Counts what is lost for lack of room. A call that may wait comes again, so it has not failed. Returns `err`. */
export function udpSendFailed(stats: UdpMib, flags: number, err: number): number {
  if (err === -ENOBUFS || (err === -EAGAIN && (flags & MSG_DONTWAIT) !== 0)) stats[UDP_MIB_SNDBUFERRORS]++;
  return err;
}

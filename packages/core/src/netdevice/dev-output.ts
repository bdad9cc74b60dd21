/** What every network protocol needs of a device that it sends by. */
import { PACKET_LOOPBACK } from '@skbuff/uapi';
import type { Net } from '../pernet/net.ts';
import { skbResetMacHeader } from '../skbuff/skb-access.ts';
import { CHECKSUM_NONE, CHECKSUM_UNNECESSARY, type SkBuff, type SkbSock } from '../skbuff/skbuff.ts';
import type { NetDevice } from './netdevice.ts';

/** `LL_RESERVED_SPACE`: headroom for the device's header, rounded up to 16. */
export function llReservedSpace(dev: NetDevice): number {
  return ((dev.hardHeaderLen + dev.neededHeadroom) & -16) + 16;
}

/** `dev_loopback_xmit`: a packet, its network header set, is received as if it had come over the link, by the route that it has. Takes it over. */
export function devLoopbackXmit(net: Net, _sk: SkbSock | null, skb: SkBuff): number {
  skb.pull(skb.networkHeader - skb.data);
  skbResetMacHeader(skb);
  skb.pktType = PACKET_LOOPBACK;
  if (skb.ipSummed === CHECKSUM_NONE) skb.ipSummed = CHECKSUM_UNNECESSARY;
  skb.dstForce();
  return net.softnet.netifRx(skb);
}

/**
 * The register interface of PIM (RFC 7761 §4.4): what goes there the daemon gets, for it to be sent to the rendezvous point; and what routers register
 * with this one comes in by it.
 *
 *   PIM register   version and type 1, 0, checksum 2 | flags 4 | the packet
 */
import {
  allocNetdev,
  CHECKSUM_NONE,
  devOpen,
  freeNetdev,
  IFF_NETNS_LOCAL,
  type NetDevice,
  type NetDeviceOps,
  netdevOpsDefaults,
  NETDEV_TX_OK,
  registerNetdevice,
  RX_BYTES,
  RX_PACKETS,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
  skbChecksum,
  skbClearHash,
  skbScrubPacket,
  TX_BYTES,
  TX_ERRORS,
  TX_PACKETS,
  unregisterNetdevice,
} from '@skbuff/core';
import type { Inet6Protocol } from '@skbuff/ipv6';
import { ARPHRD_PIMREG, ETH_P_IPV6, IFF_NOARP, IPPROTO_PIM, MRT6MSG_WHOLEPKT } from '@skbuff/uapi';
import { be16, be32, csumFold, csumIpv6Magic, csumPartial, IPV6HDR_DADDR, IPV6HDR_LEN, IPV6HDR_PAYLOAD_LEN, IPV6HDR_SADDR } from '@skbuff/wire';
import { ip6mrCacheReport } from './ip6mr-report.ts';
import { ip6mrFibLookup } from './ip6mr-rules.ts';
import { type Mr6Table, RT6_TABLE_DFLT } from './mr6-table.ts';

const PIM_LEN = 8;
const PIM_FLAGS = 4;
/** Version 2, type 1. */
const PIM_REGISTER = 0x21;
const PIM_NULL_REGISTER = 0x40000000;
/** What is left of 1500 bytes by the headers around a packet. */
const REG_MTU: number = 1500 - IPV6HDR_LEN - PIM_LEN;
const LOOPBACK_IFINDEX = 1;

const regVifOps: NetDeviceOps = { ...netdevOpsDefaults, ndoStartXmit: regVifXmit, ndoGetIflink: () => 0 };

function regVifSetup(dev: NetDevice): void {
  dev.type = ARPHRD_PIMREG;
  dev.mtu = REG_MTU;
  dev.flags = IFF_NOARP;
  dev.privFlags |= IFF_NETNS_LOCAL;
}

/** `ip6mr_reg_vif`: the register interface of a table, up; or null. */
export function ip6mrRegVif(mrt: Mr6Table): NetDevice | null {
  const name = mrt.id === RT6_TABLE_DFLT ? 'pim6reg' : `pim6reg${mrt.id}`;
  const dev = allocNetdev(mrt.net, { name, setup: regVifSetup, ops: regVifOps });
  if (registerNetdevice(dev) !== 0) {
    freeNetdev(dev);
    return null;
  }
  if (devOpen(dev) === 0) return dev;
  unregisterNetdevice(dev);
  return null;
}

/** `reg_vif_xmit`. */
function regVifXmit(skb: SkBuff, dev: NetDevice): number {
  const mrt = ip6mrFibLookup(dev.net, skb, skb.skbIif || LOOPBACK_IFINDEX, dev.ifindex);
  if (typeof mrt === 'number') dev.stats[TX_ERRORS]++;
  else ip6mrRegister(mrt, skb, dev);
  skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  return NETDEV_TX_OK;
}

/** The daemon of `mrt` gets a packet that goes by its register interface `dev`. The sk_buff stays the caller's. */
export function ip6mrRegister(mrt: Mr6Table, skb: SkBuff, dev: NetDevice): void {
  dev.stats[TX_BYTES] += skb.len;
  dev.stats[TX_PACKETS]++;
  ip6mrCacheReport(mrt, skb, mrt.regVif, MRT6MSG_WHOLEPKT);
}

/** `pim6_protocol`. */
export const pim6Protocol: Inet6Protocol = { handler: pim6Rcv, errHandler: null, final: false, noPolicy: false };

/** `pim6_rcv`: what a router registers for a group comes in by the register interface of its table. */
function pim6Rcv(skb: SkBuff): number {
  const dev = registerOf(skb);
  if (dev === null) {
    skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
    return 0;
  }
  skb.macHeader = skb.networkHeader;
  skb.pull(PIM_LEN);
  skb.resetNetworkHeader();
  skb.protocol = ETH_P_IPV6;
  skb.ipSummed = CHECKSUM_NONE;
  dev.stats[RX_PACKETS]++;
  dev.stats[RX_BYTES] += skb.len;
  skb.dev = dev;
  skbClearHash(skb);
  skbScrubPacket(skb, false);
  dev.net.softnet.netifRx(skb);
  return 0;
}

/** The register interface that a message is for; null: there is none, or it is no register message with a packet for a group. */
function registerOf(skb: SkBuff): NetDevice | null {
  if (!skb.mayPull(PIM_LEN + IPV6HDR_LEN)) return null;
  const { bytes, transportHeader: pim } = skb;
  const inner = pim + PIM_LEN;
  const payloadLen = be16(bytes, inner + IPV6HDR_PAYLOAD_LEN);
  if (bytes[pim] !== PIM_REGISTER || (be32(bytes, pim + PIM_FLAGS) & PIM_NULL_REGISTER) !== 0 || !isIntact(skb)) return null;
  if (bytes[inner + IPV6HDR_DADDR] !== 0xff || payloadLen === 0 || payloadLen + PIM_LEN > skb.len) return null;
  const { net, ifindex } = skb.dev as NetDevice;
  const mrt = ip6mrFibLookup(net, skb, ifindex, 0);
  return typeof mrt === 'number' ? null : (mrt.vifs[mrt.regVif]?.dev ?? null);
}

/** The checksum is of the PIM header, with a pseudo header; or, as some have it, of all without one. */
function isIntact(skb: SkBuff): boolean {
  const { bytes, transportHeader: pim, networkHeader } = skb;
  if (csumIpv6Magic(bytes, networkHeader + IPV6HDR_SADDR, PIM_LEN, IPPROTO_PIM, csumPartial(bytes, pim, PIM_LEN, 0)) === 0) return true;
  return csumFold(skbChecksum(skb, 0, skb.len, 0)) === 0;
}

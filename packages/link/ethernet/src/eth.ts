/**
 * Ethernet for every device that speaks it (`net/ethernet/eth.c`).
 *
 *      0            6            12       14
 *     +------------+------------+--------+----------
 *     | h_dest     | h_source   | h_proto| payload
 *     +------------+------------+--------+----------
 */
import {
  allocNetdev,
  allocNetdevMqs,
  type HeaderOps,
  IFF_TX_SKB_SHARING,
  IFF_XMIT_DST_RELEASE,
  isValidEtherAddr,
  isZeroEtherAddr,
  type Net,
  type NetDevice,
  type NetDeviceOps,
  type Random,
  type SkBuff,
} from '@skbuff/core';
import {
  ARPHRD_ETHER,
  EADDRNOTAVAIL,
  EINVAL,
  ETH_ALEN,
  ETH_DATA_LEN,
  ETH_HLEN,
  ETH_MIN_MTU,
  ETH_P_802_2,
  ETH_P_802_3,
  ETH_P_802_3_MIN,
  IFF_ALLMULTI,
  IFF_BROADCAST,
  IFF_LOOPBACK,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_PROMISC,
  NET_ADDR_RANDOM,
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
} from '@skbuff/uapi';
import { be16, copyMac, ETHHDR_DEST, ETHHDR_PROTO, ETHHDR_SOURCE, setBe16, zeroBytes } from '@skbuff/wire';

/** What a VLAN tag adds to a frame, bytes. A device passes frames longer than its MTU by this much. */
export const VLAN_HLEN = 4;

/** `eth_header`: see {@link HeaderOps.create}. `len` is the payload's, written in place of the type for IEEE 802.3 and 802.2. */
export function ethHeader(skb: SkBuff, dev: NetDevice, type: number, daddr: Uint8Array | null, saddr: Uint8Array | null, len: number): number {
  const eth = skb.push(ETH_HLEN);
  const b = skb.bytes;
  setBe16(b, eth + ETHHDR_PROTO, type === ETH_P_802_3 || type === ETH_P_802_2 ? len : type);
  copyMac(b, eth + ETHHDR_SOURCE, saddr ?? dev.devAddr, 0);
  if (daddr !== null) {
    copyMac(b, eth + ETHHDR_DEST, daddr, 0);
    return ETH_HLEN;
  }
  // Nobody asks for addresses on such a device: zeros do.
  if ((dev.flags & (IFF_LOOPBACK | IFF_NOARP)) === 0) return -ETH_HLEN;
  zeroBytes(b, eth + ETHHDR_DEST, ETH_ALEN);
  return ETH_HLEN;
}

/** `eth_header_parse`: the sender of a received frame. */
export function ethHeaderParse(skb: SkBuff, haddr: Uint8Array): number {
  copyMac(haddr, 0, skb.bytes, skb.macHeader + ETHHDR_SOURCE);
  return ETH_ALEN;
}

/**
 * `eth_header_cache`: the header lies at the end of `hh`, so that a neighbour's 16 bytes can be copied in front of a packet in one
 * go (bytes 2 to 15). -1 for IEEE 802.3, whose header holds a length and fits one packet only.
 */
export function ethHeaderCache(hh: Uint8Array, dev: NetDevice, type: number, daddr: Uint8Array): number {
  if (type === ETH_P_802_3) return -1;
  const eth = hh.length - ETH_HLEN;
  copyMac(hh, eth + ETHHDR_DEST, daddr, 0);
  copyMac(hh, eth + ETHHDR_SOURCE, dev.devAddr, 0);
  setBe16(hh, eth + ETHHDR_PROTO, type);
  return 0;
}

/** `eth_header_cache_update`: the neighbour has another address. */
export function ethHeaderCacheUpdate(hh: Uint8Array, _dev: NetDevice, daddr: Uint8Array): void {
  copyMac(hh, hh.length - ETH_HLEN + ETHHDR_DEST, daddr, 0);
}

/** `eth_header_parse_protocol`. */
export function ethHeaderParseProtocol(skb: SkBuff): number {
  return be16(skb.bytes, skb.macHeader + ETHHDR_PROTO);
}

export const ethHeaderOps: HeaderOps = {
  create: ethHeader,
  parse: ethHeaderParse,
  cache: ethHeaderCache,
  cacheUpdate: ethHeaderCacheUpdate,
  parseProtocol: ethHeaderParseProtocol,
};

/**
 * `eth_type_trans`: makes a received frame ready to go up. `data` points at the header, 14 bytes of it are linear (the caller knows;
 * else {@link ethTypeTransChecked}). Sets `dev`, `macHeader` and `pktType`, moves `data` behind the header and returns the EtherType,
 * for the caller to put into `skb.protocol`. A smaller type field is a length (IEEE 802.3 §3.2.6): ETH_P_802_2, or ETH_P_802_3 where
 * the payload begins with 0xffff (Novell's raw frames).
 */
export function ethTypeTrans(skb: SkBuff, dev: NetDevice): number {
  const b = skb.bytes;
  const eth = skb.data;
  skb.dev = dev;
  skb.macHeader = eth;
  skb.data = eth + ETH_HLEN;
  skb.len -= ETH_HLEN;
  skb.pktType = ethPktType(b, eth, dev.devAddr);
  const proto = (b[eth + ETHHDR_PROTO] << 8) | b[eth + ETHHDR_PROTO + 1];
  return proto >= ETH_P_802_3_MIN ? proto : ethLengthFrame(skb);
}

/** As {@link ethTypeTrans}, for frames from outside: -EINVAL for one shorter than 14 bytes, which is left as it is. */
export function ethTypeTransChecked(skb: SkBuff, dev: NetDevice): number {
  return skb.mayPull(ETH_HLEN) ? ethTypeTrans(skb, dev) : -EINVAL;
}

/** PACKET_* of the frame at `eth` for a device with address `own`. */
function ethPktType(b: Uint8Array, eth: number, own: Uint8Array): number {
  if (
    b[eth] === own[0] &&
    b[eth + 1] === own[1] &&
    b[eth + 2] === own[2] &&
    b[eth + 3] === own[3] &&
    b[eth + 4] === own[4] &&
    b[eth + 5] === own[5]
  ) {
    return PACKET_HOST;
  }
  if ((b[eth] & 1) === 0) return PACKET_OTHERHOST;
  return (b[eth] & b[eth + 1] & b[eth + 2] & b[eth + 3] & b[eth + 4] & b[eth + 5]) === 0xff ? PACKET_BROADCAST : PACKET_MULTICAST;
}

/**
 * What a network card lets in of the frames on its wire, `eth` being where the header is: its own address and the extra ones, broadcast, the
 * groups it was told of, and all groups or all frames while it is in such a mode.
 */
export function ethRxFilter(dev: NetDevice, b: Uint8Array, eth: number): boolean {
  if ((dev.flags & IFF_PROMISC) !== 0) return true;
  const kind = ethPktType(b, eth, dev.devAddr);
  if (kind === PACKET_HOST || kind === PACKET_BROADCAST) return true;
  if (kind === PACKET_MULTICAST && (dev.flags & IFF_ALLMULTI) !== 0) return true;
  const dest = b.subarray(eth, eth + ETH_ALEN);
  return (kind === PACKET_MULTICAST ? dev.mc : dev.uc).find(dest, ETH_ALEN) !== null;
}

function ethLengthFrame(skb: SkBuff): number {
  return skb.mayPull(2) && be16(skb.bytes, skb.data) === 0xffff ? ETH_P_802_3 : ETH_P_802_2;
}

/**
 * `ether_setup`: what every Ethernet device begins with. MTU 68 to 1500; a driver that can more raises `maxMtu`. Routes of packets
 * are let go before the driver sees them; a driver that looks at `skb.dst` clears IFF_XMIT_DST_RELEASE.
 */
export function etherSetup(dev: NetDevice): void {
  dev.headerOps = ethHeaderOps;
  dev.type = ARPHRD_ETHER;
  dev.hardHeaderLen = ETH_HLEN;
  dev.minHeaderLen = ETH_HLEN;
  dev.mtu = ETH_DATA_LEN;
  dev.minMtu = ETH_MIN_MTU;
  dev.maxMtu = ETH_DATA_LEN;
  dev.addrLen = ETH_ALEN;
  dev.txQueueLen = 1000;
  dev.flags = IFF_BROADCAST | IFF_MULTICAST;
  dev.privFlags |= IFF_TX_SKB_SHARING | IFF_XMIT_DST_RELEASE;
  dev.broadcast.fill(0xff, 0, ETH_ALEN);
}

export interface AllocEtherdevOptions {
  /** Default `eth%d`. */
  readonly name?: string;
  readonly ops: NetDeviceOps;
  readonly priv?: unknown;
}

/** `alloc_etherdev`: a device with {@link etherSetup} done, one queue each way. */
export function allocEtherdev(net: Net, options: AllocEtherdevOptions): NetDevice {
  return allocNetdev(net, { name: 'eth%d', ...options, setup: etherSetup });
}

/** `alloc_etherdev_mqs`: the same with `txqs` and `rxqs` queues. */
export function allocEtherdevMqs(net: Net, options: AllocEtherdevOptions & { readonly txqs: number; readonly rxqs: number }): NetDevice {
  return allocNetdevMqs(net, { name: 'eth%d', ...options, setup: etherSetup });
}

/** `eth_validate_addr`: the usual `ndoValidateAddr`. 0, or -EADDRNOTAVAIL for a multicast or all-zero address. */
export function ethValidateAddr(dev: NetDevice): number {
  return isValidEtherAddr(dev.devAddr) ? 0 : -EADDRNOTAVAIL;
}

/** `eth_random_addr`: six bytes at `off`, unicast and locally administered. */
export function ethRandomAddr(random: Random, into: Uint8Array, off: number): void {
  random.bytes(into, off, ETH_ALEN);
  into[off] = (into[off] & 0xfe) | 0x02;
}

/** `eth_hw_addr_random`: an address by chance (the kernel's seed), marked as such. */
export function ethHwAddrRandom(dev: NetDevice): void {
  ethRandomAddr(dev.net.kernel.random, dev.devAddr, 0);
  dev.addrAssignType = NET_ADDR_RANDOM;
}

/** An `ndoInit` of virtual devices: a device that nobody gave an address draws one. */
export function ethHwAddrRandomIfUnset(dev: NetDevice): number {
  if (isZeroEtherAddr(dev.devAddr)) ethHwAddrRandom(dev);
  return 0;
}

/** `arp_tbl`: IPv4's table of neighbours, and how its entries are made (`arp_constructor`). */
import { type Net, SKB_DROP_REASON_NEIGH_FAILED, type SkBuff } from '@skbuff/core';
import { type ArpTbl, arpMcMap, type InDevice, inDevGet, ipv4Net, type Rtable } from '@skbuff/ipv4';
import { type NeighCore, type NeighOpsByDevice, NeighTable, type Neighbour, neighBindOps, neighOpsByDevice } from '@skbuff/neighbour';
import {
  AF_INET,
  EINVAL,
  ETH_P_IP,
  ICMP_DEST_UNREACH,
  ICMP_HOST_UNREACH,
  IFF_LOOPBACK,
  IFF_NOARP,
  IFF_POINTOPOINT,
  NUD_NOARP,
  RTN_BROADCAST,
  RTN_MULTICAST,
} from '@skbuff/uapi';
import { copyBytes, ipv4IsMulticast } from '@skbuff/wire';
import { addrType } from './arp-addr-type.ts';
import type { ArpPacket } from './arp-packet.ts';
import { arpParms } from './arp-parms.ts';
import { arpSolicit } from './arp-solicit.ts';

const arpOps: NeighOpsByDevice = /* @__PURE__ */ neighOpsByDevice(AF_INET, arpSolicit, arpErrorReport);

/** IPv4's table, and what of ARP is loaded. */
export class ArpTable extends NeighTable implements ArpTbl {
  ioctl: ((net: Net, request: number, arg: Uint8Array) => number) | null = null;
  /** Answers a request for an address that this host would forward to, if it proxies it: ARP_*. Null: without {@link arpProxy}. */
  answerByProxy: ((tbl: ArpTable, inDev: InDevice, rt: Rtable, arp: ArpPacket, skb: SkBuff) => number) | null = null;
}

/** A part of ARP that stacks may leave out. */
export type ArpPart = (tbl: ArpTable) => void;

/** Makes the table of a kernel. */
export function arpTable(core: NeighCore): ArpTable {
  return new ArpTable(core, {
    id: 'arp_cache',
    family: AF_INET,
    keyLen: 4,
    protocol: ETH_P_IP,
    sysctlDir: 'ipv4',
    ops: arpOps.generic,
    construct: arpConstructor,
    isMulticast: (neigh) => ipv4IsMulticast(neigh.addr4),
    allowAdd: null,
    // All addresses behind them are one neighbour, for which no address need be known.
    oneNeighFlags: IFF_LOOPBACK | IFF_POINTOPOINT,
    parms: {},
  });
}

/** `arp_constructor`: -EINVAL on a device without IPv4. */
function arpConstructor(neigh: Neighbour): number {
  const { dev, tbl } = neigh;
  const inDev = inDevGet(dev);
  if (inDev === null) return -EINVAL;
  neigh.type = addrType(dev.net, neigh.addr4);
  tbl.bindParms(neigh, arpParms(tbl, inDev));
  neighBindOps(neigh, arpOps, mapAddress);
  return 0;
}

/** Addresses that need no question. */
function mapAddress(neigh: Neighbour): void {
  const { dev } = neigh;
  if (neigh.type === RTN_MULTICAST) {
    // Links without group addresses of their own take them all as broadcast.
    const group = arpMcMap(neigh.addr4, dev);
    copyBytes(neigh.ha, 0, group ?? dev.broadcast, 0, group?.length ?? dev.addrLen);
  } else if ((dev.flags & (IFF_NOARP | IFF_LOOPBACK)) !== 0) copyBytes(neigh.ha, 0, dev.devAddr, 0, dev.addrLen);
  else if (neigh.type === RTN_BROADCAST || (dev.flags & IFF_POINTOPOINT) !== 0) copyBytes(neigh.ha, 0, dev.broadcast, 0, dev.addrLen);
  else return;
  neigh.nudState = NUD_NOARP;
}

/** `arp_error_report`: tells the sender of a packet that its next hop does not answer. */
function arpErrorReport(neigh: Neighbour, skb: SkBuff): void {
  ipv4Net.of(neigh.dev.net).ip.icmp?.icmpSend(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
  skb.kfree(SKB_DROP_REASON_NEIGH_FAILED);
}

/** The plugin. */
import {
  type ModuleContext,
  NETDEV_CHANGE,
  NETDEV_CHANGEADDR,
  NETDEV_CHANGEMTU,
  NETDEV_DOWN,
  NETDEV_NOTIFY_PEERS,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  type NetDevice,
  NOTIFY_DONE,
  type NetdevNotifierInfo,
  type NotifierBlock,
  pernetUndo,
  type Plugin,
} from '@skbuff/core';
import { type InDevice, type InetaddrInfo, IPV4, inDevGet, ipv4Net, inDevArpEvictNocarrier, inDevArpNotify } from '@skbuff/ipv4';
import { NEIGHBOUR, type NeighTable } from '@skbuff/neighbour';
import { procCreateNet } from '@skbuff/procfs';
import { ARPOP_REQUEST, ETH_P_ARP, IFF_NOARP } from '@skbuff/uapi';
import { arpIoctl } from './arp-ioctl.ts';
import { arpProxy } from './arp-proxy.ts';
import { arpRcv } from './arp-rcv.ts';
import { arpSend } from './arp-send.ts';
import { arpSeqShow, arpStatSeqShow } from './arp-proc.ts';
import { arpParms } from './arp-parms.ts';
import { type ArpPart, type ArpTable, arpTable } from './arp-tbl.ts';

/** Loads ARP: IPv4 can reach its neighbours on links that need it. */
export function arp(): Plugin {
  return { name: '@skbuff/arp', requires: ['@skbuff/neighbour', '@skbuff/ipv4', '@skbuff/procfs'], init: (ctx) => controlRegister(ctx, init(ctx, [arpProxy])) };
}

/**
 * The same without ioctl and /proc, and with nothing but the parts that are named ({@link arpProxy}), for stacks that have to be small: a
 * bundler leaves out the rest.
 */
export function arpBare(...parts: readonly ArpPart[]): Plugin {
  return { name: '@skbuff/arp', requires: ['@skbuff/neighbour', '@skbuff/ipv4'], init: (ctx) => void init(ctx, parts) };
}

/** `arp_init`. */
function init(ctx: ModuleContext, parts: readonly ArpPart[]): ArpTable {
  const ip = ctx.get(IPV4);
  const tbl = arpTable(ctx.get(NEIGHBOUR));
  for (const part of parts) part(tbl);
  ip.arpTbl = tbl;
  ctx.onUnload(() => {
    ip.arpTbl = null;
    tbl.clear();
  });
  ctx.packetType({ type: ETH_P_ARP, dev: null, net: null, ignoreOutgoing: false, func: arpRcv, listFunc: null });
  ctx.netdeviceNotifier({ notifierCall: (_nb, event, info) => arpNetdevEvent(tbl, event, info) });
  // The routes go first, where there are any: they are announced before the neighbours.
  const inetaddr: NotifierBlock<InetaddrInfo> = { priority: -1, notifierCall: (_nb, event, info) => arpInetaddrEvent(tbl, event, info) };
  ip.inetaddrChain.register(inetaddr);
  ctx.onUnload(() => void ip.inetaddrChain.unregister(inetaddr));
  return tbl;
}

/** arp(7): the files, and SIOC[DGS]ARP. */
function controlRegister(ctx: ModuleContext, tbl: ArpTable): void {
  const { kernel } = ctx;
  tbl.ioctl = (net, request, arg) => arpIoctl(net, tbl, request, arg);
  pernetUndo(ctx, 'arp', (net) => {
    const undos = [procCreateNet(net, 'arp', () => arpSeqShow(net, tbl))];
    // The counters are the kernel's, not the namespace's.
    if (net === kernel.initNet || kernel.netns.list.length <= 1) undos.push(procCreateNet(net, `stat/${tbl.id}`, () => arpStatSeqShow(tbl)));
    return undos;
  });
}

/** `arp_netdev_event`, and what IPv4 does about a device for ARP's sake. */
function arpNetdevEvent(tbl: NeighTable, event: number, info: NetdevNotifierInfo): number {
  const { dev } = info;
  const inDev = inDevGet(dev);
  if (event === NETDEV_REGISTER && inDev !== null) arpParms(tbl, inDev);
  else if (event === NETDEV_UP) announce(inDev, false);
  else if (event === NETDEV_NOTIFY_PEERS) announce(inDev, true);
  else if (event === NETDEV_CHANGE) arpChange(tbl, dev, inDev, info.flagsChanged);
  else if (event === NETDEV_DOWN) tbl.ifdown(dev);
  else if (event === NETDEV_CHANGEADDR) {
    tbl.changeaddr(dev);
    ipv4Net.of(dev.net).ip.routing?.cacheFlush(dev.net);
    announce(inDev, false);
  } else if (event === NETDEV_UNREGISTER) {
    tbl.ifdown(dev);
    if (inDev !== null) inDev.arpParms = null;
  } else if (event === NETDEV_CHANGEMTU) arpChangeMtu(tbl, dev, inDev);
  return NOTIFY_DONE;
}

/** IPv4 leaves a device whose MTU is too small for it and comes back, with fresh settings, when it is not any more. */
function arpChangeMtu(tbl: NeighTable, dev: NetDevice, inDev: InDevice | null): void {
  if (inDev !== null) arpParms(tbl, inDev);
  else {
    tbl.ifdown(dev);
    tbl.forgetDevice(dev);
  }
}

function arpChange(tbl: NeighTable, dev: NetDevice, inDev: InDevice | null, flagsChanged: number): void {
  if ((flagsChanged & IFF_NOARP) !== 0) tbl.changeaddr(dev);
  if (!dev.carrierOk() && (inDev === null || inDevArpEvictNocarrier(inDev))) tbl.carrierDown(dev);
}

/** `inetdev_send_gratuitous_arp`: tells the link each address of the interface; unless `always`, if arp_notify says so. */
function announce(inDev: InDevice | null, always: boolean): void {
  if (inDev === null || !(always || inDevArpNotify(inDev))) return;
  const { dev } = inDev;
  for (const ifa of inDev.ifaList) arpSend(ARPOP_REQUEST, ifa.local, dev, ifa.local, null, dev.devAddr, null);
}

/** The interface has lost its last address: it takes no part in IPv4 any more. */
function arpInetaddrEvent(tbl: NeighTable, event: number, info: InetaddrInfo): number {
  const { inDev } = info.ifa;
  if (event === NETDEV_DOWN && inDev.ifaList.length === 0) tbl.ifdown(inDev.dev);
  return NOTIFY_DONE;
}

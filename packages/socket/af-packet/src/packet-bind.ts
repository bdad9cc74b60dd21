/** Where a packet socket listens: `packet_do_bind`, `register_prot_hook`, and what devices do to it. */
import { type NetDevice, NETDEV_DOWN, NETDEV_UNREGISTER, NETDEV_UP } from '@skbuff/core';
import type { SockAddr } from '@skbuff/sock';
import { AF_PACKET, EINVAL, ENETDOWN, ENODEV, IFF_UP } from '@skbuff/uapi';
import { fanoutLink, fanoutUnlink } from './fanout.ts';
import { packetDevMclistDelete } from './packet-mclist.ts';
import { packetRcv } from './packet-rcv.ts';
import { type PacketSock, packetNet } from './packet-sock.ts';
import type { SockaddrLl } from './sockaddr-ll.ts';

/** `register_prot_hook`: frames arrive from now on. */
export function registerProtHook(po: PacketSock): void {
  if (po.running) return;
  po.running = true;
  if (po.fanout !== null) {
    fanoutLink(po.fanout, po);
    return;
  }
  po.hook = { type: po.num, dev: po.dev, net: po.net, ignoreOutgoing: po.ignoreOutgoing, func: packetRcv, listFunc: null, sk: po };
  po.net.softnet.addPack(po.hook);
}

/** `unregister_prot_hook`. */
export function unregisterProtHook(po: PacketSock): void {
  if (!po.running) return;
  po.running = false;
  if (po.fanout !== null) fanoutUnlink(po.fanout, po);
  if (po.hook !== null) po.net.softnet.removePack(po.hook);
  po.hook = null;
}

/** PACKET_IGNORE_OUTGOING, and leaving for a group, are part of the registration: made anew. */
export function rehook(po: PacketSock): void {
  if (!po.running) return;
  unregisterProtHook(po);
  registerProtHook(po);
}

/** `packet_bind`: to a device (0: any) and an EtherType (0: as before). Down: 0 all the same, and ENETDOWN is pending. */
export function packetBind(po: PacketSock, addr: SockAddr): number {
  if (addr.family !== AF_PACKET) return -EINVAL;
  const { ifindex, protocol } = addr as SockaddrLl;
  if (po.fanout !== null) return -EINVAL;
  const dev = ifindex === 0 ? null : po.net.devGetByIndex(ifindex);
  if (ifindex !== 0 && dev === null) return -ENODEV;
  const num = protocol === 0 ? po.num : protocol;
  if (po.num === num && po.dev === dev) return 0;
  unregisterProtHook(po);
  po.num = num;
  po.dev = dev;
  po.ifindex = dev === null ? 0 : dev.ifindex;
  if (num === 0) return 0;
  if (dev === null || (dev.flags & IFF_UP) !== 0) registerProtHook(po);
  else po.setErr(ENETDOWN);
  return 0;
}

/** `packet_notifier`. */
export function packetNotifier(event: number, dev: NetDevice): void {
  const state = packetNet.peek(dev.net);
  if (state === null || (event !== NETDEV_DOWN && event !== NETDEV_UP && event !== NETDEV_UNREGISTER)) return;
  for (const po of state.socks) {
    if (event === NETDEV_UNREGISTER) packetDevMclistDelete(po, dev);
    if (dev.ifindex !== po.ifindex) continue;
    if (event === NETDEV_UP) {
      if (po.num !== 0) registerProtHook(po);
      continue;
    }
    if (po.running) {
      unregisterProtHook(po);
      po.setErr(ENETDOWN);
    }
    if (event === NETDEV_UNREGISTER) {
      po.ifindex = -1;
      po.dev = null;
    }
  }
}

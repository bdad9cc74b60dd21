/** Memberships: what a device is to let in for the sake of a socket. Counted, and undone when the socket is closed. */
import { type NetDevice, devMcAdd, devMcDel, devSetAllmulti, devSetPromiscuity, devUcAdd, devUcDel } from '@skbuff/core';
import { EINVAL, ENODEV, PACKET_MR_ALLMULTI, PACKET_MR_MULTICAST, PACKET_MR_PROMISC, PACKET_MR_UNICAST } from '@skbuff/uapi';
import { equalBytes, leS32 } from '@skbuff/wire';
import type { PacketMclist, PacketSock } from './packet-sock.ts';

/** `struct packet_mreq`: ifindex (4 bytes), type (2), length of the address (2), address (8). */
const MREQ_LEN = 16;
const MREQ_ADDRESS = 8;

/** PACKET_ADD_MEMBERSHIP, PACKET_DROP_MEMBERSHIP: 0, -EINVAL, -ENODEV, or what the device says. Dropping what is not there is no error. */
export function packetMembership(po: PacketSock, value: Uint8Array, add: boolean): number {
  if (value.length < MREQ_LEN) return -EINVAL;
  const alen = (value[6] as number) | ((value[7] as number) << 8);
  if (value.length < alen + MREQ_ADDRESS) return -EINVAL;
  const addr = value.slice(MREQ_ADDRESS, MREQ_ADDRESS + alen);
  const type = (value[4] as number) | ((value[5] as number) << 8);
  const entry: PacketMclist = { ifindex: leS32(value, 0), type, addr, count: 1 };
  return add ? addEntry(po, entry) : dropEntry(po, entry);
}

/** `packet_mc_add`. */
function addEntry(po: PacketSock, entry: PacketMclist): number {
  const dev = po.net.devGetByIndex(entry.ifindex);
  if (dev === null) return -ENODEV;
  if (entry.addr.length > dev.addrLen) return -EINVAL;
  const found = po.mclist.find((other) => same(other, entry));
  if (found !== undefined) {
    found.count++;
    return 0;
  }
  const err = packetDevMc(dev, entry, 1);
  if (err === 0) po.mclist.unshift(entry);
  return err;
}

/** `packet_mc_drop`. */
function dropEntry(po: PacketSock, entry: PacketMclist): number {
  const found = po.mclist.find((other) => same(other, entry));
  if (found === undefined || --found.count > 0) return 0;
  po.mclist.splice(po.mclist.indexOf(found), 1);
  undo(po, found);
  return 0;
}

/** `packet_flush_mclist`: the socket is closed. */
export function packetFlushMclist(po: PacketSock): void {
  for (const entry of po.mclist.splice(0)) undo(po, entry);
}

/** `packet_dev_mclist_delete`: the device is going. */
export function packetDevMclistDelete(po: PacketSock, dev: NetDevice): void {
  const doomed = po.mclist.filter((entry) => entry.ifindex === dev.ifindex);
  if (doomed.length === 0) return;
  po.mclist = po.mclist.filter((entry) => entry.ifindex !== dev.ifindex);
  for (const entry of doomed) packetDevMc(dev, entry, -1);
}

function undo(po: PacketSock, entry: PacketMclist): void {
  const dev = po.net.devGetByIndex(entry.ifindex);
  if (dev !== null) packetDevMc(dev, entry, -1);
}

function same(a: PacketMclist, b: PacketMclist): boolean {
  return a.ifindex === b.ifindex && a.type === b.type && a.addr.length === b.addr.length && equalBytes(a.addr, 0, b.addr, 0, a.addr.length);
}

/** `packet_dev_mc`: a kind that is not known does nothing. */
function packetDevMc(dev: NetDevice, { type, addr }: PacketMclist, what: 1 | -1): number {
  const address = type === PACKET_MR_MULTICAST || type === PACKET_MR_UNICAST;
  if (address && addr.length !== dev.addrLen) return -EINVAL;
  switch (type) {
    case PACKET_MR_MULTICAST:
      return what > 0 ? devMcAdd(dev, addr) : devMcDel(dev, addr);
    case PACKET_MR_UNICAST:
      return what > 0 ? devUcAdd(dev, addr) : devUcDel(dev, addr);
    case PACKET_MR_PROMISC:
      return devSetPromiscuity(dev, what);
    case PACKET_MR_ALLMULTI:
      return devSetAllmulti(dev, what);
    default:
      return 0;
  }
}

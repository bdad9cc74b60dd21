/** SIOCSARP, SIOCDARP, SIOCGARP with the bytes of a `struct arpreq` (`arp_ioctl`). */
import type { Net, NetDevice } from '@skbuff/core';
import { Flowi4, inDevGet, ipv4Net } from '@skbuff/ipv4';
import { NEIGH_UPDATE_F_ADMIN, NEIGH_UPDATE_F_OVERRIDE, type NeighTable, neighUpdate, neighProxy } from '@skbuff/neighbour';
import * as U from '@skbuff/uapi';
import { be32, equalBytes } from '@skbuff/wire';
import { stateToFlags } from './arp-proc.ts';

const HA = 16;
const FLAGS = 32;
const NETMASK = 36;
const DEV = 52;
const ALL = 0xffffffff;
const ADMIN = NEIGH_UPDATE_F_OVERRIDE | NEIGH_UPDATE_F_ADMIN;

interface Arpreq {
  readonly net: Net;
  readonly tbl: NeighTable;
  readonly arg: Uint8Array;
  readonly dev: NetDevice | null;
  readonly ip: number;
  readonly netmask: number;
  /** ATF_* */
  readonly flags: number;
  /** ARPHRD_* of the link-layer address. */
  readonly hatype: number;
}

/** `arg` has ARPREQ_LEN bytes and is filled in by SIOCGARP. 0 or a negative errno. The caller has made sure of CAP_NET_ADMIN. */
export function arpIoctl(net: Net, tbl: NeighTable, request: number, arg: Uint8Array): number {
  if (u16(arg, 0) !== U.AF_INET) return -U.EPFNOSUPPORT;
  const flags = arg[FLAGS] as number;
  if ((flags & U.ATF_PUBL) === 0 && (flags & (U.ATF_NETMASK | U.ATF_DONTPUB)) !== 0) return -U.EINVAL;
  const dev = device(net, request, arg);
  if (typeof dev === 'number') return dev;
  const hatype = dev !== null && u16(arg, HA) === 0 ? dev.type : u16(arg, HA);
  if (dev !== null && (flags & U.ATF_COM) !== 0 && hatype !== dev.type) return -U.EINVAL;
  const netmask = (flags & U.ATF_NETMASK) === 0 ? ALL : be32(arg, NETMASK + 4);
  const r: Arpreq = { net, tbl, arg, dev, ip: be32(arg, 4), netmask, flags, hatype };
  if (request === U.SIOCGARP) return arpReqGet(r, dev as NetDevice);
  return request === U.SIOCSARP ? arpReqSet(r) : arpReqDelete(r);
}

function u16(b: Uint8Array, off: number): number {
  return (b[off] as number) | ((b[off + 1] as number) << 8);
}

/** Null: none is named, which is enough for changes. */
function device(net: Net, request: number, arg: Uint8Array): NetDevice | null | number {
  let name = '';
  for (let i = DEV; i < DEV + 15 && arg[i] !== 0; i++) name += String.fromCharCode(arg[i] as number);
  if (name === '') return request === U.SIOCGARP ? -U.ENODEV : null;
  return net.devGetByName(name) ?? -U.ENODEV;
}

/** The device on the way to the address, or a negative errno. */
function routeDevice({ net, ip }: Arpreq): NetDevice | number {
  const rt = ipv4Net.of(net).ip.routing?.routeOutput(net, new Flowi4().init(0, 0, 0, U.RT_SCOPE_LINK, 0, 0, ip, 0, 0, 0), null) ?? -U.ENETUNREACH;
  if (typeof rt === 'number') return rt;
  const { dev } = rt;
  rt.release();
  return dev;
}

/** `arp_req_set`. */
function arpReqSet(r: Arpreq): number {
  if ((r.flags & U.ATF_PUBL) !== 0) return arpReqSetPublic(r);
  const dev = r.dev ?? routeDevice(r);
  if (typeof dev === 'number') return dev;
  if (r.hatype !== dev.type) return -U.EINVAL;
  const neigh = r.tbl.find(dev, r.ip) ?? r.tbl.create(dev, r.ip);
  if (typeof neigh === 'number') return neigh;
  const permanent = (r.flags & U.ATF_PERM) !== 0;
  // A permanent entry is complete by definition.
  const known = permanent || (r.flags & U.ATF_COM) !== 0;
  return neighUpdate(neigh, known ? r.arg : null, HA + 2, permanent ? U.NUD_PERMANENT : U.NUD_STALE, ADMIN);
}

/** `arp_req_set_public`: proxies for one address, or, with a mask of 0, switches proxy_arp on. */
function arpReqSetPublic(r: Arpreq): number {
  if (r.netmask !== 0 && r.netmask !== ALL) return -U.EINVAL;
  let { dev } = r;
  if (dev === null && (r.flags & U.ATF_COM) !== 0) {
    dev = r.net.devList.find((d) => d.type === r.hatype && equalBytes(d.devAddr, 0, r.arg, HA + 2, d.addrLen)) ?? null;
    if (dev === null) return -U.ENODEV;
  }
  if (r.netmask === 0) return proxySet(r.net, dev, 1);
  const entry = neighProxy(r.tbl).create(r.net, dev, r.ip);
  if (typeof entry === 'number') return entry;
  entry.permanent = true;
  return 0;
}

/** `arp_req_set_proxy`: on the device, or everywhere. */
function proxySet(net: Net, dev: NetDevice | null, on: number): number {
  const inDev = dev === null ? null : inDevGet(dev);
  if (dev === null) ipv4Net.of(net).devconfAll.proxyArp = on;
  else if (inDev === null) return -U.ENXIO;
  else inDev.cnf.proxyArp = on;
  return 0;
}

/** `arp_req_delete`. */
function arpReqDelete(r: Arpreq): number {
  if ((r.flags & U.ATF_PUBL) !== 0) {
    if (r.netmask === ALL) return neighProxy(r.tbl).delete(r.net, r.dev, r.ip);
    return r.netmask !== 0 ? -U.EINVAL : proxySet(r.net, r.dev, 0);
  }
  const dev = r.dev ?? routeDevice(r);
  if (typeof dev === 'number') return dev;
  const neigh = r.tbl.find(dev, r.ip);
  if (neigh === null) return -U.ENXIO;
  const err = (neigh.nudState & ~U.NUD_NOARP) !== 0 ? neighUpdate(neigh, null, 0, U.NUD_FAILED, ADMIN) : -U.ENXIO;
  r.tbl.remove(neigh);
  return err;
}

/** `arp_req_get`. */
function arpReqGet({ tbl, arg, ip, flags }: Arpreq, dev: NetDevice): number {
  const neigh = tbl.find(dev, ip);
  if (neigh === null || (neigh.nudState & U.NUD_NOARP) !== 0) return -U.ENXIO;
  for (let i = 0; i < 14; i++) arg[HA + 2 + i] = i < dev.addrLen ? (neigh.ha[i] as number) : 0;
  arg[FLAGS] = stateToFlags(neigh.nudState);
  arg.fill(0, FLAGS + 1, FLAGS + 4);
  if ((flags & U.ATF_NETMASK) === 0) arg.fill(0xff, NETMASK + 4, NETMASK + 8);
  arg[HA] = dev.type;
  arg[HA + 1] = dev.type >>> 8;
  for (let i = 0; i < U.IFNAMSIZ; i++) arg[DEV + i] = i < dev.name.length ? dev.name.charCodeAt(i) : 0;
  return 0;
}

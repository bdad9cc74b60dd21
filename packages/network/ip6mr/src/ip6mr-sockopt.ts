/** What a daemon says over its socket (`ip6_mroute_setsockopt`, `ip6_mroute_getsockopt`, `ip6mr_ioctl`). */
import { type Mroute6Sock, ipv6Net } from '@skbuff/ipv6';
import {
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EBUSY,
  EFAULT,
  EINVAL,
  ENOENT,
  ENOPROTOOPT,
  EOPNOTSUPP,
  MRT6MSG_WRMIFWHOLE,
  MRT6_ADD_MFC,
  MRT6_ADD_MFC_PROXY,
  MRT6_ADD_MIF,
  MRT6_ASSERT,
  MRT6_DEL_MFC,
  MRT6_DEL_MFC_PROXY,
  MRT6_DEL_MIF,
  MRT6_DONE,
  MRT6_FLUSH,
  MRT6_FLUSH_MFC,
  MRT6_FLUSH_MIFS,
  MRT6_INIT,
  MRT6_PIM,
  MRT6_TABLE,
  MRT6_VERSION,
  NETCONFA_IFINDEX_ALL,
  NETCONFA_MC_FORWARDING,
  RTM_NEWNETCONF,
  SIOCGETMIFCNT_IN6,
  SIOCGETSGCNT_IN6,
} from '@skbuff/uapi';
import { le16, le32, setLe32, setLe64 } from '@skbuff/wire';
import { ip6mrMfcAdd, ip6mrMfcDelete, mrouteCleanTables } from './ip6mr-cache.ts';
import { mif6Add, mif6Delete } from './ip6mr-mif.ts';
import { MF6CCTL_LEN, mf6cCtl, MIF6CTL_LEN, mif6Ctl, MIF_REQ6_COUNTS, MIF_REQ6_LEN, SG_REQ6_COUNTS, SG_REQ6_LEN, sgReq6 } from './mfc6-structs.ts';
import { ip6mrNet, type Mr6Table, RT6_TABLE_DFLT } from './mr6-table.ts';

/** What MRT6_VERSION says. */
const VERSION = 0x0305;
const TABLE_MAX = 100_000_000;

function tableOf(sk: Mroute6Sock): Mr6Table | null {
  return ip6mrNet.of(sk.net).table(sk.ip6mrTable || RT6_TABLE_DFLT);
}

/** See `MulticastRouting6.setsockopt`. */
export function ip6MrouteSetsockopt(sk: Mroute6Sock, name: number, value: Uint8Array): number {
  if (!sk.isRawIcmpv6) return -EOPNOTSUPP;
  const mrt = tableOf(sk);
  if (mrt === null) return -ENOENT;
  const byDaemon = sk === mrt.sk;
  if (name !== MRT6_INIT && !byDaemon && !sk.netAdmin) return -EACCES;
  switch (name) {
    case MRT6_INIT:
      return value.length < 4 ? -EINVAL : skInit(mrt, sk);
    case MRT6_DONE:
      return ip6mrSkDone(sk) ? 0 : -EACCES;
    case MRT6_ADD_MIF:
      return value.length < MIF6CTL_LEN ? -EINVAL : mif6Add(mrt, mif6Ctl(value), byDaemon);
    case MRT6_DEL_MIF:
      return value.length < 2 ? -EINVAL : mif6Delete(mrt, le16(value, 0));
    case MRT6_ADD_MFC:
    case MRT6_DEL_MFC:
    case MRT6_ADD_MFC_PROXY:
    case MRT6_DEL_MFC_PROXY:
      return setMfc(mrt, name, value, byDaemon);
    case MRT6_FLUSH:
    case MRT6_ASSERT:
    case MRT6_PIM:
    case MRT6_TABLE:
      return value.length !== 4 ? -EINVAL : setNumber(mrt, sk, name, le32(value, 0));
    default:
      return -ENOPROTOOPT;
  }
}

function setMfc(mrt: Mr6Table, name: number, value: Uint8Array, byDaemon: boolean): number {
  if (value.length < MF6CCTL_LEN) return -EINVAL;
  const ctl = mf6cCtl(value);
  const parent = name === MRT6_ADD_MFC || name === MRT6_DEL_MFC ? -1 : ctl.parent;
  return name === MRT6_ADD_MFC || name === MRT6_ADD_MFC_PROXY ? ip6mrMfcAdd(mrt, ctl, byDaemon, parent) : ip6mrMfcDelete(mrt, ctl, parent);
}

function setNumber(mrt: Mr6Table, sk: Mroute6Sock, name: number, v: number): number {
  if (name === MRT6_FLUSH) mrouteCleanTables(mrt, v);
  else if (name === MRT6_ASSERT) mrt.doAssert = v !== 0;
  else if (name === MRT6_TABLE) return setTable(sk, v);
  else if ((v !== 0) !== mrt.doPim) {
    mrt.doAssert = v !== 0;
    mrt.doPim = v !== 0;
    mrt.doWrvifwhole = v === MRT6MSG_WRMIFWHOLE;
  }
  return 0;
}

/** `ip6mr_new_table`. */
function setTable(sk: Mroute6Sock, id: number): number {
  const state = ip6mrNet.of(sk.net);
  if (id !== 0 && id >= TABLE_MAX) return -EINVAL;
  if (state.tables.some((mrt) => mrt.sk === sk)) return -EBUSY;
  if (state.table(id) === null) state.tables.push(state.newTable(sk.net, id));
  sk.ip6mrTable = id;
  return 0;
}

/** `ip6mr_sk_init`. */
function skInit(mrt: Mr6Table, sk: Mroute6Sock): number {
  if (mrt.sk !== null) return -EADDRINUSE;
  mrt.sk = sk;
  countForwarding(sk, 1);
  return 0;
}

/** See `MulticastRouting6.skDone`. */
export function ip6mrSkDone(sk: Mroute6Sock): boolean {
  if (!sk.isRawIcmpv6) return false;
  const mrt = ip6mrNet.of(sk.net).tables.find((each) => each.sk === sk);
  if (mrt === undefined) return false;
  mrt.sk = null;
  countForwarding(sk, -1);
  mrouteCleanTables(mrt, MRT6_FLUSH_MIFS | MRT6_FLUSH_MFC);
  return true;
}

/** net.ipv6.conf.all.mc_forwarding: the number of daemons. */
function countForwarding({ net }: Mroute6Sock, by: number): void {
  const { ip, devconfAll } = ipv6Net.of(net);
  devconfAll.mcForwarding += by;
  ip.addrconf?.netconfNotify(net, RTM_NEWNETCONF, NETCONFA_MC_FORWARDING, NETCONFA_IFINDEX_ALL, devconfAll);
}

/** See `MulticastRouting6.getsockopt`. */
export function ip6MrouteGetsockopt(sk: Mroute6Sock, name: number, out: Uint8Array): number {
  if (!sk.isRawIcmpv6) return -EOPNOTSUPP;
  const mrt = tableOf(sk);
  if (mrt === null) return -ENOENT;
  if (name !== MRT6_VERSION && name !== MRT6_ASSERT && name !== MRT6_PIM) return -ENOPROTOOPT;
  const value = new Uint8Array(4);
  setLe32(value, 0, name === MRT6_VERSION ? VERSION : Number(name === MRT6_ASSERT ? mrt.doAssert : mrt.doPim));
  const n = Math.min(out.length, value.length);
  out.set(value.subarray(0, n));
  return n;
}

/** See `MulticastRouting6.ioctl`. */
export function ip6mrIoctl(sk: Mroute6Sock, request: number, arg: Uint8Array): number | null {
  if (request !== SIOCGETMIFCNT_IN6 && request !== SIOCGETSGCNT_IN6) return null;
  const mrt = tableOf(sk);
  if (mrt === null) return -ENOENT;
  if (arg.length < (request === SIOCGETMIFCNT_IN6 ? MIF_REQ6_LEN : SG_REQ6_LEN)) return -EFAULT;
  return request === SIOCGETMIFCNT_IN6 ? mifCount(mrt, arg) : sgCount(mrt, arg);
}

function mifCount(mrt: Mr6Table, arg: Uint8Array): number {
  const mifi = le16(arg, 0);
  if (mifi >= mrt.maxvif) return -EINVAL;
  const vif = mrt.vifs[mifi] ?? null;
  if (vif === null) return -EADDRNOTAVAIL;
  for (const [i, count] of [vif.pktIn, vif.pktOut, vif.bytesIn, vif.bytesOut].entries()) setLe64(arg, MIF_REQ6_COUNTS + i * 8, count);
  return 0;
}

function sgCount(mrt: Mr6Table, arg: Uint8Array): number {
  const [source, group] = sgReq6(arg);
  const c = mrt.find(source, group);
  if (c === null) return -EADDRNOTAVAIL;
  for (const [i, count] of [c.pkt, c.bytes, c.wrongIf].entries()) setLe64(arg, SG_REQ6_COUNTS + i * 8, count);
  return 0;
}

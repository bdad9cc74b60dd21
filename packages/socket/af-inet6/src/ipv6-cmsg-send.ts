/** Ancillary data of SOL_IPV6 for one send (`ip6_datagram_send_ctl` in `net/ipv6/datagram.c`). */
import type { InetSk } from '@skbuff/af-inet';
import {
  Flowi6,
  IPV6_ADDR_ANY,
  IPV6_ADDR_LINKLOCAL,
  IPV6_ADDR_SCOPE_LINKLOCAL,
  type Ipcm6Cookie,
  type Ipv6TxOptions,
  ipv6AddrTypeScope,
  ipv6ChkAcastAddrSrc,
  ipv6ChkAddrAndFlags,
  newIpcm6Cookie,
} from '@skbuff/ipv6';
import { type Cmsg, sockCmsgSend, sockNet } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { In6Addr, be32, leS32 } from '@skbuff/wire';
import { IN6_PKTINFO_LEN } from './ipv4-pktinfo.ts';
import { ipv6CanNonlocalBind } from './nonlocal-bind.ts';
import { IPV6_FLOWINFO_MASK } from './flowinfo.ts';

const OPT_HDR_LEN = 2;

/** Headers that are put together. */
type Headers = { -readonly [K in keyof Ipv6TxOptions]: Ipv6TxOptions[K] };

/** `ip6_datagram_send_ctl`: takes over what ancillary data says. `ipc.opt` is replaced if there are headers. 0 or a negative errno. */
export function ip6DatagramSendCtl(sk: InetSk, control: readonly Cmsg[], fl6: Flowi6, ipc: Ipcm6Cookie): number {
  const headers: Headers = { hopopt: null, dst0opt: null, srcrt: null, dst1opt: null };
  for (const cmsg of control) {
    const err = cmsg.level === U.SOL_SOCKET ? sockCmsgSend(sk, cmsg, ipc) : cmsg.level === U.SOL_IPV6 ? one(sk, cmsg, fl6, ipc, headers) : 0;
    if (err !== 0) return err;
  }
  if (headers.hopopt !== null || headers.dst0opt !== null || headers.dst1opt !== null) ipc.opt = headers;
  return 0;
}

/** Of ancillary data only the headers count: null if there are none, or a negative errno. */
export function ip6CmsgHeaders(sk: InetSk, control: readonly Cmsg[]): Ipv6TxOptions | null | number {
  const ipc = newIpcm6Cookie();
  const err = ip6DatagramSendCtl(sk, control, new Flowi6(), ipc);
  return err !== 0 ? err : ipc.opt;
}

function one(sk: InetSk, { type, data }: Cmsg, fl6: Flowi6, ipc: Ipcm6Cookie, headers: Headers): number {
  switch (type) {
    case U.IPV6_PKTINFO:
    case U.IPV6_2292PKTINFO:
      return data.length < IN6_PKTINFO_LEN ? -U.EINVAL : pktinfo(sk, leS32(data, 16), new In6Addr().load(data, 0), fl6);
    case U.IPV6_FLOWINFO:
      return data.length < 4 ? -U.EINVAL : flowinfo(be32(data, 0) | 0, fl6);
    case U.IPV6_2292HOPOPTS:
    case U.IPV6_HOPOPTS:
    case U.IPV6_2292DSTOPTS:
    case U.IPV6_DSTOPTS:
    case U.IPV6_RTHDRDSTOPTS:
      return optHeader(sk, type, data, headers);
    default:
      // Of routing headers Linux sends with one message only type 2, and that where it is built for mobile hosts.
      return data.length === 4 ? number(type, leS32(data, 0), ipc) : -U.EINVAL;
  }
}

function number(type: number, val: number, ipc: Ipcm6Cookie): number {
  switch (type) {
    case U.IPV6_2292HOPLIMIT:
    case U.IPV6_HOPLIMIT:
      if (val < -1 || val > 255) return -U.EINVAL;
      ipc.hlimit = val;
      return 0;
    case U.IPV6_TCLASS:
      if (val < -1 || val > 255) return -U.EINVAL;
      // -1 is not "the socket's" to Linux, but all bits.
      ipc.tclass = val & 0xff;
      return 0;
    case U.IPV6_DONTFRAG:
      if (val < 0 || val > 1) return -U.EINVAL;
      ipc.dontfrag = val;
      return 0;
    default:
      return -U.EINVAL;
  }
}

/** Where it leaves, and from which address, which must be one of this host's there. */
function pktinfo(sk: InetSk, ifindex: number, addr: In6Addr, fl6: Flowi6): number {
  if (ifindex !== 0) {
    if (fl6.oif !== 0 && ifindex !== fl6.oif && (sk.boundDevIf !== fl6.oif || sk.boundDevIf !== ifindex)) return -U.EINVAL;
    fl6.oif = ifindex;
  }
  const type = ipv6AddrTypeScope(addr);
  const dev = fl6.oif === 0 ? null : sk.net.devGetByIndex(fl6.oif);
  if (fl6.oif !== 0 && dev === null) return -U.ENODEV;
  if (fl6.oif === 0 && (type & IPV6_ADDR_LINKLOCAL) !== 0) return -U.EINVAL;
  if (type === IPV6_ADDR_ANY) return 0;
  const strict = type >>> 16 > IPV6_ADDR_SCOPE_LINKLOCAL;
  const own =
    ipv6CanNonlocalBind(sk) ||
    ipv6ChkAddrAndFlags(sk.net, addr, dev, !strict, U.IFA_F_TENTATIVE) ||
    (dev !== null && ipv6ChkAcastAddrSrc(sk.net, dev, addr));
  if (!own) return -U.EINVAL;
  fl6.saddr.copy(addr);
  return 0;
}

function flowinfo(word: number, fl6: Flowi6): number {
  if ((fl6.flowlabel & IPV6_FLOWINFO_MASK) !== 0 && ((fl6.flowlabel ^ word) & ~IPV6_FLOWINFO_MASK) !== 0) return -U.EINVAL;
  fl6.flowlabel = word & IPV6_FLOWINFO_MASK;
  return 0;
}

/** Bytes of an extension header, as it says itself. */
function optlen(header: Uint8Array): number {
  return ((header[1] as number) + 1) * 8;
}

function optHeader(sk: InetSk, type: number, data: Uint8Array, headers: Headers): number {
  const hopByHop = type === U.IPV6_2292HOPOPTS || type === U.IPV6_HOPOPTS;
  if (hopByHop && headers.hopopt !== null) return -U.EINVAL;
  if (data.length < OPT_HDR_LEN || data.length < optlen(data)) return -U.EINVAL;
  if (!sockNet.of(sk.net).layer.nsCapable(sk.net, U.CAP_NET_RAW)) return -U.EPERM;
  if (type === U.IPV6_2292DSTOPTS && headers.dst1opt !== null) return -U.EINVAL;
  const header = data.slice(0, optlen(data));
  if (hopByHop) headers.hopopt = header;
  else if (type === U.IPV6_RTHDRDSTOPTS) headers.dst0opt = header;
  else headers.dst1opt = header;
  return 0;
}

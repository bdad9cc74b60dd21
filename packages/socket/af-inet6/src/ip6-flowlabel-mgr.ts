/**
 * IPV6_FLOWLABEL_MGR: `struct in6_flowlabel_req`, and behind it ancillary data whose headers every packet by that label gets.
 *
 *   16 destination | 4 label (big endian) | action | share | 2 flags | 2 expires | 2 linger | 4 nothing
 */
import type { InetSk } from '@skbuff/af-inet';
import { HZ } from '@skbuff/core';
import { IPV6_ADDR_ANY, IPV6_ADDR_MAPPED, type Ipv6TxOptions, ipv6AddrType, ipv6Net } from '@skbuff/ipv6';
import { cmsgDecode, sockNet } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { In6Addr, be32, le16, setBe32 } from '@skbuff/wire';
import { type Ip6Flowlabel, fl6Renew, flExclusive, flMemCheck, flowlabelNet } from './ip6-flowlabel.ts';
import { ip6CmsgHeaders } from './ipv6-cmsg-send.ts';
import { inet6Np } from './ipv6-pinfo.ts';

export const IN6_FLOWLABEL_REQ_LEN = 32;
const FLR_LABEL = 16;
const FLR_ACTION = 20;
const FLR_SHARE = 21;
const FLR_FLAGS = 22;
const FLR_EXPIRES = 24;
const FLR_LINGER = 26;
/** With `flowlabel_state_ranges`, labels of this half are made by the stack. */
const IPV6_FLOWLABEL_STATELESS_FLAG = 0x80000;

/** `ipv6_flowlabel_opt`: 0 or a negative errno. A label that the stack chose is written to `value`. */
export function ipv6FlowlabelOpt(sk: InetSk, value: Uint8Array): number {
  if (value.length < IN6_FLOWLABEL_REQ_LEN) return -U.EINVAL;
  switch (value[FLR_ACTION]) {
    case U.IPV6_FL_A_PUT:
      return put(sk, value);
    case U.IPV6_FL_A_RENEW:
      return renew(sk, value);
    case U.IPV6_FL_A_GET:
      return get(sk, value);
    default:
      return -U.EINVAL;
  }
}

function put(sk: InetSk, req: Uint8Array): number {
  if ((le16(req, FLR_FLAGS) & U.IPV6_FL_F_REFLECT) !== 0) return -U.ENOPROTOOPT;
  const np = inet6Np(sk);
  const label = be32(req, FLR_LABEL);
  const at = np.flList.findIndex(({ fl }) => fl.label === label);
  if (at < 0) return -U.ESRCH;
  if (label === (np.flowLabel & U.IPV6_FLOWINFO_FLOWLABEL)) np.flowLabel &= ~U.IPV6_FLOWINFO_FLOWLABEL;
  for (const { fl } of np.flList.splice(at, 1)) flowlabelNet.of(sk.net).release(fl);
  return 0;
}

function renew(sk: InetSk, req: Uint8Array): number {
  const label = be32(req, FLR_LABEL);
  const own = inet6Np(sk).flList.find(({ fl }) => fl.label === label);
  if (own !== undefined) return fl6Renew(own.fl, le16(req, FLR_LINGER), le16(req, FLR_EXPIRES));
  if (req[FLR_SHARE] !== U.IPV6_FL_S_NONE || !sockNet.of(sk.net).layer.nsCapable(sk.net, U.CAP_NET_ADMIN)) return -U.ESRCH;
  const state = flowlabelNet.of(sk.net);
  const fl = state.lookup(label);
  if (fl === null) return -U.ESRCH;
  const err = fl6Renew(fl, le16(req, FLR_LINGER), le16(req, FLR_EXPIRES));
  state.release(fl);
  return err;
}

function get(sk: InetSk, req: Uint8Array): number {
  const { flowlabelConsistency, flowlabelStateRanges } = ipv6Net.of(sk.net);
  const flags = le16(req, FLR_FLAGS);
  // Answering with the label that was received is TCP's.
  if ((flags & U.IPV6_FL_F_REFLECT) !== 0) return flowlabelConsistency !== 0 ? -U.EPERM : -U.ENOPROTOOPT;
  const label = be32(req, FLR_LABEL);
  if ((label & ~U.IPV6_FLOWINFO_FLOWLABEL) !== 0) return -U.EINVAL;
  if (flowlabelStateRanges !== 0 && (label & IPV6_FLOWLABEL_STATELESS_FLAG) !== 0) return -U.ERANGE;
  const fl = create(sk, req);
  if (typeof fl === 'number') return fl;
  const state = flowlabelNet.of(sk.net);
  const there = label === 0 ? null : state.lookup(label);
  if (there !== null) return join(sk, there, fl, flags);
  if ((flags & U.IPV6_FL_F_CREATE) === 0) return -U.ENOENT;
  const err = flMemCheck(sk);
  if (err !== 0) return err;
  const lingering = state.intern(fl, label);
  if (lingering !== null) return join(sk, lingering, fl, flags);
  if (label === 0) setBe32(req, FLR_LABEL, fl.label);
  inet6Np(sk).flList.unshift({ fl });
  return 0;
}

/** `fl_create`, or a negative errno. */
function create(sk: InetSk, req: Uint8Array): Ip6Flowlabel | number {
  const opt = req.length > IN6_FLOWLABEL_REQ_LEN ? headers(sk, req.subarray(IN6_FLOWLABEL_REQ_LEN)) : null;
  if (typeof opt === 'number') return opt;
  const { jiffies } = sk.net.timers;
  const share = req[FLR_SHARE] as number;
  const dst = new In6Addr().load(req, 0);
  const fl: Ip6Flowlabel = { net: sk.net, label: 0, dst, opt, share, owner: ownerOf(sk, share), users: 1, linger: 0, lastuse: jiffies, expires: jiffies };
  const err = fl6Renew(fl, le16(req, FLR_LINGER), le16(req, FLR_EXPIRES));
  if (err !== 0) return err;
  const type = ipv6AddrType(dst);
  if ((type & IPV6_ADDR_MAPPED) !== 0 || type === IPV6_ADDR_ANY) return -U.EINVAL;
  if (![U.IPV6_FL_S_EXCL, U.IPV6_FL_S_ANY, U.IPV6_FL_S_PROCESS, U.IPV6_FL_S_USER].includes(share)) return -U.EINVAL;
  if (flExclusive(fl)) flowlabelNet.of(sk.net).hasExcl = true;
  return fl;
}

function ownerOf({ net }: InetSk, share: number): number {
  const { layer } = sockNet.of(net);
  if (share === U.IPV6_FL_S_PROCESS) return layer.current?.pid ?? 0;
  return share === U.IPV6_FL_S_USER ? layer.currentUid() : 0;
}

/** What the ancillary data behind the request says; only headers that every fragment has will do. */
function headers(sk: InetSk, control: Uint8Array): Ipv6TxOptions | null | number {
  if (control.length > 64 * 1024) return -U.EINVAL;
  const opt = ip6CmsgHeaders(sk, cmsgDecode(control));
  if (typeof opt === 'number' || opt === null) return opt;
  return opt.dst1opt !== null ? -U.EINVAL : opt;
}

/** `recheck`: takes part, as `fl` says, in a label that is `there`, which has it as a user already: 0 or a negative errno. */
function join(sk: InetSk, there: Ip6Flowlabel, fl: Ip6Flowlabel, flags: number): number {
  const err = (flags & U.IPV6_FL_F_EXCL) !== 0 ? -U.EEXIST : mayShare(there, fl) ? 0 : -U.EPERM;
  if (err !== 0) {
    flowlabelNet.of(sk.net).release(there);
    return err;
  }
  there.linger = Math.max(there.linger, fl.linger);
  there.expires = Math.max(there.expires, fl.expires);
  inet6Np(sk).flList.unshift({ fl: there });
  return 0;
}

function mayShare(there: Ip6Flowlabel, fl: Ip6Flowlabel): boolean {
  return there.share !== U.IPV6_FL_S_EXCL && there.share === fl.share && there.owner === fl.owner;
}

/** `ipv6_flowlabel_opt_get`: what is asked for is in `out`, which gets the label of the connection; 32, or a negative errno. */
export function ipv6FlowlabelOptGet(sk: InetSk, out: Uint8Array): number {
  if (out.length < IN6_FLOWLABEL_REQ_LEN || out[FLR_ACTION] !== U.IPV6_FL_A_GET) return -U.EINVAL;
  const remote = (le16(out, FLR_FLAGS) & U.IPV6_FL_F_REMOTE) !== 0;
  const np = inet6Np(sk);
  const label = np.flowLabel & U.IPV6_FLOWINFO_FLOWLABEL;
  const own = remote ? undefined : np.flList.find(({ fl }) => fl.label === label);
  if (!remote && own === undefined) return -U.ENOENT;
  out.fill(0, 0, IN6_FLOWLABEL_REQ_LEN);
  if (own !== undefined) answer(out, own.fl);
  return IN6_FLOWLABEL_REQ_LEN;
}

function answer(out: Uint8Array, { dst, label, share, expires, linger, net }: Ip6Flowlabel): void {
  const seconds = (at: number, jiffies: number): void => {
    const n = Math.trunc(jiffies / HZ);
    out[at] = n;
    out[at + 1] = n >>> 8;
  };
  dst.store(out, 0);
  setBe32(out, FLR_LABEL, label);
  out[FLR_SHARE] = share;
  seconds(FLR_EXPIRES, expires - net.timers.jiffies);
  seconds(FLR_LINGER, linger);
}

/** Anycast addresses of interfaces (`net/ipv6/anycast.c`): they come and go with their users, of which a router's forwarding is one. */
import type { Net, NetDevice } from '@skbuff/core';
import { NlMsgBuilder, rtnlHasListeners, rtnlNotify } from '@skbuff/netlink';
import { EADDRNOTAVAIL, EINVAL, ENODEV, ENOENT, IFA_F_TENTATIVE, IFF_LOOPBACK, IFF_UP, RTM_DELANYCAST, RTM_NEWANYCAST, RTNLGRP_IPV6_ACADDR } from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import { ipv6ChkAddrAndFlags, ipv6ChkPrefix } from './addrconf-addr.ts';
import { type Ifacaddr6, in6DevGet, type Inet6Dev } from './if-inet6.ts';
import { inet6FillIfacaddr } from './inet6-fill-addr.ts';
import { ipv6Net } from './ipv6-net.ts';

/** `inet6_ifacaddr_notify`: tells RTNLGRP_IPV6_ACADDR. */
function notify(event: number, ac: Ifacaddr6): void {
  const { dev } = ac.idev;
  if (!rtnlHasListeners(dev.net, RTNLGRP_IPV6_ACADDR)) return;
  const b = new NlMsgBuilder();
  b.nlmsgEnd(inet6FillIfacaddr(b, dev, ac, { event, flags: 0, seq: 0, portid: 0, netnsid: -1 }));
  rtnlNotify(dev.net, b.bytes(), 0, RTNLGRP_IPV6_ACADDR, null);
}

/** `__ipv6_dev_ac_inc`: the address has one user more on the interface. 0, -ENODEV of an interface that goes, or what routing says. */
export function ipv6DevAcInc(idev: Inet6Dev, addr: In6Addr): number {
  if (idev.dead) return -ENODEV;
  const there = idev.acList.find((ac) => ac.addr.equals(addr));
  if (there !== undefined) {
    there.users++;
    return 0;
  }
  const { net } = idev.dev;
  const { ip } = ipv6Net.of(net);
  const rt = ip.routing?.f6iAlloc(net, idev, addr, true) ?? null;
  if (typeof rt === 'number') return rt;
  const { jiffies } = net.timers;
  const ac: Ifacaddr6 = { addr: addr.clone(), idev, rt, users: 1, cstamp: jiffies, tstamp: jiffies };
  idev.acList.unshift(ac);
  if (rt !== null) ip.routing?.insRt(net, rt);
  ip.addrconf?.joinSolict(idev.dev, ac.addr);
  notify(RTM_NEWANYCAST, ac);
  return 0;
}

/** What is undone with the last user, and with the interface. */
function release(ac: Ifacaddr6): void {
  const { net } = ac.idev.dev;
  const { ip } = ipv6Net.of(net);
  ip.addrconf?.leaveSolict(ac.idev, ac.addr);
  if (ac.rt !== null) ip.routing?.delRt(net, ac.rt);
}

/** `__ipv6_dev_ac_dec`: one user less. 0, or -ENOENT. */
export function ipv6DevAcDec(idev: Inet6Dev, addr: In6Addr): number {
  const at = idev.acList.findIndex((each) => each.addr.equals(addr));
  const ac = idev.acList[at];
  if (ac === undefined) return -ENOENT;
  if (--ac.users > 0) return 0;
  idev.acList.splice(at, 1);
  release(ac);
  notify(RTM_DELANYCAST, ac);
  return 0;
}

/** `ipv6_ac_destroy_dev`: the interface goes, and nobody is told. */
export function ipv6AcDestroyDev(idev: Inet6Dev): void {
  for (let ac = idev.acList.shift(); ac !== undefined; ac = idev.acList.shift()) release(ac);
}

/** `struct ipv6_ac_socklist`: an anycast address that a socket has joined. */
export interface Ipv6AcSocklist {
  readonly addr: In6Addr;
  readonly ifindex: number;
}

/**
 * `ipv6_sock_ac_join`: a socket, whose `list` it is, wants to be reached at the anycast address `addr`, on the interface `ifindex` (0: the
 * one where it may be). The caller has made sure of the privilege. 0, -EINVAL (a group, or an own address), -EADDRNOTAVAIL, -ENODEV.
 */
export function ipv6SockAcJoin(net: Net, list: Ipv6AcSocklist[], ifindex: number, addr: In6Addr): number {
  const { ip, devconfAll } = ipv6Net.of(net);
  if (addr.isMulticast() || ipv6ChkAddrAndFlags(net, addr, null, true, IFA_F_TENTATIVE)) return -EINVAL;
  let dev = net.devGetByIndex(ifindex);
  if (ifindex === 0) {
    const rt = ip.routing?.lookup(net, addr, null, 0, 0) ?? null;
    if (rt === null && devconfAll.forwarding === 0) return -EADDRNOTAVAIL;
    dev = rt?.dev ?? someDev(net);
    rt?.release();
  }
  if (dev === null) return -ENODEV;
  const idev = in6DevGet(dev);
  if (idev === null) return ifindex === 0 ? -EADDRNOTAVAIL : -ENODEV;
  // A host is reached at what its neighbours take for on-link; of other addresses nobody would know.
  if (idev.cnf.forwarding === 0 && !ipv6ChkPrefix(addr, dev)) return -EADDRNOTAVAIL;
  const err = ipv6DevAcInc(idev, addr);
  if (err === 0) list.unshift({ addr: addr.clone(), ifindex: dev.ifindex });
  return err;
}

/** `dev_get_by_flags_rcu`: where a router joins what it has no route to. */
function someDev(net: Net): NetDevice | null {
  return net.devList.find(({ flags }) => (flags & (IFF_UP | IFF_LOOPBACK)) === IFF_UP) ?? null;
}

/** `ipv6_sock_ac_drop`: 0, or -ENOENT. `ifindex` 0: wherever it was joined last. */
export function ipv6SockAcDrop(net: Net, list: Ipv6AcSocklist[], ifindex: number, addr: In6Addr): number {
  const at = list.findIndex((ac) => (ifindex === 0 || ac.ifindex === ifindex) && ac.addr.equals(addr));
  if (at < 0) return -ENOENT;
  drop(net, list.splice(at, 1)[0] as Ipv6AcSocklist);
  return 0;
}

/** `ipv6_sock_ac_close`. */
export function ipv6SockAcClose(net: Net, list: Ipv6AcSocklist[]): void {
  for (let ac = list.shift(); ac !== undefined; ac = list.shift()) drop(net, ac);
}

function drop(net: Net, { addr, ifindex }: Ipv6AcSocklist): void {
  const dev = net.devGetByIndex(ifindex);
  const idev = dev === null ? null : in6DevGet(dev);
  if (idev !== null) ipv6DevAcDec(idev, addr);
}

/** What devices do, and what that means for IPv6 (`addrconf_notify` in `net/ipv6/addrconf.c`). */
import {
  IFF_NO_ADDRCONF,
  NETDEV_CHANGE,
  NETDEV_CHANGEMTU,
  NETDEV_CHANGENAME,
  NETDEV_DOWN,
  NETDEV_POST_TYPE_CHANGE,
  NETDEV_PRE_TYPE_CHANGE,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
  NOTIFY_OK,
  type NetDevice,
  type NetdevNotifierInfo,
  notifierFromErrno,
} from '@skbuff/core';
import { IF_READY, in6DevGet, type Inet6Dev, ipv6Net } from '@skbuff/ipv6';
import { IFF_MULTICAST, IFF_NOARP, IFF_UP, IPV6_MIN_MTU, RTM_NEWLINK, RTNH_F_DEAD, RTNH_F_LINKDOWN } from '@skbuff/uapi';
import { addrconfDadRun } from './addrconf-dad.ts';
import { addrconfIfdown, addrconfLinkReady, addrconfPermanentAddr, ipv6AddDev } from './addrconf-dev.ts';
import { inet6IfinfoNotify } from './addrconf-fill.ts';
import { addrconfInitAutoAddrs } from './addrconf-gen.ts';
import { addrconfNet } from './addrconf-net.ts';
import { routingOf } from './addrconf-route.ts';

/** `addrconf_notify`. */
export function addrconfNotify(event: number, info: NetdevNotifierInfo): number {
  const { dev } = info;
  const idev = in6DevGet(dev);
  if (event === NETDEV_UP) addrconfNet.of(dev.net).random.addDevice(dev);
  switch (event) {
    case NETDEV_REGISTER:
      return idev === null && dev.mtu >= IPV6_MIN_MTU ? added(ipv6AddDev(dev)) : NOTIFY_OK;
    case NETDEV_CHANGEMTU:
      return mtuChanged(dev, idev, info);
    case NETDEV_UP:
    case NETDEV_CHANGE:
      return upOrChanged(event, dev, idev, info);
    case NETDEV_DOWN:
    case NETDEV_UNREGISTER:
      addrconfIfdown(dev, event !== NETDEV_DOWN);
      return NOTIFY_OK;
    case NETDEV_CHANGENAME:
      return idev === null ? NOTIFY_OK : nameChanged(idev);
    case NETDEV_PRE_TYPE_CHANGE:
    case NETDEV_POST_TYPE_CHANGE:
      if (idev !== null) typeChange(event, idev);
      return NOTIFY_OK;
    default:
      return NOTIFY_OK;
  }
}

function added(idev: Inet6Dev | number): number {
  return notifierFromErrno(typeof idev === 'number' ? idev : 0);
}

/** Its files are called as it is. */
function nameChanged(idev: Inet6Dev): number {
  const { filesRegister, filesUnregister } = addrconfNet.of(idev.dev.net);
  filesUnregister(idev);
  return notifierFromErrno(filesRegister(idev));
}

function typeChange(event: number, idev: Inet6Dev): void {
  const { mld } = ipv6Net.of(idev.dev.net).ip;
  if (event === NETDEV_PRE_TYPE_CHANGE) mld?.unmap(idev);
  else mld?.remap(idev);
}

/** The device leaves IPv6 when its MTU gets too small for that, and comes back. */
function mtuChanged(dev: NetDevice, idev: Inet6Dev | null, info: NetdevNotifierInfo): number {
  if (dev.mtu < IPV6_MIN_MTU) addrconfIfdown(dev, dev !== dev.net.loopbackDev);
  else if (idev !== null) setMtu(dev, idev);
  else {
    const made = ipv6AddDev(dev);
    if (typeof made !== 'number') return upOrChanged(NETDEV_UP, dev, made, info);
  }
  return NOTIFY_OK;
}

function setMtu(dev: NetDevice, idev: Inet6Dev): void {
  routingOf(dev)?.mtuChange(dev, dev.mtu);
  idev.cnf.mtu6 = dev.mtu;
}

function upOrChanged(event: number, dev: NetDevice, idev: Inet6Dev | null, info: NetdevNotifierInfo): number {
  if (idev !== null && idev.cnf.disableIpv6 !== 0) return NOTIFY_OK;
  if ((dev.privFlags & IFF_NO_ADDRCONF) !== 0) {
    const multicast = IFF_UP | IFF_MULTICAST;
    if (event === NETDEV_UP && idev !== null && (dev.flags & multicast) === multicast) ipv6Net.of(dev.net).ip.mld?.up(idev);
    return NOTIFY_OK;
  }
  const wasReady = idev !== null && (idev.ifFlags & IF_READY) !== 0;
  if (event === NETDEV_UP) {
    if (idev !== null) addrconfPermanentAddr(idev);
    if (addrconfLinkReady(dev)) ready(dev, idev ?? newcomer(dev));
  } else if (!addrconfLinkReady(dev)) routingOf(dev)?.syncDownDev(dev, event);
  else if (idev !== null && wasReady) changed(dev, idev, info.flagsChanged);
  else ready(dev, idev);
  return NOTIFY_OK;
}

function newcomer(dev: NetDevice): Inet6Dev | null {
  const idev = ipv6AddDev(dev);
  return typeof idev === 'number' ? null : idev;
}

/** The link carried packets before: the switches may be others, and the neighbours. */
function changed(dev: NetDevice, idev: Inet6Dev, flagsChanged: number): void {
  ipv6Net.of(dev.net).ip.mld?.up(idev);
  if ((flagsChanged & IFF_NOARP) !== 0) addrconfDadRun(idev, true);
  routingOf(dev)?.syncUp(dev, RTNH_F_LINKDOWN);
}

/** The link carries packets now. */
function ready(dev: NetDevice, idev: Inet6Dev | null): void {
  if (idev !== null) idev.ifFlags |= IF_READY;
  addrconfInitAutoAddrs(dev);
  if (idev === null) return;
  addrconfDadRun(idev, false);
  routingOf(dev)?.syncUp(dev, RTNH_F_DEAD);
  if (idev.cnf.mtu6 !== dev.mtu && dev.mtu >= IPV6_MIN_MTU) setMtu(dev, idev);
  idev.tstamp = dev.net.timers.jiffies;
  inet6IfinfoNotify(RTM_NEWLINK, idev);
  if (dev.mtu < IPV6_MIN_MTU) addrconfIfdown(dev, dev !== dev.net.loopbackDev);
}

/** Devices with their numbers, names, addresses, MTUs and flags; what links do to packets. */
import { devGetFlags, type Net, type NetDevice } from '@skbuff/core';
import { faultInjectorOf, injectFaults } from '@skbuff/fault-injector';
import { IfInfoMsg, type NlMsgBuilder } from '@skbuff/netlink';
import { errnoName, IFF_ALLMULTI, IFF_MULTICAST, IFF_NOARP, IFF_PROMISC, IFF_UP, IFLA_ADDRESS, IFLA_CARRIER, IFLA_GROUP, IFLA_IFALIAS, IFLA_IFNAME, IFLA_INFO_KIND, IFLA_LINKINFO, IFLA_MTU, IFLA_TXQLEN, NLM_F_CREATE, NLM_F_EXCL, RTM_NEWLINK } from '@skbuff/uapi';
import { vethAlloc, vethLinkOps, vethRegisterPair } from '@skbuff/veth';
import { otherEnd } from './far-end.ts';
import { Talker } from './replicate-tables.ts';
import type { Copying } from './replicate.ts';

const FLAGS = IFF_UP | IFF_NOARP | IFF_MULTICAST | IFF_PROMISC | IFF_ALLMULTI;

export function copyDevices(copying: Copying): void {
  const { nets, devs } = copying;
  for (const [from, to] of nets) {
    if (from.loopbackDev !== null && to.loopbackDev !== null) devs.set(from.loopbackDev, to.loopbackDev);
    for (const dev of [...from.devList].sort((a, b) => a.ifindex - b.ifindex)) if (!devs.has(dev)) make(copying, dev, to);
  }
  for (const [from, to] of nets) {
    const talker = new Talker(to);
    for (const dev of from.devList) {
      const copy = devs.get(dev);
      if (copy !== undefined) settings(talker, dev, copy);
    }
    to.ifindex = from.ifindex;
    talker.close();
  }
}

function make(copying: Copying, dev: NetDevice, to: Net): void {
  const peer = otherEnd(dev);
  const peerNet = peer === null ? undefined : copying.nets.get(peer.net);
  if (peer !== null && peerNet !== undefined) return makePair(copying, dev, to, peer, peerNet);
  const kind = dev.rtnlLinkOps?.kind ?? '';
  if (kind !== 'dummy') copying.notes.push(`${copying.nodeOf(dev.net)} ${dev.name} is ${kind === '' ? 'a device of its own' : `a ${kind}`}: nothing comes back from it here`);
  const talker = new Talker(to);
  const err = talker.send(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, IfInfoMsg.of({ index: dev.ifindex }), (b) => {
    b.nlaPutString(IFLA_IFNAME, dev.name);
    putAddress(b, dev);
    const info = b.nlaNestStart(IFLA_LINKINFO);
    b.nlaPutString(IFLA_INFO_KIND, 'dummy');
    b.nlaNestEnd(info);
  });
  talker.close();
  const made = to.devGetByIndex(dev.ifindex);
  if (err < 0 || made === null) copying.notes.push(`${copying.nodeOf(dev.net)} ${dev.name} could not be copied: ${errnoName(err)}`);
  else copying.devs.set(dev, made);
}

function makePair({ devs, notes, nodeOf }: Copying, dev: NetDevice, to: Net, peer: NetDevice, peerTo: Net): void {
  const [a, b] = [
    [dev, to],
    [peer, peerTo],
  ].map(([from, net]) => {
    const { name, devAddr, mtu, ifindex } = from as NetDevice;
    const made = vethAlloc(net as Net, name, vethLinkOps, devAddr.slice(0, 6), mtu);
    made.ifindex = ifindex;
    return made;
  }) as [NetDevice, NetDevice];
  const err = vethRegisterPair(a, b);
  if (err !== 0) notes.push(`${nodeOf(dev.net)} ${dev.name} could not be copied: ${errnoName(err)}`);
  else devs.set(dev, a).set(peer, b);
}

function putAddress(b: NlMsgBuilder, dev: NetDevice): void {
  if (dev.addrLen > 0) b.nlaPut(IFLA_ADDRESS, dev.devAddr.slice(0, dev.addrLen));
}

function settings(talker: Talker, dev: NetDevice, copy: NetDevice): void {
  const flags = devGetFlags(dev);
  const change = (flags ^ devGetFlags(copy)) & FLAGS;
  talker.send(RTM_NEWLINK, 0, IfInfoMsg.of({ index: copy.ifindex, flags: flags & FLAGS, change }), (b) => {
    if (dev.mtu !== copy.mtu) b.nlaPutU32(IFLA_MTU, dev.mtu);
    if (dev.txQueueLen !== copy.txQueueLen) b.nlaPutU32(IFLA_TXQLEN, dev.txQueueLen);
    if (dev.group !== copy.group) b.nlaPutU32(IFLA_GROUP, dev.group);
    if (dev.ifalias !== '') b.nlaPutString(IFLA_IFALIAS, dev.ifalias);
  });
}

/** After the tables: a route may go by a link that was cut later. */
export function copyLinkFaults({ devs, nets }: Copying): void {
  for (const [dev, copy] of devs) {
    const injector = faultInjectorOf(dev);
    const peer = devs.get(otherEnd(dev) as NetDevice);
    if (injector !== null) {
      const made = injectFaults(copy, injector.impairment, peer === undefined ? {} : { peer });
      if (typeof made !== 'number') made.setDown(injector.down);
    } else if (otherEnd(dev) === null && dev.carrierOk() !== copy.carrierOk()) {
      const talker = new Talker(copy.net);
      talker.send(RTM_NEWLINK, 0, IfInfoMsg.of({ index: copy.ifindex }), (b) => b.nlaPutU8(IFLA_CARRIER, dev.carrierOk() ? 1 : 0));
      talker.close();
    }
  }
  for (const to of nets.values()) to.kernel.onClock();
}

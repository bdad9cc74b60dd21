/** Whether to answer, to proxy, to believe: the policies of net.ipv4.conf.* that concern ARP. */
import type { Net, NetDevice } from '@skbuff/core';
import { Flowi4, type InDevice, LINUX_MIB_ARPFILTER, inetConfirmAddr, ipv4Net, inDevArpAccept, inDevArpIgnore } from '@skbuff/ipv4';
import { ARPOP_REPLY, RTN_UNICAST, RT_SCOPE_HOST, RT_SCOPE_LINK } from '@skbuff/uapi';
import { addrType } from './arp-addr-type.ts';
import type { ArpPacket } from './arp-packet.ts';


/**
 * `arp_ignore`: true if a request for the local address `tip` is not answered.
 * 0: always answered. 1: only for addresses of this interface. 2: and only to senders of the same subnet. 3: not for addresses of
 * scope host. 8: never. Any other number means 0.
 */
export function arpIgnore(inDev: InDevice, sip: number, tip: number): boolean {
  const { net } = inDev.dev;
  switch (inDevArpIgnore(inDev)) {
    case 1:
      return inetConfirmAddr(net, inDev, 0, tip, RT_SCOPE_HOST) === 0;
    case 2:
      return inetConfirmAddr(net, inDev, sip, tip, RT_SCOPE_HOST) === 0;
    case 3:
      return inetConfirmAddr(net, null, 0, tip, RT_SCOPE_LINK) === 0;
    case 8:
      return true;
    default:
      return false;
  }
}

/** `arp_filter`: true if this host would not answer `sip` by the interface that the request came in by. */
export function arpFilter(sip: number, tip: number, dev: NetDevice): boolean {
  const { routing } = ipv4Net.of(dev.net).ip;
  if (routing === null) return true;
  const rt = routing.routeOutput(dev.net, new Flowi4().init(0, 0, 0, 0, 0, 0, sip, tip, 0, 0), null);
  if (typeof rt === 'number') return true;
  const other = rt.dev !== dev;
  if (other) ipv4Net.of(dev.net).linuxMib[LINUX_MIB_ARPFILTER]++;
  rt.release();
  return other;
}

/** `arp_accept`: whether somebody unknown who did not ask us becomes an entry. 1: yes. 2: only from a subnet of the interface. */
export function arpAccept(inDev: InDevice, sip: number): boolean {
  switch (inDevArpAccept(inDev)) {
    case 1:
      return true;
    case 2:
      return inetConfirmAddr(inDev.dev.net, inDev, sip, 0, RT_SCOPE_LINK) !== 0;
    default:
      return false;
  }
}

/** `arp_is_garp`: a station announces its own unicast address. A reply counts only if its target is the sender too. */
export function arpIsGarp(net: Net, arp: ArpPacket): boolean {
  if (arp.sip !== arp.tip) return false;
  if (arp.op === ARPOP_REPLY && !arp.targetIsSender) return false;
  return addrType(net, arp.sip) === RTN_UNICAST;
}

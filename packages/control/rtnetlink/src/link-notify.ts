/** RTM_NEWLINK and RTM_DELLINK to RTNLGRP_LINK (`rtmsg_ifinfo`, `rtnetlink_event`). */
import * as C from '@skbuff/core';
import type { NetdevNotifier, NetDevice, RtnlNotify } from '@skbuff/core';
import { NlMsgBuilder, nlmsgReport, rtnlHasListeners, rtnlNotify, rtnlSetSkErr } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { rtnlFillIfinfo } from './fill-ifinfo.ts';
import type { RtnlLinks } from './links.ts';
import { rtnlNetNotifyid } from './nsid.ts';

/** `rtmsg_ifinfo`: tells the listeners of the device's namespace, and the requester of `links.request` if it wants an echo. */
export function rtmsgIfinfo(links: RtnlLinks, type: number, dev: NetDevice, change: number, event: number = U.IFLA_EVENT_NONE): void {
  const { net } = dev;
  const { request } = links;
  const echo = request !== null && request.skb.net === net && nlmsgReport(request.nlh) ? request : null;
  if (echo === null && !rtnlHasListeners(net, U.RTNLGRP_LINK)) return;
  const b = new NlMsgBuilder(undefined, 2048);
  const portid = echo === null ? 0 : echo.skb.portid;
  const seq = echo === null ? 0 : echo.nlh.seq;
  const movedTo = type === U.RTM_DELLINK ? links.moving : null;
  const err = rtnlFillIfinfo(links, b, dev, net, { type, portid, seq, change, flags: 0, extFilterMask: 0, event, tgtNetnsid: -1, movedTo });
  if (err < 0) rtnlSetSkErr(net, U.RTNLGRP_LINK, err);
  else rtnlNotify(net, b.bytes(), portid, U.RTNLGRP_LINK, echo === null ? null : echo.nlh);
}

/** What the core calls. A device that a request is making is told about when it is complete. */
export function linkNotify(links: RtnlLinks): RtnlNotify {
  const outsideRequest = (fn: () => void): void => {
    const { request } = links;
    links.request = null;
    fn();
    links.request = request;
  };
  return {
    linkChanged(dev, change) {
      if (dev.regState !== C.NETREG_REGISTERED) return;
      if (links.initializing.has(dev)) {
        if (links.onFirstChange?.dev === dev) links.onFirstChange.tell();
        return;
      }
      outsideRequest(() => rtmsgIfinfo(links, U.RTM_NEWLINK, dev, change));
    },
    linkRemoved(dev) {
      if (!links.initializing.has(dev)) rtmsgIfinfo(links, U.RTM_DELLINK, dev, C.RTNL_CHANGE_ALL);
    },
    nsidChanged(net, id, removed) {
      rtnlNetNotifyid(net, removed ? U.RTM_DELNSID : U.RTM_NEWNSID, id, 0, null);
    },
  };
}

/** Which events of `netdev_chain` make a message of their own, and what its IFLA_EVENT is. */
const EVENTS: ReadonlyMap<number, number> = new Map([
  [C.NETDEV_REBOOT, U.IFLA_EVENT_REBOOT],
  [C.NETDEV_CHANGEMTU, U.IFLA_EVENT_NONE],
  [C.NETDEV_CHANGEADDR, U.IFLA_EVENT_NONE],
  [C.NETDEV_CHANGENAME, U.IFLA_EVENT_NONE],
  [C.NETDEV_FEAT_CHANGE, U.IFLA_EVENT_FEATURES],
  [C.NETDEV_BONDING_FAILOVER, U.IFLA_EVENT_BONDING_FAILOVER],
  [C.NETDEV_POST_TYPE_CHANGE, U.IFLA_EVENT_NONE],
  [C.NETDEV_NOTIFY_PEERS, U.IFLA_EVENT_NOTIFY_PEERS],
  [C.NETDEV_CHANGEUPPER, U.IFLA_EVENT_NONE],
  [C.NETDEV_RESEND_IGMP, U.IFLA_EVENT_IGMP_RESEND],
  [C.NETDEV_CHANGEINFODATA, U.IFLA_EVENT_BONDING_OPTIONS],
  [C.NETDEV_CHANGELOWERSTATE, U.IFLA_EVENT_NONE],
  [C.NETDEV_CHANGE_TX_QUEUE_LEN, U.IFLA_EVENT_NONE],
]);

/** `rtnetlink_event`. */
export function rtnetlinkEvent(links: RtnlLinks): NetdevNotifier {
  const { linkChanged } = linkNotify(links);
  return {
    notifierCall(_nb, event, { dev }) {
      const ifla = EVENTS.get(event);
      if (ifla === undefined) return C.NOTIFY_DONE;
      if (ifla === U.IFLA_EVENT_NONE) linkChanged(dev, 0);
      else if (dev.regState === C.NETREG_REGISTERED && !links.initializing.has(dev)) rtmsgIfinfo(links, U.RTM_NEWLINK, dev, 0, ifla);
      return C.NOTIFY_DONE;
    },
  };
}

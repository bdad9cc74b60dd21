/** What both benches configure: namespaces, veth pairs, addresses and routes, through netlink as a user would. */
import { devOpen } from '@skbuff/core';
import { IfAddrMsg, NlMsgBuilder, RtMsg, netlinkPort, nlTalk } from '@skbuff/netlink';
import {
  AF_INET,
  IFA_ADDRESS,
  IFA_LOCAL,
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  RTA_DST,
  RTA_GATEWAY,
  RTM_NEWADDR,
  RTM_NEWROUTE,
  RTN_UNICAST,
  RTPROT_BOOT,
  RT_TABLE_MAIN,
} from '@skbuff/uapi';
import { vethCreate } from '@skbuff/veth';
import { inetPton4 } from '@skbuff/wire';

/** @param {number | object} result @param {string} what */
export function must(result, what) {
  if (typeof result === 'number' && result < 0) throw new Error(`${what}: errno ${-result}`);
  return result;
}

/** A veth between two namespaces, both ends up. */
export function wire(netA, nameA, netB, nameB) {
  const pair = must(vethCreate(netA, nameA, netB, nameB), `veth ${nameA}`);
  must(devOpen(pair.dev), `${nameA} up`);
  must(devOpen(pair.peer), `${nameB} up`);
  return pair;
}

function talk(net, type, header, fill, what) {
  const port = must(netlinkPort(net, NETLINK_ROUTE), 'netlink');
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(type, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, 1, 0, header);
  fill(b);
  b.nlmsgEnd(nlh);
  const reply = nlTalk(port, b.bytes());
  port.close();
  if (reply.error !== 0) throw new Error(`${what}: errno ${-reply.error} ${reply.extack}`);
}

/** `ip addr add ADDR/PLEN dev DEV` */
export function address(dev, addr, prefixlen) {
  const local = inetPton4(addr);
  talk(dev.net, RTM_NEWADDR, IfAddrMsg.of({ family: AF_INET, prefixlen, index: dev.ifindex }), (b) => {
    b.nlaPutInAddr(IFA_LOCAL, local);
    b.nlaPutInAddr(IFA_ADDRESS, local);
  }, `addr add ${addr}`);
}

/** `ip route add DST/PLEN via GATEWAY` */
export function route(net, dst, dstLen, gateway) {
  const header = RtMsg.of({ family: AF_INET, dstLen, table: RT_TABLE_MAIN, protocol: RTPROT_BOOT, scope: 0, type: RTN_UNICAST });
  talk(net, RTM_NEWROUTE, header, (b) => {
    if (dstLen > 0) b.nlaPutInAddr(RTA_DST, inetPton4(dst));
    b.nlaPutInAddr(RTA_GATEWAY, inetPton4(gateway));
  }, `route add ${dst}/${dstLen} via ${gateway}`);
}

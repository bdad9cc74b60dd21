/** What both benches configure: namespaces, veth pairs, addresses and routes, through netlink as a user would. */
import { addrconf } from '@skbuff/addrconf';
import { arp } from '@skbuff/arp';
import { devOpen } from '@skbuff/core';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { fib6 } from '@skbuff/fib6';
import { Fib6Trie } from '@skbuff/fib6-trie';
import { icmp } from '@skbuff/icmp';
import { icmpv6 } from '@skbuff/icmpv6';
import { ipv4 } from '@skbuff/ipv4';
import { ipv6 } from '@skbuff/ipv6';
import { loopback } from '@skbuff/loopback';
import { mld } from '@skbuff/mld';
import { ndisc } from '@skbuff/ndisc';
import { neighbour } from '@skbuff/neighbour';
import { IfAddrMsg, netlink, NlMsgBuilder, RtMsg, netlinkPort, nlTalk } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { rtnetlink } from '@skbuff/rtnetlink';
import { sysctl } from '@skbuff/sysctl';
import {
  AF_INET,
  AF_INET6,
  IFA_ADDRESS,
  IFA_F_NODAD,
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
import { veth, vethCreate } from '@skbuff/veth';
import { inetPton } from '@skbuff/wire';

const ipv4Plugins = () => [arp(), ipv4(), icmp(), fib({ table: () => new FibTrie() })];
const ipv6Plugins = () => [ipv6(), icmpv6(), ndisc(), addrconf(), mld(), fib6({ table: () => new Fib6Trie() })];

/** The stack below the sockets: of one IP version, or of both. @param {import('./contract.mjs').Options} options */
export function stack({ version = 4, both = false }) {
  return [
    netlink(), rtnetlink(), sysctl(), procfs(), loopback(), veth(), neighbour(),
    ...(version === 4 || both ? ipv4Plugins() : []), ...(version === 6 || both ? ipv6Plugins() : []),
  ];
}

/** @param {string} text */
export const familyOf = (text) => (text.includes(':') ? AF_INET6 : AF_INET);

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

/** `ip addr add ADDR/PLEN dev DEV nodad` */
export function address(dev, addr, prefixlen) {
  const family = familyOf(addr);
  const local = inetPton(family, addr);
  const flags = family === AF_INET6 ? IFA_F_NODAD : 0;
  talk(dev.net, RTM_NEWADDR, IfAddrMsg.of({ family, prefixlen, flags, index: dev.ifindex }), (b) => {
    b.nlaPut(IFA_LOCAL, local);
    b.nlaPut(IFA_ADDRESS, local);
  }, `addr add ${addr}`);
}

/** `ip route add DST/PLEN via GATEWAY`; `dst`: text, or bytes. */
export function route(net, dst, dstLen, gateway) {
  const family = familyOf(gateway);
  const header = RtMsg.of({ family, dstLen, table: RT_TABLE_MAIN, protocol: RTPROT_BOOT, scope: 0, type: RTN_UNICAST });
  talk(net, RTM_NEWROUTE, header, (b) => {
    if (dstLen > 0) b.nlaPut(RTA_DST, typeof dst === 'string' ? inetPton(family, dst) : dst);
    b.nlaPut(RTA_GATEWAY, inetPton(family, gateway));
  }, `route add ${dst}/${dstLen} via ${gateway}`);
}

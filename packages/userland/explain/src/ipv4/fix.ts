/** What drops mean that come of settings of IPv4, and which setting would mend them. */
import * as C from '@skbuff/core';
import { IPPROTO_ICMP, PACKET_HOST } from '@skbuff/uapi';
import { devName, type DropContext, from, node, noRoute, setting, to, type WhatAndFix, type Words } from '../drop-words.ts';

const notForwarding: Words = (c) => {
  const dotted = devName(c).replaceAll('.', '/');
  const all = setting(c.net, 'ipv4/ip_forward') === '0';
  return [
    `${to(c)} is no address of ${node(c)}, and ${node(c)} forwards nothing ${all ? '' : `from ${devName(c)}`}`.trimEnd(),
    all ? `ip_forward is 0 on ${node(c)}: sysctl -w net.ipv4.ip_forward=1` : `forwarding is 0 on ${node(c)} ${devName(c)}: sysctl -w net.ipv4.conf.${dotted}.forwarding=1`,
  ];
};

function ignoresEchos(c: DropContext): WhatAndFix | null {
  const refused = c.route !== null && c.route.error !== 0;
  if (refused || c.ip?.protocol !== IPPROTO_ICMP || setting(c.net, 'ipv4/icmp_echo_ignore_all') !== '1') return null;
  return ['echo requests are ignored', `icmp_echo_ignore_all is 1 on ${node(c)}: sysctl -w net.ipv4.icmp_echo_ignore_all=0`];
}

/** The kernel answers echo requests to many only if it is told to. */
function ignoresBroadcasts(c: DropContext): WhatAndFix | null {
  if (c.skb.pktType === PACKET_HOST || setting(c.net, 'ipv4/icmp_echo_ignore_broadcasts') !== '1') return null;
  return [`${node(c)} ignores echo requests to ${to(c)}, which is no address of it alone`, `icmp_echo_ignore_broadcasts is 1 on ${node(c)}: sysctl -w net.ipv4.icmp_echo_ignore_broadcasts=0`];
}

const rpFilter: Words = (c) => {
  const own = Number(setting(c.net, `ipv4/conf/${devName(c)}/rp_filter`));
  const strict = Math.max(own, Number(setting(c.net, 'ipv4/conf/all/rp_filter')));
  const where = strict === own ? devName(c) : 'all';
  const back = c.route?.wayBack ?? null;
  return [
    back === null ? `there is no way back to ${from(c)}` : `the way back to ${from(c)} is ${back}, not ${devName(c)}`,
    `rp_filter is ${strict} on ${node(c)} ${where}: add a route to ${from(c)} by ${devName(c)}, or sysctl -w net.ipv4.conf.${where.replaceAll('.', '/')}.rp_filter=${strict === 1 && back !== null ? 2 : 0}`,
  ];
};

export const ipv4Words: Readonly<{ [reason: number]: (context: DropContext) => WhatAndFix | null }> = {
  [C.SKB_DROP_REASON_NOT_SPECIFIED]: ignoresEchos,
  [C.SKB_DROP_REASON_INVALID_PROTO]: ignoresBroadcasts,
  [C.SKB_DROP_REASON_IP_RPFILTER]: rpFilter,
  [C.SKB_DROP_REASON_IP_LOCAL_SOURCE]: (c) => [`${from(c)} is an address of ${node(c)} itself: a martian source`, `give the sender an address of its own, or sysctl -w net.ipv4.conf.${devName(c)}.accept_local=1`],
  [C.SKB_DROP_REASON_IP_LOCALNET]: (c) => ['addresses of 127.0.0.0/8 must not be on a wire', `route_localnet is 0 on ${node(c)}: sysctl -w net.ipv4.conf.${devName(c)}.route_localnet=1`],
  [C.SKB_DROP_REASON_IP_INADDRERRORS]: notForwarding,
  [C.SKB_DROP_REASON_IP_INNOROUTES]: (c) => (c.dev !== null && setting(c.net, `ipv4/conf/${c.dev.name}/forwarding`) === '0' ? notForwarding(c) : noRoute(c)),
};

/** Addresses of interfaces, as ifaddrs.h has them: the kernel is asked over netlink. */
import { IfAddrMsg, type NetlinkPort, NlMsgBuilder, nlaFind, nlmsgAll } from '@skbuff/netlink';
import { AF_INET6, IFA_ADDRESS, IFA_LOCAL, NETLINK_ROUTE, NLA_HDRLEN, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, RTM_GETADDR, RTM_NEWADDR } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';

/** An address and the interface that has it. */
export interface IfAddr {
  readonly ifindex: number;
  readonly addr: In6Addr;
}

/** Whoever can open a netlink socket: a `CommandEnv` is one. */
export interface NetlinkOpener {
  netlink(protocol: number): Pick<NetlinkPort, 'sendmsg' | 'recvmsg' | 'close'> | number;
}

/** getifaddrs(3), the IPv6 half: own addresses in the kernel's order, or a negative errno. */
export function getifaddrs6(env: NetlinkOpener): IfAddr[] | number {
  const port = env.netlink(NETLINK_ROUTE);
  if (typeof port === 'number') return port;
  const b = new NlMsgBuilder();
  b.nlmsgEnd(b.nlmsgPut(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 1, 0, IfAddrMsg.of({ family: AF_INET6 })));
  port.sendmsg(b.bytes());
  const all: IfAddr[] = [];
  for (let over = false; !over; ) {
    const answer = port.recvmsg();
    if (typeof answer === 'number') break;
    for (const msg of nlmsgAll(answer.data)) {
      over ||= msg.type === NLMSG_DONE || msg.type === NLMSG_ERROR;
      if (msg.type !== RTM_NEWADDR) continue;
      const { index } = new IfAddrMsg().read(msg.buf, msg.data);
      const find = (type: number): number => nlaFind(msg.buf, msg.data + IfAddrMsg.LEN, msg.dataLen - IfAddrMsg.LEN, type);
      // With a peer the address is the peer's, and the own one is told beside it.
      const local = find(IFA_LOCAL);
      const at = local < 0 ? find(IFA_ADDRESS) : local;
      if (at >= 0) all.push({ ifindex: index, addr: new In6Addr().load(msg.buf, at + NLA_HDRLEN) });
    }
  }
  port.close();
  return all;
}

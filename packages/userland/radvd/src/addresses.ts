/** Addresses of interfaces, as getifaddrs(3) tells them. */
import type { CommandEnv } from '@skbuff/command';
import { IfAddrMsg, NlMsgBuilder, nlaFind, nlmsgAll } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';

export interface IfAddr {
  readonly ifindex: number;
  readonly addr: In6Addr;
}

/** All IPv6 addresses, in the kernel's order. */
export function ipv6Addresses(env: CommandEnv): IfAddr[] {
  const port = env.netlink(U.NETLINK_ROUTE);
  if (typeof port === 'number') return [];
  const b = new NlMsgBuilder();
  b.nlmsgEnd(b.nlmsgPut(U.RTM_GETADDR, U.NLM_F_REQUEST | U.NLM_F_DUMP, 1, 0, IfAddrMsg.of({ family: U.AF_INET6 })));
  port.sendmsg(b.bytes());
  const all: IfAddr[] = [];
  for (let over = false; !over; ) {
    const answer = port.recvmsg();
    if (typeof answer === 'number') break;
    for (const msg of nlmsgAll(answer.data)) {
      over ||= msg.type === U.NLMSG_DONE || msg.type === U.NLMSG_ERROR;
      if (msg.type !== U.RTM_NEWADDR) continue;
      const { index } = new IfAddrMsg().read(msg.buf, msg.data);
      const find = (type: number): number => nlaFind(msg.buf, msg.data + IfAddrMsg.LEN, msg.dataLen - IfAddrMsg.LEN, type);
      const at = find(U.IFA_LOCAL) < 0 ? find(U.IFA_ADDRESS) : find(U.IFA_LOCAL);
      if (at >= 0) all.push({ ifindex: index, addr: new In6Addr().load(msg.buf, at + U.NLA_HDRLEN) });
    }
  }
  port.close();
  return all;
}

/** Those of one interface, by value. */
export function sortedAddresses(env: CommandEnv, ifindex: number): In6Addr[] {
  return ipv6Addresses(env)
    .filter((one) => one.ifindex === ifindex)
    .map(({ addr }) => addr)
    .sort(compare);
}

function compare(a: In6Addr, b: In6Addr): number {
  return (a.w0 >>> 0) - (b.w0 >>> 0) || (a.w1 >>> 0) - (b.w1 >>> 0) || (a.w2 >>> 0) - (b.w2 >>> 0) || (a.w3 >>> 0) - (b.w3 >>> 0);
}

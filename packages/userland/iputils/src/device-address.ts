/** Whose an address is, as getifaddrs(3) tells it. */
import { IfAddrMsg, NlMsgBuilder, nlaFind, nlmsgAll } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { In6Addr } from '@skbuff/wire';
import type { Program } from './iputils-common.ts';

/** Whether a device has an IPv6 address; true also if the kernel does not say. */
export function isOnDevice(program: Program, ifindex: number, addr: In6Addr): boolean {
  const port = program.env.netlink(U.NETLINK_ROUTE);
  if (typeof port === 'number') return true;
  const b = new NlMsgBuilder();
  b.nlmsgEnd(b.nlmsgPut(U.RTM_GETADDR, U.NLM_F_REQUEST | U.NLM_F_DUMP, 1, 0, IfAddrMsg.of({ family: U.AF_INET6 })));
  port.sendmsg(b.bytes());
  let found = false;
  for (let over = false; !over; ) {
    const answer = port.recvmsg();
    if (typeof answer === 'number') break;
    for (const msg of nlmsgAll(answer.data)) {
      over ||= msg.type === U.NLMSG_DONE || msg.type === U.NLMSG_ERROR;
      if (msg.type !== U.RTM_NEWADDR) continue;
      const ifa = new IfAddrMsg().read(msg.buf, msg.data);
      const at = nlaFind(msg.buf, msg.data + IfAddrMsg.LEN, msg.dataLen - IfAddrMsg.LEN, U.IFA_ADDRESS);
      found ||= ifa.index === ifindex && at >= 0 && addr.isAt(msg.buf, at + U.NLA_HDRLEN);
    }
  }
  port.close();
  return found;
}

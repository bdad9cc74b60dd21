/** Requests to rtnetlink as typed calls: messages are built, sent and answered at once. */
import type { Kernel, Net } from '@skbuff/core';
import { NlMsgBuilder, type NetlinkPort, type NlMsgHdr, type NlStruct, netlinkPort, nlTalk } from '@skbuff/netlink';
import { SysError } from '@skbuff/sock';
import { NETLINK_EXT_ACK, NETLINK_ROUTE, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST } from '@skbuff/uapi';

export class RtnlClient {
  private readonly port: NetlinkPort;
  private readonly net: Net;
  private seq = 0;

  /** @param pid of the process that asks */
  constructor(net: Net, pid: number) {
    const port = netlinkPort(net, NETLINK_ROUTE, { pid });
    if (typeof port === 'number') throw new SysError('socket(AF_NETLINK)', port, 'Load netlink() from @skbuff/netlink.');
    port.setsockopt(NETLINK_EXT_ACK, 1);
    this.port = port;
    this.net = net;
  }

  /** One request, acknowledged. Throws {@link SysError} with the kernel's explanation; `what` says what was asked. */
  request(what: string, type: number, flags: number, header: NlStruct, fill: (b: NlMsgBuilder) => void): readonly NlMsgHdr[] {
    const b = new NlMsgBuilder();
    const nlh = b.nlmsgPut(type, NLM_F_REQUEST | NLM_F_ACK | flags, ++this.seq, 0, header);
    fill(b);
    b.nlmsgEnd(nlh);
    const reply = nlTalk(this.port, b.bytes());
    runWork(this.net.kernel);
    if (reply.error < 0) throw new SysError(what, reply.error, reply.extack);
    return reply.msgs;
  }

  /** All objects of a kind. */
  dump(what: string, type: number, header: NlStruct): readonly NlMsgHdr[] {
    const b = new NlMsgBuilder();
    b.nlmsgEnd(b.nlmsgPut(type, NLM_F_REQUEST | NLM_F_DUMP, ++this.seq, 0, header));
    const reply = nlTalk(this.port, b.bytes());
    if (reply.error < 0) throw new SysError(what, reply.error, reply.extack);
    return reply.msgs;
  }

  close(): void {
    this.port.close();
  }
}

/**
 * Lets the kernel do what it has put off, such as giving a device that is up its queue (`linkwatch_event`). On Linux a worker has
 * done it before anybody can type the next line; here no time has passed.
 */
export function runWork(kernel: Kernel): void {
  kernel.onClock();
}

/** What the kernel tells of links and addresses while the daemon runs. */
import type { NetlinkSocket } from '@skbuff/command';
import { ifIndextoname } from '@skbuff/netdb';
import { IfAddrMsg, IfInfoMsg, type NlMsgHdr, nlaFind, nlmsgAll } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { Radvd, RaIface } from './interface.ts';

/** Seconds after which an interface that has changed is looked at. */
const SETTLE = 1;
/** What a link's message has to tell to be one about its state. */
const STATE_ATTRS = [U.IFLA_OPERSTATE, U.IFLA_LINKMODE];

export class LinkWatch {
  private readonly d: Radvd;
  private readonly port: NetlinkSocket;

  private constructor(d: Radvd, port: NetlinkSocket) {
    this.d = d;
    this.port = port;
  }

  /** Null: the log has been told why. */
  static open(d: Radvd): LinkWatch | null {
    const port = d.env.netlink(U.NETLINK_ROUTE);
    if (typeof port === 'number') {
      d.log.flog(`Unable to open netlink socket: ${U.strerror(-port)}`);
      return null;
    }
    port.setsockopt(U.NETLINK_NO_ENOBUFS, 1);
    const err = port.bind(0, U.RTMGRP_LINK | U.RTMGRP_IPV6_IFADDR);
    if (err < 0) d.log.flog(`Unable to bind netlink socket: ${U.strerror(-err)}`);
    // A wait of the process ends when there is news.
    port.onReadable = () => d.env.task.interrupt();
    return new LinkWatch(d, port);
  }

  get hasNews(): boolean {
    return this.port.readable();
  }

  /** One datagram of news. */
  process(ifaces: readonly RaIface[]): void {
    const answer = this.port.recvmsg();
    if (typeof answer === 'number') {
      this.d.log.flog(`netlink: recvmsg failed: ${U.strerror(-answer)}`);
      return;
    }
    for (const msg of nlmsgAll(answer.data)) {
      if (msg.type === U.RTM_NEWLINK || msg.type === U.RTM_DELLINK) this.link(msg, ifaces);
      else if (msg.type === U.RTM_NEWADDR || msg.type === U.RTM_DELADDR) this.address(msg, ifaces);
    }
  }

  private link(msg: NlMsgHdr, ifaces: readonly RaIface[]): void {
    const { index, flags } = new IfInfoMsg().read(msg.buf, msg.data);
    const name = ifIndextoname(this.d.env.task, index) ?? '';
    const attrs = STATE_ATTRS.filter((type) => nlaFind(msg.buf, msg.data + IfInfoMsg.LEN, msg.dataLen - IfInfoMsg.LEN, type) >= 0);
    for (const _ of attrs) this.d.log.dlog(3, `netlink: ${name}, ifindex ${index}, flags is ${(flags & U.IFF_RUNNING) === 0 ? '*NOT* ' : ''}running`);
    this.change(ifaces.find((one) => one.name === name));
  }

  private address(msg: NlMsgHdr, ifaces: readonly RaIface[]): void {
    const { index } = new IfAddrMsg().read(msg.buf, msg.data);
    const name = ifIndextoname(this.d.env.task, index) ?? '';
    this.d.log.dlog(3, `netlink: ${name}, ifindex ${index}, ${msg.type === U.RTM_NEWADDR ? 'new address' : 'address deleted'}`);
    const iface = ifaces.find((one) => one.name === name);
    if (iface === undefined) return;
    const differs = iface.hasOtherAddresses();
    this.d.log.dlog(3, `netlink: ${name}, ifindex ${index}, addresses are ${differs ? 'different' : 'the same'}`);
    if (differs) this.change(iface);
  }

  private change(iface: RaIface | undefined): void {
    if (iface === undefined) return;
    iface.changed = true;
    iface.reschedule(SETTLE);
  }

  close(): void {
    this.port.onReadable = null;
    this.port.close();
  }
}

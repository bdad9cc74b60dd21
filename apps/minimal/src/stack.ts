/** The fewest plugins that answer a ping: no sockets, no commands, no links but the one that frames come in by. */
import { arp } from '@skbuff/arp';
import { createKernel, devOpen, type Kernel } from '@skbuff/core';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { createFrameDevice, type FramePort } from '@skbuff/frame-port';
import { icmp } from '@skbuff/icmp';
import { ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { IfAddrMsg, netlink, netlinkPort, NlMsgBuilder, nlTalk } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { AF_INET, errnoName, IFA_ADDRESS, IFA_LOCAL, NETLINK_ROUTE, NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST, RTM_NEWADDR } from '@skbuff/uapi';

function must(what: string, err: number): void {
  if (err < 0) throw new Error(`${what}: ${errnoName(err)}`);
}

/** A host with one device on `port` and one address (u32) of that prefix length. */
export function createHost(port: FramePort, mac: Uint8Array, address: number, prefixlen: number): Kernel {
  const plugins = [sysctl(), procfs(), netlink(), loopback(), neighbour(), ipv4(), arp(), fib({ table: () => new FibTrie() }), icmp()];
  const kernel = createKernel({ plugins });
  const net = kernel.initNet;
  if (net.loopbackDev !== null) must('lo', devOpen(net.loopbackDev));
  const dev = createFrameDevice(net, { name: 'eth0', port, address: mac });
  if (typeof dev === 'number') throw new Error(`eth0: ${errnoName(dev)}`);
  must('eth0', devOpen(dev));

  // The address comes by netlink, like everything that configures a stack: this is `ip addr add`.
  const request = new NlMsgBuilder();
  const nlh = request.nlmsgPut(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, 1, 0, IfAddrMsg.of({ family: AF_INET, prefixlen, index: dev.ifindex }));
  request.nlaPutInAddr(IFA_LOCAL, address);
  request.nlaPutInAddr(IFA_ADDRESS, address);
  request.nlmsgEnd(nlh);
  const rtnl = netlinkPort(net, NETLINK_ROUTE);
  if (typeof rtnl === 'number') throw new Error(`netlink: ${errnoName(rtnl)}`);
  must('address', nlTalk(rtnl, request.bytes()).error);
  rtnl.close();
  kernel.onClock();
  return kernel;
}

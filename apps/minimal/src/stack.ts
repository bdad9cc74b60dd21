/** The fewest plugins that answer a ping: no sockets, no commands, no links but the one that frames come in by, nothing to configure a stack from outside. */
import { arpBare } from '@skbuff/arp';
import { createKernel, devOpen, type Kernel } from '@skbuff/core';
import { createFrameDevice, type FramePort } from '@skbuff/frame-port';
import { hostRoutes } from '@skbuff/host-routes';
import { icmpBare } from '@skbuff/icmp';
import { inDevGet, inetAllocIfa, inetInsertIfa, ipv4Bare } from '@skbuff/ipv4';
import { neighbourBare } from '@skbuff/neighbour';

function must(what: string, err: number): void {
  if (err < 0) throw new Error(`${what}: errno ${-err}`);
}

/** A host with one device on `port` and one address (u32) of that prefix length. */
export function createHost(port: FramePort, mac: Uint8Array, address: number, prefixlen: number): Kernel {
  const plugins = [neighbourBare(), ipv4Bare(), arpBare(), hostRoutes(), icmpBare()];
  const kernel = createKernel({ plugins });
  const net = kernel.initNet;
  const dev = createFrameDevice(net, { name: 'eth0', port, address: mac });
  if (typeof dev === 'number') throw new Error(`eth0: errno ${-dev}`);
  must('eth0', devOpen(dev));

  // With netlink this would be `ip addr add`; a stack that has none is configured by the functions behind it.
  const inDev = inDevGet(dev);
  if (inDev === null) throw new Error('eth0 has no IPv4');
  must('address', inetInsertIfa(inetAllocIfa(inDev, { local: address, prefixlen })));
  kernel.onClock();
  return kernel;
}

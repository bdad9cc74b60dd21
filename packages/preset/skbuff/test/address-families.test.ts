/** Addresses and links of a host with both families: a request that names none is answered by both, IPv4 first, as in Linux. */
import { addrconf } from '@skbuff/addrconf';
import { createKernel, devOpen, type NetDevice, VirtualClock } from '@skbuff/core';
import { ipv4 } from '@skbuff/ipv4';
import { ipv6 } from '@skbuff/ipv6';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { netlink, netlinkPort, type NetlinkPort, nlaFind, nlaForEachNested, nlTalk } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { rtnetlink } from '@skbuff/rtnetlink';
import { sysctl } from '@skbuff/sysctl';
import { AF_INET, AF_INET6, AF_UNSPEC, IFLA_AF_SPEC, NETLINK_ROUTE, NLM_F_DUMP, NLM_F_REQUEST, RTM_GETADDR, RTM_GETANYCAST, RTM_GETLINK } from '@skbuff/uapi';
import { expect, it } from 'vitest';

function dump(port: NetlinkPort, type: number, family: number, header: number): ReturnType<typeof nlTalk> {
  const msg = Buffer.alloc(16 + header);
  msg.writeUInt32LE(msg.length, 0);
  msg.writeUInt16LE(type, 4);
  msg.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  msg.writeUInt32LE(1, 8);
  msg[16] = family;
  return nlTalk(port, Uint8Array.from(msg));
}

it('a dump of no family has both, a link tells both', () => {
  const clock = new VirtualClock();
  const kernel = createKernel({ clock, debug: true, plugins: [netlink(), sysctl(), procfs(), rtnetlink(), neighbour(), ipv4(), ipv6(), addrconf(), loopback()] });
  devOpen(kernel.initNet.loopbackDev as NetDevice);
  clock.advance(1e9);
  const port = netlinkPort(kernel.initNet, NETLINK_ROUTE) as NetlinkPort;
  const families = (family: number): number[] => dump(port, RTM_GETADDR, family, 8).msgs.map(({ buf, data }) => buf[data] as number);
  expect([families(AF_UNSPEC), families(AF_INET), families(AF_INET6)]).toEqual([[AF_INET, AF_INET6], [AF_INET], [AF_INET6]]);
  // There is nothing of no family where only one has it.
  expect(dump(port, RTM_GETANYCAST, AF_UNSPEC, 8).error).toBe(-95);
  const [link] = dump(port, RTM_GETLINK, AF_UNSPEC, 16).msgs;
  const spec: number[] = [];
  if (link !== undefined) nlaForEachNested(link.buf, nlaFind(link.buf, link.attrData(16), link.attrLen(16), IFLA_AF_SPEC), (_attr, type) => (spec.push(type), 0));
  expect(spec).toEqual([AF_INET, AF_INET6]);
  port.close();
  expect(kernel.shutdown()).toEqual({});
});

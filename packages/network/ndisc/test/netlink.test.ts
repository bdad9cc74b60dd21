/** `ip -6 neigh`: the messages are those of Linux 6.18, byte for byte, but for the times. */
import type { NetDevice } from '@skbuff/core';
import { in6DevSet } from '@skbuff/ipv6';
import { NdMsg, NlMsgBuilder, type NetlinkPort, netlinkPort, nlTalk } from '@skbuff/netlink';
import { ip6Bytes } from '@skbuff/testkit';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mac } from './frames.ts';
import { useHost } from './support.ts';

const t = useHost();
let eth0: NetDevice;
let port: NetlinkPort;

beforeEach(() => {
  eth0 = t.h.eth('eth0', '01', 'fe80::1/64');
  port = netlinkPort(t.h.net, U.NETLINK_ROUTE) as NetlinkPort;
  port.setsockopt(U.NETLINK_EXT_ACK, 1);
});

afterEach(() => port.close());

interface Wanted {
  readonly state?: number;
  readonly flags?: number;
  readonly ifindex?: number;
  readonly dst?: string;
  readonly lladdr?: string;
  readonly protocol?: number;
}

function talk(type: number, nlFlags: number, { state = 0, flags = 0, ifindex = eth0.ifindex, dst, lladdr, protocol }: Wanted): { error: number; extack: string; msgs: string[] } {
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(type, U.NLM_F_REQUEST | nlFlags, 1, 0, NdMsg.of({ family: U.AF_INET6, ifindex, state, flags }));
  if (dst !== undefined) b.nlaPut(U.NDA_DST, ip6Bytes(dst));
  if (lladdr !== undefined) b.nlaPut(U.NDA_LLADDR, mac(lladdr));
  if (protocol !== undefined) b.nlaPutU8(U.NDA_PROTOCOL, protocol);
  b.nlmsgEnd(nlh);
  const { error, extack, msgs } = nlTalk(port, b.bytes());
  return { error, extack, msgs: msgs.map((m) => Buffer.from(m.buf.subarray(m.data, m.data + m.dataLen)).toString('hex')) };
}

const add = (wanted: Wanted): [number, string] => {
  const { error, extack } = talk(U.RTM_NEWNEIGH, U.NLM_F_CREATE | U.NLM_F_REPLACE | U.NLM_F_ACK, wanted);
  return [error, extack];
};

it('writes an entry and a proxied address with their 16 bytes [NDISC-01] [NDISC-22]', () => {
  const index = `${eth0.ifindex.toString(16).padStart(2, '0')}000000`;
  expect(add({ dst: '2001:db8::2', lladdr: '02', state: U.NUD_PERMANENT, flags: U.NTF_ROUTER })).toEqual([0, '']);
  expect(add({ dst: '2001:db8::88', flags: U.NTF_PROXY | U.NTF_ROUTER, protocol: U.RTPROT_STATIC })).toEqual([0, '']);
  const entries = talk(U.RTM_GETNEIGH, U.NLM_F_DUMP, { ifindex: 0 }).msgs.map((m) => m.slice(0, -32));
  expect(entries).toEqual([`0a000000${index}800080011400010020010db80000000000000000000000020a0002000200000000020000080004000000000014000300`]);
  const proxies = talk(U.RTM_GETNEIGH, U.NLM_F_DUMP, { ifindex: 0, flags: U.NTF_PROXY }).msgs;
  expect(proxies).toEqual([`0a000000${index}000088011400010020010db800000000000000000000008805000c0004000000`]);
  expect(talk(U.RTM_GETNEIGH, 0, { dst: '2001:db8::2' }).msgs.length).toBe(1);
  expect(talk(U.RTM_DELNEIGH, U.NLM_F_ACK, { dst: '2001:db8::88', flags: U.NTF_PROXY }).error).toBe(0);
});

it('adds nobody where IPv6 is disabled, and proxies only on a device with IPv6 [NDISC-05] [NDISC-22]', () => {
  const someone: Wanted = { dst: '2001:db8::3', lladdr: '03', state: U.NUD_PERMANENT };
  const REFUSED = [-U.EINVAL, 'IPv6 is disabled on this device'];
  const idev = t.h.idev(eth0);
  idev.cnf.disableIpv6 = 1;
  expect(add(someone)).toEqual(REFUSED);
  idev.cnf.disableIpv6 = 0;
  expect(add({ dst: '2001:db8::77', flags: U.NTF_PROXY, ifindex: 0 })).toEqual([-U.ENOBUFS, '']);
  in6DevSet(eth0, null);
  expect([add(someone), add({ dst: '2001:db8::78', flags: U.NTF_PROXY })]).toEqual([REFUSED, [-U.ENOBUFS, '']]);
  in6DevSet(eth0, idev);
});

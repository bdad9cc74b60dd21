/** Two hosts with ping sockets and ICMP. */
import type { NetDevice, Plugin } from '@skbuff/core';
import { icmp } from '@skbuff/icmp';
import { NlMsgBuilder, RtMsg, netlinkPort, nlTalk } from '@skbuff/netlink';
import { TwoHosts } from '@skbuff/testbed';
import { AF_INET, NETLINK_ROUTE, NLM_F_CREATE, NLM_F_REQUEST, RTA_DST, RTA_GATEWAY, RTA_OIF, RTM_NEWROUTE, RTN_UNICAST, RT_TABLE_MAIN } from '@skbuff/uapi';
import { inetPton4, setBe32 } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { ping } from '../src/index.ts';

/** `ip route add PREFIX/PLEN via GW dev DEV`. */
export function route(dev: NetDevice, prefix: string, plen: number, gw: string): void {
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_CREATE, 1, 0, RtMsg.of({ family: AF_INET, dstLen: plen, table: RT_TABLE_MAIN, protocol: 4, scope: 0, type: RTN_UNICAST }));
  const be = (addr: string): Uint8Array => {
    const out = new Uint8Array(4);
    setBe32(out, 0, inetPton4(addr));
    return out;
  };
  b.nlaPut(RTA_DST, be(prefix));
  b.nlaPut(RTA_GATEWAY, be(gw));
  b.nlaPutU32(RTA_OIF, dev.ifindex);
  b.nlmsgEnd(nlh);
  const port = netlinkPort(dev.net, NETLINK_ROUTE);
  if (typeof port === 'number') throw new Error(`netlink: ${port}`);
  expect(nlTalk(port, b.bytes()).error).toBe(0);
}

/** A fresh bed for each test, with the leak check at its end. */
export function useLab(more: () => readonly Plugin[] = () => []): { readonly lab: TwoHosts } {
  const holder: { lab: TwoHosts } = { lab: null as unknown as TwoHosts };
  beforeEach(() => {
    holder.lab = new TwoHosts([ping(), icmp(), ...more()]);
  });
  afterEach(() => {
    expect(holder.lab.close()).toEqual({});
  });
  return holder;
}

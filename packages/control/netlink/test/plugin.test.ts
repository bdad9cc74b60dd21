import { createKernel, rmmod, setupNet, type Net, type Plugin } from '@skbuff/core';
import { EOPNOTSUPP, EPROTONOSUPPORT, NETLINK_GENERIC, NETLINK_ROUTE, NLM_F_ACK, NLM_F_ECHO, NLM_F_REQUEST, RTM_NEWLINK, RTNLGRP_IPV6_ACADDR, RTNLGRP_LINK } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import * as N from '../src/index.ts';
import { drain, message } from './support.ts';

function port(net: Net, opts: N.NetlinkPortOptions = {}): N.NetlinkPort {
  return N.netlinkPort(net, NETLINK_ROUTE, opts) as N.NetlinkPort;
}

/** Answers RTM_NEWLINK with a notification, as a link handler does. */
const links: Plugin = {
  name: 'links',
  requires: ['@skbuff/netlink'],
  init(ctx) {
    N.rtnlRegister(ctx, 0, RTM_NEWLINK, (skb, nlh) => {
      if (!N.rtnlHasListeners(skb.net, RTNLGRP_LINK) && !N.nlmsgReport(nlh)) return 0;
      return N.rtnlNotify(skb.net, message(RTM_NEWLINK, 0, new N.IfInfoMsg(), undefined, 0), skb.portid, RTNLGRP_LINK, nlh);
    }, null);
  },
};

const request = message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, new N.IfInfoMsg());

describe('the netlink plugin', () => {
  it('gives every namespace its own NETLINK_ROUTE, groups up to RTNLGRP_MAX for everybody [NL-19] [RTNL-01]', () => {
    const kernel = createKernel({ plugins: [N.netlink()] });
    const other = setupNet(kernel) as Net;
    const [p, q] = [port(kernel.initNet, { capable: () => false }), port(other)];
    expect([p.bind(5, 1), q.bind(5, 1), p.setsockopt(1, RTNLGRP_IPV6_ACADDR), p.setsockopt(1, RTNLGRP_IPV6_ACADDR + 1)]).toEqual([0, 0, 0, -22]);
    expect(N.rtnlUnicast(other, Uint8Array.of(1), 5)).toBe(0);
    expect([drain(p).length, drain(q).length]).toEqual([0, 1]);
    expect(N.netlinkPort(other, NETLINK_GENERIC)).toBe(-EPROTONOSUPPORT);
    expect(kernel.shutdown()).toEqual({});
    expect([p.closed, q.closed]).toEqual([true, true]);
  });

  it('closes the ports of a namespace that dies', () => {
    const kernel = createKernel({ plugins: [N.netlink()] });
    const net = setupNet(kernel) as Net;
    const p = port(net);
    p.bind();
    net.put();
    kernel.onClock();
    expect(p.closed).toBe(true);
    kernel.shutdown();
  });

  it('registers handlers that go with their plugin [RTNL-02]', () => {
    const kernel = createKernel({ plugins: [links, N.netlink()] });
    const p = port(kernel.initNet);
    expect(N.nlTalk(p, request).error).toBe(0);
    rmmod(kernel, 'links');
    expect(N.nlTalk(p, request).error).toBe(-EOPNOTSUPP);
    expect(rmmod(kernel, '@skbuff/netlink')).toBe(0);
    expect(kernel.shutdown()).toEqual({});
  });

  it('notifies listeners, and the requester who asks for it [RTNL-09] [NL-25]', () => {
    const kernel = createKernel({ plugins: [N.netlink(), links] });
    const [p, listener] = [port(kernel.initNet), port(kernel.initNet)];
    p.bind(1);
    expect(N.rtnlHasListeners(kernel.initNet, RTNLGRP_LINK)).toBe(false);
    listener.bind(2, 1);
    const types = (x: N.NetlinkPort): number[] => drain(x).map((d) => N.nlmsgAll(d as Uint8Array)[0]!.type);
    p.sendmsg(request);
    expect([types(p), types(listener)]).toEqual([[2], [RTM_NEWLINK]]);
    p.sendmsg(message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO, new N.IfInfoMsg()));
    expect([types(p), types(listener)]).toEqual([[RTM_NEWLINK, 2], [RTM_NEWLINK]]);
    N.rtnlSetSkErr(kernel.initNet, RTNLGRP_LINK, -105);
    expect(listener.recvmsg()).toBe(-105);
    kernel.shutdown();
  });

  it('shows ports, groups and losses as /proc/net/netlink does [NL-26]', () => {
    const kernel = createKernel({ plugins: [N.netlink()] });
    const p = port(kernel.initNet, { rcvbuf: 1000 });
    p.bind(7688, 1);
    p.inode = 31151;
    for (let i = 0; i < 3; i++) N.rtnlNotify(kernel.initNet, new Uint8Array(52), 0, 1, null);
    expect(N.netlinkSeqShow(N.netlinkNet.of(kernel.initNet))).toBe(
      'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n' +
        '0000000000000000 0   0          00000000 0        0        0     2        0        0       \n' +
        '0000000000000000 0   7688       00000001 960      0        0     2        2        31151   \n',
    );
    kernel.shutdown();
  });
});

/**
 * The parts of IPv4 that a small stack may be built without: `ipv4Bare(ipv4Fragments, ipv4Options)` has two of them, `ipv4()` all. Each puts
 * its functions into the doors of `Ipv4` when the plugin loads; nothing else names them, so that a bundler leaves out the rest.
 */
import { devAddOffload, xmitOffload } from '@skbuff/core';
import type { ModuleContext } from '@skbuff/core';
import { IPPROTO_IGMP } from '@skbuff/uapi';
import { ipMcDestroyDev, ipMcDown, ipMcUp } from './igmp.ts';
import { igmpProtocol } from './igmp-rcv.ts';
import { inetOffload } from './inet-offload.ts';
import { ipMakeList } from './ip-append.ts';
import { IpFragNet, ipDefragQueue, ipFragNet } from './ip-frag-queue.ts';
import { ipFragment } from './ip-fragment.ts';
import { ipListRcv } from './ip-list-rcv.ts';
import { ipMcOutput } from './ip-mc-output.ts';
import { ipFinishOutputGso } from './ip-output.ts';
import { ipRcvOptions } from './ip-options-compile.ts';
import { ipForwardOptions, ipOptionsBuild, ipOptionsEcho } from './ip-options-forward.ts';
import { IpOptions, ipOptionsFragment } from './ip-options.ts';
import type { Ipv4 } from './ipv4-net.ts';

/** A part, for `ipv4Bare()`. */
export type Ipv4Part = (ctx: ModuleContext, ip: Ipv4) => void;

/**
 * Fragmentation and reassembly. Without it a fragment that arrives is dropped (NOMEM, ReasmReqds, ReasmFails: Linux with `ipfrag_high_thresh`
 * 0), and a packet longer than the way's MTU goes nowhere, as if it had DF: -EMSGSIZE for a socket, FragFails and ICMP 3/4 on the way.
 */
export const ipv4Fragments: Ipv4Part = (ctx, ip) => {
  let left = 0;
  // What is put together again is a list of sk_buffs, which a device may not take.
  xmitOffload(ctx.kernel);
  ip.fragments = { defrag: ipDefragQueue, fragment: ipFragment, makeList: ipMakeList };
  ctx.leakCheck('ip fragment memory', () => left);
  ctx.pernetSubsys({
    name: 'ipfrag',
    init: (net) => (ipFragNet.set(net, new IpFragNet(net)), 0),
    exit(net) {
      const { fqdir } = ipFragNet.of(net);
      fqdir.exit();
      left += fqdir.mem;
      ipFragNet.set(net, null);
    },
  });
};

/**
 * IP options: read, checked, filled in, forwarded, turned round for answers. Without it they are ignored, as RFC 1122 §3.2.1.8 wants it of who
 * does not know them: the packet is received or forwarded with them as they are, and answered without; a socket gets -ENOPROTOOPT.
 */
export const ipv4Options: Ipv4Part = (_ctx, ip) => {
  ip.options = {
    make: () => new IpOptions(),
    rcv: ipRcvOptions,
    build: ipOptionsBuild,
    echo: ipOptionsEcho,
    forward: ipForwardOptions,
    fragment: ipOptionsFragment,
  };
};

/**
 * Groups: every interface is in 224.0.0.1, IGMP is heard, and this host hears its own multicast and broadcast. Without it that is not so:
 * packets to groups are sent, and received only in groups that a socket has joined.
 */
export const ipv4Multicast: Ipv4Part = (_ctx, ip) => {
  ip.multicast = { up: ipMcUp, down: ipMcDown, destroyDev: ipMcDestroyDev, output: ipMcOutput };
  ip.addProtocol(IPPROTO_IGMP, igmpProtocol);
};

/** GSO and GRO. Without it packets are neither glued together on arrival nor may a socket send super-packets. */
export const ipv4Offload: Ipv4Part = (ctx, ip) => {
  ip.gsoOutput = ipFinishOutputGso;
  devAddOffload(ctx, inetOffload(ip));
};

/** Packets that come in lists are handled in lists. Without it one by one, which is slower and makes no other difference. */
export const ipv4Lists: Ipv4Part = (_ctx, ip) => {
  ip.listRcv = ipListRcv;
};

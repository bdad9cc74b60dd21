/** Netlink as a plugin: the protocols of each namespace, the RTNL, and NETLINK_ROUTE. */
import { type ModuleContext, type Net, NetSlot, type Plugin, token, type Token } from '@skbuff/core';
import { ENOMEM, NETLINK_ROUTE, RTNLGRP_MAX } from '@skbuff/uapi';
import { type NetlinkPort, type NetlinkPortOptions, netlinkOpen } from './netlink-port.ts';
import { NL_CFG_F_NONROOT_RECV, NetlinkNet, type NetlinkProto, nlmsgReport } from './netlink-table.ts';
import type { NlMsgHdr } from './nlmsg.ts';
import { Rtnetlink, type RtnlDoitFn, type RtnlDumpitFn } from './rtnetlink.ts';
import type { RtnlAfOps } from './rtnl-af-ops.ts';

/** The netlink protocols of a namespace; a family adds its own with `kernelCreate` in its per-net init. */
export const netlinkNet: NetSlot<NetlinkNet> = new NetSlot('netlink');

/** rtnetlink's table of handlers, and the RTNL. */
export const RTNETLINK: Token<Rtnetlink> = token<Rtnetlink>('rtnetlink');

const rtnlSlot: NetSlot<NetlinkProto> = new NetSlot('rtnl');

/** Factory of the plugin. */
export function netlink(): Plugin {
  return {
    name: '@skbuff/netlink',
    init(ctx) {
      const rtnl = new Rtnetlink();
      ctx.provide(RTNETLINK, () => rtnl);
      ctx.pernetSubsys({
        name: 'netlink',
        init: (net) => (netlinkNet.set(net, new NetlinkNet(net)), 0),
        exit(net) {
          netlinkNet.of(net).close();
          netlinkNet.set(net, null);
        },
      });
      ctx.pernetSubsys({ name: 'rtnetlink', init: (net) => rtnetlinkNetInit(net, rtnl), exit: rtnetlinkNetExit });
    },
  };
}

/** `rtnetlink_net_init`. */
function rtnetlinkNetInit(net: Net, rtnl: Rtnetlink): number {
  const proto = netlinkNet.of(net).kernelCreate(NETLINK_ROUTE, {
    groups: RTNLGRP_MAX,
    flags: NL_CFG_F_NONROOT_RECV,
    input: (skb) => rtnl.rcv(skb),
  });
  if (proto === null) return -ENOMEM;
  rtnlSlot.set(net, proto);
  return 0;
}

function rtnetlinkNetExit(net: Net): void {
  netlinkNet.of(net).kernelRelease(rtnlSlot.of(net));
  rtnlSlot.set(net, null);
}

/** `net->rtnl`: the kernel's side of NETLINK_ROUTE in a namespace. */
export function rtnlOf(net: Net): NetlinkProto {
  return rtnlSlot.of(net);
}

/** socket(AF_NETLINK) in a namespace: a port that is not bound yet, or `-EPROTONOSUPPORT`. */
export function netlinkPort(net: Net, protocol: number, opts: NetlinkPortOptions = {}): NetlinkPort | number {
  return netlinkOpen(netlinkNet.of(net), protocol, opts);
}

/**
 * `rtnl_register_module`: handlers of a message type for a protocol family, taken back when the plugin is unloaded. One of
 * `doit` and `dumpit` may be null; `calcit` tells the size of a dump's largest message if that may exceed 3776 bytes.
 */
export function rtnlRegister(
  ctx: ModuleContext,
  protocol: number,
  msgtype: number,
  doit: RtnlDoitFn | null,
  dumpit: RtnlDumpitFn | null,
  flags: number = 0,
  calcit: ((net: Net) => number) | null = null,
): void {
  const rtnl = ctx.get(RTNETLINK);
  rtnl.register(protocol, msgtype, doit, dumpit, flags, calcit);
  ctx.onUnload(() => void rtnl.unregister(protocol, msgtype));
}

/** `rtnl_af_register`, undone when the plugin is unloaded. */
export function rtnlAfRegister(ctx: ModuleContext, ops: RtnlAfOps): void {
  const { afOps } = ctx.get(RTNETLINK);
  afOps.push(ops);
  ctx.onUnload(() => void afOps.splice(afOps.indexOf(ops), 1));
}

/** Whether anybody in the namespace listens to a group: if not, a notification need not be built. Nobody does in a dead namespace. */
export function rtnlHasListeners(net: Net, group: number): boolean {
  return rtnlSlot.peek(net)?.hasListeners(group) ?? false;
}

/** `rtnl_notify`: a message to a group (0 = none), and to the requester `pid` if the request `nlh` has NLM_F_ECHO. */
export function rtnlNotify(net: Net, data: Uint8Array, pid: number, group: number, nlh: NlMsgHdr | null): number {
  return rtnlOf(net).notify(data, pid, group, nlmsgReport(nlh));
}

/** `rtnl_unicast`: 0 or a negative errno. */
export function rtnlUnicast(net: Net, data: Uint8Array, pid: number): number {
  return Math.min(rtnlOf(net).unicast(data, pid), 0);
}

/** `rtnl_set_sk_err`: the members of a group learn that a notification was lost. `err` is negative, as returned. */
export function rtnlSetSkErr(net: Net, group: number, err: number): void {
  rtnlOf(net).setErr(0, group, -err);
}

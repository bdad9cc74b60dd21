/** The plugin. */
import { type Net, type Plugin, pernetUndo } from '@skbuff/core';
import { type Inet6Dev, type Inet6Protocol, IPV6 } from '@skbuff/ipv6';
import { ICMP6_MIB_OUTMSGS, IPPROTO_ICMPV6 } from '@skbuff/uapi';
import { ICMP6MSG_OUT, Icmpv6Net, icmpv6Net } from './icmpv6-net.ts';
import { icmpv6Err, icmpv6Notify } from './icmpv6-notify.ts';
import { icmpv6Rcv } from './icmpv6-rcv.ts';
import { icmpv6ParamProb, icmpv6Send } from './icmpv6-send.ts';
import { ICMPV6, Icmpv6 } from './icmpv6-service.ts';
import { icmpv6SysctlRegister } from './icmpv6-sysctl.ts';

const icmpv6Protocol: Inet6Protocol = { handler: icmpv6Rcv, errHandler: icmpv6Err, final: true, noPolicy: true };

/** Loads ICMPv6: IPv6 answers echo, reports what it drops, and hears of errors. */
export function icmpv6(): Plugin {
  return {
    name: '@skbuff/icmpv6',
    requires: ['@skbuff/ipv6', '@skbuff/sysctl'],
    init(ctx) {
      const ip = ctx.get(IPV6);
      const service = new Icmpv6();
      ctx.provide(ICMPV6, () => service);
      ctx.pernetSubsys({
        name: 'icmpv6',
        init: (net) => (icmpv6Net.set(net, new Icmpv6Net(net, service, ip)), 0),
        exit: (net) => icmpv6Net.set(net, null),
      });
      pernetUndo(ctx, 'icmpv6 settings', (net) => [icmpv6SysctlRegister(net)]);
      ip.icmp = { icmpv6Send, paramProb: icmpv6ParamProb, notify: icmpv6Notify, outCount };
      ctx.onUnload(() => {
        ip.icmp = null;
      });
      const remove = ip.addProtocol(IPPROTO_ICMPV6, icmpv6Protocol);
      if (remove === null) throw new Error('next header 58 has a handler already');
      ctx.onUnload(remove);
    },
  };
}

/** A message of `type` goes out. */
function outCount(net: Net, idev: Inet6Dev | null, type: number): void {
  const state = icmpv6Net.of(net);
  state.countMessage(idev, ICMP6MSG_OUT + type);
  state.count(idev, ICMP6_MIB_OUTMSGS);
}

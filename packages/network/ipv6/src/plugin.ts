/** The plugin. */
import { devAddOffload, type ModuleContext, type Net, type Plugin } from '@skbuff/core';
import { ETH_P_IPV6 } from '@skbuff/uapi';
import { addrLabelRegister } from './addrlabel-netlink.ts';
import { anycastProcRegister } from './anycast-proc.ts';
import { exthdrsInit } from './exthdrs.ts';
import { dissectIpv6 } from './flow-dissector6.ts';
import { ipv6Rcv } from './ip6-input.ts';
import { ip6ListRcv } from './ip6-list-rcv.ts';
import { inet6Offload } from './ip6-offload.ts';
import { IPV6, Ipv6, Ipv6Net, ipv6Net } from './ipv6-net.ts';
import { proc6Register } from './proc-snmp6.ts';
import { ipv6FragInit } from './reassembly.ts';
import { ipv6SysctlRegister } from './sysctl-net-ipv6.ts';

/**
 * Loads IPv6. Addresses, routing, neighbour discovery and ICMPv6 are packages of their own: without them packets are dropped where they
 * would be asked.
 */
export function ipv6(): Plugin {
  return { name: '@skbuff/ipv6', requires: ['@skbuff/netlink', '@skbuff/sysctl', '@skbuff/procfs'], init };
}

/** `inet6_init`. */
function init(ctx: ModuleContext): void {
  const ip = new Ipv6();
  ctx.provide(IPV6, () => ip);
  ctx.pernetSubsys({ name: 'ipv6', init: (net) => ipv6NetInit(ip, net), exit: (net) => ipv6Net.set(net, null) });
  exthdrsInit(ctx, ip);
  ipv6FragInit(ctx, ip);
  ipv6SysctlRegister(ctx);
  proc6Register(ctx);
  addrLabelRegister(ctx);
  anycastProcRegister(ctx);
  devAddOffload(ctx, inet6Offload(ip));
  const { skbs } = ctx.kernel;
  skbs.dissectIpv6 = dissectIpv6;
  ctx.onUnload(() => {
    skbs.dissectIpv6 = null;
  });
  ctx.packetType({ type: ETH_P_IPV6, dev: null, net: null, ignoreOutgoing: false, func: ipv6Rcv, listFunc: ip6ListRcv });
  ctx.leakCheck('inet6_dev', () => ip.inet6Devs);
  ctx.leakCheck('inet6_ifaddr', () => ip.ifaddrs);
  ctx.leakCheck('dst entry of IPv6', () => ip.dstOps.entries);
}

/** `inet6_net_init`. */
function ipv6NetInit(ip: Ipv6, net: Net): number {
  ipv6Net.set(net, new Ipv6Net(ip, net));
  return 0;
}

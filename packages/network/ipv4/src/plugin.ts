/** The plugin. */
import { type ModuleContext, type Net, type Plugin } from '@skbuff/core';
import { ETH_P_IP, IPPROTO_IGMP } from '@skbuff/uapi';
import { DevinetNet, devinetNet, inetdevDestroy, inetdevEvent } from './devinet.ts';
import { rtmsgIfa } from './devinet-fill.ts';
import { netconfRegister } from './devinet-netconf.ts';
import { devinetNetlinkRegister } from './devinet-netlink.ts';
import { igmpProtocol } from './igmp-rcv.ts';
import { devinetSysctlRegister } from './devinet-sysctl.ts';
import { inDevGet } from './inetdevice.ts';
import { InetPeerBase, inetPeerNet } from './inetpeer.ts';
import { IpFragNet, ipFragNet } from './ip-defrag.ts';
import { inetOffload } from './inet-offload.ts';
import { ipRcv } from './ip-input.ts';
import { ipListRcv } from './ip-list-rcv.ts';
import { IPV4, Ipv4, type Ipv4Control, Ipv4Net, ipv4Net } from './ipv4-net.ts';
import { ipv4ProcRegister } from './proc.ts';
import { ipv4SysctlRegister } from './sysctl-net-ipv4.ts';

/** Loads IPv4. Routing, ARP and ICMP are packages of their own: without them packets are dropped where they would be asked. */
export function ipv4(): Plugin {
  return {
    name: '@skbuff/ipv4',
    requires: ['@skbuff/netlink', '@skbuff/sysctl', '@skbuff/procfs'],
    init(ctx): void {
      init(ctx, control);
      devinetNetlinkRegister(ctx);
      netconfRegister(ctx);
    },
  };
}

/** The same without netlink, sysctl and /proc, for stacks that have to be small: a bundler leaves out what only {@link ipv4} needs. */
export function ipv4Bare(): Plugin {
  return { name: '@skbuff/ipv4', init: (ctx) => init(ctx, null) };
}

const control: Ipv4Control = { rtmsgIfa, devinetSysctlRegister, netRegister: (net) => [ipv4SysctlRegister(net), ipv4ProcRegister(net)] };

/** `ip_init`, `devinet_init`, `ipfrag_init`. */
function init(ctx: ModuleContext, control: Ipv4Control | null): void {
  const ip = new Ipv4();
  ip.control = control;
  const { random } = ctx.kernel;
  for (let i = 0; i < ip.ipIdents.length; i++) ip.ipIdents[i] = random.u32();
  ctx.provide(IPV4, () => ip);
  ctx.pernetSubsys({ name: 'ipv4', init: (net) => ipv4NetInit(ip, net), exit: ipv4NetExit });
  ctx.onUnload(() => {
    for (const net of ctx.kernel.netns.list) for (const dev of net.devList) destroyOn(dev);
  });
  ctx.netdeviceNotifier({ notifierCall: (_nb, event, info) => inetdevEvent(event, info) });
  ctx.packetType({ type: ETH_P_IP, dev: null, net: null, ignoreOutgoing: false, func: ipRcv, listFunc: ipListRcv });
  ctx.packetOffload(inetOffload(ip));
  ip.addProtocol(IPPROTO_IGMP, igmpProtocol);
  ctx.leakCheck('in_device', () => ip.inDevices);
  ctx.leakCheck('ip fragment memory', () => ip.fragsLeft);
}

function destroyOn(dev: Net['devList'][number]): void {
  const inDev = inDevGet(dev);
  if (inDev !== null) inetdevDestroy(inDev);
}

function ipv4NetInit(ip: Ipv4, net: Net): number {
  ipv4Net.set(net, new Ipv4Net(ip, net));
  devinetNet.set(net, new DevinetNet(net));
  inetPeerNet.set(net, new InetPeerBase());
  ipFragNet.set(net, new IpFragNet(net));
  devinetNet.of(net).undos = ip.control?.netRegister(net) ?? [];
  return 0;
}

function ipv4NetExit(net: Net): void {
  const { ip } = ipv4Net.of(net);
  const frags = ipFragNet.of(net);
  for (const undo of devinetNet.of(net).undos) undo();
  frags.fqdir.exit();
  ip.fragsLeft += frags.fqdir.mem;
  net.timers.delTimer(devinetNet.of(net).checkTimer);
  ipFragNet.set(net, null);
  inetPeerNet.set(net, null);
  devinetNet.set(net, null);
  ipv4Net.set(net, null);
}

/** The plugin. */
import { type ModuleContext, type Net, type Plugin } from '@skbuff/core';
import { ETH_P_IP } from '@skbuff/uapi';
import { DevinetNet, devinetNet, inetdevDestroy, inetdevEvent } from './devinet.ts';
import { inetAfRegister } from './devinet-af.ts';
import { inetdevChangename } from './devinet-changename.ts';
import { rtmsgIfa } from './devinet-fill.ts';
import { lifetimeTimer, scheduleLifetimeCheck } from './devinet-lifetime.ts';
import { inetNetconf } from './devinet-netconf.ts';
import { devinetNetlinkRegister } from './devinet-netlink.ts';
import { inetdevSysctlFiles } from './devinet-sysctl.ts';
import { inDevGet } from './inetdevice.ts';
import { ipRcv } from './ip-input.ts';
import { IPV4, Ipv4, Ipv4Net, ipv4Net } from './ipv4-net.ts';
import { type Ipv4Part, ipv4Fragments, ipv4Lists, ipv4Multicast, ipv4Offload, ipv4Options } from './parts.ts';
import { ipv4ProcRegister } from './proc.ts';
import { ipv4SysctlRegister } from './sysctl-net-ipv4.ts';

/** Loads IPv4. Routing, ARP and ICMP are packages of their own: without them packets are dropped where they would be asked. */
export function ipv4(): Plugin {
  const parts = [ipv4Fragments, ipv4Options, ipv4Multicast, ipv4Offload, ipv4Lists, ipv4Control];
  return { name: '@skbuff/ipv4', requires: ['@skbuff/netlink', '@skbuff/sysctl', '@skbuff/procfs'], init: (ctx) => init(ctx, parts) };
}

/**
 * The same without netlink, sysctl and /proc, and with nothing but the parts that are named ({@link ipv4Fragments} and so on), for stacks that
 * have to be small: a bundler leaves out the rest.
 */
export function ipv4Bare(...parts: readonly Ipv4Part[]): Plugin {
  return { name: '@skbuff/ipv4', init: (ctx) => init(ctx, parts) };
}

/** What user space sees and sets: netlink, sysctl, /proc. After {@link ipv4Fragments}, which has settings too. */
const ipv4Control: Ipv4Part = (ctx, ip) => {
  ip.control = { rtmsgIfa, sysctlFiles: inetdevSysctlFiles, changename: inetdevChangename, scheduleLifetimeCheck };
  ctx.pernetSubsys({
    name: 'ipv4 control',
    init(net) {
      const state = devinetNet.of(net);
      state.checkTimer = lifetimeTimer(net);
      state.undos = [ipv4SysctlRegister(net), ipv4ProcRegister(net)];
      return 0;
    },
    exit(net) {
      const { undos, checkTimer } = devinetNet.of(net);
      for (const undo of undos) undo();
      if (checkTimer !== null) net.timers.delTimer(checkTimer);
    },
  });
  devinetNetlinkRegister(ctx);
  inetNetconf.register(ctx);
  inetAfRegister(ctx);
};

/** `ip_init`, `devinet_init`. */
function init(ctx: ModuleContext, parts: readonly Ipv4Part[]): void {
  const ip = new Ipv4();
  const { random } = ctx.kernel;
  for (let i = 0; i < ip.ipIdents.length; i++) ip.ipIdents[i] = random.u32();
  ctx.provide(IPV4, () => ip);
  ctx.pernetSubsys({ name: 'ipv4', init: (net) => ipv4NetInit(ip, net), exit: ipv4NetExit });
  for (const part of parts) part(ctx, ip);
  ctx.onUnload(() => {
    for (const net of ctx.kernel.netns.list) for (const dev of net.devList) destroyOn(dev);
  });
  ctx.netdeviceNotifier({ notifierCall: (_nb, event, info) => inetdevEvent(event, info) });
  ctx.packetType({ type: ETH_P_IP, dev: null, net: null, ignoreOutgoing: false, func: ipRcv, listFunc: ip.listRcv });
  ctx.leakCheck('in_device', () => ip.inDevices);
  ctx.leakCheck('dst entry', () => ip.dstOps.entries);
}

function destroyOn(dev: Net['devList'][number]): void {
  const inDev = inDevGet(dev);
  if (inDev !== null) inetdevDestroy(inDev);
}

function ipv4NetInit(ip: Ipv4, net: Net): number {
  ipv4Net.set(net, new Ipv4Net(ip, net));
  devinetNet.set(net, new DevinetNet());
  return 0;
}

function ipv4NetExit(net: Net): void {
  devinetNet.set(net, null);
  ipv4Net.set(net, null);
}

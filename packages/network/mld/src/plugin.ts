/** The plugin. */
import { type ModuleContext, type Net, type NetDevice, type Plugin, pernetUndo } from '@skbuff/core';
import { in6DevGet, IPV6, type Inet6Dev, type Ipv6, type MldOps } from '@skbuff/ipv6';
import { procCreateNet } from '@skbuff/procfs';
import { registerNetSysctl, type SysctlTable, sysctlField } from '@skbuff/sysctl';
import { IFF_MULTICAST } from '@skbuff/uapi';
import { in6addrInterfacelocalAllnodes, in6addrInterfacelocalAllrouters, in6addrLinklocalAllnodes, in6addrLinklocalAllrouters, in6addrSitelocalAllrouters } from '@skbuff/wire';
import { igmp6McfSeqShow, igmp6McSeqShow } from './mcast-proc.ts';
import { Mld, McastDev, mcastOf, mcastPtr, type MldWork } from './mcast-dev.ts';
import { ip6McAddSrc, ip6McDelSrc, ipv6ChkMcastAddr, ipv6DevMcDec, ipv6DevMcInc, ipv6McDestroyDev, ipv6McDown, ipv6McUnmap, ipv6McUp } from './mcast.ts';
import { igmpSk, igmpSkNew } from './mld-packet.ts';
import { igmp6EventQuery, igmp6EventReport } from './mld-rcv.ts';
import { ipv6McDadComplete, mldWork } from './mld-work.ts';

/** Loads multicast listener discovery: interfaces are in IPv6 groups, and routers hear of it. */
export function mld(): Plugin {
  return { name: '@skbuff/mld', requires: ['@skbuff/ipv6', '@skbuff/icmpv6'], init };
}

/** `igmp6_init`. */
function init(ctx: ModuleContext): void {
  const ip = ctx.get(IPV6);
  const service = new Mld(ip);
  const { initNet } = ctx.kernel;
  ctx.pernetSubsys({
    name: 'igmp6',
    init: (net) => (igmpSk.set(net, igmpSkNew(net)), 0),
    exit(net) {
      for (const dev of net.devList) destroyDev(dev);
      igmpSk.set(net, null);
    },
  });
  pernetUndo(ctx, 'igmp6 files', (net) => [...procFiles(net), ...(net === initNet ? [sysctlFiles(net, service)] : [])]);
  ip.mld = mldOps(service, mldWork);
  for (const net of ctx.kernel.netns.list) for (const dev of net.devList) adopt(ip, dev);
  ctx.onUnload(() => {
    ip.mld = null;
  });
}

function procFiles(net: Net): (() => void)[] {
  return [procCreateNet(net, 'igmp6', () => igmp6McSeqShow(net)), procCreateNet(net, 'mcfilter6', () => igmp6McfSeqShow(net))];
}

function destroyDev(dev: NetDevice): void {
  const mc = mcastOf(dev);
  if (mc === null) return;
  ipv6McDestroyDev(mc);
  mcastPtr.set(dev, null);
}

const MLD_TABLE: SysctlTable<Mld> = { mld_max_msf: sysctlField('maxMsf'), mld_qrv: sysctlField('qrv', { min: 1 }) };

/** Of the whole kernel, so only where it began. */
function sysctlFiles(net: Net, service: Mld): () => void {
  return registerNetSysctl(net, 'net/ipv6', MLD_TABLE, service);
}

/** An interface that came before this plugin: it joins what it would have joined by itself. */
function adopt({ mld: ops, addrconf }: Ipv6, dev: NetDevice): void {
  const idev = in6DevGet(dev);
  if (idev === null || ops === null) return;
  ops.initDev(idev);
  ops.mcInc(dev, in6addrInterfacelocalAllnodes);
  ops.mcInc(dev, in6addrLinklocalAllnodes);
  if (idev.cnf.forwarding !== 0 && (dev.flags & IFF_MULTICAST) !== 0) {
    for (const group of [in6addrLinklocalAllrouters, in6addrInterfacelocalAllrouters, in6addrSitelocalAllrouters]) ops.mcInc(dev, group);
  }
  for (const { addr } of idev.addrList) addrconf?.joinSolict(dev, addr);
}

/** The door. */
function mldOps(service: Mld, work: MldWork): MldOps {
  const withDev = (what: (mc: McastDev) => void) => (idev: Inet6Dev): void => {
    const mc = mcastOf(idev.dev);
    if (mc !== null) what(mc);
  };
  return {
    initDev(idev) {
      const mc = new McastDev(service, idev, work);
      mc.reset();
      mcastPtr.set(idev.dev, mc);
    },
    up: withDev(ipv6McUp),
    down: withDev(ipv6McDown),
    remap: withDev(ipv6McUp),
    unmap: withDev(ipv6McUnmap),
    destroyDev: ({ dev }) => destroyDev(dev),
    mcInc: ipv6DevMcInc,
    mcDec: ipv6DevMcDec,
    mcAddSrc: ip6McAddSrc,
    mcDelSrc: ip6McDelSrc,
    mcList: (idev) => mcastOf(idev.dev)?.groups ?? [],
    maxMsf: () => service.maxMsf,
    chkMcastAddr: ipv6ChkMcastAddr,
    dadComplete: withDev(ipv6McDadComplete),
    eventQuery: igmp6EventQuery,
    eventReport: igmp6EventReport,
  };
}

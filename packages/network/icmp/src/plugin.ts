/** The plugin. */
import { type ModuleContext, type Net, pernetUndo, type Plugin } from '@skbuff/core';
import { icmpGlobal } from '@skbuff/inet';
import { IPV4, ipv4Net } from '@skbuff/ipv4';
import { IPPROTO_ICMP } from '@skbuff/uapi';
import { IcmpNet, icmpNet } from './icmp-net.ts';
import { type IcmpPart, icmpErrors, icmpTimestamps } from './icmp-parts.ts';
import { icmpHandlers, icmpRcv } from './icmp-rcv.ts';
import { ICMP, Icmp } from './icmp-service.ts';
import { icmpMsgSnmpLines, icmpSnmpLines } from './icmp-snmp.ts';
import { icmpSysctlRegister } from './icmp-sysctl.ts';

/** Loads ICMPv4: IPv4 answers echo, reports what it drops, and hears of errors. */
export function icmp(): Plugin {
  return {
    name: '@skbuff/icmp',
    requires: ['@skbuff/ipv4'],
    init(ctx) {
      init(ctx, [icmpErrors, icmpTimestamps]);
      pernetUndo(ctx, 'icmp files', controlRegister);
    },
  };
}

/**
 * The same without sysctl and /proc, and with nothing but the parts that are named ({@link icmpErrors}), for stacks that have to be small: a
 * bundler leaves out the rest.
 */
export function icmpBare(...parts: readonly IcmpPart[]): Plugin {
  return { name: '@skbuff/icmp', requires: ['@skbuff/ipv4'], init: (ctx) => init(ctx, parts) };
}

/** `icmp_init`. */
function init(ctx: ModuleContext, parts: readonly IcmpPart[]): void {
  const ip = ctx.get(IPV4);
  const service = new Icmp(icmpHandlers());
  ctx.provide(ICMP, () => service);
  ctx.pernetSubsys({
    name: 'icmp',
    init: (net) => (icmpNet.set(net, new IcmpNet(net, service, ip)), 0),
    exit: (net) => icmpNet.set(net, null),
  });
  ctx.onUnload(() => {
    ip.icmp = null;
  });
  for (const part of parts) part(service);
  ip.icmp = { icmpSend: service.send, outCount: (net, type) => icmpNet.of(net).countOut(type) };
  const remove = ip.addProtocol(IPPROTO_ICMP, { handler: icmpRcv, errHandler: service.err, noPolicy: true });
  if (remove === null) throw new Error('protocol 1 has a handler already');
  ctx.onUnload(remove);
}

/** The settings and counters of a namespace as files; returns the undos. */
function controlRegister(net: Net): (() => void)[] {
  const state = icmpNet.of(net);
  const { snmpGroups } = ipv4Net.of(net);
  const limit = icmpGlobal(net);
  snmpGroups.set('Icmp', () => icmpSnmpLines(state.mib, state.msgs, limit.refused));
  snmpGroups.set('IcmpMsg', () => icmpMsgSnmpLines(state.msgs));
  return [icmpSysctlRegister(net, state, limit), () => void snmpGroups.delete('Icmp'), () => void snmpGroups.delete('IcmpMsg')];
}

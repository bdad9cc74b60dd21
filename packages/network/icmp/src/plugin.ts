/** The plugin. */
import { type ModuleContext, type Net, type Plugin } from '@skbuff/core';
import { icmpGlobal } from '@skbuff/inet';
import { IPV4, type Ipv4, ipv4Net } from '@skbuff/ipv4';
import { registerNetSysctl, sysctlField } from '@skbuff/sysctl';
import { IPPROTO_ICMP } from '@skbuff/uapi';
import { IcmpNet, icmpNet } from './icmp-net.ts';
import { type IcmpPart, icmpErrors, icmpTimestamps } from './icmp-parts.ts';
import { icmpHandlers, icmpRcv } from './icmp-rcv.ts';
import { ICMP, Icmp } from './icmp-service.ts';
import { icmpMsgSnmpLines, icmpSnmpLines } from './icmp-snmp.ts';

/** Loads ICMPv4: IPv4 answers echo, reports what it drops, and hears of errors. */
export function icmp(): Plugin {
  return { name: '@skbuff/icmp', requires: ['@skbuff/ipv4'], init: (ctx) => init(ctx, [icmpErrors, icmpTimestamps], controlRegister) };
}

/**
 * The same without sysctl and /proc, and with nothing but the parts that are named ({@link icmpErrors}), for stacks that have to be small: a
 * bundler leaves out the rest.
 */
export function icmpBare(...parts: readonly IcmpPart[]): Plugin {
  return { name: '@skbuff/icmp', requires: ['@skbuff/ipv4'], init: (ctx) => init(ctx, parts, null) };
}

/** `icmp_init`. */
function init(ctx: ModuleContext, parts: readonly IcmpPart[], control: ((net: Net, state: IcmpNet) => () => void) | null): void {
  const ip = ctx.get(IPV4);
  const service = new Icmp(icmpHandlers());
  ctx.provide(ICMP, () => service);
  const undos: Map<Net, () => void> = new Map();
  ctx.pernetSubsys({
    name: 'icmp',
    init: (net) => (undos.set(net, icmpSkInit(net, service, ip, control)), 0),
    exit(net) {
      undos.get(net)?.();
      undos.delete(net);
    },
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

const SWITCH = { min: 0, max: 1 } as const;

/** `icmp_sk_init`; returns the undo. */
function icmpSkInit(net: Net, service: Icmp, ip: Ipv4, control: ((net: Net, state: IcmpNet) => () => void) | null): () => void {
  const state = new IcmpNet(net, service, ip);
  icmpNet.set(net, state);
  const undo = control?.(net, state);
  return () => {
    undo?.();
    icmpNet.set(net, null);
  };
}

/** The settings and counters of a namespace as files; returns the undo. */
function controlRegister(net: Net, state: IcmpNet): () => void {
  const { snmpGroups } = ipv4Net.of(net);
  const limit = icmpGlobal(net);
  snmpGroups.set('Icmp', () => icmpSnmpLines(state.mib, state.msgs, limit.refused));
  snmpGroups.set('IcmpMsg', () => icmpMsgSnmpLines(state.msgs));
  const undo = registerNetSysctl(net, [
    sysctlField('net/ipv4/icmp_echo_ignore_all', state, 'echoIgnoreAll', SWITCH),
    sysctlField('net/ipv4/icmp_echo_ignore_broadcasts', state, 'echoIgnoreBroadcasts', SWITCH),
    sysctlField('net/ipv4/icmp_ignore_bogus_error_responses', state, 'ignoreBogusErrorResponses', SWITCH),
    sysctlField('net/ipv4/icmp_errors_use_inbound_ifaddr', state, 'errorsUseInboundIfaddr', SWITCH),
    sysctlField('net/ipv4/icmp_ratelimit', state, 'ratelimit', { min: 0 }),
    sysctlField('net/ipv4/icmp_ratemask', state, 'ratemask'),
    sysctlField('net/ipv4/icmp_msgs_per_sec', limit, 'msgsPerSec', { min: 0 }),
    sysctlField('net/ipv4/icmp_msgs_burst', limit, 'msgsBurst', { min: 0 }),
  ]);
  return () => {
    undo();
    snmpGroups.delete('Icmp');
    snmpGroups.delete('IcmpMsg');
  };
}

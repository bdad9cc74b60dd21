/** Requests about addresses: what a running Linux 6.18 answered, and what it told its listeners, in three namespaces. */
import { readFileSync } from 'node:fs';
import { devOpen, type NetDevice } from '@skbuff/core';
import type { Inet6Dev, JoinedAddr, MldOps } from '@skbuff/ipv6';
import { IfaCacheInfo, IfAddrMsg, nlaForEach, type NlMsgHdr, NlAttrs, nlaGetBytes, type NetlinkPort, nlaParseDeprecated, nlaPolicySet, nlmsgAll, nlTalk } from '@skbuff/netlink';
import { sysctlOf } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { inetNtop6 } from '@skbuff/wire';
import { expect, it } from 'vitest';
import { in6, useHost } from './support.ts';

/** name, type, flags, body, strict, [errno, extack, offset of the attribute to blame], answers, what was told */
type Ask = readonly [string, number, number, string, number, readonly [number, string, number | null], readonly string[], readonly string[]];
type Wait = readonly ['!wait', number, readonly string[]];
type Sysctl = readonly ['!sysctl', string, string, readonly string[]];
type Step = Ask | Wait | Sysctl;

const scenes = JSON.parse(readFileSync(new URL('./records/addr-requests.json', import.meta.url), 'utf8')) as Step[][];
const t = useHost();
const MS = 1_000_000;

/** A message as the recorder wrote it down. */
function describeMessage(nlh: NlMsgHdr): string {
  const ifm = new IfAddrMsg().read(nlh.buf, nlh.data);
  const tb = new NlAttrs(U.IFA_MAX);
  nlaParseDeprecated(tb, nlh.buf, nlh.attrData(8), nlh.attrLen(8), nlaPolicySet(U.IFA_MAX, {}), null);
  const order: number[] = [];
  nlaForEach(nlh.buf, nlh.attrData(8), nlh.attrLen(8), (_attr, type) => (order.push(type), 0));
  const parts: [string, string | number][] = [['plen', ifm.prefixlen], ['scope', ifm.scope], ['ifl', ifm.flags]];
  for (const [type, name] of [[1, 'address'], [2, 'local'], [7, 'multicast'], [5, 'anycast']] as const) {
    if (tb.has(type)) parts.push([name, inetNtop6(nlaGetBytes(tb.buf, tb.at(type)))]);
  }
  if (tb.has(11)) parts.push(['proto', tb.u8(11)]);
  if (tb.has(8)) parts.push(['flags', tb.u32(8)]);
  if (tb.has(9)) parts.push(['metric', tb.u32(9)]);
  const ci = new IfaCacheInfo().read(nlh.buf, tb.at(6) + 4);
  parts.push(['pref', ci.prefered], ['valid', ci.valid], ['order', order.join('.')]);
  return `${nlh.type} 0x${nlh.flags.toString(16)} dev=${ifm.index > 1 ? ifm.index - 3 : 'lo'} ${parts.map(([k, v]) => `${k}=${v}`).join(' ')}`;
}

function request([, type, flags, body]: Ask): Uint8Array {
  const payload = Buffer.from(body, 'hex');
  const msg = Buffer.alloc(16 + payload.length);
  msg.writeUInt32LE(msg.length, 0);
  msg.writeUInt16LE(type, 4);
  msg.writeUInt16LE(flags | U.NLM_F_REQUEST, 6);
  msg.writeUInt32LE(1, 8);
  payload.copy(msg, 16);
  return Uint8Array.from(msg);
}

/** The devices of the recorder in their order, so that indexes are the same: v0 is 3, v2 without IPv6 is 5. */
function devices(): void {
  const { h } = t;
  const made = ['v1', 'v0', 'v3', 'v2'].map((name): NetDevice => h.eth(name, (dev) => void (dev.mtu = name === 'v2' ? 1000 : 1500)));
  for (const name of ['v0', 'v1']) expect(sysctlOf(h.net).write(`net/ipv6/conf/${name}/addr_gen_mode`, '1')).toBe(0);
  for (const dev of made.slice(0, 2)) devOpen(dev);
  h.run(1);
}

/** The groups of an interface as its list has them, the newest first. */
function mcList({ dev }: Inet6Dev): JoinedAddr[] {
  const own = [...t.h.groups.keys()].filter((key) => key.startsWith(`${dev.name} `)).reverse();
  return own.map((key) => ({ addr: in6(key.slice(dev.name.length + 1)), cstamp: 0, tstamp: 0 }));
}

function told(monitor: NetlinkPort): string[] {
  const events: string[] = [];
  for (let dgram = monitor.recvmsg(); typeof dgram !== 'number'; dgram = monitor.recvmsg()) events.push(...nlmsgAll(dgram.data).map(describeMessage));
  return events;
}

function ask(step: Ask): [Ask[5], readonly string[]] {
  const port = t.h.port();
  port.setsockopt(U.NETLINK_EXT_ACK, 1);
  if (step[4] !== 0) port.setsockopt(U.NETLINK_GET_STRICT_CHK, 1);
  const reply = nlTalk(port, request(step));
  port.close();
  return [[reply.error, reply.extack, reply.offs < 0 ? null : reply.offs], reply.msgs.map(describeMessage)];
}

/** The recorder asked about three times a second, not to the millisecond: lifetimes may differ by some seconds. */
function aged(recorded: readonly string[], ours: readonly string[]): string[] {
  return recorded.map((line, i) =>
    line.replace(/(pref|valid)=(\d+)/g, (whole, name: string, value: string) => {
      const own = new RegExp(`${name}=(\\d+)`).exec(ours[i] ?? '')?.[1] ?? '';
      return Number(value) !== 0xffffffff && Math.abs(Number(own) - Number(value)) <= 10 ? `${name}=${own}` : whole;
    }),
  );
}

it.each(scenes.map((scene, i) => [i, scene] as const))('answers and tells as the kernel did, namespace %i', (_i, scene) => {
  const { h } = t;
  h.ip.mld = { ...(h.ip.mld as MldOps), mcList };
  devices();
  const monitor = h.port();
  monitor.bind(0, 1 << (U.RTNLGRP_IPV6_IFADDR - 1));
  for (const step of scene) {
    if (step[0] === '!wait') {
      h.clock.advance((step as Wait)[1] * 1000 * MS);
      expect([step[0], told(monitor)]).toEqual([step[0], (step as Wait)[2]]);
    } else if (step[0] === '!sysctl') {
      expect(sysctlOf(h.net).write(`net/ipv6/conf/${(step as Sysctl)[1]}`, (step as Sysctl)[2])).toBe(0);
      h.clock.advance(100 * MS);
      const events = told(monitor);
      expect([step[1], events]).toEqual([step[1], aged((step as Sysctl)[3], events)]);
    } else {
      const asked = step as Ask;
      const [error, answers] = ask(asked);
      h.clock.advance(334 * MS);
      const events = told(monitor);
      expect([asked[0], error, answers, events]).toEqual([asked[0], asked[5], aged(asked[6], answers), aged(asked[7], events)]);
    }
  }
  monitor.close();
});

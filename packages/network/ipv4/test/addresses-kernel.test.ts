/** Random RTM_NEWADDR and RTM_DELADDR on one interface, with what a running Linux 6.18 answered, told its listeners, and had afterwards. */
import { readFileSync } from 'node:fs';
import { IfAddrMsg, type NlMsgHdr, nlmsgAll, NlAttrs, nlaPolicySet, nlTalk, IfaCacheInfo, nlaParseDeprecated } from '@skbuff/netlink';
import { IFA_MAX, NETLINK_EXT_ACK, RTNLGRP_IPV4_IFADDR } from '@skbuff/uapi';
import { inetNtoa } from '@skbuff/wire';
import { expect, it } from 'vitest';
import { useHost } from './support.ts';

/** type, flags, body without the interface's index, errno, extack, events, addresses afterwards */
type Op = readonly [number, number, string, number, string, readonly string[], string];

const runs = JSON.parse(readFileSync(new URL('./records/addresses.json', import.meta.url), 'utf8')) as { promote: number; ops: Op[] }[];
const t = useHost();

/** The message as the recorder wrote it down. */
function describeEvent(nlh: NlMsgHdr): string {
  const ifm = new IfAddrMsg().read(nlh.buf, nlh.data);
  const tb = new NlAttrs(IFA_MAX);
  nlaParseDeprecated(tb, nlh.buf, nlh.attrData(8), nlh.attrLen(8), nlaPolicySet(IFA_MAX, {}), null);
  const ci = new IfaCacheInfo().read(nlh.buf, tb.at(6) + 4);
  const parts: [string, string | number][] = [['plen', ifm.prefixlen], ['scope', ifm.scope]];
  if (tb.has(1)) parts.push(['address', inetNtoa(tb.be32(1))]);
  if (tb.has(2)) parts.push(['local', inetNtoa(tb.be32(2))]);
  if (tb.has(4)) parts.push(['brd', inetNtoa(tb.be32(4))]);
  if (tb.has(3)) parts.push(['label', tb.string(3)]);
  if (tb.has(11)) parts.push(['proto', tb.u8(11)]);
  parts.push(['flags', tb.u32(8)]);
  if (tb.has(9)) parts.push(['metric', tb.u32(9)]);
  parts.push(['pref', ci.prefered], ['valid', ci.valid]);
  return `${nlh.type === 20 ? 'NEW' : 'DEL'} ${parts.map(([k, v]) => `${k}=${v}`).join(' ')}`;
}

function request(op: Op, ifindex: number): Uint8Array {
  const body = Buffer.from(op[2], 'hex');
  const msg = Buffer.alloc(16 + 4 + body.length);
  msg.writeUInt32LE(msg.length, 0);
  msg.writeUInt16LE(op[0], 4);
  msg.writeUInt16LE(op[1], 6);
  msg.writeUInt32LE(1, 8);
  body.copy(msg, 16, 0, 4);
  msg.writeUInt32LE(ifindex, 20);
  body.copy(msg, 24, 4);
  return Uint8Array.from(msg);
}

it.each(runs.map((run, i) => [i, run] as const))('adds, replaces, deletes and promotes as the kernel does, run %i', (_i, run) => {
  const { h } = t;
  const dev = h.eth('d0');
  expect(h.sysctl('net/ipv4/conf/d0/promote_secondaries', String(run.promote))).toBe(0);
  const port = h.port();
  port.setsockopt(NETLINK_EXT_ACK, 1);
  const monitor = h.port();
  monitor.bind(0, 1 << (RTNLGRP_IPV4_IFADDR - 1));
  for (const op of run.ops) {
    const reply = nlTalk(port, request(op, dev.ifindex));
    const events: string[] = [];
    for (let dgram = monitor.recvmsg(); typeof dgram !== 'number'; dgram = monitor.recvmsg()) events.push(...nlmsgAll(dgram.data).map(describeEvent));
    const after = h.inDev(dev).ifaList.map((ifa) => `${inetNtoa(ifa.local)}/${ifa.prefixlen}${(ifa.flags & 1) !== 0 ? ' 2nd' : ''}`).join(', ');
    expect([reply.error, reply.extack, events, after]).toEqual([op[3], op[4], op[5], op[6]]);
  }
});

/**
 * Random messages about routes (RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE) and rules (RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE), well-formed or not,
 * and what a running Linux 6.18 answered and told listeners, byte for byte. Left out: numbers of requests and ports, and in RTA_CACHEINFO who holds a route, since when, and the
 * time that is left beyond its first digits.
 */
import { readFileSync } from 'node:fs';
import { netlinkPort, type NetlinkPort } from '@skbuff/netlink';
import {
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_ROUTE,
  RTA_CACHEINFO,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_IPV6_RULE,
} from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { createNet } from '../src/index.ts';

interface Step {
  readonly send: string;
  readonly strict?: true;
  readonly back: readonly string[];
  readonly told?: readonly string[];
}

const steps = (file: string): Step[] => JSON.parse(readFileSync(new URL(`./golden/${file}-messages.json`, import.meta.url), 'utf8')) as Step[];
const SETUP = [
  'ip link set lo up',
  'ip link add v0 index 10 address 02:00:00:00:00:01 type veth peer name v1 index 11 address 02:00:00:00:00:02',
  'ip link set v0 addrgenmode none',
  'ip link set v1 addrgenmode none',
  'ip link set v0 up',
  'ip link set v1 up',
  'ip addr add 2001:db8::1/64 dev v0 nodad',
  'ip addr add fe80::1/64 dev v0 nodad',
  'ip addr add 2001:db8:1::1/64 dev v1 nodad',
  'sysctl -qw net.ipv4.fib_multipath_hash_seed=777',
];

function masked(message: Buffer): string {
  message.fill(0, 8, 16);
  const type = message.readUInt16LE(4);
  if (type < RTM_NEWROUTE || type > RTM_GETROUTE) return message.toString('hex');
  for (let at = 28; at + 4 <= message.length; at += (message.readUInt16LE(at) + 3) & ~3) {
    if (message.readUInt16LE(at) < 4) break;
    if (message.readUInt16LE(at + 2) !== RTA_CACHEINFO) continue;
    message.fill(0, at + 4, at + 12);
    message.writeInt32LE(Math.max(0, Math.ceil(message.readInt32LE(at + 12) / 10_000)), at + 12);
  }
  return message.toString('hex');
}

function messages(port: NetlinkPort): string[] {
  const all: string[] = [];
  for (let got = port.recvmsg(); typeof got !== 'number'; got = port.recvmsg()) {
    const data = Buffer.from(got.data);
    for (let at = 0; at + 16 <= data.length; at += (data.readUInt32LE(at) + 3) & ~3) all.push(masked(data.subarray(at, at + data.readUInt32LE(at))));
  }
  return all;
}

async function play(file: string, group: number): Promise<void> {
  const net = createNet({ seed: 1 });
  const host = net.host('h');
  for (const line of SETUP) expect((await host.run(line)).code, line).toBe(0);
  await net.advance(2000);
  const open = (...options: number[]): NetlinkPort => {
    const port = netlinkPort(host.ns, NETLINK_ROUTE) as NetlinkPort;
    for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, ...options]) port.setsockopt(option, 1);
    port.bind();
    return port;
  };
  const [plain, strict, ear] = [open(), open(NETLINK_GET_STRICT_CHK), open()];
  ear.setsockopt(NETLINK_ADD_MEMBERSHIP, group);
  for (const [i, step] of steps(file).entries()) {
    const port = step.strict === true ? strict : plain;
    port.sendmsg(new Uint8Array(Buffer.from(step.send, 'hex')));
    expect({ back: messages(port), told: messages(ear) }, `${i}: ${step.send}`).toEqual({ back: step.back, told: step.told ?? [] });
  }
  for (const port of [plain, strict, ear]) port.close();
  expect(net.close()).toEqual({});
}

it('answers messages about routes, and tells of what becomes of them, as Linux does [IP6T-08] [IP6T-09]', () => play('route6', RTNLGRP_IPV6_ROUTE));
it('answers messages about rules, and goes by them, as Linux does', () => play('rule6', RTNLGRP_IPV6_RULE));

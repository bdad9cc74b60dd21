/** Links, settings, files and ioctl(2): bytes, words and errnos of a running Linux 6.18. */
import { devSetMtu, type NetDevice } from '@skbuff/core';
import { in6DevGet, Inet6Dev, ipv6DevAcInc, type JoinedAddr, type MldOps } from '@skbuff/ipv6';
import { NetlinkExtAck, NlMsgBuilder, nlaFind, nlaGetBytes, type NetlinkPort, nlmsgAll, type NlMsgHdr, nlTalk, RTNETLINK, type RtnlAfOps } from '@skbuff/netlink';
import { procNetOf } from '@skbuff/procfs';
import * as U from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { inet6PrefixNotify } from '../src/index.ts';
import { in6, useHost } from './support.ts';

const t = useHost();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const payload = (nlh: NlMsgHdr): string => hex(nlh.buf.subarray(nlh.data, nlh.data + nlh.dataLen));

function listen(...groups: number[]): NetlinkPort {
  const monitor = t.h.port();
  monitor.bind(0, 0);
  for (const group of groups) monitor.setsockopt(U.NETLINK_ADD_MEMBERSHIP, group);
  return monitor;
}

function told(monitor: NetlinkPort): NlMsgHdr[] {
  const messages: NlMsgHdr[] = [];
  for (let dgram = monitor.recvmsg(); typeof dgram !== 'number'; dgram = monitor.recvmsg()) messages.push(...nlmsgAll(dgram.data));
  return messages;
}

function message(type: number, flags: number, body: string | Uint8Array): Uint8Array {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'hex') : Buffer.from(body);
  const msg = Buffer.alloc(16 + bytes.length);
  msg.writeUInt32LE(msg.length, 0);
  msg.writeUInt16LE(type, 4);
  msg.writeUInt16LE(flags | U.NLM_F_REQUEST, 6);
  msg.writeUInt32LE(1, 8);
  bytes.copy(msg, 16);
  return Uint8Array.from(msg);
}

/** errno, extack, payloads. */
function ask(type: number, flags: number, body: string, strict = false): [number, string, string[]] {
  const port = t.h.port();
  port.setsockopt(U.NETLINK_EXT_ACK, 1);
  if (strict) port.setsockopt(U.NETLINK_GET_STRICT_CHK, 1);
  const { error, extack, msgs } = nlTalk(port, message(type, flags, body));
  port.close();
  return [error, extack, msgs.map(payload)];
}

const DUMP = U.NLM_F_DUMP;
const ACK = U.NLM_F_ACK;

function afOps(): Required<{ [K in keyof RtnlAfOps]: NonNullable<RtnlAfOps[K]> }> {
  return t.h.kernel.services.get(RTNETLINK).afOps.find(({ family }) => family === U.AF_INET6) as never;
}

/** AF_INET6 { … } of a link: errno and words of judging it and, if it is good, of setting it. */
function change(dev: NetDevice, ...attrs: readonly (readonly [type: number, value: Uint8Array])[]): [number, string] {
  const b = new NlMsgBuilder();
  const family = b.nlaNestStartNoflag(U.AF_INET6);
  for (const [type, value] of attrs) b.nlaPut(type, value);
  b.nlaNestEnd(family);
  const extack = new NetlinkExtAck();
  const err = afOps().validateLinkAf(dev, b.buf, family, extack) || afOps().setLinkAf(dev, b.buf, family, extack);
  return [err, extack.message];
}

const token = (addr: string): [number, Uint8Array] => [U.IFLA_INET6_TOKEN, in6(addr).toBytes()];
const mode = (value: number): [number, Uint8Array] => [U.IFLA_INET6_ADDR_GEN_MODE, Uint8Array.of(value)];

/** Attributes of a link's IPv6 side, by number. */
function attributes(dev: NetDevice, mask = 0): Map<number, string> {
  const b = new NlMsgBuilder();
  expect(afOps().fillLinkAf(b, dev, mask)).toBe(0);
  const all = new Map<number, string>();
  for (let type = 1; type <= U.IFLA_INET6_MAX; type++) {
    const at = nlaFind(b.buf, 0, b.len, type);
    if (at >= 0) all.set(type, hex(nlaGetBytes(b.buf, at)));
  }
  return all;
}

/** IFLA_INET6_CONF of an Ethernet interface of the kernel. */
const CONF =
  '0000000040000000dc05000001000000010000000100000001000000ffffffffa00f0000e803000000000000803a0900805101000300000058020000100000000000000001000000010000000100000060ea0000' +
  '00000000000000000000000000000000000000000000000001000000000000000000000010270000e803000001000000000000000000000001000000000000000000000001000000000000000000000000000000' +
  '0000000080ee360000000000000000000100000000000000000000000000000000000000000000000004000000000000ffff0000ffffffff01000000000000000000000000000000';

it('a link tells what the kernel tells of it', () => {
  const { h } = t;
  const dev = h.eth('v0');
  const idev = h.up(dev);
  idev.stats[1] = 2;
  idev.icmpv6Stats[3] = 5;
  expect(change(dev, token('::5'))).toEqual([0, '']);
  const all = attributes(dev);
  // Flags: ready, and asking for routers does not begin before there is an address.
  expect([all.get(U.IFLA_INET6_FLAGS), all.get(U.IFLA_INET6_CONF), all.get(U.IFLA_INET6_TOKEN), all.get(U.IFLA_INET6_ADDR_GEN_MODE)]).toEqual([
    '00000080',
    CONF,
    '00000000000000000000000000000005',
    '00',
  ]);
  expect(all.get(U.IFLA_INET6_CACHEINFO)).toMatch(/^ffff0000.{8}00000000e8030000$/);
  expect(all.get(U.IFLA_INET6_STATS)).toBe(`26000000000000000200000000000000${'0'.repeat(36 * 16)}`);
  expect(all.get(U.IFLA_INET6_ICMP6STATS)).toBe(`0700000000000000${'0'.repeat(32)}0500000000000000${'0'.repeat(48)}`);
  expect(all.has(U.IFLA_INET6_RA_MTU)).toBe(false);
  idev.raMtu = 1400;
  const short = attributes(dev, U.RTEXT_FILTER_SKIP_STATS);
  expect([short.get(U.IFLA_INET6_RA_MTU), short.has(U.IFLA_INET6_STATS), short.has(U.IFLA_INET6_ICMP6STATS)]).toEqual(['78050000', false, false]);
});

it('a link takes a token and a way of making addresses, or says why not', () => {
  const { h } = t;
  const dev = h.eth('v0');
  h.up(dev);
  const lo = h.net.loopbackDev as NetDevice;
  const monitor = listen(U.RTNLGRP_IPV6_IFINFO);
  expect(change(lo, token('::5'))).toEqual([-22, 'ipv6: Device is loopback']);
  expect(change(dev)).toEqual([-22, '']);
  expect([change(dev, mode(4)), change(dev, mode(2)), change(dev, token('::6'), mode(9))]).toEqual([[-22, ''], [-22, ''], [-22, '']]);
  expect(change(dev, [U.IFLA_INET6_RA_MTU, new Uint8Array(4)])).toEqual([-22, 'IFLA_INET6_RA_MTU can not be set']);
  expect(change(dev, [U.IFLA_INET6_TOKEN, new Uint8Array(4)])[0]).toBe(-34);
  expect(change(dev, [U.IFLA_INET6_FLAGS, new Uint8Array(4)])).toEqual([-22, '']);
  expect(told(monitor)).toEqual([]);
  expect([change(dev, mode(1)), change(lo, mode(3)), h.idev(dev).cnf.addrGenMode, h.idev(lo).cnf.addrGenMode]).toEqual([[0, ''], [0, ''], 1, 3]);
  // Only a token is announced; its upper half does not count.
  expect(told(monitor)).toEqual([]);
  expect(change(dev, token('2001:db8::7'))).toEqual([0, '']);
  expect([told(monitor).map(({ type }) => type), h.idev(dev).token.toString()]).toEqual([[U.RTM_NEWLINK], '::7']);
  const { cnf } = h.idev(dev);
  cnf.acceptRa = 0;
  expect(change(dev, token('::8'))).toEqual([-22, 'ipv6: Router advertisement is disabled on device']);
  cnf.acceptRa = 1;
  cnf.forwarding = 1;
  expect(change(dev, token('::8'))).toEqual([-22, 'ipv6: Router advertisement is disabled on device']);
  cnf.acceptRa = 2;
  expect(change(dev, token('::8'))).toEqual([0, '']);
  cnf.rtrSolicits = 0;
  expect(change(dev, token('::9'))).toEqual([-22, 'Router solicitation is disabled on device']);
  dev.flags |= U.IFF_NOARP;
  expect(change(dev, token('::9'))).toEqual([-22, 'ipv6: Device does not do neighbour discovery']);
  monitor.close();
});

it('a link without IPv6 has nothing to tell, and takes nothing', () => {
  const { h } = t;
  const dev = h.eth('v0');
  expect(devSetMtu(dev, 1000)).toBe(0);
  expect([afOps().fillLinkAf(new NlMsgBuilder(), dev, 0), change(dev, mode(1))[0], change(dev)[0]]).toEqual([-U.ENODATA, -U.EAFNOSUPPORT, -U.EAFNOSUPPORT]);
});

it('ip -6 link: interfaces with IPv6 by index, with the words of the kernel for a wrong request [IP6A-18]', () => {
  const { h } = t;
  const v0 = h.eth('v0');
  h.up(v0);
  const bare = h.eth('v1', (dev) => void (dev.mtu = 1000));
  expect(in6DevGet(bare)).toBe(null);
  const header = '0a000000000000000000000000000000';
  const [err, , links] = ask(U.RTM_GETLINK, DUMP, header);
  expect([err, links.map((link) => Buffer.from(link, 'hex').readInt32LE(4))]).toEqual([0, [1, v0.ifindex]]);
  // Name, address, MTU, state, then IPv6's side.
  expect(links[1]?.slice(32, 32 + 2 * 44)).toBe(`07000300763000000a000100${hex(v0.devAddr.subarray(0, 6))}000008000400dc0500000500100000000000a0020c0008000100`);
  const strict = (body: string): [number, string, string[]] => ask(U.RTM_GETLINK, DUMP, body, true);
  expect(strict(header)[2].length).toBe(2);
  expect(strict('0a00000002000000')).toEqual([-22, 'ipv6: Invalid header for link dump request', []]);
  expect(strict('0a000000020000000000000000000000')).toEqual([-22, 'ipv6: Invalid values in header for dump request', []]);
  expect(strict('0a000000000000000000000001000000')).toEqual([-22, 'ipv6: Invalid values in header for dump request', []]);
  expect(strict(`${header}08001d0008000000`)).toEqual([-22, 'ipv6: Invalid data after header', []]);
});

it('tells settings that routing daemons follow', () => {
  const { h } = t;
  const dev = h.eth('v0');
  h.eth('v1', (each) => void (each.mtu = 1000));
  const index = (i: number): string => Buffer.from(new Uint8Array(new Int32Array([i]).buffer)).toString('hex');
  const answer = (i: number): string => `0a00000008000100${index(i)}08000200000000000800040000000000080005000000000008000600${'00000000'}`;
  const get = (i: number, strict = false): [number, string, string[]] => ask(U.RTM_GETNETCONF, ACK, `0a00000008000100${index(i)}`, strict);
  for (const strict of [false, true]) {
    expect([-1, -2, 1, dev.ifindex].map((i) => get(i, strict))).toEqual([-1, -2, 1, dev.ifindex].map((i) => [0, '', [answer(i)]]));
    expect([-3, 0, dev.ifindex + 1, 99].map((i) => get(i, strict))).toEqual([-3, 0, 2, 99].map(() => [-22, '', []]));
    expect(ask(U.RTM_GETNETCONF, DUMP, '0a000000', strict)).toEqual([0, '', [1, dev.ifindex, -1, -2].map(answer)]);
  }
  expect(ask(U.RTM_GETNETCONF, ACK, '0a000000')).toEqual([-22, '', []]);
  const more = `0a00000008000100${index(1)}0800020001000000`;
  expect(ask(U.RTM_GETNETCONF, ACK, more)).toEqual([0, '', [answer(1)]]);
  expect(ask(U.RTM_GETNETCONF, ACK, more, true)).toEqual([-22, 'ipv6: Unsupported attribute in netconf get request', []]);
  expect(ask(U.RTM_GETNETCONF, DUMP, `0a00000008000100${index(1)}`, true)).toEqual([-22, 'ipv6: Invalid data after header in netconf dump request', []]);
});

it('says of a setting that it knows but does not tell, that it is not to be asked for', () => {
  // NETCONFA_FORCE_FORWARDING, and one that no kernel has.
  expect(ask(U.RTM_GETNETCONF, 0, '0a000000' + '0800090001000000', true).slice(0, 2)).toEqual([-U.EINVAL, 'ipv6: Unsupported attribute in netconf get request']);
  expect(ask(U.RTM_GETNETCONF, 0, '0a000000' + '08000a0001000000', true).slice(0, 2)).toEqual([-U.EINVAL, 'Unknown attribute type']);
});

it('refuses flags and metrics that are too short without a word on what they should be', () => {
  const port = t.h.port();
  port.setsockopt(U.NETLINK_EXT_ACK, 1);
  const errors = ['0700080002030000', '0600090000000000'].map((attr) => {
    port.sendmsg(message(U.RTM_NEWADDR, U.NLM_F_CREATE | U.NLM_F_ACK, `0a40000001000000${attr}`), 0, 0);
    const answer = port.recvmsg();
    return typeof answer === 'number' ? '' : hex(answer.data).slice(-16);
  });
  // The offset of the attribute comes last: no NLMSGERR_ATTR_POLICY.
  expect(errors).toEqual(['0800020018000000', '0800020018000000']);
  port.close();
});

it('/proc/net/if_inet6 to the byte', () => {
  const { h } = t;
  const dev = h.eth('v0');
  h.up(dev);
  h.add(dev, '2001:db8::1/64', { ifaFlags: U.IFA_F_NODAD });
  const lines = (procNetOf(h.net).read('if_inet6') as string).split('\n').sort();
  // fe80… is being tried.
  expect(lines).toEqual(['', '20010db8000000000000000000000001 02 40 00 82       v0', 'fe80000000000000000000fffe000030 02 40 20 c0       v0']);
});

it('a dump tells unicast, multicast and anycast addresses apart [IP6A-01]', () => {
  const { h } = t;
  const dev = h.eth('v0');
  h.up(dev);
  h.add(dev, '2001:db8::1/64', { ifaFlags: U.IFA_F_NODAD });
  ipv6DevAcInc(h.idev(dev), in6('2001:db8::'));
  const groups: JoinedAddr[] = [{ addr: in6('ff05::7'), cstamp: 0, tstamp: 0 }];
  h.ip.mld = { ...(h.ip.mld as MldOps), mcList: (idev: Inet6Dev) => (idev.dev === dev ? groups : []) };
  const index = Buffer.from([dev.ifindex, 0, 0, 0]).toString('hex');
  const dump = (type: number): string[] => ask(type, DUMP, `0a000000${index}`, true)[2].map((text) => text.slice(0, 56));
  expect(dump(U.RTM_GETADDR)).toEqual([`0a408200${index}1400010020010db8000000000000000000000001`, `0a40c0fd${index}14000100${in6('fe80::ff:fe00:30').toHex()}`]);
  expect(dump(U.RTM_GETMULTICAST)).toEqual([`0a8080c8${index}14000700ff050000000000000000000000000007`]);
  expect(dump(U.RTM_GETANYCAST)).toEqual([`0a808000${index}1400050020010db8000000000000000000000000`]);
});

it(':: is nobody’s address, and neither is a group or ::1 of an interface [IP6A-07]', () => {
  const { h } = t;
  const dev = h.eth('v0');
  expect(['::/64', 'ff02::77/64', '::1/128'].map((prefix) => h.add(dev, prefix))).toEqual([
    'ipv6: Invalid address',
    'ipv6: Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag',
    'ipv6: Cannot assign loopback address on this device',
  ]);
});

it('a site-local address is one still, of the scope of a site [IP6A-09]', () => {
  const { h } = t;
  const dev = h.eth('v0');
  h.up(dev);
  for (const prefix of ['fec0::5/64', 'fe80::5/64', '2001:db8::5/64']) h.add(dev, prefix, { ifaFlags: U.IFA_F_NODAD });
  const scopes = ask(U.RTM_GETADDR, DUMP, '0a00000000000000')[2].map((text): [number, string] => [Number.parseInt(text.slice(6, 8), 16), text.slice(24, 28)]);
  expect(scopes).toEqual([
    [U.RT_SCOPE_UNIVERSE, '2001'],
    [U.RT_SCOPE_SITE, 'fec0'],
    [U.RT_SCOPE_LINK, 'fe80'],
    [U.RT_SCOPE_LINK, 'fe80'],
  ]);
});

it('a prefix that a router advertised is told as it stands there', () => {
  const { h } = t;
  const dev = h.eth('v0');
  const monitor = listen(U.RTNLGRP_IPV6_PREFIX);
  const option = Buffer.from(`0304${'40f0'}00001c2000000e1000000000${in6('2001:db8:9::').toHex()}`, 'hex');
  inet6PrefixNotify(U.RTM_NEWPREFIX, h.idev(dev), option, 0);
  const index = Buffer.from([dev.ifindex, 0, 0, 0]).toString('hex');
  // Preferred comes first, and both are numbers of the host.
  expect(told(monitor).map((nlh) => [nlh.type, nlh.flags, payload(nlh)])).toEqual([
    [U.RTM_NEWPREFIX, 0, `0a000000${index}0340f0001400010020010db80009000000000000000000000c000200100e0000201c0000`],
  ]);
  monitor.close();
});

it('ioctl(2) adds and takes away', () => {
  const { h } = t;
  const dev = h.eth('v0');
  const bare = h.eth('v1', (each) => void (each.mtu = 1000));
  const io = (request: number, addr: string, plen: number, ifindex: number, cut = 24): number => {
    const arg = Buffer.alloc(24);
    in6(addr).store(arg, 0);
    arg.writeUInt32LE(plen, 16);
    arg.writeInt32LE(ifindex, 20);
    return h.ip.addrconf?.ioctl?.(h.net, request, arg.subarray(0, cut)) ?? 1;
  };
  const [a, i] = ['2001:db8:55::1', dev.ifindex];
  const add = (addr: string, plen: number, ifindex: number): number => io(U.SIOCSIFADDR, addr, plen, ifindex);
  const del = (addr: string, plen: number, ifindex: number): number => io(U.SIOCDIFADDR, addr, plen, ifindex);
  expect([add(a, 64, i), add(a, 64, i), add(a, 64, 99), add('2001:db8:56::1', 129, i), add('ff02::99', 64, i), add('2001:db8:56::1', 64, bare.ifindex), add('::', 64, i)]).toEqual([
    0, -17, -19, -22, -99, -22, -99,
  ]);
  expect(h.addrs(dev)).toEqual(['2001:db8:55::1/64 tentative']);
  expect([del(a, 63, i), del(a, 64, i), del(a, 64, i), del(a, 64, 99), del(a, 64, bare.ifindex)]).toEqual([-99, 0, -99, -19, -6]);
  expect([io(U.SIOCSIFDSTADDR, a, 64, i), io(U.SIOCSIFDSTADDR, a, 64, 99), io(U.SIOCSIFADDR, a, 64, i, 20)]).toEqual([-19, -19, -14]);
});

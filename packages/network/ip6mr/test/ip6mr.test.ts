import { type NetDevice, nfRegisterNetHook, nfUnregisterNetHook, rmmod } from '@skbuff/core';
import { ipv6Net } from '@skbuff/ipv6';
import { NlMsgBuilder, RtMsg } from '@skbuff/netlink';
import { EACCES, EADDRNOTAVAIL, EINVAL, ENOBUFS, ENOENT, EOPNOTSUPP, IPSTATS_MIB_OUTFORWDATAGRAMS, MRT6_ADD_MFC, MRT6_ADD_MIF, MRT6_DONE, MRT6_INIT, MRT6_TABLE, MRT6_VERSION, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK, NF_DROP, NFPROTO_IPV6, NF_INET_FORWARD, NLMSG_DONE, NLMSG_ERROR, NLM_F_DUMP, NLM_F_DUMP_FILTERED, NLM_F_REQUEST, RTA_DST, RTA_IIF, RTA_OIF, RTA_SRC, RTA_TABLE, RTM_GETROUTE, RTM_NEWROUTE, RTNL_FAMILY_IP6MR } from '@skbuff/uapi';
import { inetPton6, leS32 } from '@skbuff/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Daemon, int, mf6cctl, mif6ctl, Router } from './support.ts';

let r: Router;
let daemon: Daemon;

beforeEach(() => {
  r = new Router();
  daemon = new Daemon(r.net, true);
});

afterEach(() => {
  expect(r.shutdown()).toEqual({});
});

const set = (option: number, value: Uint8Array = int(1), sk: Daemon = daemon): number => r.mroute.setsockopt(sk, option, value);
const SOURCE = '2001:db8::2';

function start(): void {
  expect(set(MRT6_INIT)).toBe(0);
  for (const i of [0, 1, 2]) expect(set(MRT6_ADD_MIF, mif6ctl(i, 10 + i))).toBe(0);
}

it('obeys its daemon, and who may administer the network', () => {
  expect(set(MRT6_INIT, int(1), new Daemon(r.net, false))).toBe(-EOPNOTSUPP);
  expect(r.mroute.getsockopt(new Daemon(r.net, false), MRT6_VERSION, new Uint8Array(4))).toBe(-EOPNOTSUPP);
  start();
  const other = new Daemon(r.net, true);
  other.netAdmin = false;
  expect(set(MRT6_ADD_MFC, mf6cctl(SOURCE, 'ff0e::1', 0, [1]), other)).toBe(-EACCES);
  expect(set(MRT6_DONE, int(0), other)).toBe(-EACCES);
  other.netAdmin = true;
  expect(set(MRT6_DONE, int(0), other)).toBe(-EACCES);
  expect(set(MRT6_ADD_MFC, mf6cctl(SOURCE, 'ff0e::1', 0, [1]).subarray(1), other)).toBe(-EINVAL);
  expect(set(MRT6_ADD_MFC, mf6cctl(SOURCE, 'ff0e::1', 0, [1]), other)).toBe(0);
  expect(r.mroute.skDone(other)).toBe(false);
  expect(r.mroute.skDone(daemon)).toBe(true);
  // What others have added stays.
  expect(r.proc('ip6_mr_cache')).toHaveLength(1);
});

it('remembers nothing of packets that the daemon cannot be told of', () => {
  start();
  daemon.err = -ENOBUFS;
  r.receive(0, SOURCE, 'ff0e::1', 64);
  expect(r.proc('ip6_mr_cache')).toEqual([]);
  daemon.err = 0;
  r.receive(0, SOURCE, 'ff0e::1', 64);
  expect([daemon.upcalls.length, r.proc('ip6_mr_cache').length]).toEqual([1, 1]);
});

it('drops what comes by an interface that is none of its own', () => {
  expect(set(MRT6_INIT)).toBe(0);
  expect(set(MRT6_ADD_MIF, mif6ctl(1, 11))).toBe(0);
  r.receive(0, SOURCE, 'ff0e::1', 64);
  expect([daemon.upcalls, r.frames, r.proc('ip6_mr_cache')]).toEqual([[], [], []]);
});

it('lets the rules of FORWARD judge what it forwards, and counts the rest [IP6M-02]', () => {
  start();
  expect(set(MRT6_ADD_MFC, mf6cctl(SOURCE, 'ff0e::1', 0, [1, 2]))).toBe(0);
  const ways: string[] = [];
  const ops = {
    pf: NFPROTO_IPV6,
    hooknum: NF_INET_FORWARD,
    priority: 0,
    hook: (_priv: unknown, _skb: unknown, state: { in: { name: string } | null; out: { name: string } | null }) => (ways.push(`${state.in?.name} ${state.out?.name}`), NF_DROP),
  };
  nfRegisterNetHook(r.net, ops);
  r.receive(0, SOURCE, 'ff0e::1', 64);
  nfUnregisterNetHook(r.net, ops);
  expect([ways.sort(), r.frames]).toEqual([['v0 v1', 'v0 v2'], []]);
  r.receive(0, SOURCE, 'ff0e::1', 64);
  expect([r.frames.length, ipv6Net.of(r.net).stats[IPSTATS_MIB_OUTFORWDATAGRAMS]]).toEqual([2, 2]);
});

it('does not forward while nobody is its daemon, nor what is not to leave its link [IP6M-02]', () => {
  r.receive(0, SOURCE, 'ff0e::1', 64);
  start();
  expect(set(MRT6_ADD_MFC, mf6cctl(SOURCE, 'ff02::9', 0, [1, 2]))).toBe(0);
  r.receive(0, SOURCE, 'ff02::9', 64);
  r.receive(0, SOURCE, 'ff01::9', 64);
  expect([r.frames, daemon.upcalls]).toEqual([[], []]);
});

it('has tables, each with a daemon of its own', () => {
  start();
  const other = new Daemon(r.net, true);
  expect(set(MRT6_TABLE, int(100), other)).toBe(0);
  expect(set(MRT6_TABLE, int(100_000_000), other)).toBe(-EINVAL);
  expect(set(MRT6_INIT, int(1), other)).toBe(0);
  expect(set(MRT6_ADD_MIF, mif6ctl(0, 11), other)).toBe(0);
  const gone = new Daemon(r.net, true);
  gone.ip6mrTable = 7;
  expect(set(MRT6_INIT, int(1), gone)).toBe(-ENOENT);
  expect(r.proc('ip6_mr_vif')).toHaveLength(3);
  expect(set(MRT6_ADD_MIF, mif6ctl(1, 99), other)).toBe(-EADDRNOTAVAIL);
});

describe('RTM_GETROUTE', () => {
  const addr = (type: number, text: string): readonly [number, Uint8Array] => [type, inetPton6(text) as Uint8Array];
  const entry = [addr(RTA_DST, 'ff0e::1'), addr(RTA_SRC, SOURCE)];
  const table = (id: number): readonly [number, Uint8Array] => [RTA_TABLE, int(id)];
  /** Types of the answers, and what Linux says besides. */
  const ask = (flags: number, rtm: Partial<RtMsg>, attrs: readonly (readonly [number, Uint8Array])[]): (number | string)[] => {
    const b = new NlMsgBuilder();
    const nlh = b.nlmsgPut(RTM_GETROUTE, flags, 1, 0, RtMsg.of({ family: RTNL_FAMILY_IP6MR, ...rtm }));
    for (const [type, bytes] of attrs) b.nlaPut(type, bytes);
    b.nlmsgEnd(nlh);
    r.notes();
    r.port.setsockopt(NETLINK_EXT_ACK, 1);
    r.port.setsockopt(NETLINK_GET_STRICT_CHK, 1);
    r.port.sendmsg(b.bytes());
    return r.messages().flatMap(({ type, buf, data, off, len, flags: answer }) => {
      if (type !== NLMSG_ERROR && type !== NLMSG_DONE) return [type, ...((answer & NLM_F_DUMP_FILTERED) === 0 ? [] : ['filtered'])];
      const text = Buffer.from(buf.subarray(off, off + len)).toString('latin1');
      const err = leS32(buf, data);
      return err === 0 ? [] : [err, /[a-zA-Z0-9: _]{12,}/.exec(text)?.[0] ?? ''];
    });
  };
  const one = { dstLen: 128, srcLen: 128 };

  beforeEach(() => {
    start();
    expect(set(MRT6_ADD_MFC, mf6cctl(SOURCE, 'ff0e::1', 0, [1]))).toBe(0);
  });

  it('tells of one entry of a table that is named, as Linux does', () => {
    expect(ask(NLM_F_REQUEST, one, [...entry, table(254)])).toEqual([RTM_NEWROUTE]);
    expect(ask(NLM_F_REQUEST, one, entry)).toEqual([-ENOENT, 'ipv6: MR table does not exist']);
    expect(ask(NLM_F_REQUEST, one, [addr(RTA_DST, 'ff0e::2'), table(254)])).toEqual([-ENOENT, 'ipv6: MR cache entry not found']);
    expect(ask(NLM_F_REQUEST, { ...one, dstLen: 64 }, entry)).toEqual([-EINVAL, 'ipv6: Invalid values in header for multicast route get request']);
    expect(ask(NLM_F_REQUEST, { ...one, table: 254 }, entry)).toEqual([-EINVAL, 'ipv6: Invalid values in header for multicast route get request']);
    expect(ask(NLM_F_REQUEST, { srcLen: 128 }, entry)).toEqual([-EINVAL, 'ipv6: rtm_src_len and rtm_dst_len must be 128 for IPv6']);
    expect(ask(NLM_F_REQUEST, one, [...entry, [RTA_IIF, int(10)]])).toEqual([-EINVAL, 'Unsupported attribute']);
  });

  it('tells of those of a table, or of those that go to a device', () => {
    const dump = NLM_F_REQUEST | NLM_F_DUMP;
    expect(ask(dump, {}, [])).toEqual([RTM_NEWROUTE]);
    expect(ask(dump, {}, [table(254)])).toEqual([RTM_NEWROUTE, 'filtered']);
    expect(ask(dump, {}, [table(9)])).toEqual([-ENOENT, 'ipv6: MR table does not exist']);
    expect(ask(dump, {}, [[RTA_OIF, int(11)]])).toEqual([RTM_NEWROUTE, 'filtered']);
    expect(ask(dump, {}, [[RTA_OIF, int(12)]])).toEqual([]);
    expect(ask(dump, { tos: 1 }, [])).toEqual([-EINVAL, 'Invalid values in header for FIB dump request']);
    expect(ask(dump, {}, entry)).toEqual([-EINVAL, 'Unsupported attribute in dump request']);
  });
});

it('knows packets of its daemon', () => {
  start();
  const skb = r.net.skbs.alloc(10);
  if (skb === null) throw new Error('no memory');
  expect(r.mroute.isSocket(r.net, skb)).toBe(false);
  skb.sk = daemon;
  skb.dev = r.devs[0] as NetDevice;
  expect(r.mroute.isSocket(r.net, skb)).toBe(true);
  skb.sk = null;
  skb.consume();
});

it('lets go of devices, packets and timers when it is unloaded', () => {
  start();
  r.receive(0, SOURCE, 'ff0e::1', 64);
  expect(r.devs.map((dev) => dev.allmulti)).toEqual([1, 1, 1]);
  expect(rmmod(r.kernel, '@skbuff/ip6mr')).toBe(0);
  r.notes();
  expect([r.devs.map((dev) => dev.allmulti), r.kernel.timers.pendingCount, r.ip.mroute]).toEqual([[0, 0, 0], 0, null]);
});

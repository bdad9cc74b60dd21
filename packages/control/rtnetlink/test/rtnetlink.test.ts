import {
  allocNetdev,
  callNetdeviceNotifiers,
  createKernel,
  devClose,
  devOpen,
  freeNetdev,
  IFF_NO_QUEUE,
  type NetDevice,
  NETDEV_NOTIFY_PEERS,
  NETDEV_UP,
  netdevOpsDefaults,
  type Plugin,
  registerNetdevice,
  rmmod,
  type RtnlLinkOps,
  unregisterNetdevice,
  allocNetid,
  rtnlLinkRegister,
} from '@skbuff/core';
import * as N from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { le32, le64, leS32, setLe16, setLe32 } from '@skbuff/wire';
import { RTNL_LINKS, rtnlSlaveRegister, rtnetlink } from '../src/index.ts';
import { type Bench, drain, ifbOps, makeBench, record, unhex } from './support.ts';

type Fill = (b: N.NlMsgBuilder) => void;

function message(type: number, flags: number, header: Partial<N.IfInfoMsg>, fill: Fill = () => {}): Uint8Array {
  const b = new N.NlMsgBuilder();
  const nlh = b.nlmsgPut(type, U.NLM_F_REQUEST | flags, 1, 0, N.IfInfoMsg.of(header));
  fill(b);
  b.nlmsgEnd(nlh);
  return b.bytes();
}

function linkinfo(b: N.NlMsgBuilder, kind: string, fill: Fill = () => {}): void {
  const nest = b.nlaNestStartNoflag(U.IFLA_LINKINFO);
  b.nlaPutString(U.IFLA_INFO_KIND, kind);
  fill(b);
  b.nlaNestEnd(nest);
}

function nested(b: N.NlMsgBuilder, type: number, fill: Fill): void {
  const nest = b.nlaNestStartNoflag(type);
  fill(b);
  b.nlaNestEnd(nest);
}

function create(bench: Bench, name: string, kind: string, fill: Fill = () => {}): N.NlReply {
  const m = message(U.RTM_NEWLINK, U.NLM_F_ACK | U.NLM_F_CREATE | U.NLM_F_EXCL, {}, (b) => {
    b.nlaPutString(U.IFLA_IFNAME, name);
    fill(b);
    linkinfo(b, kind);
  });
  return N.nlTalk(bench.port(bench.b), m);
}

const change = (bench: Bench, dev: NetDevice, fill: Fill): N.NlReply =>
  N.nlTalk(bench.port(bench.b), message(U.RTM_NEWLINK, U.NLM_F_ACK, { index: dev.ifindex }, fill));

/** The attributes of a link as RTM_GETLINK tells them. */
function get(bench: Bench, dev: NetDevice, extMask = 0): N.NlAttrs {
  const reply = N.nlTalk(bench.port(bench.b), message(U.RTM_GETLINK, 0, { index: dev.ifindex }, (b) => b.nlaPutU32(U.IFLA_EXT_MASK, extMask)));
  const tb = new N.NlAttrs(U.IFLA_MAX);
  N.nlmsgParseDeprecated(reply.msgs[0]!, N.IfInfoMsg.LEN, tb, N.nlaPolicySet(U.IFLA_MAX, {}), null);
  return tb;
}

const payload = (tb: N.NlAttrs, type: number): string => Buffer.from(tb.bytes(type) ?? []).toString('hex');
const dev = (bench: Bench, name: string): NetDevice => bench.b.devGetByName(name)!;

describe('the policy of link messages', () => {
  const { answers } = record<{ answers: { answer: string; attributes: [number, number][] }[] }>('ifla-policy');
  const bench = makeBench();

  it.each(answers.map((a) => [a.answer.slice(0, 8), a.attributes.length, a] as const))('gives what Linux gives: errno %s for %i attributes [NLA-05] [NLA-06] [NLA-09]', (_e, _n, { answer, attributes }) => {
    for (const [type, len] of attributes) {
      const port = bench.port(bench.b);
      port.sendmsg(message(U.RTM_NEWLINK, U.NLM_F_ACK, {}, (b) => b.nlaPut(type, new Uint8Array(len).fill(1))));
      const ack = unhex(drain(port)[0]!);
      const got = [...ack.subarray(16, 20), ...ack.subarray(6, 8), ...ack.subarray(36)];
      expect([type, len, Buffer.from(got).toString('hex')]).toEqual([type, len, answer]);
      port.close();
    }
  });
});

describe('notifications', () => {
  const bench = makeBench();
  create(bench, 'i0', 'ifb');
  const i0 = dev(bench, 'i0');
  const told = (act: () => void): { type: number; flags: number; change: number; event: number }[] => {
    const monitor = bench.port(bench.b, 1);
    act();
    bench.clock.advance(1e9);
    const out = drain(monitor).map((d) => {
      const nlh = N.nlmsgAll(unhex(d))[0]!;
      const m = new N.IfInfoMsg().read(nlh.buf, nlh.data);
      const at = N.nlmsgFindAttr(nlh, N.IfInfoMsg.LEN, U.IFLA_EVENT);
      return { type: nlh.type, flags: m.flags, change: m.change, event: at < 0 ? 0 : N.nlaGetU32(nlh.buf, at) };
    });
    monitor.close();
    return out;
  };

  it('dev_open and dev_close say that UP and RUNNING may have changed [RTNL-07] [RTNL-09]', () => {
    const mask = U.IFF_UP | U.IFF_RUNNING;
    expect(told(() => devOpen(i0))).toEqual([{ type: U.RTM_NEWLINK, flags: U.IFF_BROADCAST | U.IFF_NOARP | mask | U.IFF_LOWER_UP, change: mask, event: 0 }]);
    expect(told(() => devClose(i0))).toEqual([{ type: U.RTM_NEWLINK, flags: U.IFF_BROADCAST | U.IFF_NOARP, change: mask, event: 0 }]);
  });

  it('an event of the device has its number', () => {
    expect(told(() => void callNetdeviceNotifiers(NETDEV_NOTIFY_PEERS, i0))).toMatchObject([{ event: U.IFLA_EVENT_NOTIFY_PEERS, change: 0 }]);
    const raw = allocNetdev(bench.b, { name: 'raw', setup: ifbOps.setup, ops: i0.ops });
    expect(told(() => void callNetdeviceNotifiers(NETDEV_NOTIFY_PEERS, raw))).toEqual([]);
    freeNetdev(raw);
  });

  it('stay in their namespace [RTNL-09]', () => {
    const other = bench.port(bench.a, 1);
    expect(told(() => devOpen(i0))).toHaveLength(1);
    expect(drain(other)).toEqual([]);
  });

  it('of a new device that comes up is there before those that its coming up causes [REG-12]', () => {
    const order: string[] = [];
    const watcher: Plugin = {
      name: 'watcher',
      init: (ctx) => ctx.netdeviceNotifier({ notifierCall: (_nb, event) => (event === NETDEV_UP && order.push(`up after ${drain(monitor).length}`), 0) }),
    };
    const own = makeBench(watcher);
    const monitor = own.port(own.b, 1);
    const m = message(U.RTM_NEWLINK, U.NLM_F_ACK | U.NLM_F_CREATE, { flags: 1, change: 1 }, (b) => linkinfo(b, 'ifb'));
    expect(N.nlTalk(own.port(own.b), m).error).toBe(0);
    expect([order, drain(monitor)]).toEqual([['up after 1'], []]);
  });

  it('are not sent for a property that could not be added', () => {
    devOpen(i0);
    const add = message(U.RTM_NEWLINKPROP, U.NLM_F_ACK, { index: i0.ifindex }, (b) => {
      const nest = b.nlaNestStart(U.IFLA_PROP_LIST);
      b.nlaPutString(U.IFLA_ALT_IFNAME, 'i0');
      b.nlaNestEnd(nest);
    });
    expect(told(() => expect(N.nlTalk(bench.port(bench.b), add).error).toBe(-U.EEXIST))).toEqual([]);
  });

  it('of an echoed request end with it', () => {
    const own = makeBench();
    create(own, 'i0', 'ifb');
    create(own, 'i1', 'ifb');
    const port = own.port(own.b);
    N.nlTalk(port, message(U.RTM_DELLINK, U.NLM_F_ACK | U.NLM_F_ECHO, { index: dev(own, 'i0').ifindex }));
    unregisterNetdevice(dev(own, 'i1'));
    expect(drain(port)).toEqual([]);
  });

  it('end with the plugin', () => {
    const own = makeBench();
    const lo = own.b.loopbackDev!;
    const monitor = own.port(own.b, 1);
    rmmod(own.kernel, 'devices');
    rmmod(own.kernel, '@skbuff/rtnetlink');
    drain(monitor);
    own.kernel.rtnl.linkChanged(lo, 0);
    own.kernel.rtnl.linkRemoved(lo);
    expect(drain(monitor)).toEqual([]);
  });

  it('tell that a kind goes, and its devices with it [REG-11]', () => {
    const own = makeBench();
    create(own, 'i0', 'ifb');
    create(own, 'i1', 'ifb');
    const monitor = own.port(own.b, 1);
    expect(rmmod(own.kernel, 'devices')).toBe(0);
    expect(drain(monitor).map((d) => N.nlmsgAll(unhex(d))[0]!.type)).toEqual(expect.arrayContaining([U.RTM_DELLINK, U.RTM_DELLINK]));
    expect(own.b.devGetByName('i0')).toBeNull();
  });
});

describe('families', () => {
  const log: string[] = [];
  let filled = 0;
  const inet: Plugin = {
    name: 'inet',
    requires: ['@skbuff/rtnetlink'],
    init(ctx) {
      N.rtnlAfRegister(ctx, {
        family: 2,
        fillLinkAf: (b, _d, mask) => (b.nlaPutU32(1, mask), filled++, 0),
        validateLinkAf: (_d, buf, attr, x) => {
          if (N.nlaLen(buf, attr) > 0) return 0;
          x.setErrMsg('empty');
          return -U.EINVAL;
        },
        setLinkAf: (d, buf, attr) => (log.push(`${d.name} ${N.nlaLen(buf, attr)}`), 0),
      });
      N.rtnlAfRegister(ctx, { family: 3, fillLinkAf: () => -U.ENODATA, validateLinkAf: null, setLinkAf: null });
    },
  };
  const bench = makeBench(inet);
  create(bench, 'i0', 'ifb');

  it('show what they have to say, with the mask of the request', () => {
    expect(payload(get(bench, dev(bench, 'i0'), 8), U.IFLA_AF_SPEC)).toBe('0c000200' + '0800010008000000');
  });

  it('are not asked when nobody listens', () => {
    filled = 0;
    devOpen(dev(bench, 'i0'));
    expect(filled).toBe(0);
    const monitor = bench.port(bench.b, 1);
    devClose(dev(bench, 'i0'));
    expect([filled, drain(monitor).length]).toEqual([1, 1]);
    monitor.close();
  });

  it('take what is sent to them', () => {
    const set = (family: number, fill: Fill): N.NlReply => change(bench, dev(bench, 'i0'), (b) => nested(b, U.IFLA_AF_SPEC, (n) => nested(n, family, fill)));
    expect(set(2, (b) => b.nlaPutU32(1, 1))).toMatchObject({ error: 0 });
    expect(log).toEqual(['i0 8']);
    expect(set(2, () => {})).toMatchObject({ error: -U.EINVAL, extack: 'empty' });
    expect([set(3, () => {}).error, set(4, () => {}).error]).toEqual([-U.EOPNOTSUPP, -U.EAFNOSUPPORT]);
  });

  it('are asked no more when their plugin is gone', () => {
    rmmod(bench.kernel, 'inet');
    expect(payload(get(bench, dev(bench, 'i0')), U.IFLA_AF_SPEC)).toBe('');
  });
});

describe('kinds', () => {
  const log: string[] = [];
  const box: RtnlLinkOps = {
    ...ifbOps,
    kind: 'box',
    setup(d) {
      ifbOps.setup(d);
      d.ops = {
        ...netdevOpsDefaults,
        ndoStartXmit: d.ops.ndoStartXmit,
        ndoAddSlave: (master, slave) => ((slave.master = master), log.push(`+${slave.name}`), 0),
        ndoDelSlave: (_m, slave) => ((slave.master = null), log.push(`-${slave.name}`), 0),
        ndoGetStats64: (_d, into) => void (into[0]! += 5),
      };
    },
    validate: (p) => (p.data !== null && p.data.len === 0 ? -U.EINVAL : 0),
    changelink: (d, p) => (log.push(`change ${d.name} ${p.data!.len}`), 0),
    fillInfo: (_d, put) => put(7, Uint8Array.of(1, 2)),
  };
  const boxes: Plugin = {
    name: 'boxes',
    requires: ['@skbuff/rtnetlink'],
    init(ctx) {
      rtnlLinkRegister(ctx, box);
      rtnlSlaveRegister(ctx, {
        kind: 'box',
        fillSlaveInfo: (b, master, d) => b.nlaPutString(1, `${d.name} in ${master.name}`),
        slaveChangelink: (_m, d, buf, attr) => (log.push(`port ${d.name} ${N.nlaLen(buf, attr)}`), 0),
      });
    },
  };
  const bench = makeBench(boxes);
  create(bench, 'box0', 'box');
  create(bench, 'i0', 'ifb');
  const [box0, i0] = [dev(bench, 'box0'), dev(bench, 'i0')];

  it('show their data', () => {
    expect(payload(get(bench, box0), U.IFLA_LINKINFO)).toBe('08000100626f7800' + '0c000200' + '0600070001020000');
  });

  it('add to the counters', () => {
    box0.stats[0] = 2;
    const tb = get(bench, box0);
    expect([le64(tb.buf, tb.at(U.IFLA_STATS64) + 4), le32(tb.buf, tb.at(U.IFLA_STATS) + 4)]).toEqual([7n, 7]);
    expect([tb.len(U.IFLA_STATS64), tb.len(U.IFLA_STATS)]).toEqual([200, 96]);
  });

  it('judge a request before anything is done, and change what they can', () => {
    const set = (fill: Fill): number => change(bench, box0, (b) => linkinfo(b, 'box', (n) => nested(n, U.IFLA_INFO_DATA, fill))).error;
    expect([set(() => {}), set((b) => b.nlaPutU32(1, 1))]).toEqual([-U.EINVAL, 0]);
    expect(log.splice(0)).toEqual(['change box0 8']);
  });

  it('tell of a change of theirs once, when the device is up', () => {
    devOpen(box0);
    const monitor = bench.port(bench.b, 1);
    change(bench, box0, (b) => linkinfo(b, 'box', (n) => nested(n, U.IFLA_INFO_DATA, (d) => d.nlaPutU32(1, 1))));
    expect(drain(monitor)).toHaveLength(1);
    log.length = 0;
  });

  it('must be known to take data', () => {
    expect(change(bench, box0, (b) => linkinfo(b, 'nonsense', (n) => nested(n, U.IFLA_INFO_DATA, (d) => d.nlaPutU32(1, 1)))).error).toBe(-U.EOPNOTSUPP);
    expect(change(bench, box0, (b) => linkinfo(b, 'nonsense')).error).toBe(0);
  });

  it('refuse for all of a group as soon as one refuses', () => {
    change(bench, box0, (b) => b.nlaPutU32(U.IFLA_GROUP, 7));
    change(bench, i0, (b) => b.nlaPutU32(U.IFLA_GROUP, 7));
    const all = message(U.RTM_NEWLINK, U.NLM_F_ACK, {}, (b) => {
      b.nlaPutU32(U.IFLA_GROUP, 7);
      b.nlaPutU8(U.IFLA_CARRIER, 1);
    });
    expect(N.nlTalk(bench.port(bench.b), all).error).toBe(-U.EOPNOTSUPP);
  });

  it('take ports and let them go, and tell what they are [NDO-10]', () => {
    const master = (index: number): number => change(bench, i0, (b) => b.nlaPutU32(U.IFLA_MASTER, index)).error;
    expect([master(box0.ifindex), master(box0.ifindex)]).toEqual([0, 0]);
    const tb = get(bench, i0);
    expect(tb.u32(U.IFLA_MASTER)).toBe(box0.ifindex);
    const info = new N.NlAttrs(5);
    N.nlaParseNestedDeprecated(info, tb.buf, tb.at(U.IFLA_LINKINFO), N.nlaPolicySet(5, {}), null);
    expect([info.string(U.IFLA_INFO_KIND), info.string(U.IFLA_INFO_SLAVE_KIND)]).toEqual(['ifb', 'box']);
    expect(Buffer.from(info.bytes(U.IFLA_INFO_SLAVE_DATA)!).toString()).toContain('i0 in box0');
    const port = change(bench, i0, (b) => nested(b, U.IFLA_LINKINFO, (n) => nested(n, U.IFLA_INFO_SLAVE_DATA, (d) => d.nlaPutU32(1, 1))));
    expect(port.error).toBe(0);
    expect([master(0), master(0)]).toEqual([0, 0]);
    expect(log.splice(0)).toEqual(['+i0', 'port i0 8', '-i0']);
  });

  it('filter a dump by master and by kind', () => {
    change(bench, i0, (b) => b.nlaPutU32(U.IFLA_MASTER, box0.ifindex));
    const dump = (fill: Fill): [string, number][] =>
      N.nlTalk(bench.port(bench.b), message(U.RTM_GETLINK, U.NLM_F_DUMP, {}, fill)).msgs.map((m) => [
        N.nlaGetString(m.buf, N.nlmsgFindAttr(m, 16, U.IFLA_IFNAME)),
        m.flags,
      ]);
    const filtered = U.NLM_F_MULTI | U.NLM_F_DUMP_FILTERED;
    expect(dump((b) => b.nlaPutU32(U.IFLA_MASTER, box0.ifindex))).toEqual([['i0', filtered]]);
    expect(dump((b) => linkinfo(b, 'box'))).toEqual([['box0', filtered]]);
    expect(dump(() => {}).map((d) => d[0])).toEqual(['lo', 'box0', 'i0']);
  });

  it('a master of no kind is a number only', () => {
    const plain = allocNetdev(bench.b, { name: 'plain', setup: ifbOps.setup, ops: i0.ops });
    registerNetdevice(plain);
    const old = i0.master;
    i0.master = plain;
    expect(payload(get(bench, i0), U.IFLA_LINKINFO)).toBe('0800010069666200');
    i0.master = old;
  });

  it('a new device that its master does not take is gone again', () => {
    expect(create(bench, 'i9', 'ifb', (b) => b.nlaPutU32(U.IFLA_MASTER, 1)).error).toBe(-U.EOPNOTSUPP);
    expect(bench.b.devGetByName('i9')).toBeNull();
  });
});

describe('single facts', () => {
  it('a change by the unprivileged is EPERM; they may look [RTNL-04]', () => {
    const bench = makeBench();
    const port = N.netlinkPort(bench.b, U.NETLINK_ROUTE, { capable: () => false }) as N.NetlinkPort;
    expect(N.nlTalk(port, message(U.RTM_DELLINK, 0, { index: 1 })).error).toBe(-U.EPERM);
    expect(N.nlTalk(port, message(U.RTM_GETLINK, 0, { index: 1 })).msgs).toHaveLength(1);
  });

  it('a dump of many links comes in parts, by rising index, and tells when the list changes meanwhile [NL-24]', () => {
    const bench = makeBench();
    for (let i = 0; i < 20; i++) create(bench, `i${i}`, 'ifb');
    const port = bench.port(bench.b);
    port.sendmsg(message(U.RTM_GETLINK, U.NLM_F_DUMP, {}));
    create(bench, 'late', 'ifb');
    const parts: N.NlMsgHdr[][] = [];
    for (let d = port.recvmsg(4096); typeof d !== 'number'; d = port.recvmsg(4096)) parts.push(N.nlmsgAll(d.data));
    const links = parts.flat().filter((m) => m.type === U.RTM_NEWLINK);
    expect(parts.length).toBeGreaterThan(3);
    expect(links.map((m) => leS32(m.buf, m.data + 4))).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
    expect(links.filter((m) => (m.flags & U.NLM_F_DUMP_INTR) !== 0)).toHaveLength(1);
  });

  it('a link with very many names still fits into a part of a dump', () => {
    const bench = makeBench();
    for (let i = 0; i < 60; i++) {
      const m = message(U.RTM_NEWLINKPROP, U.NLM_F_ACK, { index: 1 }, (b) => {
        const nest = b.nlaNestStart(U.IFLA_PROP_LIST);
        b.nlaPutString(U.IFLA_ALT_IFNAME, `${i}-`.padEnd(120, 'x'));
        b.nlaNestEnd(nest);
      });
      expect(N.nlTalk(bench.port(bench.b), m).error).toBe(0);
    }
    expect(N.nlTalk(bench.port(bench.b), message(U.RTM_GETLINK, U.NLM_F_DUMP, {}))).toMatchObject({ error: 0, msgs: [{ type: U.RTM_NEWLINK }] });
  });

  it('a device of no kind cannot be deleted, and has no IFLA_LINKINFO', () => {
    const bench = makeBench();
    const eth0 = allocNetdev(bench.b, { name: 'eth0', setup: (d) => (d.privFlags |= IFF_NO_QUEUE), ops: { ...netdevOpsDefaults, ndoStartXmit: () => 0 } });
    registerNetdevice(eth0);
    expect(N.nlTalk(bench.port(bench.b), message(U.RTM_DELLINK, U.NLM_F_ACK, { index: eth0.ifindex })).error).toBe(-U.EOPNOTSUPP);
    expect(get(bench, eth0).has(U.IFLA_LINKINFO)).toBe(false);
    expect(get(bench, eth0).has(U.IFLA_ADDRESS)).toBe(false);
  });

  it('a permanent address is told when there is one [DEV-14]', () => {
    const bench = makeBench();
    create(bench, 'i0', 'ifb');
    const i0 = dev(bench, 'i0');
    expect(get(bench, i0).has(U.IFLA_PERM_ADDRESS)).toBe(false);
    i0.permAddr.set([2, 0, 0, 0, 0, 9]);
    expect(payload(get(bench, i0), U.IFLA_PERM_ADDRESS)).toBe('020000000009');
  });

  it('a strict request has no bits where the header has none', () => {
    const bench = makeBench();
    const port = bench.port(bench.b);
    port.setsockopt(U.NETLINK_GET_STRICT_CHK, 1);
    for (const flags of [0, U.NLM_F_DUMP]) {
      const m = message(U.RTM_GETLINK, flags, flags === 0 ? { index: 1 } : {});
      expect(N.nlTalk(port, m).error).toBe(0);
      m[17] = 1;
      expect(N.nlTalk(port, m)).toMatchObject({ error: -U.EINVAL, extack: `Invalid values in header for ${flags === 0 ? 'get link' : 'link dump'} request` });
    }
  });

  it('a namespace that nobody has numbered has no links', () => {
    const bench = makeBench();
    const ask = (type: number): number => N.nlTalk(bench.port(bench.b), message(type, U.NLM_F_ACK, { index: 1 }, (b) => b.nlaPutS32(U.IFLA_TARGET_NETNSID, 9))).error;
    expect([ask(U.RTM_GETLINK), ask(U.RTM_DELLINK), ask(U.RTM_NEWLINK)]).toEqual([-U.EINVAL, -U.EINVAL, -U.EINVAL]);
  });

  it('a bad attribute is not made good by what follows', () => {
    const bench = makeBench();
    const m = message(U.RTM_NEWLINK, U.NLM_F_ACK | U.NLM_F_CREATE, {}, (b) => {
      b.nlaPutU8(U.IFLA_MTU, 1);
      linkinfo(b, 'ifb');
    });
    expect(N.nlTalk(bench.port(bench.b), m).error).toBe(-U.ERANGE);
  });

  it('a change mask without flags is about flags too', () => {
    const bench = makeBench();
    const make = (flags: number, mask: number): NetDevice => {
      const m = message(U.RTM_NEWLINK, U.NLM_F_ACK | U.NLM_F_CREATE, { flags, change: mask }, (b) => linkinfo(b, 'ifb'));
      expect(N.nlTalk(bench.port(bench.b), m).error).toBe(0);
      return bench.b.devList.at(-1)!;
    };
    expect((make(0, U.IFF_NOARP).flags & U.IFF_NOARP) === 0).toBe(true);
    expect((make(U.IFF_UP, 0).flags & (U.IFF_UP | U.IFF_NOARP))).toBe(U.IFF_UP);
  });

  it('a device keeps its index in another namespace, or takes the next; no other can be asked for', () => {
    const bench = makeBench();
    create(bench, 'i0', 'ifb');
    const i0 = dev(bench, 'i0');
    const move = (index: number): number =>
      change(bench, i0, (b) => {
        b.nlaPutU32(U.IFLA_NET_NS_FD, 100);
        b.nlaPutS32(U.IFLA_NEW_IFINDEX, index);
      }).error;
    expect([move(50), i0.net === bench.b, move(i0.ifindex), i0.net === bench.a]).toEqual([-U.EOPNOTSUPP, true, 0, true]);
  });

  it('a kind may want more queues than one, unless the message says how many', () => {
    const mq: RtnlLinkOps = { ...ifbOps, kind: 'mq', getNumQueues: () => 3 };
    const bench = makeBench({ name: 'mq', requires: ['@skbuff/rtnetlink'], init: (ctx) => rtnlLinkRegister(ctx, mq) });
    create(bench, 'm0', 'mq');
    create(bench, 'm1', 'mq', (b) => b.nlaPutU32(U.IFLA_NUM_TX_QUEUES, 2));
    create(bench, 'i0', 'ifb');
    expect(['m0', 'm1', 'i0'].map((name) => [dev(bench, name).numTxQueues, dev(bench, name).numRxQueues])).toEqual([[3, 3], [2, 3], [1, 1]]);
  });

  it('nobody puts a device, a peer or a link into a namespace that he does not administer [NS-06]', () => {
    const bench = makeBench();
    const { a, b: own } = bench;
    const port = N.netlinkPort(own, U.NETLINK_ROUTE, { capable: (_cap, over) => over === own }) as N.NetlinkPort;
    const ask = (flags: number, index: number, fill: Fill): number => N.nlTalk(port, message(U.RTM_NEWLINK, U.NLM_F_ACK | flags, { index }, fill)).error;
    expect(allocNetid(own, a, 7)).toBe(7);
    expect(ask(U.NLM_F_CREATE, 0, (b) => (b.nlaPutString(U.IFLA_IFNAME, 'i0'), linkinfo(b, 'ifb')))).toBe(0);
    const i0 = dev(bench, 'i0');
    const where: Fill[] = [(b) => b.nlaPutU32(U.IFLA_NET_NS_FD, 100), (b) => b.nlaPutU32(U.IFLA_NET_NS_PID, 1), (b) => b.nlaPutS32(U.IFLA_TARGET_NETNSID, 7)];
    expect(where.map((fill) => ask(0, i0.ifindex, fill))).toEqual([-U.EPERM, -U.EPERM, -U.EPERM]);
    expect(where.map((fill) => ask(U.NLM_F_CREATE, 0, (b) => (fill(b), linkinfo(b, 'ifb'))))).toEqual([-U.EPERM, -U.EPERM, -U.EPERM]);
    const ifm = (b: N.NlMsgBuilder): void => new N.IfInfoMsg().write(b.buf, b.put(N.IfInfoMsg.LEN));
    const pair = (fill: Fill): number =>
      ask(U.NLM_F_CREATE, 0, (b) => {
        const info = b.nlaNestStartNoflag(U.IFLA_LINKINFO);
        b.nlaPutString(U.IFLA_INFO_KIND, 'veth');
        nested(b, U.IFLA_INFO_DATA, (d) => nested(d, U.VETH_INFO_PEER, (p) => (ifm(p), fill(p))));
        b.nlaNestEnd(info);
      });
    expect(where.map(pair)).toEqual([-U.EPERM, -U.EPERM, -U.EPERM]);
    expect(ask(U.NLM_F_CREATE, 0, (b) => (b.nlaPutS32(U.IFLA_LINK_NETNSID, 7), linkinfo(b, 'ifb')))).toBe(-U.EPERM);
    expect([a.devList.length, own.devList.length, i0.net === own, ask(0, i0.ifindex, (b) => b.nlaPutU32(U.IFLA_NET_NS_FD, 101))]).toEqual([1, 2, true, 0]);
    expect(bench.kernel.shutdown()).toEqual({});
  });

  it('a peer is judged as the device is, and nothing is made when it is bad', () => {
    const bench = makeBench();
    const pair = (fill: Fill): N.NlReply =>
      N.nlTalk(
        bench.port(bench.b),
        message(U.RTM_NEWLINK, U.NLM_F_ACK | U.NLM_F_CREATE, {}, (b) => {
          const info = b.nlaNestStartNoflag(U.IFLA_LINKINFO);
          b.nlaPutString(U.IFLA_INFO_KIND, 'veth');
          nested(b, U.IFLA_INFO_DATA, (d) => nested(d, U.VETH_INFO_PEER, fill));
          b.nlaNestEnd(info);
        }),
      );
    const ifm = (b: N.NlMsgBuilder): void => new N.IfInfoMsg().write(b.buf, b.put(N.IfInfoMsg.LEN));
    expect(pair((b) => void b.put(12)).error).toBe(-U.EINVAL);
    expect(pair((b) => (ifm(b), b.nlaPutU8(U.IFLA_MTU, 1))).error).toBe(-U.ERANGE);
    expect(pair((b) => (ifm(b), b.nlaPutU32(U.IFLA_NET_NS_PID, 1), b.nlaPutU32(U.IFLA_NET_NS_FD, 100)))).toMatchObject({ error: -U.EINVAL, extack: 'multiple netns identifying attributes specified' });
    expect(bench.b.devList).toHaveLength(1);
    expect(pair((b) => ifm(b)).error).toBe(0);
    expect(bench.kernel.shutdown()).toEqual({});
  });

  it('names may be any bytes', () => {
    const bench = makeBench();
    expect(create(bench, 'größe', 'ifb').error).toBe(0);
    expect(get(bench, dev(bench, 'größe')).string(U.IFLA_IFNAME)).toBe('größe');
  });

  it('without the plugin there are no link messages, and the core does not mind', () => {
    const kernel = createKernel({ plugins: [N.netlink(), rtnetlink()] });
    expect(rmmod(kernel, '@skbuff/rtnetlink')).toBe(0);
    const port = N.netlinkPort(kernel.initNet, U.NETLINK_ROUTE) as N.NetlinkPort;
    expect(N.nlTalk(port, message(U.RTM_GETLINK, 0, { index: 1 })).error).toBe(-U.EOPNOTSUPP);
    expect(kernel.shutdown()).toEqual({});
  });

  it('limits of super-packets are a device\'s own', () => {
    const bench = makeBench();
    create(bench, 'i0', 'ifb', (b) => b.nlaPutU32(U.IFLA_GRO_MAX_SIZE, 1000));
    create(bench, 'i1', 'ifb');
    expect([dev(bench, 'i0').groIpv4MaxSize, dev(bench, 'i1').groIpv4MaxSize]).toEqual([1000, 65536]);
  });
});

describe('bad bytes', () => {
  const attr = fc.tuple(
    fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constantFrom(3, 4, 10, 18, 0x8034, 27, 28, 46, 49)),
    fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constantFrom(Uint8Array.of(8, 0, 1, 0, 105, 102, 98, 0), Uint8Array.of(105, 48, 0), Uint8Array.of(0, 5, 0, 0), Uint8Array.of(100, 0, 0, 0))),
    fc.boolean(),
  );
  const request = fc.record({
    type: fc.constantFrom(16, 17, 18, 19, 108, 109),
    flags: fc.constantFrom(0, 4, 0x300, 0x604, 0x60c, 0xc04),
    index: fc.integer({ min: -1, max: 6 }),
    ifiFlags: fc.constantFrom(0, 1, 0x101, 0x300),
    change: fc.constantFrom(0, 1, 0xffffffff),
    attrs: fc.array(attr, { maxLength: 6 }),
    cut: fc.integer({ min: 0, max: 3 }),
  });

  it('never throw, are refused with an errno, and leave nothing behind', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), (list) => {
        const bench = makeBench();
        const port = bench.port(bench.b, 1);
        for (const r of list) {
          const m = message(r.type, r.flags, { index: r.index, flags: r.ifiFlags, change: r.change }, (b) => {
            for (const [type, data, short] of r.attrs) {
              b.nlaPut(type, data);
              if (short && data.length > 0) setLe16(b.buf, b.len - ((data.length + 7) & ~3), 3 + data.length);
            }
          });
          const bytes = m.slice(0, m.length - r.cut);
          if (r.cut > 0) setLe32(bytes, 0, bytes.length);
          port.sendmsg(bytes);
          for (const d of drain(port)) {
            for (const nlh of N.nlmsgAll(unhex(d))) {
              if (nlh.type === U.NLMSG_ERROR || nlh.type === U.NLMSG_DONE) expect(N.nlErrorOf(nlh).error).toBeLessThanOrEqual(0);
            }
          }
          bench.clock.advance(1e9);
        }
        expect(bench.kernel.services.get(RTNL_LINKS).initializing.size).toBe(0);
        expect(bench.kernel.shutdown()).toEqual({});
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

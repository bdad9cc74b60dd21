import { CAP_NET_ADMIN, ENOENT, EOPNOTSUPP, EPERM, NETLINK_ROUTE, NLM_F_ACK, NLM_F_BULK, NLM_F_REQUEST, RTM_DELNEIGH, RTM_GETLINK, RTM_NEWADDR, RTM_NEWLINK, RTM_SETLINK } from '@skbuff/uapi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as N from '../src/index.ts';
import { drain, makeProto, message, open } from './support.ts';

function setup(opts: N.NetlinkPortOptions = {}): { rtnl: N.Rtnetlink; port: N.NetlinkPort; ask: (type: number, family?: number, flags?: number) => number } {
  const rtnl = new N.Rtnetlink();
  const port = open(makeProto(NETLINK_ROUTE, { input: (skb) => rtnl.rcv(skb) }), NETLINK_ROUTE, opts);
  const ask = (type: number, family = 0, flags = 0): number => N.nlTalk(port, message(type, NLM_F_REQUEST | NLM_F_ACK | flags, N.RtGenMsg.of({ family }))).error;
  return { rtnl, port, ask };
}

describe('rtnl_register', () => {
  it('finds the handler of the family, else that of PF_UNSPEC, else says EOPNOTSUPP [RTNL-02] [RTNL-03] [NLM-10]', () => {
    const { rtnl, ask } = setup();
    const log: string[] = [];
    rtnl.register(0, RTM_NEWADDR, () => (log.push('unspec'), 0), null);
    rtnl.register(2, RTM_NEWADDR, () => (log.push('inet'), 0), null);
    rtnl.register(10, RTM_NEWADDR, null, () => 0);
    expect([ask(RTM_NEWADDR, 2), ask(RTM_NEWADDR, 7), ask(RTM_NEWADDR, 10), ask(RTM_NEWADDR, 255), ask(RTM_NEWLINK, 2)]).toEqual([0, 0, 0, 0, -EOPNOTSUPP]);
    expect(log).toEqual(['inet', 'unspec', 'unspec', 'unspec']);
  });

  it('adds to what is there, and can be undone [RTNL-02]', () => {
    const { rtnl, ask } = setup();
    rtnl.register(0, RTM_GETLINK, () => 0, null);
    rtnl.register(0, RTM_GETLINK, null, () => 0);
    expect([ask(RTM_GETLINK), ask(RTM_GETLINK, 0, 0x300)]).toEqual([0, 0]);
    expect([rtnl.unregister(0, RTM_GETLINK), rtnl.unregister(0, RTM_GETLINK), rtnl.unregister(5, RTM_GETLINK)]).toEqual([0, -ENOENT, -ENOENT]);
    expect(ask(RTM_GETLINK)).toBe(-EOPNOTSUPP);
  });

  it('a handler of the other sort does not do [RTNL-03]', () => {
    const { rtnl, ask } = setup();
    rtnl.register(0, RTM_GETLINK, () => 0, null);
    rtnl.register(0, RTM_NEWLINK, null, () => 0);
    expect([ask(RTM_GETLINK, 0, 0x300), ask(RTM_NEWLINK)]).toEqual([-EOPNOTSUPP, -EOPNOTSUPP]);
  });

  it('lets bulk deletes through to those who can [NLM-06]', () => {
    const { rtnl, ask } = setup();
    rtnl.register(7, RTM_DELNEIGH, () => 0, null, N.RTNL_FLAG_BULK_DEL_SUPPORTED);
    rtnl.register(0, RTM_DELNEIGH, () => 0, null);
    expect([ask(RTM_DELNEIGH, 7, NLM_F_BULK), ask(RTM_DELNEIGH, 2, NLM_F_BULK), ask(RTM_DELNEIGH, 2)]).toEqual([0, -EOPNOTSUPP, 0]);
  });
});

describe('a request', () => {
  it('begins with its header at the first byte of the buffer [NLM-15]', () => {
    const heads: number[][] = [];
    const port = open(makeProto(NETLINK_ROUTE, { input: (skb) => heads.push(N.nlmsgAll(skb.buf).map(({ off, data, type }) => off * 1e6 + data * 1e3 + type)) }), NETLINK_ROUTE);
    port.sendmsg(message(RTM_GETLINK, NLM_F_REQUEST, N.RtGenMsg.of({ family: 0 })));
    expect(heads).toEqual([[16 * 1e3 + RTM_GETLINK]]);
  });
});

describe('permission', () => {
  it('to change anything is CAP_NET_ADMIN; all may read [RTNL-04]', () => {
    const asked: number[] = [];
    const { rtnl, ask } = setup({ capable: (cap) => (asked.push(cap), false) });
    for (const t of [RTM_NEWLINK, RTM_SETLINK, RTM_GETLINK]) rtnl.register(0, t, () => 0, null);
    expect([ask(RTM_NEWLINK), ask(RTM_SETLINK), ask(RTM_GETLINK), ask(120), ask(200)]).toEqual([-EPERM, -EPERM, 0, -EPERM, -EOPNOTSUPP]);
    expect(new Set(asked)).toEqual(new Set([CAP_NET_ADMIN]));
  });
});

describe('the RTNL lock', () => {
  it('is held by handlers and dumps [RTNL-04] [NL-14]', () => {
    const { rtnl, ask } = setup();
    const held: boolean[] = [];
    rtnl.register(0, RTM_NEWLINK, () => (held.push(rtnl.isLocked()), 0), null);
    rtnl.register(0, RTM_GETLINK, null, () => (held.push(rtnl.isLocked()), 0));
    ask(RTM_NEWLINK);
    ask(RTM_GETLINK, 0, 0x300);
    expect([held, rtnl.isLocked()]).toEqual([[true, true], false]);
  });

  it('makes a request wait that is sent while it is held, and nests', () => {
    const { rtnl, port } = setup();
    let n = 0;
    rtnl.register(0, RTM_NEWLINK, () => (n++, 0), null);
    const m = message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 16);
    rtnl.lock();
    rtnl.lock();
    port.sendmsg(m);
    m.fill(0);
    rtnl.unlock();
    expect([n, drain(port).length]).toEqual([0, 0]);
    rtnl.unlock();
    expect([n, drain(port).length]).toEqual([1, 1]);
  });
});

describe('bad bytes', () => {
  it('never throw, and every message that is refused gets an errno [NL-21]', () => {
    const { rtnl, port } = setup();
    const set = N.nlaPolicySet(8, { 1: N.nlaPolicy(N.NLA_U32), 2: N.nlaPolicyNested(N.nlaPolicySet(1, { 1: N.nlaPolicy(N.NLA_STRING, 3) })) });
    const tb = new N.NlAttrs(8);
    for (let t = 16; t <= 123; t++) rtnl.register(0, t, (_s, nlh, x) => N.nlmsgParse(nlh, 4, tb, set, x), (_p, cb) => N.nlmsgParse(cb.nlh, 4, tb, set, cb.extack));
    const header = fc.tuple(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0, max: 130 }), fc.constantFrom(0, 1, 4, 5, 0x301, 0x305), fc.uint8Array({ maxLength: 48 }));
    fc.assert(
      fc.property(fc.array(header, { maxLength: 4 }), (list) => {
        const bytes = Uint8Array.from(list.flatMap(([len, type, flags, data]) => [len, 0, 0, 0, type, 0, flags & 255, flags >> 8, 1, 0, 0, 0, 0, 0, 0, 0, ...data]));
        port.sendmsg(bytes);
        for (const d of drain(port)) {
          for (const nlh of N.nlmsgAll(d as Uint8Array)) expect([0, -22, -34, -95]).toContain(N.nlErrorOf(nlh).error);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

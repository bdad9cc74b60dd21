import { EBUSY, EINVAL, EMSGSIZE, ENOBUFS, EOPNOTSUPP, NETLINK_EXT_ACK, NETLINK_ROUTE, NLM_F_ACK_TLVS, NLM_F_DUMP, NLM_F_DUMP_FILTERED, NLM_F_DUMP_INTR, NLM_F_MULTI, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR, RTM_GETADDR, RTM_GETLINK, RTM_GETRULE, RTM_NEWRULE } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { leS32 } from '@skbuff/wire';
import * as N from '../src/index.ts';
import { drain, makeProto, message, open, record } from './support.ts';

type Run = [length: number, count: number];
interface DumpRecord {
  table: 'rules' | 'addresses';
  read: number;
  parts: Run[][];
}

const lengthsOf = (part: Run[]): number[] => part.flatMap(([len, n]) => Array<number>(n).fill(len));

/** A dump of messages with these lengths. */
function dumpOf(lengths: readonly number[], extra: (cb: N.NetlinkCallback, i: number) => void = () => {}): N.NetlinkDumpFn {
  return (skb, cb) => {
    for (; cb.args[0]! < lengths.length; cb.args[0]!++) {
      extra(cb, cb.args[0]!);
      const nlh = cb.nlmsgPut(skb, RTM_NEWRULE, lengths[cb.args[0]!]! - 16);
      N.nlDumpCheckConsistent(skb, nlh, cb);
      if (skb.nlmsgEnd(nlh) < 0) return -EMSGSIZE;
    }
    return 0;
  };
}

function setup(dumpit: N.NetlinkDumpFn, flags = 0): { port: N.NetlinkPort; rtnl: N.Rtnetlink } {
  const rtnl = new N.Rtnetlink();
  rtnl.register(0, RTM_GETRULE, null, dumpit, flags);
  const port = open(makeProto(NETLINK_ROUTE, { input: (skb) => rtnl.rcv(skb) }), NETLINK_ROUTE);
  port.bind(4711);
  return { port, rtnl };
}

const request = (seq = 1): Uint8Array => message(RTM_GETRULE, NLM_F_REQUEST | NLM_F_DUMP, 12, undefined, seq);
const partOf = (d: Uint8Array | number): N.NlMsgHdr[] => N.nlmsgAll(d as Uint8Array);

describe('dumps', () => {
  const { dumps } = record<{ dumps: DumpRecord[] }>('dump-parts');

  it.each(dumps.map((d) => [d.table, d.read, d] as const))('splits %s read with %i bytes into the parts that Linux makes [NL-24] [NLM-07]', (_t, read, d) => {
    const all = d.parts.flatMap(lengthsOf);
    const { port } = setup(dumpOf(all.slice(0, -1)), d.table === 'addresses' ? N.RTNL_FLAG_DUMP_SPLIT_NLM_DONE : 0);
    port.sendmsg(request());
    expect(drain(port, read).map((p) => partOf(p).map((m) => m.len))).toEqual(d.parts.map(lengthsOf));
  });

  it('marks all parts with MULTI, seq and port of the request, and ends with DONE and errno 0 [NLM-05] [NLM-07] [NLM-09] [RTNL-03]', () => {
    const { port } = setup(dumpOf([64, 64]));
    port.sendmsg(request(77));
    const [part] = drain(port);
    const msgs = partOf(part!);
    expect(msgs.map((m) => [m.type, m.flags, m.seq, m.pid])).toEqual([
      [RTM_NEWRULE, NLM_F_MULTI, 77, 4711],
      [RTM_NEWRULE, NLM_F_MULTI, 77, 4711],
      [NLMSG_DONE, NLM_F_MULTI, 77, 4711],
    ]);
    expect(leS32(msgs[2]!.buf, msgs[2]!.data)).toBe(0);
  });

  it('makes the next part only when the reader takes the one before [NL-24]', () => {
    let made = 0;
    const { port } = setup(dumpOf(Array<number>(300).fill(100), () => made++));
    port.sendmsg(request());
    expect(made).toBe(38);
    port.recvmsg(4000);
    expect(made).toBe(38 + 41); // each part tries one that does not fit
    port.recvmsg(0, true);
    expect(port.readable()).toBe(true);
  });

  it('refuses a second dump with EBUSY while one runs, and goes on with the first [NL-24]', () => {
    const { port } = setup(dumpOf(Array<number>(100).fill(100)));
    port.sendmsg(request(1));
    port.sendmsg(request(2));
    const msgs = drain(port).flatMap(partOf);
    expect(msgs.filter((m) => m.type === NLMSG_ERROR).map((m) => [m.seq, leS32(m.buf, m.data)])).toEqual([[2, -EBUSY]]);
    expect(msgs.filter((m) => m.type === RTM_NEWRULE && m.seq === 1)).toHaveLength(100);
    port.sendmsg(request(3));
    expect(partOf(drain(port)[0]!)[0]!.seq).toBe(3);
  });

  it('marks the first message after a change of the table with DUMP_INTR', () => {
    let seq = 5;
    const { port } = setup(dumpOf(Array<number>(90).fill(100), (cb) => (cb.seq = seq)));
    port.sendmsg(request());
    seq = 6;
    const marked = drain(port, 3776).flatMap(partOf).map((m) => (m.flags & NLM_F_DUMP_INTR) !== 0);
    expect(marked.filter(Boolean)).toHaveLength(1);
    expect(marked.indexOf(true)).toBe(37);
  });

  it('marks DONE when the table changed at the very end', () => {
    const { port } = setup((skb, cb) => {
      cb.seq = 1;
      const err = dumpOf([100])(skb, cb);
      cb.seq = 2;
      return err;
    });
    expect(N.nlTalk(port, request())).toMatchObject({ error: 0, interrupted: true });
  });

  it('gives an error of the dump, and why, in DONE', () => {
    const { port } = setup((_skb, cb) => {
      cb.extack.setErrMsg('Invalid header for link dump');
      return -EINVAL;
    });
    expect(N.nlTalk(port, request())).toMatchObject({ error: -EINVAL, extack: '' });
    port.setsockopt(NETLINK_EXT_ACK, 1);
    port.sendmsg(request());
    const [done] = partOf(drain(port)[0]!);
    expect([done!.type, done!.flags]).toEqual([NLMSG_DONE, NLM_F_MULTI | NLM_F_ACK_TLVS]);
    expect(N.nlErrorOf(done!)).toMatchObject({ error: -EINVAL, extack: 'Invalid header for link dump' });
  });

  it('answers with an ACK when the dump refuses to start', () => {
    const proto = makeProto(NETLINK_ROUTE, { input: (s) => N.netlinkRcvSkb(s, (skb, nlh) => N.netlinkDumpStart(skb, nlh, { start: () => -EINVAL, dump: () => 0 })) });
    const port = open(proto, NETLINK_ROUTE);
    expect(N.nlTalk(port, request()).error).toBe(-EINVAL);
    expect(port.dump).toBeNull();
  });

  it('keeps the request, though the sender writes over its buffer', () => {
    const seen: number[] = [];
    const { port } = setup((skb, cb) => {
      seen.push(cb.nlh.buf[cb.nlh.data + 4]!);
      return dumpOf(Array<number>(50).fill(100))(skb, cb);
    });
    const m = message(RTM_GETRULE, NLM_F_REQUEST | NLM_F_DUMP, N.RtMsg.of({ table: 9 }));
    port.sendmsg(m);
    m.fill(0);
    drain(port, 3776);
    expect(seen).toEqual([9, 9]);
  });

  it('tells the dump when it is over, and when the reader goes away', () => {
    const log: string[] = [];
    const control: N.NetlinkDumpControl = { dump: dumpOf(Array<number>(100).fill(100)), done: () => log.push('done') };
    const proto = makeProto(NETLINK_ROUTE, { input: (s) => N.netlinkRcvSkb(s, (skb, nlh) => N.netlinkDumpStart(skb, nlh, control)) });
    const port = open(proto, NETLINK_ROUTE);
    port.sendmsg(request());
    drain(port);
    expect(log).toEqual(['done']);
    port.sendmsg(request());
    port.close();
    expect(log).toEqual(['done', 'done']);
  });

  it('gives the errno of a single message that cannot fit, unless the dump said how big it is', () => {
    const { port, rtnl } = setup(dumpOf([5000]));
    expect(N.nlTalk(port, request())).toMatchObject({ error: -EMSGSIZE, interrupted: false });
    rtnl.register(0, RTM_GETRULE, null, null, 0, () => 5000);
    expect(N.nlTalk(port, request())).toMatchObject({ error: 0, interrupted: false, msgs: [{ len: 5000 }] });
  });

  it('puts DONE into a part of its own when it does not fit', () => {
    const { port } = setup(dumpOf([3764]));
    port.sendmsg(request());
    expect(drain(port).map((p) => partOf(p).map((m) => m.type))).toEqual([[RTM_NEWRULE], [NLMSG_DONE]]);
  });

  it('carries flags of the answer on every message', () => {
    const { port } = setup((skb, cb) => {
      cb.answerFlags = NLM_F_DUMP_FILTERED;
      return dumpOf([32])(skb, cb);
    });
    port.sendmsg(request());
    expect(drain(port).flatMap(partOf).map((m) => m.flags)).toEqual([NLM_F_MULTI | NLM_F_DUMP_FILTERED, NLM_F_MULTI | NLM_F_DUMP_FILTERED]);
  });

  it('says ENOBUFS when the receive buffer is full before it begins', () => {
    const { port } = setup(dumpOf([100]));
    port.rcvbuf = 1000;
    port.enqueueUnchecked(N.netlinkDatagram(new Uint8Array(2000), 0, 0));
    port.sendmsg(request());
    expect(drain(port)).toContain(-ENOBUFS);
  });

  it('a family without a dump of its own uses that of PF_UNSPEC, and a type without any is not supported [RTNL-02] [RTNL-04]', () => {
    const { port, rtnl } = setup(dumpOf([100]));
    rtnl.register(2, RTM_GETADDR, null, dumpOf([200]));
    const ask = (type: number, family: number): N.NlReply => N.nlTalk(port, message(type, NLM_F_REQUEST | NLM_F_DUMP, N.RtGenMsg.of({ family })));
    expect(ask(RTM_GETRULE, 2).msgs.map((m) => m.len)).toEqual([100]);
    expect(ask(RTM_GETRULE, 200).msgs.map((m) => m.len)).toEqual([100]);
    expect(ask(RTM_GETADDR, 2).msgs.map((m) => m.len)).toEqual([200]);
    expect(ask(RTM_GETADDR, 10).error).toBe(-EOPNOTSUPP);
    expect(ask(RTM_GETLINK, 0).error).toBe(-EOPNOTSUPP);
  });
});

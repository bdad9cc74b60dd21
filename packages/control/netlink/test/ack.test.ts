import { EINVAL, EIO, ENODEV, NETLINK_EXT_ACK, NETLINK_ROUTE, NLM_F_ACK, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_REQUEST, NLMSG_ERROR, RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { IfInfoMsg, NlMsgErr, type NetlinkExtAck, Rtnetlink, nlErrorOf, nlTalk, nlmsgAll } from '../src/index.ts';
import { type Exchange, drain, hex, makeProto, message, open, record, setOptions, unhex } from './support.ts';

/** RTM_GETLINK and RTM_DELLINK as the recorded kernel answered them where no link was found. */
function rtnetlink(): Rtnetlink {
  const rtnl = new Rtnetlink();
  rtnl.register(0, RTM_GETLINK, (_skb, nlh, extack) => {
    if (nlh.dataLen >= IfInfoMsg.LEN) return -ENODEV;
    extack.setErrMsg('Invalid header for get link');
    return -EINVAL;
  }, null);
  rtnl.register(0, RTM_DELLINK, () => 0, null);
  return rtnl;
}

describe('ACKs against a recorded kernel', () => {
  const { exchanges } = record<{ exchanges: Exchange[] }>('acks');
  it.each(exchanges.map((e) => [`${e.name} ${JSON.stringify(e.options)}`, e] as const))(
    'answers as Linux does: %s [NL-21] [NL-23] [NLM-02] [NLM-03] [NLM-08] [NLM-10] [NLM-11] [NLM-12] [NLM-13] [NLM-14] [RTNL-04] [RTNL-13]',
    (_name, e) => {
      const rtnl = rtnetlink();
      const port = open(makeProto(NETLINK_ROUTE, { input: (skb) => rtnl.rcv(skb) }), NETLINK_ROUTE);
      port.bind(4711);
      setOptions(port, e.options);
      port.sendmsg(unhex(e.send));
      expect(drain(port).map((r) => (typeof r === 'number' ? r : hex(r)))).toEqual(e.replies);
    },
  );
});

describe('extended ACK', () => {
  function ack(err: number, fill: (x: NetlinkExtAck, attr: number) => void): ReturnType<typeof nlmsgAll>[0] {
    const rtnl = new Rtnetlink();
    rtnl.register(0, RTM_NEWLINK, (_skb, nlh, extack) => {
      fill(extack, nlh.attrData(IfInfoMsg.LEN));
      return err;
    }, null);
    const port = open(makeProto(NETLINK_ROUTE, { input: (skb) => rtnl.rcv(skb) }), NETLINK_ROUTE);
    port.setsockopt(NETLINK_EXT_ACK, 1);
    const before = message(RTM_GETLINK, 0, 4);
    const request = message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, new IfInfoMsg(), (b) => b.nlaPutU32(4, 1));
    port.sendmsg(Uint8Array.from([...before, ...request]));
    return nlmsgAll(drain(port)[0] as Uint8Array)[0]!;
  }

  it('counts offsets from the header of the request, not from the buffer [NLM-12]', () => {
    const nlh = ack(-EIO, (x, attr) => x.setErrMsgAttr(attr, 'Bad thing'));
    expect(nlErrorOf(nlh)).toEqual({ error: -EIO, extack: 'Bad thing', offs: 32 });
    expect(nlh.flags).toBe(NLM_F_ACK_TLVS);
  });

  it('carries a warning with success, but no offset [NLM-13]', () => {
    const nlh = ack(0, (x, attr) => x.setErrMsgAttr(attr, 'Works, but'));
    expect(nlErrorOf(nlh)).toEqual({ error: 0, extack: 'Works, but', offs: -1 });
    expect(nlh.flags).toBe(NLM_F_ACK_TLVS | NLM_F_CAPPED);
  });

  it('tells a missing attribute and its nest', () => {
    const nlh = ack(-EINVAL, (x, attr) => x.setErrAttrMiss(attr, 7));
    expect(hex(nlh.buf.subarray(nlh.len - 16))).toBe('0800050007000000' + '0800060020000000');
  });

  it('leaves out an attribute that is not in the request', () => {
    expect(nlErrorOf(ack(-EIO, (x) => x.setErrMsgAttr(5000, 'Elsewhere'))).offs).toBe(-1);
  });

  it('sends a cookie also with success', () => {
    const nlh = ack(0, (x) => (x.cookie = Uint8Array.of(1, 2, 3, 4)));
    expect(hex(nlh.buf.subarray(nlh.len - 8))).toBe('0800030001020304');
  });

  it('says nothing about one message in the ACK of the next', () => {
    const rtnl = new Rtnetlink();
    let n = 0;
    rtnl.register(0, RTM_NEWLINK, (_s, _n, extack) => {
      if (n++ === 0) extack.setErrMsg('first');
      return -EIO;
    }, null);
    const port = open(makeProto(NETLINK_ROUTE, { input: (skb) => rtnl.rcv(skb) }), NETLINK_ROUTE);
    port.setsockopt(NETLINK_EXT_ACK, 1);
    const m = message(RTM_NEWLINK, NLM_F_REQUEST, new IfInfoMsg());
    port.sendmsg(Uint8Array.from([...m, ...m]));
    expect(drain(port).map((d) => nlErrorOf(nlmsgAll(d as Uint8Array)[0]!).extack)).toEqual(['first', '']);
  });
});

describe('nlTalk', () => {
  it('returns errno and text, and hands over what belongs to others', () => {
    const rtnl = rtnetlink();
    const nlnet = makeProto(NETLINK_ROUTE, { input: (skb) => rtnl.rcv(skb) });
    const port = open(nlnet, NETLINK_ROUTE);
    port.setsockopt(NETLINK_EXT_ACK, 1);
    port.bind(0, 1);
    for (const seq of [0, 1]) nlnet.get(NETLINK_ROUTE)!.broadcast(message(RTM_NEWLINK, 0, new IfInfoMsg(), undefined, seq), 1);
    const seen: number[] = [];
    const reply = nlTalk(port, message(RTM_GETLINK, NLM_F_REQUEST, 2), (nlh) => seen.push(nlh.type));
    expect(reply).toMatchObject({ error: -EINVAL, extack: 'Invalid header for get link' });
    expect(seen).toEqual([RTM_NEWLINK, RTM_NEWLINK]);
  });

  it('reads the header of the failing request out of NLMSG_ERROR [NLM-11]', () => {
    const rtnl = rtnetlink();
    const port = open(makeProto(NETLINK_ROUTE, { input: (skb) => rtnl.rcv(skb) }), NETLINK_ROUTE);
    port.sendmsg(message(RTM_GETLINK, NLM_F_REQUEST, new IfInfoMsg(), undefined, 0x1234));
    const nlh = nlmsgAll(drain(port)[0] as Uint8Array)[0]!;
    expect(nlh.type).toBe(NLMSG_ERROR);
    expect(new NlMsgErr().read(nlh.buf, nlh.data)).toMatchObject({ error: -ENODEV, len: 32, type: RTM_GETLINK, flags: NLM_F_REQUEST, seq: 0x1234 });
  });
});

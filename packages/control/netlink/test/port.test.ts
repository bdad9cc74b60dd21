import * as U from '@skbuff/uapi';
import { EADDRINUSE, EAGAIN, ECONNREFUSED, EINVAL, EMSGSIZE, ENOBUFS, ENODATA, ENOPROTOOPT, EPERM, EPROTONOSUPPORT, ESRCH, NETLINK_ROUTE, NETLINK_USERSOCK, RTNLGRP_LINK, RTNLGRP_MAX } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import * as N from '../src/index.ts';
import { drain, hex, makeNetlinkNet, makeProto, open } from './support.ts';

const route = (cfg: N.NetlinkKernelCfg = {}): N.NetlinkNet => makeProto(NETLINK_ROUTE, { groups: RTNLGRP_MAX, flags: N.NL_CFG_F_NONROOT_RECV, input: () => {}, ...cfg });
const nobody = { capable: (): boolean => false };
const at = (nlnet: N.NetlinkNet, opts: N.NetlinkPortOptions = {}): N.NetlinkPort => open(nlnet, NETLINK_ROUTE, opts);
const kernel = (nlnet: N.NetlinkNet): N.NetlinkProto => nlnet.get(NETLINK_ROUTE)!;

describe('protocols', () => {
  it.each([-1, 1, 17, 22, 31, 32, 40])('number %i without a kernel side cannot be opened [NL-01]', (n) => {
    expect(N.netlinkOpen(route(), n)).toBe(-EPROTONOSUPPORT);
  });

  it('can be made once each, and there are 32 [NL-02] [NL-16]', () => {
    const nlnet = makeNetlinkNet();
    expect(nlnet.kernelCreate(0, {})).not.toBeNull();
    expect(nlnet.kernelCreate(0, {})).toBeNull();
    expect(nlnet.kernelCreate(31, {})).not.toBeNull();
    expect([nlnet.kernelCreate(32, {}), nlnet.kernelCreate(-1, {})]).toEqual([null, null]);
  });

  it('of one namespace do not hear the ports of another [NL-19]', () => {
    const heard: string[] = [];
    const one = route({ input: () => heard.push('one') });
    const two = route({ input: () => heard.push('two') });
    const port = at(one);
    port.bind(7);
    const other = at(two);
    other.bind(7, 1);
    port.sendmsg(new Uint8Array(16));
    expect(heard).toEqual(['one']);
    expect(kernel(one).broadcast(new Uint8Array(16), 1)).toBe(-ESRCH);
    expect(port.sendmsg(new Uint8Array(16), 8)).toBe(-ECONNREFUSED);
  });

  it('that go away close their ports', () => {
    const nlnet = route();
    const port = at(nlnet);
    port.bind();
    nlnet.kernelRelease(kernel(nlnet));
    expect([port.closed, nlnet.get(NETLINK_ROUTE)]).toEqual([true, null]);
  });
});

describe('port ids', () => {
  it('are the process id first, then free numbers from the top [NL-05]', () => {
    const nlnet = route();
    const ids = [1, 2, 3].map(() => {
      const p = at(nlnet, { pid: 1234 });
      p.bind();
      return p.portid;
    });
    expect(ids).toEqual([1234, 0xffffefff, 0xffffeffe]);
  });

  it('are unique in protocol and namespace, and free again after close [NL-06] [NL-15]', () => {
    const nlnet = route();
    const a = at(nlnet);
    const b = at(nlnet);
    expect([a.bind(5555), b.bind(5555), b.bound]).toEqual([0, -EADDRINUSE, false]);
    a.close();
    expect(b.bind(5555)).toBe(0);
  });

  it('cannot change [NL-06]', () => {
    const a = at(route());
    a.bind(5555);
    expect([a.bind(5555, 1), a.bind(5556, 1), a.bind(0, 3), a.groupMask()]).toEqual([0, -EINVAL, -EINVAL, 1]);
  });

  it('are taken by sending and by connecting [NL-05]', () => {
    const nlnet = route();
    const a = at(nlnet, { pid: 10 });
    a.sendmsg(new Uint8Array(16));
    const b = at(nlnet, { pid: 11 });
    b.connect(0, 0);
    expect([a.portid, b.portid]).toEqual([10, 11]);
  });
});

describe('groups', () => {
  it('1 to 32 can be named by a mask, the others by number [NL-09] [NL-10]', () => {
    const nlnet = route();
    const p = at(nlnet);
    p.bind(0, 0x80000001);
    expect(p.setsockopt(U.NETLINK_ADD_MEMBERSHIP, 39)).toBe(0);
    for (const g of [0, -1, 40, 64, 65]) {
      expect(p.setsockopt(U.NETLINK_ADD_MEMBERSHIP, g)).toBe(-EINVAL);
      expect(p.setsockopt(U.NETLINK_DROP_MEMBERSHIP, g)).toBe(-EINVAL);
    }
    expect([...p.listMemberships()]).toEqual([0x80000001, 0x40]);
    expect(p.groupMask()).toBe(0x80000001);
    p.bind(p.portid, 2);
    expect([...p.listMemberships()]).toEqual([2, 0x40]);
    for (const g of [2, 39]) expect([kernel(nlnet).broadcast(Uint8Array.of(g), g), drain(p)]).toEqual([0, [Uint8Array.of(g)]]);
    p.setsockopt(U.NETLINK_DROP_MEMBERSHIP, 39);
    expect(kernel(nlnet).broadcast(Uint8Array.of(1), 39)).toBe(-ESRCH);
  });

  it('there are at least 32 of them', () => {
    const nlnet = makeProto(NETLINK_ROUTE, { groups: 3 });
    expect([at(nlnet).setsockopt(U.NETLINK_ADD_MEMBERSHIP, 32), at(nlnet).setsockopt(U.NETLINK_ADD_MEMBERSHIP, 33)]).toEqual([0, -EINVAL]);
  });

  it('are open to the unprivileged only with NONROOT_RECV [NL-11]', () => {
    const p = at(route(), nobody);
    expect([p.bind(0, 1), p.setsockopt(U.NETLINK_ADD_MEMBERSHIP, 2)]).toEqual([0, 0]);
    const q = at(route({ flags: 0 }), nobody);
    expect([q.bind(0, 1), q.setsockopt(U.NETLINK_ADD_MEMBERSHIP, 2), q.bind(0, 0)]).toEqual([-EPERM, -EPERM, 0]);
  });

  it('ask the family when a port joins, and tell it when it leaves [NL-08]', () => {
    const log: string[] = [];
    const nlnet = route({
      bind: (_n, g) => (g === 3 ? -EINVAL : (log.push(`+${g}`), 0)),
      unbind: (_n, g) => log.push(`-${g}`),
      release: () => log.push('release'),
    });
    const p = at(nlnet);
    expect([p.bind(0, 0b111), p.bound]).toEqual([-EINVAL, false]);
    expect(log.splice(0)).toEqual(['+1', '+2', '-1', '-2']);
    p.setsockopt(U.NETLINK_ADD_MEMBERSHIP, 5);
    expect(p.setsockopt(U.NETLINK_ADD_MEMBERSHIP, 3)).toBe(-EINVAL);
    p.setsockopt(U.NETLINK_DROP_MEMBERSHIP, 5);
    p.setsockopt(U.NETLINK_ADD_MEMBERSHIP, 6);
    p.close();
    expect(log).toEqual(['+5', '-5', '+6', '-6', 'release']);
  });

  it('netlinkHasListeners follows joins, leaves and closes', () => {
    const nlnet = route();
    const k = kernel(nlnet);
    const [p, q] = [at(nlnet), at(nlnet)];
    p.bind(0, 1);
    q.bind(0, 1);
    expect([k.hasListeners(1), k.hasListeners(2), k.hasListeners(99)]).toEqual([true, false, false]);
    p.close();
    q.bind(q.portid, 0);
    expect(k.hasListeners(1)).toBe(false);
  });
});

describe('multicast', () => {
  it('gives every member a copy, from port 0 and with the group [RTNL-09] [NLM-09]', () => {
    const nlnet = route();
    const ports = [at(nlnet), at(nlnet)];
    for (const p of ports) p.bind(0, 1);
    at(nlnet).bind(0, 2);
    expect(kernel(nlnet).broadcast(Uint8Array.of(9), RTNLGRP_LINK)).toBe(0);
    for (const p of ports) expect(p.recvmsg()).toMatchObject({ data: Uint8Array.of(9), portid: 0, dstGroup: 1 });
  });

  it('says ESRCH when nobody listens, which nlmsg_notify does not mind [NL-25]', () => {
    const nlnet = route();
    expect(kernel(nlnet).broadcast(Uint8Array.of(9), 1)).toBe(-ESRCH);
    expect(kernel(nlnet).notify(Uint8Array.of(9), 0, 1, false)).toBe(0);
  });

  it('reports to the requester once, as unicast, though it is a member too [NL-25]', () => {
    const nlnet = route();
    const [p, q] = [at(nlnet), at(nlnet)];
    p.bind(100, 1);
    q.bind(101, 1);
    expect(kernel(nlnet).notify(Uint8Array.of(9), 100, 1, true)).toBe(0);
    expect([p.recvmsg(), p.recvmsg()]).toMatchObject([{ dstGroup: 0 }, -EAGAIN]);
    expect(q.recvmsg()).toMatchObject({ dstGroup: 1 });
    expect(kernel(nlnet).notify(Uint8Array.of(9), 102, 1, true)).toBe(-ECONNREFUSED);
    expect(kernel(nlnet).notify(Uint8Array.of(9), 100, 0, true)).toBe(0);
  });

  it('nlmsgReport is NLM_F_ECHO [NLM-04]', () => {
    const nlh = (flags: number): N.NlMsgHdr => {
      const b = new N.NlMsgBuilder();
      b.nlmsgPut(16, flags, 0, 0);
      return new N.NlMsgHdr(b.buf, 0);
    };
    expect([N.nlmsgReport(nlh(8)), N.nlmsgReport(nlh(5)), N.nlmsgReport(null)]).toEqual([true, false, false]);
  });

  it('lets receivers come and go while it runs', () => {
    const nlnet = route();
    const [p, q] = [at(nlnet), at(nlnet)];
    p.bind(0, 1);
    q.bind(0, 1);
    p.onReadable = (): void => {
      q.close();
      at(nlnet).bind(0, 1);
    };
    expect(kernel(nlnet).broadcast(Uint8Array.of(9), 1)).toBe(0);
    expect(q.recvmsg()).toBe(-EAGAIN);
  });
});

describe('sending', () => {
  it('goes to the kernel by default, which sees who it was [NL-07]', () => {
    const seen: [string, number][] = [];
    const p = at(route({ input: (skb) => seen.push([hex(skb.buf), skb.portid]) }));
    p.bind(55);
    expect(p.sendmsg(Uint8Array.of(1, 2))).toBe(2);
    expect(seen).toEqual([['0102', 55]]);
  });

  it('fails where the kernel side takes no input; its multicasts still arrive [NL-13] [NL-20]', () => {
    const nlnet = makeProto(U.NETLINK_KOBJECT_UEVENT, { groups: 1, flags: N.NL_CFG_F_NONROOT_RECV });
    const p = open(nlnet, U.NETLINK_KOBJECT_UEVENT);
    p.bind(0, 1);
    expect(p.sendmsg(Uint8Array.of(1))).toBe(-ECONNREFUSED);
    nlnet.get(U.NETLINK_KOBJECT_UEVENT)!.broadcast(Uint8Array.of(1), 1);
    expect(drain(p)).toHaveLength(1);
  });

  it('between ports works, by port and by group [NL-17]', () => {
    const nlnet = makeNetlinkNet();
    const [a, b] = [open(nlnet, NETLINK_USERSOCK), open(nlnet, NETLINK_USERSOCK)];
    a.bind(1, 1);
    b.bind(2, 1);
    const data = Uint8Array.of(7);
    expect(a.sendmsg(data, 2)).toBe(1);
    data.fill(0);
    expect(b.recvmsg()).toMatchObject({ data: Uint8Array.of(7), portid: 1, dstGroup: 0 });
    expect(a.sendmsg(data, 0, 1)).toBe(-ECONNREFUSED); // nobody is at port 0, but the group has got it
    expect([a.recvmsg(), b.recvmsg()]).toMatchObject([-EAGAIN, { portid: 1, dstGroup: 1 }]);
  });

  it('to others than the kernel wants CAP_NET_ADMIN or NONROOT_SEND [NL-12]', () => {
    const nlnet = route();
    const target = at(nlnet);
    target.bind(2);
    const p = at(nlnet, nobody);
    expect([p.sendmsg(Uint8Array.of(1), 2), p.sendmsg(Uint8Array.of(1), 0, 1), p.connect(2, 0), p.sendmsg(Uint8Array.of(1))]).toEqual([-EPERM, -EPERM, -EPERM, 1]);
    const nlnet2 = makeNetlinkNet();
    open(nlnet2, NETLINK_USERSOCK).bind(2);
    expect(open(nlnet2, NETLINK_USERSOCK, nobody).sendmsg(Uint8Array.of(1), 2)).toBe(1);
  });

  it.each([
    ['nothing', 0, -ENODATA],
    ['more than the send buffer', 212992, -EMSGSIZE],
    ['all that fits', 212992 - 32, 212992 - 32],
  ])('%s', (_n, len, want) => {
    expect(at(route()).sendmsg(new Uint8Array(len))).toBe(want);
  });

  it('to a port that is connected elsewhere is refused; the kernel is heard', () => {
    const nlnet = route();
    const [a, b, c] = [at(nlnet), at(nlnet), at(nlnet)];
    a.bind(1);
    b.bind(2);
    c.bind(3);
    b.connect(1, 0);
    expect([a.sendmsg(Uint8Array.of(1), 2), c.sendmsg(Uint8Array.of(1), 2), kernel(nlnet).unicast(Uint8Array.of(1), 2)]).toEqual([1, -ECONNREFUSED, 1]);
    expect([b.sendmsg(Uint8Array.of(5)), a.recvmsg()]).toMatchObject([1, { portid: 2 }]);
    b.disconnect();
    expect([c.sendmsg(Uint8Array.of(1), 2), b.sendmsg(Uint8Array.of(5)), a.recvmsg()]).toEqual([1, 1, -EAGAIN]);
  });
});

describe('the receive buffer', () => {
  it('of 4096 holds four ACKs, then ENOBUFS is told once, before them [NL-26]', () => {
    const nlnet = route();
    const p = at(nlnet, { rcvbuf: 4096 });
    p.bind(1);
    const sent = Array.from({ length: 6 }, () => kernel(nlnet).unicast(new Uint8Array(52), 1));
    expect(sent).toEqual([52, 52, 52, 52, -EAGAIN, -EAGAIN]);
    expect(drain(p).map((d) => (typeof d === 'number' ? d : d.length))).toEqual([-ENOBUFS, 52, 52, 52, 52]);
    expect(p.drops).toBe(2);
  });

  it('of 8192 holds three link messages; after a loss nothing comes in until it is empty [NL-26]', () => {
    const nlnet = route();
    const p = at(nlnet, { rcvbuf: 8192 });
    p.bind(1, 1);
    for (let i = 0; i < 12; i++) kernel(nlnet).broadcast(new Uint8Array(1468), 1);
    expect(p.drops).toBe(9);
    expect(p.recvmsg()).toBe(-ENOBUFS);
    p.recvmsg();
    kernel(nlnet).broadcast(new Uint8Array(10), 1);
    expect(p.drops).toBe(10);
    expect(drain(p)).toHaveLength(2);
    kernel(nlnet).broadcast(new Uint8Array(10), 1);
    expect(drain(p)).toHaveLength(1);
  });

  it('always takes one datagram, however big', () => {
    const nlnet = route();
    const p = at(nlnet, { rcvbuf: 100 });
    p.bind(1);
    expect(kernel(nlnet).unicast(new Uint8Array(1000), 1)).toBe(1000);
  });

  it('with NETLINK_NO_ENOBUFS loses in silence, and takes more as soon as there is room', () => {
    const nlnet = route();
    const p = at(nlnet, { rcvbuf: 8192 });
    p.bind(1, 1);
    p.setsockopt(U.NETLINK_NO_ENOBUFS, 1);
    for (let i = 0; i < 5; i++) kernel(nlnet).broadcast(new Uint8Array(1468), 1);
    expect([p.drops, typeof p.recvmsg()]).toEqual([2, 'object']);
    kernel(nlnet).broadcast(new Uint8Array(1468), 1);
    expect(drain(p)).toHaveLength(3);
  });

  it('takes in again at once what fits when NETLINK_NO_ENOBUFS is set after a loss', () => {
    const nlnet = route();
    const p = at(nlnet, { rcvbuf: 2000 });
    p.bind(1, 1);
    for (let i = 0; i < 3; i++) kernel(nlnet).broadcast(new Uint8Array(10), 1);
    p.recvmsg();
    p.recvmsg();
    p.setsockopt(U.NETLINK_EXT_ACK, 1);
    kernel(nlnet).broadcast(new Uint8Array(10), 1);
    expect(p.drops).toBe(2);
    p.setsockopt(U.NETLINK_NO_ENOBUFS, 1);
    kernel(nlnet).broadcast(new Uint8Array(10), 1);
    expect([p.drops, drain(p).length]).toEqual([2, 2]);
  });

  it('that is full fails the broadcast for those who set NETLINK_BROADCAST_ERROR', () => {
    const nlnet = route();
    const p = at(nlnet, { rcvbuf: 1000 });
    p.bind(1, 1);
    kernel(nlnet).broadcast(new Uint8Array(10), 1);
    expect(kernel(nlnet).broadcast(new Uint8Array(10), 1)).toBe(-ESRCH);
    p.setsockopt(U.NETLINK_BROADCAST_ERROR, 1);
    expect(kernel(nlnet).broadcast(new Uint8Array(10), 1)).toBe(-ENOBUFS);
  });

  it('wakes its owner for data and for errors [NL-18]', () => {
    const nlnet = route();
    const p = at(nlnet, { rcvbuf: 1000 });
    p.bind(1, 1);
    let woken = 0;
    p.onReadable = (): void => void woken++;
    kernel(nlnet).unicast(new Uint8Array(10), 1);
    expect([woken, p.readable()]).toEqual([1, true]);
    kernel(nlnet).unicast(new Uint8Array(10), 1);
    expect(woken).toBe(2);
    drain(p);
    expect(p.readable()).toBe(false);
  });

  it('netlink_set_err reaches the members, but not for ENOBUFS those who do not want it', () => {
    const nlnet = route();
    const [p, q] = [at(nlnet), at(nlnet)];
    p.bind(1, 1);
    q.bind(2, 1);
    q.setsockopt(U.NETLINK_NO_ENOBUFS, 1);
    expect(kernel(nlnet).setErr(0, 1, ENOBUFS)).toBe(1);
    expect([p.recvmsg(), p.recvmsg(), q.recvmsg()]).toEqual([-ENOBUFS, -EAGAIN, -EAGAIN]);
    kernel(nlnet).setErr(1, 1, EPERM);
    expect([p.recvmsg(), q.recvmsg()]).toEqual([-EAGAIN, -EPERM]);
  });

  it('lets one look without taking', () => {
    const nlnet = route();
    const p = at(nlnet);
    p.bind(1);
    kernel(nlnet).unicast(Uint8Array.of(1), 1);
    expect(p.recvmsg(0, true)).toEqual(p.recvmsg());
    expect(p.recvmsg()).toBe(-EAGAIN);
  });

  it('is gone after close, and so is the port', () => {
    const nlnet = route();
    const p = at(nlnet);
    p.bind(1);
    kernel(nlnet).unicast(Uint8Array.of(1), 1);
    p.close();
    p.close();
    expect([p.recvmsg(), kernel(nlnet).unicast(Uint8Array.of(1), 1), p.enqueue(N.netlinkDatagram(Uint8Array.of(1), 0, 0))]).toEqual([-EAGAIN, -ECONNREFUSED, false]);
  });
});

describe('options', () => {
  it.each([U.NETLINK_PKTINFO, U.NETLINK_BROADCAST_ERROR, U.NETLINK_NO_ENOBUFS, U.NETLINK_LISTEN_ALL_NSID, U.NETLINK_CAP_ACK, U.NETLINK_EXT_ACK, U.NETLINK_GET_STRICT_CHK])('number %i is off, and can be set and cleared', (o) => {
    const p = at(route());
    expect([p.getsockopt(o), p.setsockopt(o, 5), p.getsockopt(o), p.setsockopt(o, 0), p.getsockopt(o)]).toEqual([0, 0, 1, 0, 0]);
  });

  it.each([0, U.NETLINK_RX_RING, 99])('number %i does not exist', (o) => {
    const p = at(route());
    expect([p.getsockopt(o), p.setsockopt(o, 1)]).toEqual([-ENOPROTOOPT, -ENOPROTOOPT]);
  });

  it('memberships cannot be read one by one', () => {
    expect(at(route()).getsockopt(U.NETLINK_ADD_MEMBERSHIP)).toBe(-ENOPROTOOPT);
  });

  it('hearing all namespaces takes CAP_NET_BROADCAST', () => {
    expect(at(route(), nobody).setsockopt(U.NETLINK_LISTEN_ALL_NSID, 1)).toBe(-EPERM);
  });
});

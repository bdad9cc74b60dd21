import { SKB_DROP_REASON_SOCKET_FILTER, SKB_DROP_REASON_SOCKET_RCVBUFF, type SkBuff } from '@skbuff/core';
import {
  AF_UNSPEC,
  EAFNOSUPPORT,
  ECONNREFUSED,
  EINVAL,
  ENOBUFS,
  ENOMEM,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLPRI,
  POLLRDHUP,
  SCM_CREDENTIALS,
  SCM_RIGHTS,
  SHUT_RDWR,
  SOL_SOCKET,
  SO_ERROR,
  SO_MARK,
  SO_SELECT_ERR_QUEUE,
} from '@skbuff/uapi';
import { sysctlOf } from '@skbuff/sysctl';
import { describe, expect, it } from 'vitest';
import {
  type Cmsg,
  Msghdr,
  type Sock,
  cmsgDecode,
  cmsgEncode,
  cmsgInt,
  datagramPoll,
  putCmsg,
  SOCKADDR_EMPTY,
  type SockAddr,
  sockAddrDecode,
  sockAddrEncode,
  sockAddrErrno,
  sockAddrNamed,
  sockAddrShort,
  sockCmsgSend,
  sockDequeueErrSkb,
  sockExterr,
  sockExterrAddr,
  sockExterrEncode,
  sockExterrPort,
  sockExterrSet,
  sockQueueErrSkb,
} from '../src/index.ts';
import { AF_TEST, TestSock, bytes, dgramProt, testAddr, text, useBench } from './support.ts';

const t = useBench();

describe('accounting', () => {
  it('charges the sender until the packet is gone, the receiver until it is read [SK-11]', () => {
    const { task } = t.b;
    const r = t.b.dgram(7);
    const s = t.b.dgram();
    task.sendto(s, bytes('hello'), 0, testAddr(7));
    const [from, to] = [t.b.sk(s), t.b.sk(r)];
    const { truesize } = from.wire.peek() as SkBuff;
    expect([from.wmemAlloc, to.rmemAlloc]).toEqual([truesize, 0]);
    from.deliver();
    expect([from.wmemAlloc, to.rmemAlloc]).toEqual([0, truesize]);
    task.recvfrom(r, new Uint8Array(9));
    expect([from.wmemAlloc, to.rmemAlloc]).toEqual([0, 0]);
  });

  it('drops what does not fit and counts it; a filter decides before', () => {
    const r = t.b.dgram(7);
    const s = t.b.dgram();
    const sk = t.b.sk(r);
    sk.rcvbuf = 1;
    t.b.pass(s, 'fits', 7);
    t.b.task.sendto(s, bytes('no'), 0, testAddr(7));
    expect(t.b.sk(s).deliver()).toBe(SKB_DROP_REASON_SOCKET_RCVBUFF);
    expect(sk.drops).toBe(1);
    sk.rcvbuf = 1e6;
    sk.filter = (skb) => (skb.len > 3 ? 2 : 0);
    t.b.task.sendto(s, bytes('no'), 0, testAddr(7));
    expect(t.b.sk(s).deliver()).toBe(SKB_DROP_REASON_SOCKET_FILTER);
    t.b.pass(s, 'yes!', 7);
    const buf = new Uint8Array(9);
    expect(t.b.task.recvfrom(r, buf)).toBe(4);
    expect(text(buf, t.b.task.recvfrom(r, buf, MSG_DONTWAIT) as number)).toBe('ye');
  });

  it('callbacks can be replaced by users inside the stack [SK-12]', () => {
    const r = t.b.dgram(7);
    const s = t.b.dgram();
    const seen: string[] = [];
    const sk = t.b.sk(r);
    sk.dataReady = (which) => seen.push(`data ${which === sk}`);
    sk.errorReport = (which) => seen.push(`error ${which.err}`);
    t.b.pass(s, 'x', 7);
    sk.setErr(ECONNREFUSED);
    expect(seen).toEqual(['data true', 'error 111']);
  });

  it('frees a socket only when nothing refers to it', () => {
    const { net, kernel } = t.b;
    const sk: Sock = new TestSock(net, AF_TEST, 2, 0, dgramProt, true);
    expect(kernel.leaks().socket).toBe(1);
    sk.put();
    sk.maybeFree();
    expect(kernel.leaks().socket).toBeUndefined();
  });
});

describe('errors', () => {
  it('are told once, hard before soft', () => {
    const { task } = t.b;
    const fd = t.b.dgram();
    const sk = t.b.sk(fd);
    sk.err = ECONNREFUSED;
    sk.errSoft = 113;
    expect([1, 2, 3].map(() => task.getsockoptInt(fd, SOL_SOCKET, SO_ERROR))).toEqual([ECONNREFUSED, 113, 0]);
    expect(sk.takeError()).toBe(0);
  });

  const record = { errno: 111, origin: 2, type: 3, code: 3, info: 0xfffffffe, data: 7 };

  it('wait in a queue of their own, with a record', () => {
    const sk = t.b.sk(t.b.dgram());
    for (const errno of [111, 113]) {
      const skb = t.b.kernel.skbs.alloc(10) as SkBuff;
      skb.putZero(10);
      skb.resetNetworkHeader();
      sockExterrSet(skb, { ...record, errno }, 6, 53);
      expect(sockQueueErrSkb(sk, skb)).toBe(0);
    }
    const charged = sk.rmemAlloc;
    sk.rcvbuf = charged;
    const more = t.b.kernel.skbs.alloc(10) as SkBuff;
    expect(sockQueueErrSkb(sk, more)).toBe(-ENOMEM);
    more.consume();
    const first = sockDequeueErrSkb(sk) as SkBuff;
    expect(sockExterr(first)).toEqual(record);
    expect([sockExterrAddr(first) - first.networkHeader, sockExterrPort(first)]).toEqual([6, 53]);
    const out = new Uint8Array(16);
    sockExterrEncode(sockExterr(first), out);
    expect([...out]).toEqual([111, 0, 0, 0, 2, 3, 3, 0, 0xfe, 0xff, 0xff, 0xff, 7, 0, 0, 0]);
    expect(sk.err).toBe(113);
    first.consume();
    sockDequeueErrSkb(sk)?.consume();
    expect([sk.err, sk.rmemAlloc, sockDequeueErrSkb(sk)]).toEqual([0, 0, null]);
  });

  it('show in poll', () => {
    const { task } = t.b;
    const fd = t.b.dgram(7);
    const sk = t.b.sk(fd);
    const wanted = POLLERR | POLLHUP | POLLIN | POLLOUT | POLLPRI | POLLRDHUP;
    expect(datagramPoll(sk) & wanted).toBe(POLLOUT);
    const skb = t.b.kernel.skbs.alloc(10) as SkBuff;
    sockExterrSet(skb, record, 0, 0);
    sockQueueErrSkb(sk, skb);
    expect(datagramPoll(sk) & wanted).toBe(POLLOUT | POLLERR);
    task.setsockopt(fd, SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1);
    expect(datagramPoll(sk) & wanted).toBe(POLLOUT | POLLERR | POLLPRI);
    sk.errorQueue.purge();
    task.shutdown(fd, SHUT_RDWR);
    expect(datagramPoll(sk) & wanted).toBe(POLLOUT | POLLIN | POLLRDHUP | POLLHUP);
  });
});

describe('addresses', () => {
  it('as bytes and typed', () => {
    const codec = (t.b.task.socketOf(t.b.dgram(7)) as { family: { addr: Parameters<typeof sockAddrDecode>[0] } }).family.addr;
    expect(sockAddrDecode(codec, Uint8Array.of(30, 0, 0x34, 0x12))).toEqual(testAddr(0x1234));
    expect(sockAddrDecode(codec, new Uint8Array(129))).toBe(-EINVAL);
    const told = [Uint8Array.of(30, 0, 1, 0), Uint8Array.of(30, 0, 1), Uint8Array.of(0, 0), Uint8Array.of(30), new Uint8Array(0)].map((bytes) => {
      const addr = sockAddrDecode(codec, bytes) as SockAddr;
      return [sockAddrShort(addr), sockAddrNamed(addr), sockAddrErrno(addr)];
    });
    expect(told).toEqual([
      [false, AF_TEST, -EAFNOSUPPORT],
      [true, AF_TEST, -EINVAL],
      [true, AF_UNSPEC, -EINVAL],
      [true, -2, -EINVAL],
      [true, SOCKADDR_EMPTY, -EINVAL],
    ]);
    const short = new Uint8Array(3);
    expect(sockAddrEncode(codec, testAddr(0x1234), short)).toBe(4);
    expect([...short]).toEqual([30, 0, 0x34]);
  });
});

describe('messages', () => {
  it('take ancillary data apart and put it together', () => {
    const list: Cmsg[] = [cmsgInt(1, 2, -5), { level: 3, type: 4, data: Uint8Array.of(9) }];
    const out = new Uint8Array(48);
    expect(cmsgEncode(list, out)).toBe(48);
    expect(cmsgDecode(out)).toEqual(list);
    expect(cmsgDecode(out.subarray(0, 15))).toEqual([]);
  });

  it('behind a wrong header is nothing, which only who looks there minds', () => {
    const good = cmsgInt(SOL_SOCKET, SO_MARK, 5);
    const out = new Uint8Array(40);
    cmsgEncode([good], out);
    const sk = t.b.sk(t.b.dgram());
    const cookie = { mark: 0, priority: 0, txFlags: 0, tsKey: 0 };
    // No header at all; one of 3 bytes; one longer than the buffer.
    for (const len of [0, 3, 17]) {
      out[24] = len;
      expect(cmsgDecode(out).map((cmsg) => sockCmsgSend(sk, cmsg, cookie))).toEqual([0, -EINVAL]);
    }
    expect(cookie.mark).toBe(5);
    // What is AF_UNIX's is passed over.
    for (const type of [SCM_RIGHTS, SCM_CREDENTIALS]) expect(sockCmsgSend(sk, cmsgInt(SOL_SOCKET, type, 0), cookie)).toBe(0);
    expect(sockCmsgSend(sk, cmsgInt(SOL_SOCKET, 3, 0), cookie)).toBe(-EINVAL);
  });

  it('cut ancillary data to the room', () => {
    const msg = new Msghdr();
    msg.controlRoom = 18;
    putCmsg(msg, 1, 2, Uint8Array.of(1, 2, 3));
    putCmsg(msg, 1, 3, Uint8Array.of(1));
    expect([msg.flags, msg.control]).toEqual([MSG_CTRUNC, [{ level: 1, type: 2, data: Uint8Array.of(1, 2) }]]);
  });

  it('are refused with more ancillary data than net.core.optmem_max [SK-20]', () => {
    const { task, net } = t.b;
    const s = t.b.dgram();
    t.b.dgram(7);
    const send = (size: number): unknown => task.sendmsg(s, { name: testAddr(7), iov: [bytes('x')], control: [{ level: 1, type: 1, data: new Uint8Array(size) }] });
    expect(sysctlOf(net).write('net/core/optmem_max', '1000')).toBe(0);
    expect([send(984), send(985)]).toEqual([1, -ENOBUFS]);
  });

  it('come with source, flags and ancillary data as bytes [SK-19]', () => {
    const { task } = t.b;
    const r = t.b.dgram(7);
    const s = t.b.dgram(0x1234);
    t.b.pass(s, 'hello', 7);
    const user = { iov: [new Uint8Array(2), new Uint8Array(2)], name: new Uint8Array(4), namelen: 0, control: new Uint8Array(24), controllen: 0, flags: 0 };
    expect(task.recvmsg(r, user)).toBe(4);
    expect([...user.name, user.namelen, user.controllen, user.flags]).toEqual([30, 0, 0x34, 0x12, 4, 24, 0x20]);
    expect(cmsgDecode(user.control)).toEqual([{ level: AF_TEST, type: 1, data: Uint8Array.of(1, 2, 3) }]);
    t.b.pass(s, 'x', 7);
    const from = new Uint8Array(4);
    expect(task.recvfrom(r, new Uint8Array(1), 0, from)).toBe(1);
    expect([...from]).toEqual([30, 0, 0x34, 0x12]);
  });
});

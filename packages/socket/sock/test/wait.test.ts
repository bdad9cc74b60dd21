import {
  EAGAIN,
  EALREADY,
  EBADF,
  ECONNREFUSED,
  EINPROGRESS,
  EINTR,
  EINVAL,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_WAITALL,
  O_NONBLOCK,
  F_SETFL,
  POLLERR,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  SHUT_RD,
  SOL_SOCKET,
  SO_RCVTIMEO,
  SO_SNDTIMEO,
} from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { type OpenFile, SOMAXCONN, kernelTask } from '../src/index.ts';
import { MS, SEC, bytes, establish, testAddr, text, useBench } from './support.ts';

const t = useBench();

function timeval(ms: number): Uint8Array {
  const value = new Uint8Array(16);
  const view = new DataView(value.buffer);
  view.setUint32(0, Math.floor(ms / 1000), true);
  view.setUint32(8, (ms % 1000) * 1000, true);
  return value;
}

describe('a receive that has to wait', () => {
  it('is a promise; what is there at once is a number', async () => {
    const { task } = t.b;
    const r = t.b.dgram(7);
    const buf = new Uint8Array(8);
    const from = testAddr(0);
    const waiting = task.recvfrom(r, buf, 0, from);
    expect(waiting).toBeInstanceOf(Promise);
    const s = t.b.dgram(8);
    t.b.pass(s, 'one', 7);
    t.b.pass(s, 'two', 7);
    expect(await waiting).toBe(3);
    expect([text(buf, 3), from.port]).toEqual(['one', 8]);
    expect(task.recvfrom(r, buf)).toBe(3);
  });

  it('leaves what it was woken for to the next, if a signal comes while others have their turn', async () => {
    const { task } = t.b;
    const other = kernelTask(t.b.net);
    const r = t.b.dgram(7);
    const file = task.fds.get(r) as OpenFile;
    file.refs++;
    const fd = other.fds.install(file, false);
    // So many waits may end at once.
    for (let i = 0; i < 1024; i++) expect(task.poll([], 0)).toBe(0);
    const first = task.recvfrom(r, new Uint8Array(1));
    const second = other.recvfrom(fd, new Uint8Array(1));
    t.b.pass(t.b.dgram(8), 'x', 7);
    task.interrupt();
    expect([await first, await second]).toEqual([-EINTR, 1]);
    other.exit();
  });

  it.each([
    ['closed', -EBADF],
    ['left by its task', -EINTR],
  ])('ends with an errno if the socket is %s between the datagram and the return', async (how, errno) => {
    const task = kernelTask(t.b.net);
    const r = t.b.dgram(7, task);
    const waiting = task.recvfrom(r, new Uint8Array(1));
    const polling = task.poll([{ fd: r, events: POLLIN, revents: 0 }], -1);
    t.b.pass(t.b.dgram(8), 'x', 7);
    if (how === 'closed') task.close(r);
    else task.exit();
    expect(await waiting).toBe(errno);
    expect(await polling).toBe(how === 'closed' ? 1 : -EINTR);
    task.exit();
  });

  it('does not wait with MSG_DONTWAIT or O_NONBLOCK', () => {
    const { task } = t.b;
    const r = t.b.dgram();
    expect(task.recvfrom(r, new Uint8Array(1), MSG_DONTWAIT)).toBe(-EAGAIN);
    task.fcntl(r, F_SETFL, O_NONBLOCK);
    expect(task.recvmsg(r, { iov: [new Uint8Array(1)] })).toBe(-EAGAIN);
  });

  it('waits no longer than SO_RCVTIMEO', async () => {
    const { task, clock } = t.b;
    const r = t.b.dgram();
    task.setsockopt(r, SOL_SOCKET, SO_RCVTIMEO, timeval(1500));
    expect(await task.recvfrom(r, new Uint8Array(1))).toBe(-EAGAIN);
    expect(clock.now()).toBe(1500 * MS);
  });

  it('serves several readers in the order they came, one datagram each', async () => {
    const { task } = t.b;
    const r = t.b.dgram(7);
    const order: number[] = [];
    const readers = [0, 1, 2].map(async (n) => {
      const got = await task.recvfrom(r, new Uint8Array(1));
      order.push(n);
      return got;
    });
    const s = t.b.dgram();
    for (let i = 0; i < 3; i++) t.b.pass(s, 'x', 7);
    expect(await Promise.all(readers)).toEqual([1, 1, 1]);
    expect(order).toEqual([0, 1, 2]);
  });

  it('ends when the last descriptor is closed, when the task exits, at an error, at shutdown', async () => {
    const { task, net } = t.b;
    const a = t.b.dgram();
    const copy = task.dup(a);
    const closed = task.recvfrom(a, new Uint8Array(1));
    task.close(a);
    expect(task.waits.size).toBe(1);
    task.close(copy);
    expect(await closed).toBe(-EBADF);
    const other = kernelTask(net);
    const exited = other.recvfrom(t.b.dgram(0, other), new Uint8Array(1));
    other.exit();
    expect(await exited).toBe(-EINTR);
    const b = t.b.dgram();
    const failed = task.recvfrom(b, new Uint8Array(1));
    t.b.sk(b).setErr(ECONNREFUSED);
    expect(await failed).toBe(-ECONNREFUSED);
    const c = t.b.dgram();
    const ended = task.recvfrom(c, new Uint8Array(1));
    task.shutdown(c, SHUT_RD);
    expect(await ended).toBe(0);
    expect(await task.recvfrom(c, new Uint8Array(1))).toBe(0);
  });

  it('lets time go on for it, and stops it while the task runs', async () => {
    const { task, clock } = t.b;
    const log: number[] = [];
    const other = (async () => {
      for (let i = 0; i < 3; i++) {
        await task.nanosleep(10 * MS);
        log.push(clock.now() / MS);
      }
    })();
    const r = t.b.dgram(7);
    task.setsockopt(r, SOL_SOCKET, SO_RCVTIMEO, timeval(15));
    await task.recvfrom(r, new Uint8Array(1));
    log.push(-clock.now() / MS);
    await other;
    expect(log).toEqual([10, -15, 20, 30]);
  });
});

describe('a send that has to wait', () => {
  it('goes on when half of the buffer is free', async () => {
    const { task } = t.b;
    t.b.dgram(7);
    const s = t.b.dgram();
    const sk = t.b.sk(s);
    sk.sndbuf = 2000;
    let sent = 0;
    while (task.sendto(s, bytes('x'), MSG_DONTWAIT, testAddr(7)) === 1) sent++;
    expect(sent).toBe(3);
    const waiting = task.sendto(s, bytes('last'), 0, testAddr(7));
    expect(waiting).toBeInstanceOf(Promise);
    sk.deliver();
    expect(await waiting).toBe(4);
    expect(sk.wire.qlen).toBe(1);
  });

  it('gives up after SO_SNDTIMEO', async () => {
    const { task, clock } = t.b;
    t.b.dgram(7);
    const s = t.b.dgram();
    t.b.sk(s).sndbuf = 1;
    expect(task.sendto(s, bytes('x'), 0, testAddr(7))).toBe(1);
    task.setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, timeval(20));
    expect(await task.sendto(s, bytes('x'), 0, testAddr(7))).toBe(-EAGAIN);
    expect(clock.now()).toBe(20 * MS);
  });
});

describe('streams', () => {
  it('a blocking send goes on until everything is taken', async () => {
    const { task } = t.b;
    const [client, server] = t.b.connected();
    const waiting = task.sendto(client, bytes('0123456789abcdefghij'));
    const buf = new Uint8Array(8);
    const got: string[] = [];
    for (let left = 20; left > 0; ) {
      const n = await task.recvfrom(server, buf);
      got.push(text(buf, n));
      left -= n;
    }
    expect(await waiting).toBe(20);
    expect(got.join('')).toBe('0123456789abcdefghij');
    // Not waiting: what fits.
    expect(task.sendto(client, bytes('0123456789'), MSG_DONTWAIT)).toBe(8);
    expect(task.sendto(client, bytes('x'), MSG_DONTWAIT)).toBe(-EAGAIN);
  });

  it('MSG_WAITALL waits for the whole buffer, in several parts too', async () => {
    const { task } = t.b;
    const [client, server] = t.b.connected();
    const iov = [new Uint8Array(3), new Uint8Array(4)];
    task.sendto(client, bytes('ab'));
    const waiting = task.recvmsg(server, { iov }, MSG_WAITALL);
    task.sendto(client, bytes('cde'));
    await Promise.resolve();
    await Promise.resolve();
    task.sendto(client, bytes('fghi'));
    expect(await waiting).toBe(7);
    expect(iov.map((part) => text(part, part.length))).toEqual(['abc', 'defg']);
    expect(task.recvfrom(server, new Uint8Array(9), MSG_PEEK)).toBe(2);
    // The other end goes: what came is returned.
    const rest = task.recvfrom(server, new Uint8Array(9), MSG_WAITALL);
    task.close(client);
    expect(await rest).toBe(2);
    expect(task.recvfrom(server, new Uint8Array(1))).toBe(0);
  });

  it('connect waits for the connection, or for its failure', async () => {
    const { task } = t.b;
    const listener = t.b.stream(80);
    const client = t.b.stream();
    const waiting = task.connect(client, testAddr(80));
    expect(waiting).toBeInstanceOf(Promise);
    establish(t.b.sk(client), t.b.sk(listener));
    expect(await waiting).toBe(0);
    const other = t.b.stream();
    const failing = task.connect(other, testAddr(80));
    t.b.sk(other).setErr(ECONNREFUSED);
    expect(await failing).toBe(-ECONNREFUSED);
    const third = t.b.stream();
    task.fcntl(third, F_SETFL, O_NONBLOCK);
    expect([task.connect(third, testAddr(80)), task.connect(third, testAddr(80))]).toEqual([-EINPROGRESS, -EALREADY]);
    const late = t.b.stream();
    task.setsockopt(late, SOL_SOCKET, SO_SNDTIMEO, timeval(5));
    expect(await task.connect(late, testAddr(80))).toBe(-EINPROGRESS);
  });

  it('accept waits for a connection and tells whose it is', async () => {
    const { task } = t.b;
    const listener = t.b.stream(80);
    expect(task.listen(listener, 1e6)).toBe(0);
    expect(t.b.sk(listener).maxBacklog).toBe(SOMAXCONN);
    const addr = new Uint8Array(4);
    const waiting = task.accept(listener, addr);
    const client = t.b.stream();
    t.b.sk(client).port = 0x1234;
    establish(t.b.sk(client), t.b.sk(listener));
    const fd = await waiting;
    expect(fd).toBeGreaterThan(listener);
    expect([...addr]).toEqual([30, 0, 0x34, 0x12]);
    task.fcntl(listener, F_SETFL, O_NONBLOCK);
    expect(task.accept(listener)).toBe(-EAGAIN);
    expect(task.accept(listener, null, 1)).toBe(-EINVAL);
  });
});

describe('poll', () => {
  it('tells what is ready, what is wrong and what is no descriptor', () => {
    const { task } = t.b;
    const r = t.b.dgram(7);
    t.b.pass(t.b.dgram(), 'x', 7);
    t.b.sk(r).err = ECONNREFUSED;
    const fds = [
      { fd: r, events: POLLIN, revents: 0 },
      { fd: 99, events: POLLIN, revents: 0 },
      { fd: -1, events: POLLIN, revents: 9 },
      { fd: t.b.dgram(), events: POLLIN | POLLOUT, revents: 0 },
    ];
    expect(task.poll(fds, -1)).toBe(3);
    expect(fds.map((f) => f.revents)).toEqual([POLLIN | POLLERR, POLLNVAL, 0, POLLOUT]);
  });

  it('waits for any of them, with a limit', async () => {
    const { task, clock } = t.b;
    const [a, b] = [t.b.dgram(7), t.b.dgram(8)];
    const fds = [a, b].map((fd) => ({ fd, events: POLLIN, revents: 0 }));
    expect(task.poll(fds, 0)).toBe(0);
    expect(await task.poll(fds, 250)).toBe(0);
    expect(clock.now()).toBe(250 * MS);
    const waiting = task.poll(fds, -1);
    t.b.pass(t.b.dgram(), 'x', 8);
    expect(await waiting).toBe(1);
    expect(fds.map((f) => f.revents)).toEqual([0, POLLIN]);
    const interrupted = task.poll([{ fd: a, events: POLLIN, revents: 0 }], -1);
    task.exit();
    expect(await interrupted).toBe(-EINTR);
  });

  it('does not wake for what was not asked', async () => {
    const { task } = t.b;
    const r = t.b.dgram(7);
    const waiting = task.poll([{ fd: r, events: 0, revents: 0 }], 30);
    t.b.pass(t.b.dgram(), 'x', 7);
    expect(await waiting).toBe(0);
  });
});

describe('nanosleep', () => {
  it('takes its time', async () => {
    const { task, clock } = t.b;
    expect(await task.nanosleep(3 * SEC + 1)).toBe(0);
    expect(clock.now()).toBe(3 * SEC + 1);
    expect(task.nanosleep(-1)).toBe(-EINVAL);
    const asleep = task.nanosleep(1e12);
    task.exit();
    expect(await asleep).toBe(-EINTR);
  });
});

describe('calls that end at once', () => {
  it('are so many in a slice; then the next tick of time, or another turn of the event loop, is waited for', async () => {
    const { task } = t.b;
    for (let i = 0; i < 1024; i++) expect(task.poll([], 0)).toBe(0);
    const before = t.b.kernel.clock.now();
    const late = task.poll([], 0);
    expect(late).toBeInstanceOf(Promise);
    expect([await late, t.b.kernel.clock.now() - before]).toEqual([0, MS]);
    expect(task.poll([], 0)).toBe(0);
  });

  it('are not counted while time is held: there would be no tick', () => {
    const release = t.b.clock.hold();
    for (let i = 0; i < 3000; i++) expect(t.b.task.poll([], 0)).toBe(0);
    release();
  });
});

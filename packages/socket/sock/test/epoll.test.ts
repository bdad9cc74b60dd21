import {
  EBADF,
  EEXIST,
  EINTR,
  EINVAL,
  ELOOP,
  ENOENT,
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  F_GETFD,
  FD_CLOEXEC,
  MSG_DONTWAIT,
  POLLIN,
} from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { type EpollEvent, kernelTask } from '../src/index.ts';
import { MS, useBench } from './support.ts';

const t = useBench();

/** What is ready now: the data of each event. */
function ready(ep: number, max = 8): unknown[] {
  const events: EpollEvent[] = [];
  const n = t.b.task.epollWait(ep, events, max, 0) as number;
  return events.slice(0, n).map(({ data }) => data);
}

function setup(events: number): { ep: number; r: number; s: number } {
  const { task } = t.b;
  const ep = task.epollCreate();
  const r = t.b.dgram(7);
  const s = t.b.dgram();
  expect(task.epollCtl(ep, EPOLL_CTL_ADD, r, { events, data: 'r' })).toBe(0);
  return { ep, r, s };
}

const read = (fd: number): number => t.b.task.recvfrom(fd, new Uint8Array(9), MSG_DONTWAIT) as number;

describe('epoll', () => {
  it('level-triggered: told as long as it lasts', () => {
    const { ep, r, s } = setup(EPOLLIN);
    expect(ready(ep)).toEqual([]);
    t.b.pass(s, 'a', 7);
    t.b.pass(s, 'b', 7);
    expect([ready(ep), ready(ep)]).toEqual([['r'], ['r']]);
    read(r);
    expect(ready(ep)).toEqual(['r']);
    read(r);
    expect(ready(ep)).toEqual([]);
    t.b.pass(s, 'c', 7);
    expect(ready(ep)).toEqual(['r']);
  });

  it('edge-triggered: told once for each event', () => {
    const { ep, s } = setup(EPOLLIN | EPOLLET);
    t.b.pass(s, 'a', 7);
    expect([ready(ep), ready(ep)]).toEqual([['r'], []]);
    t.b.pass(s, 'b', 7);
    expect([ready(ep), ready(ep)]).toEqual([['r'], []]);
  });

  it('one shot: told once until it is armed again', () => {
    const { ep, r, s } = setup(EPOLLIN | EPOLLONESHOT);
    t.b.pass(s, 'a', 7);
    expect(ready(ep)).toEqual(['r']);
    t.b.pass(s, 'b', 7);
    expect(ready(ep)).toEqual([]);
    expect(t.b.task.epollCtl(ep, EPOLL_CTL_MOD, r, { events: EPOLLIN | EPOLLONESHOT, data: 'again' })).toBe(0);
    expect([ready(ep), ready(ep)]).toEqual([['again'], []]);
  });

  it('tells events that were there before, and errors unasked', () => {
    const { task } = t.b;
    const ep = task.epollCreate();
    const r = t.b.dgram(7);
    t.b.pass(t.b.dgram(), 'a', 7);
    task.epollCtl(ep, EPOLL_CTL_ADD, r, { events: EPOLLIN | EPOLLOUT, data: 1 });
    const events: EpollEvent[] = [{ events: 0, data: 0 }];
    expect(task.epollWait(ep, events, 1, 0)).toBe(1);
    expect(events).toEqual([{ events: EPOLLIN | EPOLLOUT, data: 1 }]);
    task.epollCtl(ep, EPOLL_CTL_MOD, r, { events: 0, data: 2 });
    expect(task.epollWait(ep, events, 1, 0)).toBe(0);
    t.b.sk(r).setErr(111);
    expect(task.epollWait(ep, events, 1, 0)).toBe(1);
    expect(events[0]).toEqual({ events: EPOLLERR, data: 2 });
  });

  it('serves many in turn when few are asked for', () => {
    const { task } = t.b;
    const ep = task.epollCreate();
    const s = t.b.dgram();
    for (let i = 1; i <= 4; i++) {
      task.epollCtl(ep, EPOLL_CTL_ADD, t.b.dgram(10 + i), { events: EPOLLIN, data: i });
      t.b.pass(s, 'x', 10 + i);
    }
    expect([ready(ep, 3), ready(ep, 3), ready(ep, 3)]).toEqual([
      [1, 2, 3],
      [4, 1, 2],
      [3, 4, 1],
    ]);
  });

  it('waits, with a limit, until something comes or the task goes', async () => {
    const { task, clock } = t.b;
    const { ep, s } = setup(EPOLLIN);
    const events: EpollEvent[] = [];
    expect(await task.epollWait(ep, events, 4, 40)).toBe(0);
    expect(clock.now()).toBe(40 * MS);
    const waiting = task.epollWait(ep, events, 4, -1);
    t.b.pass(s, 'x', 7);
    expect(await waiting).toBe(1);
    read(task.fds.open()[1] as number);
    const closed = task.epollWait(ep, events, 4, -1);
    task.close(ep);
    expect(await closed).toBe(-EBADF);
    const exited = task.epollWait(task.epollCreate(), events, 4, -1);
    task.exit();
    expect(await exited).toBe(-EINTR);
  });

  it('forgets a file when its last descriptor goes, and what was deleted', () => {
    const { task } = t.b;
    const { ep, r, s } = setup(EPOLLIN);
    t.b.pass(s, 'x', 7);
    const copy = task.dup(r);
    task.close(r);
    expect(ready(ep)).toEqual(['r']);
    task.close(copy);
    expect(ready(ep)).toEqual([]);
    const other = t.b.dgram(8);
    task.epollCtl(ep, EPOLL_CTL_ADD, other, { events: EPOLLIN, data: 'o' });
    t.b.pass(s, 'x', 8);
    expect(task.epollCtl(ep, EPOLL_CTL_DEL, other)).toBe(0);
    expect(ready(ep)).toEqual([]);
  });

  it('wakes one of several waiters with EPOLLEXCLUSIVE, all without', async () => {
    const { task } = t.b;
    for (const [flag, woken] of [
      [EPOLLEXCLUSIVE, 1],
      [0, 2],
    ] as const) {
      const r = t.b.dgram(7);
      const eps = [task.epollCreate(), task.epollCreate()];
      for (const ep of eps) task.epollCtl(ep, EPOLL_CTL_ADD, r, { events: EPOLLIN | flag, data: 0 });
      const waiting = eps.map((ep) => task.epollWait(ep, [], 1, 20));
      t.b.pass(t.b.dgram(), 'x', 7);
      expect((await Promise.all(waiting)).reduce((sum, n) => sum + n, 0)).toBe(woken);
      task.close(r);
    }
  });

  it('can be polled and watched itself, but not in a circle', () => {
    const { task } = t.b;
    const { ep, s } = setup(EPOLLIN);
    const outer = task.epollCreate();
    expect(task.epollCtl(outer, EPOLL_CTL_ADD, ep, { events: EPOLLIN, data: 'inner' })).toBe(0);
    expect(task.epollCtl(ep, EPOLL_CTL_ADD, outer, { events: EPOLLIN, data: 'outer' })).toBe(-ELOOP);
    t.b.pass(s, 'x', 7);
    expect(ready(outer)).toEqual(['inner']);
    const fds = [{ fd: ep, events: POLLIN, revents: 0 }];
    expect(task.poll(fds, 0)).toBe(1);
  });

  it('refuses what makes no sense', () => {
    const { task } = t.b;
    const { ep, r } = setup(EPOLLIN);
    const event = { events: EPOLLIN, data: 0 };
    expect(task.epollCreate(1)).toBe(-EINVAL);
    expect(task.fcntl(task.epollCreate(EPOLL_CLOEXEC), F_GETFD)).toBe(FD_CLOEXEC);
    expect(task.epollCtl(ep, EPOLL_CTL_ADD, r, event)).toBe(-EEXIST);
    expect(task.epollCtl(ep, EPOLL_CTL_ADD, ep, event)).toBe(-EINVAL);
    expect(task.epollCtl(r, EPOLL_CTL_ADD, ep, event)).toBe(-EINVAL);
    expect(task.epollCtl(ep, EPOLL_CTL_ADD, r, null)).toBe(-EINVAL);
    expect(task.epollCtl(ep, 9, r, event)).toBe(-EINVAL);
    expect(task.epollCtl(ep, EPOLL_CTL_ADD, 99, event)).toBe(-EBADF);
    expect(task.epollCtl(99, EPOLL_CTL_ADD, r, event)).toBe(-EBADF);
    const other = t.b.dgram();
    expect(task.epollCtl(ep, EPOLL_CTL_MOD, other, event)).toBe(-ENOENT);
    expect(task.epollCtl(ep, EPOLL_CTL_DEL, other)).toBe(-ENOENT);
    expect(task.epollCtl(ep, EPOLL_CTL_MOD, r, { events: EPOLLIN | EPOLLEXCLUSIVE, data: 0 })).toBe(-EINVAL);
    expect(task.epollCtl(ep, EPOLL_CTL_ADD, other, { events: EPOLLEXCLUSIVE | EPOLLONESHOT, data: 0 })).toBe(-EINVAL);
    expect(task.epollWait(ep, [], 0, 0)).toBe(-EINVAL);
    expect(task.epollWait(r, [], 1, 0)).toBe(-EINVAL);
    expect(task.epollWait(99, [], 1, 0)).toBe(-EBADF);
  });

  it('ends with an errno if it is closed, or its task ends, between the event and the return', async () => {
    for (const end of ['close', 'exit'] as const) {
      const task = kernelTask(t.b.net);
      const ep = task.epollCreate();
      task.epollCtl(ep, EPOLL_CTL_ADD, t.b.dgram(9, task), { events: EPOLLIN, data: 'r' });
      const waiting = task.epollWait(ep, [], 8, -1);
      t.b.pass(t.b.dgram(), 'a', 9);
      if (end === 'close') task.close(ep);
      else task.exit();
      expect(await waiting).toBe(end === 'close' ? -EBADF : -EINTR);
      task.exit();
    }
  });

  it('tells of an edge once, though a signal comes while others have their turn', async () => {
    const { ep, r, s } = setup(EPOLLIN | EPOLLET);
    const { task } = t.b;
    const events: EpollEvent[] = [];
    // So many calls may end at once.
    for (let i = 0; i < 1024; i++) expect(task.epollWait(ep, events, 8, 0)).toBe(0);
    t.b.pass(s, 'a', 7);
    const late = task.epollWait(ep, events, 8, -1);
    expect(late).toBeInstanceOf(Promise);
    task.interrupt();
    expect([await late, events[0]?.data, await task.epollWait(ep, events, 8, 0)]).toEqual([1, 'r', 0]);
    read(r);
  });
});

import { rmmod, setupNet } from '@skbuff/core';
import type { Net } from '@skbuff/core';
import { procNetOf } from '@skbuff/procfs';
import {
  EBADF,
  EFAULT,
  EINVAL,
  EMFILE,
  ENODEV,
  ENOENT,
  ENOTSOCK,
  ENOTTY,
  EPROTONOSUPPORT,
  FD_CLOEXEC,
  FIONBIO,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  MSG_DONTWAIT,
  O_NONBLOCK,
  O_RDWR,
  SIOCGIFINDEX,
  SIOCGIFNAME,
  SIOCGSTAMP,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  SO_COOKIE,
  EAGAIN,
  EACCES,
} from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { SOCK_DEAD, SysError, check, enterNet, kernelTask, sockCreate } from '../src/index.ts';
import { AF_TEST, bytes, dgramProt, testAddr, useBench, world } from './support.ts';

const t = useBench();

describe('descriptors', () => {
  it('are the lowest free numbers, and limited [SK-16] [SK-18]', () => {
    const { task } = t.b;
    expect([t.b.dgram(), t.b.dgram(), t.b.dgram()]).toEqual([0, 1, 2]);
    task.close(1);
    expect(t.b.dgram()).toBe(1);
    task.fds.limit = 4;
    expect([t.b.dgram(), t.b.dgram()]).toEqual([3, -EMFILE]);
    // The socket that got no descriptor is gone.
    expect(t.b.kernel.leaks().socket).toBe(4);
  });

  it('carry SOCK_NONBLOCK and SOCK_CLOEXEC, and nothing else [SK-18]', () => {
    const { task } = t.b;
    const fd = task.socket(AF_TEST, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
    expect([task.fcntl(fd, F_GETFL), task.fcntl(fd, F_GETFD)]).toEqual([O_RDWR | O_NONBLOCK, FD_CLOEXEC]);
    expect(task.recvfrom(fd, new Uint8Array(1))).toBe(-EAGAIN);
    expect(task.socket(AF_TEST, SOCK_DGRAM | 0x100)).toBe(-EINVAL);
  });

  it('fcntl changes what may change', () => {
    const { task } = t.b;
    const fd = t.b.dgram();
    expect(task.fcntl(fd, F_SETFL, O_NONBLOCK | 1)).toBe(0);
    expect(task.fcntl(fd, F_GETFL)).toBe(O_RDWR | O_NONBLOCK);
    task.fcntl(fd, F_SETFL, 0);
    expect(task.fcntl(fd, F_GETFL)).toBe(O_RDWR);
    task.ioctl(fd, FIONBIO, Uint8Array.of(1, 0, 0, 0));
    expect(task.fcntl(fd, F_GETFL)).toBe(O_RDWR | O_NONBLOCK);
    task.fcntl(fd, F_SETFD, FD_CLOEXEC);
    expect(task.fcntl(fd, F_GETFD)).toBe(FD_CLOEXEC);
    expect(task.fcntl(fd, F_DUPFD, 10)).toBe(10);
    expect(task.fcntl(10, F_GETFD)).toBe(0);
    expect(task.fcntl(fd, F_DUPFD_CLOEXEC, 10)).toBe(11);
    expect(task.fcntl(11, F_GETFD)).toBe(FD_CLOEXEC);
    expect([task.fcntl(fd, F_DUPFD, 5000), task.fcntl(fd, 99), task.fcntl(77, F_GETFL), task.fcntl(77, F_SETFD, 1)]).toEqual([-EINVAL, -EINVAL, -EBADF, -EBADF]);
  });

  it('dup shares one file, which lives as long as one of them', () => {
    const { task } = t.b;
    const fd = t.b.dgram();
    const copy = task.dup(fd);
    expect(t.b.sk(copy)).toBe(t.b.sk(fd));
    task.fcntl(copy, F_SETFL, O_NONBLOCK);
    expect(task.fcntl(fd, F_GETFL)).toBe(O_RDWR | O_NONBLOCK);
    task.close(fd);
    expect(t.b.kernel.leaks().socket).toBe(1);
    expect(task.dup2(copy, 5)).toBe(5);
    expect(task.dup2(5, 5)).toBe(5);
    const other = t.b.dgram();
    expect(task.dup2(copy, other)).toBe(other);
    expect(t.b.kernel.leaks().socket).toBe(1);
    for (const n of [copy, 5, other]) task.close(n);
    expect(t.b.kernel.leaks().socket).toBeUndefined();
    expect([task.dup(9), task.dup2(9, 1), task.close(9)]).toEqual([-EBADF, -EBADF, -EBADF]);
  });

  it.each([
    ['sendto', (fd: number) => t.b.task.sendto(fd, bytes('x'))],
    ['sendmsg', (fd: number) => t.b.task.sendmsg(fd, { iov: [] })],
    ['recvfrom', (fd: number) => t.b.task.recvfrom(fd, new Uint8Array(1))],
    ['recvmsg', (fd: number) => t.b.task.recvmsg(fd, { iov: [] })],
    ['bind', (fd: number) => t.b.task.bind(fd, testAddr(1))],
    ['connect', (fd: number) => t.b.task.connect(fd, testAddr(1))],
    ['listen', (fd: number) => t.b.task.listen(fd, 1)],
    ['accept', (fd: number) => t.b.task.accept(fd)],
    ['getsockname', (fd: number) => t.b.task.getsockname(fd, testAddr(0))],
    ['getpeername', (fd: number) => t.b.task.getpeername(fd, testAddr(0))],
    ['shutdown', (fd: number) => t.b.task.shutdown(fd, 0)],
    ['setsockopt', (fd: number) => t.b.task.setsockopt(fd, SOL_SOCKET, 1, 1)],
    ['getsockopt', (fd: number) => t.b.task.getsockoptInt(fd, SOL_SOCKET, 3)],
  ])('%s wants a socket', (_what, call) => {
    expect(call(0)).toBe(-EBADF);
    const ep = t.b.task.epollCreate();
    expect(call(ep)).toBe(-ENOTSOCK);
  });
});

describe('sockets', () => {
  it('belong to the namespace that the task is in, and keep it alive', () => {
    const { kernel, task } = t.b;
    const other = setupNet(kernel) as Net;
    const before = t.b.dgram();
    expect(enterNet(task, other)).toBe(0);
    other.put();
    const inside = t.b.dgram();
    expect([t.b.sk(before).net, t.b.sk(inside).net]).toEqual([kernel.initNet, other]);
    enterNet(task, kernel.initNet);
    expect(other.alive).toBe(true);
    task.close(inside);
    expect(other.alive).toBe(false);
  });

  it('keep their protocol’s plugin loaded', () => {
    const { kernel, task } = t.b;
    const fd = t.b.dgram();
    expect(rmmod(kernel, '@test/family')).toBe(-16);
    task.close(fd);
    expect(rmmod(kernel, '@test/family')).toBe(0);
    expect(task.socket(AF_TEST, SOCK_DGRAM)).toBe(-97);
  });

  it('of the stack itself have no descriptor and keep nothing alive', () => {
    const { net, kernel } = t.b;
    const before = net.count;
    const s = sockCreate(net, AF_TEST, SOCK_DGRAM, 0, true);
    if (typeof s === 'number') throw new Error('no socket');
    expect(net.count).toBe(before);
    s.release();
    s.release();
    expect(kernel.leaks().socket).toBeUndefined();
  });

  it('that their protocol refuses leave nothing behind [SK-17]', () => {
    world.initResult = -EACCES;
    expect(t.b.task.socket(AF_TEST, SOCK_DGRAM)).toBe(-EACCES);
    expect(t.b.kernel.leaks().socket).toBeUndefined();
  });

  it('hold and put count references; the flags say what is set [SK-14] [SK-15]', () => {
    const { task } = t.b;
    const fd = t.b.dgram();
    const sk = t.b.sk(fd);
    sk.hold();
    expect(sk.flag(SOCK_DEAD)).toBe(false);
    task.close(fd);
    expect(sk.flag(SOCK_DEAD)).toBe(true);
    expect(t.b.kernel.leaks().socket).toBe(1);
    sk.put();
    expect(t.b.kernel.leaks().socket).toBeUndefined();
    expect(() => sk.put()).toThrow('put too often');
  });

  it('have numbers of their own', () => {
    const { task } = t.b;
    const a = new Uint8Array(8);
    const b = new Uint8Array(8);
    expect([task.getsockopt(t.b.dgram(), SOL_SOCKET, SO_COOKIE, a), task.getsockopt(t.b.dgram(), SOL_SOCKET, SO_COOKIE, b)]).toEqual([8, 8]);
    expect(a).not.toEqual(b);
  });

  it('are listed by protocol [SK-22]', () => {
    t.b.dgram();
    expect(procNetOf(t.b.net).read('protocols')).toBe(
      `protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em
TESTS      100      0      -1   NI       0   yes  kernel      y  y  y  y  n  n  n  n  n  n  n  n  n  n  n  n  n  n
TESTD      100      0      -1   NI       0   yes  kernel      y  y  y  y  n  n  n  n  n  n  n  n  n  n  n  n  n  n
`,
    );
    expect(t.b.sk(0).prot).toBe(dgramProt);
  });
});

describe('ioctl', () => {
  it('answers about devices and refuses what it does not know', () => {
    const { task } = t.b;
    const fd = t.b.dgram();
    const ifreq = new Uint8Array(40);
    expect(task.ioctl(fd, SIOCGIFNAME, ifreq)).toBe(-ENODEV);
    ifreq.set(bytes('eth0'));
    expect(task.ioctl(fd, SIOCGIFINDEX, ifreq)).toBe(-ENODEV);
    expect(task.ioctl(fd, SIOCGIFINDEX, new Uint8Array(4))).toBe(-EFAULT);
    expect(task.ioctl(fd, 0x1234, ifreq)).toBe(-ENOTTY);
    expect(task.ioctl(task.epollCreate(), SIOCGIFINDEX, ifreq)).toBe(-ENOTTY);
    expect(task.ioctl(99, SIOCGIFINDEX, ifreq)).toBe(-EBADF);
  });

  it('SIOCGSTAMP tells when the last packet came, from the second question on', () => {
    const { task, clock } = t.b;
    const fd = t.b.dgram(7);
    const arg = new Uint8Array(16);
    expect(task.ioctl(fd, SIOCGSTAMP, arg)).toBe(-ENOENT);
    t.b.pass(t.b.dgram(), 'x', 7);
    clock.advance(2.5e9);
    task.recvfrom(fd, new Uint8Array(1), MSG_DONTWAIT);
    expect(task.ioctl(fd, SIOCGSTAMP, arg)).toBe(0);
    // Nobody stamped it on the way: it counts as come when it was read.
    expect(new DataView(arg.buffer).getUint32(0, true)).toBe(1577836802);
  });
});

describe('exit', () => {
  it('closes everything', () => {
    const { task, kernel } = t.b;
    t.b.dgram(1);
    task.dup(0);
    task.epollCreate();
    task.exit();
    task.exit();
    expect(kernel.leaks().socket).toBeUndefined();
    expect(kernel.leaks().task).toBeUndefined();
    expect(task.socket(AF_TEST, SOCK_DGRAM)).toBe(-EMFILE);
  });

  it('gives processes numbers', () => {
    const { net } = t.b;
    expect([t.b.task.pid, kernelTask(net).pid, kernelTask(net).pid]).toEqual([1, 2, 3]);
  });
});

describe('SysError', () => {
  it('says what failed, with the number and what to do', () => {
    expect(check('close', 3)).toBe(3);
    const error = (() => {
      try {
        return check('bind', -98);
      } catch (e) {
        return e;
      }
    })();
    expect(error).toBeInstanceOf(SysError);
    expect(error).toMatchObject({ code: 'EADDRINUSE', errno: 98, syscall: 'bind' });
    expect((error as Error).message).toMatch(/^bind EADDRINUSE: Address already in use\. .*SO_REUSEADDR/);
    expect(new SysError('socket', EPROTONOSUPPORT).message).toContain('@skbuff/udp');
    expect(new SysError('ioctl', -ENOTTY).message).toBe('ioctl ENOTTY: Inappropriate ioctl for device');
  });

  it('rejects what was promised', async () => {
    await expect(check('recvfrom', Promise.resolve(-EBADF))).rejects.toMatchObject({ code: 'EBADF' });
    expect(await check('recvfrom', Promise.resolve(4))).toBe(4);
  });
});

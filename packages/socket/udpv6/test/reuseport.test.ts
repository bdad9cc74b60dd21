/** Ports that sockets of both families share (SO_REUSEPORT). What is expected is what Linux 6.18 did with the same sockets. */
import { kernelTask, type Task } from '@skbuff/sock';
import { bytes, hosts4, sin, sin6 } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { useLab } from './support.ts';

const t = useLab();
const PORT = 5000;

beforeEach(() => {
  hosts4.addAddress(t.lab.va, '10.0.0.1', 24);
  hosts4.addAddress(t.lab.vb, '10.0.0.2', 24);
});

interface Bound {
  readonly task?: Task;
  readonly device?: string;
  readonly v6only?: boolean;
  readonly share?: boolean;
}

/** A socket of the address's family; a negative errno: it could not be bound. */
function bind(addr: string, { task = t.lab.tb, device = '', v6only = false, share = true }: Bound = {}): number {
  const six = addr.includes(':');
  const fd = task.socket(six ? U.AF_INET6 : U.AF_INET, U.SOCK_DGRAM);
  if (share) task.setsockopt(fd, U.SOL_SOCKET, U.SO_REUSEPORT, 1);
  if (v6only) task.setsockopt(fd, U.SOL_IPV6, U.IPV6_V6ONLY, 1);
  if (device !== '') task.setsockopt(fd, U.SOL_SOCKET, U.SO_BINDTODEVICE, bytes(device));
  const err = task.bind(fd, six ? sin6(addr, PORT) : sin(addr, PORT));
  return err < 0 ? err : fd;
}

/** How many of the datagrams that came each socket has. */
function counts(fds: readonly number[]): number[] {
  return fds.map((fd) => {
    let n = 0;
    while (t.lab.tb.recvfrom(fd, new Uint8Array(9), U.MSG_DONTWAIT) === 1) n++;
    return n;
  });
}

/** Host a sends 32 datagrams, each of another flow. */
function flows(to: string): void {
  const { ta } = t.lab;
  const six = to.includes(':');
  for (let i = 0; i < 32; i++) {
    const fd = ta.socket(six ? U.AF_INET6 : U.AF_INET, U.SOCK_DGRAM);
    ta.bind(fd, six ? sin6('::', 6000 + i) : sin('0.0.0.0', 6000 + i));
    expect(ta.sendto(fd, bytes('x'), 0, six ? sin6(to, PORT) : sin(to, PORT))).toBe(1);
    ta.close(fd);
  }
}

describe('whom a datagram is for', () => {
  it('the first of AF_INET that shares the port, although another is bound to the device; not once a member was connected', () => {
    const device = bind('10.0.0.2', { device: 'vb' });
    const plain = bind('10.0.0.2');
    flows('10.0.0.2');
    expect(counts([device, plain])).toEqual([0, 32]);
    const member = bind('10.0.0.2');
    expect(t.lab.tb.connect(member, sin('10.0.0.1', 6003))).toBe(0);
    flows('10.0.0.2');
    expect(counts([device, plain, member])).toEqual([31, 0, 1]);
  });

  it('of AF_INET6 whoever shared it first, and AF_INET before', () => {
    const plain = bind('2001:db8::2');
    const device = bind('2001:db8::2', { device: 'vb', v6only: true });
    flows('2001:db8::2');
    expect(counts([plain, device])).toEqual([32, 0]);
    const [six, four] = [bind('::', { device: 'vb' }), bind('0.0.0.0')];
    flows('10.0.0.2');
    expect(counts([six, four])).toEqual([0, 32]);
  });

  it('a group has only its like: of one family, one device, IPv6 only or not', () => {
    const [a, b, only] = [bind('::'), bind('::'), bind('::', { v6only: true })];
    flows('2001:db8::2');
    const [first, second, third] = counts([a, b, only]) as [number, number, number];
    expect([first > 4, second > 4, first + second, third]).toEqual([true, true, 32, 0]);
  });

  it('whoever leaves is replaced by the last; a connected member is passed over', () => {
    const fds = [bind('10.0.0.2'), bind('10.0.0.2'), bind('10.0.0.2')] as const;
    t.lab.tb.close(fds[0]);
    flows('10.0.0.2');
    const [second, third] = counts(fds.slice(1)) as [number, number];
    expect([second > 4, third > 4, second + third]).toEqual([true, true, 32]);
    t.lab.tb.connect(fds[1], sin('10.0.0.77', 1));
    flows('10.0.0.2');
    expect(counts(fds.slice(1))).toEqual([0, 32]);
  });

  it('who was connected from any address is in no group any longer', () => {
    const [stays, leaves] = [bind('::'), bind('::')];
    t.lab.tb.connect(leaves, sin6('2001:db8::1', 6005));
    flows('2001:db8::2');
    expect(counts([stays, leaves])).toEqual([31, 1]);
  });
});

describe('who may have the port', () => {
  it('nobody else is asked once one is found that shares it, the latest of AF_INET first', () => {
    const user = kernelTask(t.lab.b, { uid: 1000 });
    expect(bind('127.0.0.1', { task: user })).toBeGreaterThanOrEqual(0);
    expect(bind('::')).toBe(-U.EADDRINUSE);
    expect(bind('10.0.0.2')).toBeGreaterThanOrEqual(0);
    expect(bind('::')).toBeGreaterThanOrEqual(0);
  });

  it('those of AF_INET6 that share it are asked last', () => {
    expect(bind('10.0.0.2', { share: false })).toBeGreaterThanOrEqual(0);
    expect(bind('::ffff:127.0.0.1')).toBeGreaterThanOrEqual(0);
    expect(bind('0.0.0.0')).toBe(-U.EADDRINUSE);
  });
});

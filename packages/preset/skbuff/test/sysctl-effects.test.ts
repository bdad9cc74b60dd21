/** What settings do beyond being read and written. */
import { SockaddrIn } from '@skbuff/af-inet';
import { procNetOf } from '@skbuff/procfs';
import { kernelTask } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createNet, type Host, type HostNet } from '../src/index.ts';

let net: HostNet;
let h: Host;

beforeEach(() => {
  net = createNet({ debug: true });
  h = net.host('h');
});

afterEach(() => {
  expect(net.close()).toEqual({});
});

it('ports in ip_local_reserved_ports are bound by name only [TOOL-50]', () => {
  h.sysctl('net.ipv4.ip_local_port_range', '40000 40002');
  h.sysctl('net.ipv4.ip_local_reserved_ports', '40000-40001');
  const task = kernelTask(h.ns);
  const bind = (port: number): number => task.bind(task.socket(U.AF_INET, U.SOCK_DGRAM, 0), new SockaddrIn(0, port));
  expect([bind(0), bind(0), bind(40001)]).toEqual([0, -U.EADDRINUSE, 0]);
  task.exit();
});

it('igmp_max_memberships is the number of groups of a socket [TOOL-50]', () => {
  h.sysctl('net.ipv4.igmp_max_memberships', 2);
  const task = kernelTask(h.ns);
  const fd = task.socket(U.AF_INET, U.SOCK_DGRAM, 0);
  const join = (group: number): number => task.setsockopt(fd, U.SOL_IP, U.IP_ADD_MEMBERSHIP, Uint8Array.of(224, 0, 1, group, 127, 0, 0, 1));
  expect([join(1), join(2), join(3)]).toEqual([0, 0, -U.ENOBUFS]);
  h.sysctl('net.ipv4.igmp_max_memberships', 3);
  expect(join(3)).toBe(0);
  task.exit();
});

it('sockstat counts sockets of the namespace, and those that packets can reach [TOOL-58]', () => {
  const task = kernelTask(h.ns);
  const fd = task.socket(U.AF_INET, U.SOCK_DGRAM, 0);
  task.socket(U.AF_INET, U.SOCK_RAW, 89);
  const shown = (): string => String(procNetOf(h.ns).read('sockstat'));
  expect(shown()).toContain('sockets: used 2\n');
  expect(shown()).toContain('UDP: inuse 0 mem 0\nUDPLITE: inuse 0\nRAW: inuse 1\n');
  task.bind(fd, new SockaddrIn(0, 53));
  expect(shown()).toContain('UDP: inuse 1 mem 0\n');
  task.exit();
  expect(shown()).toContain('sockets: used 0\n');
  expect(shown()).toContain('UDP: inuse 0 mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\n');
});

/** Sockets that take datagrams: empty ones on the same ports, in the same groups. */
import type { Net } from '@skbuff/core';
import { inetFamily } from '@skbuff/hosts';
import { kernelTask, type Task } from '@skbuff/sock';
import { AF_INET, MCAST_BLOCK_SOURCE, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP, SO_BINDTODEVICE, SO_REUSEADDR, SO_REUSEPORT, SOCK_DGRAM, SOL_SOCKET } from '@skbuff/uapi';
import { udpNet, type UdpSock } from '@skbuff/udp';
import { setLe16, setLe32 } from '@skbuff/wire';
import { FAMILIES, familyOf } from './families.ts';
import type { Membership } from './family.ts';
import type { Copying } from './replicate.ts';

export function copySockets({ nets, tasks }: Copying): void {
  for (const [from, to] of nets) {
    const sockets = udpNet.peek(from) === null ? [] : [...udpNet.of(from).table];
    if (sockets.length === 0) continue;
    const task = kernelTask(to);
    tasks.push(task);
    for (const sk of sockets) copySocket(task, sk, from);
  }
}

function copySocket(task: Task, sk: UdpSock, from: Net): void {
  const fd = task.socket(sk.family, SOCK_DGRAM);
  if (fd < 0) return;
  // The sender that is asked about may have the port as well.
  task.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (sk.reuseport) task.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  const dev = sk.boundDevIf === 0 ? null : from.devGetByIndex(sk.boundDevIf);
  if (dev !== null) task.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, Uint8Array.from([...dev.name, '\0'], (c) => c.charCodeAt(0)));
  const { names, socketOptions } = familyOf(sk.family);
  for (const [level, name, value] of socketOptions(sk)) if (value !== null) task.setsockopt(fd, level, name, value);
  const [own, peer] = names(sk);
  task.bind(fd, own);
  if (peer !== null) void task.connect(fd, peer);
  for (const { family, memberships } of FAMILIES) for (const membership of memberships(sk)) join(task, fd, family, membership);
}

/** `struct group_req` and `struct group_source_req`: an index, and a `struct sockaddr_storage` each for the group and the source. */
const [GROUP, SOURCE, STORAGE_LEN] = [8, 136, 128] as const;

/** Interfaces have the same numbers in the copy. */
function join(task: Task, fd: number, family: number, { group, ifindex, include, sources }: Membership): void {
  const [level] = inetFamily(family).ttl;
  const request = new Uint8Array(SOURCE + STORAGE_LEN);
  setLe32(request, 0, ifindex);
  storeAddr(request, GROUP, family, group);
  if (!include) task.setsockopt(fd, level, MCAST_JOIN_GROUP, request.slice(0, SOURCE));
  for (const source of sources) {
    storeAddr(request, SOURCE, family, source);
    task.setsockopt(fd, level, include ? MCAST_JOIN_SOURCE_GROUP : MCAST_BLOCK_SOURCE, request);
  }
}

/** `struct sockaddr_in` has its address behind the port, `struct sockaddr_in6` behind a flow label. */
function storeAddr(request: Uint8Array, at: number, family: number, addr: Uint8Array): void {
  setLe16(request, at, family);
  request.set(addr, at + (family === AF_INET ? 4 : 8));
}

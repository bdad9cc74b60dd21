/** Sockets that take datagrams: empty ones on the same ports. */
import type { Net } from '@skbuff/core';
import { kernelTask, type Task } from '@skbuff/sock';
import { SO_BINDTODEVICE, SO_REUSEADDR, SO_REUSEPORT, SOCK_DGRAM, SOL_SOCKET } from '@skbuff/uapi';
import { udpNet, type UdpSock } from '@skbuff/udp';
import { familyOf } from './families.ts';
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
}

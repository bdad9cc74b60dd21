/**
 * Sockets below every family: `struct sock` with its queues and accounting, the tables of families and protocols, and the system
 * calls of a task on numeric descriptors.
 *
 * @packageDocumentation
 */
export * from './busy-poll.ts';
export * from './cred.ts';
export * from './datagram.ts';
export * from './dev-ioctl.ts';
export * from './error-queue.ts';
export * from './eventpoll.ts';
export * from './file.ts';
export * from './filter.ts';
export * from './msghdr.ts';
export * from './plugin.ts';
export * from './poll.ts';
export { NS_ENTRIES } from './proc-pid.ts';
export * from './proc-protocols.ts';
export * from './proto.ts';
export * from './sk-tstamp.ts';
export * from './sock-cmsg.ts';
export * from './sock-getoptions.ts';
export * from './sock-limits.ts';
export * from './sock-mem.ts';
export * from './sock-net.ts';
export * from './sock-options.ts';
export * from './sock-recv.ts';
export * from './sock.ts';
export * from './sockaddr.ts';
export * from './socket-calls.ts';
export * from './socket.ts';
export * from './socketcall.ts';
export * from './sys-error.ts';
export { enterNet, getNetNsByFd } from './task-namespaces.ts';
export * from './task-wait.ts';
export * from './task.ts';
export * from './user-memory.ts';
export * from './user-msg.ts';
export * from './wait.ts';

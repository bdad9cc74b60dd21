/** socketcall(2): all socket calls behind one number, as 32-bit programs make them. */
import {
  EINVAL,
  SYS_ACCEPT,
  SYS_ACCEPT4,
  SYS_BIND,
  SYS_CONNECT,
  SYS_GETPEERNAME,
  SYS_GETSOCKNAME,
  SYS_GETSOCKOPT,
  SYS_LISTEN,
  SYS_RECV,
  SYS_RECVFROM,
  SYS_RECVMSG,
  SYS_SEND,
  SYS_SENDMSG,
  SYS_SENDTO,
  SYS_SETSOCKOPT,
  SYS_SHUTDOWN,
  SYS_SOCKET,
  SYS_SOCKETPAIR,
} from '@skbuff/uapi';
import type { SockAddr } from './sockaddr.ts';
import type { Result, Task } from './task.ts';
import type { UserMsghdr } from './user-msg.ts';

type Addr = SockAddr | Uint8Array;

/** `call` is SYS_*; `args` are those of the call itself, with addresses and messages in the form that {@link Task} takes. */
export function socketcall(task: Task, call: number, args: readonly unknown[]): Result {
  const [a, b, c, d] = args;
  const fd = a as number;
  switch (call) {
    case SYS_SOCKET:
      return task.socket(fd, b as number, c as number);
    case SYS_BIND:
      return task.bind(fd, b as Addr);
    case SYS_CONNECT:
      return task.connect(fd, b as Addr);
    case SYS_LISTEN:
      return task.listen(fd, b as number);
    case SYS_ACCEPT:
      return task.accept(fd, (b ?? null) as Addr | null);
    case SYS_ACCEPT4:
      return task.accept(fd, (b ?? null) as Addr | null, c as number);
    case SYS_GETSOCKNAME:
      return task.getsockname(fd, b as Addr);
    case SYS_GETPEERNAME:
      return task.getpeername(fd, b as Addr);
    case SYS_SOCKETPAIR:
      return task.socketpair(fd, b as number, c as number);
    case SYS_SHUTDOWN:
      return task.shutdown(fd, b as number);
    case SYS_SETSOCKOPT:
      return task.setsockopt(fd, b as number, c as number, d as number | Uint8Array);
    case SYS_GETSOCKOPT:
      return task.getsockopt(fd, b as number, c as number, d as Uint8Array);
    default:
      return transfer(task, call, fd, b, c as number, (d ?? null) as Addr | null);
  }
}

/** The calls that move data. */
function transfer(task: Task, call: number, fd: number, b: unknown, flags: number, addr: Addr | null): Result {
  switch (call) {
    case SYS_SEND:
      return task.sendto(fd, b as Uint8Array, flags);
    case SYS_SENDTO:
      return task.sendto(fd, b as Uint8Array, flags, addr);
    case SYS_SENDMSG:
      return task.sendmsg(fd, b as UserMsghdr, flags);
    case SYS_RECV:
      return task.recvfrom(fd, b as Uint8Array, flags);
    case SYS_RECVFROM:
      return task.recvfrom(fd, b as Uint8Array, flags, addr);
    case SYS_RECVMSG:
      return task.recvmsg(fd, b as UserMsghdr, flags);
    default:
      return -EINVAL;
  }
}

/** The lines of c/calls.c, on this stack. */
import { type Cmsg, type PollFd, type Task, type UserMsghdr } from '@skbuff/sock';
import { MSG_DONTWAIT, POLLIN, POLLOUT, POLLPRI, SOCK_DGRAM } from '@skbuff/uapi';
import type { Calls } from './world.ts';

/** Bytes of a datagram that are received at most. */
const ROOM = 64;
const CONTROL_ROOM = 512;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
/** As many bytes, each one more than the one before. */
const counting = (length: string): Uint8Array => Uint8Array.from({ length: Number(length) }, (_, i) => i);

function cmsgOf(piece: string): Cmsg {
  const [level, type, data = ''] = piece.split(':');
  return { level: Number(level), type: Number(type), data: bytesOf(data) };
}

export class StackCalls implements Calls {
  private readonly task: Task;
  private readonly fds: number[] = [];

  constructor(task: Task) {
    this.task = task;
  }

  async ask(line: string): Promise<string> {
    const [what = '', which = '', ...args] = line.split(' ');
    if (what === 'socket') return String(this.fds.push(this.task.socket(Number(which), Number(args[0] ?? SOCK_DGRAM), Number(args[1] ?? 0))) - 1);
    return this.call(what, this.fds[Number(which)] ?? -1, args);
  }

  close(): void {
    for (const fd of this.fds) this.task.close(fd);
  }

  private async call(what: string, fd: number, args: readonly string[]): Promise<string> {
    const { task } = this;
    const [first = '', second = '', third = ''] = args;
    const filled = new Uint8Array(256);
    const told = (label: string, n: number): string => (n < 0 ? `${n}` : `0 ${label}=${hex(filled.subarray(0, n))}`);
    switch (what) {
      case 'bind':
        return String(task.bind(fd, bytesOf(first)));
      case 'connect':
        return String(await task.connect(fd, bytesOf(first)));
      case 'name':
        return told('addr', task.getsockname(fd, filled));
      case 'peer':
        return told('addr', task.getpeername(fd, filled));
      case 'shutdown':
        return String(task.shutdown(fd, Number(first)));
      case 'poll': {
        const pfd: PollFd = { fd, events: POLLIN | POLLPRI | POLLOUT, revents: 0 };
        await task.poll([pfd], 0);
        return pfd.revents.toString(16);
      }
      case 'close':
        return String(task.close(fd));
      case 'set':
        return String(task.setsockopt(fd, Number(first), Number(second), bytesOf(third)));
      case 'get':
        return told('value', task.getsockopt(fd, Number(first), Number(second), filled.subarray(0, Number(third))));
      case 'send':
        return String(await task.sendto(fd, counting(second), Number(first) | MSG_DONTWAIT, third === '' ? null : bytesOf(third)));
      case 'sendmsg':
        return String(await task.sendmsg(fd, { iov: [counting(second)], name: third === '-' ? null : bytesOf(third), control: args.slice(3).map(cmsgOf) }, Number(first) | MSG_DONTWAIT));
      case 'recv':
        return this.receive(fd, Number(first));
      default:
        throw new Error(`unknown call ${what}`);
    }
  }

  private async receive(fd: number, flags: number): Promise<string> {
    const data = new Uint8Array(ROOM);
    const name = new Uint8Array(ROOM);
    const control: Cmsg[] = [];
    const user: UserMsghdr = { iov: [data], name, namelen: 0, control, controllen: CONTROL_ROOM, flags: 0 };
    const n = await this.task.recvmsg(fd, user, flags | MSG_DONTWAIT);
    if (n < 0) return String(n);
    const pieces = control.map((c) => ` ${c.level}:${c.type}=${hex(c.data)}`).join('');
    return `${n} flags=${(user.flags ?? 0).toString(16)} from=${hex(name.subarray(0, user.namelen))}${pieces} data=${hex(data.subarray(0, Math.min(n, ROOM)))}`;
  }
}

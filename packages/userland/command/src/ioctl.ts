/** ioctl(2) about interfaces, on a datagram socket of its own. */
import { setIfrName } from '@skbuff/sock';
import { AF_INET, IFNAMSIZ, IFREQ_LEN, IFREQ_UNION, SOCK_DGRAM } from '@skbuff/uapi';
import { be32 } from '@skbuff/wire';
import type { CommandEnv } from './command.ts';

export class IoctlSocket {
  private readonly env: CommandEnv;
  private readonly fd: number;

  private constructor(env: CommandEnv, fd: number) {
    this.env = env;
    this.fd = fd;
  }

  /** socket(family, SOCK_DGRAM), which the end of the process closes; or a negative errno. */
  static open(env: CommandEnv, family: number = AF_INET): IoctlSocket | number {
    const fd = env.task.socket(family, SOCK_DGRAM, 0);
    return fd < 0 ? fd : new IoctlSocket(env, fd);
  }

  close(): void {
    this.env.task.close(this.fd);
  }

  /** 0 or a negative errno; the bytes are filled in. */
  call(request: number, arg: Uint8Array): number {
    return this.env.task.ioctl(this.fd, request, arg);
  }

  /** A `struct ifreq` with `union` behind the name: the reply, or a negative errno. A name that is too long is cut. */
  ifreq(request: number, name: string, union: ArrayLike<number> = []): Uint8Array | number {
    const ifreq = new Uint8Array(IFREQ_LEN);
    setIfrName(ifreq, 0, name.slice(0, IFNAMSIZ - 1));
    ifreq.set(Array.from(union).slice(0, IFREQ_LEN - IFREQ_UNION), IFREQ_UNION);
    const rc = this.call(request, ifreq);
    return rc < 0 ? rc : ifreq;
  }

  /** 0 or a negative errno. */
  set(request: number, name: string, union: ArrayLike<number>): number {
    const rc = this.ifreq(request, name, union);
    return typeof rc === 'number' ? rc : 0;
  }

  /** The IPv4 address that the request asks for, or -1. */
  addr(request: number, name: string): number {
    const reply = this.ifreq(request, name);
    return typeof reply === 'number' ? -1 : be32(reply, IFREQ_UNION + 4);
  }
}

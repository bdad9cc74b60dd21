/** A script of socket operations, run on two of our hosts: the same operations as kernel-sockets.c has for the running kernel, the same answers. */
import { procNetOf } from '@skbuff/procfs';
import { SockaddrIn } from '@skbuff/af-inet';
import { type NetDevice, unregisterNetdeviceMany } from '@skbuff/core';
import type { Cmsg, Task } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import type { TwoHosts } from '@skbuff/testbed';
import { AF_INET, MSG_DONTWAIT, SOL_SOCKET } from '@skbuff/uapi';
import { inetNtoa, inetPton4, leS64 } from '@skbuff/wire';

const STAMPS = [29, 35, 37, 63, 64, 65];

function bytesOf(text: string | undefined): Uint8Array {
  if (text === undefined || text === '-') return new Uint8Array(0);
  const at = /^@(\d+):/.exec(text);
  const digits = at === null ? text : text.slice(at[0].length);
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  if (at === null || bytes.length >= Number(at[1])) return bytes;
  const long = new Uint8Array(Number(at[1]));
  long.set(bytes);
  return long;
}

function hexOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? '-' : [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}

function cmsgText({ level, type, data }: Cmsg): string {
  if (level !== SOL_SOCKET || !STAMPS.includes(type)) return ` [${level} ${type} ${data.length} ${hexOf(data)}]`;
  const times = Array.from({ length: data.length >> 4 }, (_, i) => (leS64(data, i * 16) !== 0 ? 'T' : '0'));
  return ` [${level} ${type} ${data.length} ${times.join('')}]`;
}

export class OurSockets {
  private readonly lab: TwoHosts;
  private readonly sockets: Map<string, { task: Task; fd: number }> = new Map();

  constructor(lab: TwoHosts) {
    this.lab = lab;
  }

  /** One operation; its line of answer. */
  run(line: string): string {
    const [op, name = '', ...w] = line.split(' ') as [string, ...string[]];
    const task = op === 'socket' ? this.task(w[0] as string) : (this.sockets.get(name)?.task ?? this.lab.ta);
    const fd = this.sockets.get(name)?.fd ?? -1;
    switch (op) {
      case 'socket': {
        const rc = task.socket(AF_INET, Number(w[1]), Number(w[2]));
        if (rc >= 0) this.sockets.set(name, { task, fd: rc });
        return String(Math.min(rc, 0));
      }
      case 'set':
        return String(task.setsockopt(fd, Number(w[0]), Number(w[1]), bytesOf(w[2])));
      case 'get':
        return this.get(task, fd, w);
      case 'bind':
        return String(task.bind(fd, new SockaddrIn(inetPton4(w[0] as string), Number(w[1]))));
      case 'connect':
        return String(task.connect(fd, new SockaddrIn(inetPton4(w[0] as string), Number(w[1]))));
      case 'send':
        return this.send(task, fd, w);
      case 'recv':
        return this.recv(task, fd, Number(w[0]), Number(w[1]));
      case 'poll': {
        const fds = [{ fd, events: 0xffff, revents: 0 }];
        void task.poll(fds, 0);
        return (fds[0]?.revents ?? 0).toString(16);
      }
      case 'ioctl': {
        const arg = new Uint8Array(16);
        const rc = task.ioctl(fd, parseInt(w[0] as string, 16), arg);
        return rc < 0 || w[1] !== undefined ? String(rc) : `${rc} ${hexOf(arg.subarray(0, 4))}`;
      }
      case 'file': {
        const text = procNetOf(this.task(name).net).read((w[0] as string).replace('/proc/self/net/', '')) as string;
        return text.replaceAll('\n', '|').replaceAll('\t', '>');
      }
      case 'write':
        return String(Math.min(0, sysctlOf(this.task(name).net).write((w[0] as string).replace('/proc/sys/', ''), w[1] as string)));
      case 'unlink': {
        const doomed: NetDevice[] = [];
        const dev = this.task(name).net.devGetByName(w[0] as string) as NetDevice;
        dev.rtnlLinkOps?.dellink?.(dev, doomed);
        unregisterNetdeviceMany(doomed);
        return '0';
      }
      case 'close':
        return String(task.close(fd));
      default:
        throw new Error(line);
    }
  }

  private task(host: string): Task {
    return host === 'b' ? this.lab.tb : this.lab.ta;
  }

  private get(task: Task, fd: number, [level, name, room, preset]: string[]): string {
    const out = new Uint8Array(Number(room));
    out.set(bytesOf(preset).subarray(0, out.length));
    const rc = task.getsockopt(fd, Number(level), Number(name), out);
    return rc < 0 ? String(rc) : `0 ${rc} ${hexOf(out.subarray(0, rc))}`;
  }

  private send(task: Task, fd: number, [addr = '', port, hex, flags, cmsg]: string[]): string {
    const [level, type, value] = cmsg?.split(':') ?? [];
    const control: Cmsg[] = cmsg === undefined ? [] : [{ level: Number(level), type: Number(type), data: bytesOf(value) }];
    const name = addr.startsWith('-') ? null : new SockaddrIn(inetPton4(addr), Number(port));
    const rc = task.sendmsg(fd, { iov: [bytesOf(hex)], name, control }, Number(flags ?? 0) | MSG_DONTWAIT);
    return String(rc as number);
  }

  private recv(task: Task, fd: number, room: number, flags: number): string {
    const buf = new Uint8Array(room);
    const name = new SockaddrIn(0, 0);
    const control: Cmsg[] = [];
    const user = { iov: [buf], name, control, flags: 0, namelen: 0 };
    const rc = task.recvmsg(fd, user, flags | MSG_DONTWAIT) as number;
    if (rc < 0) return String(rc);
    return `${rc} ${hexOf(buf.subarray(0, Math.min(rc, room)))} ${user.namelen} ${inetNtoa(name.addr)}:${name.port} ${user.flags.toString(16)}${control.map(cmsgText).join('')}`;
  }
}

/** A number of 32 bits as its bytes, least significant first. */
export function le(value: number): string {
  return hexOf(Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24));
}

/** The bytes of an address. */
export function ip(addr: string): string {
  const value = inetPton4(addr);
  return hexOf(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));
}

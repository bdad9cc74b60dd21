/** The operations of `kernel-packet.c`, on our own stack. */
import { afInet } from '@skbuff/af-inet';
import { arp } from '@skbuff/arp';
import { type Kernel, type NetDevice, VirtualClock, createKernel, devClose, devOpen, unregisterNetdeviceMany } from '@skbuff/core';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { namespaces } from '@skbuff/namespaces';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procNetOf, procfs } from '@skbuff/procfs';
import { type Cmsg, type Task, kernelTask, sock } from '@skbuff/sock';
import { sysctl } from '@skbuff/sysctl';
import { IFF_ALLMULTI, IFF_PROMISC, MSG_DONTWAIT, POLLIN, POLLOUT, SHUT_RD } from '@skbuff/uapi';
import { udp } from '@skbuff/udp';
import { veth, vethCreate } from '@skbuff/veth';
import { SockaddrLl, afPacket, packetProtocol, sockaddrLlCodec } from '../src/index.ts';

/** Bytes of hexadecimal digits; "@300:0102" is 300 bytes that begin with them, "-" none. */
export function bytesOf(text: string): Uint8Array {
  if (text === '-') return new Uint8Array(0);
  const [, size = '0', hex = ''] = /^(?:@(\d+):)?(.*)$/.exec(text) ?? [];
  const bytes = new Uint8Array(Math.max(Number(size), hex.length / 2));
  for (let i = 0; i < hex.length / 2; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function hexOf(bytes: Iterable<number>): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** One host: lo, the pair v0 and v1, and d0, which is down, with d1 at its other end. */
export class Stack {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly task: Task;
  private readonly fds = new Map<string, number>();

  constructor() {
    const below = [sysctl(), procfs(), netlink(), loopback(), veth(), neighbour(), ipv4(), fib({ table: () => new FibTrie() }), arp()];
    const plugins = [...below, namespaces(), sock(), afInet(), udp(), afPacket()];
    this.kernel = createKernel({ clock: this.clock, debug: true, plugins });
    const net = this.kernel.initNet;
    const pair = vethCreate(net, 'v0', net, 'v1');
    if (typeof pair === 'number') throw new Error(`veth: ${pair}`);
    pair.dev.devAddr.set([2, 0, 0, 0, 0, 1]);
    pair.peer.devAddr.set([2, 0, 0, 0, 0, 2]);
    vethCreate(net, 'd0', net, 'd1');
    this.dev('d0').devAddr.set([2, 0, 0, 0, 0, 3]);
    for (const dev of [net.loopbackDev as NetDevice, pair.dev, pair.peer, this.dev('d1')]) devOpen(dev);
    this.task = kernelTask(net);
  }

  dev(name: string): NetDevice {
    return this.kernel.initNet.devGetByName(name) as NetDevice;
  }

  fd(name: string): number {
    return this.fds.get(name) ?? -1;
  }

  run(line: string): string {
    const answer = this.operate(line.trim().split(/\s+/));
    this.clock.advance(1000);
    return answer;
  }

  private operate(w: readonly string[]): string {
    const { task } = this;
    const [op = '', a = '', b = '-', c = '-', d = '-', e = '-'] = w;
    const fd = this.fd(a);
    switch (op) {
      case 'socket': {
        const made = task.socket(17, Number(b), packetProtocol(Number.parseInt(c, 16) || 0));
        this.fds.set(a, made);
        return String(Math.min(0, made));
      }
      case 'bind': {
        const bytes = this.sll(b, c, 0, '-');
        bytes[0] = d === '-' ? 17 : Number(d);
        return String(task.bind(fd, e === '-' ? bytes : bytes.slice(0, Number(e))));
      }
      case 'name': {
        const bytes = new Uint8Array(20);
        const rc = task.getsockname(fd, bytes);
        return `${Math.min(0, rc)}${this.sllText(bytes, rc)}`;
      }
      case 'peer':
        return String(task.getpeername(fd, new Uint8Array(20)));
      case 'send':
        return String(task.sendto(fd, bytesOf(b), MSG_DONTWAIT));
      case 'sendto': {
        const bytes = this.sll(b, c, Number(d), e);
        return String(task.sendto(fd, bytesOf(w[6] ?? '-'), MSG_DONTWAIT, w[7] === undefined ? bytes : bytes.slice(0, Number(w[7]))));
      }
      case 'recv':
        return this.recv(fd, Number(b), Number.parseInt(c, 16) || 0);
      case 'set':
        return String(task.setsockopt(fd, Number(b), Number(c), bytesOf(d)));
      case 'get': {
        const out = new Uint8Array(Number(d));
        out.set(bytesOf(e).subarray(0, out.length));
        const rc = task.getsockopt(fd, Number(b), Number(c), out);
        return `${Math.min(0, rc)} ${rc < 0 ? '' : hexOf(out.subarray(0, rc))}`;
      }
      case 'filter':
        return String(task.setsockopt(fd, c === '-' ? 1 : Number(c), d === '-' ? 26 : Number(d), bytesOf(b)));
      case 'poll': {
        const p = { fd, events: POLLIN | POLLOUT, revents: 0 };
        task.poll([p], 0);
        return p.revents.toString(16);
      }
      case 'ioctl': {
        const arg = new Uint8Array(4);
        const rc = task.ioctl(fd, Number.parseInt(b, 16), arg);
        return `${rc} ${Number(arg.some((x) => x !== 0))}`;
      }
      case 'ip':
        return this.ip(a, b, c);
      case 'shutdown':
        return String(task.shutdown(fd, SHUT_RD));
      case 'listen':
        return String(task.listen(fd, 1));
      case 'flags':
        return (this.dev(a).flags & (IFF_PROMISC | IFF_ALLMULTI)).toString(16);
      case 'proc':
        return this.proc();
      case 'close':
        return String(task.close(fd));
      default:
        throw new Error(op);
    }
  }

  private index(name: string): number {
    if (name === '-') return 0;
    return name === 'none' ? 9999 : (this.kernel.initNet.devGetByName(name)?.ifindex ?? 0);
  }

  private name(index: number): string {
    if (index === 0) return '-';
    return this.kernel.initNet.devGetByIndex(index)?.name ?? 'gone';
  }

  private sll(dev: string, proto: string, halen: number, addr: string): Uint8Array {
    const sll = new SockaddrLl(Number.parseInt(proto, 16) || 0, this.index(dev));
    sll.addr.set(bytesOf(addr));
    sll.halen = halen;
    const bytes = new Uint8Array(20);
    sockaddrLlCodec.encode(sll, bytes);
    return bytes;
  }

  private sllText(bytes: Uint8Array, len: number): string {
    const sll = sockaddrLlCodec.decode(bytes) as SockaddrLl;
    const family = (bytes[0] as number) | ((bytes[1] as number) << 8);
    const proto = sll.protocol.toString(16).padStart(4, '0');
    return ` ${len} ${family} ${proto} ${this.name(sll.ifindex)} ${sll.hatype} ${sll.pkttype} ${sll.halen} ${hexOf(sll.addr.subarray(0, sll.halen))}`;
  }

  private recv(fd: number, size: number, flags: number): string {
    const buf = new Uint8Array(size);
    const control: Cmsg[] = [];
    const user = { iov: [buf], name: new Uint8Array(20), namelen: 0, control, flags: 0 };
    const rc = this.task.recvmsg(fd, user, flags | MSG_DONTWAIT) as number;
    if (rc < 0) return String(rc);
    const cmsgs = control.map(({ level, type, data }) => ` ${level}/${type} ${hexOf(data)}`).join('');
    return `${rc} ${user.flags.toString(16)}${this.sllText(user.name, user.namelen)}${cmsgs} ${hexOf(buf.subarray(0, Math.min(rc, size, 48)))}`;
  }

  private proc(): string {
    const text = procNetOf(this.kernel.initNet).read('packet') as string;
    return text
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => {
        const [, ref, type, proto, dev, run, rmem, user] = line.trim().split(/\s+/);
        return `[${ref} ${type} ${proto} ${dev === '-1' ? '-1' : this.name(Number(dev))} ${run} ${Number(Number(rmem) > 0)} ${user}]`;
      })
      .join('');
  }

  private ip(verb: string, name: string, what: string): string {
    const dev = this.dev(name);
    if (verb === 'del') {
      const doomed: NetDevice[] = [];
      if (dev.rtnlLinkOps?.dellink === null || dev.rtnlLinkOps === null) doomed.push(dev);
      else dev.rtnlLinkOps.dellink(dev, doomed);
      unregisterNetdeviceMany(doomed);
    } else if (what === 'up') devOpen(dev);
    else devClose(dev);
    return '0';
  }
}

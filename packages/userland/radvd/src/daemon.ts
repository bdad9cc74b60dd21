/** The daemon's loop: waits for messages, for news of links, for signals, and for the time of the next advert. */
import { in6PktinfoOf, SockaddrIn6 } from '@skbuff/af-inet6';
import type { CommandEnv } from '@skbuff/command';
import { ifIndextoname } from '@skbuff/netdb';
import type { Cmsg } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { in6Pton, type In6Addr, leS32 } from '@skbuff/wire';
import type { RaConfig } from './config.ts';
import { type Radvd, RaIface } from './interface.ts';
import { percentG } from './log.ts';
import { RaReceiver, type Received } from './process.ts';
import { RaSender } from './send.ts';
import { LinkWatch } from './watch.ts';

const NSEC_PER_MSEC = 1e6;
/** Bytes of the longest message that is read. */
const RECV_SIZE = 1500;
const CHECKSUM_OFFSET = 2;
const ALL_NODES = in6Pton('ff02::1') as In6Addr;

/** The raw socket: only solicitations and adverts, with where they came by and how far; or a negative errno with the call that failed. */
export function openSocket({ task }: CommandEnv): { readonly fd: number; readonly failed: string } {
  const fd = task.socket(U.AF_INET6, U.SOCK_RAW, U.IPPROTO_ICMPV6);
  if (fd < 0) return { fd, failed: "can't create socket(AF_INET6)" };
  const filter = new Uint8Array(32).fill(0xff);
  for (const type of [U.NDISC_ROUTER_SOLICITATION, U.NDISC_ROUTER_ADVERTISEMENT]) filter[type >> 3] = (filter[type >> 3] as number) & ~(1 << (type & 7));
  const options: readonly (readonly [level: number, name: number, value: number | Uint8Array, what: string])[] = [
    [U.SOL_IPV6, U.IPV6_RECVPKTINFO, 1, 'IPV6_RECVPKTINFO'],
    [U.SOL_RAW, U.IPV6_CHECKSUM, CHECKSUM_OFFSET, 'IPV6_CHECKSUM'],
    [U.SOL_IPV6, U.IPV6_UNICAST_HOPS, 255, 'IPV6_UNICAST_HOPS'],
    [U.SOL_IPV6, U.IPV6_MULTICAST_HOPS, 255, 'IPV6_MULTICAST_HOPS'],
    [U.SOL_IPV6, U.IPV6_RECVHOPLIMIT, 1, 'IPV6_RECVHOPLIMIT'],
    [U.SOL_ICMPV6, U.ICMPV6_FILTER, filter, 'ICMPV6_FILTER'],
  ];
  for (const [level, name, value, what] of options) {
    const err = task.setsockopt(fd, level, name, value);
    if (err < 0) return { fd: err, failed: `setsockopt(${what})` };
  }
  return { fd, failed: '' };
}

export class Daemon {
  private readonly d: Radvd;
  private readonly read: () => RaConfig[] | null;
  private readonly sender: RaSender;
  private ifaces: RaIface[] = [];
  private terms = 0;
  private interrupts = 0;
  private hangups = 0;
  private readonly buf: Uint8Array = new Uint8Array(RECV_SIZE);

  /** `read`: reads the configuration again. */
  constructor(d: Radvd, read: () => RaConfig[] | null) {
    this.d = d;
    this.read = read;
    this.sender = new RaSender(d, ALL_NODES);
  }

  /** Runs until a signal ends it; the exit status. */
  async run(configs: readonly RaConfig[]): Promise<number> {
    const { env, log } = this.d;
    env.onSignal('SIGTERM', () => void this.terms++);
    env.onSignal('SIGINT', () => void this.interrupts++);
    env.onSignal('SIGHUP', () => void this.hangups++);
    if (!this.begin(configs)) return 1;
    const watch = LinkWatch.open(this.d);
    if (watch === null) return 1;
    while (this.terms + this.interrupts === 0) {
      await this.step(watch);
      if (this.hangups > 0 && !this.reload()) return 1;
    }
    watch.close();
    if (this.interrupts > 0) log.flog(`exiting, ${this.interrupts} sigint(s) received`);
    else log.flog(`exiting, ${this.terms} sigterm(s) received`);
    this.stop();
    log.flog('returning from radvd main');
    return 0;
  }

  /** False: an interface is missing that must not be. */
  private begin(configs: readonly RaConfig[]): boolean {
    const { log, env } = this.d;
    this.ifaces = configs.map((config) => new RaIface(config, this.d));
    for (const iface of this.ifaces) {
      if (iface.setup()) {
        iface.lastAdvert = env.now();
        if (!iface.unicastOnly) this.kickOff(iface);
      } else if (iface.config.ignoreIfMissing) {
        log.dlog(4, `interface ${iface.name} does not exist or is not set up properly, ignoring the interface`);
      } else {
        log.flog(`interface ${iface.name} does not exist or is not set up properly`);
        return false;
      }
    }
    return true;
  }

  private kickOff(iface: RaIface): void {
    iface.lastMulticast = this.d.env.now();
    if (this.sender.sendForAll(iface, null)) iface.reschedule(Math.min(16, iface.config.maxInterval));
  }

  private async step(watch: LinkWatch): Promise<void> {
    const { env, log, fd } = this.d;
    const due = this.ifaces.reduce((a, b) => (b.next < a.next ? b : a));
    const ns = Math.max(0, due.next - env.now());
    log.dlog(1, `polling for ${percentG(Math.trunc(ns / NSEC_PER_MSEC) / 1000)} second(s), next iface is ${due.name}`);
    const poll = { fd, events: U.POLLIN, revents: 0 };
    const ready = watch.hasNews ? 0 : await env.task.poll([poll], ns / NSEC_PER_MSEC);
    if (watch.hasNews) watch.process(this.ifaces);
    else if (ready === -U.EINTR) log.dlog(3, 'poll returned early: Interrupted system call');
    else if (ready > 0) this.receive();
    else if (ready === 0) this.timer(due);
  }

  private timer(iface: RaIface): void {
    const { log } = this.d;
    log.dlog(1, `timer_handler called for ${iface.name}`);
    if (!this.sender.sendForAll(iface, null)) log.dlog(4, `send_ra_forall failed on interface ${iface.name}`);
    iface.reschedule(iface.randomInterval());
  }

  private receive(): void {
    const { env: { task }, fd, log } = this.d;
    const control: Cmsg[] = [];
    const from = new SockaddrIn6();
    const n = task.recvmsg(fd, { name: from, iov: [this.buf], control }, U.MSG_DONTWAIT) as number;
    if (n < 0) {
      if (n !== -U.EAGAIN && n !== -U.EINTR) log.flog(`recvmsg: ${U.strerror(-n)}`);
      return;
    }
    const find = (type: number): Uint8Array | undefined => control.find((c) => c.level === U.SOL_IPV6 && c.type === type)?.data;
    const info = find(U.IPV6_PKTINFO);
    const hops = find(U.IPV6_HOPLIMIT);
    if (info === undefined || hops === undefined) return;
    const { ifindex } = in6PktinfoOf(info);
    const device = ifIndextoname(task, ifindex) ?? 'unknown interface';
    log.dlog(5, `${device} recvmsg len=${n}`);
    const msg: Received = { bytes: this.buf.slice(0, n), from: from.addr, ifindex, hopLimit: leS32(hops, 0) };
    new RaReceiver(this.d, this.sender, this.ifaces).process(device, msg);
  }

  /** SIGHUP. */
  private reload(): boolean {
    const { log } = this.d;
    this.hangups = 0;
    log.dlog(3, 'sig hup received');
    this.free();
    log.flog('attempting to reread config file');
    const configs = this.read();
    if (configs === null) {
      log.flog('exiting, failed to read config file');
      return false;
    }
    if (!this.begin(configs)) return false;
    log.flog('resuming normal operation');
    return true;
  }

  /** The last adverts: hosts are to take another router. */
  private stop(): void {
    const { log } = this.d;
    log.flog('sending stop adverts');
    for (const iface of this.ifaces) {
      if (iface.unicastOnly) continue;
      log.dlog(4, `stopping all adverts on ${iface.name}`);
      iface.cease = true;
      this.sender.sendForAll(iface, null);
    }
    this.free();
  }

  private free(): void {
    this.d.log.dlog(3, 'Freeing Interfaces');
    for (const { name } of this.ifaces) this.d.log.dlog(4, `freeing interface ${name}`);
  }
}

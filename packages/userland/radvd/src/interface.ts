/** One interface that is advertised on: what the kernel knows of it, and when it is due. */
import { type CommandEnv, IoctlSocket } from '@skbuff/command';
import { ifNametoindex } from '@skbuff/netdb';
import * as U from '@skbuff/uapi';
import { formatMac, type In6Addr, in6Pton, le16, leS32, setLe32 } from '@skbuff/wire';
import { sortedAddresses } from './addresses.ts';
import { usesMobileIpv6, warnOfRoutes, wrongOf } from './check.ts';
import type { RaConfig } from './config.ts';
import { type Log, percentG } from './log.ts';

const MAX_INITIAL_ADVERTS = 3;
const MAX_INITIAL_INTERVAL = 16;
/** Intervals that pass between two looks at an interface that cannot be used. */
const UNREADY_INTERVALS = 10;
const NSEC_PER_SEC = 1e9;
const IPV6_MREQ_LEN = 20;
const ETHER_PREFIX_LEN = 64;
const ALL_ROUTERS = in6Pton('ff02::2') as In6Addr;

/** What the daemon's parts share. */
export interface Radvd {
  readonly env: CommandEnv;
  readonly log: Log;
  readonly ioctl: IoctlSocket;
  /** The raw socket. */
  readonly fd: number;
}

/** A setting of the kernel that goes with what is advertised. */
interface KernelSetting {
  readonly what: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly file: string;
}

export class RaIface {
  readonly config: RaConfig;
  readonly name: string;
  private readonly d: Radvd;
  ifindex = 0;
  /** Adverts can be sent. */
  ready = false;
  /** The kernel has told of a change since the last look. */
  changed = false;
  /** Adverts sent since the last look. */
  count = 0;
  unicastOnly: boolean;
  /** The source of adverts. */
  source: In6Addr | null = null;
  hwaddr: Uint8Array = new Uint8Array(0);
  private addrs: readonly In6Addr[] = [];
  private mtu = 0;
  /** Nanoseconds since boot: when the next advert is due, and when the last ones went. */
  next = 0;
  lastMulticast = 0;
  lastAdvert = 0;
  /** The router ceases to be one. */
  cease = false;

  constructor(config: RaConfig, d: Radvd) {
    this.config = config;
    this.name = config.name;
    this.unicastOnly = config.unicastOnly;
    this.d = d;
  }

  /** Looks at the interface: true if adverts can be sent on it. */
  setup(): boolean {
    this.changed = false;
    this.ready = false;
    this.count = 0;
    this.ready = this.findDevice() && this.isUp() && this.readDevice() && this.check() && this.findSource() && this.join();
    if (!this.ready) return false;
    this.setKernel();
    this.d.log.dlog(4, `${this.name} is ready`);
    return true;
  }

  private findDevice(): boolean {
    const ifindex = ifNametoindex(this.d.env.task, this.name);
    if (ifindex === 0) {
      this.d.log.flog(`${this.name} not found: No such device`);
      return false;
    }
    if (ifindex !== this.ifindex) this.d.log.dlog(4, `${this.name} if_index changed from ${this.ifindex} to ${ifindex}`);
    this.ifindex = ifindex;
    return true;
  }

  private isUp(): boolean {
    const { log, ioctl } = this.d;
    const reply = ioctl.ifreq(U.SIOCGIFFLAGS, this.name);
    if (typeof reply === 'number') {
      log.flog(`ioctl(SIOCGIFFLAGS) failed on ${this.name}: ${U.strerror(-reply)}`);
      return false;
    }
    log.dlog(5, `ioctl(SIOCGIFFLAGS) succeeded on ${this.name}`);
    const flags = le16(reply, U.IFREQ_UNION);
    const up = (flags & U.IFF_UP) !== 0;
    log.dlog(4, `${this.name} ${up ? 'is' : 'is not'} up`);
    if (!up) return false;
    const running = (flags & U.IFF_RUNNING) !== 0;
    log.dlog(4, `${this.name} ${running ? 'is' : 'is not'} running`);
    if (!running) return false;
    const reachesMany = (flags & (U.IFF_MULTICAST | U.IFF_POINTOPOINT)) !== 0;
    if (reachesMany) log.dlog(4, `${this.name} supports multicast or is point-to-point`);
    else log.flog(`${this.name} does not support multicast or point-to-point, forcing UnicastOnly`);
    this.unicastOnly ||= !reachesMany;
    return true;
  }

  private readDevice(): boolean {
    const { name, d: { log, ioctl } } = this;
    const mtu = ioctl.ifreq(U.SIOCGIFMTU, name);
    const hw = ioctl.ifreq(U.SIOCGIFHWADDR, name);
    if (typeof mtu === 'number' || typeof hw === 'number') return false;
    this.mtu = leS32(mtu, U.IFREQ_UNION);
    log.dlog(3, `${name} mtu: ${this.mtu}`);
    const type = le16(hw, U.IFREQ_UNION);
    const isEther = type === U.ARPHRD_ETHER;
    log.dlog(3, `${name} hardware type: ${isEther ? 'ARPHRD_ETHER' : type === U.ARPHRD_LOOPBACK ? 'ARPHRD_LOOPBACK' : 'unknown'}`);
    this.hwaddr = isEther ? hw.slice(U.IFREQ_UNION + 2, U.IFREQ_UNION + 8) : new Uint8Array(0);
    if (isEther) log.dlog(3, `${name} hardware address: ${formatMac(this.hwaddr)}`);
    log.dlog(3, `${name} link layer token length: ${isEther ? 48 : -1}`);
    log.dlog(3, `${name} prefix length: ${isEther ? ETHER_PREFIX_LEN : -1}`);
    if (isEther) for (const { len } of this.config.prefixes) if (len !== ETHER_PREFIX_LEN) log.flog(`${name} prefix length should be: ${ETHER_PREFIX_LEN}`);
    return true;
  }

  private check(): boolean {
    const { config, d: { log, env } } = this;
    if (usesMobileIpv6(config)) log.flog('using Mobile IPv6 extensions');
    const forwarding = env.readFile(`/proc/sys/net/ipv6/conf/${this.name}/forwarding`);
    if (typeof forwarding === 'string' && Number(forwarding) === 0) log.flog('IPv6 forwarding on interface seems to be disabled, but continuing anyway');
    const wrong = wrongOf(config, this.mtu);
    for (const text of wrong) log.flog(text);
    warnOfRoutes(config, log);
    return wrong.length === 0;
  }

  private findSource(): boolean {
    const { name, config, d: { env, log } } = this;
    const addrs = sortedAddresses(env, this.ifindex);
    const own = addrs.find((addr) => addr.isLinkLocal());
    if (own === undefined) {
      log.dlog(config.ignoreIfMissing ? 4 : 0, `no linklocal address configured on ${name}`);
      return false;
    }
    this.addrs = addrs;
    log.dlog(4, `${name} linklocal address: ${own}`);
    for (const addr of addrs) log.dlog(4, `${name} address: ${addr}`);
    this.source = own;
    if (config.sources.length === 0) return true;
    const chosen = addrs.find((addr) => config.sources.some((source) => source.equals(addr)));
    if (chosen === undefined) {
      log.dlog(5, 'no configured AdvRASrcAddress present, skipping send');
      return false;
    }
    log.dlog(4, `AdvRASrcAddress selecting: ${chosen}`);
    this.source = chosen;
    return true;
  }

  /** Its addresses are others than at the last look. */
  hasOtherAddresses(): boolean {
    const now = sortedAddresses(this.d.env, this.ifindex);
    return now.length !== this.addrs.length || now.some((addr, i) => !addr.equals(this.addrs[i] as In6Addr));
  }

  /** The group of all routers, to which solicitations go. */
  private join(): boolean {
    const { env, fd, log } = this.d;
    const mreq = new Uint8Array(IPV6_MREQ_LEN);
    ALL_ROUTERS.store(mreq, 0);
    setLe32(mreq, 16, this.ifindex);
    const err = env.task.setsockopt(fd, U.SOL_IPV6, U.IPV6_ADD_MEMBERSHIP, mreq);
    // It has joined before.
    if (err >= 0 || err === -U.EADDRINUSE) return true;
    log.flog(`can't join ipv6-allrouters on ${this.name}`);
    return false;
  }

  /** The host goes by what it tells others. */
  private setKernel(): void {
    const { name, config: c, d: { env, log } } = this;
    const settings: readonly KernelSetting[] = [
      { what: 'LinkMTU', value: c.linkMtu, min: 1280, max: 131_072, file: `conf/${name}/mtu` },
      { what: 'CurHopLimit', value: c.curHopLimit, min: 0, max: 255, file: `conf/${name}/hop_limit` },
      { what: 'BaseReachableTimer', value: c.reachableTime, min: 100, max: 3_600_000, file: `neigh/${name}/base_reachable_time_ms` },
      { what: 'RetransTimer', value: c.retransTimer, min: 10, max: 3_600_000, file: `neigh/${name}/retrans_time_ms` },
    ];
    for (const { what, value, min, max, file } of settings) {
      if (value === 0) continue;
      if (value < min || value > max) log.flog(`(privsep) ${name}: ${what} (${value}) is not within the defined bounds, ignoring`);
      else env.writeFile(`/proc/sys/net/ipv6/${file}`, String(value));
    }
  }

  /** Plans the next advert, seconds from now; the first ones come soon (RFC 4861 §6.2.4). */
  reschedule(seconds: number): void {
    const { maxInterval } = this.config;
    let next = seconds;
    if (!this.changed) {
      if (!this.ready) next = UNREADY_INTERVALS * maxInterval;
      else if (this.count < MAX_INITIAL_ADVERTS) next = Math.min(MAX_INITIAL_INTERVAL, maxInterval);
    }
    this.d.log.dlog(5, `${this.name} next scheduled RA in ${percentG(next)} second(s)`);
    this.next = this.d.env.now() + next * NSEC_PER_SEC;
  }

  /** Between two intervals, evenly. */
  randomInterval(): number {
    const { min, maxInterval } = this.config;
    return min + (maxInterval - min) * this.random();
  }

  /** 0 ≤ x < 1, by the kernel's seed. */
  random(): number {
    return this.d.env.task.kernel.random.u32() / 0x1_0000_0000;
  }
}

/** Sending adverts (RFC 4861 §6.2.3). */
import { in6PktinfoCmsg, SockaddrIn6 } from '@skbuff/af-inet6';
import { ifNametoindex } from '@skbuff/netdb';
import * as U from '@skbuff/uapi';
import { be32, In6Addr, inetNtoa } from '@skbuff/wire';
import { ipv6Addresses } from './addresses.ts';
import type { AdvPrefix } from './config.ts';
import type { Radvd, RaIface } from './interface.ts';
import { deviceOptions, isTooLong, joinBytes, listOptions, MAX_RA_SIZE, type PrefixInfo, prefixOption, raHeader, splitOptions } from './router-advert.ts';

const NSEC_PER_SEC = 1e9;
/** First word of addresses that stand for IPv4's (RFC 3056). */
const SIXTOFOUR = 0x2002;
const PREFIX_LEN = 64;
/** Where no prefix, route or server is told, this counts as an option. */
const NOTHING = new Uint8Array(0);

export class RaSender {
  private readonly d: Radvd;
  private readonly allNodes: In6Addr;

  constructor(d: Radvd, allNodes: In6Addr) {
    this.d = d;
    this.allNodes = allNodes;
  }

  /** To `dest`, or to all that are to be told; false if the interface cannot be used. */
  sendForAll(iface: RaIface, dest: In6Addr | null): boolean {
    const { log } = this.d;
    const { name, config: { clients } } = iface;
    if (iface.changed) iface.setup();
    if (!iface.ready) {
      log.dlog(3, `not sending RA for ${name}, interface is not ready`);
      return false;
    }
    iface.count++;
    if (clients.length === 0) {
      if (dest === null && iface.unicastOnly) log.dlog(5, 'no client list, no destination, unicast only...doing nothing');
      else this.send(iface, dest ?? this.allNodes);
      return true;
    }
    const wanted = dest === null ? clients : clients.filter((client) => client.equals(dest));
    for (const client of wanted) this.send(iface, client);
    if (wanted.length === 0 && dest !== null) log.dlog(5, `Not answering request from ${dest}, not configured`);
    return true;
  }

  private send(iface: RaIface, dest: In6Addr): void {
    const { d: { log, env }, allNodes } = this;
    const { config, cease } = iface;
    if (!config.sendAdvert) return log.dlog(2, `AdvSendAdvert is off for ${iface.name}`);
    const now = env.now();
    this.decrement(iface, Math.trunc((now - iface.lastAdvert) / NSEC_PER_SEC));
    iface.lastAdvert = now;
    if (dest === allNodes) iface.lastMulticast = now;
    const lists = [...this.prefixes(iface).map((prefix) => prefixOption(prefix, cease)), ...listOptions(config, cease)];
    const options = [...(lists.length === 0 ? [NOTHING] : lists), ...deviceOptions(config, iface.hwaddr)];
    for (const part of splitOptions(options)) {
      for (const long of part.filter(isTooLong)) log.flog(`send_ra: RA option (type=${long[0]}) too long for MTU, fragmenting anyway (violates RFC6980)`);
      const packet = joinBytes([raHeader(config, cease), ...part]);
      log.dlog(5, `sending RA to ${dest} on ${iface.name} (${iface.source}), ${part.length} options (using ${packet.length}/${MAX_RA_SIZE} bytes)`);
      const err = this.sendmsg(iface, dest, packet);
      if (err < 0) log.flog(`sendmsg: ${U.strerror(-err)}`);
    }
  }

  private sendmsg(iface: RaIface, dest: In6Addr, packet: Uint8Array): number {
    const name = new SockaddrIn6(dest, U.IPPROTO_ICMPV6, dest.isLinkLocal() || dest.isMulticast() ? iface.ifindex : 0);
    const control = [in6PktinfoCmsg(iface.source as In6Addr, iface.ifindex)];
    return this.d.env.task.sendmsg(this.d.fd, { name, iov: [packet], control }, U.MSG_DONTWAIT) as number;
  }

  /** Lifetimes that run down (DecrementLifetimes). */
  private decrement({ config, name }: RaIface, seconds: number): void {
    for (const p of config.prefixes) {
      if (!p.decrement || p.ceased) continue;
      p.currValid = Math.max(0, p.currValid - seconds);
      p.currPreferred = Math.max(0, p.currPreferred - seconds);
      if (p.currPreferred > 0) continue;
      p.ceased = true;
      this.d.log.dlog(3, `Will cease advertising ${p.prefix}/${p.len}%${name}, preferred lifetime is 0`);
    }
  }

  private prefixes(iface: RaIface): PrefixInfo[] {
    return iface.config.prefixes.filter(({ ceased }) => !ceased).flatMap((conf) => this.prefixInfos(iface, conf));
  }

  /** The prefix itself, or those that stand in its place. */
  private prefixInfos({ name }: RaIface, conf: AdvPrefix): PrefixInfo[] {
    const { log } = this.d;
    const { prefix, len, if6to4, if6 } = conf;
    const all: PrefixInfo[] = [];
    if (if6to4 !== '') {
      log.dlog(4, `if6to4 auto prefix detected on iface ${name}`);
      all.push(...this.sixToFour(conf));
    }
    if (if6 !== '') {
      log.dlog(4, `if6 auto prefix detected on iface ${name}`);
      all.push(...this.prefixesOf(if6, conf));
    }
    if (prefix.isAny()) {
      log.dlog(4, `::/64 auto prefix detected on iface ${name}`);
      all.push(...this.prefixesOf(name, conf));
    }
    return if6to4 === '' && if6 === '' && !prefix.isAny() ? [{ addr: prefix, len, conf }] : all;
  }

  private sixToFour(conf: AdvPrefix): PrefixInfo[] {
    const { prefix, if6to4 } = conf;
    const reply = this.d.ioctl.ifreq(U.SIOCGIFADDR, if6to4);
    if (typeof reply === 'number') {
      this.d.log.flog(`ioctl(SIOCGIFADDR) failed on ${if6to4}: ${U.strerror(-reply)}`);
      this.d.log.flog(`Base6to4interface ${if6to4} has no IPv4 addresses`);
      return [];
    }
    const v4 = be32(reply, U.IFREQ_UNION + 4);
    this.d.log.dlog(3, `${if6to4} IPv4 address is: ${inetNtoa(v4)}`);
    const addr = new In6Addr().set((SIXTOFOUR << 16) | (v4 >>> 16), (v4 << 16) | (prefix.w1 & 0xffff), prefix.w2, prefix.w3);
    this.d.log.dlog(3, `auto-selected prefix ${addr}/${PREFIX_LEN} on interface ${if6to4}`);
    return [{ addr, len: PREFIX_LEN, conf }];
  }

  /** The networks of an interface's addresses. */
  private prefixesOf(device: string, conf: AdvPrefix): PrefixInfo[] {
    const ifindex = ifNametoindex(this.d.env.task, device);
    const own = ipv6Addresses(this.d.env).filter((one) => one.ifindex === ifindex && ifindex !== 0 && !one.addr.isLinkLocal());
    return own.map(({ addr: { w0, w1 } }) => {
      const addr = new In6Addr().set(w0, w1, 0, 0);
      this.d.log.dlog(3, `auto-selected prefix ${addr}/${PREFIX_LEN} on interface ${device}`);
      return { addr, len: PREFIX_LEN, conf };
    });
  }
}


/** What ifconfig changes, word by word. An error of one word does not keep the next ones from being tried. */
import { atoi, type CommandEnv, Exit, type IoctlSocket } from '@skbuff/command';
import { inetAton, inetPton6, leS32 } from '@skbuff/wire';
import * as U from '@skbuff/uapi';
import { strerror } from '@skbuff/uapi';
import { hwByName, inEther } from './families.ts';
import { addAlias } from './ifconfig-alias.ts';
import { changeAddress6, openInet6 } from './ifconfig-inet6.ts';
import { ifindexOf } from './interfaces.ts';
import { herror, resolve } from './resolve.ts';
import { noError, resolve6 } from './resolve6.ts';
import { E_OPTERR, int32, openIoctl, sockaddr, usage } from './tool.ts';
import { IFCONFIG_USAGE } from './usage.ts';

/** Words that set a flag, or clear it with a minus; `warn`: the name in the complaint when it did not go. */
const FLAGS: ReadonlyMap<string, { readonly bit: number; readonly warn: string; readonly inverse: boolean }> = new Map(
  Object.entries({
    arp: { bit: U.IFF_NOARP, warn: '', inverse: true },
    trailers: { bit: U.IFF_NOTRAILERS, warn: '', inverse: true },
    promisc: { bit: U.IFF_PROMISC, warn: 'promisc', inverse: false },
    multicast: { bit: U.IFF_MULTICAST, warn: 'MULTICAST', inverse: false },
    allmulti: { bit: U.IFF_ALLMULTI, warn: 'ALLMULTI', inverse: false },
    dynamic: { bit: U.IFF_DYNAMIC, warn: 'DYNAMIC', inverse: false },
  }),
);

/** Requests of interface kinds that ask the driver. */
const SIOCSKEEPALIVE: number = U.SIOCDEVPRIVATE;
const SIOCSOUTFILL: number = U.SIOCDEVPRIVATE + 2;

/** Families that addresses can be read of, and not set. */
const OTHER_FAMILIES: Readonly<Record<string, number>> = { inet6: 10, ax25: 3 };

/** Media that a `struct ifmap` has numbers for. */
const MEDIA: readonly string[] = ['unknown', '10base2', '10baseT', 'AUI', '100baseT', '100baseTX', '100baseFX'];

export class IfconfigRun {
  private readonly env: CommandEnv;
  private readonly io: IoctlSocket;
  private readonly name: string;
  private readonly family: string;
  private readonly words: readonly string[];
  private at = 0;
  private failed = 0;
  private netmasks = 0;
  /** The mask of `ADDRESS/LENGTH`, to be set at the end; -1: none. */
  private pendingMask = -1;

  constructor(env: CommandEnv, io: IoctlSocket, name: string, family: string, words: readonly string[]) {
    this.env = env;
    this.io = io;
    this.name = name;
    this.family = family;
    this.words = words;
  }

  /** The exit status. */
  run(): number {
    while (this.at < this.words.length) this.word(this.words[this.at++] as string);
    if (this.pendingMask >= 0) this.request('SIOCSIFNETMASK', U.SIOCSIFNETMASK, sockaddr(this.pendingMask));
    return this.failed;
  }

  private next(): string {
    return this.words[this.at++] ?? usage(this.env, IFCONFIG_USAGE, E_OPTERR);
  }

  private word(word: string): void {
    const minus = word.startsWith('-');
    const flag = FLAGS.get(minus ? word.slice(1) : word);
    if (flag !== undefined) return this.flag(flag.bit, minus === flag.inverse, minus ? flag.warn : '');
    switch (word) {
      case 'up':
        return this.flag(U.IFF_UP | U.IFF_RUNNING, true, '');
      case 'down':
        return this.flag(U.IFF_UP, false, '');
      case '-broadcast':
        return this.flag(U.IFF_BROADCAST, false, 'BROADCAST');
      case '-pointopoint':
        return this.flag(U.IFF_POINTOPOINT, false, 'POINTOPOINT');
      case 'broadcast':
        return this.optionalAddr('SIOCSIFBRDADDR', U.SIOCSIFBRDADDR, U.IFF_BROADCAST);
      case 'pointopoint':
        return this.optionalAddr('SIOCSIFDSTADDR', U.SIOCSIFDSTADDR, U.IFF_POINTOPOINT);
      case 'dstaddr':
        return this.addr('SIOCSIFDSTADDR', U.SIOCSIFDSTADDR, this.next());
      case 'netmask':
        return this.netmask();
      case 'mtu':
        return this.request('SIOCSIFMTU', U.SIOCSIFMTU, int32(atoi(this.next())));
      case 'txqueuelen':
        return this.request('SIOCSIFTXQLEN', U.SIOCSIFTXQLEN, int32(atoi(this.next())));
      case 'keepalive':
        return this.request('SIOCSKEEPALIVE', SIOCSKEEPALIVE, int32(atoi(this.next())));
      case 'outfill':
        return this.request('SIOCSOUTFILL', SIOCSOUTFILL, int32(atoi(this.next())));
      case 'name':
        return this.rename(this.next());
      case 'hw':
        return this.hw();
      default:
        return this.other(word);
    }
  }

  private other(word: string): void {
    if (word === 'add' || word === 'del') return this.alias(word);
    if (word === 'tunnel') return this.tunnel(this.next());
    if (word === 'media') return this.media(this.next());
    if (word === 'mem_start' || word === 'io_addr' || word === 'irq') {
      this.next();
      return this.map(word);
    }
    this.address(word);
  }

  private request(what: string, request: number, union: ArrayLike<number>): void {
    const err = this.io.set(request, this.name, union);
    if (err < 0) this.fail(`${what}: ${strerror(-err)}`);
  }

  private fail(text: string): void {
    this.env.stderr(`${text}\n`);
    this.failed |= 1;
  }

  /** `set_flag`, `clr_flag`, `test_flag`. */
  private flag(bit: number, on: boolean, warn: string): void {
    const flags = this.flags('getting');
    const err = flags === null ? 0 : this.io.set(U.SIOCSIFFLAGS, this.name, int32(on ? flags | bit : flags & ~bit).subarray(0, 2));
    if (err < 0) {
      this.fail(`SIOCSIFFLAGS: ${strerror(-err)}`);
      this.failed = -1;
    }
    if (warn === '' || ((this.flags('testing') ?? 0) & bit) === 0) return;
    const why = warn === 'promisc' ? 'promisc mode... maybe other application is running?' : `${warn} mode.`;
    this.env.stderr(`Warning: Interface ${this.name} still in ${why}\n`);
  }

  private flags(why: string): number | null {
    const reply = this.io.ifreq(U.SIOCGIFFLAGS, this.name);
    if (typeof reply !== 'number') return leS32(reply, U.IFREQ_UNION) & 0xffff;
    this.fail(`${this.name}: ERROR while ${why} interface flags: ${strerror(-reply)}`);
    this.failed = -1;
    return null;
  }

  private addr(what: string, request: number, host: string): void {
    if (this.family === 'inet6') return this.addr6(what, request, host);
    const found = resolve(this.env, host);
    if (found !== null) return this.request(what, request, sockaddr(found.addr));
    herror(this.env, host);
    this.failed |= 1;
  }

  /** As much of the address as fits into a request, which is of no use to anybody. */
  private addr6(what: string, request: number, host: string): void {
    const addr = resolve6(this.env, host);
    if (addr === null) {
      this.failed |= 1;
      return;
    }
    const err = openIoctl(this.env, U.AF_INET6).set(request, this.name, [U.AF_INET6, 0, 0, 0, 0, 0, 0, 0, ...addr]);
    if (err < 0) this.fail(`${what}: ${strerror(-err)}`);
  }

  private optionalAddr(what: string, request: number, bit: number): void {
    if (this.at < this.words.length) this.addr(what, request, this.next());
    this.flag(bit, true, '');
  }

  private netmask(): void {
    const mask = this.next();
    if (this.netmasks++ > 0) usage(this.env, IFCONFIG_USAGE, E_OPTERR);
    this.addr('SIOCSIFNETMASK', U.SIOCSIFNETMASK, mask);
  }

  private rename(name: string): void {
    this.request('SIOCSIFNAME', U.SIOCSIFNAME, Uint8Array.from(name.slice(0, 15), (c) => c.charCodeAt(0)));
  }

  private hw(): void {
    const hw = hwByName(this.next());
    if (hw === null) usage(this.env, IFCONFIG_USAGE, E_OPTERR);
    const host = this.next();
    const sa = new Uint8Array(16);
    if (hw.name !== 'ether' || !inEther(host, sa, 2)) return this.fail(`${host}: invalid ${hw.name} address.`);
    sa[0] = hw.type;
    const err = this.io.set(U.SIOCSIFHWADDR, this.name, sa);
    if (err === 0) return;
    this.fail(`SIOCSIFHWADDR: ${strerror(-err)}${err === -U.EBUSY ? ' - you may need to down the interface' : ''}`);
  }

  private media(word: string): void {
    if (word === 'auto') this.address(word);
    else if (MEDIA.includes(word)) this.map('port');
    else this.fail('Unknown media type.');
  }

  private map(what: string): void {
    const map = this.io.ifreq(U.SIOCGIFMAP, this.name);
    if (typeof map === 'number') {
      this.failed |= 1;
      return;
    }
    const err = this.io.set(U.SIOCSIFMAP, this.name, map.subarray(U.IFREQ_UNION));
    if (err < 0) this.fail(`${what}: SIOCSIFMAP: ${strerror(-err)}`);
  }

  private alias(word: string): void {
    const host = this.next();
    if (host.includes(':')) {
      if (!changeAddress6(this.env, this.io, this.name, host, word === 'del')) this.failed |= 1;
      return;
    }
    const found = resolve(this.env, host);
    if (found === null) {
      herror(this.env, host);
      this.failed |= 1;
    } else if (!addAlias(this.env, this.io, this.name, word === 'del', found.addr)) this.failed |= 1;
  }

  private helpless(): never {
    this.env.stderr("ifconfig: `--help' gives usage information.\n");
    throw new Exit(1);
  }

  private die(text: string): never {
    this.env.stderr(`${text}\n`);
    throw new Exit(1);
  }

  /** An address of a family that ifconfig cannot set addresses of in this way. */
  private otherAddress(word: string): void {
    const { family, env } = this;
    if (family === 'ipx') {
      env.stderr(`ifconfig: error resolving '${word}' to set address for af=ipx\n`);
      return this.helpless();
    }
    const number = OTHER_FAMILIES[family];
    if (number === undefined) return this.die('ifconfig: Cannot set address for this protocol family.');
    if (family === 'inet6' && resolve6(env, word) === null) return this.helpless();
    this.die(`Don't know how to set addresses for family ${number}.`);
  }

  /** The far end of a tunnel of IPv6 in IPv4 (sit): there is none here that could take it. */
  private tunnel(host: string): void {
    if (inetPton6(host) === null) {
      if (inetAton(host) >= 0) noError(this.env, host);
      else herror(this.env, host);
      this.failed |= 1;
      return;
    }
    if (openInet6(this.env) === null || ifindexOf(this.env, this.io, this.name) === 0) this.failed |= 1;
    else this.fail(`SIOCSIFDSTADDR: ${strerror(U.ENODEV)}`);
  }

  /** A word that is none is an address, and brings the interface up. */
  private address(word: string): void {
    if (this.family !== 'inet') return this.otherAddress(word);
    const [host, length] = word.split(/\/(.*)/s) as [string, string | undefined];
    if (length !== undefined && !/^\s*[+-]?\d+$|^$/.test(length)) usage(this.env, IFCONFIG_USAGE, E_OPTERR);
    const found = resolve(this.env, host);
    if (found === null) {
      herror(this.env, host);
      return this.helpless();
    }
    // The processor shifts by the last five bits of the length only: 32 is as good as 0.
    if (length !== undefined) this.pendingMask = ~(0xffffffff >>> Number(length)) >>> 0;
    this.request('SIOCSIFADDR', U.SIOCSIFADDR, sockaddr(found.addr));
    // The name of an alias that ends in a minus has removed it.
    if (!(this.name.includes(':') && this.name.endsWith('-'))) this.flag(U.IFF_UP | U.IFF_RUNNING, true, '');
  }
}

/** One call of ip: its options, its way to the kernel, where it prints. */
import type { Net } from '@skbuff/core';
import { type CommandEnv, Exit, type NetlinkSocket } from '@skbuff/command';
import type { NlMsgHdr } from '@skbuff/netlink';
import { AF_UNSPEC, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK, NETLINK_ROUTE, strerror } from '@skbuff/uapi';
import { Args } from './args.ts';
import { LlMap } from './ll-map.ts';
import { Printer } from './printer.ts';
import { Rtnl, type RtnlRequest } from './rtnl.ts';

/** Options before the object; `readonly` to everybody but the parser. */
export class IpOptions {
  family: number = AF_UNSPEC;
  stats = 0;
  details = 0;
  human = false;
  iec = false;
  oneline = false;
  brief = false;
  json = false;
  pretty = false;
  numeric = false;
  timestamp = false;
  timestampShort = false;
  doAll = false;
  force = false;
  maxFlushLoops = 10;
  batch: string | null = null;
  /** Show hosts by their names. */
  resolve = false;
  /** Show what the kernel says that it did. */
  echo = false;
  /** The word of -color. */
  color: string | null = null;
}

export class IpContext {
  /** Replaced by -netns. */
  env: CommandEnv;
  readonly options: IpOptions;
  readonly out: Printer;
  /** `ip link show` has run. */
  linkShown = false;
  private readonly fds: number[] = [];
  private rtnlOpen: Rtnl | null = null;
  private lookupOpen: Rtnl | null = null;
  private llMap: LlMap | null = null;

  constructor(env: CommandEnv, options: IpOptions) {
    this.env = env;
    this.options = options;
    this.out = new Printer((text) => env.stdout(text), options);
  }

  args(words: readonly string[]): Args {
    return new Args(words, this.stderr);
  }

  /** What was printed before comes out before. */
  readonly stderr = (text: string): void => {
    this.out.flush();
    this.env.stderr(text);
  };

  die(status: number, text: string): never {
    this.stderr(text);
    throw new Exit(status);
  }

  /** Opened at the first use. */
  get rtnl(): Rtnl {
    this.rtnlOpen ??= this.openRtnl();
    return this.rtnlOpen;
  }

  /** A second way to the kernel, for questions that come up while a dump is being read. */
  get lookup(): Rtnl {
    this.lookupOpen ??= this.openRtnl();
    return this.lookupOpen;
  }

  get links(): LlMap {
    this.llMap ??= new LlMap(this.lookup, this.env);
    return this.llMap;
  }

  private openRtnl(): Rtnl {
    return new Rtnl(this.openPort(), this.stderr);
  }

  /** A port of its own, as `ip monitor` wants one. */
  openPort(): NetlinkSocket {
    const port = this.env.netlink(NETLINK_ROUTE);
    if (typeof port === 'number') return this.die(1, `Cannot open netlink socket: ${strerror(port)}\n`);
    port.setsockopt(NETLINK_EXT_ACK, 1);
    port.setsockopt(NETLINK_GET_STRICT_CHK, 1);
    return port;
  }

  close(): void {
    this.out.flush();
    this.rtnlOpen?.close();
    this.lookupOpen?.close();
    this.rtnlOpen = null;
    this.lookupOpen = null;
    this.llMap = null;
    for (const fd of this.fds.splice(0)) this.env.closeNetns(fd);
  }

  /** A descriptor of the namespace, closed with the context. */
  openNetns(net: Net): number {
    const fd = this.env.openNetns(net);
    if (fd >= 0) this.fds.push(fd);
    return fd;
  }

  /** A descriptor of something that is no network namespace, closed with the context. */
  openMountNs(): number {
    const fd = this.env.task.open('/proc/self/ns/mnt');
    if (fd >= 0) this.fds.push(fd);
    return fd;
  }

  /**
   * Sends a request that changes something (`rtnl_talk`, `rtnl_echo_talk`). With -echo `show` prints what the kernel tells about the
   * change, as a document of its own. 0, or the exit status after a complaint.
   */
  modify(req: RtnlRequest, show: (nlh: NlMsgHdr) => void): number {
    if (!this.options.echo) return this.rtnl.talk(req) < 0 ? -2 : 0;
    const answer = this.rtnl.echo(req);
    if (typeof answer === 'number' && answer < 0) return -2;
    this.out.newDocument();
    this.out.openObject();
    if (typeof answer !== 'number') show(answer);
    this.out.closeObject();
    this.out.deleteDocument();
    return 0;
  }

  /** `nodev`: complains about a device and gives the status for it. */
  nodev(name: string): number {
    this.stderr(`Cannot find device "${name}"\n`);
    return -1;
  }
}

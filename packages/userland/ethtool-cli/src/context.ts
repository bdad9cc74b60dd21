/** What all subcommands of ethtool share: the socket, the device, the way to complain. */
import { type CommandEnv, Exit } from '@skbuff/command';
import { AF_INET, ENODEV, ETHTOOL_GSSET_INFO, ETHTOOL_GSTRINGS, IFNAMSIZ, IFREQ_LEN, IFREQ_UNION, SIOCETHTOOL, SOCK_DGRAM, strerror } from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import { WILDCARD } from './wildcard.ts';

/** Where the name of the device lies in a netlink request, and how far the attributes behind it reach. */
const NAME_OFFSET = 24;

export class EthtoolContext {
  readonly env: CommandEnv;
  /** The word that chose the subcommand. */
  readonly option: string;
  readonly dev: string;
  readonly args: readonly string[];
  readonly json: boolean;
  private readonly fd: number;

  constructor(env: CommandEnv, option: string, dev: string, args: readonly string[], json: boolean) {
    this.env = env;
    this.option = option;
    this.dev = dev;
    this.args = args;
    this.json = json;
    this.fd = env.task.socket(AF_INET, SOCK_DGRAM, 0);
    if (this.fd < 0) this.fail(70, `Cannot get control socket: ${strerror(-this.fd)}`);
  }

  /** The same question about another device; what it prints is added to `said`, and what it complains of is lost. */
  quietly(dev: string, said: string[]): EthtoolContext {
    const env = Object.create(this.env, { stdout: { value: (words: string) => void said.push(words) }, stderr: { value: () => {} } }) as CommandEnv;
    return Object.create(this, { dev: { value: dev }, env: { value: env } }) as EthtoolContext;
  }

  /** ioctl(SIOCETHTOOL) with the command in the first word of `data`, which the answer replaces. */
  ioctl(cmd: number, data: Uint8Array): number {
    if (this.dev.length >= IFNAMSIZ) return -ENODEV;
    const arg = new Uint8Array(IFREQ_LEN + data.length);
    for (let i = 0; i < this.dev.length; i++) arg[i] = this.dev.charCodeAt(i);
    arg[IFREQ_UNION] = IFREQ_LEN;
    arg.set(data, IFREQ_LEN);
    setLe32(arg, IFREQ_LEN, cmd);
    const rc = this.env.task.ioctl(this.fd, SIOCETHTOOL, arg);
    data.set(arg.subarray(IFREQ_LEN));
    return rc;
  }

  /** The structure of `length` bytes that a question fills in, or a negative errno. */
  ask(cmd: number, length: number): Uint8Array | number {
    const data = new Uint8Array(length);
    const rc = this.ioctl(cmd, data);
    return rc < 0 ? rc : data;
  }

  /** A set of names. */
  strings(set: number): readonly string[] {
    const info = new Uint8Array(20);
    info[8 + (set >> 3)] = 1 << (set & 7);
    if (this.ioctl(ETHTOOL_GSSET_INFO, info) < 0 || le32(info, 8) === 0) return [];
    const count = le32(info, 16);
    const data = new Uint8Array(12 + 32 * count);
    setLe32(data, 4, set);
    setLe32(data, 8, count);
    if (this.ioctl(ETHTOOL_GSTRINGS, data) < 0) return [];
    return Array.from({ length: count }, (_, i) => text(data, 12 + 32 * i, 32));
  }

  out(words: string): void {
    this.env.stdout(words);
  }

  err(line: string): void {
    this.env.stderr(`${line}\n`);
  }

  fail(status: number, line: string): never {
    this.err(line);
    throw new Exit(status);
  }

  /** What the kernel's netlink family says of a failure; the words before the error are its extended acknowledgement. */
  netlinkError(errno: number, words: string | null = null): void {
    const said = errno === -ENODEV ? `no device matches name (offset ${NAME_OFFSET})` : words;
    if (said !== null) this.err(`netlink error: ${said}`);
    this.err(`netlink error: ${strerror(-errno)}`);
  }

  netlinkFail(errno: number, status: number, words: string | null = null): never {
    this.netlinkError(errno, words);
    throw new Exit(status);
  }

  /** Where the first attribute behind the device stands in a netlink request. */
  attributes(): number {
    return this.dev === WILDCARD ? NAME_OFFSET : NAME_OFFSET + ((4 + this.dev.length + 1 + 3) & ~3);
  }

  /** ethtool takes no more words. */
  noMore(): void {
    if (this.args[0] !== undefined) this.fail(1, `ethtool: unexpected parameter '${this.args[0]}'`);
  }

  /** What an ioctl said, as perror(3) words it. */
  perror(words: string, rc: number): string {
    return `${words}: ${strerror(-rc)}`;
  }
}

/** exit_bad_args. */
export function badArgs(env: CommandEnv): never {
  env.stderr('ethtool: bad command line argument(s)\nFor more information run ethtool -h\n');
  throw new Exit(1);
}

/** The text up to a zero. */
export function text(b: Uint8Array, off: number, max: number): string {
  let s = '';
  for (let i = off; i < off + max && b[i] !== 0; i++) s += String.fromCharCode(b[i] as number);
  return s;
}

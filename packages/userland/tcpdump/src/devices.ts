/** Interfaces by ioctl(2), as libpcap asks for them. */
import { type CommandEnv, IoctlSocket } from '@skbuff/command';
import { DLT_DOCSIS, DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW } from '@skbuff/pcap-filter';
import { leS32 } from '@skbuff/wire';
import { ARPHRD_ETHER, ARPHRD_LOOPBACK, ETHTOOL_GLINK, IFF_LOOPBACK, IFF_RUNNING, IFF_UP, IFREQ_LEN, IFREQ_UNION, SIOCETHTOOL, SIOCGIFFLAGS, SIOCGIFHWADDR, SIOCGIFINDEX } from '@skbuff/uapi';

/** One request on a socket of its own: the reply, or a negative errno. */
function ifreq(env: CommandEnv, name: string, request: number): Uint8Array | number {
  const io = IoctlSocket.open(env);
  if (typeof io === 'number') return io;
  const reply = io.ifreq(request, name);
  io.close();
  return reply;
}

/** Negative errno if there is none of this name. */
export function deviceIndex(env: CommandEnv, name: string): number {
  const req = ifreq(env, name, SIOCGIFINDEX);
  return typeof req === 'number' ? req : leS32(req, IFREQ_UNION);
}

function deviceFlags(env: CommandEnv, name: string): number {
  const req = ifreq(env, name, SIOCGIFFLAGS);
  return typeof req === 'number' ? 0 : leS32(req, IFREQ_UNION) & 0xffff;
}

export function isUp(env: CommandEnv, name: string): boolean {
  return (deviceFlags(env, name) & IFF_UP) !== 0;
}

/** DLT_* that -y may name. */
export function deviceDlts(env: CommandEnv, name: string): readonly number[] {
  if (name === 'any') return [DLT_LINUX_SLL, DLT_LINUX_SLL2];
  const req = ifreq(env, name, SIOCGIFHWADDR);
  const type = typeof req === 'number' ? ARPHRD_ETHER : leS32(req, IFREQ_UNION) & 0xffff;
  if (type === ARPHRD_LOOPBACK) return [DLT_EN10MB];
  // An Ethernet that a cable modem's traffic is copied to.
  return type === ARPHRD_ETHER ? [DLT_EN10MB, DLT_DOCSIS] : [DLT_RAW];
}

/** What the driver says of its link; null if it says nothing. */
function hasLink(env: CommandEnv, name: string): boolean | null {
  const io = IoctlSocket.open(env);
  if (typeof io === 'number') return null;
  const arg = new Uint8Array(IFREQ_LEN + 8);
  for (let i = 0; i < name.length; i++) arg[i] = name.charCodeAt(i);
  // Where the command and its answer lie: behind the request.
  arg[IFREQ_UNION] = IFREQ_LEN;
  arg[IFREQ_LEN] = ETHTOOL_GLINK;
  const rc = io.call(SIOCETHTOOL, arg);
  io.close();
  return rc < 0 ? null : arg[IFREQ_LEN + 4] !== 0;
}

/** Names in the order of their indices. */
export function deviceNames(env: CommandEnv): string[] {
  const text = env.readFile('/proc/net/dev');
  if (typeof text === 'number') return [];
  const names = text.split('\n').slice(2).flatMap((line) => (line.includes(':') ? [line.slice(0, line.indexOf(':')).trim()] : []));
  return names.sort((a, b) => deviceIndex(env, a) - deviceIndex(env, b));
}

/** The first that is up and no loopback: what tcpdump listens on if it is not told. */
export function defaultDevice(env: CommandEnv): string | null {
  return deviceNames(env).find((name) => (deviceFlags(env, name) & (IFF_UP | IFF_LOOPBACK)) === IFF_UP) ?? null;
}

/** Lines of -D: first those that are up, the loopback behind them, `any` among them. */
export function listDevices(env: CommandEnv): string {
  const rank = (flags: number): number => ((flags & IFF_UP) === 0 ? 4 : 0) + ((flags & IFF_RUNNING) === 0 ? 2 : 0) + ((flags & IFF_LOOPBACK) === 0 ? 0 : 1);
  const all = deviceNames(env).map((name) => ({ name, flags: deviceFlags(env, name) }));
  all.sort((a, b) => rank(a.flags) - rank(b.flags));
  const lines = all.map(({ name, flags }) => `${name} [${flagText(env, name, flags)}]`);
  const at = all.findIndex(({ flags }) => rank(flags) > 0);
  lines.splice(at < 0 ? lines.length : at, 0, 'any (Pseudo-device that captures on all interfaces) [Up, Running]');
  return lines.map((line, i) => `${i + 1}.${line}\n`).join('');
}

function flagText(env: CommandEnv, name: string, flags: number): string {
  const words = ([[IFF_UP, 'Up'], [IFF_RUNNING, 'Running'], [IFF_LOOPBACK, 'Loopback']] as const).filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word as string);
  if (words.length === 0) words.push('none');
  const link = (flags & IFF_LOOPBACK) !== 0 ? null : hasLink(env, name);
  if (link !== null) words.push(link ? 'Connected' : 'Disconnected');
  return words.join(', ');
}

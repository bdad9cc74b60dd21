/** Interfaces by ioctl(2), as libpcap asks for them. */
import type { CommandEnv } from '@skbuff/command';
import { le32 } from '@skbuff/sock';
import { ARPHRD_ETHER, ARPHRD_LOOPBACK, IFF_LOOPBACK, IFF_RUNNING, IFF_UP, SIOCGIFFLAGS, SIOCGIFHWADDR, SIOCGIFINDEX, AF_INET, SOCK_DGRAM } from '@skbuff/uapi';
import { DLT_EN10MB, DLT_RAW } from '@skbuff/pcap-filter';

const IFREQ = 40;
const IFR_DATA = 16;

function ifreq(env: CommandEnv, name: string, request: number): Uint8Array | number {
  const fd = env.task.socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0) return fd;
  const req = new Uint8Array(IFREQ);
  for (let i = 0; i < Math.min(name.length, 15); i++) req[i] = name.charCodeAt(i);
  const rc = env.task.ioctl(fd, request, req);
  env.task.close(fd);
  return rc < 0 ? rc : req;
}

/** Negative errno if there is none of this name. */
export function deviceIndex(env: CommandEnv, name: string): number {
  const req = ifreq(env, name, SIOCGIFINDEX);
  return typeof req === 'number' ? req : le32(req, IFR_DATA);
}

export function deviceFlags(env: CommandEnv, name: string): number {
  const req = ifreq(env, name, SIOCGIFFLAGS);
  return typeof req === 'number' ? 0 : (req[IFR_DATA] as number) | ((req[IFR_DATA + 1] as number) << 8);
}

/** DLT_* of what its frames begin with. */
export function deviceDlt(env: CommandEnv, name: string): number {
  const req = ifreq(env, name, SIOCGIFHWADDR);
  if (typeof req === 'number') return DLT_EN10MB;
  const type = (req[IFR_DATA] as number) | ((req[IFR_DATA + 1] as number) << 8);
  return type === ARPHRD_ETHER || type === ARPHRD_LOOPBACK ? DLT_EN10MB : DLT_RAW;
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
  const lines = all.map(({ name, flags }) => `${name} [${flagText(flags)}]`);
  const at = all.findIndex(({ flags }) => rank(flags) > 0);
  lines.splice(at < 0 ? lines.length : at, 0, 'any (Pseudo-device that captures on all interfaces) [Up, Running]');
  return lines.map((line, i) => `${i + 1}.${line}\n`).join('');
}

function flagText(flags: number): string {
  const words: string[] = [];
  if ((flags & IFF_UP) !== 0) words.push('Up');
  if ((flags & IFF_RUNNING) !== 0) words.push('Running');
  if ((flags & IFF_LOOPBACK) !== 0) words.push('Loopback');
  else if ((flags & IFF_RUNNING) !== 0) words.push('Connected');
  else if ((flags & IFF_UP) !== 0) words.push('Disconnected');
  return words.length === 0 ? 'none' : words.join(', ');
}

/** Interfaces as ifconfig and netstat see them: /proc/net/dev, SIOCGIFCONF for aliases, and an ioctl for each thing else. */
import { type CommandEnv, type IoctlSocket } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { strerror } from '@skbuff/uapi';
import { be32, inetNtop6, leS32, setLe64 } from '@skbuff/wire';
import { bytesOfHex } from './hex.ts';

/** Columns of /proc/net/dev. */
export interface DevCounters {
  readonly rx: readonly number[];
  readonly tx: readonly number[];
}

export interface Interface {
  readonly name: string;
  /** Null for an alias. */
  readonly counters: DevCounters | null;
  /** A signed short, as the ioctl has it. */
  readonly flags: number;
  readonly mtu: number;
  readonly txQueueLen: number;
  readonly hwType: number;
  readonly hwAddr: Uint8Array;
  /** Null without an address of its label. */
  readonly inet: { readonly addr: number; readonly dstaddr: number; readonly broadcast: number; readonly netmask: number } | null;
  /** In the order of the kernel. */
  readonly inet6: readonly Inet6Address[];
}

/** One line of /proc/net/if_inet6. */
export interface Inet6Address {
  readonly addr: string;
  readonly prefixlen: number;
  /** IPV6_ADDR_* */
  readonly scope: number;
}

/** Names and counters of /proc/net/dev. */
export function readDevices(env: CommandEnv): Map<string, DevCounters> {
  const text = env.readFile('/proc/net/dev');
  const devices: Map<string, DevCounters> = new Map();
  for (const line of (typeof text === 'string' ? text : '').split('\n').slice(2)) {
    const [, name, numbers] = /^\s*(.+):([\s\d]*)$/.exec(line) ?? [];
    if (name === undefined || numbers === undefined) continue;
    const n = numbers.trim().split(/\s+/).map(Number);
    devices.set(name, { rx: n.slice(0, 8), tx: n.slice(8, 16) });
  }
  return devices;
}

/** Names of addresses, in the kernel's order. */
function labels(io: IoctlSocket): string[] {
  const room = 256 * U.IFREQ_LEN;
  const ifconf = new Uint8Array(U.IFCONF_LEN + room);
  ifconf.set([room & 255, room >> 8, room >> 16]);
  setLe64(ifconf, 8, U.IFCONF_LEN);
  if (io.call(U.SIOCGIFCONF, ifconf) < 0) return [];
  const names: string[] = [];
  for (let at = U.IFCONF_LEN; at < U.IFCONF_LEN + leS32(ifconf, 0); at += U.IFREQ_LEN) {
    const end = ifconf.indexOf(0, at);
    names.push(String.fromCharCode(...ifconf.subarray(at, Math.min(end, at + U.IFNAMSIZ))));
  }
  return names;
}

/** Every interface and alias by name; numbers inside names count as numbers. */
export function interfaceNames(env: CommandEnv, io: IoctlSocket): string[] {
  const names = [...readDevices(env).keys()];
  for (const label of labels(io)) if (!names.includes(label)) names.push(label);
  return names.sort(nstrcmp);
}

/** `nstrcmp`: where both texts have a number at the first difference, the numbers decide. */
function nstrcmp(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  if (i === a.length && i === b.length) return 0;
  const digit = (c: string | undefined): boolean => c !== undefined && c >= '0' && c <= '9';
  if (digit(a[i]) && digit(b[i])) {
    while (i > 0 && digit(a[i - 1])) i--;
    return Number.parseInt(a.slice(i), 10) - Number.parseInt(b.slice(i), 10);
  }
  if (digit(a[i])) return -1;
  if (digit(b[i])) return 1;
  return (a.charCodeAt(i) || 0) - (b.charCodeAt(i) || 0);
}

/** `do_if_fetch`: or null, after saying why. */
export function fetchInterface(env: CommandEnv, io: IoctlSocket, name: string): Interface | null {
  const flags = io.ifreq(U.SIOCGIFFLAGS, name);
  if (typeof flags === 'number') {
    const why = flags === -U.ENODEV ? 'Device not found' : strerror(-flags);
    env.stderr(`${name}: error fetching interface information: ${why}\n`);
    return null;
  }
  const hw = io.ifreq(U.SIOCGIFHWADDR, name);
  const int = (request: number): number => {
    const reply = io.ifreq(request, name);
    return typeof reply === 'number' ? -1 : leS32(reply, U.IFREQ_UNION);
  };
  const addr = io.addr(U.SIOCGIFADDR, name);
  return {
    name,
    counters: readDevices(env).get(name) ?? null,
    flags: (leS32(flags, U.IFREQ_UNION) << 16) >> 16,
    mtu: int(U.SIOCGIFMTU),
    txQueueLen: int(U.SIOCGIFTXQLEN),
    hwType: typeof hw === 'number' ? -1 : (hw[U.IFREQ_UNION] as number) | ((hw[U.IFREQ_UNION + 1] as number) << 8),
    hwAddr: typeof hw === 'number' ? new Uint8Array(14) : hw.slice(U.IFREQ_UNION + 2, U.IFREQ_UNION + 16),
    inet: addr < 0 ? null : inetOf(io, name, addr),
    inet6: inet6Of(env, name),
  };
}

function inet6Of(env: CommandEnv, name: string): Inet6Address[] {
  const text = env.readFile('/proc/net/if_inet6');
  return (typeof text === 'string' ? text : '').split('\n').flatMap((line): Inet6Address[] => {
    const [addr, , prefixlen, scope, , dev] = line.trim().split(/\s+/) as [string, string, string, string, string, string | undefined];
    if (dev !== name) return [];
    return [{ addr: inetNtop6(bytesOfHex(addr)), prefixlen: Number.parseInt(prefixlen, 16), scope: Number.parseInt(scope, 16) }];
  });
}

/** The index of a device, or 0 after a complaint. */
export function ifindexOf(env: CommandEnv, io: IoctlSocket, name: string): number {
  const reply = io.ifreq(U.SIOCGIFINDEX, name);
  if (typeof reply !== 'number') return leS32(reply, U.IFREQ_UNION);
  env.stderr(`SIOGIFINDEX: ${strerror(-reply)}\n`);
  return 0;
}

function inetOf(io: IoctlSocket, name: string, addr: number): Interface['inet'] {
  const of = (request: number): number => {
    const reply = io.ifreq(request, name);
    return typeof reply === 'number' ? 0 : be32(reply, U.IFREQ_UNION + 4);
  };
  return { addr, dstaddr: of(U.SIOCGIFDSTADDR), broadcast: of(U.SIOCGIFBRDADDR), netmask: of(U.SIOCGIFNETMASK) };
}

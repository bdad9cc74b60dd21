/** How an interface is shown (`ife_print_long`, `ife_print_short`). */
import type { CommandEnv } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { formatMac, inetNtoa } from '@skbuff/wire';
import { hwByType } from './families.ts';
import type { DevCounters, Inet6Address, Interface } from './interfaces.ts';

/** Columns of /proc/net/dev. */
const [BYTES, PACKETS, ERRS, DROP, FIFO, FRAME] = [0, 1, 2, 3, 4, 5] as const;
const [COLLS, CARRIER] = [5, 6] as const;

const LONG_FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [U.IFF_UP, 'UP'],
  [U.IFF_BROADCAST, 'BROADCAST'],
  [U.IFF_DEBUG, 'DEBUG'],
  [U.IFF_LOOPBACK, 'LOOPBACK'],
  [U.IFF_POINTOPOINT, 'POINTOPOINT'],
  [U.IFF_NOTRAILERS, 'NOTRAILERS'],
  [U.IFF_RUNNING, 'RUNNING'],
  [U.IFF_NOARP, 'NOARP'],
  [U.IFF_PROMISC, 'PROMISC'],
  [U.IFF_ALLMULTI, 'ALLMULTI'],
  [U.IFF_SLAVE, 'SLAVE'],
  [U.IFF_MASTER, 'MASTER'],
  [U.IFF_MULTICAST, 'MULTICAST'],
  [U.IFF_DYNAMIC, 'DYNAMIC'],
];

const SHORT_FLAGS: readonly (readonly [bit: number, letter: string])[] = [
  [U.IFF_ALLMULTI, 'A'],
  [U.IFF_BROADCAST, 'B'],
  [U.IFF_DEBUG, 'D'],
  [U.IFF_LOOPBACK, 'L'],
  [U.IFF_MULTICAST, 'M'],
  [U.IFF_DYNAMIC, 'd'],
  [U.IFF_PROMISC, 'P'],
  [U.IFF_NOTRAILERS, 'N'],
  [U.IFF_NOARP, 'O'],
  [U.IFF_POINTOPOINT, 'P'],
  [U.IFF_SLAVE, 's'],
  [U.IFF_MASTER, 'm'],
  [U.IFF_RUNNING, 'R'],
  [U.IFF_UP, 'U'],
];

function at(numbers: readonly number[], i: number): number {
  return numbers[i] ?? 0;
}

/** The block of lines of `ifconfig`. */
export function printLong(env: CommandEnv, ife: Interface): void {
  const flags = LONG_FLAGS.filter(([bit]) => (ife.flags & bit) !== 0).map(([, name]) => name);
  env.stdout(`${ife.name}: flags=${ife.flags}<${flags.join(',')}>  mtu ${ife.mtu}\n`);
  if (ife.inet !== null) env.stdout(inetLine(ife, ife.inet));
  for (const address of ife.inet6) env.stdout(inet6Line(address));
  env.stdout(hwLine(ife));
  if (ife.counters !== null) env.stdout(counterLines(ife.counters));
  env.stdout('\n');
}

function inetLine({ flags }: Interface, inet: NonNullable<Interface['inet']>): string {
  const broadcast = (flags & U.IFF_BROADCAST) !== 0 ? `  broadcast ${inetNtoa(inet.broadcast)}` : '';
  const destination = (flags & U.IFF_POINTOPOINT) !== 0 ? `  destination ${inetNtoa(inet.dstaddr)}` : '';
  return `        inet ${inetNtoa(inet.addr)}  netmask ${inetNtoa(inet.netmask)}${broadcast}${destination}\n`;
}

/** Scopes as the kernel has them in if_inet6 (IPV6_ADDR_*). */
const SCOPES: readonly (readonly [bit: number, name: string])[] = [
  [0x20, 'link'],
  [0x40, 'site'],
  [0x10, 'host'],
];
/** The address is an IPv4 address in disguise; the rest is its scope. */
const COMPATIBLE = 0x80;

function inet6Line({ addr, prefixlen, scope }: Inet6Address): string {
  const rest = scope & ~COMPATIBLE;
  const names = SCOPES.filter(([bit]) => (rest & bit) !== 0).map(([, name]) => name);
  if (rest === 0) names.unshift('global');
  if (rest !== scope) names.unshift('compat');
  return `        inet6 ${addr}  prefixlen ${prefixlen}  scopeid 0x${scope.toString(16)}${names.length > 0 ? `<${names.join(',')}>` : ''}\n`;
}

function hwLine({ hwType, hwAddr, txQueueLen }: Interface): string {
  const hw = hwByType(hwType);
  const addr = hw.alen > 0 ? ` ${formatMac(hwAddr, 0, hw.alen)}` : '';
  const unspec = hw.type < 0 ? ` ${Array.from(hwAddr, (b) => b.toString(16).toUpperCase().padStart(2, '0')).join('-')}-00-00` : '';
  return `        ${hw.name}${addr}${unspec}  txqueuelen ${txQueueLen}  (${hw.title})\n`;
}

function counterLines({ rx, tx }: DevCounters): string {
  return (
    `        RX packets ${at(rx, PACKETS)}  bytes ${at(rx, BYTES)} (${human(at(rx, BYTES))})\n` +
    `        RX errors ${at(rx, ERRS)}  dropped ${at(rx, DROP)}  overruns ${at(rx, FIFO)}  frame ${at(rx, FRAME)}\n` +
    `        TX packets ${at(tx, PACKETS)}  bytes ${at(tx, BYTES)} (${human(at(tx, BYTES))})\n` +
    `        TX errors ${at(tx, ERRS)}  dropped ${at(tx, DROP)} overruns ${at(tx, FIFO)}  carrier ${at(tx, CARRIER)}  collisions ${at(tx, COLLS)}\n`
  );
}

/** In the largest unit that the number exceeds; what is behind the first decimal place is cut off. */
function human(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  while (unit < units.length - 1 && bytes > 1024 ** (unit + 1)) unit++;
  const tenths = Math.floor((bytes * 10) / 1024 ** unit);
  return `${Math.floor(tenths / 10)}.${tenths % 10} ${units[unit]}`;
}

/** One line of a table. */
export function printShort(env: CommandEnv, ife: Interface): void {
  const letters = ife.flags === 0 ? '[NO FLAGS]' : SHORT_FLAGS.map(([bit, letter]) => ((ife.flags & bit) !== 0 ? letter : '')).join('');
  const start = `${ife.name.slice(0, 15).padEnd(15)} ${String(ife.mtu).padStart(5)}`;
  env.stdout(`${start} ${ife.counters === null ? '     - no statistics available -                        ' : columns(ife.counters)}${letters}\n`);
}

function columns({ rx, tx }: DevCounters): string {
  const right = (n: number, width: number): string => String(n).padStart(width);
  const received = `${right(at(rx, PACKETS), 8)} ${right(at(rx, ERRS), 6)} ${right(at(rx, DROP), 6)} ${String(at(rx, FIFO)).padEnd(6)}`;
  return `${received} ${right(at(tx, PACKETS), 8)} ${right(at(tx, ERRS), 6)} ${right(at(tx, DROP), 6)} ${right(at(tx, FIFO), 6)} `;
}

/** Tables of routes: /proc/net/route and what is left of /proc/net/rt_cache. */
import type { CommandEnv } from '@skbuff/command';
import { RTF_DYNAMIC, RTF_GATEWAY, RTF_HOST, RTF_MODIFIED, RTF_REINSTATE, RTF_REJECT, strerror } from '@skbuff/uapi';
import { inetNtoa } from '@skbuff/wire';
import { hostName, netName } from './resolve.ts';

const PATH = '/proc/net/route';

/** Letters of `struct rtentry`'s flags behind the first. */
const LETTERS: readonly (readonly [bit: number, letter: string])[] = [
  [RTF_HOST, 'H'],
  [RTF_REINSTATE, 'R'],
  [RTF_DYNAMIC, 'D'],
  [RTF_MODIFIED, 'M'],
];

/** One line of /proc/net/route. */
interface Row {
  readonly iface: string;
  readonly dst: number;
  readonly gateway: number;
  readonly flags: number;
  readonly ref: string;
  readonly use: string;
  readonly metric: string;
  readonly mask: number;
  readonly mtu: string;
  readonly window: string;
  readonly irtt: string;
}

/** The kernel prints addresses as numbers in memory order. */
function fromHex(text: string): number {
  const n = Number.parseInt(text, 16);
  return (((n & 0xff) << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0;
}

function rows(text: string): Row[] {
  const lines = text.split('\n').slice(1);
  return lines.flatMap((line): Row[] => {
    const [iface, dst, gateway, flags, ref, use, metric, mask, mtu, window, irtt] = line.trim().split(/\s+/);
    if (irtt === undefined) return [];
    const row = { iface: iface as string, ref: ref as string, use: use as string, metric: metric as string, mtu: mtu as string, window: window as string, irtt };
    return [{ ...row, dst: fromHex(dst as string), gateway: fromHex(gateway as string), flags: Number.parseInt(flags as string, 16), mask: fromHex(mask as string) }];
  });
}

const HEADINGS = ['Flags   MSS Window  irtt Iface', 'Flags Metric Ref    Use Iface', 'Flags Metric Ref    Use Iface    MSS   Window irtt'] as const;

/** How much to show: 1 metrics, 2 sizes, 3 all. */
function heading(extend: number): string {
  return HEADINGS[extend === 1 ? 1 : extend === 2 ? 0 : 2];
}

/** `rprint_fib`: the exit status. */
export function showFib(env: CommandEnv, extend: number, numeric: boolean): number {
  const text = env.readFile(PATH);
  if (typeof text === 'number') {
    env.stderr(`${PATH}: ${strerror(-text)}\n`);
    env.stdout('INET (IPv4) not configured in this system.\n');
    return 1;
  }
  env.stdout(`Kernel IP routing table\nDestination     Gateway         Genmask         ${heading(extend)}\n`);
  for (const row of rows(text)) env.stdout(fibRow(env, row, extend, numeric));
  return 0;
}

/** The cache went with Linux 3.6: a heading is left. */
export function showCache(env: CommandEnv, extend: number): void {
  const more = extend > 2 ? '  TOS HHRef HHUptod     SpecDst' : '';
  env.stdout(`Kernel IP routing cache\nSource          Destination     Gateway         ${heading(extend)}${more}\n`);
}

function fibRow(env: CommandEnv, r: Row, extend: number, numeric: boolean): string {
  const reject = (r.flags & RTF_REJECT) !== 0;
  const host = (r.flags & RTF_HOST) !== 0;
  const dst = host && r.dst !== 0 ? hostName(env, r.dst, numeric) : netName(env, r.dst, numeric);
  const gateway = reject ? '-' : r.gateway === 0 ? '0.0.0.0' : hostName(env, r.gateway, numeric);
  const start = [dst, gateway, inetNtoa(r.mask)].map((text) => text.slice(0, 15).padEnd(15)).join(' ');
  const iface = reject ? '-' : r.iface;
  return `${start} ${letters(r.flags).padEnd(5)} ${end(r, extend, reject, iface)}\n`;
}

function letters(flags: number): string {
  const first = (flags & RTF_REJECT) !== 0 ? '!' : (flags & RTF_GATEWAY) !== 0 ? 'UG' : 'U';
  return first + LETTERS.map(([bit, letter]) => ((flags & bit) !== 0 ? letter : '')).join('');
}

function end(r: Row, extend: number, reject: boolean, iface: string): string {
  const sizes = reject ? (['-', '-', '-'] as const) : ([r.mtu, r.window, r.irtt] as const);
  if (extend === 2) return `${sizes[0].padStart(5)} ${sizes[1].padEnd(5)} ${sizes[2].padStart(6)} ${iface}`;
  const ref = reject ? '-' : r.ref;
  if (extend === 1) return `${r.metric.padEnd(6)} ${ref.padEnd(2)} ${r.use.padStart(7)} ${iface}`;
  return `${r.metric.padEnd(6)} ${ref.padEnd(3)} ${r.use.padStart(6)} ${iface.padEnd(8)} ${sizes[0].padEnd(5)} ${sizes[1].padEnd(6)} ${sizes[2]}`;
}

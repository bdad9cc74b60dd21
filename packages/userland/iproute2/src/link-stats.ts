/** Counters of a link, in columns as wide as they need. */
import { type NlAttrs, nlaGetU32, nlaGetU64, nlaLen } from '@skbuff/netlink';
import { IFLA_CARRIER_CHANGES, IFLA_INET6_STATS, IFLA_PROTINFO, IFLA_STATS, IFLA_STATS64 } from '@skbuff/uapi';
import { nestedAttr } from './attrs.ts';
import type { IpContext } from './context.ts';

/** Members of `struct rtnl_link_stats64` in their order. */
const MEMBERS = [
  'rx_packets',
  'tx_packets',
  'rx_bytes',
  'tx_bytes',
  'rx_errors',
  'tx_errors',
  'rx_dropped',
  'tx_dropped',
  'multicast',
  'collisions',
  'rx_length_errors',
  'rx_over_errors',
  'rx_crc_errors',
  'rx_frame_errors',
  'rx_fifo_errors',
  'rx_missed_errors',
  'tx_aborted_errors',
  'tx_carrier_errors',
  'tx_fifo_errors',
  'tx_heartbeat_errors',
  'tx_window_errors',
  'rx_compressed',
  'tx_compressed',
  'rx_nohandler',
] as const;

type Stats = Record<(typeof MEMBERS)[number], bigint>;

/** Where this version of ip looks for counters of IPv6: numbers that a later kernel gave to others (`get_snmp_counters`). */
const SNMP: readonly (readonly [member: keyof Stats, number])[] = [
  ['rx_packets', 1],
  ['rx_bytes', 2],
  ['tx_packets', 5],
  ['tx_bytes', 6],
  ['rx_errors', 13],
  ['tx_errors', 14],
  ['multicast', 23],
  ['rx_frame_errors', 31],
];

/** What is told of a link when IPv6 is asked for links: no counters of the device. */
function readSnmp(tb: NlAttrs): Stats | null {
  const mib = tb.has(IFLA_PROTINFO) ? nestedAttr(tb.buf, tb.at(IFLA_PROTINFO), IFLA_INET6_STATS) : -1;
  if (mib < 0) return null;
  const stats = Object.fromEntries(MEMBERS.map((member) => [member, 0n])) as Stats;
  for (const [member, n] of SNMP) stats[member] = nlaGetU64(tb.buf, mib + 8 * n);
  return stats;
}

function readStats(tb: NlAttrs): Stats | null {
  const at64 = tb.at(IFLA_STATS64);
  const at = at64 >= 0 ? at64 : tb.at(IFLA_STATS);
  if (at < 0) return readSnmp(tb);
  const size = at64 >= 0 ? 8 : 4;
  const stats = {} as Stats;
  const count = Math.floor(nlaLen(tb.buf, at) / size);
  for (const [i, member] of MEMBERS.entries()) stats[member] = i < count ? readNumber(tb.buf, at + i * size, size) : 0n;
  return stats;
}

function readNumber(buf: Uint8Array, attr: number, size: number): bigint {
  return size === 8 ? nlaGetU64(buf, attr) : BigInt(nlaGetU32(buf, attr));
}

/** One line of headings and the numbers below it. */
interface Block {
  readonly head: string;
  readonly names: readonly string[];
  readonly values: readonly bigint[];
  /** Beside "compressed", which is shown only when it is not zero, an empty column stands. */
  readonly last: { readonly name: string; readonly value: bigint } | null;
  readonly wide: boolean;
}

const FIRST_WIDTHS: readonly number[] = [10, 7, 6, 7, 7, 7, 10];

/** `carrierChanges`: null when the kernel does not tell them. */
function blocksOf(s: Stats, carrierChanges: bigint | null, more: boolean): Block[] {
  const rx: Block = {
    head: 'RX: ',
    names: ['bytes', 'packets', 'errors', 'dropped', 'missed', 'mcast'],
    values: [s.rx_bytes, s.rx_packets, s.rx_errors, s.rx_dropped, s.rx_missed_errors, s.multicast],
    last: { name: 'compressed', value: s.rx_compressed },
    wide: true,
  };
  const rxErrors: Block = {
    head: 'RX errors:',
    names: ['length', 'crc', 'frame', 'fifo', 'overrun'],
    values: [s.rx_length_errors, s.rx_crc_errors, s.rx_frame_errors, s.rx_fifo_errors, s.rx_over_errors],
    last: { name: 'nohandler', value: s.rx_nohandler },
    wide: false,
  };
  const tx: Block = {
    head: 'TX: ',
    names: ['bytes', 'packets', 'errors', 'dropped', 'carrier', 'collsns'],
    values: [s.tx_bytes, s.tx_packets, s.tx_errors, s.tx_dropped, s.tx_carrier_errors, s.collisions],
    last: { name: 'compressed', value: s.tx_compressed },
    wide: true,
  };
  const txErrors: Block = {
    head: 'TX errors:',
    names: ['aborted', 'fifo', 'window', 'heartbt', carrierChanges === null ? '' : 'transns'],
    values: [s.tx_aborted_errors, s.tx_fifo_errors, s.tx_window_errors, s.tx_heartbeat_errors, ...(carrierChanges === null ? [] : [carrierChanges])],
    last: null,
    wide: false,
  };
  return more ? [rx, rxErrors, tx, txErrors] : [rx, tx];
}

function widths(blocks: readonly Block[]): number[] {
  const w = [...FIRST_WIDTHS];
  for (const { values, last, wide } of blocks) {
    const all = last === null ? values : [...values, last.value];
    for (const [i, v] of all.entries()) {
      const column = wide ? i : i + 1;
      w[column] = Math.max(w[column], String(v).length);
    }
  }
  return w;
}

function number(ctx: IpContext, width: number, value: bigint): string {
  return `${(ctx.options.human ? humanNumber(value, ctx.options.iec) : String(value)).padStart(width)} `;
}

/** `print_num` with -human: `1.23k`. */
function humanNumber(value: bigint, iec: boolean): string {
  const base = iec ? 1024n : 1000n;
  let powi = 1n;
  let unit = 0;
  let rest = value;
  while (rest >= base && unit < 5) {
    powi *= base;
    rest = value / powi;
    unit++;
  }
  if (unit === 0) return String(value);
  const digits = (Number(value) / Number(powi)).toFixed(rest < 10n ? 2 : rest < 100n ? 1 : 0);
  return `${digits}${'kMGTP'[unit - 1]}${iec ? 'i' : ''}`;
}

function printText(ctx: IpContext, s: Stats, carrierChanges: bigint | null): void {
  const { out } = ctx;
  const blocks = blocksOf(s, carrierChanges, ctx.options.stats > 1);
  const w = widths(blocks);
  blocks.forEach((block, n) => {
    if (n > 0) out.raw(out.sl);
    out.raw(`    ${block.head}${heading(block, w)}${out.sl}    `);
    if (!block.wide) out.raw(`${' '.repeat(w[0])} `);
    block.values.forEach((v, i) => out.raw(number(ctx, w[block.wide ? i : i + 1], v)));
    if (block.last !== null && block.last.value !== 0n) out.raw(number(ctx, w[6], block.last.value));
  });
}

function heading({ names, wide, last }: Block, w: readonly number[]): string {
  const columns = wide ? names : ['', ...names];
  const text = columns.map((name, i) => name.padStart(i > 0 ? w[i] : w[0] - (wide ? 4 : 10))).join(' ');
  if (wide) return `${text} ${(last?.value === 0n ? '' : (last?.name ?? '')).padStart(w[6])}`;
  return last === null || last.value === 0n ? text : `${text}${last.name.padStart(w[6] + 1)}`;
}

function printJson(ctx: IpContext, s: Stats, carrierChanges: bigint | null): void {
  const { out } = ctx;
  const more = ctx.options.stats > 1;
  const member = (key: string, value: bigint): void => out.json(key, value);
  out.openObject('rx');
  member('bytes', s.rx_bytes);
  member('packets', s.rx_packets);
  member('errors', s.rx_errors);
  member('dropped', s.rx_dropped);
  member('over_errors', s.rx_over_errors);
  member('multicast', s.multicast);
  if (s.rx_compressed !== 0n) member('compressed', s.rx_compressed);
  if (more) {
    member('length_errors', s.rx_length_errors);
    member('crc_errors', s.rx_crc_errors);
    member('frame_errors', s.rx_frame_errors);
    member('fifo_errors', s.rx_fifo_errors);
    member('missed_errors', s.rx_missed_errors);
    if (s.rx_nohandler !== 0n) member('nohandler', s.rx_nohandler);
  }
  out.closeObject();
  out.openObject('tx');
  member('bytes', s.tx_bytes);
  member('packets', s.tx_packets);
  member('errors', s.tx_errors);
  member('dropped', s.tx_dropped);
  member('carrier_errors', s.tx_carrier_errors);
  member('collisions', s.collisions);
  if (s.tx_compressed !== 0n) member('compressed', s.tx_compressed);
  if (more) {
    member('aborted_errors', s.tx_aborted_errors);
    member('fifo_errors', s.tx_fifo_errors);
    member('window_errors', s.tx_window_errors);
    member('heartbeat_errors', s.tx_heartbeat_errors);
    if (carrierChanges !== null) member('carrier_changes', carrierChanges);
  }
  out.closeObject();
}

/** The counters, without the line break after them. */
export function printLinkStats(ctx: IpContext, tb: NlAttrs): void {
  const stats = readStats(tb);
  if (stats === null) return;
  const carrierChanges = tb.has(IFLA_CARRIER_CHANGES) ? BigInt(tb.u32(IFLA_CARRIER_CHANGES)) : null;
  if (!ctx.out.isJson) return printText(ctx, stats, carrierChanges);
  ctx.out.openObject(tb.has(IFLA_STATS64) || !tb.has(IFLA_STATS) ? 'stats64' : 'stats');
  printJson(ctx, stats, carrierChanges);
  ctx.out.closeObject();
}

/** Structures of 32-bit words that are shown as a table and set by keywords: channels, rings, pause, coalescing, EEE. */
import { Exit } from '@skbuff/command';
import { EINVAL, ETHTOOL_GCHANNELS, ETHTOOL_GCOALESCE, ETHTOOL_GEEE, ETHTOOL_GPAUSEPARAM, ETHTOOL_GRINGPARAM, ETHTOOL_SCHANNELS, ETHTOOL_SCOALESCE, ETHTOOL_SEEE, ETHTOOL_SPAUSEPARAM, ETHTOOL_SRINGPARAM } from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import type { EthtoolContext } from './context.ts';
import { jsonList } from './json.ts';
import { type Given, type Keyword, keywords, ON_OFF, U32 } from './keywords.ts';

const CHANNELS = ['rx', 'tx', 'other', 'combined'];
const RINGS = ['rx', 'rx-mini', 'rx-jumbo', 'tx'];
const COALESCE = [
  'rx-usecs', 'rx-frames', 'rx-usecs-irq', 'rx-frames-irq', 'tx-usecs', 'tx-frames', 'tx-usecs-irq', 'tx-frames-irq', 'stats-block-usecs',
  'adaptive-rx', 'adaptive-tx', 'pkt-rate-low', 'rx-usecs-low', 'rx-frames-low', 'tx-usecs-low', 'tx-frames-low', 'pkt-rate-high', 'rx-usecs-high',
  'rx-frames-high', 'tx-usecs-high', 'tx-frames-high', 'sample-interval',
];
/** Words of `struct ethtool_eee` before those that nobody uses. */
const EEE_WORDS = 7;
const PAUSE = ['autoneg', 'rx', 'tx'];


/** The words behind the command, or what netlink says of the failure. */
function read(ctx: EthtoolContext, cmd: number, count: number, status = 1): number[] {
  const data = ctx.ask(cmd, 4 + 4 * count);
  if (typeof data !== 'number') return Array.from({ length: count }, (_, i) => le32(data, 4 + 4 * i));
  ctx.netlinkError(data);
  if (ctx.json) ctx.out('[ ]\n');
  throw new Exit(status);
}

function write(ctx: EthtoolContext, cmd: number, words: readonly number[]): number {
  const data = new Uint8Array(4 + 4 * words.length);
  words.forEach((word, i) => setLe32(data, 4 + 4 * i, word));
  return ctx.ioctl(cmd, data);
}

const numbers = (names: readonly string[]): Record<string, Keyword> => Object.fromEntries(names.map((name) => [name, U32]));

/** Maxima, then values. A maximum of 0: the device has no such thing. */
function table(ctx: EthtoolContext, what: string, titles: readonly string[], words: readonly number[]): number {
  const line = (title: string, max: number, value: number): string => `${title}:${title.length > 6 ? '\t' : '\t\t'}${max === 0 ? 'n/a' : value}\n`;
  const maxima = titles.map((title, i) => line(title, words[i] as number, words[i] as number));
  const values = titles.map((title, i) => line(title, words[i] as number, words[4 + i] as number));
  ctx.out(`${what} parameters for ${ctx.dev}:\nPre-set maximums:\n${maxima.join('')}Current hardware settings:\n${values.join('')}`);
  return 0;
}

/** `-l`. */
export function channelsShow(ctx: EthtoolContext): number {
  ctx.noMore();
  return table(ctx, 'Channel', ['RX', 'TX', 'Other', 'Combined'], read(ctx, ETHTOOL_GCHANNELS, 8));
}

/** `-L`: the kernel says which word it does not like. */
export function channelsSet(ctx: EthtoolContext): number {
  const given = keywords(ctx, numbers(CHANNELS));
  const words = read(ctx, ETHTOOL_GCHANNELS, 8);
  CHANNELS.forEach((name, i) => (words[4 + i] = given.number(name) ?? (words[4 + i] as number)));
  const over = CHANNELS.findIndex((_, i) => (words[4 + i] as number) > (words[i] as number));
  if (over >= 0) return ctx.netlinkFail(-EINVAL, 1, `requested channel count exceeds maximum${offset(ctx, given, CHANNELS[over] as string)}`);
  const [rx, tx, , combined] = words.slice(4);
  if (combined === 0 && (rx === 0 || tx === 0)) {
    const which = given.number('combined') !== undefined ? 'combined' : rx === 0 ? 'rx' : 'tx';
    return ctx.netlinkFail(-EINVAL, 1, `requested channel counts would result in no RX or TX channel being configured${offset(ctx, given, which)}`);
  }
  const rc = given.size === 0 ? 0 : write(ctx, ETHTOOL_SCHANNELS, words);
  return rc < 0 ? ctx.netlinkFail(rc, 1) : 0;
}

/** Where the number of a keyword stands in a netlink request. */
function offset(ctx: EthtoolContext, given: Given, name: string): string {
  const place = given.names.indexOf(name);
  return place < 0 ? '' : ` (offset ${ctx.attributes() + 8 * place})`;
}

/** `-g`. */
export function ringsShow(ctx: EthtoolContext): number {
  ctx.noMore();
  return table(ctx, 'Ring', ['RX', 'RX Mini', 'RX Jumbo', 'TX'], read(ctx, ETHTOOL_GRINGPARAM, 8));
}

/** Overwrites the words that have a keyword; they begin at `first`. */
function change(ctx: EthtoolContext, given: Given, get: number, set: number, names: readonly string[], first: number, status: number): number {
  const words = read(ctx, get, first + names.length, status);
  names.forEach((name, i) => (words[first + i] = given.number(name) ?? (words[first + i] as number)));
  const rc = given.size === 0 ? 0 : write(ctx, set, words);
  return rc < 0 ? ctx.netlinkFail(rc, status) : 0;
}

/** `-G`. */
export function ringsSet(ctx: EthtoolContext): number {
  const given = keywords(ctx, { ...numbers(RINGS), 'rx-buf-len': U32, 'cqe-size': U32, 'tx-push': ON_OFF });
  return change(ctx, given, ETHTOOL_GRINGPARAM, ETHTOOL_SRINGPARAM, RINGS, 4, 81);
}

const onOff = (value: number | undefined): string => (value ? 'on' : 'off');

/** `-c`. */
export function coalesceShow(ctx: EthtoolContext): number {
  ctx.noMore();
  const words = read(ctx, ETHTOOL_GCOALESCE, COALESCE.length);
  const value = (name: string): number => words[COALESCE.indexOf(name)] as number;
  const block = (names: readonly string[]): string => `${names.map((name) => `${name}:\t${value(name)}\n`).join('')}\n`;
  const usecs = (way: string): string => block([`${way}-usecs`, `${way}-frames`, `${way}-usecs-irq`, `${way}-frames-irq`]);
  const level = (which: string): string => block([`rx-usecs-${which}`, `rx-frames-${which}`, `tx-usecs-${which}`, `tx-frames-${which}`]);
  ctx.out(
    `Coalesce parameters for ${ctx.dev}:\nAdaptive RX: ${onOff(value('adaptive-rx'))}  TX: ${onOff(value('adaptive-tx'))}\n` +
      block(['stats-block-usecs', 'sample-interval', 'pkt-rate-low', 'pkt-rate-high']) + usecs('rx') + usecs('tx') + level('low') + level('high'),
  );
  return 0;
}

/** `-C`. */
export function coalesceSet(ctx: EthtoolContext): number {
  const given = keywords(ctx, { ...numbers(COALESCE), 'adaptive-rx': ON_OFF, 'adaptive-tx': ON_OFF, 'cqe-mode-rx': ON_OFF, 'cqe-mode-tx': ON_OFF });
  return change(ctx, given, ETHTOOL_GCOALESCE, ETHTOOL_SCOALESCE, COALESCE, 0, 1);
}

/** `-a`. */
export function pauseShow(ctx: EthtoolContext): number {
  ctx.noMore();
  const [autoneg, rx, tx] = read(ctx, ETHTOOL_GPAUSEPARAM, PAUSE.length) as [number, number, number];
  if (ctx.json) ctx.out(jsonList({ ifname: ctx.dev, autonegotiate: autoneg !== 0, rx: rx !== 0, tx: tx !== 0 }));
  else ctx.out(`Pause parameters for ${ctx.dev}:\nAutonegotiate:\t${onOff(autoneg)}\nRX:\t\t${onOff(rx)}\nTX:\t\t${onOff(tx)}\n\n`);
  return 0;
}

/** `-A`. */
export function pauseSet(ctx: EthtoolContext): number {
  const given = keywords(ctx, { autoneg: ON_OFF, rx: ON_OFF, tx: ON_OFF });
  return change(ctx, given, ETHTOOL_GPAUSEPARAM, ETHTOOL_SPAUSEPARAM, PAUSE, 0, 76);
}

/** `--show-eee`. */
export function eeeShow(ctx: EthtoolContext): number {
  ctx.noMore();
  const [supported, , , active, enabled] = read(ctx, ETHTOOL_GEEE, EEE_WORDS) as [number, number, number, number, number];
  const state = supported === 0 ? 'not supported' : enabled === 0 ? 'disabled' : `enabled - ${active !== 0 ? 'active' : 'inactive'}`;
  ctx.out(`EEE settings for ${ctx.dev}:\n\tEEE status: ${state}\n`);
  return 0;
}

/** `--set-eee`. */
export function eeeSet(ctx: EthtoolContext): number {
  const given = keywords(ctx, { eee: ON_OFF, 'tx-lpi': ON_OFF, 'tx-timer': U32, advertise: U32 });
  return change(ctx, given, ETHTOOL_GEEE, ETHTOOL_SEEE, ['eee', 'tx-lpi', 'tx-timer'], EEE_WORDS - 3, 76);
}

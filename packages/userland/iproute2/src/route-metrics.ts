/** Metrics of a route (RTA_METRICS): words in, text out. */
import { NlAttrs, NlMsgBuilder, strToBytes } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { type Args, matches } from './args.ts';
import { parseNested } from './attrs.ts';
import type { IpContext } from './context.ts';
import { getNumber, getUnsigned } from './numbers.ts';

/** RTAX_* by number. */
const NAMES: readonly string[] = [
  '',
  '',
  'mtu',
  'window',
  'rtt',
  'rttvar',
  'ssthresh',
  'cwnd',
  'advmss',
  'reordering',
  'hoplimit',
  'initcwnd',
  'features',
  'rto_min',
  'initrwnd',
  'quickack',
  'congctl',
  'fastopen_no_cookie',
];

/** `%g`: six significant digits. */
function general(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function printTime(ctx: IpContext, id: number, raw: number): void {
  const value = id === U.RTAX_RTT ? Math.floor(raw / 8) : id === U.RTAX_RTTVAR ? Math.floor(raw / 4) : raw;
  const key = NAMES[id] as string;
  if (value >= 1000) {
    ctx.out.json(key, value);
    ctx.out.text(`${general(value / 1000)}s `);
  } else ctx.out.any(key, value, `${value}ms `);
}

function printFeatures(ctx: IpContext, value: number): void {
  const { out } = ctx;
  let rest = value;
  if ((rest & U.RTAX_FEATURE_ECN) !== 0) {
    out.any('ecn', null, 'ecn ');
    rest &= ~U.RTAX_FEATURE_ECN;
  }
  if (rest !== 0) out.any('features', `0x${rest.toString(16)}`, `0x${rest.toString(16)} `);
}

/** `print_rta_metrics`; the attribute lies at `attr`. */
export function printMetrics(ctx: IpContext, buf: Uint8Array, attr: number): void {
  const { out } = ctx;
  const tb = parseNested(new NlAttrs(U.RTAX_MAX), buf, attr);
  const lock = tb.u32(U.RTAX_LOCK);
  out.openArray('metrics');
  out.openObject();
  for (let id = 2; id <= U.RTAX_MAX; id++) {
    const locked = (lock & (1 << id)) !== 0;
    if (!tb.has(id) && !locked) continue;
    const value = id === U.RTAX_CC_ALGO ? 0 : tb.u32(id);
    if (id === U.RTAX_HOPLIMIT && value === 0xffff_ffff) continue;
    out.text(`${NAMES[id]} ${locked ? 'lock ' : ''}`);
    if (id === U.RTAX_FEATURES) printFeatures(ctx, value);
    else if (id === U.RTAX_RTT || id === U.RTAX_RTTVAR || id === U.RTAX_RTO_MIN) printTime(ctx, id, value);
    else if (id === U.RTAX_CC_ALGO) out.any('congestion', tb.string(id), `${tb.string(id)} `);
    else out.any(NAMES[id] as string, value, `${value} `);
  }
  out.closeObject();
  out.closeArray();
}

/** `get_time_rtt`: milliseconds, and whether no unit was written; null for nonsense. */
function timeRtt(text: string): { readonly ms: number; readonly raw: boolean } | null {
  const m = /^(0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?|\.\d+)(.*)$/.exec(text);
  if (m === null) return null;
  const value = Number(m[1]);
  const unit = (m[2] as string).toLowerCase();
  if (unit === '') return { ms: Math.ceil(value), raw: true };
  if (['s', 'sec', 'secs'].includes(unit)) return { ms: Math.ceil(value * 1000), raw: false };
  return ['ms', 'msec', 'msecs'].includes(unit) ? { ms: Math.ceil(value), raw: false } : null;
}

type ReadMetric = (m: RouteMetrics, args: Args) => void;

function number(id: number, key: string, max = 0xffff_ffff): ReadMetric {
  return (m, args: Args) => {
    m.nextLock(args, id);
    m.put(id, getNumber(args.cur, 0, max) ?? args.invarg(`"${key}" value is invalid\n`));
  };
}

function time(id: number, key: string, factor: number): ReadMetric {
  return (m, args: Args) => {
    if (id === U.RTAX_RTO_MIN) {
      args.next();
      m.lock |= 1 << id;
    } else m.nextLock(args, id);
    const value = timeRtt(args.cur);
    if (value === null) args.invarg(`"${key}" value is invalid\n`);
    m.put(id, value.raw ? value.ms : value.ms * factor);
  };
}

const features: ReadMetric = (m, args: Args) => {
  let value = 0;
  while (args.hasNext()) {
    if (args.next() !== 'ecn') {
      if (value === 0) args.invarg('"features" value not valid\n');
      args.back();
      break;
    }
    value |= U.RTAX_FEATURE_ECN;
  }
  if (value === 0) args.invarg('"features" value not valid\n');
  m.put(U.RTAX_FEATURES, value);
};

const quickack: ReadMetric = (m, args: Args) => {
  const value = getUnsigned(args.next());
  if (value === null) args.invarg('"quickack" value is invalid\n');
  if (value > 1) args.invarg('"quickack" value should be 0 or 1\n');
  m.put(U.RTAX_QUICKACK, value);
};

const fastopen: ReadMetric = (m, args: Args) => {
  const value = getUnsigned(args.next());
  if (value === null) args.invarg('"fastopen_no_cookie" value is invalid\n');
  if (value > 1) args.invarg('"fastopen_no_cookie" value should be 0 or 1\n');
  m.put(U.RTAX_FASTOPEN_NO_COOKIE, value);
};

const congctl: ReadMetric = (m, args: Args) => {
  m.nextLock(args, U.RTAX_CC_ALGO);
  m.putName(U.RTAX_CC_ALGO, args.cur);
};

const WORDS: readonly (readonly [string, ReadMetric])[] = [
  ['mtu', number(U.RTAX_MTU, 'mtu')],
  ['hoplimit', number(U.RTAX_HOPLIMIT, 'hoplimit', 255)],
  ['advmss', number(U.RTAX_ADVMSS, 'mss')],
  ['reordering*', number(U.RTAX_REORDERING, 'reordering')],
  ['rtt', time(U.RTAX_RTT, 'rtt', 8)],
  ['rto_min', time(U.RTAX_RTO_MIN, 'rto_min', 1)],
  ['window*', number(U.RTAX_WINDOW, 'window')],
  ['cwnd*', number(U.RTAX_CWND, 'cwnd')],
  ['initcwnd*', number(U.RTAX_INITCWND, 'initcwnd')],
  ['initrwnd*', number(U.RTAX_INITRWND, 'initrwnd')],
  ['features*', features],
  ['quickack*', quickack],
  ['congctl*', congctl],
  ['rttvar*', time(U.RTAX_RTTVAR, 'rttvar', 4)],
  ['ssthresh*', number(U.RTAX_SSTHRESH, 'ssthresh')],
  ['fastopen_no_cookie*', fastopen],
];

export class RouteMetrics {
  lock = 0;
  private readonly attrs = new NlMsgBuilder();

  /** Takes the words of a metric; false when the present word names none. */
  read(args: Args): boolean {
    const found = WORDS.find(([word]) => (word.endsWith('*') ? matches(args.cur, word.slice(0, -1)) : args.is(word)));
    if (found === undefined) return false;
    found[1](this, args);
    return true;
  }

  nextLock(args: Args, id: number): void {
    if (args.next() !== 'lock') return;
    this.lock |= 1 << id;
    args.next();
  }

  put(id: number, value: number): void {
    this.attrs.nlaPutU32(id, value >>> 0);
  }

  putName(id: number, name: string): void {
    this.attrs.nlaPut(id, strToBytes(name));
  }

  /** Adds RTA_METRICS if there are any. */
  write(builder: NlMsgBuilder): void {
    if (this.attrs.len === 0) return;
    if (this.lock !== 0) this.attrs.nlaPutU32(U.RTAX_LOCK, this.lock);
    builder.nlaPut(U.RTA_METRICS, this.attrs.bytes());
  }
}

/** `-k` and `-K`. */
import { EINVAL, EOPNOTSUPP, ETH_SS_FEATURES, ETHTOOL_GFEATURES, ETHTOOL_SFEATURES } from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import type { EthtoolContext } from './context.ts';
import { type Json, jsonList } from './json.ts';
import { dumpAll, WILDCARD } from './wildcard.ts';

/** Names that are older than the kernel's: the short one, the long one, and which of the kernel's they stand for. */
const OLD_NAMES: readonly (readonly [string, string, RegExp])[] = [
  ['rx', 'rx-checksumming', /^rx-checksum$/],
  ['tx', 'tx-checksumming', /^tx-checksum-.*/],
  ['sg', 'scatter-gather', /^tx-scatter-gather.*/],
  ['tso', 'tcp-segmentation-offload', /^tx-tcp.*-segmentation$/],
  ['ufo', 'udp-fragmentation-offload', /^tx-udp-fragmentation$/],
  ['gso', 'generic-segmentation-offload', /^tx-generic-segmentation$/],
  ['gro', 'generic-receive-offload', /^rx-gro$/],
  ['lro', 'large-receive-offload', /^rx-lro$/],
  ['rxvlan', 'rx-vlan-offload', /^rx-vlan-hw-parse$/],
  ['txvlan', 'tx-vlan-offload', /^tx-vlan-hw-insert$/],
  ['ntuple', 'ntuple-filters', /^rx-ntuple-filter$/],
  ['rxhash', 'receive-hashing', /^rx-hashing$/],
];

/** The device's features, asked once. */
class Features {
  readonly names: readonly string[];
  private readonly data: Uint8Array;

  constructor(names: readonly string[], data: Uint8Array) {
    this.names = names;
    this.data = data;
  }

  private bit(column: number, bit: number): boolean {
    return ((le32(this.data, 8 + (bit >> 5) * 16 + column * 4) >>> (bit & 31)) & 1) !== 0;
  }

  hw(bit: number): boolean {
    return this.bit(0, bit);
  }

  wanted(bit: number): boolean {
    return this.bit(1, bit);
  }

  active(bit: number): boolean {
    return this.bit(2, bit);
  }

  never(bit: number): boolean {
    return this.bit(3, bit);
  }

  fixed(bit: number): boolean {
    return !this.hw(bit) || this.never(bit);
  }

  matching(pattern: RegExp): number[] {
    return [...this.names.keys()].filter((bit) => pattern.test(this.names[bit] as string));
  }
}

function ask(ctx: EthtoolContext): Features | number {
  const data = new Uint8Array(8 + 32);
  setLe32(data, 4, 2);
  const rc = ctx.ioctl(ETHTOOL_GFEATURES, data);
  return rc < 0 ? rc : new Features(ctx.strings(ETH_SS_FEATURES), data);
}

const onOff = (on: boolean): string => (on ? 'on' : 'off');

/** One line: its name, the bit behind it or several, how far it is indented. */
interface Line {
  readonly name: string;
  readonly bits: readonly number[];
  readonly inner: boolean;
  readonly group: boolean;
}

function lines(features: Features): Line[] {
  const result: Line[] = [];
  const seen = new Set<number>();
  for (const [, long, pattern] of OLD_NAMES) {
    const bits = features.matching(pattern);
    if (bits.length === 0) continue;
    // A name for several: a line for all of them, then one for each.
    const group = pattern.source.includes('.*');
    result.push({ name: long, bits, inner: false, group });
    for (const bit of bits) {
      seen.add(bit);
      if (group) result.push({ name: features.names[bit] as string, bits: [bit], inner: true, group: false });
    }
  }
  features.names.forEach((name, bit) => {
    if (name !== '' && !seen.has(bit)) result.push({ name, bits: [bit], inner: false, group: false });
  });
  return result;
}

/** `-k`. */
export function featuresShow(ctx: EthtoolContext): number {
  ctx.noMore();
  if (ctx.dev === WILDCARD) return dumpAll(ctx, featuresShow, true);
  const features = ask(ctx);
  if (typeof features === 'number') {
    ctx.netlinkError(features);
    if (ctx.json) ctx.out('[ ]\n');
    return 1;
  }
  if (ctx.json) ctx.out(jsonList(asJson(ctx.dev, features)));
  else ctx.out(`Features for ${ctx.dev}:\n${lines(features).map((line) => lineText(features, line)).join('')}`);
  return 0;
}

function lineText(features: Features, { name, bits, inner, group }: Line): string {
  const active = bits.some((bit) => features.active(bit));
  const [bit] = bits as [number];
  const wish = features.wanted(bit) !== features.active(bit) ? ` [requested ${onOff(features.wanted(bit))}]` : '';
  const note = group ? '' : features.fixed(bit) ? ' [fixed]' : wish;
  return `${inner ? '\t' : ''}${name}: ${onOff(active)}${note}\n`;
}

function asJson(ifname: string, features: Features): Json {
  const members: Record<string, Json> = { ifname };
  for (const { name, bits, group } of lines(features)) {
    const [bit] = bits as [number];
    const active = bits.some((one) => features.active(one));
    members[name] = group ? { active, fixed: null, requested: null } : { active, fixed: features.fixed(bit), requested: features.wanted(bit) };
  }
  return members;
}

/** What the words of `-K` ask for. */
class Wishes {
  readonly values: Map<number, boolean> = new Map();
  /** Where the next name would stand in a netlink request. */
  at: number;
  /** Where the first name stands that the kernel does not know. */
  unknown = 0;

  constructor(at: number) {
    this.at = at;
  }

  name(name: string, on: boolean): void {
    this.at += 4 + 4 + ((name.length + 4) & ~3) + (on ? 4 : 0);
  }
}

function parse(ctx: EthtoolContext, features: Features): Wishes {
  // Behind the device: flags (8), the wished (4), their bits (4), the first bit (4).
  const wishes = new Wishes(ctx.attributes() + 20);
  for (let i = 0; i < ctx.args.length; i += 2) {
    const name = ctx.args[i] as string;
    const value = ctx.args[i + 1];
    const old = OLD_NAMES.find(([short, long]) => short === name || long === name);
    const bits = old === undefined ? [features.names.indexOf(name)] : features.matching(old[2]);
    for (const bit of bits) {
      if (bit < 0 && wishes.unknown === 0) wishes.unknown = wishes.at;
      wishes.name(features.names[bit] ?? name, value === 'on');
      if (bit >= 0) wishes.values.set(bit, value === 'on');
    }
  }
  return wishes;
}

/** Before anybody is asked: pairs of a name and a state. */
function checkPairs(ctx: EthtoolContext): void {
  for (let i = 0; i < ctx.args.length; i += 2) {
    const value = ctx.args[i + 1];
    if (value !== 'on' && value !== 'off') ctx.fail(1, `ethtool (${ctx.option}): flag '${value ?? '(null)'}' for parameter '(null)' is not followed by 'on' or 'off'`);
  }
}

/** `-K`. */
export function featuresSet(ctx: EthtoolContext): number {
  checkPairs(ctx);
  const before = ask(ctx);
  if (typeof before === 'number') return ctx.netlinkFail(before, 92);
  const wishes = parse(ctx, before);
  if (wishes.unknown !== 0) return ctx.netlinkFail(-EOPNOTSUPP, 92, `bit name not found (offset ${wishes.unknown})`);
  if ([...wishes.values.keys()].some((bit) => before.never(bit))) return ctx.netlinkFail(-EINVAL, 92, 'attempt to change non-ethtool features');
  const data = new Uint8Array(8 + 16);
  setLe32(data, 4, 2);
  for (const [bit, on] of wishes.values) {
    const at = 8 + (bit >> 5) * 8;
    setLe32(data, at, le32(data, at) | (1 << (bit & 31)));
    if (on) setLe32(data, at + 4, le32(data, at + 4) | (1 << (bit & 31)));
  }
  const rc = ctx.ioctl(ETHTOOL_SFEATURES, data);
  if (rc < 0) return ctx.netlinkFail(rc, 92);
  const after = ask(ctx);
  return typeof after === 'number' ? ctx.netlinkFail(after, 92) : report(ctx, before, after, wishes.values);
}

/** Says what came out otherwise than it was wished. */
function report(ctx: EthtoolContext, before: Features, after: Features, wishes: ReadonlyMap<number, boolean>): number {
  const missed = [...wishes].filter(([bit, on]) => after.active(bit) !== on).map(([bit]) => bit);
  const changed = [...after.names.keys()].filter((bit) => before.active(bit) !== after.active(bit));
  const nothing = missed.length === wishes.size;
  if (nothing) ctx.err('Could not change any device features');
  if (missed.length > 0 || changed.some((bit) => !wishes.has(bit))) {
    ctx.out('Actual changes:\n');
    for (const [bit, name] of after.names.entries()) {
      if (!missed.includes(bit) && !changed.includes(bit)) continue;
      const note = missed.includes(bit) ? ` [requested ${onOff(wishes.get(bit) === true)}]` : wishes.has(bit) ? '' : ' [not requested]';
      ctx.out(`${name}: ${onOff(after.active(bit))}${note}\n`);
    }
  }
  return nothing ? 1 : 0;
}

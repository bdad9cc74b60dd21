/** Which rules `ip rule list` and `flush` are asked for. */
import * as U from '@skbuff/uapi';
import { inetAddrMatch } from '@skbuff/wire';
import { type Args, matches } from './args.ts';
import type { IpContext } from './context.ts';
import { getPrefix } from './inet.ts';
import { rtProtos, rtTables } from './names.ts';
import { readFwmark, readIfname, readIpproto, readPorts, readPref, readTos, readTunId, readUidRange } from './rule-args.ts';
import type { RuleInfo } from './rule-print.ts';

type Test = (rule: RuleInfo) => boolean;
type Read = (args: Args, ctx: IpContext) => Test;

const any: Test = () => true;

const fwmark: Read = (args) => {
  const { mark, mask } = readFwmark(args);
  return ({ tb }) => (mark === 0 || tb.u32(U.FRA_FWMARK) === mark) && (mask === null || mask === 0 || tb.u32(U.FRA_FWMASK) === mask);
};

const table: Read = (args) => {
  const id = rtTables.a2n(args.next()) ?? args.invarg('table id value is invalid\n');
  return id === 0 ? any : (rule) => rule.table === id;
};

function device(attr: number, side: string): Read {
  return (args) => {
    const name = readIfname(args, side);
    return ({ tb }) => tb.string(attr) === name;
  };
}

/** Rules for this prefix or a part of it. */
function prefix(attr: number, lenOf: (rule: RuleInfo) => number): Read {
  return (args, ctx) => {
    const { family, bytes, bitlen } = getPrefix(args, args.cur, ctx.options.family === U.AF_UNSPEC ? U.AF_INET : ctx.options.family);
    if (family === U.AF_UNSPEC || bitlen === 0) return any;
    return (rule) => {
      const has = rule.tb.bytes(attr);
      return rule.frh.family === family && has !== null && bitlen <= lenOf(rule) && inetAddrMatch(has, bytes, bitlen);
    };
  };
}

const from: Read = prefix(U.FRA_SRC, (rule) => rule.frh.srcLen);
const to: Read = prefix(U.FRA_DST, (rule) => rule.frh.dstLen);

const tunId: Read = (args) => {
  const id = readTunId(args);
  return id === 0n ? any : (rule) => rule.tunId === id;
};

const uidrange: Read = (args) => {
  const { start, end } = readUidRange(args);
  return ({ uidRange }) => uidRange !== null && uidRange.start === start && uidRange.end === end;
};

const ipproto: Read = (args, ctx) => {
  const proto = readIpproto(args, ctx);
  return proto === 0 ? any : ({ tb }) => tb.u8(U.FRA_IP_PROTO) === proto;
};

function ports(attr: number, message: string): Read {
  return (args) => {
    const { start, end } = readPorts(args, message);
    if (start === 0 && end === 0) return any;
    return ({ tb }) => tb.has(attr) && tb.u32(attr) === (start | (end << 16)) >>> 0;
  };
}

function equals(read: (args: Args) => number, of: (rule: RuleInfo) => number): Read {
  return (args) => {
    const wanted = read(args);
    return (rule) => of(rule) === wanted;
  };
}

const tos: Read = equals(readTos, (rule) => rule.frh.tos);
const pref: Read = equals(readPref, ({ tb }) => tb.u32(U.FRA_PRIORITY));
const iif: Read = device(U.FRA_IIFNAME, '"iif"/"dev"');

/** Words, those with a star may be shortened, and what each of them is about: of two about the same the later counts. */
const WORDS: readonly (readonly [word: string, about: string, read: Read])[] = [
  ['preference*', 'pref', pref],
  ['order*', 'pref', pref],
  ['priority*', 'pref', pref],
  ['not', 'not', () => ({ frh }) => (frh.flags & U.FIB_RULE_INVERT) !== 0],
  ['tos', 'tos', tos],
  ['dsfield', 'tos', tos],
  ['fwmark', 'fwmark', fwmark],
  ['dev', 'iif', iif],
  ['iif', 'iif', iif],
  ['oif', 'oif', device(U.FRA_OIFNAME, '"oif"')],
  ['l3mdev', 'l3mdev', () => ({ tb }) => tb.has(U.FRA_L3MDEV)],
  ['uidrange', 'uidrange', uidrange],
  ['tun_id*', 'tun_id', tunId],
  ['lookup*', 'table', table],
  ['table*', 'table', table],
  ['from*', 'from', (args, ctx) => (args.next(), from(args, ctx))],
  ['src*', 'from', (args, ctx) => (args.next(), from(args, ctx))],
  ['ipproto', 'ipproto', ipproto],
  ['sport', 'sport', ports(U.FRA_SPORT_RANGE, 'invalid port range\n')],
  ['dport', 'dport', ports(U.FRA_DPORT_RANGE, 'invalid dport range\n')],
  ['dst*', 'to', (args, ctx) => (args.next(), to(args, ctx))],
  ['to*', 'to', (args, ctx) => (args.next(), to(args, ctx))],
];

export interface RuleFilter {
  readonly wanted: Test;
  /** RTPROT_*, null for any. Only `flush` looks at it: `list` takes the word and ignores it. */
  readonly protocol: number | null;
}

export function parseRuleFilter(ctx: IpContext, args: Args): RuleFilter {
  const tests = new Map<string, Test>();
  let protocol: number | null = null;
  for (; args.left > 0; args.skip()) {
    const found = WORDS.find(([word]) => (word.endsWith('*') ? matches(args.cur, word.slice(0, -1)) : args.is(word)));
    if (found !== undefined) tests.set(found[1], found[2](args, ctx));
    else if (args.abbr('protocol')) {
      protocol = rtProtos.a2n(args.next());
      if (protocol === null && !args.is('all')) args.invarg('invalid "protocol"\n');
    } else tests.set('to', to(args, ctx));
  }
  const all = [...tests.values()];
  return { wanted: (rule) => all.every((test) => test(rule)), protocol };
}

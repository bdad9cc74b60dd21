/** `ip rule`. */
import { FibRuleHdr } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { deleteMessage } from './addr-flush.ts';
import { type Args, matches } from './args.ts';
import type { IpContext } from './context.ts';
import { getPrefix, type InetPrefix } from './inet.ts';
import { groups, rtDsfield, rtnTypeA2n, rtProtos, rtTables } from './names.ts';
import { getInteger, getNumber, getUnsigned } from './numbers.ts';
import { getRealms } from './route-realms.ts';
import type { RtnlRequest } from './rtnl.ts';
import { printRule, RuleInfo } from './rule-print.ts';
import { usageRule } from './usage.ts';

class RuleRequest {
  readonly frh: FibRuleHdr;
  readonly req: RtnlRequest;
  tableGiven = false;

  constructor(ctx: IpContext, cmd: number, flags: number) {
    this.frh = FibRuleHdr.of({ family: ctx.options.family, action: cmd === U.RTM_NEWRULE ? U.FR_ACT_TO_TBL : U.FR_ACT_UNSPEC });
    this.req = ctx.rtnl.request(cmd, flags, this.frh);
  }

  put(attr: number, prefix: InetPrefix): number {
    if (this.frh.family === U.AF_UNSPEC) this.frh.family = prefix.family;
    this.req.builder.nlaPut(attr, prefix.bytes);
    return prefix.bitlen;
  }
}

type Read = (r: RuleRequest, args: Args, ctx: IpContext) => void;

function u32(attr: number, message: string): Read {
  return (r, args) => r.req.builder.nlaPutU32(attr, getUnsigned(args.next()) ?? args.invarg(message));
}

const tos: Read = (r, args: Args) => {
  r.frh.tos = rtDsfield.a2n(args.next()) ?? args.invarg('TOS value is invalid\n');
};

const fwmark: Read = (r, args: Args) => {
  const [mark, mask] = args.next().split('/') as [string, string | undefined];
  r.req.builder.nlaPutU32(U.FRA_FWMARK, getUnsigned(mark) ?? args.invarg('fwmark value is invalid\n'));
  if (mask !== undefined) r.req.builder.nlaPutU32(U.FRA_FWMASK, getUnsigned(mask) ?? args.invarg('fwmask value is invalid\n'));
};

const table: Read = (r, args: Args) => {
  const id = rtTables.a2n(args.next()) ?? args.invarg('invalid table ID\n');
  r.tableGiven = true;
  if (id < 256) r.frh.table = id;
  else {
    r.frh.table = U.RT_TABLE_UNSPEC;
    r.req.builder.nlaPutU32(U.FRA_TABLE, id);
  }
};

function device(attr: number, message: string): Read {
  return (r, args: Args) => {
    const name = args.next();
    if (name.length >= 16 || name.includes('/')) args.invarg(message);
    r.req.builder.nlaPutString(attr, name);
  };
}

const uidrange: Read = (r, args: Args) => {
  const m = /^(\d+)-(\d+)$/.exec(args.next());
  if (m === null) args.invarg('invalid UID range\n');
  const at = r.req.builder.nlaReserve(U.FRA_UID_RANGE, 8);
  [Number(m[1]), Number(m[2])].forEach((n, i) => {
    for (let b = 0; b < 4; b++) r.req.builder.buf[at + i * 4 + b] = n >>> (8 * b);
  });
};

function ports(attr: number, message: string): Read {
  return (r, args: Args) => {
    const [from, to] = args.next().split('-') as [string, string | undefined];
    const start = getNumber(from, 0, 0xffff) ?? args.invarg(message);
    const end = to === undefined ? start : (getNumber(to, 0, 0xffff) ?? args.invarg(message));
    r.req.builder.nlaPutU32(attr, (start | (end << 16)) >>> 0);
  };
}

const goto: Read = (r, args: Args) => {
  r.frh.action = U.FR_ACT_GOTO;
  r.req.builder.nlaPutU32(U.FRA_GOTO, getUnsigned(args.next()) ?? args.invarg('invalid target\n'));
  r.tableGiven = true;
};

const ipproto: Read = (r, args: Args) => {
  const word = args.next();
  const proto = { icmp: 1, tcp: 6, udp: 17 }[word] ?? getNumber(word, 0, 255) ?? args.invarg('Invalid "ipproto" value\n');
  r.req.builder.nlaPutU8(U.FRA_IP_PROTO, proto);
};

const suppress: Read = (r, args: Args) => {
  const plen = getInteger(args.next());
  if (plen === null || plen < 0) args.invarg('suppress_prefixlength value is invalid\n');
  r.req.builder.nlaPutU32(U.FRA_SUPPRESS_PREFIXLEN, plen);
};

const suppressGroup: Read = (r, args: Args) => {
  r.req.builder.nlaPutU32(U.FRA_SUPPRESS_IFGROUP, groups.a2n(args.next()) ?? args.invarg('Invalid "suppress_ifgroup" value\n'));
};

const l3mdev: Read = (r) => {
  r.req.builder.nlaPutU8(U.FRA_L3MDEV, 1);
  r.tableGiven = true;
};

const WORDS: readonly (readonly [string, Read])[] = [
  ['not*', (r) => void (r.frh.flags |= U.FIB_RULE_INVERT)],
  ['from', (r, args, ctx) => void (r.frh.srcLen = r.put(U.FRA_SRC, getPrefix(args, args.next(), ctx.options.family)))],
  ['to', (r, args, ctx) => void (r.frh.dstLen = r.put(U.FRA_DST, getPrefix(args, args.next(), ctx.options.family)))],
  ['preference*', u32(U.FRA_PRIORITY, 'preference value is invalid\n')],
  ['order*', u32(U.FRA_PRIORITY, 'preference value is invalid\n')],
  ['priority*', u32(U.FRA_PRIORITY, 'preference value is invalid\n')],
  ['tos', tos],
  ['dsfield*', tos],
  ['fwmark', fwmark],
  ['realms*', (r, args) => r.req.builder.nlaPutU32(U.FRA_FLOW, getRealms(args.next()) ?? args.invarg('invalid realms\n'))],
  ['protocol*', (r, args) => r.req.builder.nlaPutU8(U.FRA_PROTOCOL, rtProtos.a2n(args.next()) ?? args.invarg('"protocol" value is invalid\n'))],
  ['table*', table],
  ['lookup', table],
  ['suppress_prefixlength*', suppress],
  ['sup_pl', suppress],
  ['suppress_ifgroup*', suppressGroup],
  ['sup_group', suppressGroup],
  ['dev', device(U.FRA_IIFNAME, '"iif"/"dev" not a valid ifname')],
  ['iif', device(U.FRA_IIFNAME, '"iif"/"dev" not a valid ifname')],
  ['oif', device(U.FRA_OIFNAME, '"oif" not a valid ifname')],
  ['l3mdev', l3mdev],
  ['uidrange', uidrange],
  ['ipproto', ipproto],
  ['sport', ports(U.FRA_SPORT_RANGE, 'invalid port range\n')],
  ['dport', ports(U.FRA_DPORT_RANGE, 'invalid dport range\n')],
];

function action(ctx: IpContext, r: RuleRequest, args: Args): void {
  if (args.is('type')) args.next();
  if (args.abbr('help')) usageRule(ctx);
  if (args.abbr('goto')) return goto(r, args, ctx);
  if (args.abbr('nop')) {
    r.frh.action = U.FR_ACT_NOP;
    r.tableGiven = true;
    return;
  }
  r.frh.action = rtnTypeA2n(args.cur) ?? args.invarg('Failed to parse rule type');
  r.tableGiven = true;
}

function ruleModify(ctx: IpContext, args: Args, cmd: number): number {
  if (args.left === 0) {
    if (cmd === U.RTM_NEWRULE) ctx.stderr('"ip rule add" requires arguments.\n');
    else ctx.stderr('"ip rule del" requires arguments.\n');
    return -1;
  }
  const r = new RuleRequest(ctx, cmd, cmd === U.RTM_NEWRULE ? U.NLM_F_CREATE | U.NLM_F_EXCL : 0);
  for (; args.left > 0; args.skip()) {
    const found = WORDS.find(([word]) => (word.endsWith('*') ? matches(args.cur, word.slice(0, -1)) : args.is(word)));
    if (found !== undefined) found[1](r, args, ctx);
    else action(ctx, r, args);
  }
  if (r.frh.family === U.AF_UNSPEC) r.frh.family = U.AF_INET;
  if (!r.tableGiven && cmd === U.RTM_NEWRULE) r.frh.table = U.RT_TABLE_MAIN;
  return ctx.rtnl.talk(r.req) < 0 ? -2 : 0;
}

function dump(ctx: IpContext, each: (rule: RuleInfo) => void): number {
  const family = ctx.options.family === U.AF_UNSPEC ? U.AF_INET : ctx.options.family;
  const req = ctx.rtnl.request(U.RTM_GETRULE, 0, FibRuleHdr.of({ family }));
  return ctx.rtnl.dump(req, (nlh) => {
    if (nlh.type === U.RTM_NEWRULE) each(new RuleInfo(nlh));
    return 0;
  });
}

/** Whether a listed rule has the priority or table that was asked for. */
function selector(args: Args): (rule: RuleInfo) => boolean {
  let priority: number | null = null;
  let wanted: number | null = null;
  for (; args.left > 0; args.skip()) {
    if (args.abbr('preference', 'order', 'priority')) priority = getUnsigned(args.next()) ?? args.invarg('preference value is invalid\n');
    else if (args.abbr('lookup', 'table')) wanted = rtTables.a2n(args.next()) ?? args.invarg('invalid table ID\n');
    else args.invarg('Failed to parse rule type');
  }
  return (rule) => (priority === null || rule.tb.u32(U.FRA_PRIORITY) === priority) && (wanted === null || rule.table === wanted);
}

function ruleList(ctx: IpContext, args: Args): number {
  const wanted = selector(args);
  ctx.out.newDocument();
  const err = dump(ctx, (rule) => {
    if (wanted(rule)) printRule(ctx, rule);
  });
  ctx.out.deleteDocument();
  if (err >= 0) return 0;
  ctx.stderr('Dump terminated\n');
  return -1;
}

/** Deletes every rule but that of priority 0. */
function ruleFlush(ctx: IpContext): number {
  const batch: Uint8Array[] = [];
  const err = dump(ctx, (rule) => {
    if (rule.tb.has(U.FRA_PRIORITY)) batch.push(deleteMessage(ctx, rule.nlh, U.RTM_DELRULE, U.NLM_F_ACK));
  });
  if (err < 0) {
    ctx.stderr('Flush terminated\n');
    return -1;
  }
  for (const message of batch) ctx.rtnl.sendCheck(message);
  return 0;
}

/** `do_iprule`. */
export function doRule(ctx: IpContext, args: Args): number {
  if (args.left === 0) return ruleList(ctx, args);
  const then = (fn: (rest: Args) => number): number => {
    args.skip();
    return fn(args);
  };
  if (args.abbr('list', 'lst', 'show')) return then((rest) => ruleList(ctx, rest));
  if (args.abbr('add')) return then((rest) => ruleModify(ctx, rest, U.RTM_NEWRULE));
  if (args.abbr('delete')) return then((rest) => ruleModify(ctx, rest, U.RTM_DELRULE));
  if (args.abbr('flush')) return then(() => ruleFlush(ctx));
  if (args.abbr('help')) return usageRule(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip rule help".\n`);
}

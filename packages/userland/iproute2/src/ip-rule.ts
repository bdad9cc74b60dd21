/** `ip rule`. */
import type { Status } from '@skbuff/command';
import { FibRuleHdr } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { type InetPrefix, setLe32 } from '@skbuff/wire';
import { deleteMessage } from './addr-flush.ts';
import { type Args, matches } from './args.ts';
import type { IpContext } from './context.ts';
import { readDump, restoreMessage, RULE_DUMP, saveDump } from './dump-file.ts';
import { getAddr32, getPrefix } from './inet.ts';
import { groups, rtnTypeA2n, rtProtos, rtTables } from './names.ts';
import { getInteger, getUnsigned } from './numbers.ts';
import { getRealms } from './route-realms.ts';
import type { RtnlRequest } from './rtnl.ts';
import { readFwmark, readIfname, readIpproto, readPorts, readPref, readTos, readTunId, readUidRange } from './rule-args.ts';
import { parseRuleFilter } from './rule-filter.ts';
import { printRule, RuleInfo } from './rule-print.ts';
import { usageRule } from './usage.ts';

class RuleRequest {
  readonly frh: FibRuleHdr;
  readonly req: RtnlRequest;
  tableGiven = false;
  table = 0;
  l3mdev = false;

  constructor(ctx: IpContext, cmd: number, flags: number) {
    this.frh = FibRuleHdr.of({ family: ctx.options.family, action: cmd === U.RTM_NEWRULE ? U.FR_ACT_TO_TBL : U.FR_ACT_UNSPEC });
    this.req = ctx.rtnl.request(cmd, flags, this.frh);
  }

  /** The family is that of -family, whatever the address is of. */
  put(attr: number, prefix: InetPrefix): number {
    this.req.builder.nlaPut(attr, prefix.bytes);
    return prefix.bitlen;
  }
}

type Read = (r: RuleRequest, args: Args, ctx: IpContext) => void;

const pref: Read = (r, args) => r.req.builder.nlaPutU32(U.FRA_PRIORITY, readPref(args));

const tos: Read = (r, args) => {
  r.frh.tos = readTos(args);
};

const fwmark: Read = (r, args) => {
  const { mark, mask } = readFwmark(args);
  r.req.builder.nlaPutU32(U.FRA_FWMARK, mark);
  if (mask !== null) r.req.builder.nlaPutU32(U.FRA_FWMASK, mask);
};

const table: Read = (r, args: Args) => {
  const id = rtTables.a2n(args.next()) ?? args.invarg('invalid table ID\n');
  r.tableGiven = true;
  r.table = id;
  if (id < 256) r.frh.table = id;
  else {
    r.frh.table = U.RT_TABLE_UNSPEC;
    r.req.builder.nlaPutU32(U.FRA_TABLE, id);
  }
};

function device(attr: number, side: string): Read {
  return (r, args) => r.req.builder.nlaPutString(attr, readIfname(args, side));
}

const tunId: Read = (r, args) => {
  const id = readTunId(args);
  r.req.builder.nlaPut(U.FRA_TUN_ID, Uint8Array.from({ length: 8 }, (_, i) => Number((id >> BigInt(56 - 8 * i)) & 0xffn)));
};

const uidrange: Read = (r, args) => {
  const { start, end } = readUidRange(args);
  const at = r.req.builder.nlaReserve(U.FRA_UID_RANGE, 8);
  setLe32(r.req.builder.buf, at, start);
  setLe32(r.req.builder.buf, at + 4, end);
};

function ports(attr: number, message: string): Read {
  return (r, args) => {
    const { start, end } = readPorts(args, message);
    r.req.builder.nlaPutU32(attr, (start | (end << 16)) >>> 0);
  };
}

const goto: Read = (r, args: Args) => {
  r.frh.action = U.FR_ACT_GOTO;
  r.req.builder.nlaPutU32(U.FRA_GOTO, getUnsigned(args.next()) ?? args.invarg('invalid target\n'));
  r.tableGiven = true;
};

const ipproto: Read = (r, args, ctx) => r.req.builder.nlaPutU8(U.FRA_IP_PROTO, readIpproto(args, ctx));

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
  r.l3mdev = true;
};

/** A translated address, of IPv4 whatever the rule is about. */
const nat: Read = (r, args, ctx) => {
  args.next();
  ctx.stderr('Warning: route NAT is deprecated\n');
  r.req.builder.nlaPut(U.RTA_GATEWAY, getAddr32(args, args.cur));
  r.frh.action = U.RTN_NAT;
};

const WORDS: readonly (readonly [string, Read])[] = [
  ['not', (r) => void (r.frh.flags |= U.FIB_RULE_INVERT)],
  ['from', (r, args, ctx) => void (r.frh.srcLen = r.put(U.FRA_SRC, getPrefix(args, args.next(), ctx.options.family)))],
  ['to', (r, args, ctx) => void (r.frh.dstLen = r.put(U.FRA_DST, getPrefix(args, args.next(), ctx.options.family)))],
  ['preference*', pref],
  ['order*', pref],
  ['priority*', pref],
  ['tos', tos],
  ['dsfield*', tos],
  ['fwmark', fwmark],
  ['realms*', (r, args) => r.req.builder.nlaPutU32(U.FRA_FLOW, getRealms(args.next()) ?? args.invarg('invalid realms\n'))],
  ['protocol*', (r, args) => r.req.builder.nlaPutU8(U.FRA_PROTOCOL, rtProtos.a2n(args.next()) ?? args.invarg('"protocol" value is invalid\n'))],
  ['tun_id*', tunId],
  ['table*', table],
  ['lookup', table],
  ['suppress_prefixlength*', suppress],
  ['sup_pl', suppress],
  ['suppress_ifgroup*', suppressGroup],
  ['sup_group', suppressGroup],
  ['dev', device(U.FRA_IIFNAME, '"iif"/"dev"')],
  ['iif', device(U.FRA_IIFNAME, '"iif"/"dev"')],
  ['oif', device(U.FRA_OIFNAME, '"oif"')],
  ['l3mdev', l3mdev],
  ['uidrange', uidrange],
  ['nat', nat],
  ['map-to*', nat],
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
  if (r.l3mdev && r.table !== 0) {
    ctx.stderr('table can not be specified for l3mdev rules\n');
    return -U.EINVAL;
  }
  if (r.frh.family === U.AF_UNSPEC) r.frh.family = U.AF_INET;
  if (!r.tableGiven && cmd === U.RTM_NEWRULE) r.frh.table = U.RT_TABLE_MAIN;
  return ctx.modify(r.req, (nlh) => printRule(ctx, new RuleInfo(nlh)));
}

function dump(ctx: IpContext, each: (rule: RuleInfo) => void): number {
  const family = ctx.options.family === U.AF_UNSPEC ? U.AF_INET : ctx.options.family;
  const req = ctx.rtnl.request(U.RTM_GETRULE, 0, FibRuleHdr.of({ family }));
  return ctx.rtnl.dump(req, (nlh) => {
    if (nlh.type === U.RTM_NEWRULE) each(new RuleInfo(nlh));
    return 0;
  });
}

function ruleList(ctx: IpContext, args: Args): number {
  const { wanted } = parseRuleFilter(ctx, args);
  ctx.out.newDocument();
  const err = dump(ctx, (rule) => {
    if (wanted(rule)) printRule(ctx, rule);
  });
  ctx.out.deleteDocument();
  return err >= 0 ? 0 : terminated(ctx);
}

/** Deletes the rules that are selected, but none of priority 0. */
function ruleFlush(ctx: IpContext, args: Args): number {
  const { wanted, protocol } = parseRuleFilter(ctx, args);
  ctx.out.newDocument();
  const batch: Uint8Array[] = [];
  const err = dump(ctx, (rule) => {
    if (!rule.tb.has(U.FRA_PRIORITY) || !wanted(rule)) return;
    if (protocol === null || rule.tb.u8(U.FRA_PROTOCOL) === protocol) batch.push(deleteMessage(ctx, rule.nlh, U.RTM_DELRULE, U.NLM_F_ACK));
  });
  ctx.out.deleteDocument();
  if (err < 0) return terminated(ctx);
  for (const message of batch) ctx.rtnl.sendCheck(message);
  return 0;
}

function ruleSave(ctx: IpContext, args: Args): number {
  if (args.left > 0) {
    ctx.stderr('"ip rule save" does not take any arguments.\n');
    return -1;
  }
  const err = saveDump(ctx, RULE_DUMP, (each) => dump(ctx, (rule) => each(rule.nlh)));
  return err >= 0 ? 0 : err === -1 ? -1 : terminated(ctx);
}

function ruleRestore(ctx: IpContext): Status {
  return readDump(ctx, RULE_DUMP, (messages) => {
    for (const nlh of messages) if (restoreMessage(ctx, nlh) < 0) return -2;
    return 0;
  });
}

/** 1 becomes exit status 255. */
function terminated(ctx: IpContext): number {
  ctx.stderr('Dump terminated\n');
  return 1;
}

/** `do_multirule`: the rules by which a table of multicast routes is chosen. */
export function doMrule(ctx: IpContext, args: Args): Status {
  const { options } = ctx;
  if (options.family === U.AF_INET6) options.family = U.RTNL_FAMILY_IP6MR;
  else if (options.family === U.AF_INET || options.family === U.AF_UNSPEC) options.family = U.RTNL_FAMILY_IPMR;
  else return ctx.die(-1, `Multicast rules are only supported for IPv4/IPv6, was: ${options.family}\n`);
  return doRule(ctx, args);
}

/** `do_iprule`. */
export function doRule(ctx: IpContext, args: Args): Status {
  if (args.left === 0) return ruleList(ctx, args);
  const then = (fn: (rest: Args) => number): number => {
    args.skip();
    return fn(args);
  };
  if (args.abbr('list', 'lst', 'show')) return then((rest) => ruleList(ctx, rest));
  if (args.abbr('add')) return then((rest) => ruleModify(ctx, rest, U.RTM_NEWRULE));
  if (args.abbr('delete')) return then((rest) => ruleModify(ctx, rest, U.RTM_DELRULE));
  if (args.abbr('flush')) return then((rest) => ruleFlush(ctx, rest));
  if (args.abbr('save')) return then((rest) => ruleSave(ctx, rest));
  if (args.abbr('restore')) return ruleRestore(ctx);
  if (args.abbr('help')) return usageRule(ctx);
  return ctx.die(-1, `Command "${args.cur}" is unknown, try "ip rule help".\n`);
}

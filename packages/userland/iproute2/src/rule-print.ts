/** A policy rule as text (`print_rule`). */
import { FibRuleHdr, NlAttrs, type NlMsgHdr } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { afBitLen, le32 } from '@skbuff/wire';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';
import { addrN2a, paintOf } from './inet.ts';
import { inetProtoN2a } from './inet-proto.ts';
import { groups, rtDsfield, rtProtos, rtTables, rtTypes } from './names.ts';

export class RuleInfo {
  readonly nlh: NlMsgHdr;
  readonly frh: FibRuleHdr;
  readonly tb: NlAttrs;

  constructor(nlh: NlMsgHdr) {
    this.nlh = nlh;
    this.frh = new FibRuleHdr().read(nlh.buf, nlh.data);
    this.tb = parseAttrs(new NlAttrs(U.FRA_MAX), nlh, FibRuleHdr.LEN);
  }

  /** FRA_TUN_ID, 0 without one. */
  get tunId(): bigint {
    return [...(this.tb.bytes(U.FRA_TUN_ID) ?? [])].reduce((id, byte) => (id << 8n) | BigInt(byte), 0n);
  }

  get uidRange(): { readonly start: number; readonly end: number } | null {
    const bytes = this.tb.bytes(U.FRA_UID_RANGE);
    return bytes === null ? null : { start: le32(bytes, 0), end: le32(bytes, 4) };
  }

  get table(): number {
    return this.tb.has(U.FRA_TABLE) ? this.tb.u32(U.FRA_TABLE) : this.frh.table;
  }
}

function printPrefix(ctx: IpContext, { frh, tb }: RuleInfo, attr: number, len: number, word: string, key: string): void {
  const { out } = ctx;
  const bytes = tb.bytes(attr);
  if (bytes !== null) {
    out.any(key, addrN2a(frh.family, bytes), `${word} ${out.paint(paintOf(frh.family), addrN2a(frh.family, bytes))}`);
    if (len !== afBitLen(frh.family)) out.any(`${key}len`, len, `/${len}`);
  } else if (len > 0) {
    out.any(key, '0', `${word} 0`);
    out.any(`${key}len`, len, `/${len}`);
  } else if (attr === U.FRA_SRC) out.any(key, 'all', `${word} all`);
}

/** As printf(3) writes it with %#x: zero has no prefix. */
function hex(n: number): string {
  return n === 0 ? '0' : `0x${n.toString(16)}`;
}

function printMark(ctx: IpContext, tb: NlAttrs): void {
  if (!tb.has(U.FRA_FWMARK) && !tb.has(U.FRA_FWMASK)) return;
  const mark = hex(tb.u32(U.FRA_FWMARK));
  const mask = tb.u32(U.FRA_FWMASK);
  ctx.out.any('fwmark', mark, ` fwmark ${mark}`);
  if (tb.has(U.FRA_FWMASK) && mask !== 0xffff_ffff) ctx.out.any('fwmask', hex(mask), `/${hex(mask)}`);
}

function printDevice(ctx: IpContext, { frh, tb }: RuleInfo, attr: number, word: string, detached: number): void {
  if (!tb.has(attr)) return;
  ctx.out.any(word, tb.string(attr), ` ${word} ${ctx.out.paint('ifname', tb.string(attr))}`);
  if ((frh.flags & detached) !== 0) ctx.out.any(`${word}_detached`, null, ' [detached]');
}

function printPorts(ctx: IpContext, tb: NlAttrs, attr: number, word: string): void {
  const bytes = tb.bytes(attr);
  if (bytes === null) return;
  const start = bytes[0] | (bytes[1] << 8);
  const end = bytes[2] | (bytes[3] << 8);
  if (start === end) ctx.out.any(word, start, ` ${word} ${start}`);
  else {
    ctx.out.any(`${word}_start`, start, ` ${word} ${start}`);
    ctx.out.any(`${word}_end`, end, `-${end}`);
  }
}

function printSelectors(ctx: IpContext, rule: RuleInfo): void {
  const { out, options } = ctx;
  const { frh, tb } = rule;
  printPrefix(ctx, rule, U.FRA_SRC, frh.srcLen, 'from', 'src');
  printPrefix(ctx, rule, U.FRA_DST, frh.dstLen, ' to', 'dst');
  if (frh.tos !== 0) out.any('tos', rtDsfield.n2a(frh.tos, options.numeric), ` tos ${rtDsfield.n2a(frh.tos, options.numeric)}`);
  printMark(ctx, tb);
  printDevice(ctx, rule, U.FRA_IIFNAME, 'iif', U.FIB_RULE_IIF_DETACHED);
  printDevice(ctx, rule, U.FRA_OIFNAME, 'oif', U.FIB_RULE_OIF_DETACHED);
  if (tb.u8(U.FRA_L3MDEV) !== 0) out.any('l3mdev', null, ' lookup [l3mdev-table]');
  const { uidRange, tunId } = rule;
  if (uidRange !== null) {
    out.any('uid_start', uidRange.start, ` uidrange ${uidRange.start}`);
    out.any('uid_end', uidRange.end, `-${uidRange.end}`);
  }
  if (tb.has(U.FRA_IP_PROTO)) {
    const number = tb.u8(U.FRA_IP_PROTO);
    const proto = inetProtoN2a(ctx, number);
    out.any('ipproto', proto, ` ipproto ${proto}`);
  }
  printPorts(ctx, tb, U.FRA_SPORT_RANGE, 'sport');
  printPorts(ctx, tb, U.FRA_DPORT_RANGE, 'dport');
  if (tunId !== 0n) out.any('tun_id', tunId, ` tun_id ${tunId}`);
}

function printLookup(ctx: IpContext, table: number, tb: NlAttrs): void {
  const { out, options } = ctx;
  if (table === 0) return;
  const name = rtTables.n2a(table, options.numeric);
  out.any('table', name, ` lookup ${name}`);
  const plen = tb.s32(U.FRA_SUPPRESS_PREFIXLEN, -1);
  if (plen !== -1) out.any('suppress_prefixlen', plen, ` suppress_prefixlength ${plen}`);
  const group = tb.s32(U.FRA_SUPPRESS_IFGROUP, -1);
  if (group !== -1) out.any('suppress_ifgroup', groups.n2a(group, options.numeric), ` suppress_ifgroup ${groups.n2a(group, options.numeric)}`);
}

function printAction(ctx: IpContext, { frh, tb }: RuleInfo): void {
  const { out } = ctx;
  if (frh.action === U.FR_ACT_GOTO) {
    const target = tb.has(U.FRA_GOTO) ? `${tb.u32(U.FRA_GOTO)}` : 'none';
    out.any('goto', target === 'none' ? target : Number(target), ` goto ${target}`);
    if ((frh.flags & U.FIB_RULE_UNRESOLVED) !== 0) out.any('unresolved', null, ' [unresolved]');
  } else if (frh.action === U.FR_ACT_NOP) out.any('nop', null, ' nop');
  else if (frh.action === U.RTN_NAT) out.any('masquerade', null, ' masquerade');
  else if (frh.action !== U.FR_ACT_TO_TBL) {
    const name = rtTypes.n2a(frh.action, ctx.options.numeric);
    out.any('action', name, ` ${name}`);
  }
}

export function printRule(ctx: IpContext, rule: RuleInfo): void {
  const { out, options } = ctx;
  const { frh, tb } = rule;
  out.openObject();
  if (rule.nlh.type === U.RTM_DELRULE) out.any('deleted', true, 'Deleted ');
  out.any('priority', tb.u32(U.FRA_PRIORITY), `${tb.u32(U.FRA_PRIORITY)}:\t`);
  if ((frh.flags & U.FIB_RULE_INVERT) !== 0) out.any('not', null, 'not ');
  printSelectors(ctx, rule);
  printLookup(ctx, rule.table, tb);
  if (tb.has(U.FRA_FLOW)) {
    const flow = tb.u32(U.FRA_FLOW);
    const from = flow >>> 16;
    if (from !== 0) out.any('flow_from', `${from}`, ` realms ${from}/`);
    out.any('flow_to', `${flow & 0xffff}`, `${from !== 0 ? '' : ' realms '}${flow & 0xffff}`);
  }
  printAction(ctx, rule);
  if (tb.has(U.FRA_PROTOCOL)) {
    const protocol = tb.u8(U.FRA_PROTOCOL);
    if ((protocol !== 0 && protocol !== U.RTPROT_KERNEL) || options.details > 0) {
      out.any('protocol', rtProtos.n2a(protocol, options.numeric), ` proto ${rtProtos.n2a(protocol, options.numeric)}`);
    }
  }
  out.text('\n');
  out.closeObject();
}

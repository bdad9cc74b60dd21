/** A link as text: `ip link show`, and the first lines of each entry of `ip address show`. */
import { IfInfoMsg, NlAttrs, type NlMsgHdr, nlaForEachNested, nlaGetString } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { AF_PACKET, AF_UNSPEC } from '@skbuff/uapi';
import { parseAttrs, parseNested } from './attrs.ts';
import type { IpContext } from './context.ts';
import { addrN2a, llAddrN2a } from './inet.ts';
import { type AddrFilter, linkMatches } from './link-filter.ts';
import { printLinkDetails } from './link-details.ts';
import { printLinkStats } from './link-stats.ts';
import { groups, LINK_MODES, llTypeN2a, OPER_STATES } from './names.ts';
import type { Paint } from './printer.ts';
import { nsidName } from './netns-id.ts';

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [U.IFF_LOOPBACK, 'LOOPBACK'],
  [U.IFF_BROADCAST, 'BROADCAST'],
  [U.IFF_POINTOPOINT, 'POINTOPOINT'],
  [U.IFF_MULTICAST, 'MULTICAST'],
  [U.IFF_NOARP, 'NOARP'],
  [U.IFF_ALLMULTI, 'ALLMULTI'],
  [U.IFF_PROMISC, 'PROMISC'],
  [U.IFF_MASTER, 'MASTER'],
  [U.IFF_SLAVE, 'SLAVE'],
  [U.IFF_DEBUG, 'DEBUG'],
  [U.IFF_DYNAMIC, 'DYNAMIC'],
  [U.IFF_AUTOMEDIA, 'AUTOMEDIA'],
  [U.IFF_PORTSEL, 'PORTSEL'],
  [U.IFF_NOTRAILERS, 'NOTRAILERS'],
  [U.IFF_UP, 'UP'],
  [U.IFF_LOWER_UP, 'LOWER_UP'],
  [U.IFF_DORMANT, 'DORMANT'],
  [U.IFF_ECHO, 'ECHO'],
];

/** `print_link_flags`. */
export function printLinkFlags(ctx: IpContext, flags: number, masterDown: boolean): void {
  const { out } = ctx;
  const words: string[] = [];
  if ((flags & U.IFF_UP) !== 0 && (flags & U.IFF_RUNNING) === 0) words.push('NO-CARRIER');
  let rest = flags & ~U.IFF_RUNNING;
  for (const [bit, name] of FLAG_NAMES) {
    if ((rest & bit) === 0) continue;
    rest &= ~bit;
    words.push(name);
  }
  if (rest !== 0) words.push((rest >>> 0).toString(16));
  if (masterDown) words.push('M-DOWN');
  out.openArray('flags', '<');
  words.forEach((word, i) => out.any(null, word, i === 0 ? word : `,${word}`));
  out.closeArray('> ');
}

/** `print_name_and_link`: name and lower device. Whether that one is down. */
function printName(ctx: IpContext, name: string, tb: NlAttrs, ending: (text: string) => string): boolean {
  const { out } = ctx;
  let shown = name;
  let down = false;
  if (tb.has(U.IFLA_LINK)) {
    const index = tb.s32(U.IFLA_LINK);
    if (index === 0) {
      out.json('link', null);
      shown += '@NONE';
    } else if (tb.has(U.IFLA_LINK_NETNSID)) {
      out.json('link_index', index);
      shown += `@if${index}`;
    } else {
      const link = ctx.links.indexToName(index);
      out.json('link', link);
      shown += `@${link}`;
      const flags = ctx.links.knownFlags(index);
      down = flags !== null && (flags & U.IFF_UP) === 0;
    }
  }
  out.any('ifname', name, out.paint('ifname', ending(shown)));
  return down;
}

function statePaint(tb: NlAttrs): Paint | null {
  const state = operState(tb);
  return state === 'UP' ? 'up' : state === 'DOWN' ? 'down' : null;
}

function operState(tb: NlAttrs): string {
  const state = tb.u8(U.IFLA_OPERSTATE);
  return OPER_STATES[state] ?? `${state}`;
}

/** What both forms begin with. Null when the link is not wanted. */
function wanted(ctx: IpContext, nlh: NlMsgHdr, f: AddrFilter): { ifi: IfInfoMsg; tb: NlAttrs; name: string } | null {
  if (nlh.type !== U.RTM_NEWLINK && nlh.type !== U.RTM_DELLINK) return null;
  const ifi = new IfInfoMsg().read(nlh.buf, nlh.data);
  const tb = parseAttrs(new NlAttrs(U.IFLA_MAX), nlh, IfInfoMsg.LEN);
  const name = tb.has(U.IFLA_IFNAME) ? tb.string(U.IFLA_IFNAME) : ctx.links.indexToName(ifi.index);
  if (!linkMatches(f, ifi, tb)) return null;
  if (nlh.type === U.RTM_DELLINK) ctx.out.any('deleted', true, 'Deleted ');
  return { ifi, tb, name };
}

/** `print_linkinfo_brief`. False when the link is not wanted; of one chosen by its addresses' labels nothing is shown. */
export function printLinkBrief(ctx: IpContext, nlh: NlMsgHdr, f: AddrFilter): boolean {
  const found = wanted(ctx, nlh, f);
  if (found === null) return false;
  if (f.label !== null) return true;
  const { ifi, tb, name } = found;
  const { out } = ctx;
  const down = printName(ctx, name, tb, (text) => `${text.padEnd(16)} `);
  if (tb.has(U.IFLA_OPERSTATE)) out.any('operstate', operState(tb), out.paint(statePaint(tb), `${operState(tb).padEnd(14)} `));
  if (f.family !== AF_PACKET) return true;
  const address = tb.bytes(U.IFLA_ADDRESS);
  if (address !== null) out.any('address', linkAddr(address, ifi.type), out.paint('mac', `${linkAddr(address, ifi.type)} `));
  printLinkFlags(ctx, ifi.flags, down);
  out.text('\n');
  return true;
}

/** `print_linkinfo`. False when the link is not wanted; of one chosen by its addresses' labels nothing is shown. */
export function printLink(ctx: IpContext, nlh: NlMsgHdr, f: AddrFilter, doLink: boolean): boolean {
  const found = wanted(ctx, nlh, f);
  if (found === null) return false;
  if (f.label !== null) return true;
  const { ifi, tb, name } = found;
  const { out, options } = ctx;
  out.any('ifindex', ifi.index, `${ifi.index}: `);
  const down = printName(ctx, name, tb, (text) => `${text}: `);
  printLinkFlags(ctx, ifi.flags, down);
  printFirstLine(ctx, ifi.index, tb, f, doLink);
  if (f.family === AF_UNSPEC || f.family === AF_PACKET || options.details > 0) printAddresses(ctx, ifi, tb);
  printNetns(ctx, tb);
  printProtoDown(ctx, tb);
  if (options.details > 0) printLinkDetails(ctx, tb, doLink);
  if (doLink || options.details > 0) printAlias(ctx, tb);
  printAltNames(ctx, tb);
  if (doLink && options.stats > 0) {
    out.nl();
    printLinkStats(ctx, tb);
  }
  out.text('\n');
  return true;
}

function printFirstLine(ctx: IpContext, index: number, tb: NlAttrs, f: AddrFilter, doLink: boolean): void {
  const { out } = ctx;
  if (tb.has(U.IFLA_MTU)) out.any('mtu', tb.u32(U.IFLA_MTU), `mtu ${tb.u32(U.IFLA_MTU)} `);
  if (tb.has(U.IFLA_QDISC)) out.any('qdisc', tb.string(U.IFLA_QDISC), `qdisc ${tb.string(U.IFLA_QDISC)} `);
  if (tb.has(U.IFLA_MASTER)) {
    const master = ctx.links.indexToName(tb.s32(U.IFLA_MASTER));
    out.any('master', master, `master ${master} `);
  }
  if (tb.has(U.IFLA_OPERSTATE)) {
    out.text('state ');
    out.any('operstate', operState(tb), out.paint(statePaint(tb), `${operState(tb)} `));
  }
  if (doLink && tb.has(U.IFLA_LINKMODE)) {
    const mode = tb.u8(U.IFLA_LINKMODE);
    const name = LINK_MODES[mode] ?? `${mode}`;
    out.any('linkmode', name, `mode ${name} `);
  }
  if (tb.has(U.IFLA_GROUP)) {
    const group = groups.n2a(tb.s32(U.IFLA_GROUP), ctx.options.numeric);
    out.any('group', group, `group ${group} `);
  }
  if (!f.showQueue) return;
  const qlen = tb.has(U.IFLA_TXQLEN) ? tb.s32(U.IFLA_TXQLEN) : ctx.links.txQueueLength(index);
  if (qlen !== 0) out.any('txqlen', qlen, `qlen ${qlen}`);
}

/** A hardware address; that of a tunnel is an IPv4 or IPv6 address. */
function linkAddr(bytes: Uint8Array, type: number): string {
  if (bytes.length === 4 && [U.ARPHRD_TUNNEL, U.ARPHRD_SIT, U.ARPHRD_IPGRE].includes(type)) return addrN2a(U.AF_INET, bytes);
  if (bytes.length === 16 && [U.ARPHRD_TUNNEL6, U.ARPHRD_IP6GRE].includes(type)) return addrN2a(U.AF_INET6, bytes);
  return llAddrN2a(bytes);
}

function printAddresses(ctx: IpContext, ifi: IfInfoMsg, tb: NlAttrs): void {
  const { out } = ctx;
  out.nl();
  const type = ctx.options.numeric ? `[${ifi.type}]` : llTypeN2a(ifi.type);
  out.any('link_type', type, `    link/${type} `);
  const address = tb.bytes(U.IFLA_ADDRESS);
  if (address !== null) out.any('address', linkAddr(address, ifi.type), out.paint('mac', linkAddr(address, ifi.type)));
  const broadcast = tb.bytes(U.IFLA_BROADCAST);
  if (broadcast !== null) {
    const peer = (ifi.flags & U.IFF_POINTOPOINT) !== 0;
    out.text(peer ? ' peer ' : ' brd ');
    if (peer) out.json('link_pointtopoint', true);
    out.any('broadcast', linkAddr(broadcast, ifi.type), out.paint('mac', linkAddr(broadcast, ifi.type)));
  }
  const permanent = tb.bytes(U.IFLA_PERM_ADDRESS);
  if (permanent !== null && (address === null || llAddrN2a(permanent) !== llAddrN2a(address))) {
    out.any('permaddr', linkAddr(permanent, ifi.type), ` permaddr ${linkAddr(permanent, ifi.type)}`);
  }
}

function printNetns(ctx: IpContext, tb: NlAttrs): void {
  const { out } = ctx;
  if (tb.has(U.IFLA_LINK_NETNSID)) {
    const id = tb.s32(U.IFLA_LINK_NETNSID);
    const name = id >= 0 && !out.isJson ? nsidName(ctx, id) : null;
    if (id < 0) out.any('link_netnsid', id, ' link-netnsid unknown');
    else out.any('link_netnsid', id, name === null ? ` link-netnsid ${id}` : ` link-netns ${name}`);
  }
  if (tb.has(U.IFLA_NEW_NETNSID)) {
    const id = tb.s32(U.IFLA_NEW_NETNSID);
    const name = id >= 0 && !out.isJson ? nsidName(ctx, id) : null;
    if (id < 0) out.any('new_netnsid', id, ' new-netnsid unknown');
    else out.any('new_netnsid', id, name === null ? ` new-netnsid ${id}` : ` new-netns ${name}`);
  }
  if (tb.has(U.IFLA_NEW_IFINDEX)) out.any('new_ifindex', tb.s32(U.IFLA_NEW_IFINDEX), ` new-ifindex ${tb.s32(U.IFLA_NEW_IFINDEX)}`);
}

/** Why protodown is on: bits without names are shown by their number. */
function printProtoDown(ctx: IpContext, tb: NlAttrs): void {
  const { out } = ctx;
  if (tb.u8(U.IFLA_PROTO_DOWN) !== 0) out.any('proto_down', true, ' protodown on ');
  const at = tb.at(U.IFLA_PROTO_DOWN_REASON);
  if (at < 0) return;
  const reason = parseNested(new NlAttrs(U.IFLA_PROTO_DOWN_REASON_MAX), tb.buf, at);
  const value = reason.u32(U.IFLA_PROTO_DOWN_REASON_VALUE);
  if (value === 0) return;
  out.openArray('proto_down_reason', 'protodown_reason <');
  let first = true;
  for (let bit = 0; bit < 32; bit++) {
    if (((value >>> bit) & 1) === 0) continue;
    out.any(null, `${bit}`, `${first ? '' : ','}${bit}`);
    first = false;
  }
  out.closeArray('>');
}

function printAlias({ out }: IpContext, tb: NlAttrs): void {
  if (!tb.has(U.IFLA_IFALIAS)) return;
  out.nl();
  out.any('ifalias', tb.string(U.IFLA_IFALIAS), `    alias ${tb.string(U.IFLA_IFALIAS)}`);
}

function printAltNames({ out }: IpContext, tb: NlAttrs): void {
  if (!tb.has(U.IFLA_PROP_LIST)) return;
  const names = altNames(tb);
  out.openArray('altnames');
  for (const name of names) {
    out.nl();
    out.any(null, name, `    altname ${name}`);
  }
  out.closeArray();
}

function altNames(tb: NlAttrs): string[] {
  const names: string[] = [];
  nlaForEachNested(tb.buf, tb.at(U.IFLA_PROP_LIST), (attr, type) => {
    if (type === U.IFLA_ALT_IFNAME) names.push(nlaGetString(tb.buf, attr));
    return 0;
  });
  return names;
}

/** What `ip -details` adds to a link. */
import { NlAttrs } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { nestedAttr, parseNested } from './attrs.ts';
import type { IpContext } from './context.ts';
import { linkKind } from './link-kind.ts';
import { linkKinds } from './link-kinds.ts';

const GEN_MODES: readonly string[] = ['eui64', 'none', 'stable_secret', 'random'];

/** Numbers behind the kind of link: attribute, word, JSON key if that is another. */
const LIMITS: readonly (readonly [number, string, string?])[] = [
  [U.IFLA_NUM_TX_QUEUES, 'numtxqueues', 'num_tx_queues'],
  [U.IFLA_NUM_RX_QUEUES, 'numrxqueues', 'num_rx_queues'],
  [U.IFLA_GSO_MAX_SIZE, 'gso_max_size'],
  [U.IFLA_GSO_MAX_SEGS, 'gso_max_segs'],
  [U.IFLA_TSO_MAX_SIZE, 'tso_max_size'],
  [U.IFLA_TSO_MAX_SEGS, 'tso_max_segs'],
  [U.IFLA_GRO_MAX_SIZE, 'gro_max_size'],
];

export function printLinkDetails(ctx: IpContext, tb: NlAttrs, doLink: boolean): void {
  const { out } = ctx;
  const number = (type: number, key: string, before = '', json = key): void => {
    if (tb.has(type)) out.any(json, tb.u32(type), `${before}${key} ${tb.u32(type)} `);
  };
  number(U.IFLA_PROMISCUITY, 'promiscuity', ' ');
  number(U.IFLA_ALLMULTI, 'allmulti', ' ');
  number(U.IFLA_MIN_MTU, 'minmtu', '', 'min_mtu');
  number(U.IFLA_MAX_MTU, 'maxmtu', '', 'max_mtu');
  printKind(ctx, tb);
  if (doLink) printAfSpec(ctx, tb);
  for (const [type, key, json] of LIMITS) number(type, key, '', json ?? key);
  if (tb.has(U.IFLA_PHYS_PORT_NAME)) out.any('phys_port_name', tb.string(U.IFLA_PHYS_PORT_NAME), `portname ${tb.string(U.IFLA_PHYS_PORT_NAME)} `);
  if (tb.has(U.IFLA_PARENT_DEV_BUS_NAME)) out.any('parentbus', tb.string(U.IFLA_PARENT_DEV_BUS_NAME), `parentbus ${tb.string(U.IFLA_PARENT_DEV_BUS_NAME)} `);
  if (tb.has(U.IFLA_PARENT_DEV_NAME)) out.any('parentdev', tb.string(U.IFLA_PARENT_DEV_NAME), `parentdev ${tb.string(U.IFLA_PARENT_DEV_NAME)} `);
}

/** `print_linktype`. */
function printKind(ctx: IpContext, tb: NlAttrs): void {
  const { out } = ctx;
  if (!tb.has(U.IFLA_LINKINFO)) return;
  const kind = linkKind(tb);
  const slave = linkKind(tb, U.IFLA_INFO_SLAVE_KIND);
  out.openObject('linkinfo');
  if (kind !== null) {
    out.nl();
    out.any('info_kind', kind, `    ${kind} `);
    const print = linkKinds.get(kind)?.print;
    const data = nestedAttr(tb.buf, tb.at(U.IFLA_LINKINFO), U.IFLA_INFO_DATA);
    if (print !== undefined) {
      out.openObject('info_data');
      if (data >= 0) print(ctx, tb.buf, data);
      out.closeObject();
    }
  }
  if (slave !== null) {
    out.nl();
    out.any('info_slave_kind', slave, `    ${slave}_slave `);
  }
  out.closeObject();
}

/** IPv6's way to make addresses. */
function printAfSpec(ctx: IpContext, tb: NlAttrs): void {
  const { out } = ctx;
  const inet6 = tb.has(U.IFLA_AF_SPEC) ? nestedAttr(tb.buf, tb.at(U.IFLA_AF_SPEC), U.AF_INET6) : -1;
  if (inet6 < 0) return;
  const af = parseNested(new NlAttrs(U.IFLA_INET6_MAX), tb.buf, inet6);
  if (!af.has(U.IFLA_INET6_ADDR_GEN_MODE)) return;
  const mode = af.u8(U.IFLA_INET6_ADDR_GEN_MODE);
  const name = GEN_MODES[mode];
  if (name !== undefined) out.any('inet6_addr_gen_mode', name, `addrgenmode ${name} `);
  else out.any('inet6_addr_gen_mode', `0x${mode.toString(16)}`, `addrgenmode 0x${mode.toString(16)} `);
}


/** `ip link add … type bridge …`, and `ip link set … type bridge_slave …`. */
import * as U from '@skbuff/uapi';
import { setLe32 } from '@skbuff/wire';
import { llAddrA2n } from './inet.ts';
import { BRIDGE_HELP, BRIDGE_SLAVE_HELP } from './link-help.ts';
import type { LinkKind } from './link-kinds.ts';
import { numberOption, onOffOption, optionKind, type ReadOption, u64Option, vlanProtocolOption } from './link-options.ts';
import { getU8 } from './numbers.ts';

const groupAddress: ReadOption = ({ ctx, builder }, args) => {
  const bytes = llAddrA2n(args.next(), ctx.stderr);
  if (bytes !== null) builder.nlaPut(U.IFLA_BR_GROUP_ADDR, bytes);
  return bytes !== null;
};

/** One of the settings that are told together (`struct br_boolopt_multi`). */
function boolOption(bit: number, key: string): ReadOption {
  return (o, args) => o.bit(1 << bit, (getU8(args.next()) ?? args.invarg(`invalid ${key}`)) !== 0);
}

export const bridgeKind: LinkKind = optionKind({
  name: 'bridge',
  help: BRIDGE_HELP,
  what: 'command',
  options: [
    ['forward_delay', numberOption(32, U.IFLA_BR_FORWARD_DELAY, 'forward_delay')],
    ['hello_time', numberOption(32, U.IFLA_BR_HELLO_TIME, 'hello_time')],
    ['max_age', numberOption(32, U.IFLA_BR_MAX_AGE, 'max_age')],
    ['ageing_time', numberOption(32, U.IFLA_BR_AGEING_TIME, 'ageing_time')],
    ['stp_state', numberOption(32, U.IFLA_BR_STP_STATE, 'stp_state')],
    ['priority', numberOption(16, U.IFLA_BR_PRIORITY, 'priority')],
    ['vlan_filtering', numberOption(8, U.IFLA_BR_VLAN_FILTERING, 'vlan_filtering')],
    ['vlan_protocol', vlanProtocolOption(U.IFLA_BR_VLAN_PROTOCOL, 'invalid vlan_protocol')],
    ['group_fwd_mask', numberOption(16, U.IFLA_BR_GROUP_FWD_MASK, 'group_fwd_mask')],
    ['group_address', groupAddress],
    ['fdb_flush', ({ builder }) => builder.nlaPutFlag(U.IFLA_BR_FDB_FLUSH)],
    ['vlan_default_pvid', numberOption(16, U.IFLA_BR_VLAN_DEFAULT_PVID, 'vlan_default_pvid')],
    ['vlan_stats_enabled', numberOption(8, U.IFLA_BR_VLAN_STATS_ENABLED, 'vlan_stats_enabled')],
    ['vlan_stats_per_port', numberOption(8, U.IFLA_BR_VLAN_STATS_PER_PORT, 'vlan_stats_per_port')],
    ['mcast_router', numberOption(8, U.IFLA_BR_MCAST_ROUTER, 'mcast_router')],
    ['mcast_snooping', numberOption(8, U.IFLA_BR_MCAST_SNOOPING, 'mcast_snooping')],
    ['mcast_vlan_snooping', boolOption(1, 'mcast_vlan_snooping')],
    ['mcast_query_use_ifaddr', numberOption(8, U.IFLA_BR_MCAST_QUERY_USE_IFADDR, 'mcast_query_use_ifaddr')],
    ['mcast_querier', numberOption(8, U.IFLA_BR_MCAST_QUERIER, 'mcast_querier')],
    ['mcast_hash_elasticity', numberOption(32, U.IFLA_BR_MCAST_HASH_ELASTICITY, 'mcast_hash_elasticity')],
    ['mcast_hash_max', numberOption(32, U.IFLA_BR_MCAST_HASH_MAX, 'mcast_hash_max')],
    ['mcast_last_member_count', numberOption(32, U.IFLA_BR_MCAST_LAST_MEMBER_CNT, 'mcast_last_member_count')],
    ['mcast_startup_query_count', numberOption(32, U.IFLA_BR_MCAST_STARTUP_QUERY_CNT, 'mcast_startup_query_count')],
    ['mcast_last_member_interval', u64Option(U.IFLA_BR_MCAST_LAST_MEMBER_INTVL, 'mcast_last_member_interval')],
    ['mcast_membership_interval', u64Option(U.IFLA_BR_MCAST_MEMBERSHIP_INTVL, 'mcast_membership_interval')],
    ['mcast_querier_interval', u64Option(U.IFLA_BR_MCAST_QUERIER_INTVL, 'mcast_querier_interval')],
    ['mcast_query_interval', u64Option(U.IFLA_BR_MCAST_QUERY_INTVL, 'mcast_query_interval')],
    ['mcast_query_response_interval', u64Option(U.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, 'mcast_query_response_interval')],
    ['mcast_startup_query_interval', u64Option(U.IFLA_BR_MCAST_STARTUP_QUERY_INTVL, 'mcast_startup_query_interval')],
    ['mcast_stats_enabled', numberOption(8, U.IFLA_BR_MCAST_STATS_ENABLED, 'mcast_stats_enabled')],
    ['mcast_igmp_version', numberOption(8, U.IFLA_BR_MCAST_IGMP_VERSION, 'mcast_igmp_version')],
    ['mcast_mld_version', numberOption(8, U.IFLA_BR_MCAST_MLD_VERSION, 'mcast_mld_version')],
    ['nf_call_iptables', numberOption(8, U.IFLA_BR_NF_CALL_IPTABLES, 'nf_call_iptables')],
    ['nf_call_ip6tables', numberOption(8, U.IFLA_BR_NF_CALL_IP6TABLES, 'nf_call_ip6tables')],
    ['nf_call_arptables', numberOption(8, U.IFLA_BR_NF_CALL_ARPTABLES, 'nf_call_arptables')],
    ['no_linklocal_learn', boolOption(0, 'no_linklocal_learn')],
  ],
  finish({ builder, bits, mask }) {
    if (mask === 0) return;
    const at = builder.nlaReserve(U.IFLA_BR_MULTI_BOOLOPT, 8);
    setLe32(builder.buf, at, bits);
    setLe32(builder.buf, at + 4, mask);
  },
});

const backupPort: ReadOption = ({ ctx, builder }, args) => {
  const index = ctx.links.nameToIndex(args.next());
  if (index === 0) args.invarg('Device does not exist\n');
  builder.nlaPutU32(U.IFLA_BRPORT_BACKUP_PORT, index);
};

export const bridgeSlaveKind: LinkKind = optionKind({
  name: 'bridge_slave',
  help: BRIDGE_SLAVE_HELP,
  what: 'option',
  options: [
    ['fdb_flush', ({ builder }) => builder.nlaPutFlag(U.IFLA_BRPORT_FLUSH)],
    ['state', numberOption(8, U.IFLA_BRPORT_STATE, 'state')],
    ['priority', numberOption(16, U.IFLA_BRPORT_PRIORITY, 'priority')],
    ['cost', numberOption(32, U.IFLA_BRPORT_COST, 'cost')],
    ['hairpin', onOffOption(U.IFLA_BRPORT_MODE, 'hairpin')],
    ['guard', onOffOption(U.IFLA_BRPORT_GUARD, 'guard')],
    ['root_block', onOffOption(U.IFLA_BRPORT_PROTECT, 'root_block')],
    ['fastleave', onOffOption(U.IFLA_BRPORT_FAST_LEAVE, 'fastleave')],
    ['learning', onOffOption(U.IFLA_BRPORT_LEARNING, 'learning')],
    ['flood', onOffOption(U.IFLA_BRPORT_UNICAST_FLOOD, 'flood')],
    ['mcast_flood', onOffOption(U.IFLA_BRPORT_MCAST_FLOOD, 'mcast_flood')],
    ['bcast_flood', onOffOption(U.IFLA_BRPORT_BCAST_FLOOD, 'bcast_flood')],
    ['mcast_to_unicast', onOffOption(U.IFLA_BRPORT_MCAST_TO_UCAST, 'mcast_to_unicast')],
    ['proxy_arp', onOffOption(U.IFLA_BRPORT_PROXYARP, 'proxy_arp')],
    ['proxy_arp_wifi', onOffOption(U.IFLA_BRPORT_PROXYARP_WIFI, 'proxy_arp_wifi')],
    ['mcast_router', numberOption(8, U.IFLA_BRPORT_MULTICAST_ROUTER, 'mcast_router')],
    ['mcast_fast_leave', onOffOption(U.IFLA_BRPORT_FAST_LEAVE, 'mcast_fast_leave')],
    ['group_fwd_mask', numberOption(16, U.IFLA_BRPORT_GROUP_FWD_MASK, 'group_fwd_mask')],
    ['neigh_suppress', onOffOption(U.IFLA_BRPORT_NEIGH_SUPPRESS, 'neigh_suppress')],
    ['vlan_tunnel', onOffOption(U.IFLA_BRPORT_VLAN_TUNNEL, 'vlan_tunnel')],
    ['isolated', onOffOption(U.IFLA_BRPORT_ISOLATED, 'isolated')],
    ['locked', onOffOption(U.IFLA_BRPORT_LOCKED, 'locked')],
    ['backup_port', backupPort],
    ['nobackup_port', ({ builder }) => builder.nlaPutU32(U.IFLA_BRPORT_BACKUP_PORT, 0)],
  ],
});

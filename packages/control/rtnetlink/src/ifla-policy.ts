/** What link messages may carry. */
import * as U from '@skbuff/uapi';
import {
  NLA_BINARY,
  NLA_NESTED,
  NLA_NUL_STRING,
  NLA_S32,
  NLA_STRING,
  NLA_U32,
  NLA_U8,
  NLA_UNSPEC,
  type NlaPolicySet,
  nlaPolicy,
  nlaPolicyMin,
  nlaPolicyReject,
  nlaPolicySet,
} from '@skbuff/netlink';

/** MAX_ADDR_LEN and MAX_PHYS_ITEM_ID_LEN. */
const MAX_ADDR_LEN = 32;
/** sizeof(struct rtnl_link_ifmap) without its padding at the end. */
export const IFMAP_LEN = 32;
/** A segment must be able to hold the headers: MAX_TCP_HEADER + 1. */
const MIN_GSO_SIZE = 193;

export const iflaPolicy: NlaPolicySet = nlaPolicySet(U.IFLA_MAX, {
  [U.IFLA_IFNAME]: nlaPolicy(NLA_STRING, U.IFNAMSIZ - 1),
  [U.IFLA_ADDRESS]: nlaPolicy(NLA_BINARY, MAX_ADDR_LEN),
  [U.IFLA_BROADCAST]: nlaPolicy(NLA_BINARY, MAX_ADDR_LEN),
  [U.IFLA_MAP]: nlaPolicy(NLA_UNSPEC, IFMAP_LEN),
  [U.IFLA_MTU]: nlaPolicy(NLA_U32),
  [U.IFLA_LINK]: nlaPolicy(NLA_U32),
  [U.IFLA_MASTER]: nlaPolicy(NLA_U32),
  [U.IFLA_CARRIER]: nlaPolicy(NLA_U8),
  [U.IFLA_TXQLEN]: nlaPolicy(NLA_U32),
  [U.IFLA_WEIGHT]: nlaPolicy(NLA_U32),
  [U.IFLA_OPERSTATE]: nlaPolicy(NLA_U8),
  [U.IFLA_LINKMODE]: nlaPolicy(NLA_U8),
  [U.IFLA_LINKINFO]: nlaPolicy(NLA_NESTED),
  [U.IFLA_NET_NS_PID]: nlaPolicy(NLA_U32),
  [U.IFLA_NET_NS_FD]: nlaPolicy(NLA_U32),
  // Binary, because an empty alias is allowed and an empty string is not.
  [U.IFLA_IFALIAS]: nlaPolicy(NLA_BINARY, U.IFALIASZ - 1),
  [U.IFLA_VFINFO_LIST]: nlaPolicy(NLA_NESTED),
  [U.IFLA_VF_PORTS]: nlaPolicy(NLA_NESTED),
  [U.IFLA_PORT_SELF]: nlaPolicy(NLA_NESTED),
  [U.IFLA_AF_SPEC]: nlaPolicy(NLA_NESTED),
  [U.IFLA_EXT_MASK]: nlaPolicy(NLA_U32),
  [U.IFLA_PROMISCUITY]: nlaPolicy(NLA_U32),
  [U.IFLA_NUM_TX_QUEUES]: nlaPolicy(NLA_U32),
  [U.IFLA_NUM_RX_QUEUES]: nlaPolicy(NLA_U32),
  [U.IFLA_GSO_MAX_SEGS]: nlaPolicy(NLA_U32),
  [U.IFLA_GSO_MAX_SIZE]: nlaPolicyMin(NLA_U32, MIN_GSO_SIZE),
  [U.IFLA_PHYS_PORT_ID]: nlaPolicy(NLA_BINARY, MAX_ADDR_LEN),
  [U.IFLA_CARRIER_CHANGES]: nlaPolicy(NLA_U32),
  [U.IFLA_PHYS_SWITCH_ID]: nlaPolicy(NLA_BINARY, MAX_ADDR_LEN),
  [U.IFLA_LINK_NETNSID]: nlaPolicy(NLA_S32),
  [U.IFLA_PROTO_DOWN]: nlaPolicy(NLA_U8),
  [U.IFLA_XDP]: nlaPolicy(NLA_NESTED),
  [U.IFLA_EVENT]: nlaPolicy(NLA_U32),
  [U.IFLA_GROUP]: nlaPolicy(NLA_U32),
  [U.IFLA_TARGET_NETNSID]: nlaPolicy(NLA_S32),
  [U.IFLA_CARRIER_UP_COUNT]: nlaPolicy(NLA_U32),
  [U.IFLA_CARRIER_DOWN_COUNT]: nlaPolicy(NLA_U32),
  [U.IFLA_MIN_MTU]: nlaPolicy(NLA_U32),
  [U.IFLA_MAX_MTU]: nlaPolicy(NLA_U32),
  [U.IFLA_PROP_LIST]: nlaPolicy(NLA_NESTED),
  [U.IFLA_ALT_IFNAME]: nlaPolicy(NLA_STRING, U.ALTIFNAMSIZ - 1),
  [U.IFLA_PERM_ADDRESS]: nlaPolicyReject(),
  [U.IFLA_PROTO_DOWN_REASON]: nlaPolicy(NLA_NESTED),
  [U.IFLA_NEW_IFINDEX]: nlaPolicyMin(NLA_S32, 1),
  [U.IFLA_PARENT_DEV_NAME]: nlaPolicy(NLA_NUL_STRING),
  [U.IFLA_GRO_MAX_SIZE]: nlaPolicy(NLA_U32),
  [U.IFLA_TSO_MAX_SIZE]: nlaPolicyReject(),
  [U.IFLA_TSO_MAX_SEGS]: nlaPolicyReject(),
  [U.IFLA_ALLMULTI]: nlaPolicyReject(),
  [U.IFLA_GSO_IPV4_MAX_SIZE]: nlaPolicyMin(NLA_U32, MIN_GSO_SIZE),
  [U.IFLA_GRO_IPV4_MAX_SIZE]: nlaPolicy(NLA_U32),
  [U.IFLA_NETNS_IMMUTABLE]: nlaPolicyReject(),
  [U.IFLA_HEADROOM]: nlaPolicyReject(),
  [U.IFLA_TAILROOM]: nlaPolicyReject(),
}, U.IFLA_DPLL_PIN);

/** Inside IFLA_LINKINFO. */
export const iflaInfoPolicy: NlaPolicySet = nlaPolicySet(U.IFLA_INFO_MAX, {
  [U.IFLA_INFO_KIND]: nlaPolicy(NLA_STRING),
  [U.IFLA_INFO_DATA]: nlaPolicy(NLA_NESTED),
  [U.IFLA_INFO_SLAVE_KIND]: nlaPolicy(NLA_STRING),
  [U.IFLA_INFO_SLAVE_DATA]: nlaPolicy(NLA_NESTED),
});

/** Inside IFLA_XDP. */
export const xdpPolicy: NlaPolicySet = nlaPolicySet(U.IFLA_XDP_MAX, {
  [U.IFLA_XDP_FD]: nlaPolicy(NLA_S32),
  [U.IFLA_XDP_EXPECTED_FD]: nlaPolicy(NLA_S32),
  [U.IFLA_XDP_ATTACHED]: nlaPolicy(NLA_U8),
  [U.IFLA_XDP_FLAGS]: nlaPolicy(NLA_U32),
  [U.IFLA_XDP_PROG_ID]: nlaPolicy(NLA_U32),
});

import { In6Addr } from '@skbuff/wire';

/** Numbers of IFLA_INET6_CONF (`DEVCONF_MAX` of `linux/ipv6.h`). */
export const DEVCONF_MAX = 60;

/**
 * `struct ipv6_devconf`: the settings under net.ipv6.conf.{all,default,IFACE}. Times are in the unit that the name under /proc/sys has, but
 * those of {@link DEVCONF_JIFFIES}, which are jiffies (milliseconds) here.
 */
export class Ipv6Devconf {
  forwarding = 0;
  hopLimit = 64;
  mtu6 = 1280;
  acceptRa = 1;
  acceptRedirects = 1;
  autoconf = 1;
  dadTransmits = 1;
  rtrSolicits = -1;
  rtrSolicitInterval = 4000;
  rtrSolicitDelay = 1000;
  useTempaddr = 0;
  tempValidLft: number = 7 * 86400;
  tempPreferedLft = 86400;
  regenMaxRetry = 3;
  maxDesyncFactor = 600;
  maxAddresses = 16;
  forceMldVersion = 0;
  acceptRaDefrtr = 1;
  acceptRaPinfo = 1;
  acceptRaRtrPref = 1;
  rtrProbeInterval = 60000;
  acceptRaRtInfoMaxPlen = 0;
  proxyNdp = 0;
  optimisticDad = 0;
  acceptSourceRoute = 0;
  mcForwarding = 0;
  disableIpv6 = 0;
  /** 0 of `all`, 1 of `default`, -1 where nobody can have the same address. */
  acceptDad = 0;
  forceTllao = 0;
  ndiscNotify = 0;
  mldv1UnsolicitedReportInterval = 10000;
  mldv2UnsolicitedReportInterval = 1000;
  suppressFragNdisc = 1;
  acceptRaFromLocal = 0;
  useOptimistic = 0;
  acceptRaMtu = 1;
  useOifAddrsOnly = 0;
  acceptRaMinHopLimit = 1;
  ignoreRoutesWithLinkdown = 0;
  dropUnicastInL2Multicast = 0;
  dropUnsolicitedNa = 0;
  keepAddrOnDown = 0;
  rtrSolicitMaxInterval = 3600000;
  seg6Enabled = 0;
  seg6RequireHmac = 0;
  enhancedDad = 1;
  addrGenMode = 0;
  disablePolicy = 0;
  acceptRaRtInfoMinPlen = 0;
  ndiscTclass = 0;
  rplSegEnabled = 0;
  raDefrtrMetric = 1024;
  ioam6Enabled = 0;
  ioam6Id = 0xffff;
  ioam6IdWide = 0xffffffff;
  ndiscEvictNocarrier = 1;
  acceptUntrackedNa = 0;
  acceptRaMinLft = 0;
  forceForwarding = 0;
  raHonorPioLife = 0;
  raHonorPioPflag = 0;
  regenMinAdvance = 2;
  /** Of which stable-privacy addresses are made (RFC 7217); null: not set. */
  stableSecret: In6Addr | null = null;

  copy(): Ipv6Devconf {
    return Object.assign(new Ipv6Devconf(), this, { stableSecret: this.stableSecret?.clone() ?? null });
  }
}

/** The settings that are numbers. */
export type DevconfField = Exclude<keyof Ipv6Devconf, 'copy' | 'stableSecret'>;

/** Names under /proc/sys/net/ipv6/conf/IFACE, and the place of each in IFLA_INET6_CONF; -1: not there. `stable_secret` is apart. */
export const DEVCONF_SYSCTLS: readonly (readonly [sysctl: string, field: DevconfField, index: number])[] = [
  ['forwarding', 'forwarding', 0],
  ['hop_limit', 'hopLimit', 1],
  ['mtu', 'mtu6', 2],
  ['accept_ra', 'acceptRa', 3],
  ['accept_redirects', 'acceptRedirects', 4],
  ['autoconf', 'autoconf', 5],
  ['dad_transmits', 'dadTransmits', 6],
  ['router_solicitations', 'rtrSolicits', 7],
  ['router_solicitation_interval', 'rtrSolicitInterval', 8],
  ['router_solicitation_delay', 'rtrSolicitDelay', 9],
  ['use_tempaddr', 'useTempaddr', 10],
  ['temp_valid_lft', 'tempValidLft', 11],
  ['temp_prefered_lft', 'tempPreferedLft', 12],
  ['regen_max_retry', 'regenMaxRetry', 13],
  ['max_desync_factor', 'maxDesyncFactor', 14],
  ['max_addresses', 'maxAddresses', 15],
  ['force_mld_version', 'forceMldVersion', 16],
  ['accept_ra_defrtr', 'acceptRaDefrtr', 17],
  ['accept_ra_pinfo', 'acceptRaPinfo', 18],
  ['accept_ra_rtr_pref', 'acceptRaRtrPref', 19],
  ['router_probe_interval', 'rtrProbeInterval', 20],
  ['accept_ra_rt_info_max_plen', 'acceptRaRtInfoMaxPlen', 21],
  ['proxy_ndp', 'proxyNdp', 22],
  ['optimistic_dad', 'optimisticDad', 23],
  ['accept_source_route', 'acceptSourceRoute', 24],
  ['mc_forwarding', 'mcForwarding', 25],
  ['disable_ipv6', 'disableIpv6', 26],
  ['accept_dad', 'acceptDad', 27],
  ['force_tllao', 'forceTllao', 28],
  ['ndisc_notify', 'ndiscNotify', 29],
  ['mldv1_unsolicited_report_interval', 'mldv1UnsolicitedReportInterval', 30],
  ['mldv2_unsolicited_report_interval', 'mldv2UnsolicitedReportInterval', 31],
  ['suppress_frag_ndisc', 'suppressFragNdisc', 32],
  ['accept_ra_from_local', 'acceptRaFromLocal', 33],
  ['use_optimistic', 'useOptimistic', 34],
  ['accept_ra_mtu', 'acceptRaMtu', 35],
  ['use_oif_addrs_only', 'useOifAddrsOnly', 37],
  ['accept_ra_min_hop_limit', 'acceptRaMinHopLimit', 38],
  ['ignore_routes_with_linkdown', 'ignoreRoutesWithLinkdown', 39],
  ['drop_unicast_in_l2_multicast', 'dropUnicastInL2Multicast', 40],
  ['drop_unsolicited_na', 'dropUnsolicitedNa', 41],
  ['keep_addr_on_down', 'keepAddrOnDown', 42],
  ['router_solicitation_max_interval', 'rtrSolicitMaxInterval', 43],
  ['seg6_enabled', 'seg6Enabled', 44],
  ['seg6_require_hmac', 'seg6RequireHmac', 45],
  ['enhanced_dad', 'enhancedDad', 46],
  ['addr_gen_mode', 'addrGenMode', 47],
  ['disable_policy', 'disablePolicy', 48],
  ['accept_ra_rt_info_min_plen', 'acceptRaRtInfoMinPlen', 49],
  ['ndisc_tclass', 'ndiscTclass', 50],
  ['rpl_seg_enabled', 'rplSegEnabled', 51],
  ['ra_defrtr_metric', 'raDefrtrMetric', 52],
  ['ioam6_enabled', 'ioam6Enabled', 53],
  ['ioam6_id', 'ioam6Id', 54],
  ['ioam6_id_wide', 'ioam6IdWide', 55],
  ['ndisc_evict_nocarrier', 'ndiscEvictNocarrier', 56],
  ['accept_untracked_na', 'acceptUntrackedNa', 57],
  ['accept_ra_min_lft', 'acceptRaMinLft', 58],
  ['force_forwarding', 'forceForwarding', 59],
  ['ra_honor_pio_life', 'raHonorPioLife', -1],
  ['ra_honor_pio_pflag', 'raHonorPioPflag', -1],
  ['regen_min_advance', 'regenMinAdvance', -1],
];

/** Settings that are kept in jiffies; under /proc/sys they are seconds, those of MLD milliseconds. */
export const DEVCONF_JIFFIES: ReadonlySet<DevconfField> = new Set<DevconfField>([
  'rtrSolicitInterval',
  'rtrSolicitMaxInterval',
  'rtrSolicitDelay',
  'rtrProbeInterval',
]);

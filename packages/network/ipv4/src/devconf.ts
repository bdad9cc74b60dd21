const IPV4_DEVCONF_MAX = 33;

/**
 * `struct ipv4_devconf`: the settings under net.ipv4.conf.{all,default,IFACE}. How an interface's own value and that of `all`
 * combine differs by setting: see `InDevice`.
 */
export class Ipv4Devconf {
  forwarding = 0;
  mcForwarding = 0;
  proxyArp = 0;
  acceptRedirects = 1;
  secureRedirects = 1;
  sendRedirects = 1;
  sharedMedia = 1;
  rpFilter = 0;
  acceptSourceRoute = 1;
  bootpRelay = 0;
  logMartians = 0;
  tag = 0;
  arpFilter = 0;
  mediumId = 0;
  disableXfrm = 0;
  disablePolicy = 0;
  forceIgmpVersion = 0;
  arpAnnounce = 0;
  arpIgnore = 0;
  promoteSecondaries = 0;
  arpAccept = 0;
  arpNotify = 0;
  acceptLocal = 0;
  srcValidMark = 0;
  proxyArpPvlan = 0;
  routeLocalnet = 0;
  bcForwarding = 0;
  igmpv2UnsolicitedReportInterval = 10000;
  igmpv3UnsolicitedReportInterval = 1000;
  ignoreRoutesWithLinkdown = 0;
  dropUnicastInL2Multicast = 0;
  dropGratuitousArp = 0;
  arpEvictNocarrier = 1;

  /** By IPV4_DEVCONF_* index, 1: set explicitly. A change of `default` reaches the devices where it is 0. */
  readonly state: Uint8Array = new Uint8Array(IPV4_DEVCONF_MAX + 1);

  /** The marks of what was set are copied too, as in Linux. */
  copy(): Ipv4Devconf {
    return Object.assign(new Ipv4Devconf(), this, { state: this.state.slice() });
  }

  /** `ipv4_devconf_setall`: from now on the interface goes its own way. */
  setAll(): void {
    this.state.fill(1);
  }
}

/** The settings, without what manages them. */
export type DevconfField = Exclude<keyof Ipv4Devconf, 'copy' | 'setAll' | 'state'>;

/** Names under /proc/sys/net/ipv4/conf/IFACE and the index of each in {@link Ipv4Devconf.state}: IPV4_DEVCONF_* of `linux/ip.h`. */
export const DEVCONF_SYSCTLS: readonly (readonly [sysctl: string, field: DevconfField, index: number])[] = [
  ['forwarding', 'forwarding', 1],
  ['mc_forwarding', 'mcForwarding', 2],
  ['proxy_arp', 'proxyArp', 3],
  ['accept_redirects', 'acceptRedirects', 4],
  ['secure_redirects', 'secureRedirects', 5],
  ['send_redirects', 'sendRedirects', 6],
  ['shared_media', 'sharedMedia', 7],
  ['rp_filter', 'rpFilter', 8],
  ['accept_source_route', 'acceptSourceRoute', 9],
  ['bootp_relay', 'bootpRelay', 10],
  ['log_martians', 'logMartians', 11],
  ['tag', 'tag', 12],
  ['arp_filter', 'arpFilter', 13],
  ['medium_id', 'mediumId', 14],
  ['disable_xfrm', 'disableXfrm', 15],
  ['disable_policy', 'disablePolicy', 16],
  ['force_igmp_version', 'forceIgmpVersion', 17],
  ['arp_announce', 'arpAnnounce', 18],
  ['arp_ignore', 'arpIgnore', 19],
  ['promote_secondaries', 'promoteSecondaries', 20],
  ['arp_accept', 'arpAccept', 21],
  ['arp_notify', 'arpNotify', 22],
  ['accept_local', 'acceptLocal', 23],
  ['src_valid_mark', 'srcValidMark', 24],
  ['proxy_arp_pvlan', 'proxyArpPvlan', 25],
  ['route_localnet', 'routeLocalnet', 26],
  ['igmpv2_unsolicited_report_interval', 'igmpv2UnsolicitedReportInterval', 27],
  ['igmpv3_unsolicited_report_interval', 'igmpv3UnsolicitedReportInterval', 28],
  ['ignore_routes_with_linkdown', 'ignoreRoutesWithLinkdown', 29],
  ['drop_unicast_in_l2_multicast', 'dropUnicastInL2Multicast', 30],
  ['drop_gratuitous_arp', 'dropGratuitousArp', 31],
  ['bc_forwarding', 'bcForwarding', 32],
  ['arp_evict_nocarrier', 'arpEvictNocarrier', 33],
];

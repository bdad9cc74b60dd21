/** Options of SOL_IPV6 that say what one field of a socket holds, and nothing more. */
import * as U from '@skbuff/uapi';

/** Switches of the socket's IPv6 side, and of the socket. */
export const PINFO_SWITCHES: ReadonlyMap<number, 'mcLoop' | 'mcAll' | 'recverr' | 'recverrRfc4884' | 'dontfrag' | 'rtalertIsolate' | 'sndflow'> = new Map([
  [U.IPV6_MULTICAST_LOOP, 'mcLoop'],
  [U.IPV6_MULTICAST_ALL, 'mcAll'],
  [U.IPV6_RECVERR, 'recverr'],
  [U.IPV6_RECVERR_RFC4884, 'recverrRfc4884'],
  [U.IPV6_DONTFRAG, 'dontfrag'],
  [U.IPV6_ROUTER_ALERT_ISOLATE, 'rtalertIsolate'],
  [U.IPV6_FLOWINFO_SEND, 'sndflow'],
] as const);
export const SOCK_SWITCHES: ReadonlyMap<number, 'ipv6only' | 'transparent' | 'freebind'> = new Map([
  [U.IPV6_V6ONLY, 'ipv6only'],
  [U.IPV6_TRANSPARENT, 'transparent'],
  [U.IPV6_FREEBIND, 'freebind'],
] as const);

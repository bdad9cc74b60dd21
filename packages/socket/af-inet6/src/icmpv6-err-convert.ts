/** What ICMPv6 errors mean to sockets (`icmpv6_err_convert` in `net/ipv6/icmp.c`). */
import type { IcmpErr } from '@skbuff/af-inet';
import {
  EACCES,
  ECONNREFUSED,
  EHOSTUNREACH,
  EMSGSIZE,
  ENETUNREACH,
  EPROTO,
  ICMPV6_DEST_UNREACH,
  ICMPV6_PARAMPROB,
  ICMPV6_PKT_TOOBIG,
  ICMPV6_TIME_EXCEED,
} from '@skbuff/uapi';

/** `tab_unreach[]`: errno of a destination unreachable, by code, and whether it ends a connection. */
const UNREACH: readonly (readonly [errno: number, fatal: boolean])[] = [
  [ENETUNREACH, false],
  [EACCES, true],
  [EHOSTUNREACH, false],
  [EHOSTUNREACH, false],
  [ECONNREFUSED, true],
  [EACCES, true],
  [EACCES, true],
];

const result: IcmpErr = { errno: 0, hard: false };

/** The errno of an ICMPv6 error and whether it is hard. One object, filled in again with each call. */
export function icmpv6ErrConvert(type: number, code: number): IcmpErr {
  result.errno = EPROTO;
  result.hard = type === ICMPV6_PARAMPROB || type === ICMPV6_DEST_UNREACH;
  if (type === ICMPV6_DEST_UNREACH && code < UNREACH.length) {
    const [errno, fatal] = UNREACH[code] as readonly [number, boolean];
    result.errno = errno;
    result.hard = fatal;
  } else if (type === ICMPV6_PKT_TOOBIG) result.errno = EMSGSIZE;
  else if (type === ICMPV6_TIME_EXCEED) result.errno = EHOSTUNREACH;
  return result;
}

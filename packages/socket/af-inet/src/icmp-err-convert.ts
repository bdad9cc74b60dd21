/** What ICMP errors mean to sockets (`icmp_err_convert` in `net/ipv4/icmp.c`). */
import {
  ECONNREFUSED,
  EHOSTDOWN,
  EHOSTUNREACH,
  EMSGSIZE,
  ENETUNREACH,
  ENONET,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPROTO,
  ICMP_DEST_UNREACH,
  ICMP_FRAG_NEEDED,
  ICMP_PARAMETERPROB,
} from '@skbuff/uapi';

/** `icmp_err_convert[]`: errno of a destination unreachable, by code, and whether it ends a connection. */
const ICMP_ERR: readonly (readonly [errno: number, fatal: boolean])[] = [
  [ENETUNREACH, false],
  [EHOSTUNREACH, false],
  [ENOPROTOOPT, true],
  [ECONNREFUSED, true],
  [EMSGSIZE, false],
  [EOPNOTSUPP, false],
  [ENETUNREACH, true],
  [EHOSTDOWN, true],
  [ENONET, true],
  [ENETUNREACH, true],
  [EHOSTUNREACH, true],
  [ENETUNREACH, false],
  [EHOSTUNREACH, false],
  [EHOSTUNREACH, true],
  [EHOSTUNREACH, true],
  [EHOSTUNREACH, true],
];

/** What an ICMP error means to a socket. */
export interface IcmpErr {
  errno: number;
  /** A connected socket reports it even without IP_RECVERR. */
  hard: boolean;
}

const result: IcmpErr = { errno: 0, hard: false };

/**
 * The errno of an ICMP error and whether it is hard; `fragNeededIsHard`: the socket does path MTU discovery. One object, filled in
 * again with each call.
 */
export function icmpErrConvert(type: number, code: number, fragNeededIsHard: boolean): IcmpErr {
  result.errno = EHOSTUNREACH;
  result.hard = false;
  if (type === ICMP_PARAMETERPROB) {
    result.errno = EPROTO;
    result.hard = true;
  } else if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED) {
    result.errno = EMSGSIZE;
    result.hard = fragNeededIsHard;
  } else if (type === ICMP_DEST_UNREACH && code < ICMP_ERR.length) {
    const [errno, fatal] = ICMP_ERR[code] as readonly [number, boolean];
    result.errno = errno;
    result.hard = fatal;
  }
  return result;
}

/** Which option switches which kind of ancillary data. */
import * as U from '@skbuff/uapi';
import * as P from './ipv6-pinfo.ts';

const RXOPTS: Readonly<Record<number, number>> = {
  [U.IPV6_RECVPKTINFO]: P.RXOPT_INFO,
  [U.IPV6_2292PKTINFO]: P.RXOPT_OLD_INFO,
  [U.IPV6_RECVHOPLIMIT]: P.RXOPT_HLIM,
  [U.IPV6_2292HOPLIMIT]: P.RXOPT_OLD_HLIM,
  [U.IPV6_RECVRTHDR]: P.RXOPT_SRCRT,
  [U.IPV6_2292RTHDR]: P.RXOPT_OLD_SRCRT,
  [U.IPV6_RECVHOPOPTS]: P.RXOPT_HOPOPTS,
  [U.IPV6_2292HOPOPTS]: P.RXOPT_OLD_HOPOPTS,
  [U.IPV6_RECVDSTOPTS]: P.RXOPT_DSTOPTS,
  [U.IPV6_2292DSTOPTS]: P.RXOPT_OLD_DSTOPTS,
  [U.IPV6_RECVTCLASS]: P.RXOPT_TCLASS,
  [U.IPV6_FLOWINFO]: P.RXOPT_FLOW,
  [U.IPV6_RECVPATHMTU]: P.RXOPT_PMTU,
  [U.IPV6_RECVORIGDSTADDR]: P.RXOPT_ORIGDSTADDR,
  [U.IPV6_RECVFRAGSIZE]: P.RXOPT_FRAGSIZE,
};

/** The RXOPT_* that an option stands for, or 0. */
export function rxoptOf(name: number): number {
  return RXOPTS[name] ?? 0;
}

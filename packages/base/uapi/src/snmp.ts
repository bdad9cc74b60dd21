/** Counters (uapi `linux/snmp.h`). Number 0 of each group counts nothing. */

/** The IP layer, of either family, in the order of Linux 6.18 (fields of the fast path first). */
export const IPSTATS_MIB_NUM = 0;
export const IPSTATS_MIB_INPKTS = 1;
export const IPSTATS_MIB_INOCTETS = 2;
export const IPSTATS_MIB_INDELIVERS = 3;
export const IPSTATS_MIB_NOECTPKTS = 4;
export const IPSTATS_MIB_ECT1PKTS = 5;
export const IPSTATS_MIB_ECT0PKTS = 6;
export const IPSTATS_MIB_CEPKTS = 7;
export const IPSTATS_MIB_OUTREQUESTS = 8;
export const IPSTATS_MIB_OUTPKTS = 9;
export const IPSTATS_MIB_OUTOCTETS = 10;
export const IPSTATS_MIB_OUTFORWDATAGRAMS = 11;
export const IPSTATS_MIB_INHDRERRORS = 12;
export const IPSTATS_MIB_INTOOBIGERRORS = 13;
export const IPSTATS_MIB_INNOROUTES = 14;
export const IPSTATS_MIB_INADDRERRORS = 15;
export const IPSTATS_MIB_INUNKNOWNPROTOS = 16;
export const IPSTATS_MIB_INTRUNCATEDPKTS = 17;
export const IPSTATS_MIB_INDISCARDS = 18;
export const IPSTATS_MIB_OUTDISCARDS = 19;
export const IPSTATS_MIB_OUTNOROUTES = 20;
export const IPSTATS_MIB_REASMTIMEOUT = 21;
export const IPSTATS_MIB_REASMREQDS = 22;
export const IPSTATS_MIB_REASMOKS = 23;
export const IPSTATS_MIB_REASMFAILS = 24;
export const IPSTATS_MIB_FRAGOKS = 25;
export const IPSTATS_MIB_FRAGFAILS = 26;
export const IPSTATS_MIB_FRAGCREATES = 27;
export const IPSTATS_MIB_INMCASTPKTS = 28;
export const IPSTATS_MIB_OUTMCASTPKTS = 29;
export const IPSTATS_MIB_INBCASTPKTS = 30;
export const IPSTATS_MIB_OUTBCASTPKTS = 31;
export const IPSTATS_MIB_INMCASTOCTETS = 32;
export const IPSTATS_MIB_OUTMCASTOCTETS = 33;
export const IPSTATS_MIB_INBCASTOCTETS = 34;
export const IPSTATS_MIB_OUTBCASTOCTETS = 35;
export const IPSTATS_MIB_CSUMERRORS = 36;
export const IPSTATS_MIB_REASM_OVERLAPS = 37;
/** Numbers of the group (`__IPSTATS_MIB_MAX`). */
export const IPSTATS_MIB_MAX = 38;

/** ICMP; messages by type are counted in {@link ICMPMSG_MIB_MAX} numbers of their own. */
export const ICMP_MIB_NUM = 0;
export const ICMP_MIB_INMSGS = 1;
export const ICMP_MIB_INERRORS = 2;
export const ICMP_MIB_INDESTUNREACHS = 3;
export const ICMP_MIB_INTIMEEXCDS = 4;
export const ICMP_MIB_INPARMPROBS = 5;
export const ICMP_MIB_INSRCQUENCHS = 6;
export const ICMP_MIB_INREDIRECTS = 7;
export const ICMP_MIB_INECHOS = 8;
export const ICMP_MIB_INECHOREPS = 9;
export const ICMP_MIB_INTIMESTAMPS = 10;
export const ICMP_MIB_INTIMESTAMPREPS = 11;
export const ICMP_MIB_INADDRMASKS = 12;
export const ICMP_MIB_INADDRMASKREPS = 13;
export const ICMP_MIB_OUTMSGS = 14;
export const ICMP_MIB_OUTERRORS = 15;
export const ICMP_MIB_OUTDESTUNREACHS = 16;
export const ICMP_MIB_OUTTIMEEXCDS = 17;
export const ICMP_MIB_OUTPARMPROBS = 18;
export const ICMP_MIB_OUTSRCQUENCHS = 19;
export const ICMP_MIB_OUTREDIRECTS = 20;
export const ICMP_MIB_OUTECHOS = 21;
export const ICMP_MIB_OUTECHOREPS = 22;
export const ICMP_MIB_OUTTIMESTAMPS = 23;
export const ICMP_MIB_OUTTIMESTAMPREPS = 24;
export const ICMP_MIB_OUTADDRMASKS = 25;
export const ICMP_MIB_OUTADDRMASKREPS = 26;
export const ICMP_MIB_CSUMERRORS = 27;
export const ICMP_MIB_RATELIMITGLOBAL = 28;
export const ICMP_MIB_RATELIMITHOST = 29;
/** Numbers of the group (`__ICMP_MIB_MAX`). */
export const ICMP_MIB_MAX = 30;

/** Messages by type: received at the type, sent at 256 + type (`__ICMPMSG_MIB_MAX`). */
export const ICMPMSG_MIB_MAX = 512;

/** ICMPv6; messages by type are counted in {@link ICMP6MSG_MIB_MAX} numbers of their own. */
export const ICMP6_MIB_NUM = 0;
export const ICMP6_MIB_INMSGS = 1;
export const ICMP6_MIB_INERRORS = 2;
export const ICMP6_MIB_OUTMSGS = 3;
export const ICMP6_MIB_OUTERRORS = 4;
export const ICMP6_MIB_CSUMERRORS = 5;
export const ICMP6_MIB_RATELIMITHOST = 6;
/** Numbers of the group (`__ICMP6_MIB_MAX`). */
export const ICMP6_MIB_MAX = 7;

/** Messages by type: received at the type, sent at 256 + type (`__ICMP6MSG_MIB_MAX`). */
export const ICMP6MSG_MIB_MAX = 512;

/** UDP, of either family. */
export const UDP_MIB_NUM = 0;
export const UDP_MIB_INDATAGRAMS = 1;
export const UDP_MIB_NOPORTS = 2;
export const UDP_MIB_INERRORS = 3;
export const UDP_MIB_OUTDATAGRAMS = 4;
export const UDP_MIB_RCVBUFERRORS = 5;
export const UDP_MIB_SNDBUFERRORS = 6;
export const UDP_MIB_CSUMERRORS = 7;
export const UDP_MIB_IGNOREDMULTI = 8;
export const UDP_MIB_MEMERRORS = 9;
/** Numbers of the group (`__UDP_MIB_MAX`). */
export const UDP_MIB_MAX = 10;

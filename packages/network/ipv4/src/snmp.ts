/** Counters of the IP layer, in the order of the kernel's `enum IPSTATS_MIB_*`; the first 17 are `Ip:` of /proc/net/snmp. */
export const IPSTATS_MIB_INPKTS = 0;
export const IPSTATS_MIB_INOCTETS = 1;
export const IPSTATS_MIB_INDELIVERS = 2;
export const IPSTATS_MIB_OUTFORWDATAGRAMS = 3;
export const IPSTATS_MIB_OUTREQUESTS = 4;
export const IPSTATS_MIB_OUTOCTETS = 5;
export const IPSTATS_MIB_INHDRERRORS = 6;
export const IPSTATS_MIB_INTOOBIGERRORS = 7;
export const IPSTATS_MIB_INNOROUTES = 8;
export const IPSTATS_MIB_INADDRERRORS = 9;
export const IPSTATS_MIB_INUNKNOWNPROTOS = 10;
export const IPSTATS_MIB_INTRUNCATEDPKTS = 11;
export const IPSTATS_MIB_INDISCARDS = 12;
export const IPSTATS_MIB_OUTDISCARDS = 13;
export const IPSTATS_MIB_OUTNOROUTES = 14;
export const IPSTATS_MIB_REASMTIMEOUT = 15;
export const IPSTATS_MIB_REASMREQDS = 16;
export const IPSTATS_MIB_REASMOKS = 17;
export const IPSTATS_MIB_REASMFAILS = 18;
export const IPSTATS_MIB_FRAGOKS = 19;
export const IPSTATS_MIB_FRAGFAILS = 20;
export const IPSTATS_MIB_FRAGCREATES = 21;
export const IPSTATS_MIB_INMCASTPKTS = 22;
export const IPSTATS_MIB_OUTMCASTPKTS = 23;
export const IPSTATS_MIB_INBCASTPKTS = 24;
export const IPSTATS_MIB_OUTBCASTPKTS = 25;
export const IPSTATS_MIB_INMCASTOCTETS = 26;
export const IPSTATS_MIB_OUTMCASTOCTETS = 27;
export const IPSTATS_MIB_INBCASTOCTETS = 28;
export const IPSTATS_MIB_OUTBCASTOCTETS = 29;
export const IPSTATS_MIB_CSUMERRORS = 30;
export const IPSTATS_MIB_NOECTPKTS = 31;
export const IPSTATS_MIB_ECT1PKTS = 32;
export const IPSTATS_MIB_ECT0PKTS = 33;
export const IPSTATS_MIB_CEPKTS = 34;
export const IPSTATS_MIB_REASM_OVERLAPS = 35;
export const IPSTATS_MIB_OUTPKTS = 36;
/** Not of the kernel's `Ip` group: dropped by reverse path filtering (`TcpExt IPReversePathFilter`). */
export const LINUX_MIB_IPRPFILTER = 37;
export const IPSTATS_MIB_MAX = 38;

/** Places of counters in `LINUX_MIB_NAMES`, and how many there are. */
export const LINUX_MIB_ARPFILTER = 9;
export const LINUX_MIB_MAX = 135;

/** Numbers of the format, pcap-savefile(5). */
export const PCAP_MAGIC = 0xa1b2c3d4;
/** Times in nanoseconds. */
export const PCAP_NSEC_MAGIC = 0xa1b23c4d;
export const PCAP_VERSION_MAJOR = 2;
export const PCAP_VERSION_MINOR = 4;
export const PCAP_FILE_HEADER = 24;
export const PCAP_PACKET_HEADER = 16;

/** LINKTYPE_* of a file, which for some is not the DLT_* of a device. */
export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_LINUX_SLL2 = 276;
/** DLT_RAW of Linux. */
const DLT_RAW = 12;

export function dltOfLinktype(linktype: number): number {
  return linktype === LINKTYPE_RAW ? DLT_RAW : linktype;
}

export function linktypeOfDlt(dlt: number): number {
  return dlt === DLT_RAW ? LINKTYPE_RAW : dlt;
}

/** A packet of a file. */
export interface PcapPacket {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** What was kept of it. */
  readonly bytes: Uint8Array;
  readonly originalLength: number;
}

/** What libpcap says of a file that it cannot read. */
export interface PcapError {
  readonly error: string;
}

/** One packet as tcpdump prints it, with its time in front and its bytes behind. */
import { DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL, DLT_RAW } from '@skbuff/pcap-filter';
import type { PcapPacket } from '@skbuff/pcap';
import { packetDump } from './hexdump.ts';
import { type Ndo, type Nested, Truncated } from './ndo.ts';
import { etherPrint, ethertypePrint, rawPrint } from './print-ether.ts';
import { ip6Print } from './print-ip6.ts';
import { ipPrint } from './print-ip.ts';
import { nullPrint, sll2Print, sllPrint } from './print-cooked.ts';

/** Prints and gives the length of the link layer's header. */
export type LinkPrinter = (ndo: Ndo, at: number, length: number, caplen: number) => number;

const PRINTERS: ReadonlyMap<number, LinkPrinter> = new Map<number, LinkPrinter>([
  [DLT_EN10MB, etherPrint],
  [DLT_RAW, rawPrint],
  [DLT_LINUX_SLL, sllPrint],
  [DLT_LINUX_SLL2, sll2Print],
  [DLT_NULL, nullPrint],
]);

export function linkPrinter(dlt: number): LinkPrinter | undefined {
  return PRINTERS.get(dlt);
}

const NESTED: Nested = { ip: ipPrint, ip6: ip6Print, ethertype: ethertypePrint };

/** The line of a packet, with its end. `stamp`: what stands in front of it. */
export function packetLine(ndo: Ndo, print: LinkPrinter, packet: PcapPacket, stamp: string): string {
  const { bytes, originalLength } = packet;
  ndo.text = stamp;
  const fault = headerFault(bytes.length, originalLength);
  if (fault !== '') return `${fault}\n`;
  ndo.nested = NESTED;
  ndo.buf = bytes;
  ndo.snapend = bytes.length;
  ndo.protocol = '';
  ndo.macs = null;
  let hdrlen = 0;
  try {
    hdrlen = print(ndo, 0, originalLength, bytes.length);
  } catch (error) {
    if (!(error instanceof Truncated)) throw error;
    ndo.trunc();
    hdrlen = 0;
  }
  ndo.snapend = bytes.length;
  packetDump(ndo, bytes.length, hdrlen);
  return `${ndo.text}\n`;
}

function headerFault(caplen: number, length: number): string {
  const faults: string[] = [];
  if (caplen === 0) faults.push('caplen==0');
  if (length === 0) faults.push('len==0');
  if (length !== 0 && length < caplen) faults.push(`len(${length}) < caplen(${caplen})`);
  return faults.length === 0 ? '' : `[Invalid header: ${faults.join(', ')}]`;
}

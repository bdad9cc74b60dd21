/** What the system's tcpdump prints of the packets, and the file in which it is kept. */
import { spawnSync } from 'node:child_process';
import { type PcapPacket, PcapWriter } from '@skbuff/pcap';
import { Ndo, linkPrinter, packetLine } from '../src/index.ts';
import { DLT_EN10MB } from '@skbuff/pcap-filter';

export const OPTION_SETS: readonly string[] = ['-tn', '-tne', '-tnv', '-tnvv', '-tnvvv', '-tnq', '-tnx', '-tnXX', '-tnA', '-tnS', '-tnevX'];

export function packetsOf(list: readonly (readonly number[])[]): PcapPacket[] {
  return list.map((p, i) => ({ time: 1_700_000_000_000_000_000n + BigInt(i) * 1_234_567_000n, bytes: Uint8Array.from(p), originalLength: p.length }));
}

export function savefile(packets: readonly PcapPacket[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new PcapWriter((bytes) => parts.push(bytes), { dlt: DLT_EN10MB });
  for (const packet of packets) writer.write(packet);
  return Buffer.concat(parts);
}

export function bySystem(packets: readonly PcapPacket[], options: string): string {
  return spawnSync('tcpdump', [options, '-r', '-'], { input: savefile(packets), maxBuffer: 1 << 28 }).stdout.toString('latin1');
}

export const haveTcpdump = (): boolean => spawnSync('tcpdump', ['--version']).stdout?.toString().includes('4.99.3') ?? false;

const NO_NAMES = { host: () => null, tcpPort: () => null, udpPort: () => null, ether: () => null, device: () => null };

/** The text of each packet by our printers. */
export function byUs(packets: readonly PcapPacket[], options: string): string[] {
  const times = (letter: string): number => options.split(letter).length - 1;
  const flags = { nflag: 1, eflag: times('e') > 0, qflag: times('q') > 0, vflag: times('v'), sflag: times('S') > 0, kflag: false, nDomain: false, xflag: times('x'), bigXflag: times('X'), aflag: times('A') };
  const ndo = new Ndo(flags, NO_NAMES);
  const print = linkPrinter(DLT_EN10MB);
  if (print === undefined) throw new Error('no printer');
  return packets.map((packet) => packetLine(ndo, print, packet, ''));
}

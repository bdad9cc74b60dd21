import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { PcapWriter } from '@skbuff/pcap';
import { haveTcpdump } from './golden.ts';
import { type LinkPrinter, Ndo, linkPrinter, packetLine } from '../src/index.ts';
import { icmp, ipv4, ipv6, udp } from './packets.ts';
const names = { host: () => null, tcpPort: () => null, udpPort: () => null, ether: () => null, device: () => null };
const live = haveTcpdump();
if (!live) console.warn('tcpdump 4.99.3 is not there: other link types SKIPPED');

it.runIf(live)('prints raw IP, Linux cooked captures and BSD loopback as the binary does', () => {
  const p4 = ipv4(1, icmp(8, 0, [0, 1, 0, 2])), p6 = ipv6(17, udp(1, 2, [1, 2], true));
  const sets: [number, number[][]][] = [
    [12, [p4, p6, [0x10, 1, 2]]],
    [113, [[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0, ...p4], [0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x86, 0xdd, ...p6], [0, 1, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 1, 2], [0, 2]]],
    [276, [[8, 0, 0, 0, 0, 0, 0, 77, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, ...p4], [0x86, 0xdd, 0, 0, 0, 0, 0, 77, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0, ...p6], [0x12, 0x34, 0, 0, 0, 0, 0, 77, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]]],
    [0, [[2, 0, 0, 0, ...p4], [10, 0, 0, 0, ...p6], [0, 0, 0, 2, ...p4], [9, 0, 0, 0, 1, 2]]],
  ];
  for (const [dlt, list] of sets) for (const f of ['-tn', '-tne', '-tnv', '-tneq', '-tnx']) for (const p of list) {
    const parts: Uint8Array[] = []; const w = new PcapWriter((b) => parts.push(b), { dlt });
    const packet = { time: 0n, bytes: Uint8Array.from(p), originalLength: p.length };
    w.write(packet);
    const theirs = spawnSync('tcpdump', [f, '-r', '-'], { input: Buffer.concat(parts) }).stdout.toString();
    const t = (l: string): number => f.split(l).length - 1;
    const ours = packetLine(new Ndo({ nflag: 1, eflag: t('e') > 0, qflag: t('q') > 0, vflag: t('v'), sflag: false, kflag: false, nDomain: false, xflag: t('x'), bigXflag: 0, aflag: 0 }, names), linkPrinter(dlt) as LinkPrinter, packet, '');
    expect(`${dlt} ${f} ${ours}`).toBe(`${dlt} ${f} ${theirs}`);
  }
});

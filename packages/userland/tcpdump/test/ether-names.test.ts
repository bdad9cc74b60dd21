import { expect, it } from 'vitest';
import type { CommandEnv } from '@skbuff/command';
import { ENOENT } from '@skbuff/uapi';
import { bySystem, haveTcpdump, packetsOf } from './golden.ts';
import { type LinkPrinter, Ndo, linkPrinter, packetLine } from '../src/index.ts';
import { printNames } from '../src/name-table.ts';
import { OUIS } from '../src/oui.ts';

const live = haveTcpdump();
if (!live) console.warn('tcpdump 4.99.3 is not there: comparison of vendors SKIPPED');

function byUs(frames: readonly (readonly number[])[], ethers: string | null): string {
  const env = { readFile: (path: string) => (path === '/etc/ethers' && ethers !== null ? ethers : -ENOENT) } as unknown as CommandEnv;
  const flags = { nflag: 0, eflag: true, qflag: false, vflag: 0, sflag: false, kflag: false, nDomain: false, xflag: 0, bigXflag: 0, aflag: 0 };
  const ndo = new Ndo(flags, printNames(env));
  return packetsOf(frames).map((packet) => packetLine(ndo, linkPrinter(1) as LinkPrinter, packet, '')).join('');
}

const REPLY = [0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2];
const ARP = [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6, ...REPLY];

it('without -n addresses have the vendor behind them, unless they have a name [TOOL-51]', () => {
  expect(byUs([ARP], null)).toBe('02:00:00:00:00:01 (oui Unknown) > Broadcast, ethertype ARP (0x0806), length 42: Reply 10.0.0.1 is-at 02:00:00:00:00:01 (oui Unknown), length 28\n');
  expect(byUs([ARP], '# of this house\n2:0:0:0:0:1 router # in the cellar\n02:00:00:00:00:01 again\n1:2:3 no\n')).toBe(
    'router > Broadcast, ethertype ARP (0x0806), length 42: Reply 10.0.0.1 is-at router, length 28\n',
  );
});

it.runIf(live)('the vendors are those that the binary knows, of frames and of SNAP', () => {
  const ouis = [...Object.keys(OUIS).map(Number), 1, 0x020000, 0xffffff, 0x01005e, 0x333300, 0x0180c2];
  const bytes = (oui: number): number[] => [oui >>> 16, (oui >>> 8) & 255, oui & 255];
  const frames = ouis.map((oui) => [...bytes(oui), 1, 2, 3, ...bytes(oui), 4, 5, 6, 0x12, 0x34, 1, 2]);
  const snap = ouis.filter((oui) => oui !== 0).map((oui) => [...bytes(oui), 1, 2, 3, 2, 0, 0, 0, 0, 1, 0, 10, 0xaa, 0xaa, 3, ...bytes(oui), 0x77, 0x77, 1, 2]);
  expect(byUs([...frames, ...snap], null)).toBe(bySystem(packetsOf([...frames, ...snap]), '-te'));
});

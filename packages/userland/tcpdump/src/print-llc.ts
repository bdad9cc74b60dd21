/** IEEE 802.2 headers. */
import { defaultPrint } from './hexdump.ts';
import { type Ndo, tok } from './ndo.ts';
import { OUIS } from './oui.ts';
import { ETHERTYPES } from './ethertypes.ts';

const SAPS: Readonly<Record<number, string>> = {
  0x00: 'Null',
  0x02: 'Global',
  0x03: '802.1B G',
  0x04: 'SNA',
  0x06: 'IP',
  0x0e: 'ProWay NM',
  0x42: 'STP',
  0x4e: '802.1B I',
  0x7e: 'ISO8208',
  0x8e: 'ProWay',
  0xaa: 'SNAP',
  0xbc: 'Banyan Vines',
  0xe0: 'IPX',
  0xf0: 'NetBeui',
  0xf4: 'IPX',
  0xfe: 'OSI',
};

const UNNUMBERED: Readonly<Record<number, string>> = {
  0x03: 'ui',
  0x63: 'ua',
  0x43: 'disc',
  0x0f: 'dm',
  0x6f: 'sabme',
  0xe3: 'test',
  0xaf: 'xid',
  0x87: 'frmr',
};

const SUPERVISORY: readonly string[] = ['Receiver Ready', 'Receiver not Ready', 'Reject', '?'];

const hex2 = (n: number): string => `0x${n.toString(16).padStart(2, '0')}`;

/** The length of the header; negative if what follows is not known. */
export function llcPrint(ndo: Ndo, at: number, length: number, caplen: number): number {
  ndo.protocol = 'llc';
  if (caplen < 3 || length < 3) {
    ndo.trunc();
    defaultPrint(ndo, at, caplen);
    return caplen;
  }
  const dsap = ndo.u8(at);
  const ssap = ndo.u8(at + 1);
  const first = ndo.u8(at + 2);
  const isU = (first & 3) === 3;
  if (!isU && (caplen < 4 || length < 4)) {
    ndo.trunc();
    defaultPrint(ndo, at, caplen);
    return caplen;
  }
  const control = isU ? first : first | (ndo.u8(at + 3) << 8);
  const hdrlen = isU ? 3 : 4;
  if (dsap === 0xaa && ssap === 0xaa && control === 3) return snap(ndo, at, length, caplen, hdrlen);
  const { eflag } = ndo.options;
  if (eflag) {
    const group = (dsap & 1) === 0 ? 'Individual' : 'Group';
    const kind = (ssap & 1) === 0 ? 'Command' : 'Response';
    const ctrl = `0x${control.toString(16).padStart(isU ? 2 : 4, '0')}`;
    ndo.print(`LLC, dsap ${tok(SAPS, dsap & 0xfe, 'Unknown')} (${hex2(dsap & 0xfe)}) ${group}, ssap ${tok(SAPS, ssap & 0xfe, 'Unknown')} (${hex2(ssap & 0xfe)}) ${kind}, ctrl ${ctrl}: `);
  }
  if (dsap === 6 && ssap === 6 && control === 3) {
    ndo.nested.ip(ndo, at + hdrlen, length - hdrlen);
    return hdrlen;
  }
  return plain(ndo, { dsap, ssap, control, isU, hdrlen }, length);
}

interface Llc {
  readonly dsap: number;
  readonly ssap: number;
  readonly control: number;
  readonly isU: boolean;
  readonly hdrlen: number;
}

function plain(ndo: Ndo, { dsap, ssap, control, isU, hdrlen }: Llc, length: number): number {
  if (!ndo.options.eflag) {
    const { src, dst } = ndo.macs ?? { src: '', dst: '' };
    const to = tok(SAPS, dsap & 0xfe, `Unknown DSAP ${hex2(dsap & 0xfe)}`);
    const from = tok(SAPS, ssap & 0xfe, `Unknown SSAP ${hex2(ssap & 0xfe)}`);
    ndo.print((ssap & 0xfe) === (dsap & 0xfe) ? `${src} > ${dst} ${to} ` : `${src} ${from} > ${dst} ${to} `);
  }
  const response = ssap & 1;
  const final = isU ? control & 0x10 : control & 0x0100;
  const flags = `Flags [${['Command', 'Response', 'Poll', 'Final'][(final === 0 ? 0 : 2) + response]}]`;
  if (isU) {
    ndo.print(`Unnumbered, ${tok(UNNUMBERED, control & 0xef, (control & 0xef).toString(16).padStart(2, '0'))}, ${flags}, length ${length}`);
    return -hdrlen;
  }
  const seq = control >>> 9;
  if ((control & 3) === 1) {
    ndo.print(`Supervisory, ${SUPERVISORY[(control >>> 2) & 3]}, rcv seq ${seq}, ${flags}, length ${length}`);
    return hdrlen;
  }
  ndo.print(`Information, send seq ${(control >>> 1) & 0x7f}, rcv seq ${seq}, ${flags}, length ${length}`);
  return -hdrlen;
}

function snap(ndo: Ndo, at: number, length: number, caplen: number, llc: number): number {
  ndo.protocol = 'snap';
  if (caplen - llc < 5 || length - llc < 5) {
    ndo.trunc();
    defaultPrint(ndo, at, caplen);
    return caplen;
  }
  const oui = ndo.u24(at + llc);
  const type = ndo.u16(at + llc + 3);
  const hdrlen = llc + 5;
  if (ndo.options.eflag) {
    const name = oui === 0 ? tok(ETHERTYPES, type, 'Unknown') : 'Unknown';
    ndo.print(`LLC, dsap SNAP (0xaa) Individual, ssap SNAP (0xaa) Command, ctrl 0x03: oui ${tok(OUIS, oui, 'Unknown')} (0x${oui.toString(16).padStart(6, '0')}), ${oui === 0 ? 'ethertype' : 'pid'} ${name} (0x${type.toString(16).padStart(4, '0')}), length ${length - hdrlen}: `);
  }
  if (oui === 0 && ndo.nested.ethertype(ndo, type, at + hdrlen, length - hdrlen, caplen - hdrlen)) return hdrlen;
  if (!ndo.options.eflag) {
    const { src, dst } = ndo.macs ?? { src: '', dst: '' };
    const hex = type.toString(16).padStart(4, '0');
    const what = oui === 0 ? `ethertype ${tok(ETHERTYPES, type, 'Unknown')} (0x${hex})` : `oui ${tok(OUIS, oui, 'Unknown')} (0x${oui.toString(16).padStart(6, '0')}), pid Unknown (0x${hex})`;
    ndo.print(`${src} > ${dst} SNAP, ${what}, length ${length - hdrlen}: `);
  }
  return -hdrlen;
}

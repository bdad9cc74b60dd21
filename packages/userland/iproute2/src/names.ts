/** Names for numbers, as the files of /etc/iproute2 and iproute2 itself have them. */
import { matches } from './args.ts';
import { getNumber } from './numbers.ts';

/** A table of names for a range of numbers. */
export class NameTable {
  private readonly byId: ReadonlyMap<number, string>;
  private readonly byName: ReadonlyMap<string, number>;
  private readonly max: number;
  private readonly format: (id: number) => string;
  private readonly base: number;

  constructor(names: Readonly<Record<number, string>>, max: number, format: (id: number) => string = String, base = 0) {
    const entries = Object.entries(names).map(([id, name]): [number, string] => [Number(id), name]);
    this.byId = new Map(entries);
    this.byName = new Map(entries.map(([id, name]) => [name, id]));
    this.max = max;
    this.format = format;
    this.base = base;
  }

  /** The name, or the number when there is none or `numeric` is set. */
  n2a(id: number, numeric = false): string {
    return (numeric ? undefined : this.byId.get(id)) ?? this.format(id);
  }

  has(id: number): boolean {
    return this.byId.has(id);
  }

  /** The number of a name or of digits, or null. */
  a2n(text: string): number | null {
    return this.byName.get(text) ?? getNumber(text, 0, this.max, this.base);
  }
}

export const rtTables: NameTable = new NameTable({ 0: 'unspec', 253: 'default', 254: 'main', 255: 'local' }, 0xffff_ffff);

export const rtScopes: NameTable = new NameTable({ 0: 'global', 200: 'site', 253: 'link', 254: 'host', 255: 'nowhere' }, 255);

export const rtProtos: NameTable = new NameTable(
  {
    0: 'unspec',
    1: 'redirect',
    2: 'kernel',
    3: 'boot',
    4: 'static',
    8: 'gated',
    9: 'ra',
    10: 'mrt',
    11: 'zebra',
    12: 'bird',
    13: 'dnrouted',
    14: 'xorp',
    15: 'ntk',
    16: 'dhcp',
    18: 'keepalived',
    42: 'babel',
    99: 'openr',
    186: 'bgp',
    187: 'isis',
    188: 'ospf',
    189: 'rip',
    192: 'eigrp',
  },
  255,
);

export const rtDsfield: NameTable = new NameTable(
  {
    0x00: 'default',
    0x28: 'AF11',
    0x30: 'AF12',
    0x38: 'AF13',
    0x48: 'AF21',
    0x50: 'AF22',
    0x58: 'AF23',
    0x68: 'AF31',
    0x70: 'AF32',
    0x78: 'AF33',
    0x88: 'AF41',
    0x90: 'AF42',
    0x98: 'AF43',
    0x20: 'CS1',
    0x40: 'CS2',
    0x60: 'CS3',
    0x80: 'CS4',
    0xa0: 'CS5',
    0xc0: 'CS6',
    0xe0: 'CS7',
    0xb8: 'EF',
  },
  255,
  (id) => `0x${id.toString(16).padStart(2, '0')}`,
  16,
);

export const rtRealms: NameTable = new NameTable({ 0: 'cosmos' }, 0xffff);

export const groups: NameTable = new NameTable({ 0: 'default' }, 0x7fff_ffff);

export const rtTypes: NameTable = new NameTable(
  {
    0: 'none',
    1: 'unicast',
    2: 'local',
    3: 'broadcast',
    4: 'anycast',
    5: 'multicast',
    6: 'blackhole',
    7: 'unreachable',
    8: 'prohibit',
    9: 'throw',
    10: 'nat',
    11: 'xresolve',
  },
  255,
);

/** In the order in which an abbreviation is resolved; a star marks the words that may be abbreviated. */
const TYPE_WORDS: readonly (readonly [string, number])[] = [
  ['local', 2],
  ['nat', 10],
  ['broadcast*', 3],
  ['brd', 3],
  ['anycast*', 4],
  ['multicast*', 5],
  ['prohibit*', 8],
  ['unreachable*', 7],
  ['blackhole*', 6],
  ['xresolve*', 11],
  ['unicast*', 1],
  ['throw*', 9],
];

/** `rtnl_rtntype_a2n`: the type of a route, or null. */
export function rtnTypeA2n(text: string): number | null {
  const found = TYPE_WORDS.find(([word]) => (word.endsWith('*') ? matches(text, word.slice(0, -1)) : text === word));
  return found === undefined ? getNumber(text, 0, 255) : found[1];
}

/** ARPHRD_* as shown behind `link/`. */
const LL_TYPES: Readonly<Record<number, string>> = {
  0: 'netrom',
  1: 'ether',
  2: 'eether',
  3: 'ax25',
  4: 'pronet',
  5: 'chaos',
  6: 'ieee802',
  7: 'arcnet',
  8: 'atalk',
  15: 'dlci',
  19: 'atm',
  23: 'metricom',
  24: 'ieee1394',
  32: 'infiniband',
  256: 'slip',
  257: 'cslip',
  258: 'slip6',
  259: 'cslip6',
  260: 'rsrvd',
  264: 'adapt',
  270: 'rose',
  271: 'x25',
  280: 'can',
  290: 'mctp',
  512: 'ppp',
  513: 'hdlc',
  516: 'lapb',
  517: 'ddcmp',
  518: 'rawhdlc',
  519: 'rawip',
  768: 'ipip',
  769: 'tunnel6',
  770: 'frad',
  771: 'skip',
  772: 'loopback',
  773: 'ltalk',
  774: 'fddi',
  775: 'bif',
  776: 'sit',
  777: 'ip/ddp',
  778: 'gre',
  779: 'pimreg',
  780: 'hippi',
  781: 'ash',
  782: 'econet',
  783: 'irda',
  784: 'fcpp',
  785: 'fcal',
  786: 'fcpl',
  787: 'fcfb0',
  800: 'tr',
  801: 'ieee802.11',
  802: 'ieee802.11/prism',
  803: 'ieee802.11/radiotap',
  804: 'ieee802.15.4',
  805: 'ieee802.15.4/monitor',
  820: 'phonet',
  821: 'phonet_pipe',
  822: 'caif',
  823: 'gre6',
  824: 'netlink',
  825: '6lowpan',
  65534: 'none',
  65535: 'void',
};

export function llTypeN2a(type: number): string {
  return LL_TYPES[type] ?? `[${type}]`;
}

/** IF_OPER_*. */
export const OPER_STATES: readonly string[] = ['UNKNOWN', 'NOTPRESENT', 'DOWN', 'LOWERLAYERDOWN', 'TESTING', 'DORMANT', 'UP'];

export const LINK_MODES: readonly string[] = ['DEFAULT', 'DORMANT'];

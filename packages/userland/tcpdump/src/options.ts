/** The command line: what each option sets, in the order in which they stand. */
import { getoptLong, type LongNames } from '@skbuff/command';
import { LINK_TYPES } from '@skbuff/pcap-filter';
import { failure, usageError } from './messages.ts';

export interface TcpdumpOptions {
  expression: string;
  aflag: number;
  /** -c; null: no limit. */
  count: number | null;
  countMode: boolean;
  dflag: number;
  listDevices: boolean;
  listLinkTypes: boolean;
  listStampTypes: boolean;
  eflag: boolean;
  filterFile: string | null;
  device: string | null;
  kflag: boolean;
  monitor: boolean;
  nflag: number;
  nDomain: boolean;
  numbers: boolean;
  optimize: boolean;
  promiscuous: boolean;
  /** in, out, inout */
  direction: string;
  qflag: boolean;
  /** -r */
  read: string | null;
  /** -V: a file with names of files to read. */
  readList: string | null;
  snaplen: number;
  sflag: boolean;
  tflag: number;
  vflag: number;
  write: string | null;
  /** -C in bytes, 0: no limit. */
  fileSize: number;
  /** -G in seconds, 0: never. */
  fileSeconds: number;
  /** -W, 0: no limit. */
  fileCount: number;
  print: boolean;
  xflag: number;
  bigXflag: number;
  dlt: number | null;
  nanoseconds: boolean;
  /** -Z */
  user: string | null;
  /** What is printed instead of all else. */
  about: 'usage' | 'version' | null;
  /** Lines of warning. */
  warnings: string;
}

const MAXIMUM_SNAPLEN = 262144;
const MEGABYTE = 1_000_000;
const INT64_MAX = 2 ** 63;

function defaults(): TcpdumpOptions {
  return {
    expression: '', aflag: 0, count: null, countMode: false, dflag: 0, listDevices: false, listLinkTypes: false, listStampTypes: false, eflag: false,
    filterFile: null, device: null, kflag: false, monitor: false, nflag: 0, nDomain: false, numbers: false, optimize: true, promiscuous: true,
    direction: 'inout', qflag: false, read: null, readList: null, snaplen: MAXIMUM_SNAPLEN, sflag: false, tflag: 0, vflag: 0, write: null, fileSize: 0,
    fileSeconds: 0, fileCount: 0, print: false, xflag: 0, bigXflag: 0, dlt: null, nanoseconds: false, user: null, about: null, warnings: '',
  };
}

/** Letters; with a colon if they take a word. */
const SHORT = 'aAbB:c:C:dDeE:fF:G:hHi:Ij:JKlLm:M:nNOpqQ:r:s:StT:uUvV:w:W:xXy:Yz:Z:#';

const LONG: LongNames = {
  'buffer-size': 'B:',
  'list-interfaces': 'D',
  help: 'h',
  interface: 'i:',
  'monitor-mode': 'I',
  'time-stamp-type': 'j:',
  'list-time-stamp-types': 'J',
  'dont-verify-checksums': 'K',
  'list-data-link-types': 'L',
  'no-optimize': 'O',
  'no-promiscuous-mode': 'p',
  direction: 'Q:',
  'snapshot-length': 's:',
  'absolute-tcp-sequence-numbers': 'S',
  'packet-buffered': 'U',
  linktype: 'y:',
  'immediate-mode': 'immediate',
  'relinquish-privileges': 'Z:',
  number: '#',
  print: 'print',
  version: 'version',
  'time-stamp-precision': 'precision:',
  micro: 'micro',
  nano: 'nano',
  count: 'count',
};

type Setter = (o: TcpdumpOptions, arg: string) => void;

/** Flags of what is not printed here (BGP, NFS, 802.11s) and of buffers: nothing would change. */
const WITHOUT_EFFECT = ['a', 'b', 'H', 'l', 'u', 'U', 'immediate'];

const SETTERS: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ...WITHOUT_EFFECT.map((letter) => [letter, () => {}] as const),
  ['A', (o) => o.aflag++],
  ['B', (_, arg) => void positive(arg, 'packet buffer size')],
  ['c', (o, arg) => (o.count = positive(arg, 'packet count'))],
  ['C', (o, arg) => (o.fileSize = fileSize(arg))],
  ['d', (o) => o.dflag++],
  ['D', (o) => (o.listDevices = true)],
  ['e', (o) => (o.eflag = true)],
  ['E', () => failure('crypto code not compiled in')],
  ['f', () => failure('-f is not supported')],
  ['F', (o, arg) => (o.filterFile = arg)],
  ['G', (o, arg) => (o.fileSeconds = seconds(arg))],
  ['h', (o) => (o.about ??= 'usage')],
  ['i', (o, arg) => (o.device = arg)],
  ['I', (o) => (o.monitor = true)],
  ['j', (_, arg) => stampType(arg)],
  ['J', (o) => (o.listStampTypes = true)],
  ['K', (o) => (o.kflag = true)],
  ['L', (o) => (o.listLinkTypes = true)],
  ['m', (o, arg) => (o.warnings += `tcpdump: ignoring option \`-m ${arg}' (no libsmi support)\n`)],
  ['M', () => failure('crypto code not compiled in')],
  ['n', (o) => o.nflag++],
  ['N', (o) => (o.nDomain = true)],
  ['O', (o) => (o.optimize = false)],
  ['p', (o) => (o.promiscuous = false)],
  ['q', (o) => (o.qflag = true)],
  ['Q', (o, arg) => (o.direction = direction(arg))],
  ['r', (o, arg) => (o.read = arg)],
  ['s', (o, arg) => (o.snaplen = snaplen(arg))],
  ['S', (o) => (o.sflag = true)],
  ['t', (o) => o.tflag++],
  ['T', (_, arg) => packetType(arg)],
  ['v', (o) => o.vflag++],
  ['V', (o, arg) => (o.readList = arg)],
  ['w', (o, arg) => (o.write = arg)],
  ['W', (o, arg) => (o.fileCount = positive(arg, 'number of output files'))],
  ['x', (o) => o.xflag++],
  ['X', (o) => o.bigXflag++],
  ['y', (o, arg) => (o.dlt = linkType(arg))],
  // Of a debugging build.
  ['Y', () => usageError()],
  ['z', () => failure('-z is not supported')],
  ['Z', (o, arg) => (o.user = arg)],
  ['#', (o) => (o.numbers = true)],
  ['count', (o) => (o.countMode = true)],
  ['micro', (o) => (o.nanoseconds = false)],
  ['nano', (o) => (o.nanoseconds = true)],
  ['precision', (o, arg) => (o.nanoseconds = precision(arg))],
  ['print', (o) => (o.print = true)],
  ['version', (o) => (o.about ??= 'version')],
]);

/** Behind the name of the command. */
export function parseOptions(argv: readonly string[]): Readonly<TcpdumpOptions> {
  const o = defaults();
  const { opts, rest, error } = getoptLong(argv, SHORT, LONG);
  for (const { opt, arg } of opts) {
    SETTERS.get(opt)?.(o, arg ?? '');
    // What these two print is printed at once, whatever follows.
    if (o.about !== null) return o;
  }
  if (error !== null) usageError(error);
  if (o.tflag > 5) failure('only -t, -tt, -ttt, -tttt and -ttttt are supported');
  if (o.readList !== null && o.read !== null) failure('-V and -r are mutually exclusive.');
  o.expression = rest.join(' ');
  return o;
}

function whole(text: string): number {
  return /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
}

function positive(text: string, what: string): number {
  const n = whole(text);
  return n > 0 ? n : failure(`invalid ${what} ${text}`);
}

function fileSize(text: string): number {
  const n = positive(text, 'file size');
  return n * MEGABYTE < INT64_MAX ? n * MEGABYTE : failure(`file size ${text} is too large`);
}

function seconds(text: string): number {
  const n = Number(/^\s*[+-]?\d+/.exec(text)?.[0] ?? 0);
  return n >= 0 ? n : failure(`invalid number of seconds ${text}`);
}

function snaplen(text: string): number {
  const n = whole(text);
  if (!(n <= MAXIMUM_SNAPLEN)) failure(`invalid snaplen ${text} (must be >= 0 and <= ${MAXIMUM_SNAPLEN})`);
  return n === 0 ? MAXIMUM_SNAPLEN : n;
}

function linkType(text: string): number {
  return LINK_TYPES.find(({ name }) => name === text.toUpperCase())?.dlt ?? failure(`invalid data link type ${text}`);
}

function direction(text: string): string {
  return ['in', 'out', 'inout'].includes(text.toLowerCase()) ? text.toLowerCase() : failure(`unknown capture direction \`${text}'`);
}

function precision(text: string): boolean {
  if (text === 'micro' || text === 'nano') return text === 'nano';
  return failure(`unknown time stamp precision ${text}`);
}

/** Packets are stamped by the host. */
function stampType(text: string): void {
  if (!['host', 'host_lowprec', 'host_hiprec', 'host_hiprec_unsynced', 'adapter', 'adapter_unsynced'].includes(text)) failure(`invalid time stamp type ${text}`);
  if (text !== 'host') failure(`time stamps of type ${text} are not supported`);
}

/** Types that the real one prints, whatever their port is. None of them is printed here but DNS, which is known by its port. */
const PACKET_TYPES = 'aodv carp cnfp domain lmp pgm pgm_zmtp1 ptp quic radius resp rpc rtcp rtp snmp someip tftp vat vxlan wb zmtp1'.split(' ');

function packetType(text: string): never {
  return failure(PACKET_TYPES.includes(text) ? `packet type \`${text}' is not supported` : `unknown packet type \`${text}'`);
}

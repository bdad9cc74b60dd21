/** The command line, as getopt_long(3) reads it: options may stand anywhere before `--`. */
import { LINK_TYPES } from '@skbuff/pcap-filter';
import { failure, usageError } from './messages.ts';

export interface TcpdumpOptions {
  readonly expression: string;
  readonly aflag: number;
  readonly count: number | null;
  readonly countMode: boolean;
  readonly dflag: number;
  readonly listDevices: boolean;
  readonly listLinkTypes: boolean;
  readonly eflag: boolean;
  readonly filterFile: string | null;
  readonly device: string | null;
  readonly kflag: boolean;
  readonly nflag: number;
  readonly nDomain: boolean;
  readonly numbers: boolean;
  readonly optimize: boolean;
  readonly promiscuous: boolean;
  readonly direction: string;
  readonly qflag: boolean;
  readonly read: string | null;
  readonly snaplen: number;
  readonly sflag: boolean;
  readonly tflag: number;
  readonly vflag: number;
  readonly write: string | null;
  readonly fileSize: number;
  readonly fileCount: number;
  readonly print: boolean;
  readonly xflag: number;
  readonly bigXflag: number;
  readonly dlt: number | null;
  readonly nanoseconds: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

/** Letters; with a colon if they take a word. */
const SHORT = 'aAbB:c:C:dDeE:fF:G:hHi:Ij:JKlLm:M:nNOpqQ:r:s:StT:uUvV:w:W:xXy:Yz:Z:#';

const LONG: Readonly<Record<string, string>> = {
  'buffer-size': 'B',
  'list-interfaces': 'D',
  help: 'h',
  interface: 'i',
  'monitor-mode': 'I',
  'time-stamp-type': 'j',
  'list-time-stamp-types': 'J',
  'dont-verify-checksums': 'K',
  'list-data-link-types': 'L',
  'no-optimize': 'O',
  'no-promiscuous-mode': 'p',
  direction: 'Q',
  'snapshot-length': 's',
  'absolute-tcp-sequence-numbers': 'S',
  'packet-buffered': 'U',
  linktype: 'y',
  'immediate-mode': 'immediate',
  debug: 'Y',
  'relinquish-privileges': 'Z',
  number: '#',
  print: 'print',
  version: 'version',
  'time-stamp-precision': 'precision:',
  micro: 'micro',
  nano: 'nano',
  count: 'count',
};

interface Given {
  readonly letter: string;
  readonly value: string;
}

function takesWord(letter: string): boolean {
  return letter.endsWith(':') || (letter.length === 1 && SHORT[SHORT.indexOf(letter) + 1] === ':');
}

function split(argv: readonly string[]): { given: Given[]; rest: string[] } {
  const given: Given[] = [];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === '--') {
      rest.push(...argv.slice(i + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') rest.push(word);
    else if (word.startsWith('--')) i += longOption(word.slice(2), argv[i + 1], given);
    else i += shortOptions(word, argv[i + 1], given);
  }
  return { given, rest };
}

/** How many words more were used. */
function longOption(word: string, next: string | undefined, given: Given[]): number {
  const at = word.indexOf('=');
  const name = at < 0 ? word : word.slice(0, at);
  const candidates = Object.keys(LONG).filter((known) => known.startsWith(name));
  const exact = LONG[name] ?? (candidates.length === 1 ? LONG[candidates[0] as string] : undefined);
  if (exact === undefined) {
    const possible = candidates.map((c) => ` '--${c}'`).join('');
    usageError(candidates.length > 1 ? `option '--${name}' is ambiguous; possibilities:${possible}` : `unrecognized option '--${name}'`);
  }
  const letter = exact.replace(':', '');
  if (!takesWord(exact)) {
    if (at >= 0) usageError(`option '--${name}' doesn't allow an argument`);
    given.push({ letter, value: '' });
    return 0;
  }
  const value = at >= 0 ? word.slice(at + 1) : next;
  if (value === undefined) usageError(`option '--${name}' requires an argument`);
  given.push({ letter, value });
  return at >= 0 ? 0 : 1;
}

function shortOptions(word: string, next: string | undefined, given: Given[]): number {
  for (let k = 1; k < word.length; k++) {
    const letter = word[k] as string;
    if (letter === ':' || !SHORT.includes(letter)) usageError(`invalid option -- '${letter}'`);
    if (!takesWord(letter)) {
      given.push({ letter, value: '' });
      continue;
    }
    const inside = k + 1 < word.length;
    const value = inside ? word.slice(k + 1) : next;
    if (value === undefined) usageError(`option requires an argument -- '${letter}'`);
    given.push({ letter, value });
    return inside ? 0 : 1;
  }
  return 0;
}

const MAXIMUM_SNAPLEN = 262144;

function whole(text: string): number {
  return /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
}

function positive(text: string, what: string): number {
  const n = whole(text);
  return n > 0 ? n : failure(`invalid ${what} ${text}`);
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

/** Behind the name of the command. */
export function parseOptions(argv: readonly string[]): TcpdumpOptions {
  const { given, rest } = split(argv);
  const times = (letter: string): number => given.filter((g) => g.letter === letter).length;
  const has = (letter: string): boolean => times(letter) > 0;
  const last = (letter: string): string | null => given.findLast((g) => g.letter === letter)?.value ?? null;
  const of = <T>(letter: string, parse: (text: string) => T, otherwise: T): T => {
    const text = last(letter);
    return text === null ? otherwise : parse(text);
  };
  const tflag = times('t');
  const options: TcpdumpOptions = {
    expression: rest.join(' '),
    aflag: times('A'),
    count: of<number | null>('c', (text) => positive(text, 'packet count'), null),
    countMode: has('count'),
    dflag: times('d'),
    listDevices: has('D'),
    listLinkTypes: has('L'),
    eflag: has('e'),
    filterFile: last('F'),
    device: last('i'),
    kflag: has('K'),
    nflag: times('n'),
    nDomain: has('N'),
    numbers: has('#'),
    optimize: !has('O'),
    promiscuous: !has('p'),
    direction: of('Q', direction, 'inout'),
    qflag: has('q'),
    read: last('r'),
    snaplen: of('s', snaplen, MAXIMUM_SNAPLEN),
    sflag: has('S'),
    tflag,
    vflag: times('v'),
    write: last('w'),
    fileSize: of('C', (text) => positive(text, 'file size') * 1_000_000, 0),
    fileCount: of('W', (text) => positive(text, 'number of output files'), 0),
    print: has('print'),
    xflag: times('x'),
    bigXflag: times('X'),
    dlt: of<number | null>('y', linkType, null),
    nanoseconds: of('precision', precision, false) || has('nano'),
    help: has('h'),
    version: has('version'),
  };
  if (tflag > 5) failure('only -t, -tt, -ttt, -tttt and -ttttt are supported');
  return options;
}

/**
 * Packets in words, about as tcpdump(8) prints them:
 *
 *     udp 10.0.1.2:1000 > 10.0.2.2:53 ttl 3 len 1400 df
 *     icmp > 10.0.2.2
 *     udp [2001:db8:1::2]:1000 > [2001:db8:2::2]:53
 *     icmp > fe80::1%eth0
 *     tcp 192.0.2.1:4000 > 10.0.2.2:80 [S] in eth1
 */
import { AF_UNSPEC } from '@skbuff/uapi';
import { afBitLen, inetPton } from '@skbuff/wire';
import { FAMILIES, familyOf } from './families.ts';
import type { Family } from './family.ts';
import type { Packet, PacketEnd, Protocol } from './packet.ts';

/** Why a text is no packet, and which part of it. */
export class PacketSyntaxError extends Error {
  override readonly name = 'PacketSyntaxError';
  readonly text: string;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly length: number;
  readonly expected: string;

  constructor(text: string, word: Word, message: string, expected: string) {
    super(message);
    this.text = text;
    this.column = word.at + 1;
    this.length = Math.max(1, word.text.length);
    this.expected = expected;
  }
}

/** The text with a caret under what is wrong, and what was expected; no line feed at the end. */
export function formatPacketError(error: PacketSyntaxError): string {
  const text = error.text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) => (c === '\t' ? ' ' : '\ufffd'));
  const gap = ' '.repeat(error.column - 1);
  return [`packet:${error.column}: error: ${error.message}`, ` | ${text}`, ` | ${gap}${'^'.repeat(error.length)}`, `   expected: ${error.expected}`].join('\n');
}

interface Word {
  readonly text: string;
  readonly at: number;
}

interface Draft {
  protocol: Protocol;
  saddr: PacketEnd | null;
  daddr: PacketEnd;
  sport: number;
  dport: number;
  ttl: number | null;
  tos: number;
  length: number | null;
  df: boolean | null;
  mark: number;
  iface: string | null;
  /** Null: not said, so an echo request. */
  type: number | null;
  code: number;
  id: number;
  seq: number;
  flags: number | null;
  badCsum: boolean;
  badIpCsum: boolean;
}

const EXAMPLE = "udp 10.0.1.2:1000 > 10.0.2.2:53, icmp 10.0.1.2 > 10.0.2.2, or with `in IFACE` tcp 10.0.1.2:1000 > 10.0.2.2:80 [S]";
/** Payload of an echo request, as ping(8) has it. */
const ECHO_LENGTH = 56;
const NOWHERE: PacketEnd = { family: AF_UNSPEC, bytes: new Uint8Array(0), bitlen: 0, zone: '' };
const MAX_LENGTH = 65535 - 60 - 20;
const TCP_FLAGS: Readonly<{ [name: string]: number }> = { F: 1, S: 2, R: 4, P: 8, '.': 16, U: 32, E: 64, W: 128 };

/** Reads a packet. Throws {@link PacketSyntaxError}. */
export function parsePacket(text: string): Packet {
  return new Parser(text).packet();
}

class Parser {
  private readonly text: string;
  private readonly words: readonly Word[];
  private next = 0;
  private readonly draft: Draft;

  constructor(text: string) {
    this.text = text;
    this.words = [...text.matchAll(/>|[^\s>]+/g)].map((m) => ({ text: m[0], at: m.index }));
    this.draft = {
      protocol: 'udp', saddr: null, daddr: NOWHERE, sport: 0, dport: 0, ttl: null, tos: 0, length: null, df: null, mark: 0, iface: null,
      type: null, code: 0, id: 1, seq: 1, flags: null, badCsum: false, badIpCsum: false,
    };
  }

  packet(): Packet {
    const { draft } = this;
    const first = this.take('a packet', EXAMPLE);
    if (first.text !== 'udp' && first.text !== 'icmp' && first.text !== 'tcp') this.fail(first, 'this is no protocol', 'udp, icmp or tcp');
    draft.protocol = first.text as Protocol;
    this.ends();
    const options = new Set<string>();
    for (let word = this.words[this.next]; word !== undefined; word = this.words[this.next]) {
      this.next++;
      const key = word.text.startsWith('[') ? '[flags]' : word.text;
      if (options.has(key)) this.fail(word, `${key} is there twice`, 'each option once');
      options.add(key);
      this.option(word);
    }
    this.check(first);
    const { type, code, id, seq, length, flags, ...rest } = draft;
    const echo = draft.protocol === 'icmp' ? ECHO_LENGTH : 0;
    return { text: this.text.trim(), ...rest, length: length ?? echo, icmp: { type: type ?? this.family().icmp.echo, code, id, seq }, flags: flags ?? 2 };
  }

  /** `[A[:p]] > B[:p]` */
  private ends(): void {
    const { draft } = this;
    if (this.words[this.next]?.text !== '>') [draft.saddr, draft.sport] = this.end(this.take('a source, or > and a destination', EXAMPLE), false);
    const arrow = this.take('>', EXAMPLE);
    if (arrow.text !== '>') this.fail(arrow, 'after the source comes an arrow', '>');
    const word = this.take('a destination', EXAMPLE);
    [draft.daddr, draft.dport] = this.end(word, true);
    if (draft.saddr !== null && draft.saddr.family !== draft.daddr.family) this.fail(word, 'source and destination are of two families', 'both of IPv4, or both of IPv6');
  }

  private end(word: Word, mustHavePort: boolean): [addr: PacketEnd, port: number] {
    const ports = this.draft.protocol !== 'icmp';
    const { host, colon } = hostOf(word);
    const addr = endOf(host.text) ?? this.fail(host, 'this is no IP address', `an address${ports ? ' and a port' : ''}, such as ${ports ? '10.0.2.2:53 or [2001:db8::2]:53' : '10.0.2.2 or 2001:db8::2'}`);
    const behind = { text: word.text.slice(colon), at: word.at + colon };
    if (colon >= 0 && !ports) this.fail(behind, 'icmp has no ports', 'an address alone, such as 10.0.2.2 or 2001:db8::2');
    if (colon < 0 && ports && mustHavePort) this.fail(word, 'the port is missing', host.text.includes(':') ? `[${host.text}]:53` : `${word.text}:53`);
    return [addr, colon < 0 ? 0 : this.number({ text: behind.text.slice(1), at: behind.at + 1 }, 'a port', 1, 65535)];
  }

  /** Of the packet, once its ends are known. */
  private family(): Family {
    return familyOf(this.draft.daddr.family);
  }

  private option(word: Word): void {
    const { draft } = this;
    const key = word.text;
    if (key.startsWith('[')) draft.flags = this.tcpFlags(word);
    else if (key === 'df' || key === 'nodf') draft.df = key === 'df';
    else if (key === 'bad-csum') draft.badCsum = true;
    else if (key === 'bad-ip-csum') draft.badIpCsum = this.family().headerChecksum || this.fail(word, 'the header of IPv6 has no checksum', 'bad-csum, for that of udp, tcp or icmp');
    else if (key === 'ttl') draft.ttl = this.value('ttl', 1, 255);
    else if (key === 'tos') draft.tos = this.value('tos', 0, 255);
    else if (key === 'len') draft.length = this.value('len', 0, MAX_LENGTH);
    else if (key === 'mark') draft.mark = this.value('mark', 0, 0xffffffff);
    else if (key === 'in') draft.iface = this.take('the name of an interface', 'in eth1').text;
    else this.icmpOption(word);
  }

  private icmpOption(word: Word): void {
    const { draft } = this;
    const key = word.text;
    const known = key === 'type' || key === 'code' || key === 'id' || key === 'seq';
    const all = `ttl N, tos N, len N, df, nodf, mark N, in IFACE${draft.protocol === 'icmp' ? ', type N, code N, id N, seq N' : draft.protocol === 'tcp' ? ', [S]' : ''}, or with in: bad-csum, bad-ip-csum`;
    if (!known || draft.protocol !== 'icmp') this.fail(word, known ? `${key} is for icmp` : 'this is no option of a packet', all);
    const { types } = this.family().icmp;
    if (key === 'type') draft.type = types[this.words[this.next]?.text ?? ''] ?? this.value('type', 0, 255, Object.keys(types));
    else if (key === 'code') draft.code = this.value('code', 0, 255);
    else if (key === 'id') draft.id = this.value('id', 0, 65535);
    else draft.seq = this.value('seq', 0, 65535);
    if (key === 'type' && types[this.words[this.next]?.text ?? ''] !== undefined) this.next++;
  }

  private tcpFlags(word: Word): number {
    const inner = /^\[([^\]]+)\]$/.exec(word.text)?.[1];
    const bits = [...(inner ?? '')].map((c) => TCP_FLAGS[c] ?? 0);
    if (this.draft.protocol !== 'tcp') this.fail(word, 'flags are for tcp', 'udp and icmp without them');
    if (inner === undefined || bits.includes(0)) this.fail(word, 'these are no TCP flags', 'letters of SFRPUEW and a dot in brackets, such as [S] or [S.]');
    return bits.reduce((all, bit) => all | bit, 0);
  }

  private check(first: Word): void {
    const { draft } = this;
    if (draft.iface === null) {
      if (draft.protocol === 'tcp') this.fail(first, 'nothing here sends tcp: it can only come from outside', 'in IFACE at the end');
      if (draft.badCsum || draft.badIpCsum) this.fail(this.find(/^bad-/), 'the kernel makes no wrong checksums: they can only come from outside', 'in IFACE beside it');
    } else if (draft.saddr === null) this.fail(this.find(/^>$/), 'a packet from outside needs a source', EXAMPLE);
    if (draft.iface !== null && draft.protocol !== 'icmp' && draft.sport === 0) this.fail(this.words[1] as Word, 'a packet from outside needs a source port', EXAMPLE);
  }

  private find(what: RegExp): Word {
    return this.words.find(({ text }) => what.test(text)) as Word;
  }

  private value(key: string, min: number, max: number, names: readonly string[] = []): number {
    const word = this.take(`a number after ${key}`, `${key} N`);
    return this.number(word, `the value of ${key}`, min, max, names);
  }

  private number(word: Word, what: string, min: number, max: number, names: readonly string[] = []): number {
    const value = /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(word.text) ? Number(word.text) : Number.NaN;
    const expected = `a whole number from ${min} to ${max}${names.length === 0 ? '' : `, or ${names.join(', ')}`}`;
    if (!(value >= min && value <= max)) this.fail(word, `this is not ${what}`, expected);
    return value;
  }

  private take(what: string, expected: string): Word {
    const word = this.words[this.next++];
    return word ?? this.fail({ text: '', at: this.text.trimEnd().length }, `the packet ends where ${what} should be`, expected);
  }

  private fail(word: Word, message: string, expected: string): never {
    throw new PacketSyntaxError(this.text, word, message, expected);
  }
}

/** Where the address of an end stands, and where behind it the colon of a port; -1: nowhere. */
function hostOf({ at, text }: Word): { readonly host: Word; readonly colon: number } {
  const [, inner] = /^\[([^\]]*)\](?::|$)/.exec(text) ?? [];
  if (inner !== undefined) return { host: { text: inner, at: at + 1 }, colon: text.length === inner.length + 2 ? -1 : inner.length + 2 };
  const colon = text.indexOf(':');
  // Two colons without brackets: an address of IPv6 alone.
  const alone = colon < 0 || text.includes(':', colon + 1);
  return { host: { text: alone ? text : text.slice(0, colon), at }, colon: alone ? -1 : colon };
}

/** `10.0.2.2`, `fe80::1%eth0`; null: no address of any family. */
function endOf(text: string): PacketEnd | null {
  const percent = text.indexOf('%');
  const zone = percent < 0 ? '' : text.slice(percent + 1);
  for (const { family, hasZones } of FAMILIES) {
    const bytes = percent >= 0 && (!hasZones || zone === '') ? null : inetPton(family, percent < 0 ? text : text.slice(0, percent));
    if (bytes !== null) return { family, bytes, bitlen: afBitLen(family), zone };
  }
  return null;
}

/** The grammar of pcap-filter(7), by recursive descent; code is made as the words are read. */
import { BPF_B, BPF_H, BPF_JGE, BPF_JGT, BPF_JMP, BPF_K, BPF_LD, BPF_LEN, BPF_W, SKF_AD_IFINDEX, SKF_AD_OFF, SKF_AD_PKTTYPE } from '@skbuff/uapi';
import { type Arith, arithBinary, arithCompare, arithConst, arithLength, arithLoad, arithNegative } from './arith.ts';
import { type Cond, and, not, or, stmt, test } from './cond.ts';
import { fail, syntaxError } from './filter-error.ts';
import { behindGeneve, behindMpls, behindPppoes, behindVlan, type Encap } from './encapsulations.ts';
import { ip6Multicast, ipBroadcast, ipMulticast } from './addresses.ts';
import { byteRelation, linkBroadcast, linkMulticast, carries, llcFrame } from './link-layer.ts';
import { protocolNamed } from './protocols.ts';
import { qualified } from './qualified.ts';
import { Lexer, type Token } from './lexer.ts';
import { DLT_LINUX_SLL, DLT_LINUX_SLL2, type Layers } from './link.ts';
import { Registers, equal } from './loads.ts';
import type { FilterNames } from './names.ts';
import { OTHER_LINKS } from './other-links.ts';
import type { Dir, Kind, Qualifiers } from './qualifiers.ts';

const PROTOCOLS: ReadonlySet<string> = new Set(['link', 'ip', 'arp', 'rarp', 'sctp', 'tcp', 'udp', 'icmp', 'igmp', 'igrp', 'pim', 'vrrp', 'carp', 'atalk', 'aarp', 'decnet', 'lat', 'sca', 'moprc', 'mopdl', 'ip6', 'icmp6', 'ah', 'esp', 'iso', 'esis', 'isis', 'l1', 'l2', 'iih', 'lsp', 'snp', 'csnp', 'psnp', 'clnp', 'stp', 'ipx', 'netbeui', 'radio']);
const KINDS: ReadonlySet<string> = new Set(['host', 'net', 'port', 'portrange', 'proto', 'protochain', 'gateway']);
const DIRS: ReadonlySet<string> = new Set(['src', 'dst', 'addr1', 'addr2', 'addr3', 'addr4', 'ra', 'ta']);
const RELATIONS: ReadonlySet<string> = new Set(['>', '<', '>=', '<=', '=', '!=']);
/** How tight an operator binds. `%` and `^` have no rank in the grammar: what follows them, or they if they follow, is taken first. */
const RANKS: Readonly<Record<string, number>> = { '|': 1, '&': 2, '<<': 3, '>>': 3, '+': 4, '-': 4, '*': 5, '/': 5 };
const ARITHMETIC: ReadonlySet<string> = new Set([...Object.keys(RANKS), '%', '^']);
const NEGATION = 6;

export interface ParserOptions {
  readonly layers: Layers;
  readonly names: FilterNames;
  readonly netmask: number;
}

/** What may follow `and` and `or` without a qualifier of its own. */
interface Parsed {
  readonly cond: Cond;
  /** Null behind what has no qualifiers. */
  readonly q: Qualifiers | null;
}

export class Parser {
  private readonly lexer: Lexer;
  /** Words read ahead. */
  private readonly ahead: Token[] = [];
  private readonly names: FilterNames;
  private readonly netmask: number;
  private readonly regs = new Registers();
  private layers: Layers;

  constructor(text: string, options: ParserOptions) {
    this.lexer = new Lexer(text);
    this.layers = options.layers;
    this.names = options.names;
    this.netmask = options.netmask;
  }

  /** Null for an expression without words: every packet. */
  parse(): Cond | null {
    if (this.peek().kind === 'end') return null;
    const { cond } = this.expr(null);
    if (this.peek().kind !== 'end') syntaxError();
    return cond;
  }

  /** Whether the optimiser may work on what was parsed. */
  get optimizable(): boolean {
    return this.regs.optimizable;
  }

  private peek(n = 0): Token {
    while (this.ahead.length <= n) this.ahead.push(this.lexer.next());
    return this.ahead[n] as Token;
  }

  private take(): Token {
    const token = this.peek();
    this.ahead.shift();
    return token;
  }

  private isWord(word: string, n = 0): boolean {
    const token = this.peek(n);
    return token.kind === 'word' && token.word === word;
  }

  private isOp(op: string, n = 0): boolean {
    const token = this.peek(n);
    return token.kind === 'op' && token.op === op;
  }

  private expect(op: string): void {
    const token = this.take();
    if (token.kind !== 'op' || token.op !== op) syntaxError();
  }

  private number(): number {
    const token = this.take();
    return token.kind === 'number' ? token.value : syntaxError();
  }

  private optionalNumber(): number | null {
    return this.peek().kind === 'number' ? this.number() : null;
  }

  /** `q`: the qualifiers that were in force in front of it; null: a name alone means nothing yet. */
  private expr(q: Qualifiers | null): Parsed {
    let left = this.term(null, q);
    while (this.isWord('and') || this.isWord('or')) {
      const join = this.isWord('and') ? and : or;
      this.take();
      const right = this.term(left, q);
      left = { cond: join(left.cond, right.cond), q: right.q };
    }
    return left;
  }

  /** `before`: what stands in front of the `and` or `or`; null at the beginning of an expression. */
  private term(before: Parsed | null, outer: Qualifiers | null): Parsed {
    const token = this.peek();
    const q = before === null ? outer : before.q;
    if (token.kind === 'word' && token.word === 'not') {
      this.take();
      const { cond, q: inner } = this.term(before, outer);
      return { cond: not(cond), q: inner };
    }
    if (this.atArithmetic()) return { cond: this.comparison(), q: null };
    if (this.isOp('(')) return this.group(before, q);
    if (token.kind === 'word') return this.primitive(token.word);
    if (before === null || token.kind === 'op' || token.kind === 'end') syntaxError();
    return { cond: this.id(q), q };
  }

  private group(before: Parsed | null, q: Qualifiers | null): Parsed {
    if (before !== null && this.atIdList()) return { cond: this.id(q), q };
    this.take();
    const { cond } = this.expr(q);
    this.expect(')');
    return { cond, q };
  }

  /** True if the parenthesis that comes next holds names without qualifiers, not values that are compared. */
  private atIdList(): boolean {
    let n = 0;
    while (this.isOp('(', n) || this.isWord('not', n)) n++;
    return !this.isValueEnd(n + 1) && ['name', 'dotted', 'v6', 'mac', 'number'].includes(this.peek(n).kind);
  }

  /** A name, a number, an address, or several of them in parentheses, all with these qualifiers. */
  private id(q: Qualifiers | null): Cond {
    if (this.isWord('not')) {
      this.take();
      return not(this.id(q));
    }
    if (!this.isOp('(')) return qualified({ layers: this.layers, names: this.names, regs: this.regs }, this.address(), q);
    this.take();
    let left = this.id(q);
    while (this.isWord('and') || this.isWord('or')) {
      const join = this.isWord('and') ? and : or;
      this.take();
      left = join(left, this.id(q));
    }
    this.expect(')');
    return left;
  }

  private address(): Parameters<typeof qualified>[1] {
    const token = this.take();
    switch (token.kind) {
      case 'name':
      case 'number':
      case 'mac':
        return { token, prefix: null, mask: null };
      case 'dotted':
      case 'v6':
        return { token, ...this.maskOf(token.kind) };
      default:
        return syntaxError();
    }
  }

  private maskOf(kind: 'dotted' | 'v6'): { prefix: number | null; mask: string | null } {
    if (this.isOp('/')) {
      this.take();
      return { prefix: this.number(), mask: null };
    }
    if (kind === 'dotted' && this.isWord('mask')) {
      this.take();
      const token = this.take();
      return token.kind === 'dotted' ? { prefix: null, mask: token.text } : syntaxError();
    }
    return { prefix: null, mask: null };
  }

  /** Something that begins with a keyword. */
  private primitive(word: string): Parsed {
    const other = this.special(word);
    if (other !== null) return { cond: other, q: null };
    return this.qualified();
  }

  private qualified(): Parsed {
    const proto = this.word(PROTOCOLS);
    const cast = proto === null || this.peek().kind !== 'word' ? null : this.cast(proto);
    if (cast !== null) return { cond: cast, q: null };
    if (this.isWord('broadcast') || this.isWord('multicast')) return { cond: this.cast('default') as Cond, q: null };
    const dir = this.direction();
    const kind = this.word(KINDS) as Kind | null;
    if (dir !== null && (kind === 'proto' || kind === 'protochain' || kind === 'gateway')) syntaxError();
    if (proto !== null && dir === null && kind === null && !this.atId()) return { cond: protocolNamed(this.layers, proto), q: null };
    if (dir === null && kind === null) syntaxError();
    const q: Qualifiers = { proto: proto ?? 'default', dir: dir ?? 'default', kind: kind ?? 'default' };
    return { cond: this.id(q), q };
  }

  private atId(): boolean {
    return ['name', 'dotted', 'v6', 'mac', 'number'].includes(this.peek().kind) || this.isOp('(');
  }

  private word(of: ReadonlySet<string>): string | null {
    const token = this.peek();
    if (token.kind !== 'word' || !of.has(token.word)) return null;
    this.take();
    return token.word;
  }

  private direction(): Dir | null {
    const first = this.word(DIRS);
    if (first !== 'src' && first !== 'dst') return first as Dir | null;
    const joined = this.isWord('or') ? 'or' : this.isWord('and') ? 'and' : null;
    if (joined === null || !this.isWord(first === 'src' ? 'dst' : 'src', 1)) return first;
    this.take();
    this.take();
    return joined;
  }

  private cast(proto: string): Cond | null {
    const token = this.peek();
    if (token.kind !== 'word' || (token.word !== 'broadcast' && token.word !== 'multicast')) return null;
    this.take();
    const link = proto === 'default' || proto === 'link';
    if (token.word === 'broadcast') {
      if (link) return linkBroadcast(this.layers);
      return proto === 'ip' ? ipBroadcast(this.layers, this.netmask) : fail('only link-layer/IP broadcast filters supported');
    }
    if (proto === 'ip') return ipMulticast(this.layers);
    if (proto === 'ip6') return ip6Multicast(this.layers);
    return link
      ? linkMulticast(this.layers)
      : fail('link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel');
  }

  private special(word: string): Cond | null {
    switch (word) {
      case 'less':
        return not(this.lengthIs(BPF_JGT));
      case 'greater':
        return this.lengthIs(BPF_JGE);
      case 'byte':
        return this.byte();
      case 'inbound':
      case 'outbound':
        this.take();
        return this.inbound(word);
      case 'ifindex':
        this.take();
        return this.ifindex(this.number());
      case 'vlan':
        return this.encap(behindVlan);
      case 'mpls':
        return this.encap(behindMpls);
      case 'pppoes':
        return this.encap(behindPppoes);
      case 'geneve':
        return this.encap((l, n) => behindGeneve(l, this.regs, n));
      case 'pppoed':
        this.take();
        return carries(this.layers, 0x8863);
      case 'llc':
        this.take();
        return llcFrame(this.layers, this.llcType());
      default:
        return this.otherLink(word);
    }
  }

  private llcType(): string | null {
    const token = this.peek();
    if (token.kind === 'name') {
      this.take();
      return token.text;
    }
    // RNR is also a word of its own.
    return this.word(new Set(['rnr']));
  }

  private otherLink(word: string): Cond | null {
    const rule = OTHER_LINKS[word];
    if (rule === undefined) return null;
    this.take();
    return rule(() => this.take());
  }

  private encap(test: (l: Layers, n: number | null) => Encap): Cond {
    this.take();
    const { cond, layers } = test(this.layers, this.optionalNumber());
    this.layers = layers;
    return cond;
  }

  private lengthIs(jump: number): Cond {
    this.take();
    return test(BPF_JMP | jump | BPF_K, this.number(), [stmt(BPF_LD | BPF_LEN)]);
  }

  private byte(): Cond {
    this.take();
    const at = this.number();
    const token = this.take();
    if (token.kind !== 'op' || !'&|<>='.includes(token.op)) syntaxError();
    return byteRelation(this.layers, at, token.op, this.number());
  }

  /** Sent by this machine: the cooked header tells, or the kernel does. */
  private inbound(word: string): Cond {
    const { dlt, frame } = this.layers;
    const out =
      dlt === DLT_LINUX_SLL
        ? equal(frame, 0, BPF_H, 4)
        : dlt === DLT_LINUX_SLL2
          ? equal(frame, 10, BPF_B, 4)
          : equal(frame, SKF_AD_OFF + SKF_AD_PKTTYPE, BPF_H, 4);
    return word === 'inbound' ? not(out) : out;
  }

  private ifindex(index: number): Cond {
    const { dlt, frame } = this.layers;
    return equal(frame, dlt === DLT_LINUX_SLL2 ? 4 : SKF_AD_OFF + SKF_AD_IFINDEX, BPF_W, index);
  }

  /** True if a comparison of values begins here: of parentheses, if an operator follows the one that closes them. */
  private atArithmetic(): boolean {
    const token = this.peek();
    if (token.kind === 'number') return this.isValueEnd(1);
    if (token.kind === 'word') return token.word === 'len' || (PROTOCOLS.has(token.word) && this.isOp('[', 1));
    if (this.isOp('-')) return true;
    return this.isOp('(') && this.isValueEnd(this.closing());
  }

  private isValueEnd(n: number): boolean {
    const token = this.peek(n);
    return token.kind === 'op' && (RELATIONS.has(token.op) || ARITHMETIC.has(token.op));
  }

  /** How far ahead the word behind the closing parenthesis is. */
  private closing(): number {
    let depth = 0;
    for (let n = 0; ; n++) {
      if (this.peek(n).kind === 'end') return n;
      if (this.isOp('(', n)) depth++;
      else if (this.isOp(')', n) && --depth === 0) return n + 1;
    }
  }

  private comparison(): Cond {
    const left = this.arith(0);
    const token = this.take();
    if (token.kind !== 'op' || !RELATIONS.has(token.op)) syntaxError();
    return arithCompare(this.regs, token.op, left, this.arith(0));
  }

  /** Operands up to an operator that `rank` binds tighter than. */
  private arith(rank: number | null): Arith {
    let left = this.operand();
    for (;;) {
      const token = this.peek();
      if (token.kind !== 'op' || !ARITHMETIC.has(token.op)) return left;
      const next = RANKS[token.op] ?? null;
      if (rank !== null && next !== null && next <= rank) return left;
      this.take();
      left = arithBinary(this.regs, token.op, left, this.arith(next));
    }
  }

  private operand(): Arith {
    const token = this.take();
    if (token.kind === 'number') return arithConst(this.regs, token.value);
    if (token.kind === 'op' && token.op === '-') return arithNegative(this.regs, this.arith(NEGATION));
    if (token.kind === 'op' && token.op === '(') {
      const value = this.arith(0);
      this.expect(')');
      return value;
    }
    if (token.kind !== 'word') syntaxError();
    if (token.word === 'len') return arithLength(this.regs);
    return PROTOCOLS.has(token.word) ? this.load(token.word) : syntaxError();
  }

  private load(proto: string): Arith {
    this.expect('[');
    const index = this.arith(0);
    let size = 1;
    if (this.isOp(':')) {
      this.take();
      size = this.number();
    }
    this.expect(']');
    return arithLoad(this.layers, this.regs, proto, index, size);
  }
}

/** Words of radvd.conf: what matches most characters is the word, and of equals the first in the list. */
import { in6Pton, type In6Addr } from '@skbuff/wire';

export type TokenKind = 'end' | 'word' | 'string' | 'addr' | 'number' | 'decimal' | 'char' | 'bad';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Of a number, or of a decimal. */
  readonly value: number;
  readonly addr: In6Addr | null;
  /** In which the word ends, from 1. */
  readonly line: number;
}

/** Words that are no names. */
const KEYWORDS: ReadonlySet<string> = new Set([
  'interface', 'prefix', 'route', 'RDNSS', 'DNSSL', 'clients', 'AdvRASrcAddress', 'abro', 'lowpanco', 'on', 'off', 'infinity', 'low', 'medium', 'high',
  'IgnoreIfMissing', 'AdvSendAdvert', 'MaxRtrAdvInterval', 'MinRtrAdvInterval', 'MinDelayBetweenRAs', 'AdvManagedFlag', 'AdvOtherConfigFlag', 'AdvLinkMTU',
  'AdvReachableTime', 'AdvRetransTimer', 'AdvCurHopLimit', 'AdvDefaultLifetime', 'AdvDefaultPreference', 'AdvSourceLLAddress', 'UnicastOnly', 'AdvRASolicitedUnicast',
  'AdvOnLink', 'AdvAutonomous', 'AdvValidLifetime', 'AdvPreferredLifetime', 'DeprecatePrefix', 'DecrementLifetimes', 'AdvRouterAddr', 'Base6Interface',
  'Base6to4Interface', 'AdvHomeAgentFlag', 'AdvHomeAgentInfo', 'AdvIntervalOpt', 'HomeAgentPreference', 'HomeAgentLifetime', 'AdvMobRtrSupportFlag',
  'AdvRoutePreference', 'AdvRouteLifetime', 'RemoveRoute', 'AdvRDNSSPreference', 'AdvRDNSSOpen', 'AdvRDNSSLifetime', 'FlushRDNSS', 'AdvDNSSLLifetime', 'FlushDNSSL',
  'AdvVersionLow', 'AdvVersionHigh', 'AdvValidLifeTime', 'AdvContextLength', 'AdvContextCompressionFlag', 'AdvContextID', 'AdvLifeTime',
]);
const NUMBER_MAX = 0xffff_ffff;

const PATTERNS: readonly (readonly [kind: TokenKind | 'blank', pattern: RegExp])[] = [
  ['blank', /[ \t\n]+|#.*\n/y],
  ['number', /[0-9]+/y],
  ['bad', /-[0-9]+/y],
  ['decimal', /[0-9]+\.[0-9]+/y],
  ['addr', /(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?:[0-9a-fA-F]{1,4}:){1,7}:(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4}){0,5})?|::/y],
  ['string', /[a-zA-Z0-9`~!@#$%^&*()_\-+=:[\]<>,.?\\]+|"[^"\n]*"/y],
  ['char', /[\s\S]/y],
];

export class Lexer {
  private readonly text: string;
  private at = 0;
  private line = 1;

  constructor(text: string) {
    this.text = text;
  }

  next(): Token {
    while (this.at < this.text.length) {
      const [kind, text] = this.longest();
      this.at += text.length;
      this.line += text.split('\n').length - 1;
      if (kind !== 'blank') return this.token(kind, text);
    }
    return this.token('end', '');
  }

  private longest(): readonly [TokenKind | 'blank', string] {
    let best: readonly [TokenKind | 'blank', string] = ['bad', ''];
    for (const [kind, pattern] of PATTERNS) {
      pattern.lastIndex = this.at;
      const found = pattern.exec(this.text)?.[0] ?? '';
      if (found.length > best[1].length) best = [kind, found];
    }
    return best;
  }

  private token(kind: TokenKind, text: string): Token {
    const { line } = this;
    if (kind === 'string' && KEYWORDS.has(text)) return { kind: 'word', text, value: 0, addr: null, line };
    const addr = kind === 'addr' ? in6Pton(text) : null;
    const value = kind === 'number' || kind === 'decimal' ? Number(text) : 0;
    const bad = (kind === 'addr' && addr === null) || (kind === 'number' && value > NUMBER_MAX);
    return { kind: bad ? 'bad' : kind, text, value, addr, line };
  }
}

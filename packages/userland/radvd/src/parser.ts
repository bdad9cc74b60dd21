/** The grammar of radvd.conf(5). */
import type { In6Addr } from '@skbuff/wire';
import { AdvAbro, AdvDnssl, AdvLowpanCo, AdvPrefix, AdvRdnss, AdvRoute, INFINITY, PREFERENCES, RaConfig } from './config.ts';
import { Lexer, type Token, type TokenKind } from './lexer.ts';
import type { Log } from './log.ts';

/** A word, and what is done with what follows it, up to the semicolon. */
type Options = Readonly<Record<string, () => void>>;

const IFNAMSIZ = 16;
const RDNSS_ADDRESSES = 3;
const SUFFIX = /^[a-zA-Z0-9.-]+$/;

/** A file that is refused; the log has been told why. */
class Refused extends Error {
  override readonly name = 'Refused';
}

/** The interfaces that `text` is about, the last one first, as the daemon goes through them; null: the log has been told what is wrong. */
export function parseConfig(text: string, file: string, log: Log): RaConfig[] | null {
  try {
    return new Parser(text, file, log).file();
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

class Parser {
  private readonly lexer: Lexer;
  private readonly name: string;
  private readonly log: Log;
  private token: Token;

  constructor(text: string, name: string, log: Log) {
    this.lexer = new Lexer(text);
    this.name = name;
    this.log = log;
    this.token = this.lexer.next();
  }

  file(): RaConfig[] {
    const all: RaConfig[] = [];
    do all.unshift(this.interface(all));
    while (this.token.kind !== 'end');
    return all;
  }

  private refuse(text: string): never {
    this.log.flog(text);
    throw new Refused();
  }

  private syntaxError(): never {
    this.log.print(`${this.name}:${this.token.line} error: syntax error`);
    throw new Refused();
  }

  private take(kind: TokenKind, text?: string): Token {
    const { token } = this;
    if (token.kind !== kind || (text !== undefined && token.text !== text)) return this.syntaxError();
    this.token = this.lexer.next();
    return token;
  }

  private is(text: string): boolean {
    return this.token.text === text && (this.token.kind === 'char' || this.token.kind === 'word');
  }

  private char(text: string): void {
    this.take('char', text);
  }

  private interface(before: readonly RaConfig[]): RaConfig {
    this.take('word', 'interface');
    const config = new RaConfig(this.take('string').text.slice(0, IFNAMSIZ - 1));
    if (before.some(({ name }) => name === config.name)) this.refuse(`duplicate interface definition for ${config.name}`);
    this.block(this.interfaceOptions(config));
    this.char(';');
    this.log.dlog(4, `${config.name} interface definition ok`);
    return config;
  }

  /** `{ … }` */
  private block(options: Options): void {
    this.char('{');
    while (!this.is('}')) {
      const option = this.token.kind === 'word' && Object.hasOwn(options, this.token.text) ? options[this.token.text] : undefined;
      if (option === undefined) this.syntaxError();
      this.token = this.lexer.next();
      option();
      this.char(';');
    }
    this.char('}');
  }

  /** An option has been read and nothing is missing: only then is anything said of `value`. */
  private closed<T>(value: T): T {
    if (!this.is(';')) this.syntaxError();
    return value;
  }

  private number(): number {
    return this.take('number').value;
  }

  private decimal(): number {
    return this.token.kind === 'decimal' ? this.take('decimal').value : this.number();
  }

  private lifetime(): number {
    if (!this.is('infinity')) return this.number();
    this.take('word');
    return INFINITY;
  }

  private flag(): boolean {
    return this.take('word', this.is('on') ? 'on' : 'off').text === 'on';
  }

  private preference(): number {
    const value = Object.hasOwn(PREFERENCES, this.token.text) ? PREFERENCES[this.token.text] : undefined;
    if (value === undefined) this.syntaxError();
    this.take('word');
    return value;
  }

  private addr(): In6Addr {
    return this.take('addr').addr as In6Addr;
  }

  private interfaceOptions(c: RaConfig): Options {
    return {
      IgnoreIfMissing: () => void (c.ignoreIfMissing = this.flag()),
      AdvSendAdvert: () => void (c.sendAdvert = this.flag()),
      UnicastOnly: () => void (c.unicastOnly = this.flag()),
      AdvRASolicitedUnicast: () => void (c.solicitedUnicast = this.flag()),
      MaxRtrAdvInterval: () => void (c.maxInterval = this.decimal()),
      MinRtrAdvInterval: () => void (c.minInterval = this.decimal()),
      MinDelayBetweenRAs: () => void (c.minDelay = this.decimal()),
      AdvManagedFlag: () => void (c.managed = this.flag()),
      AdvOtherConfigFlag: () => void (c.otherConfig = this.flag()),
      AdvLinkMTU: () => void (c.linkMtu = this.number()),
      AdvReachableTime: () => void (c.reachableTime = this.number()),
      AdvRetransTimer: () => void (c.retransTimer = this.number()),
      AdvCurHopLimit: () => void (c.curHopLimit = this.number() & 0xff),
      AdvDefaultLifetime: () => void (c.defaultLifetime = this.number()),
      AdvDefaultPreference: () => void (c.preference = this.preference()),
      AdvSourceLLAddress: () => void (c.sourceLladdr = this.flag()),
      AdvHomeAgentFlag: () => void (c.homeAgentFlag = this.flag()),
      AdvHomeAgentInfo: () => void (c.homeAgentInfo = this.flag()),
      HomeAgentLifetime: () => void (c.homeAgentLifetime = this.number()),
      HomeAgentPreference: () => void (c.homeAgentPreference = this.number()),
      AdvMobRtrSupportFlag: () => void (c.mobRtrSupport = this.flag()),
      AdvIntervalOpt: () => void (c.intervalOpt = this.flag()),
      prefix: () => void c.prefixes.push(this.prefix(c)),
      route: () => void c.routes.push(this.route(c)),
      RDNSS: () => void c.rdnss.push(this.rdnss(c)),
      DNSSL: () => void c.dnssl.push(this.dnssl(c)),
      clients: () => this.addresses((addr) => c.clients.unshift(addr)),
      AdvRASrcAddress: () => this.addresses((addr) => c.sources.unshift(addr)),
      abro: () => this.abro(c),
      lowpanco: () => this.lowpanCo(c),
    };
  }

  /** `{ ADDRESS; … }`, one at least. */
  private addresses(found: (addr: In6Addr) => void): void {
    this.char('{');
    do {
      found(this.addr());
      this.char(';');
    } while (!this.is('}'));
    this.char('}');
  }

  private prefix(c: RaConfig): AdvPrefix {
    const addr = this.addr();
    this.char('/');
    const { value: len, line } = this.token;
    if (this.token.kind !== 'number') this.syntaxError();
    if (len > 128) this.refuse(`invalid prefix length in ${this.name}, line ${line}`);
    this.token = this.lexer.next();
    const p = new AdvPrefix(addr, len);
    if (this.is('{')) this.block(this.prefixOptions(c, p));
    if (p.preferred > p.valid) this.refuse(`AdvValidLifeTime must be greater than AdvPreferredLifetime in ${this.name}, line ${this.token.line}`);
    p.currValid = p.valid;
    p.currPreferred = p.preferred;
    return p;
  }

  private prefixOptions(c: RaConfig, p: AdvPrefix): Options {
    return {
      AdvOnLink: () => void (p.onLink = this.flag()),
      AdvAutonomous: () => void (p.autonomous = this.flag()),
      AdvRouterAddr: () => void (p.routerAddr = this.flag()),
      AdvValidLifetime: () => void (p.valid = this.lifetime()),
      AdvPreferredLifetime: () => void (p.preferred = this.lifetime()),
      DeprecatePrefix: () => void (p.deprecate = this.flag()),
      DecrementLifetimes: () => void (p.decrement = this.flag()),
      Base6Interface: () => {
        const text = this.closed(this.take('string').text);
        this.log.dlog(4, `using prefixes on interface ${text} for prefixes on interface ${c.name}`);
        if (p.len !== 64) this.refuse(`only /64 is allowed with Base6Interface.  ${this.name}:${this.token.line}`);
        p.if6 = text.slice(0, IFNAMSIZ - 1);
      },
      Base6to4Interface: () => {
        const text = this.closed(this.take('string').text);
        this.log.dlog(4, `using interface ${text} for 6to4 prefixes on interface ${c.name}`);
        p.if6to4 = text.slice(0, IFNAMSIZ - 1);
      },
    };
  }

  private route(c: RaConfig): AdvRoute {
    const addr = this.addr();
    this.char('/');
    const { value: len, line } = this.token;
    if (this.token.kind !== 'number') this.syntaxError();
    if (len > 128) this.refuse(`invalid route prefix length in ${this.name}, line ${line}`);
    this.token = this.lexer.next();
    const route = new AdvRoute(addr, len, Math.trunc(3 * c.maxInterval));
    this.block({
      AdvRoutePreference: () => void (route.preference = this.preference()),
      AdvRouteLifetime: () => void (route.lifetime = this.lifetime()),
      RemoveRoute: () => void (route.remove = this.flag()),
    });
    return route;
  }

  private rdnss(c: RaConfig): AdvRdnss {
    const rdnss = new AdvRdnss(Math.trunc(c.maxInterval));
    do {
      if (this.token.kind === 'addr' && rdnss.addrs.length === RDNSS_ADDRESSES) this.refuse('too many addresses in RDNSS section');
      rdnss.addrs.push(this.addr());
    } while (!this.is('{'));
    this.block({
      AdvRDNSSPreference: () => {
        this.closed(this.number());
        this.log.flog('ignoring deprecated RDNSS preference');
      },
      AdvRDNSSOpen: () => {
        this.closed(this.flag());
        this.log.flog('ignoring deprecated RDNSS open flag');
      },
      AdvRDNSSLifetime: () => {
        rdnss.lifetime = this.resolverLifetime(c, 'RDNSS', 'servers');
        if (rdnss.lifetime > 2 * c.maxInterval) this.log.flog(`warning: (${this.name}:${this.token.line}) ${stale('RDNSS', 'servers')}`);
      },
      FlushRDNSS: () => void (rdnss.flush = this.flag()),
    });
    return rdnss;
  }

  /** It should be the interval at least, unless it is 0. */
  private resolverLifetime(c: RaConfig, what: string, which: string): number {
    const lifetime = this.closed(this.lifetime());
    if (lifetime > 2 * c.maxInterval) this.log.flog(`warning: ${stale(what, which)}`);
    if (lifetime !== 0 && lifetime < c.maxInterval) this.log.flog(`Adv${what}Lifetime must be at least MaxRtrAdvInterval`);
    return lifetime;
  }

  private dnssl(c: RaConfig): AdvDnssl {
    const dnssl = new AdvDnssl(Math.trunc(c.maxInterval));
    do {
      const { text } = this.take('string');
      if (!SUFFIX.test(text)) this.refuse('invalid domain suffix specified');
      dnssl.suffixes.push(text);
    } while (!this.is('{'));
    this.block({
      AdvDNSSLLifetime: () => {
        const lifetime = this.resolverLifetime(c, 'DNSSL', 'suffixes');
        dnssl.lifetime = lifetime === 0 ? 0 : Math.max(lifetime, Math.trunc(c.maxInterval));
      },
      FlushDNSSL: () => void (dnssl.flush = this.flag()),
    });
    return dnssl;
  }

  private abro(c: RaConfig): void {
    const abro = new AdvAbro(this.addr());
    if (this.is('/')) {
      this.char('/');
      const { value, line } = this.take('number');
      this.log.flog(`${this.name}:${line} abro prefix length deprecated, remove trailing '/${value}'`);
    }
    this.block({
      AdvVersionLow: () => void (abro.versionLow = this.number()),
      AdvVersionHigh: () => void (abro.versionHigh = this.number()),
      AdvValidLifeTime: () => void (abro.valid = this.number()),
    });
    c.abro ??= abro;
  }

  private lowpanCo(c: RaConfig): void {
    const context = new AdvLowpanCo();
    this.block({
      AdvContextLength: () => void (context.length = this.number()),
      AdvContextCompressionFlag: () => void (context.compression = this.flag()),
      AdvContextID: () => void (context.id = this.number()),
      AdvLifeTime: () => void (context.lifetime = this.number()),
    });
    c.lowpanCo ??= context;
  }
}

function stale(what: string, which: string): string {
  return `Adv${what}Lifetime <= 2*MaxRtrAdvInterval would allow stale DNS ${which} to be deleted faster`;
}

/** What a configuration file says. Times are seconds unless a name tells otherwise; 0xffffffff stands for ever. */
import { In6Addr } from '@skbuff/wire';

export const INFINITY = 0xffff_ffff;
/** Router preferences as RFC 4191 §2.1 numbers them, in two bits. */
export const PREFERENCES: Readonly<Record<string, number>> = { low: 3, medium: 0, high: 1 };

const MAX_RTR_ADV_INTERVAL = 600;
const MIN_DELAY_BETWEEN_RAS = 3;
const CUR_HOP_LIMIT = 64;
const VALID_LIFETIME = 86_400;
const PREFERRED_LIFETIME = 14_400;

export class AdvPrefix {
  readonly prefix: In6Addr;
  readonly len: number;
  onLink = true;
  autonomous = true;
  routerAddr = false;
  valid: number = VALID_LIFETIME;
  preferred: number = PREFERRED_LIFETIME;
  deprecate = false;
  decrement = false;
  /** Interfaces whose IPv4 address makes the prefix, or whose prefixes stand in its place; '' without one. */
  if6to4 = '';
  if6 = '';
  /** What is left of the lifetimes with DecrementLifetimes. */
  currValid: number = VALID_LIFETIME;
  currPreferred: number = PREFERRED_LIFETIME;
  /** It was said that the prefix is advertised no more. */
  ceased = false;

  constructor(prefix: In6Addr, len: number) {
    this.prefix = prefix;
    this.len = len;
  }
}

export class AdvRoute {
  readonly prefix: In6Addr;
  readonly len: number;
  preference = 0;
  lifetime: number;
  remove = true;

  constructor(prefix: In6Addr, len: number, lifetime: number) {
    this.prefix = prefix;
    this.len = len;
    this.lifetime = lifetime;
  }
}

export class AdvRdnss {
  readonly addrs: In6Addr[] = [];
  lifetime: number;
  flush = true;

  constructor(lifetime: number) {
    this.lifetime = lifetime;
  }
}

export class AdvDnssl {
  readonly suffixes: string[] = [];
  lifetime: number;
  flush = true;

  constructor(lifetime: number) {
    this.lifetime = lifetime;
  }
}

/** Authoritative border router (RFC 6775 §4.3). */
export class AdvAbro {
  readonly addr: In6Addr;
  versionLow = 0;
  versionHigh = 0;
  /** 60 seconds each. */
  valid = 0;

  constructor(addr: In6Addr) {
    this.addr = addr;
  }
}

/** Context of a low-power network (RFC 6775 §4.2). */
export class AdvLowpanCo {
  length = 0;
  compression = false;
  id = 0;
  lifetime = 0;
}

export class RaConfig {
  readonly name: string;
  ignoreIfMissing = true;
  sendAdvert = false;
  unicastOnly = false;
  solicitedUnicast = true;
  maxInterval: number = MAX_RTR_ADV_INTERVAL;
  /** Null: a third of the other. */
  minInterval: number | null = null;
  minDelay: number = MIN_DELAY_BETWEEN_RAS;
  managed = false;
  otherConfig = false;
  linkMtu = 0;
  /** Milliseconds, as the next one. */
  reachableTime = 0;
  retransTimer = 0;
  curHopLimit: number = CUR_HOP_LIMIT;
  /** Null: three times the interval. */
  defaultLifetime: number | null = null;
  preference = 0;
  sourceLladdr = true;
  homeAgentFlag = false;
  homeAgentInfo = false;
  /** Null: the default lifetime. */
  homeAgentLifetime: number | null = null;
  homeAgentPreference = 0;
  mobRtrSupport = false;
  intervalOpt = false;
  readonly prefixes: AdvPrefix[] = [];
  readonly routes: AdvRoute[] = [];
  readonly rdnss: AdvRdnss[] = [];
  readonly dnssl: AdvDnssl[] = [];
  /** Hosts that are told, and answered, alone; the last one of the file first. */
  readonly clients: In6Addr[] = [];
  readonly sources: In6Addr[] = [];
  abro: AdvAbro | null = null;
  lowpanCo: AdvLowpanCo | null = null;

  constructor(name: string) {
    this.name = name;
  }

  get min(): number {
    return this.minInterval ?? 0.33 * this.maxInterval;
  }

  get lifetime(): number {
    return this.defaultLifetime ?? Math.max(1, Math.trunc(3 * this.maxInterval));
  }

  get homeLifetime(): number {
    return this.homeAgentLifetime ?? this.lifetime;
  }
}

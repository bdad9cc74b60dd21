/** Words for links that no host here has: 802.11, ATM, MTP2, SS7, OpenBSD's pf. They are read, and refused as libpcap refuses them. */
import type { Cond } from './cond.ts';
import { fail, syntaxError } from './filter-error.ts';
import type { Token } from './lexer.ts';

type Rule = (take: () => Token) => Cond;

const alone = (message: string): Rule => () => fail(message);

const withNumber = (message: string): Rule => (take) => (take().kind === 'number' ? fail(message) : syntaxError());

const withName = (message: string): Rule => (take) => (take().kind === 'name' ? fail(message) : syntaxError());

const PF_REASONS: readonly string[] = ['match', 'bad-offset', 'fragment', 'short', 'normalize', 'memory'];
const PF_ACTIONS: readonly string[] = ['pass', 'accept', 'drop', 'block', 'nat', 'rdr', 'binat', 'scrub'];

const named = (known: readonly string[], what: string, message: string): Rule => (take) => {
  const token = take();
  if (token.kind !== 'name') syntaxError();
  return fail(known.includes(token.text) ? message : `unknown PF ${what} "${token.text}"`);
};

const WLAN = '802.11 link-layer types supported only on 802.11';
const TYPES: Readonly<Record<string, readonly string[]>> = {
  mgt: ['assoc-req', 'assoc-resp', 'reassoc-req', 'reassoc-resp', 'probe-req', 'probe-resp', 'beacon', 'atim', 'disassoc', 'auth', 'deauth'],
  ctl: ['ps-poll', 'rts', 'cts', 'ack', 'cf-end', 'cf-end-ack'],
  data: ['data', 'data-cf-ack', 'data-cf-poll', 'data-cf-ack-poll', 'null', 'cf-ack', 'cf-poll', 'cf-ack-poll', 'qos-data', 'qos-data-cf-ack', 'qos-data-cf-poll', 'qos-data-cf-ack-poll', 'qos', 'qos-cf-poll', 'qos-cf-ack-poll'],
};

/** `type`: a name or a number of two bits in place; a subtype that follows is never reached. */
const wlanType: Rule = (take) => {
  const token = take();
  if (token.kind === 'number') return fail((token.value & ~0x0c) !== 0 ? `invalid 802.11 type value 0x${token.value.toString(16).padStart(2, '0')}` : WLAN);
  if (token.kind !== 'name') syntaxError();
  const subtypes = Object.hasOwn(TYPES, token.text) ? TYPES[token.text] : undefined;
  if (subtypes === undefined) fail(`unknown 802.11 type name "${token.text}"`);
  const next = take();
  if (next.kind !== 'word' || next.word !== 'subtype') fail(WLAN);
  const subtype = take();
  if (subtype.kind !== 'name') syntaxError();
  return fail(subtypes.includes(subtype.text) ? WLAN : `unknown 802.11 subtype name "${subtype.text}"`);
};

const wlanSubtype: Rule = (take) => {
  const token = take();
  if (token.kind !== 'name') syntaxError();
  return fail(Object.values(TYPES).some((names) => names.includes(token.text)) ? WLAN : 'unknown 802.11 type name');
};

const wlanDirection: Rule = (take) => {
  const token = take();
  const known = token.kind === 'number' || (token.kind === 'name' && ['nods', 'tods', 'fromds', 'dstods'].includes(token.text));
  if (!known && token.kind !== 'name') syntaxError();
  return fail(known ? 'frame direction supported only with 802.11 headers' : 'unknown 802.11 direction');
};

const atm = (word: string): readonly [string, Rule] => [word, alone(`'${word}' supported only on raw ATM`)];
const mtp = (word: string): readonly [string, Rule] => [word, alone(`'${word}' supported only on MTP2`)];
const ss7 = (word: string): readonly [string, Rule] => [word, withNumber(`'${word}' supported only on SS7`)];

export const OTHER_LINKS: Readonly<Record<string, Rule>> = {
  type: wlanType,
  subtype: wlanSubtype,
  dir: wlanDirection,
  ifname: withName('ifname supported only on PF linktype'),
  rset: withName('ruleset supported only on PF linktype'),
  rnr: withNumber('rnr supported only on PF linktype'),
  srnr: withNumber('srnr supported only on PF linktype'),
  reason: named(PF_REASONS, 'reason', 'reason supported only on PF linktype'),
  action: named(PF_ACTIONS, 'action', 'action supported only on PF linktype'),
  vpi: withNumber("'vpi' supported only on raw ATM"),
  vci: withNumber("'vci' supported only on raw ATM"),
  ...Object.fromEntries(['lane', 'metac', 'bcc', 'oam', 'oamf4', 'oamf4ec', 'oamf4sc', 'sc', 'ilmic', 'connectmsg', 'metaconnect'].map(atm)),
  ...Object.fromEntries(['fisu', 'lssu', 'msu', 'hfisu', 'hlssu', 'hmsu'].map(mtp)),
  ...Object.fromEntries(['sio', 'opc', 'dpc', 'sls', 'hsio', 'hopc', 'hdpc', 'hsls'].map(ss7)),
};

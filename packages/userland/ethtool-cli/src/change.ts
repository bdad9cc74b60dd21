/** `-s`: speed, duplex, port, Wake-on-LAN, messages. */
import { EOPNOTSUPP, ETHTOOL_GLINK, ETHTOOL_GMSGLVL, ETHTOOL_GWOL, ETHTOOL_SLINKSETTINGS, ETHTOOL_SMSGLVL, ETHTOOL_SWOL } from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';
import type { EthtoolContext } from './context.ts';
import { Given, type Keyword, keyword, ON_OFF, oneOf, U32, U8 } from './keywords.ts';
import { MESSAGES, WAKE } from './names.ts';
import { linkSettings } from './settings.ts';
import { refuseWildcard, WILDCARD } from './wildcard.ts';

/** Exit status of whatever fails in the kernel. */
const FAILED = 75;

const hexMask: Keyword = (value) => (/^(0x)?[0-9a-f]+(\/(0x)?[0-9a-f]+)?$/i.test(value) ? Number(`0x${value.replace(/^0x/i, '').replace(/\/.*/, '')}`) : null);

const WORDS: Readonly<Record<string, Keyword>> = {
  speed: U32,
  lanes: U32,
  duplex: oneOf({ half: 0, full: 1 }),
  port: oneOf({ tp: 0, aui: 1, mii: 2, fibre: 3, bnc: 4, da: 5 }),
  mdix: oneOf({ off: 1, on: 2, auto: 3 }),
  autoneg: ON_OFF,
  advertise: hexMask,
  phyad: U8,
  'master-slave': oneOf({ 'preferred-master': 2, 'preferred-slave': 3, 'forced-master': 4, 'forced-slave': 5 }),
  sopass: (value) => (/^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(value) ? 0 : null),
};

/** Offset and bytes of what a keyword changes in `struct ethtool_link_settings`. */
const FIELDS: Readonly<Record<string, readonly [number, 1 | 4]>> = {
  speed: [4, 4], duplex: [8, 1], port: [9, 1], phyad: [10, 1], autoneg: [11, 1], mdix: [14, 1],
};
const LINK = ['speed', 'lanes', 'duplex', 'port', 'mdix', 'autoneg', 'advertise', 'phyad', 'master-slave'];

export function change(ctx: EthtoolContext): number {
  const given = new Given();
  for (let i = 0; i < ctx.args.length; i++) {
    const name = ctx.args[i] as string;
    if (name === 'xcvr') ctx.fail(1, `ethtool (${ctx.option}): deprecated parameter 'xcvr' not supported by kernel`);
    if (name === 'wol') given.set(name, wol(ctx, ctx.args[++i]));
    else if (name === 'msglvl') i += messages(ctx, given, i);
    else i += keyword(ctx, WORDS, given, i);
  }
  if (given.size === 0) return 0;
  if (ctx.dev === WILDCARD) return refuseWildcard(ctx);
  const there = ctx.ask(ETHTOOL_GLINK, 8);
  if (typeof there === 'number' && there !== -EOPNOTSUPP) return ctx.netlinkFail(there, FAILED);
  const results = [setLink(ctx, given), setWol(ctx, given), setMessages(ctx, given)];
  const failed = results.find((rc) => rc < 0);
  return failed === undefined ? 0 : ctx.netlinkFail(failed, FAILED);
}

function setLink(ctx: EthtoolContext, given: Given): number {
  const names = given.names.filter((name) => LINK.includes(name));
  if (names.length === 0) return 0;
  const data = linkSettings(ctx);
  if (typeof data === 'number') return data;
  for (const name of names) {
    const [off, bytes] = FIELDS[name] ?? [];
    if (off === undefined) return -EOPNOTSUPP;
    if (bytes === 4) setLe32(data, off, given.number(name) as number);
    else data[off] = given.number(name) as number;
  }
  return ctx.ioctl(ETHTOOL_SLINKSETTINGS, data);
}

/** Letters, or a number. */
function wol(ctx: EthtoolContext, value: string | undefined): number {
  if (value === undefined) return ctx.fail(1, `ethtool (${ctx.option}): no value for parameter 'wol'`);
  if (/^[0-9]+$/.test(value)) return Number(value);
  let bits = 0;
  for (const letter of value) {
    const found = WAKE.find(([known]) => known === letter);
    if (found === undefined && letter !== 'd') ctx.fail(1, `ethtool (${ctx.option}): invalid char '${letter}' in '${value}' for parameter 'wol'`);
    bits = found === undefined ? 0 : bits | found[1];
  }
  return bits;
}

function setWol(ctx: EthtoolContext, given: Given): number {
  const wish = given.number('wol');
  if (wish === undefined && given.number('sopass') === undefined) return 0;
  const data = ctx.ask(ETHTOOL_GWOL, 20);
  if (typeof data === 'number') return data;
  setLe32(data, 8, wish ?? le32(data, 8));
  return ctx.ioctl(ETHTOOL_SWOL, data);
}

/** `msglvl NUMBER[/MASK]` or `msglvl KIND on|off …`: how many words behind it. */
function messages(ctx: EthtoolContext, given: Given, at: number): number {
  const first = ctx.args[at + 1];
  if (first === undefined) return ctx.fail(1, `ethtool (${ctx.option}): no value for parameter 'msglvl'`);
  const [, value, mask] = /^(0x[0-9a-f]+|[0-9]+)(?:\/(0x[0-9a-f]+|[0-9]+))?$/i.exec(first) ?? [];
  if (value !== undefined) {
    given.set('msglvl', Number(value));
    given.set('msgmask', mask === undefined ? 0xffffffff : Number(mask));
    return 1;
  }
  let bits = 0;
  let touched = 0;
  let i = at + 1;
  for (; i < ctx.args.length && ctx.args[i] !== '--'; i += 2) {
    const bit = 1 << MESSAGES.indexOf(ctx.args[i] as string);
    const state = ctx.args[i + 1];
    if (!MESSAGES.includes(ctx.args[i] as string)) ctx.fail(1, `ethtool (${ctx.option}): invalid value '${ctx.args[i]}' for parameter 'msglvl'`);
    if (state !== 'on' && state !== 'off') ctx.fail(1, `ethtool (${ctx.option}): flag '${ctx.args[i]}' for parameter 'msglvl' is not followed by 'on' or 'off'`);
    touched |= bit;
    bits = state === 'on' ? bits | bit : bits & ~bit;
  }
  given.set('msglvl', bits);
  given.set('msgmask', touched);
  return i - at;
}

function setMessages(ctx: EthtoolContext, given: Given): number {
  const level = given.number('msglvl');
  if (level === undefined) return 0;
  const mask = given.number('msgmask') as number;
  const data = ctx.ask(ETHTOOL_GMSGLVL, 8);
  if (typeof data === 'number') return data;
  setLe32(data, 4, (le32(data, 4) & ~mask) | (level & mask));
  return ctx.ioctl(ETHTOOL_SMSGLVL, data);
}

/** Values on the command line of `ip rule`, the same for a rule that is made and for a selector of rules. */
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import { inetProtoA2n } from './inet-proto.ts';
import { isIfname } from './link-parse.ts';
import { rtDsfield } from './names.ts';
import { getU64, getUnsigned } from './numbers.ts';

/** A mark, and the mask behind the slash if there is one. */
export interface FwMark {
  readonly mark: number;
  readonly mask: number | null;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

export function readPref(args: Args): number {
  return getUnsigned(args.next()) ?? args.invarg('preference value is invalid\n');
}

export function readTos(args: Args): number {
  return rtDsfield.a2n(args.next()) ?? args.invarg('TOS value is invalid\n');
}

export function readFwmark(args: Args): FwMark {
  const word = args.next();
  const slash = word.indexOf('/');
  const [text, maskText] = slash < 0 ? [word, null] : [word.slice(0, slash), word.slice(slash + 1)];
  const mark = getUnsigned(text) ?? args.invarg('fwmark value is invalid\n', text);
  return { mark, mask: maskText === null ? null : (getUnsigned(maskText) ?? args.invarg('fwmask value is invalid\n', maskText)) };
}

/** `side`: what the complaint calls it. */
export function readIfname(args: Args, side: string): string {
  const name = args.next();
  if (!isIfname(name)) args.invarg(`${side} not a valid ifname`);
  return name;
}

/** As sscanf(3) reads it: what follows the second number does not matter. */
export function readUidRange(args: Args): Range {
  const m = /^(\d+)-(\d+)/.exec(args.next());
  if (m === null) args.invarg('invalid UID range\n');
  return { start: Number(m[1]), end: Number(m[2]) };
}

export function readTunId(args: Args): bigint {
  return getU64(args.next()) ?? args.invarg('"tun_id" value is invalid\n');
}

/** As sscanf(3) reads `%hu-%hu`: bits above 16 are cut off, what follows does not matter. */
export function readPorts(args: Args, message: string): Range {
  const m = /^\s*([+-]?\d+)(?:-\s*([+-]?\d+))?/.exec(args.next());
  if (m === null) return args.invarg(message);
  const port = (digits: string): number => Number(digits) & 0xffff;
  return { start: port(m[1] as string), end: port(m[2] ?? (m[1] as string)) };
}

export function readIpproto(args: Args, ctx: IpContext): number {
  return inetProtoA2n(ctx, args.next()) ?? args.invarg('Invalid "ipproto" value\n');
}

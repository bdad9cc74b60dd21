/** Kinds of link whose words are a list of names with values: how such a list is read. */
import * as U from '@skbuff/uapi';
import type { NlMsgBuilder } from '@skbuff/netlink';
import type { Args } from './args.ts';
import type { IpContext } from './context.ts';
import type { LinkKind } from './link-kinds.ts';
import { getNumber, getU64 } from './numbers.ts';

/** Reads the value of a word into IFLA_INFO_DATA; false after a complaint. */
export type ReadOption = (o: OptionReader, args: Args) => boolean | void;

/** What is read. Values that words share are kept here until the end. */
export class OptionReader {
  readonly ctx: IpContext;
  readonly builder: NlMsgBuilder;
  /** Bits that are told together: their values, and which of them are told. */
  bits = 0;
  mask = 0;
  /** A mode, if one was given. */
  mode: number | null = null;

  constructor(ctx: IpContext, builder: NlMsgBuilder) {
    this.ctx = ctx;
    this.builder = builder;
  }

  bit(bit: number, on: boolean): void {
    this.mask |= bit;
    this.bits = on ? this.bits | bit : this.bits & ~bit;
  }
}

export interface OptionKind {
  readonly name: string;
  readonly help: string;
  /** What it calls a word that it does not know. */
  readonly what: 'command' | 'option';
  /** In the order in which an abbreviation is resolved. */
  readonly options: readonly (readonly [string, ReadOption])[];
  /** Writes what was kept. */
  readonly finish?: (o: OptionReader) => void;
}

export function optionKind({ name, help, what, options, finish }: OptionKind): LinkKind {
  return {
    name,
    help,
    parse(ctx, args, link) {
      const o = new OptionReader(ctx, link.req.builder);
      for (; args.left > 0; args.skip()) {
        const found = options.find(([word]) => args.abbr(word));
        if (found === undefined) {
          if (!args.abbr('help')) ctx.stderr(`${name}: unknown ${what} "${args.cur}"?\n`);
          ctx.stderr(help);
          return false;
        }
        if (found[1](o, args) === false) return false;
      }
      finish?.(o);
      return true;
    },
  };
}

/** A number of that many bits; the complaint ends as `end` says. */
export function numberOption(bits: 8 | 16 | 32, type: number, key: string, end = ''): ReadOption {
  return ({ builder }, args) => {
    const value = getNumber(args.next(), 0, 2 ** bits - 1) ?? args.invarg(`invalid ${key}${end}`);
    if (bits === 8) builder.nlaPutU8(type, value);
    else if (bits === 16) builder.nlaPutU16(type, value);
    else builder.nlaPutU32(type, value);
  };
}

export function u64Option(type: number, key: string): ReadOption {
  return ({ builder }, args) => builder.nlaPutU64(type, getU64(args.next()) ?? args.invarg(`invalid ${key}`));
}

/** `on` or `off`, as one of the bits. */
export function bitOption(bit: number, key: string): ReadOption {
  return (o, args) => {
    const on = args.onOff(key);
    if (on === null) return false;
    o.bit(bit, on);
    return true;
  };
}

/** `on` or `off`, as an attribute. */
export function onOffOption(type: number, key: string): ReadOption {
  return ({ builder }, args) => {
    const on = args.onOff(key);
    if (on === null) return false;
    builder.nlaPutU8(type, Number(on));
    return true;
  };
}

const VLAN_PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['802.1q', U.ETH_P_8021Q],
  ['802.1ad', U.ETH_P_8021AD],
]);

/** The protocol of VLAN tags, by name or number, in network order. */
export function vlanProtocolOption(type: number, complaint: string): ReadOption {
  return ({ builder }, args) => {
    const word = args.next();
    builder.nlaPutBe16(type, VLAN_PROTOCOLS.get(word.toLowerCase()) ?? getNumber(word, 0, 0xffff) ?? args.invarg(complaint));
  };
}

/** Words of the form `NAME VALUE …`. */
import type { EthtoolContext } from './context.ts';

/** The number that a value stands for, or null if it is none. */
export type Keyword = (value: string) => number | null;

function decimal(max: number): Keyword {
  return (value) => (/^[0-9]+$/.test(value) && Number(value) <= max ? Number(value) : null);
}

export const U32: Keyword = decimal(0xffffffff);
export const U8: Keyword = decimal(0xff);

/** One of some words. */
export function oneOf(words: Readonly<Record<string, number>>): Keyword {
  return (value) => (Object.hasOwn(words, value) ? (words[value] as number) : null);
}

export const ON_OFF: Keyword = oneOf({ off: 0, on: 1 });

/** What was given, in its order. */
export class Given {
  readonly names: string[] = [];
  private readonly values: Map<string, number> = new Map();

  set(name: string, value: number): void {
    this.names.push(name);
    this.values.set(name, value);
  }

  get size(): number {
    return this.values.size;
  }

  number(name: string): number | undefined {
    return this.values.get(name);
  }
}

/** All words of the command line, or the end of the command with a complaint. */
export function keywords(ctx: EthtoolContext, table: Readonly<Record<string, Keyword>>): Given {
  const given = new Given();
  for (let i = 0; i < ctx.args.length; i++) i += keyword(ctx, table, given, i);
  return given;
}

/** The keyword at `i`: how many words its value takes. */
export function keyword(ctx: EthtoolContext, table: Readonly<Record<string, Keyword>>, given: Given, i: number): number {
  const name = ctx.args[i] as string;
  if (!Object.hasOwn(table, name)) ctx.fail(1, `ethtool (${ctx.option}): unknown parameter '${name}'`);
  if (given.number(name) !== undefined) ctx.fail(1, `ethtool (${ctx.option}): duplicate parameter '${name}'`);
  const value = ctx.args[i + 1];
  if (value === undefined) ctx.fail(1, `ethtool (${ctx.option}): no value for parameter '${name}'`);
  const number = (table[name] as Keyword)(value);
  if (number === null) ctx.fail(1, `ethtool (${ctx.option}): invalid value '${value}' for parameter '${name}'`);
  given.set(name, number);
  return 1;
}

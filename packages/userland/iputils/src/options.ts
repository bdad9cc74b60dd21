/** Options of ping: getopt(3) over its letters. */
import { type CommandEnv, Exit } from '@skbuff/command';
import { inetAton, type Complain, MAX_INT, MAX_LONG, cNumber, die, realNumber, wholeNumber } from './numbers.ts';
import { USAGE, VERSION } from './usage.ts';

export class PingOptions {
  adaptive = false;
  audible = false;
  broadcast = false;
  strictSource = false;
  /** 0: for ever. */
  count = 0;
  /** Seconds; 0: none. */
  deadline = 0;
  flood = false;
  /** Identifier, or -1 to let the kernel choose. */
  ident = -1;
  /** Milliseconds. */
  interval = 1000;
  intervalGiven = false;
  device: string | null = null;
  /** u32; 0: any. */
  source = 0;
  /** Milliseconds to wait for the first answer after the last request; 0: for ever. */
  linger = 10000;
  mark = -1;
  multicastLoop = true;
  noDns = false;
  outstanding = false;
  pattern: readonly number[] | null = null;
  /** IP_PMTUDISC_*, or -1. */
  pmtudisc = -1;
  preload = 1;
  quiet = false;
  recordRoute = false;
  size = 56;
  sndbuf = 0;
  timestamps = false;
  tos = 0;
  /** -1: the kernel's. */
  ttl = -1;
  verbose = false;
  /** -4, -6 or neither. */
  family = 0;
  destination = '';
}

/** Letters that have an argument. */
const WITH_ARGUMENT = 'ceIilmMpQsStWw';
const WITHOUT_ARGUMENT = '46aABbCDdfhLnOqRrUvV';

/** What ping was told, or the end of it ({@link Exit}). */
export function parseOptions(argv: readonly string[], env: CommandEnv): PingOptions {
  const complain: Complain = (text) => env.stderr(`ping: ${text}\n`);
  const options = new PingOptions();
  const operands: string[] = [];
  for (let i = 1; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === '--') {
      operands.push(...argv.slice(i + 1));
      break;
    }
    if (word.length < 2 || word[0] !== '-') {
      operands.push(word);
      continue;
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at] as string;
      if (WITHOUT_ARGUMENT.includes(letter)) flag(options, letter, env);
      else if (!WITH_ARGUMENT.includes(letter)) usage(env, `invalid option -- '${letter}'`);
      else {
        const value = at + 1 < word.length ? word.slice(at + 1) : argv[++i];
        if (value === undefined) usage(env, `option requires an argument -- '${letter}'`);
        valued(options, letter, value, complain);
        break;
      }
    }
  }
  const destination = operands.at(-1);
  if (destination === undefined) {
    complain('usage error: Destination address required');
    throw new Exit(1);
  }
  options.destination = destination;
  return options;
}

function usage(env: CommandEnv, complaint: string): never {
  env.stderr(`ping: ${complaint}\n${USAGE}`);
  throw new Exit(2);
}

function flag(o: PingOptions, letter: string, env: CommandEnv): void {
  switch (letter) {
    case '4':
    case '6':
      o.family = Number(letter);
      break;
    case 'a':
      o.audible = true;
      break;
    case 'A':
      o.adaptive = true;
      break;
    case 'b':
      o.broadcast = true;
      break;
    case 'B':
      o.strictSource = true;
      break;
    case 'D':
      o.timestamps = true;
      break;
    case 'f':
      o.flood = true;
      break;
    case 'h':
      env.stderr(USAGE);
      throw new Exit(2);
    case 'L':
      o.multicastLoop = false;
      break;
    case 'n':
      o.noDns = true;
      break;
    case 'O':
      o.outstanding = true;
      break;
    case 'q':
      o.quiet = true;
      break;
    case 'R':
      o.recordRoute = true;
      break;
    case 'v':
      o.verbose = true;
      break;
    case 'V':
      env.stdout(VERSION);
      throw new Exit(0);
  }
}

const PMTUDISC: Readonly<Record<string, number>> = { dont: 0, want: 1, do: 2 };

function valued(o: PingOptions, letter: string, value: string, complain: Complain): void {
  const whole = (min: bigint, max: bigint): number => wholeNumber(value, min, max, complain);
  switch (letter) {
    case 'c':
      o.count = whole(1n, MAX_LONG);
      break;
    case 'e':
      o.ident = whole(0n, 65535n);
      break;
    case 'i':
      o.interval = Math.trunc(realNumber(value, complain) * 1000);
      if (!(o.interval >= 0 && o.interval <= 0x7fffffff)) die(complain, 2, `bad timing interval: ${value}`);
      o.intervalGiven = true;
      break;
    case 'I': {
      const addr = inetAton(value);
      if (addr < 0) o.device = value;
      else [o.source, o.strictSource] = [addr, true];
      break;
    }
    case 'l':
      o.preload = whole(1n, 65536n);
      break;
    case 'm':
      o.mark = whole(0n, 4294967295n);
      break;
    case 'M':
      o.pmtudisc = PMTUDISC[value] ?? die(complain, 2, `invalid -M argument: ${value}`);
      break;
    case 'p':
      o.pattern = patternOf(value, complain);
      break;
    case 'Q':
      o.tos = tosOf(value, complain);
      break;
    case 's':
      o.size = whole(0n, MAX_INT);
      break;
    case 'S':
      o.sndbuf = whole(1n, MAX_INT);
      break;
    case 't':
      o.ttl = whole(0n, 255n);
      break;
    case 'W':
      o.linger = Math.trunc(realNumber(value, complain) * 1000);
      if (!(o.linger >= 0 && o.linger <= 0x7fffffff)) die(complain, 2, `bad linger time: ${value}`);
      break;
    case 'w':
      o.deadline = whole(0n, MAX_INT);
      break;
  }
}

function tosOf(value: string, complain: Complain): number {
  const tos = cNumber(value);
  if (Number.isNaN(tos)) die(complain, 2, `bad TOS value: ${value}`);
  if (tos < 0 || tos > 255) die(complain, 2, `the decimal value of TOS bits must be in range 0-255: ${value}`);
  return tos;
}

/** Up to 16 bytes, two digits each; a last single digit is a byte, too. */
function patternOf(value: string, complain: Complain): readonly number[] {
  if (!/^[0-9a-fA-F]*$/.test(value)) die(complain, 2, `patterns must be specified as hex digits: ${value}`);
  return (value.match(/..?/g) ?? []).slice(0, 16).map((digits) => Number.parseInt(digits, 16));
}

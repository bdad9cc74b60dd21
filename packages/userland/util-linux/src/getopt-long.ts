/** getopt_long(3): words of two dashes may be cut short where they stay unique. */

/** A long option: its letter or word in the result, and whether an argument must (`:`) or may (`::`) follow. */
export interface LongOption {
  readonly name: string;
  readonly value: string;
  readonly arg?: ':' | '::';
}

export interface LongOpt {
  readonly opt: string;
  /** Null: none was given. */
  readonly arg: string | null;
}

export interface LongOpts {
  readonly opts: readonly LongOpt[];
  readonly rest: readonly string[];
  /** What is wrong with the option that follows `opts`, in getopt's words; null if nothing is. */
  readonly error: string | null;
}

/**
 * `spec`: letters with `:` or `::` behind them; a leading `+` stops at the first word that is no option. `argv` begins behind the
 * command's name.
 */
export function getoptLong(argv: readonly string[], spec: string, longs: readonly LongOption[]): LongOpts {
  const opts: LongOpt[] = [];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === '--' || (spec.startsWith('+') && (!word.startsWith('-') || word === '-'))) {
      rest.push(...argv.slice(word === '--' ? i + 1 : i));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      rest.push(word);
      continue;
    }
    const next = (): string | undefined => argv[++i];
    const error = word.startsWith('--') ? longWord(word.slice(2), longs, next, opts) : shortWord(word, spec, next, opts);
    if (error !== null) return { opts, rest, error };
  }
  return { opts, rest, error: null };
}

function longWord(word: string, longs: readonly LongOption[], next: () => string | undefined, opts: LongOpt[]): string | null {
  const [name, value] = word.split(/=(.*)/s) as [string, string | undefined];
  const exact = longs.find((long) => long.name === name);
  const fits = exact === undefined ? longs.filter((long) => long.name.startsWith(name)) : [exact];
  const [found] = fits;
  if (found === undefined) return `unrecognized option '--${name}'`;
  if (fits.length > 1) return `option '--${name}' is ambiguous; possibilities: ${fits.map((long) => `'--${long.name}'`).join(' ')}`;
  if (found.arg === undefined && value !== undefined) return `option '--${found.name}' doesn't allow an argument`;
  const arg = value ?? (found.arg === ':' ? next() : undefined);
  if (found.arg === ':' && arg === undefined) return `option '--${found.name}' requires an argument`;
  opts.push({ opt: found.value, arg: arg ?? null });
  return null;
}

function shortWord(word: string, spec: string, next: () => string | undefined, opts: LongOpt[]): string | null {
  for (let at = 1; at < word.length; at++) {
    const opt = word[at] as string;
    const found = ':+'.includes(opt) ? -1 : spec.indexOf(opt);
    if (found < 0) return `invalid option -- '${opt}'`;
    if (spec[found + 1] !== ':') {
      opts.push({ opt, arg: null });
      continue;
    }
    const rest = word.slice(at + 1);
    const arg = rest !== '' ? rest : spec[found + 2] === ':' ? null : next();
    if (arg === undefined) return `option requires an argument -- '${opt}'`;
    opts.push({ opt, arg });
    return null;
  }
  return null;
}

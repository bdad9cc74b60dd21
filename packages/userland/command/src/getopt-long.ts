/** getopt_long(3): words of two dashes may be cut short where they stay unique. */

/** Long names, each with what it stands for in the result: a letter or a word, with `:` or `::` behind it as in a spec. */
export type LongNames = Readonly<Record<string, string>>;

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
 * `spec`: letters with `:` (an argument must follow) or `::` (it may, in the same word) behind them; a leading `+` stops at the first
 * word that is no option. `argv` begins behind the command's name. It ends at the first mistake.
 */
export function getoptLong(argv: readonly string[], spec: string, longs: LongNames): LongOpts {
  const opts: LongOpt[] = [];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    const isOption = word.startsWith('-') && word !== '-';
    if (word === '--' || (!isOption && spec.startsWith('+'))) {
      rest.push(...argv.slice(word === '--' ? i + 1 : i));
      break;
    }
    if (!isOption) {
      rest.push(word);
      continue;
    }
    const next = (): string | undefined => argv[++i];
    const error = word.startsWith('--') ? longWord(word.slice(2), longs, next, opts) : shortWord(word, spec, next, opts);
    if (error !== null) return { opts, rest, error };
  }
  return { opts, rest, error: null };
}

function longWord(word: string, longs: LongNames, next: () => string | undefined, opts: LongOpt[]): string | null {
  const [name, value] = word.split(/=(.*)/s) as [string, string | undefined];
  const all = Object.entries(longs);
  const exact = all.filter(([long]) => long === name);
  const fits = exact.length > 0 ? exact : all.filter(([long]) => long.startsWith(name));
  const [found] = fits;
  if (found === undefined) return `unrecognized option '--${word}'`;
  const [long, meaning] = found;
  // Two names for one thing are no question.
  if (fits.some(([, other]) => other !== meaning)) return `option '--${word}' is ambiguous; possibilities: ${fits.map(([fit]) => `'--${fit}'`).join(' ')}`;
  const opt = meaning.replace(/:+$/, '');
  const takes = meaning.slice(opt.length);
  if (takes === '' && value !== undefined) return `option '--${long}' doesn't allow an argument`;
  const arg = value ?? (takes === ':' ? next() : undefined);
  if (takes === ':' && arg === undefined) return `option '--${long}' requires an argument`;
  opts.push({ opt, arg: arg ?? null });
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
    const inWord = word.slice(at + 1);
    const arg = inWord !== '' ? inWord : spec[found + 2] === ':' ? null : next();
    if (arg === undefined) return `option requires an argument -- '${opt}'`;
    opts.push({ opt, arg });
    return null;
  }
  return null;
}

/** getopt(3) as the GNU library has it: options may stand anywhere before `--`, letters may share a word. */

/** One option that was found, or a mistake. */
export interface Opt {
  /** The letter; `?` for an unknown one, `:` for one whose argument is missing. */
  readonly opt: string;
  /** The argument; of a mistake the letter. */
  readonly arg: string;
}

export interface Opts {
  readonly opts: readonly Opt[];
  /** What is no option. */
  readonly rest: readonly string[];
}

/** `spec`: the letters, each with a colon behind it if it takes an argument. `argv` begins behind the name of the command. */
export function getopt(argv: readonly string[], spec: string): Opts {
  const opts: Opt[] = [];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word === '--') {
      rest.push(...argv.slice(i + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      rest.push(word);
      continue;
    }
    for (let k = 1; k < word.length; k++) {
      const opt = word[k] as string;
      const at = opt === ':' ? -1 : spec.indexOf(opt);
      if (at < 0) opts.push({ opt: '?', arg: opt });
      else if (spec[at + 1] !== ':') opts.push({ opt, arg: '' });
      else {
        const arg = k + 1 < word.length ? word.slice(k + 1) : argv[++i];
        opts.push(arg === undefined ? { opt: ':', arg: opt } : { opt, arg });
        break;
      }
    }
  }
  return { opts, rest };
}

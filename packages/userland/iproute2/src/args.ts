/** A walk over the words of a command line, and the complaints about them. */
import { Exit } from '@skbuff/command';

/** Whether `word` is `full` or an abbreviation of it; the empty word is none. */
export function matches(word: string, full: string): boolean {
  return word !== '' && full.startsWith(word);
}

export class Args {
  private readonly words: readonly string[];
  private pos = 0;
  private readonly stderr: (text: string) => void;

  constructor(words: readonly string[], stderr: (text: string) => void) {
    this.words = words;
    this.stderr = stderr;
  }

  /** How many words are left, the present one included (argc). */
  get left(): number {
    return this.words.length - this.pos;
  }

  /** The present word; empty when there is none. */
  get cur(): string {
    return this.words[this.pos] ?? '';
  }

  /** The words from the present one on. */
  rest(): readonly string[] {
    return this.words.slice(this.pos);
  }

  is(word: string): boolean {
    return this.left > 0 && this.cur === word;
  }

  /** The present word is one of these or an abbreviation of one. */
  abbr(...full: readonly string[]): boolean {
    return full.some((f) => matches(this.cur, f));
  }

  skip(): void {
    this.pos++;
  }

  /** One word back. */
  back(): void {
    this.pos--;
  }

  /** NEXT_ARG: the following word, which must be there. */
  next(): string {
    this.pos++;
    if (this.left <= 0) this.incomplete();
    return this.cur;
  }

  /** NEXT_ARG_OK. */
  hasNext(): boolean {
    return this.left > 1;
  }

  die(status: number, text: string): never {
    this.stderr(text);
    throw new Exit(status);
  }

  incomplete(): never {
    return this.die(-1, 'Command line is not complete. Try option "help"\n');
  }

  missarg(key: string): never {
    return this.die(-1, `Error: argument "${key}" is required\n`);
  }

  invarg(message: string, arg: string = this.cur): never {
    return this.die(-1, `Error: argument "${arg}" is wrong: ${message}\n`);
  }

  duparg(key: string, arg: string = this.cur): never {
    return this.die(-1, `Error: duplicate "${key}": "${arg}" is the second value.\n`);
  }

  duparg2(key: string, arg: string = this.cur): never {
    return this.die(-1, `Error: either "${key}" is duplicate, or "${arg}" is a garbage.\n`);
  }

  /** `on` or `off`, else a complaint and null. */
  onOff(key: string): boolean | null {
    const word = this.next();
    if (word === 'on') return true;
    if (word === 'off') return false;
    this.stderr(`Error: argument of "${key}" must be "on" or "off", not "${word}"\n`);
    return null;
  }
}

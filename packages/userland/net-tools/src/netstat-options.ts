/** Options of netstat. */

/** What the options said: letters that were given, and how often -e was. */
export class NetstatOptions {
  readonly letters: Set<string> = new Set();
  extend = 1;
  family = '';
  /** Protocols were asked for, and not because of a family. */
  byLetter = false;

  has(...letters: readonly string[]): boolean {
    return letters.some((letter) => this.letters.has(letter));
  }

  /** The family was asked for, or none was. */
  shows(family: 'inet' | 'inet6'): boolean {
    return this.has(family) || !this.has('inet', 'inet6');
  }

  /** Which protocols' sockets are wanted. */
  get sockets(): boolean {
    return this.has('t', 'u', 'U', 'S', 'w');
  }
}

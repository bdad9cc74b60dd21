/** Tables of /etc: lines of words, the rest behind a `#` is a comment. */

/** Whoever has files: every `CommandEnv` does. */
export interface Files {
  /** The text, or a negative errno. */
  readFile(path: string): string | number;
}

/** A machine without files. */
export const NO_FILES: Files = { readFile: () => -2 };

/** The words of each line that has two or more, or null if there is no such file. */
export function tableOf(files: Files, path: string): (readonly string[])[] | null {
  const text = files.readFile(path);
  if (typeof text === 'number') return null;
  const lines = text.split('\n').map((line) => (line.split('#')[0] as string).trim().split(/\s+/));
  return lines.filter((words) => words.length > 1);
}

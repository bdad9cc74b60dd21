/** Words of a command line, as a shell splits them: quotes hold words together, a backslash takes the next character as it is. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string;
    if (c === '\\' && quote !== "'") word = (word ?? '') + (line[++i] ?? '');
    else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) [quote, word] = [c, word ?? ''];
    else if (quote === '' && /\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + c;
  }
  if (quote !== '') throw new TypeError(`"${line}" has a quote that is not closed`);
  if (word !== null) words.push(word);
  return words;
}

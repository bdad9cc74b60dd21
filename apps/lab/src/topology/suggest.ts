/** Edit distance with transpositions (optimal string alignment); gives up above `limit`. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

/** Short words need to be closer, or every three-letter word is a misspelling of every other. */
const tolerance = (word: string): number => (word.length <= 4 ? 1 : 2);

/** The nearest of `words`, if one is near enough to be what was meant. */
export function suggest(word: string, words: Iterable<string>): string | undefined {
  const limit = tolerance(word);
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of words) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase(), limit);
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}

/** `did you mean x?`, or undefined. */
export function didYouMean(word: string, words: Iterable<string>): string | undefined {
  const best = suggest(word, words);
  return best === undefined ? undefined : `did you mean ${best}?`;
}

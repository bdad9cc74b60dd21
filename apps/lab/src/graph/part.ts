/** Words that lie on each other or on a node are moved apart. */
export interface Box {
  /** Its middle. */
  x: number;
  y: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
}

const ROUNDS = 40;
/** More words than this are not looked at: each is compared with each. */
const MOST = 2500;

/** Moves `words`, by as little as it takes; `fixed` stays. What cannot be parted in some rounds is left as it is. */
export function part(words: readonly Box[], fixed: readonly Box[]): void {
  if (words.length > MOST) return;
  for (let round = 0, moved = true; moved && round < ROUNDS; round++) {
    moved = false;
    for (const [i, a] of words.entries()) {
      for (const b of fixed) moved = push(a, b, 1) || moved;
      for (let k = 0; k < i; k++) moved = push(a, words[k] as Box, 0.5) || moved;
    }
  }
}

/** Moves `a` by `share` of the way out of `b`, and `b` by the rest. Whether they overlapped. */
function push(a: Box, b: Box, share: number): boolean {
  const overlapX = a.halfWidth + b.halfWidth - Math.abs(a.x - b.x);
  const overlapY = a.halfHeight + b.halfHeight - Math.abs(a.y - b.y);
  if (overlapX < 0.1 || overlapY < 0.1) return false;
  const level = overlapX < overlapY;
  const step = (level ? overlapX : overlapY) * ((level ? a.x < b.x : a.y < b.y) ? -1 : 1);
  a[level ? 'x' : 'y'] += step * share;
  b[level ? 'x' : 'y'] -= step * (1 - share);
  return true;
}

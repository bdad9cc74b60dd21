/** `BUG_ON`: reports a violated invariant of the stack itself, never bad input. Bundlers drop it when `cond` folds to true. */
export function assert(cond: boolean, what: string): asserts cond {
  if (!cond) throw new Error(`kernel BUG: ${what}`);
}

/** What is wrong with an expression: thrown inside this package, a result outside of it. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

/** @internal */
export function fail(text: string): never {
  throw new FilterError(text);
}

/** What the grammar has no rule for. @internal */
export function syntaxError(): never {
  fail("can't parse filter expression: syntax error");
}

export type Transform = (code: string, file: string) => string | undefined;
export interface Replacement {
  readonly match: RegExp;
  readonly by: string;
}
export interface Cut {
  readonly function: string;
  readonly body: string;
  readonly imports?: string;
}
export function bundleWith(entry: string, file: string, transform?: Transform): Promise<string>;
export function replaceExpressions(replacements: readonly Replacement[]): { transform: Transform; counts: number[] };
export function cutAt(cut: Cut): { transform: Transform; count: () => number };
export function children(node: object): object[];
export function whyNoOurs(entry: string): string | undefined;
export function readMap(bundle: string): object;

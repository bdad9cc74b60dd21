export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string;
export function mpps(perSecond: number): string;
export function times(value: number): string;
export function fixed1(value: number): string;
export function rateTable(series: readonly Series[]): string;
export function againstBest(base: Series, other: Series): string;

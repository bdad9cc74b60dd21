export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}
export interface Ratio {
  readonly ofMedians: number;
  readonly perPair: Summary;
}
export function median(values: readonly number[]): number;
export function summary(values: readonly number[]): Summary;
export function pairRatios(base: readonly number[], values: readonly number[]): number[];
export function ratio(base: readonly number[], values: readonly number[]): Ratio;

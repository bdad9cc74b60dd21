export interface Measured {
  readonly packets: number;
  readonly ns: number;
}
export interface Contestant {
  readonly name: string;
  readonly measure: (ms: number) => Promise<Measured>;
}
export interface Side {
  readonly measure: Contestant['measure'];
  readonly close: () => Promise<void>;
}
export const WARM_UP_MS: number;
export function interleave(
  contestants: readonly Contestant[],
  options: { rounds: number; ms: number; progress?: string },
): Promise<{ name: string; values: number[] }[]>;
export function compareBuilds(
  startBase: () => Promise<Side>,
  startOther: () => Promise<Side>,
  options: { launches: number; slices: number; ms: number },
): Promise<{ perLaunch: number[]; timeRatio: { ofMedians: number; ofBest: number } }>;

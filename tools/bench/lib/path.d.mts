export interface FunctionCoverage {
  readonly functionName: string;
  readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
}
export interface Finding {
  readonly what: string;
  readonly perPacket: number;
  readonly file: string;
  readonly line: number;
  readonly code: string;
}
export function pathFindings(code: string, functions: readonly FunctionCoverage[], packets: number, map: object): Finding[];

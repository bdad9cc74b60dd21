export interface Size {
  readonly name: string;
  readonly code: string;
  readonly minified: number;
  readonly compressed: number;
  readonly parts: readonly (readonly [part: string, bytes: number])[];
}
export const BUNDLES: readonly (readonly [name: string, file: string, text?: string])[];
export function sizeOf(name: string, options?: { byFile?: boolean }): Promise<Size>;
export function kilobytes(bytes: number): string;

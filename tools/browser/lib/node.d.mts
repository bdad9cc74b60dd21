export const HERE: string;
export const ROOT: string;
export function runPageInNode(page: string, input: object): Record<string, unknown>;
export function printedInNode(code: string): string;

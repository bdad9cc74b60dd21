export function bundleForBrowser(entry: string, options?: { code?: string }): Promise<import('rolldown').OutputChunk>;

/** Reads a file; what the operating system refuses is a diagnostic like any other. */
import { readFileSync } from 'node:fs';
import type { ParseResult } from '../topology/model.ts';
import { parseTopology } from '../topology/parse.ts';

export function readTopology(file: string): ParseResult {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? String(error);
    return { source: '', diagnostics: [{ file, line: 1, column: 1, severity: 'error', message: 'the file cannot be read', path: '', found, expected: 'a containerlab topology file' }] };
  }
  return parseTopology(bytes, { file, env: process.env });
}

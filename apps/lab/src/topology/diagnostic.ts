/** Where something stands in a file. Lines and columns count from 1, columns in UTF-16 units. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `error`: the file cannot be run as it is. `note`: it runs, but the reader should know. */
export type Severity = 'error' | 'note';

/** One thing to say about a topology file. */
export interface Diagnostic extends Position {
  readonly severity: Severity;
  readonly message: string;
  /** Path in the document, `topology.nodes.h1.exec[0]`; empty for the whole file. */
  readonly path: string;
  readonly found?: string;
  readonly expected?: string;
  readonly hint?: string;
  /** Columns to underline; 1 without it. */
  readonly length?: number;
}

/** What the text of a diagnostic consists of before it is given its place. */
export type DiagnosticText = Pick<Diagnostic, 'message' | 'found' | 'expected' | 'hint'>;

/** For callers who want an exception: everything that is wrong with one file. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError';
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.file}:${d.line}:${d.column}: ${d.message}`).join('\n'));
    this.diagnostics = diagnostics;
  }
}

/** Orders by place, errors before notes on the same spot. */
export function byPosition(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || a.column - b.column || a.severity.localeCompare(b.severity);
}

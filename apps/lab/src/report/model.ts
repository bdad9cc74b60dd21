import type { Diagnostic, Position } from '../topology/diagnostic.ts';
import type { Expectation, IgnoredKey } from '../topology/model.ts';

/** What a run of one lab showed. Plain data; the same seed and file give the same report, byte for byte. */
export interface LabReport {
  readonly file: string;
  readonly lab: string;
  readonly seed: number;
  /** Nanoseconds of virtual time the run took. */
  readonly virtualTimeNs: number;
  readonly nodes: readonly NodeReport[];
  readonly links: number;
  readonly ignored: readonly IgnoredKey[];
  /** Notes of the parser. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was passed over or failed in exec lines. */
  readonly exec: readonly ExecNote[];
  readonly expectations: readonly ExpectationResult[];
  /** Paths of captures, relative to where the command runs. */
  readonly captures: readonly string[];
}

export interface NodeReport {
  readonly name: string;
  readonly interfaces: readonly string[];
  /** Exec lines of the node. */
  readonly execLines: number;
  readonly sent: number;
  readonly received: number;
  readonly drops: readonly { readonly reason: string; readonly count: number }[];
}

/** `note`: the line, or a part of it, was passed over. `failed`: it ran and did not succeed. */
export interface ExecNote {
  readonly kind: 'note' | 'failed';
  readonly node: string;
  readonly line: string;
  readonly at: Position;
  readonly text: string;
}

export interface ExpectationResult {
  readonly name: string;
  readonly kind: Expectation['kind'];
  readonly pass: boolean;
  /** When it was judged: nanoseconds since the lab was up. */
  readonly timeNs: number;
  readonly at: Position;
  /** What the command of an `output` expectation printed. */
  readonly output?: string;
  /** For one that failed: what was expected, what was found, and the way of the packet. */
  readonly expected?: string;
  readonly found?: string;
  readonly trace?: readonly string[];
  /** What would become of such a packet then: its way through the lab, as `skbuff explain` prints it. */
  readonly explanation?: readonly string[];
}

/** What came of one file: a run, or why there was none. */
export type LabOutcome =
  | { readonly kind: 'ran'; readonly report: LabReport }
  | { readonly kind: 'bad-input'; readonly file: string; readonly diagnostics: readonly Diagnostic[]; readonly source?: string };

/** What an explanation consists of: plain data, the same every time. */

/** Whose step it is: of the packet itself, of what answers it, of an ICMP error about it, of the search for a neighbour (ARP, neighbour discovery). */
export type Subject = 'packet' | 'reply' | 'error' | 'neighbour';

export type StepKind = 'send' | 'route' | 'hook' | 'forward' | 'neighbour' | 'fragment' | 'transmit' | 'receive' | 'deliver' | 'icmp' | 'drop';

export interface Step {
  /** Nanoseconds of virtual time since the packet was sent. */
  readonly timeNs: number;
  /** Host, or namespace of no host. */
  readonly node: string;
  readonly dev: string | null;
  readonly kind: StepKind;
  readonly subject: Subject;
  /** The kernel's function, as it is spelt here: `ipForward` for `ip_forward`. */
  readonly function: string;
  /** Where it stands: package and file. */
  readonly place: string;
  readonly text: string;
  /** `SKB_DROP_REASON_*`, of a drop. */
  readonly reason?: string;
  /** What would mend it. */
  readonly fix?: string;
}

export type Outcome =
  /** A socket or the kernel took it. */
  | 'delivered'
  | 'dropped'
  /** The system call that sends it failed. */
  | 'refused'
  /** It left by a device at whose other end nobody is. */
  | 'left'
  /** A hook keeps it, or it is still under way. */
  | 'held';

export interface Verdict {
  readonly outcome: Outcome;
  readonly node: string;
  readonly dev: string | null;
  readonly timeNs: number;
  /** One sentence. */
  readonly text: string;
  readonly reason?: string;
  /** Of a refusal: `ENETUNREACH`. */
  readonly errno?: string;
  readonly fix?: string;
}

export interface Explanation {
  /** Of this format: grows when a key changes its meaning or goes away. */
  readonly version: number;
  readonly node: string;
  /** As it was written. */
  readonly packet: string;
  readonly verdict: Verdict;
  /** What became of the answer or of the ICMP error that the packet gave rise to; null: there was none. */
  readonly answer: (Verdict & { readonly subject: 'reply' | 'error' }) | null;
  readonly steps: readonly Step[];
  /** What the reader has to know besides. */
  readonly notes: readonly string[];
}

export const EXPLANATION_VERSION: number = 1;

/** Whether the packet arrived, and its answer, if it got one. */
export function arrived({ verdict, answer }: Explanation): boolean {
  return verdict.outcome === 'delivered' && (answer === null || answer.outcome === 'delivered');
}

/** What setns(2) prepares before it takes effect (`struct nsset`). */
import type { Cred } from './cred.ts';
import type { Nsproxy } from './nsproxy.ts';
import type { PidNamespace } from './pid-namespace.ts';

export interface NsSet {
  /** A copy of the caller's; its members are replaced. */
  readonly nsproxy: Nsproxy;
  /** The caller's; a user namespace brings another one. */
  cred: Cred;
  /** The PID namespace that the caller itself is in. */
  readonly pidNs: PidNamespace;
}

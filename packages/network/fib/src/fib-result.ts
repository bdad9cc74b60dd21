import type { FibAlias } from './fib-alias.ts';
import type { FibInfo } from './fib-info.ts';
import type { FibNh } from './fib-nh.ts';
import type { FibTable } from './fib-tables.ts';

/** `struct fib_result`: what a lookup found. One object serves lookup after lookup. */
export class FibResult {
  prefixlen = 0;
  /** Which of the next hops; 0 if there is one. */
  nhSel = 0;
  /** RTN_* */
  type = 0;
  /** RT_SCOPE_* */
  scope = 0;
  /** Realm that policy rules set. */
  tclassid = 0;
  nh: FibNh | null = null;
  /** Null: no route was needed or found. */
  fi: FibInfo | null = null;
  table: FibTable | null = null;
  /** The alias; more of the same prefix follow it. */
  fa: FibAlias | null = null;

  /** No route, as the kernel leaves it after a lookup that failed. */
  clear(type: number): void {
    this.prefixlen = 0;
    this.nhSel = 0;
    this.type = type;
    this.nh = null;
    this.fi = null;
    this.table = null;
    this.fa = null;
  }
}

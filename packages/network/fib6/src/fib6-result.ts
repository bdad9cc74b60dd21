import type { Fib6Rt } from './fib6-info.ts';
import type { Fib6Node } from './fib6-node.ts';

/** `struct fib6_result`: what a lookup found. One object serves lookup after lookup. */
export class Fib6Result {
  /** Asked: the interface that routes are preferred by (RT6_LOOKUP_F_IFACE: insisted on); 0: any. */
  oif = 0;
  /** The route, null: none. */
  f6i: Fib6Rt | null = null;
  /** Where it hangs. */
  node: Fib6Node | null = null;
  /** Score of the best route so far, while {@link f6i} is looked for. */
  score = 0;
}

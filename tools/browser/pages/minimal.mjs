// The smallest stack that answers a ping (apps/minimal).
import { pingOnce } from '@skbuff/sample-minimal';

export function run() {
  const { line, leaks } = pingOnce();
  return { printed: `${line}\n`, captures: {}, leaks };
}

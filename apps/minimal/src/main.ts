/** Prints the answer of a stack that is put together by hand. */
import { pingOnce } from './ping.ts';

console.log(pingOnce().line ?? 'no answer');

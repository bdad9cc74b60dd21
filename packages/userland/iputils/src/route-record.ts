/** The route that a packet recorded in its IP options. */
import { be32, inetNtoa } from '@skbuff/wire';
import { IPOPT_RR } from './socket.ts';

const IPOPT_END = 0;
const IPOPT_NOP = 1;

export class RouteRecord {
  private last = '';

  /** `pr_options`: what is printed behind an answer; a route like the last one is not repeated. */
  text(options: Uint8Array): string {
    for (let at = 0; at < options.length && options[at] !== IPOPT_END; ) {
      if (options[at] === IPOPT_NOP) {
        at++;
        continue;
      }
      const len = options[at + 1] ?? 0;
      if (len < 2) return '';
      if (options[at] === IPOPT_RR) return this.recorded(options, at);
      at += len;
    }
    return '';
  }

  private recorded(options: Uint8Array, at: number): string {
    const end = Math.min(at + (options[at + 2] as number) - 1, options.length);
    const hops: string[] = [];
    for (let hop = at + 3; hop + 4 <= end; hop += 4) hops.push(`\t${inetNtoa(be32(options, hop))}\n`);
    const route = hops.join('');
    if (hops.length === 0) return '';
    if (route === this.last) return '\t(same route)';
    this.last = route;
    return `\nRR: ${route}`;
  }
}

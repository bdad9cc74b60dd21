/** IP options of a request (-R, -T, hosts to go through) and of its answer. */
import { IPOPT_END, IPOPT_LSRR, IPOPT_NOOP, IPOPT_RR, IPOPT_SSRR, IPOPT_TIMESTAMP, IPOPT_TS_PRESPEC, IPOPT_TS_TSANDADDR, IPOPT_TS_TSONLY } from '@skbuff/uapi';
import { be32, setBe32 } from '@skbuff/wire';

const MAX_IPOPTLEN = 40;

/** Record route with room for nine addresses. */
export function recordRouteOption(): Uint8Array {
  const opt = new Uint8Array(MAX_IPOPTLEN);
  opt.set([IPOPT_NOOP, IPOPT_RR, MAX_IPOPTLEN - 1, 4]);
  return opt;
}

/** `prespecified`: the hosts that are to write their time, for IPOPT_TS_PRESPEC. */
export function timestampOption(flag: number, prespecified: readonly number[]): Uint8Array {
  const opt = new Uint8Array(MAX_IPOPTLEN);
  const length = flag === IPOPT_TS_TSONLY ? MAX_IPOPTLEN : MAX_IPOPTLEN - 4;
  opt.set([IPOPT_TIMESTAMP, flag === IPOPT_TS_PRESPEC ? 4 + prespecified.length * 8 : length, 5, flag]);
  if (flag === IPOPT_TS_PRESPEC) prespecified.forEach((addr, i) => setBe32(opt, 4 + i * 8, addr));
  return opt;
}

/** Loose source route through `route`. */
export function sourceRouteOption(route: readonly number[]): Uint8Array {
  const opt = new Uint8Array(4 + route.length * 4);
  opt.set([IPOPT_NOOP, IPOPT_LSRR, 3 + route.length * 4, 4]);
  route.forEach((addr, i) => setBe32(opt, 4 + i * 4, addr));
  return opt;
}

export class OptionsPrinter {
  private readonly show: (addr: number) => string;
  /** The route of the last answer: it is told only when it changes. */
  private oldRoute: string | null = null;

  /** `show`: how a host is called. */
  constructor(show: (addr: number) => string) {
    this.show = show;
  }

  /** `pr_options`: the bytes from `at` to `end`. */
  print(b: Uint8Array, at: number, end: number): string {
    let out = '';
    for (let i = at; i < end; ) {
      const type = b[i];
      if (type === IPOPT_END) break;
      if (type === IPOPT_NOOP) {
        out += '\nNOP';
        i++;
        continue;
      }
      const len = b[i + 1];
      if (len < 2 || i + len > end) break;
      out += this.one(b, i, type, len);
      i += len;
    }
    return out;
  }

  private one(b: Uint8Array, i: number, type: number, len: number): string {
    if (type === IPOPT_RR) return this.route(b, i, len);
    if (type === IPOPT_LSRR || type === IPOPT_SSRR) return `\n${type === IPOPT_SSRR ? 'S' : 'L'}SRR: ${this.addresses(b, i + 3, i + len)}`;
    if (type === IPOPT_TIMESTAMP) return this.timestamps(b, i, len);
    return `\nunknown option ${type.toString(16)}`;
  }

  private route(b: Uint8Array, i: number, len: number): string {
    const used = Math.min(b[i + 2] - 1, len);
    if (used <= 3) return '';
    const route = this.addresses(b, i + 3, i + used);
    if (route === this.oldRoute) return '\t(same route)';
    this.oldRoute = route;
    return `\nRR: ${route}`;
  }

  private host(b: Uint8Array, at: number): string {
    const addr = be32(b, at);
    return addr === 0 ? '0.0.0.0' : this.show(addr);
  }

  private addresses(b: Uint8Array, from: number, to: number): string {
    let out = '';
    for (let i = from; i + 4 <= to; i += 4) out += `\t${this.host(b, i)}\n`;
    return out;
  }

  private timestamps(b: Uint8Array, i: number, len: number): string {
    const flag = b[i + 3] & 0xf;
    const end = i + Math.min(b[i + 2] - 1, len);
    if (end <= i + 4) return '';
    let out = '\nTS: ';
    let first: number | null = null;
    for (let at = i + 4; at < end; at += 4) {
      out += '\t';
      if (flag === IPOPT_TS_TSANDADDR || flag === IPOPT_TS_PRESPEC) {
        out += `${this.host(b, at)}\t`;
        at += 4;
      }
      const time = be32(b, at);
      const standard = time >>> 31 === 0;
      const value = time & 0x7fffffff;
      if (first === null) {
        first = value;
        out += standard ? `${value} absolute` : `${value} absolute not-standard`;
      } else out += standard ? `${value - first}` : `${value - first} not-standard`;
      out += '\n';
    }
    const overflow = b[i + 3] >> 4;
    return overflow > 0 ? `${out}Unrecorded hops: ${overflow}\n` : out;
  }
}

/** The command `traceroute`: sends up to so many probes at once, and prints the answers in order. */
import { type Command, type CommandEnv, Exit, exitStatus } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import type { Sockaddr } from './families.ts';
import { methodOf } from './methods.ts';
import { parseTraceroute, type TracerouteOptions } from './options.ts';
import { Probe } from './probe.ts';
import { type Method, Tracer } from './tracer.ts';

const NSEC_PER_SEC = 1e9;
/** A round trip is taken to be this much longer when the patience is measured by it. */
const WAIT_PRECISION = 0.001 * NSEC_PER_SEC;

class Traceroute {
  private readonly env: CommandEnv;
  private readonly options: TracerouteOptions;
  private readonly probes: readonly Probe[];
  private readonly tracer: Tracer;
  private readonly method: Method;
  /** The first probe that is not printed yet, and the first that is of no interest. */
  private start: number;
  private end: number;
  private lastSend = Number.NEGATIVE_INFINITY;

  constructor(env: CommandEnv, options: TracerouteOptions) {
    this.env = env;
    this.options = options;
    this.probes = Array.from({ length: options.maxHops * options.probes }, () => new Probe());
    this.start = (options.firstHop - 1) * options.probes;
    this.end = this.probes.length;
    this.tracer = new Tracer(env, options, this.probes);
    this.method = methodOf(this.tracer);
    this.tracer.setLength(this.method);
  }

  async run(): Promise<number> {
    const { options, tracer, env } = this;
    this.method.init();
    const bytes = tracer.headerLen + tracer.dataLen;
    env.stdout(`traceroute to ${options.hostName} (${tracer.family.text(env, tracer.destination)}), ${options.maxHops} hops max, ${bytes} byte packets`);
    while (this.start < this.end) {
      const next = this.round();
      if (this.start < this.end) await this.poll(next);
    }
    env.stdout('\n');
    return 0;
  }

  /** Prints what is known and sends what may be sent: the time at which there is more to do. */
  private round(): number {
    const { probes, method } = this;
    let waiting = 0;
    let next = Number.POSITIVE_INFINITY;
    for (let n = this.start; n < this.end; n++) {
      const probe = probes[n] as Probe;
      if (n === this.start && !probe.done && probe.sendTime >= 0) {
        const expires = probe.sendTime + this.patience(n);
        if (expires <= this.env.now()) this.expire(n);
        else next = expires;
      }
      if (probe.done) {
        if (n === this.start) this.print(this.start++);
        if (probe.final) this.end = Math.min(this.end, this.hopOf(n).end);
        continue;
      }
      if (probe.sendTime < 0) {
        const due = this.lastSend + this.options.sendWait * NSEC_PER_SEC;
        if (due > this.env.now()) return Math.min(next, due);
        method.send(probe, Math.floor(n / this.options.probes) + 1);
        if (probe.sendTime < 0) return Math.min(next, this.env.now() + WAIT_PRECISION);
        this.lastSend = probe.sendTime;
        if (n === this.start) next = probe.sendTime + this.patience(n);
      }
      if (++waiting >= this.options.simultaneous) break;
    }
    return next;
  }

  /** First probe of the hop of a probe, and the first of the next hop. */
  private hopOf(n: number): { readonly begin: number; readonly end: number } {
    const begin = n - (n % this.options.probes);
    return { begin, end: begin + this.options.probes };
  }

  /** `get_timeout`: how long a probe is waited for, by what others of the same or of a later hop took; nanoseconds. */
  private patience(n: number): number {
    const { wait, here, near } = this.options;
    const { begin, end } = this.hopOf(n);
    const most = wait * NSEC_PER_SEC;
    const measured = (from: number, to: number, factor: number): number => {
      for (let i = from; factor > 0 && i < to; i++) {
        const { done, recvTime, sendTime } = this.probes[i] as Probe;
        if (done && recvTime >= 0) return Math.min((recvTime - sendTime + WAIT_PRECISION) * factor, most);
      }
      return -1;
    };
    const inHop = measured(begin, end, here);
    if (inHop >= 0) return inHop;
    const later = measured(end, this.probes.length, near);
    return later >= 0 ? later : most;
  }

  private expire(n: number): void {
    const probe = this.probes[n] as Probe;
    this.tracer.finish(probe);
    // When others of the same hop came from the end of the way, this one would have, too.
    const { begin, end } = this.hopOf(n);
    const hop = this.probes.slice(begin, end);
    const before = hop.slice(0, n - begin);
    if (before.some((p) => !p.final)) return;
    const answered = hop.slice(n - begin + 1).find((p) => p.done);
    probe.final = before.length > 0 ? answered === undefined || answered.final : answered?.final === true;
  }

  private async poll(until: number): Promise<void> {
    const { env, tracer, method } = this;
    const fds = [...tracer.fds].map((fd) => ({ fd, events: U.POLLIN | U.POLLERR, revents: 0 }));
    const ms = until === Number.POSITIVE_INFINITY ? -1 : Math.max((until - env.now()) / 1e6, 0);
    // No signal is caught, so this is the end, of whose status nobody hears.
    if ((await env.task.poll(fds, ms)) < 0) throw new Exit(1);
    for (const { fd, revents } of fds) {
      if ((revents & (U.POLLIN | U.POLLERR)) !== 0) tracer.receive(method, fd, (revents & U.POLLERR) !== 0);
    }
  }

  /** `print_probe`. */
  private print(n: number): void {
    const { env, options } = this;
    const probe = this.probes[n] as Probe;
    const hop = Math.floor(n / options.probes) + 1;
    if (n % options.probes === 0) env.stdout(`\n${String(hop).padStart(2)} `);
    if (probe.from === null) env.stdout(' *');
    else if (this.differs(n)) this.printAnswerer(probe, probe.from, hop);
    if (probe.recvTime >= 0) env.stdout(`  ${((probe.recvTime - probe.sendTime) / 1e6).toFixed(3)} ms`);
    if (probe.error !== '') env.stdout(` ${probe.error}`);
  }

  /** Whether an answer came from elsewhere than the last one of the hop. */
  private differs(n: number): boolean {
    const probe = this.probes[n] as Probe;
    const { begin } = this.hopOf(n);
    const last = this.probes.slice(begin, n).findLast(({ from }) => from !== null);
    if (last === undefined || !this.tracer.family.sameAddr(last.from as Sockaddr, probe.from as Sockaddr) || last.extensions !== probe.extensions) return true;
    return this.options.backward && last.recvTtl !== probe.recvTtl;
  }

  private printAnswerer(probe: Probe, from: Sockaddr, hop: number): void {
    const { env, options } = this;
    const { family } = this.tracer;
    const addr = family.text(env, from);
    env.stdout(options.numeric ? ` ${addr}` : ` ${family.name(env, from)} (${addr})`);
    if (options.asLookups) {
      // There is nobody to be asked for the name of the registry.
      env.stderr('whois.radb.net/nicname: Name or service not known\n');
      throw new Exit(2);
    }
    if (probe.extensions !== '') env.stdout(` <${probe.extensions}>`);
    if (!options.backward || probe.recvTtl === 0) return;
    const back = (probe.recvTtl <= 64 ? 65 : probe.recvTtl <= 128 ? 129 : 256) - probe.recvTtl;
    if (back !== hop) env.stdout(` '-${back}'`);
  }
}

async function main([name = 'traceroute', ...words]: readonly string[], env: CommandEnv): Promise<number> {
  return new Traceroute(env, parseTraceroute(words, env, name)).run();
}

const run: Command['run'] = (argv, env) => exitStatus(() => main(argv, env));

/** `traceroute` 2.1.2 of Dmitry Butskoy; `tcpconn` is not among its methods. Status 0; 1: a call failed; 2: wrong words. */
export const traceroute: Command = { name: 'traceroute', run };
/** `traceroute -6`. */
export const traceroute6: Command = { name: 'traceroute6', run };

/** The command `ping`. */
import type { Command, CommandEnv } from '@skbuff/command';
import { AF_INET, AF_INET6, EACCES, EAFNOSUPPORT, EPERM, EPROTONOSUPPORT, IPPROTO_ICMP, SOCK_DGRAM, SOCK_RAW } from '@skbuff/uapi';
import { runProgram } from './iputils-common.ts';
import { PingContext } from './ping-context.ts';
import { PingLoop } from './ping-loop.ts';
import { parsePing } from './ping-options.ts';
import { PingStats } from './ping-stats.ts';
import { Ping4 } from './ping4.ts';

/** Standard streams come before the sockets; here they are no descriptors. */
const STREAMS = 3;

interface IcmpSocket {
  readonly fd: number;
  readonly raw: boolean;
}

/** A ping socket, or where that is not allowed a raw one; exits with a complaint. */
function openSocket(ctx: PingContext): IcmpSocket {
  const { task } = ctx.env;
  const forceRaw = ctx.options.ident === 0;
  if (forceRaw && ctx.options.verbose) ctx.complain('WARNING: ident 0 => forcing raw socket');
  const dgram = forceRaw ? -EACCES : task.socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
  if (dgram >= 0) return { fd: dgram, raw: false };
  const fd = [-EACCES, -EPROTONOSUPPORT].includes(dgram) ? task.socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) : dgram;
  if (fd >= 0) return { fd, raw: true };
  ctx.complain('socktype: SOCK_RAW');
  ctx.complain('socket', fd);
  if (fd === -EPERM || fd === -EACCES) ctx.complain('=> missing cap_net_raw+p capability or setuid?');
  return ctx.die(2, '', fd);
}

/** The address of a name; exits with a complaint. */
function lookup(ctx: PingContext, name: string): number {
  const { family } = ctx.options;
  if (family === AF_INET6 || (family === AF_INET && name.includes(':'))) ctx.die(2, `${name}: Address family for hostname not supported`);
  if (name.includes(':')) ctx.die(2, 'socket', EAFNOSUPPORT);
  return ctx.resolve(name, 2);
}

function checkInterval(ctx: PingContext): void {
  const { options } = ctx;
  if (options.flood && !options.intervalGiven) ctx.interval = 0;
  if (ctx.env.task.cred.uid === 0) return;
  if (ctx.interval < 2) ctx.die(2, 'cannot flood, minimal interval for user must be >= 2 ms, use -i 0.002 (or higher)');
  if (options.preload > 3) ctx.die(2, `cannot set preload to value greater than 3: ${options.preload}`);
}

async function main(argv: readonly string[], env: CommandEnv): Promise<number> {
  const { options, hosts } = parsePing(argv, env);
  const ctx = new PingContext(env, options);
  const { fd, raw } = openSocket(ctx);
  if (options.verbose) {
    const family = options.family === AF_INET ? 'AF_INET' : 'AF_UNSPEC';
    ctx.complain(`sock4.fd: ${fd + STREAMS} (socktype: ${raw ? 'SOCK_RAW' : 'SOCK_DGRAM'}), sock6.fd: -1 (socktype: 0), hints.ai_family: ${family}\n`);
  }
  const name = hosts.at(-1) as string;
  const addrs = hosts.map((host) => lookup(ctx, host));
  if (options.verbose) ctx.print(`ai->ai_family: AF_INET, ai->ai_canonname: '${name}'\n`);
  const stats = new PingStats(ctx);
  const ping4 = new Ping4(ctx, stats, fd, raw, addrs.at(-1) as number);
  checkInterval(ctx);
  ping4.setup(name, addrs.slice(0, -1));
  return new PingLoop(ctx, stats, ping4).run(name);
}

/** Runs `ping`; `argv[0]` is its name. Gives the exit status: 0, 1 (no answer), 2 (an error). */
export function runPing(argv: readonly string[], env: CommandEnv): Promise<number> {
  return runProgram('ping', env, () => main(argv.slice(1), env));
}

/** To be registered with a host's commands. */
export const ping: Command = { name: 'ping', run: runPing };

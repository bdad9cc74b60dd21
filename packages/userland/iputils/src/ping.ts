/** The commands `ping`, `ping4` and `ping6`. */
import { type Command, type CommandEnv, Exit } from '@skbuff/command';
import { type Addrinfo, EAI_ADDRFAMILY, getaddrinfo } from '@skbuff/netdb';
import { AF_INET, AF_INET6, AF_UNSPEC, EACCES, EAFNOSUPPORT, EPERM, EPROTONOSUPPORT, IPPROTO_ICMP, IPPROTO_ICMPV6, IPV6_TCLASS, SOCK_DGRAM, SOCK_RAW, SOL_IPV6 } from '@skbuff/uapi';
import { inetAton } from '@skbuff/wire';
import { runProgram } from './iputils-common.ts';
import type { IcmpSocket } from './ping-common.ts';
import { PingContext } from './ping-context.ts';
import { PingLoop } from './ping-loop.ts';
import { parsePing } from './ping-options.ts';
import { PingStats } from './ping-stats.ts';
import { Ping4 } from './ping4.ts';
import { Ping6 } from './ping6.ts';

/** Standard streams come before the sockets; here they are no descriptors. */
const STREAMS = 3;

interface Sockets {
  readonly sock4: IcmpSocket | null;
  readonly sock6: IcmpSocket | null;
}

/** A ping socket, or where that is not allowed a raw one. Null: the kernel has no such family, and another one will do. Exits with a complaint. */
function openSocket(ctx: PingContext, family: number, forceRaw: boolean, needed: boolean): IcmpSocket | null {
  const { task } = ctx.env;
  const protocol = family === AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
  if (forceRaw && ctx.options.verbose && needed) ctx.complain('WARNING: ident 0 => forcing raw socket');
  const dgram = forceRaw ? -EACCES : task.socket(family, SOCK_DGRAM, protocol);
  if (dgram >= 0) return { fd: dgram, raw: false };
  const raw = [-EACCES, -EPROTONOSUPPORT].includes(dgram);
  const fd = raw ? task.socket(family, SOCK_RAW, protocol) : dgram;
  if (fd >= 0) return { fd, raw };
  if (fd === -EAFNOSUPPORT && !needed) return null;
  ctx.complain(`socktype: ${raw ? 'SOCK_RAW' : 'SOCK_DGRAM'}`);
  ctx.complain('socket', fd);
  if (fd === -EPERM || fd === -EACCES) ctx.complain('=> missing cap_net_raw+p capability or setuid?');
  throw new Exit(2);
}

/** One socket for each family that is wanted. Questions about nodes need a raw one. */
function openSockets(ctx: PingContext): Sockets {
  const { family, ident, nodeinfo, tos } = ctx.options;
  const forceRaw = ident === 0 || nodeinfo?.asks === true;
  const sock4 = family === AF_INET6 ? null : openSocket(ctx, AF_INET, forceRaw, family === AF_INET);
  const sock6 = family === AF_INET ? null : openSocket(ctx, AF_INET6, forceRaw, sock4 === null);
  if (sock6 !== null && tos !== null) ctx.must(ctx.env.task.setsockopt(sock6.fd, SOL_IPV6, IPV6_TCLASS, tos), 'setsockopt');
  return { sock4, sock6 };
}

const FAMILIES: Readonly<Record<number, string>> = { [AF_UNSPEC]: 'AF_UNSPEC', [AF_INET]: 'AF_INET', [AF_INET6]: 'AF_INET6' };

function tellSockets(ctx: PingContext, { sock4, sock6 }: Sockets, family: number): void {
  const socket = (s: IcmpSocket | null): string => (s === null ? '-1 (socktype: 0)' : `${s.fd + STREAMS} (socktype: ${s.raw ? 'SOCK_RAW' : 'SOCK_DGRAM'})`);
  ctx.complain(`sock4.fd: ${socket(sock4)}, sock6.fd: ${socket(sock6)}, hints.ai_family: ${FAMILIES[family]}\n`);
}

/** The first address of a family that is wanted; exits with a complaint. */
function lookup(ctx: PingContext, name: string, family: number): Addrinfo {
  const found = getaddrinfo(ctx.env, name);
  if (typeof found === 'string') return ctx.die(2, `${name}: ${found}`);
  for (const ai of found) {
    if (ctx.options.verbose) ctx.print(`ai->ai_family: ${FAMILIES[ai.family]}, ai->ai_canonname: '${ai.canonname}'\n`);
    if (family === AF_UNSPEC || ai.family === family) return ai;
  }
  return ctx.die(2, `${name}: ${EAI_ADDRFAMILY}`);
}

function checkInterval(ctx: PingContext): void {
  const { options } = ctx;
  if (options.flood && !options.intervalGiven) ctx.interval = 0;
  if (ctx.env.task.cred.uid === 0) return;
  if (ctx.interval < 2) ctx.die(2, 'cannot flood, minimal interval for user must be >= 2 ms, use -i 0.002 (or higher)');
  if (options.preload > 3) ctx.die(2, `cannot set preload to value greater than 3: ${options.preload}`);
}

async function main(argv: readonly string[], env: CommandEnv, program: string): Promise<number> {
  const { options, hosts } = parsePing(argv, env, program);
  const ctx = new PingContext(program, env, options);
  const sockets = openSockets(ctx);
  const { sock4, sock6 } = sockets;
  const family = sock4 === null ? AF_INET6 : sock6 === null ? AF_INET : AF_UNSPEC;
  if (options.verbose) tellSockets(ctx, sockets, family);
  const name = hosts.at(-1) as string;
  const ai = lookup(ctx, name, family);
  const stats = new PingStats(ctx);
  return ai.family === AF_INET6 ? over6(ctx, stats, sock6 as IcmpSocket, ai, hosts) : over4(ctx, stats, sock4 as IcmpSocket, ai, hosts);
}

function over4(ctx: PingContext, stats: PingStats, socket: IcmpSocket, ai: Addrinfo, hosts: readonly string[]): Promise<number> {
  const name = hosts.at(-1) as string;
  const literal = inetAton(name) >= 0;
  // Who asks for an address wants no names.
  if (literal) ctx.options.numeric = true;
  const route = hosts.slice(0, -1).map((host) => ctx.resolve(host, 2));
  const ping4 = new Ping4(ctx, stats, socket, ai.addr);
  checkInterval(ctx);
  const hostname = literal ? name : ai.canonname;
  ping4.setup(hostname, route);
  return new PingLoop(ctx, stats, ping4).run(hostname);
}

function over6(ctx: PingContext, stats: PingStats, socket: IcmpSocket, ai: Addrinfo, hosts: readonly string[]): Promise<number> {
  const name = hosts.at(-1) as string;
  if (hosts.length > 1) ctx.usage();
  if (name.includes(':')) ctx.options.numeric = true;
  const ping6 = new Ping6(ctx, stats, socket, ai);
  checkInterval(ctx);
  ping6.setup(name);
  return new PingLoop(ctx, stats, ping6).run(name);
}

/** Runs `ping`; `argv[0]` is its name. Gives the exit status: 0, 1 (no answer), 2 (an error). */
export function runPing(argv: readonly string[], env: CommandEnv): Promise<number> {
  const [name = 'ping'] = argv;
  return runProgram(name, env, () => main(argv.slice(1), env, name));
}

/** To be registered with a host's commands. */
export const ping: Command = { name: 'ping', run: runPing };
/** `ping -4`. */
export const ping4: Command = { name: 'ping4', run: runPing };
/** `ping -6`. */
export const ping6: Command = { name: 'ping6', run: runPing };

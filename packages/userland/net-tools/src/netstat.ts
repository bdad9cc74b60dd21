/** The command netstat. */
import { type Command, type CommandEnv, Exit, type Status, exitStatus, type LongNames } from '@skbuff/command';
import { groupAddress, readGroups, readGroups6 } from './groups.ts';
import { printLong, printShort } from './ife-print.ts';
import { fetchInterface, interfaceNames } from './interfaces.ts';
import { NetstatOptions } from './netstat-options.ts';
import { showSockets } from './netstat-sockets.ts';
import { showStatistics } from './netstat-statistics.ts';
import { showCache, showFib } from './route-show.ts';
import { showRoutes6 } from './route-show6.ts';
import { AF_NAMES } from './families.ts';
import { E_OPTERR, familiesOf, noSupport, openIoctl, options, usage } from './tool.ts';
import { NETSTAT_USAGE, NETSTAT_VERSION, VERSION } from './usage.ts';

/** `netstat` of net-tools. */
export const netstat: Command = {
  name: 'netstat',
  run: (argv, env) => exitStatus(() => main(argv, env)),
};

const LONG: LongNames = {
  route: 'r',
  interfaces: 'i',
  groups: 'g',
  statistics: 's',
  masquerade: 'M',
  verbose: 'v',
  wide: 'W',
  numeric: 'n',
  'numeric-hosts': '!h',
  'numeric-ports': '!p',
  'numeric-users': '!u',
  symbolic: 'N',
  extend: 'e',
  programs: 'p',
  timers: 'o',
  continuous: 'c',
  listening: 'l',
  all: 'a',
  fib: 'F',
  cache: 'C',
  context: 'Z',
  tcp: 't',
  udp: 'u',
  udplite: 'U',
  sctp: 'S',
  raw: 'w',
  unix: 'x',
  protocol: 'A:',
  version: 'V',
  help: 'h',
  ip: '=inet',
  ...Object.fromEntries(AF_NAMES.filter((name) => name !== 'unix').map((name) => [name, `=${name}`])),
};

const NANOSECONDS = 1e9;

function main(argv: readonly string[], env: CommandEnv): Status {
  const o = new NetstatOptions();
  const on = (letter: string, arg: string): void => {
    if (letter === 'e') o.extend++;
    else if (letter === 'A') family(env, o, arg);
    else if (letter.startsWith('=')) family(env, o, letter.slice(1));
    else if (letter === '4' || letter === '6') family(env, o, letter === '4' ? 'inet' : 'inet6');
    else if (letter === 'V') {
      env.stdout(VERSION + NETSTAT_VERSION);
      throw new Exit(0);
    } else if (letter === 'Z') {
      env.stderr('SELinux is not enabled on this machine.\n');
      throw new Exit(1);
    } else if (letter === '?' || letter === 'h') usage(env, NETSTAT_USAGE, letter === 'h' ? 0 : E_OPTERR);
    else o.letters.add(letter);
  };
  options(env, argv, 'A:CFMacdeghilnNoprsStuWVv?wxZ64U', LONG, on, [NETSTAT_USAGE, E_OPTERR]);
  if (['M', 'r', 'i', 's'].filter((letter) => o.has(letter)).length > 1) usage(env, NETSTAT_USAGE, E_OPTERR);
  const once = (): number => show(env, o);
  return o.has('c') ? again(env, once) : once();
}

/** -c: every second, until a signal. */
async function again(env: CommandEnv, once: () => number): Promise<number> {
  for (;;) {
    const status = once();
    if (status !== 0 || (await env.task.nanosleep(NANOSECONDS)) !== 0) return status;
  }
}

function family(env: CommandEnv, o: NetstatOptions, list: string): void {
  for (const name of familiesOf(env, list)) {
    o.family = name;
    o.letters.add(name);
  }
}

function show(env: CommandEnv, o: NetstatOptions): number {
  if (o.has('M')) return noSupport(env, 'netstat', 'ip_masquerade');
  if (o.has('s')) return showStatistics(env, o);
  if (o.has('r')) return showRoutes(env, o);
  if (o.has('i')) return showInterfaces(env, o.extend > 1);
  const any = o.sockets || o.has('x', 'g', 'inet', 'inet6');
  o.byLetter = o.sockets;
  if (o.has('inet', 'inet6') && !o.sockets) for (const letter of ['t', 'u', 'U', 'S', 'w']) o.letters.add(letter);
  const status = showSockets(env, o, any);
  if (status !== 0) return status;
  return o.has('g') ? showGroups(env, o) : 0;
}

/** Of the families in the order in which they were named. Here -e and not its absence gives metrics. */
function showRoutes(env: CommandEnv, o: NetstatOptions): number {
  const extend = o.extend === 1 ? 2 : o.extend === 2 ? 1 : 3;
  const numeric = o.has('n', '!h');
  const named = [...o.letters].filter((letter) => letter === 'inet' || letter === 'inet6');
  for (const name of named.length === 0 ? ['inet'] : named) {
    const status = name === 'inet' ? showInet(env, o, extend, numeric) : showRoutes6(env, { fib: o.has('F'), cache: o.has('C') }, numeric);
    if (status !== 0) return status;
  }
  return 0;
}

function showInet(env: CommandEnv, o: NetstatOptions, extend: number, numeric: boolean): number {
  const status = o.has('F') || !o.has('C') ? showFib(env, extend, numeric) : 0;
  if (o.has('C')) showCache(env, extend);
  return status;
}

function showInterfaces(env: CommandEnv, long: boolean): number {
  env.stdout('Kernel Interface table\n');
  if (!long) env.stdout('Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n');
  const io = openIoctl(env);
  for (const name of interfaceNames(env, io)) {
    const ife = fetchInterface(env, io, name);
    // An interface that is down is none to speak of.
    if (ife !== null && (ife.flags & 1) !== 0) (long ? printLong : printShort)(env, ife);
  }
  return 0;
}

function groupLine({ dev, users }: { readonly dev: string; readonly users: number }, group: string): string {
  return `${dev.padEnd(15)} ${String(users).padEnd(6)} ${group}\n`;
}

function showGroups(env: CommandEnv, o: NetstatOptions): number {
  env.stdout('IPv6/IPv4 Group Memberships\nInterface       RefCnt Group\n--------------- ------ ---------------------\n');
  if (o.shows('inet')) {
    if (typeof env.readFile('/proc/net/igmp') === 'number') return noSupport(env, 'netstat', 'AF INET (igmp)');
    for (const group of readGroups(env)) env.stdout(groupLine(group, groupAddress(group.group).slice(0, 21)));
  }
  if (o.shows('inet6')) for (const group of readGroups6(env)) env.stdout(groupLine(group, group.group));
  return 0;
}

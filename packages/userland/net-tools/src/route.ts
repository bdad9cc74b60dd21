/** The command route. */
import { type Command, type CommandEnv, Exit, exitStatus, getoptLong, type LongNames } from '@skbuff/command';
import { AF_NAMES } from './families.ts';
import { showCache, showFib } from './route-show.ts';
import { changeRoute, inetRouteUsage } from './route-set.ts';
import { changeRoute6, inet6RouteUsage } from './route-set6.ts';
import { showRoutes6 } from './route-show6.ts';
import { E_OPTERR, familiesOf, usage } from './tool.ts';
import { ROUTE_USAGE, ROUTE_VERSION, VERSION } from './usage.ts';

/** `route` of net-tools. */
export const route: Command = {
  name: 'route',
  run: (argv, env) => exitStatus(() => main(argv, env)),
};

const LONG: LongNames = {
  extend: 'e',
  verbose: 'v',
  version: 'V',
  numeric: 'n',
  symbolic: 'N',
  protocol: 'A:',
  cache: 'C',
  fib: 'F',
  help: 'h',
  ...Object.fromEntries(AF_NAMES.map((name) => [name, name])),
};

/** A family that has routes. */
interface Routing {
  readonly usage: (env: CommandEnv, status: number) => never;
  readonly change: typeof changeRoute;
  readonly show: (env: CommandEnv, o: RouteOptions) => number;
}

class RouteOptions {
  readonly families: string[] = [];
  extend = 1;
  numeric = false;
  symbolic = false;
  fib = false;
  cache = false;
  help = false;
}

const ROUTINGS: ReadonlyMap<string, Routing> = new Map([
  ['inet', { usage: inetRouteUsage, change: changeRoute, show: showInet }],
  // Of two ways to say how hosts are called, either one is taken as numbers.
  ['inet6', { usage: inet6RouteUsage, change: changeRoute6, show: (env: CommandEnv, o: RouteOptions) => showRoutes6(env, o, o.numeric || o.symbolic) }],
]);

function showInet(env: CommandEnv, o: RouteOptions): number {
  const status = o.fib || !o.cache ? showFib(env, o.extend, o.numeric) : 0;
  if (o.cache) showCache(env, o.extend);
  return status;
}

function readOption(env: CommandEnv, o: RouteOptions, letter: string, arg: string): void {
  if (letter === 'e') o.extend++;
  else if (letter === 'n') o.numeric = true;
  else if (letter === 'N') o.symbolic = true;
  else if (letter === 'F') o.fib = true;
  else if (letter === 'C') o.cache = true;
  else if (letter === 'A') o.families.push(...familiesOf(env, arg));
  else if (letter === '4' || letter === '6') o.families.push(letter === '4' ? 'inet' : 'inet6');
  else if (letter === 'V') {
    env.stdout(VERSION + ROUTE_VERSION);
    throw new Exit(0);
  } else if (letter === 'h' || letter === '?') o.help = true;
  else if (letter.length > 1) o.families.push(letter);
}

function main(argv: readonly string[], env: CommandEnv): number {
  const o = new RouteOptions();
  const { opts, rest, error } = getoptLong(argv.slice(1).map(unlikeOption), 'A:eCFhnN64Vv?', LONG);
  for (const { opt, arg } of opts) readOption(env, o, opt, arg ?? '');
  if (error !== null) env.stderr(`${argv[0]}: ${error}\n`);
  if (o.help || error !== null) return o.families.length === 0 ? usage(env, ROUTE_USAGE, 0) : onlyOne(env, o).usage(env, 0);
  const [action, ...words] = rest;
  if (action === undefined) return show(env, o);
  if (action === 'flush') {
    const { usage: explain } = onlyOne(env, o);
    env.stderr(`Flushing \`${o.families[0] ?? 'inet'}' routing table not supported\n`);
    return explain(env, E_OPTERR);
  }
  if (!['add', 'del', 'delete'].includes(action)) return usage(env, ROUTE_USAGE, E_OPTERR);
  const { change } = onlyOne(env, o);
  if (o.cache && change === changeRoute) {
    env.stderr("Modifying `inet' routing cache not supported\n");
    return inetRouteUsage(env, E_OPTERR);
  }
  return change(env, action === 'add', words);
}

/** The tables of all families that were named. */
function show(env: CommandEnv, o: RouteOptions): number {
  for (const name of o.families.length === 0 ? ['inet'] : o.families) {
    const status = routingOf(env, name).show(env, o);
    if (status !== 0) return status;
  }
  return 0;
}

/** The family that is to be changed, or the end. */
function onlyOne(env: CommandEnv, { families }: RouteOptions): Routing {
  if (families.length <= 1) return routingOf(env, families[0] ?? 'inet');
  env.stderr(`Please don't supply more than one address family.\nAddress family \`${families.join(',')}' not supported.\n`);
  throw new Exit(E_OPTERR);
}

function routingOf(env: CommandEnv, name: string): Routing {
  const routing = ROUTINGS.get(name);
  if (routing !== undefined) return routing;
  env.stderr(`No routing for address family \`${name}'.\n`);
  throw new Exit(E_OPTERR);
}

/** Options may stand anywhere, and these two words are none. */
function unlikeOption(word: string): string {
  return word === '-net' || word === '-host' ? `#${word.slice(1)}` : word;
}

/** The command route. */
import { type Command, type CommandEnv, Exit, exitStatus, type LongNames } from '@skbuff/command';
import { AF_NAMES } from './families.ts';
import { showCache, showFib } from './route-show.ts';
import { changeRoute, inetRouteUsage } from './route-set.ts';
import { changeRoute6, inet6RouteUsage } from './route-set6.ts';
import { showRoutes6 } from './route-show6.ts';
import { E_OPTERR, options, usage } from './tool.ts';
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

/** Families whose routes can be changed. */
const FAMILIES: ReadonlyMap<string, { readonly usage: (env: CommandEnv, status: number) => never; readonly change: typeof changeRoute }> = new Map([
  ['inet', { usage: inetRouteUsage, change: changeRoute }],
  ['inet6', { usage: inet6RouteUsage, change: changeRoute6 }],
]);

function main(argv: readonly string[], env: CommandEnv): number {
  const o = { family: 'inet', extend: 1, numeric: false, fib: false, cache: false };
  const on = (letter: string, arg: string): void => {
    if (letter === 'e') o.extend++;
    else if (letter === 'n') o.numeric = true;
    else if (letter === 'F') o.fib = true;
    else if (letter === 'C') o.cache = true;
    else if (letter === 'A') o.family = arg;
    else if (letter === '4' || letter === '6') o.family = letter === '4' ? 'inet' : 'inet6';
    else if (letter === 'V') {
      env.stdout(VERSION + ROUTE_VERSION);
      throw new Exit(0);
    } else if (letter === 'h' || letter === '?') usage(env, ROUTE_USAGE, 0);
    else if (letter.length > 1) o.family = letter;
  };
  const [action, ...words] = options(env, argv.map(unlikeOption), 'A:eCFhnN64Vv?', LONG, on, [ROUTE_USAGE, 0]);
  if (!AF_NAMES.includes(o.family)) return unknownFamily(env, o.family);
  const family = FAMILIES.get(o.family);
  if (family === undefined) return noRouting(env, o.family);
  const changes = action === 'add' || action === 'del' || action === 'delete';
  if (changes && o.cache && o.family === 'inet') {
    env.stderr("Modifying `inet' routing cache not supported\n");
    return inetRouteUsage(env, E_OPTERR);
  }
  if (changes) return family.change(env, action === 'add', words);
  if (action === 'flush') {
    env.stderr(`Flushing \`${o.family}' routing table not supported\n`);
    return family.usage(env, E_OPTERR);
  }
  if (action !== undefined) usage(env, ROUTE_USAGE, E_OPTERR);
  if (o.family === 'inet6') return showRoutes6(env, o, o.numeric);
  const status = o.fib || !o.cache ? showFib(env, o.extend, o.numeric) : 0;
  if (o.cache) showCache(env, o.extend);
  return status;
}

/** Options may stand anywhere, and these two words are none. */
function unlikeOption(word: string): string {
  return word === '-net' || word === '-host' ? `#${word.slice(1)}` : word;
}

function unknownFamily(env: CommandEnv, name: string): number {
  env.stderr(`Unknown address family \`${name}'.\n`);
  return 1;
}

function noRouting(env: CommandEnv, name: string): number {
  env.stderr(`No routing for address family \`${name}'.\n`);
  return E_OPTERR;
}

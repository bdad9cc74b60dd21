/** The command `ip`: options, objects, batches. */
import { andThen, type Command, type CommandEnv, Exit, exitStatus, readStdinText, type Status } from '@skbuff/command';
import { AF_BRIDGE, AF_INET, AF_INET6, AF_MPLS, AF_PACKET, AF_UNSPEC, EISDIR, ENOENT, strerror } from '@skbuff/uapi';
import { type Args, matches } from './args.ts';
import { IpContext, IpOptions } from './context.ts';
import { readFamily } from './inet.ts';
import { doAddr } from './ip-addr.ts';
import { doAddrlabel } from './ip-addrlabel.ts';
import { doLink } from './ip-link.ts';
import { doNeigh } from './ip-neigh.ts';
import { doMaddr } from './ip-maddr.ts';
import { doMonitor } from './ip-monitor.ts';
import { doMroute } from './ip-mroute.ts';
import { doNetconf } from './ip-netconf.ts';
import { doNetns } from './ip-netns.ts';
import { doNtable } from './ip-ntable.ts';
import { doRoute } from './ip-route.ts';
import { doMrule, doRule } from './ip-rule.ts';
import { doToken } from './ip-token.ts';
import { netnsSwitch } from './netns-switch.ts';
import { getInteger } from './numbers.ts';
import { usageIp } from './usage.ts';

const VERSION = 'ip utility, iproute2-6.1.0, libbpf 1.1.2\n';

type IpObject = (ctx: IpContext, args: Args) => Status;

/** In the order in which an abbreviation is resolved. */
const OBJECTS: readonly (readonly [string, IpObject])[] = [
  ['address', doAddr],
  ['addrlabel', doAddrlabel],
  ['route', doRoute],
  ['rule', doRule],
  ['neighbor', doNeigh],
  ['neighbour', doNeigh],
  ['ntable', doNtable],
  ['ntbl', doNtable],
  ['link', doLink],
  ['maddress', doMaddr],
  ['token', doToken],
  ['monitor', doMonitor],
  ['mroute', doMroute],
  ['mrule', doMrule],
  ['netns', doNetns],
  ['netconf', doNetconf],
  ['help', (ctx) => usageIp(ctx)],
];

function doCommand(ctx: IpContext, words: readonly string[]): Status {
  const word = words[0] as string;
  for (const [name, run] of OBJECTS) if (matches(word, name)) return andThen(run(ctx, ctx.args(words.slice(1))), (rc) => -rc);
  ctx.stderr(`Object "${word}" is unknown, try "ip help".\n`);
  return 1;
}

/** What an option does; those that take a word call `next`. */
type ReadOption = (o: IpOptions, args: Args, ctx: IpContext) => void;

/** The word behind an option. */
function value(ctx: IpContext, args: Args): string {
  return args.left > 1 ? args.next() : usageIp(ctx);
}

function family(af: number): ReadOption {
  return (o) => void (o.family = af);
}

const readFamilyOption: ReadOption = (o, args, ctx) => {
  const word = value(ctx, args);
  if (word === 'help') usageIp(ctx);
  o.family = readFamily(word);
  if (o.family === AF_UNSPEC) args.invarg('invalid protocol family');
};

const OPTIONS: readonly (readonly [string, ReadOption])[] = [
  ['-loops', (o, args, ctx) => void (o.maxFlushLoops = getInteger(value(ctx, args)) ?? 0)],
  ['-family', readFamilyOption],
  ['-4', family(AF_INET)],
  ['-6', family(AF_INET6)],
  ['-0', family(AF_PACKET)],
  ['-M', family(AF_MPLS)],
  ['-B', family(AF_BRIDGE)],
  ['-human-readable', (o) => void (o.human = true)],
  ['-iec', (o) => void (o.iec = true)],
  ['-stats', (o) => void o.stats++],
  ['-statistics', (o) => void o.stats++],
  ['-details', (o) => void o.details++],
  ['-resolve', (o) => void (o.resolve = true)],
  ['-oneline', (o) => void (o.oneline = true)],
  ['-timestamp', (o) => void (o.timestamp = true)],
  ['-tshort', (o) => void (o.timestamp = o.timestampShort = true)],
  [
    '-Version',
    (_o, _args, ctx) => {
      ctx.out.raw(VERSION);
      throw new Exit(0);
    },
  ],
  ['-force', (o) => void (o.force = true)],
  ['-batch', (o, args, ctx) => void (o.batch = value(ctx, args))],
  ['-brief', (o) => void (o.brief = true)],
  ['-json', (o) => void (o.json = true)],
  ['-pretty', (o) => void (o.pretty = true)],
  ['-rcvbuf', (_o, args, ctx) => void (getInteger(value(ctx, args)) ?? ctx.die(-1, `Invalid rcvbuf size '${args.cur}'\n`))],
  ['-color', (o, args) => void (o.color = args.cur)],
  ['-help', (_o, _args, ctx) => void usageIp(ctx)],
  ['-netns', (_o, args, ctx) => switchNetns(ctx, args.left > 1 ? args.next() : '(null)')],
  ['=-echo', (o) => void (o.echo = true)],
  ['-Numeric', (o) => void (o.numeric = true)],
  ['-all', (o) => void (o.doAll = true)],
];

function switchNetns(ctx: IpContext, name: string): void {
  if (netnsSwitch(ctx.env, name, ctx.stderr) < 0) throw new Exit(-1);
}

function parseOptions(ctx: IpContext, args: Args): void {
  for (; args.left > 0; args.skip()) {
    if (args.cur === '--') {
      args.skip();
      return;
    }
    if (!args.cur.startsWith('-')) return;
    const word = args.cur.startsWith('--') ? args.cur.slice(1) : args.cur;
    const found = OPTIONS.find(([name]) => (word.startsWith('-c') && name === '-color' ? isColor(word) : isOption(word, name)));
    if (found === undefined) ctx.die(-1, `Option "${word}" is unknown, try "ip -help".\n`);
    found[1](ctx.options, args, ctx);
  }
}

/** Options may be shortened; those behind an equals sign may not. */
function isOption(word: string, name: string): boolean {
  return name.startsWith('=') ? word === name.slice(1) : matches(word, name);
}

/** `-color`, or `-color=never|always|auto`. */
function isColor(word: string): boolean {
  const [name, value] = word.split('=');
  return matches(name as string, '-color') && (value === undefined || ['never', 'always', 'auto'].includes(value));
}

/** Whether there are colours: not in JSON, and with `auto` only on a terminal. */
function colours(ctx: IpContext): boolean {
  const { color, json } = ctx.options;
  if (color === null || json || color.endsWith('=never')) return false;
  return !color.endsWith('=auto') || ctx.env.isTerminal;
}

/** The words of a line of a batch file: quotes hold words together, `#` begins a comment. */
function splitLine(line: string): string[] {
  const words: string[] = [];
  for (const m of line.matchAll(/"([^"]*)"|'([^']*)'|(#.*)|([^\s"']+)/g)) {
    if (m[3] !== undefined) break;
    words.push(m[1] ?? m[2] ?? (m[4] as string));
  }
  return words;
}

/** `-` is standard input, which is read to its end first: nothing that a line does can depend on what is not there yet. */
function doBatch(ctx: IpContext, name: string): Status {
  if (name === '-') return readStdinText(ctx.env).then((text) => batchText(ctx, name, text));
  const read = name === '' ? -ENOENT : ctx.env.readFile(name);
  // A directory can be opened, and has no lines.
  const text = read === -EISDIR ? '' : read;
  if (typeof text !== 'number') return batchText(ctx, name, text);
  ctx.stderr(`Cannot open file "${name}" for reading: ${strerror(text)}\n`);
  return 1;
}

function batchText(ctx: IpContext, name: string, text: string): Status {
  return batchLines(ctx, name, text.replace(/\\\n/g, ' ').split('\n'), 0, 0);
}

/** The lines from `n` on; `status` is that of those before. */
function batchLines(ctx: IpContext, name: string, lines: readonly string[], n: number, status: number): Status {
  const family = ctx.options.family;
  for (; n < lines.length; n++) {
    const words = splitLine(lines[n] as string);
    if (words.length === 0) continue;
    const at = n;
    const rc = andThen(doCommand(ctx, words), (code) => {
      ctx.options.family = family;
      if (code !== 0) ctx.stderr(`Command failed ${name}:${at + 1}\n`);
      return code;
    });
    const goesOn = (code: number): boolean => code === 0 || ctx.options.force;
    if (typeof rc !== 'number') return rc.then((code) => (goesOn(code) ? batchLines(ctx, name, lines, at + 1, code === 0 ? status : 1) : 1));
    if (rc !== 0) status = 1;
    if (!goesOn(rc)) break;
  }
  return status;
}

function main(ctx: IpContext, words: readonly string[]): Status {
  const args = ctx.args(words);
  parseOptions(ctx, args);
  ctx.out.color = colours(ctx);
  if (ctx.options.batch !== null) return doBatch(ctx, ctx.options.batch);
  return args.left > 0 ? doCommand(ctx, args.rest()) : usageIp(ctx);
}

/** Runs `ip`; `argv[0]` is its name. Gives the exit status. */
export function runIp(argv: readonly string[], env: CommandEnv): Status {
  const ctx = new IpContext(env, new IpOptions());
  return andThen(exitStatus(() => main(ctx, argv.slice(1))), (status) => {
    ctx.close();
    return status;
  });
}

/** To be registered with a host's commands. */
export const ip: Command = { name: 'ip', run: runIp };

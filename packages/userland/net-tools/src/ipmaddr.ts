/** The command ipmaddr: groups of interfaces. */
import { type Command, type CommandEnv, Exit, exitStatus } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { strerror } from '@skbuff/uapi';
import { inEther } from './families.ts';
import { groupAddress, readGroups, readGroups6 } from './groups.ts';
import { E_OPTERR, openIoctl } from './tool.ts';
import { IPMADDR_USAGE, IPMADDR_VERSION, VERSION } from './usage.ts';

/** `ipmaddr` of net-tools. */
export const ipmaddr: Command = {
  name: 'ipmaddr',
  run: (argv, env) => exitStatus(() => main(argv, env)),
};

function wrong(env: CommandEnv): never {
  env.stderr(IPMADDR_USAGE);
  throw new Exit(E_OPTERR);
}

function main(argv: readonly string[], env: CommandEnv): number {
  const [, action = 'show', ...rest] = argv;
  if (action === '-V' || action === '-version' || action === '--version') return env.stdout(VERSION + IPMADDR_VERSION), 0;
  if (action === '-h' || action === '-help' || action === '--help') return env.stdout(IPMADDR_USAGE), 0;
  if (action === 'add' || action === 'del' || action === 'delete') return change(env, action === 'add', rest);
  if (['show', 'list', 'lst'].includes(action)) return show(env, rest);
  return wrong(env);
}

function change(env: CommandEnv, add: boolean, words: readonly string[]): number {
  let dev: string | null = null;
  let address: string | null = null;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === 'dev') dev = words[++i] ?? wrong(env);
    else if (address === null) address = word;
    else wrong(env);
  }
  if (dev === null || address === null) wrong(env);
  const union = new Uint8Array(16);
  if (!inEther(address, union, 2)) wrong(env);
  const err = openIoctl(env).set(add ? U.SIOCADDMULTI : U.SIOCDELMULTI, dev, union);
  if (err < 0) env.stderr(`ioctl: ${strerror(-err)}\n`);
  return err < 0 ? 1 : 0;
}

const KINDS: ReadonlyMap<string, string> = new Map(Object.entries({ ipv4: 'inet', ipv6: 'inet6', link: 'link', all: '' }));

interface Line {
  readonly index: number;
  readonly dev: string;
  readonly text: string;
}

function show(env: CommandEnv, words: readonly string[]): number {
  let dev: string | null = null;
  let kind = '';
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const known = KINDS.get(word);
    if (known !== undefined) kind = known;
    else dev = word === 'dev' ? (words[++i] ?? wrong(env)) : word;
  }
  const lines = [...(kind === '' || kind === 'link' ? linkLines(env) : []), ...(kind === '' || kind === 'inet' ? inetLines(env) : []), ...(kind === '' || kind === 'inet6' ? inet6Lines(env) : [])];
  let last = -1;
  for (const line of lines.sort((a, b) => a.index - b.index)) {
    if (dev !== null && line.dev !== dev) continue;
    if (line.index !== last) env.stdout(`${line.index}:\t${line.dev}\n`);
    last = line.index;
    env.stdout(`\t${line.text}\n`);
  }
  return 0;
}

/** Lines of /proc/net/dev_mcast. */
function linkLines(env: CommandEnv): Line[] {
  const text = env.readFile('/proc/net/dev_mcast');
  return (typeof text === 'string' ? text : '').split('\n').flatMap((line): Line[] => {
    const [index, dev, users, fixed, address] = line.trim().split(/\s+/);
    if (address === undefined) return [];
    const shown = (address.match(/../g) ?? []).join(':');
    const count = Number(users) === 1 ? '' : ` users ${users}`;
    return [{ index: Number(index), dev: dev as string, text: `link  ${shown}${count}${Number(fixed) > 0 ? ' static' : ''}` }];
  });
}

function groupLine(index: number, dev: string, group: string, users: number): Line {
  return { index, dev, text: `${group}${users === 1 ? '' : ` users ${users}`}` };
}

function inetLines(env: CommandEnv): Line[] {
  return readGroups(env).map(({ index, dev, group, users }) => groupLine(index, dev, `inet  ${groupAddress(group)}`, users));
}

function inet6Lines(env: CommandEnv): Line[] {
  return readGroups6(env).map(({ index, dev, group, users }) => groupLine(index, dev, `inet6 ${group}`, users));
}

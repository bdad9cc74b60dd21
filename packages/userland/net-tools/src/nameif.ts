/** The command nameif: names interfaces by their hardware address. */
import { type Command, type CommandEnv, exitStatus, type IoctlSocket } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { strerror } from '@skbuff/uapi';
import { equalBytes } from '@skbuff/wire';
import { inEther } from './families.ts';
import { readDevices } from './interfaces.ts';
import { openIoctl } from './tool.ts';
import { NAMEIF_USAGE } from './usage.ts';

/** `nameif` of net-tools. */
export const nameif: Command = {
  name: 'nameif',
  run: (argv, env) => exitStatus(() => main(argv, env)),
};

interface Wish {
  readonly name: string;
  readonly mac: Uint8Array;
  found: boolean;
}

function complain(env: CommandEnv, text: string): number {
  env.stderr(`${text}\n`);
  return 1;
}

function main(argv: readonly string[], env: CommandEnv): number {
  let path = '/etc/mactab';
  let i = 1;
  for (; argv[i]?.startsWith('-') === true && argv[i] !== '-'; i++) {
    const word = argv[i] as string;
    if (word === '-c' || word === '--config-file') path = argv[++i] ?? '';
    else if (word !== '-s' && word !== '--syslog') {
      if (!['-?', '--help'].includes(word)) env.stderr(`nameif: ${word.startsWith('--') ? `unrecognized option '${word}'` : `invalid option -- '${word[1]}'`}\n`);
      env.stderr(NAMEIF_USAGE);
      return 0;
    }
  }
  const words = argv.slice(i);
  if (words.length % 2 !== 0) {
    env.stderr(NAMEIF_USAGE);
    return 0;
  }
  const pairs = words.length === 0 ? fromFile(env, path) : words;
  if (typeof pairs === 'number') return complain(env, `opening configuration file ${path}: ${strerror(-pairs)}`);
  return rename(env, pairs, words.length === 0 ? (i) => `line ${i / 2 + 1}` : (i) => `argument ${i + 2}`);
}

function fromFile(env: CommandEnv, path: string): readonly string[] | number {
  const text = env.readFile(path);
  if (typeof text === 'number') return text;
  return text.split('\n').flatMap((line) => (line.split('#')[0] as string).trim().split(/\s+/).filter((word) => word !== '').slice(0, 2));
}

/** `where`: the place of the pair that begins at an index, in words. */
function rename(env: CommandEnv, pairs: readonly string[], where: (i: number) => string): number {
  const wishes: Wish[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const mac = new Uint8Array(6);
    const text = pairs[i + 1] as string;
    const at = where(i);
    if (pairs[i]?.includes(':') === true) complain(env, `alias device ${pairs[i]} at ${at} probably has no mac`);
    if (!inEther(text, mac, 0)) return complain(env, `cannot parse MAC \`${text}' at ${at}`);
    wishes.push({ name: pairs[i] as string, mac, found: false });
  }
  const io = openIoctl(env);
  for (const dev of readDevices(env).keys()) {
    const wish = wishes.find(({ mac, found }) => !found && hasMac(io, dev, mac));
    if (wish === undefined) continue;
    wish.found = true;
    const err = dev === wish.name ? 0 : io.set(U.SIOCSIFNAME, dev, Uint8Array.from(wish.name.slice(0, 15), (c) => c.charCodeAt(0)));
    if (err < 0) return complain(env, `cannot change name of ${dev} to ${wish.name}: ${strerror(-err)}`);
  }
  const lost = wishes.filter(({ found }) => !found);
  for (const { name } of lost) complain(env, `interface '${name}' not found`);
  return lost.length > 0 ? 1 : 0;
}

function hasMac(io: IoctlSocket, dev: string, mac: Uint8Array): boolean {
  const reply = io.ifreq(U.SIOCGIFHWADDR, dev);
  return typeof reply !== 'number' && equalBytes(reply, U.IFREQ_UNION + 2, mac, 0, 6);
}

/** The command arp. */
import { type Command, type CommandEnv, Exit, exitStatus, type LongNames } from '@skbuff/command';
import { arpDelete, arpFile, arpSet } from './arp-set.ts';
import { arpShow } from './arp-show.ts';
import { AF_NAMES, type HwType, hwByName } from './families.ts';
import { E_OPTERR, options, usage } from './tool.ts';
import { ARP_USAGE, ARP_VERSION, VERSION } from './usage.ts';

/** `arp` of net-tools. */
export const arp: Command = {
  name: 'arp',
  run: (argv, env) => exitStatus(() => main(argv, env)),
};

/** What the options said. */
export interface ArpOptions {
  /** -a: the style of BSD, and what is said of nothing found. */
  all: boolean;
  /** -e: the style of Linux, whatever else is asked for. */
  linux: boolean;
  numeric: boolean;
  verbose: boolean;
  /** The hardware address is the name of an interface that has it. */
  useDevice: boolean;
  device: string;
  hw: HwType;
  hwSet: boolean;
}

const LONG: LongNames = {
  verbose: 'v',
  version: 'V',
  all: 'a',
  delete: 'd',
  file: 'f',
  numeric: 'n',
  set: 's',
  protocol: 'A:',
  'hw-type': 'H:',
  device: 'i:',
  help: 'h',
  'use-device': 'D',
  symbolic: 'N',
};

function main(argv: readonly string[], env: CommandEnv): number {
  const o: ArpOptions = { all: false, linux: false, numeric: false, verbose: false, useDevice: false, device: '', hw: hwByName('ether') as HwType, hwSet: false };
  let what = 'show';
  const on = (letter: string, arg: string): void => {
    if (letter === 'a') o.all = true;
    else if (letter === 'e') o.linux = true;
    else if (letter === 'n') o.numeric = true;
    else if (letter === 'v') o.verbose = true;
    else if (letter === 'D') o.useDevice = true;
    else if (letter === 'i') o.device = arg.slice(0, 15);
    else if ('dfs'.includes(letter)) what = letter;
    else if (letter === 'A' || letter === 'p') family(env, arg);
    else if (letter === 'H' || letter === 't') hardware(env, o, arg);
    else if (letter === 'V') {
      env.stdout(VERSION + ARP_VERSION);
      throw new Exit(0);
    } else if (letter === 'h' || letter === '?') usage(env, ARP_USAGE, 0);
  };
  const words = options(env, argv, 'A:H:adfp:nsei:t:vh?DNV', LONG, on, [ARP_USAGE, E_OPTERR]);
  if (what === 's') return arpSet(env, o, words);
  if (what === 'd') return arpDelete(env, o, words);
  return what === 'f' ? arpFile(env, o, words[0] ?? '/etc/ethers') : arpShow(env, o, words[0]);
}

function family(env: CommandEnv, name: string): void {
  if (name === 'inet') return;
  env.stderr(AF_NAMES.includes(name) ? `arp: ${name}: kernel only supports 'inet'.\n` : `arp: ${name}: unknown address family.\n`);
  throw new Exit(255);
}

function hardware(env: CommandEnv, o: ArpOptions, name: string): void {
  const hw = hwByName(name);
  if (hw === null || hw.alen <= 0) {
    env.stderr(`arp: ${name}: ${hw === null ? 'unknown hardware type' : 'hardware type without ARP support'}.\n`);
    throw new Exit(255);
  }
  o.hw = hw;
  o.hwSet = true;
}

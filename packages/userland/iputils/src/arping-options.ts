/** The command line of arping. */
import { type CommandEnv, getopt } from '@skbuff/command';
import { inetAton } from '@skbuff/wire';
import { Program } from './iputils-common.ts';

const USAGE = `
Usage:
  arping [options] <destination>

Options:
  -f            quit on first reply
  -q            be quiet
  -b            keep on broadcasting, do not unicast
  -D            duplicate address detection mode
  -U            unsolicited ARP mode, update your neighbours
  -A            ARP answer mode, update your neighbours
  -V            print version and exit
  -c <count>    how many packets to send
  -w <timeout>  how long to wait for a reply
  -i <interval> set interval between packets (default: 1 second)
  -I <device>   which ethernet device to use
  -s <source>   source ip address
  <destination> dns name or ip address

For more details see arping(8).
`;

export class ArpingOptions {
  quitOnReply = false;
  quiet = false;
  broadcastOnly = false;
  /** Duplicate address detection. */
  dad = false;
  unsolicited = false;
  /** Replies instead of requests. */
  advert = false;
  /** Packets to send; -1: until it is stopped. */
  count = -1;
  /** Seconds to run, 0: no limit. */
  timeout = 0;
  /** Seconds between packets, 0: there is only one. */
  interval = 1;
  device: string | null = null;
  source: string | null = null;
}

type Read = (o: ArpingOptions, arg: string, p: Program) => void;

const READ: Readonly<Record<string, Read>> = {
  f: (o) => void (o.quitOnReply = true),
  q: (o) => void (o.quiet = true),
  b: (o) => void (o.broadcastOnly = true),
  D: (o) => void (o.dad = o.quitOnReply = true),
  U: (o) => void (o.unsolicited = true),
  A: (o) => void (o.advert = o.unsolicited = true),
  c: (o, arg, p) => void (o.count = p.integer(arg, 1)),
  w: (o, arg, p) => void (o.timeout = p.integer(arg, 0)),
  i: (o, arg, p) => void (o.interval = p.integer(arg, 0)),
  I: (o, arg) => void (o.device = arg),
  s: (o, arg) => void (o.source = arg),
  V: (_o, _arg, p) => p.version(),
  h: (_o, _arg, p) => p.usage(),
};

export interface ArpingArguments {
  readonly program: Program;
  readonly options: ArpingOptions;
  /** u32 */
  readonly target: number;
  /** u32, 0: not given. */
  readonly source: number;
}

/** Exits with a complaint. */
export function parseArping(argv: readonly string[], env: CommandEnv): ArpingArguments {
  const program = new Program('arping', env, USAGE, 2);
  const options = new ArpingOptions();
  const { opts, rest } = getopt(argv, 'h?bfDUAqc:w:i:s:I:V');
  for (const found of opts) {
    const read = READ[found.opt];
    if (read === undefined) program.mistake(found);
    read(options, found.arg, program);
  }
  const [name] = rest;
  if (name === undefined || rest.length > 1) program.usage();
  const source = options.source === null ? 0 : inetAton(options.source);
  if (source < 0) program.die(2, `invalid source ${options.source}`);
  return { program, options, target: program.resolve(name, 2), source };
}

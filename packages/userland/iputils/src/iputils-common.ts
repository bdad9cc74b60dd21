/** What the programs of iputils share (`iputils_common.c`). */
import { type CommandEnv, Exit, exitStatus, type Opt, type Status } from '@skbuff/command';
import { gethostbyname } from '@skbuff/netdb';
import { ERANGE, strerror } from '@skbuff/uapi';

export const LONG_MAX = 9223372036854775807n;
export const INT_MAX = 0x7fff_ffffn;
export const UINT_MAX = 0xffff_ffffn;

/** The libraries that Debian's programs are built with. */
const FEATURES = 'libcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n';

/** The exit status of a program, which is 1 if what it printed could not be written (`close_stdout`). */
export function runProgram(name: string, env: CommandEnv, main: () => Status): Promise<number> {
  return Promise.resolve(exitStatus(main)).then((status) => {
    if (env.stdoutError() === 0) return status;
    env.stderr(`${name}: write error\n`);
    return 1;
  });
}

/** One run of one of the programs: its name, its texts, its end. */
export class Program {
  readonly name: string;
  readonly env: CommandEnv;
  private readonly usageText: string;
  private readonly usageStatus: number;

  constructor(name: string, env: CommandEnv, usageText: string, usageStatus: number) {
    this.name = name;
    this.env = env;
    this.usageText = usageText;
    this.usageStatus = usageStatus;
  }

  print(text: string): void {
    this.env.stdout(text);
  }

  /** `error(0, errno, …)`; without an errno the text alone. */
  complain(text: string, errno = 0): void {
    this.env.stderr(`${this.name}: ${text}${errno === 0 ? '' : `: ${strerror(errno)}`}\n`);
  }

  die(status: number, text: string, errno = 0): never {
    this.complain(text, errno);
    throw new Exit(status);
  }

  /** Ends the program if a call failed. */
  must(rc: number, what: string): number {
    return rc < 0 ? this.die(2, what, rc) : rc;
  }

  usage(): never {
    this.env.stderr(this.usageText);
    throw new Exit(this.usageStatus);
  }

  version(): never {
    this.print(`${this.name.replace(/^ping[46]$/, 'ping')} from iputils 20221126\n${FEATURES}`);
    throw new Exit(0);
  }

  /** What getopt(3) says of a mistake. */
  mistake({ opt, arg }: Opt): never {
    this.complain(opt === ':' ? `option requires an argument -- '${arg}'` : `invalid option -- '${arg}'`);
    return this.usage();
  }

  /** `strtol_or_err`: a whole number in `min` … `max`. */
  integer(text: string, min: number, max: bigint = INT_MAX): number {
    if (!/^\s*[+-]?\d+$/.test(text)) this.die(1, `invalid argument: '${text}'`);
    const value = BigInt(text.trim().replace(/^\+/, ''));
    if (BigInt.asIntN(64, value) !== value) this.die(1, `invalid argument: '${text}': ${strerror(ERANGE)}`);
    if (value < BigInt(min) || value > max) this.die(1, `invalid argument: '${text}': out of range: ${min} <= value <= ${max}`);
    return Number(value);
  }

  /** The address of a name. */
  resolve(name: string, status: number): number {
    const addr = gethostbyname(this.env, name);
    return addr < 0 ? this.die(status, `${name}: Name or service not known`) : addr;
  }
}

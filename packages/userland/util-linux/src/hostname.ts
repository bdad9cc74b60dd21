/** hostname(1) and domainname(1) of Debian's hostname 3.23. Nothing here resolves names, so what asks a resolver finds nothing. */
import { type Command, type CommandEnv, Exit, exitStatus, getoptLong, type LongNames } from '@skbuff/command';
import { EINVAL, EPERM, strerror } from '@skbuff/uapi';
import { HOSTNAME_USAGE } from './usage.ts';

const LONGS: LongNames = {
  alias: 'a',
  boot: 'b',
  domain: 'd',
  file: 'F:',
  fqdn: 'f',
  help: 'h',
  'ip-address': 'i',
  long: 'f',
  nis: 'y',
  short: 's',
  version: 'V',
  yp: 'y',
};

export const hostname: Command = {
  name: 'hostname',
  run: (argv, env) => exitStatus(() => new Names(env, 'hostname').main(argv)),
};

export const domainname: Command = {
  name: 'domainname',
  run: (argv, env) => exitStatus(() => new Names(env, 'domainname').main(argv)),
};

class Names {
  private readonly env: CommandEnv;
  private readonly program: string;
  private show: string;

  constructor(env: CommandEnv, program: string) {
    this.env = env;
    this.program = program;
    this.show = program === 'domainname' ? 'nis' : '';
  }

  main(argv: readonly string[]): number {
    const { opts, rest, error } = getoptLong(argv.slice(1), 'abdfF:hisVy', LONGS);
    let file: string | null = null;
    for (const { opt, arg } of opts) {
      if (opt === 'h') this.usage(0);
      else if (opt === 'V') return this.say('hostname 3.23\n');
      else if (opt === 'F') file = arg;
      else if (opt !== 'b') this.show = opt;
    }
    if (error !== null) {
      this.env.stderr(`${this.program}: ${error}\n`);
      this.usage(-1);
    }
    if (rest.length > 1) this.usage(-1);
    const name = file === null ? rest[0] : this.fromFile(file);
    return name === undefined ? this.tell() : this.set(name);
  }

  private usage(status: number): never {
    if (status === 0) this.env.stdout(HOSTNAME_USAGE);
    else this.env.stderr(HOSTNAME_USAGE);
    throw new Exit(status);
  }

  private say(text: string): number {
    this.env.stdout(text);
    return 0;
  }

  private fail(text: string): never {
    this.env.stderr(`${this.program}: ${text}\n`);
    throw new Exit(1);
  }

  /** The first line that is no comment. */
  private fromFile(path: string): string {
    const text = this.env.readFile(path);
    if (typeof text === 'number') return this.fail(strerror(text));
    return text.split('\n').find((line) => line !== '' && !line.startsWith('#'))?.trim() ?? '';
  }

  private tell(): number {
    const { nodename, domainname: nis } = this.env.task.utsname;
    if (this.show === 'nis') return this.say(`${nis}\n`);
    if (this.show === 'y') return nis === '(none)' || nis === '' ? this.fail('Local domain name not set') : this.say(`${nis}\n`);
    if (this.show === 's') return this.say(`${nodename.replace(/\..*$/s, '')}\n`);
    return this.show === '' ? this.say(`${nodename}\n`) : this.fail('Name or service not known');
  }

  private set(name: string): number {
    const { task } = this.env;
    const domain = this.show === 'nis' || this.show === 'y';
    if (!domain && !/^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(name)) this.fail('the specified hostname is invalid');
    const bytes = Uint8Array.from(name, (c) => c.charCodeAt(0));
    const rc = domain ? task.setdomainname(bytes) : task.sethostname(bytes);
    if (rc === -EPERM) this.fail(`you must be root to change the ${domain ? 'domain' : 'host'} name`);
    if (rc === -EINVAL) this.fail('name too long');
    return rc < 0 ? this.fail(strerror(rc)) : 0;
  }
}

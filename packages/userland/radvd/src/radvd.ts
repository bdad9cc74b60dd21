/** `radvd`, which stays in the foreground: what it runs on has no daemons. */
import { atoi, type Command, type CommandEnv, getoptLong, IoctlSocket, type Status } from '@skbuff/command';
import { strerror } from '@skbuff/uapi';
import type { RaConfig } from './config.ts';
import { Daemon, openSocket } from './daemon.ts';
import { Log, type LogMethod } from './log.ts';
import { parseConfig } from './parser.ts';
import { USAGE, VERSION } from './usage.ts';

const LONGS = {
  debug: 'd:', configtest: 'c', config: 'C:', pidfile: 'p:', logfile: 'l:', logmethod: 'm:', facility: 'f:', username: 'u:', chrootdir: 't:', version: 'v', help: 'h', nodaemon: 'n',
};
/** What has no place to go is not said. */
const METHODS: Readonly<Record<string, LogMethod>> = {
  syslog: 'none', stderr: 'stderr', stderr_syslog: 'none', stderr_clean: 'stderr_clean', logfile: 'none', none: 'none',
};

interface Settings {
  file: string;
  debug: number;
  testOnly: boolean;
  daemon: boolean;
  method: LogMethod | null;
}

export const radvd: Command = {
  name: 'radvd',
  run: (argv, env) => {
    const settings = parse(argv, env);
    return typeof settings === 'number' ? settings : start(settings, env);
  },
};

/** What the command line says, or the exit status of what has been said already. */
function parse([name = 'radvd', ...args]: readonly string[], env: CommandEnv): Settings | number {
  const { opts, error } = getoptLong(args, 'd:C:l:m:p:t:u:vhcn', LONGS);
  const settings: Settings = { file: '/etc/radvd.conf', debug: 0, testOnly: false, daemon: true, method: null };
  for (const { opt, arg } of opts) {
    const value = arg ?? '';
    if (opt === 'C') settings.file = value;
    else if (opt === 'd') settings.debug = atoi(value);
    else if (opt === 'c') settings.testOnly = true;
    else if (opt === 'n') settings.daemon = false;
    else if (opt === 'm') {
      const method = Object.hasOwn(METHODS, value) ? METHODS[value] : undefined;
      if (method === undefined) {
        env.stderr(`${name}: unknown log method: ${value}\n`);
        return 1;
      }
      settings.method = method;
    } else if (opt === 'v' || opt === 'h') {
      env.stderr(opt === 'v' ? VERSION : USAGE);
      return 1;
    }
  }
  if (error === null) return settings;
  env.stderr(`${name}: ${error}\n`);
  return 1;
}

/** Where it speaks: a daemon to the system's log, but who asks for a test is answered. */
function methodOf({ method, testOnly, daemon }: Settings): LogMethod {
  const wanted = method ?? (daemon ? 'none' : 'stderr');
  return testOnly && wanted === 'none' ? 'stderr' : wanted;
}

function start(settings: Settings, env: CommandEnv): Status {
  const { file, debug, testOnly } = settings;
  const log = new Log(env, methodOf(settings), testOnly ? 1 : debug);
  if (!testOnly) log.flog('version 2.19 started');
  const text = env.readFile(file);
  if (typeof text === 'number') return cannotOpen(file, text, debug > 0 || testOnly, log);
  const configs = parseFile(text, file, log);
  if (configs === null) return fail(log, 'exiting, failed to read config file');
  if (testOnly) return 0;
  warnOfForwarding(env, log);
  const { fd, failed } = openSocket(env);
  const ioctl = IoctlSocket.open(env);
  if (fd < 0) return fail(log, `${failed}: ${strerror(-fd)}`);
  if (typeof ioctl === 'number') return fail(log, `can't create socket(AF_INET): ${strerror(-ioctl)}`);
  const again = (): RaConfig[] | null => {
    const now = env.readFile(file);
    if (typeof now === 'string') return parseFile(now, file, log);
    log.flog(`can't open ${file}: ${strerror(-now)}`);
    return null;
  };
  return new Daemon({ env, log, ioctl, fd }, again).run(configs);
}

function fail(log: Log, text: string): number {
  log.flog(text);
  return 1;
}

/** Who can be looked at need not be safe, so a tester hears what else there is. */
function cannotOpen(file: string, err: number, goesOn: boolean, log: Log): number {
  log.flog(`can't open ${file}: ${strerror(-err)}`);
  if (!goesOn) return fail(log, 'exiting, permissions on conf_file invalid');
  log.flog('Insecure file permissions, but continuing anyway');
  return fail(log, 'exiting, failed to read config file');
}

function parseFile(text: string, file: string, log: Log): RaConfig[] | null {
  const configs = parseConfig(text, file, log);
  if (configs !== null) log.dlog(1, `config file, ${file}, syntax ok`);
  return configs;
}

/** A host that does not forward is none to send packets to. */
function warnOfForwarding(env: CommandEnv, log: Log): void {
  const value = env.readFile('/proc/sys/net/ipv6/conf/all/forwarding');
  if (typeof value === 'number' || [1, 2].includes(Number(value))) return;
  log.dlog(4, `IPv6 forwarding setting is: ${Number(value)}, should be 1 or 2`);
  log.flog('IPv6 forwarding seems to be disabled, but continuing anyway');
}

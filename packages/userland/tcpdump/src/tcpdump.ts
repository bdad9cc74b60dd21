/** The command. */
import type { Command, CommandEnv, Status } from '@skbuff/command';
import { DLT_EN10MB } from '@skbuff/pcap-filter';
import { fromDevice } from './capture.ts';
import { listDevices } from './devices.ts';
import { dump, filter } from './filter.ts';
import { Failure, USAGE, VERSION } from './messages.ts';
import { fromFiles } from './offline.ts';
import { type TcpdumpOptions, parseOptions } from './options.ts';

/** `tcpdump`, as tcpdump 4.99.3 with libpcap 1.10.3. */
export const tcpdump: Command = {
  name: 'tcpdump',
  run(argv, env) {
    try {
      const status = run(parseOptions(argv.slice(1)), env);
      return typeof status === 'number' ? status : status.catch((error: unknown) => failed(env, error));
    } catch (error) {
      return failed(env, error);
    }
  },
};

function failed(env: CommandEnv, error: unknown): number {
  if (!(error instanceof Failure)) throw error;
  env.stderr(error.message);
  return error.status;
}

function run(options: TcpdumpOptions, env: CommandEnv): Status {
  if (options.about !== null) {
    env.stdout(options.about === 'usage' ? USAGE : VERSION);
    return 0;
  }
  env.stderr(options.warnings);
  if (options.listDevices) {
    env.stdout(listDevices(env));
    return 0;
  }
  if (options.listStampTypes && options.read === null) {
    const behind = options.device === null ? '' : ` for ${options.device}`;
    env.stdout(`Time stamp types${behind} (use option -j to set):\n  host (Host)\n`);
    return 0;
  }
  if (options.read !== null || options.readList !== null) return fromFiles(options, env);
  if (options.dflag > 0 && options.device === null) {
    if (options.dlt === null) env.stderr('Warning: assuming Ethernet\n');
    return dump(options, env, filter(options, env, options.dlt ?? DLT_EN10MB));
  }
  return fromDevice(options, env);
}

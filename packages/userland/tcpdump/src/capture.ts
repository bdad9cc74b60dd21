/** Capturing on an interface, until there is enough or a signal comes. */
import type { CommandEnv } from '@skbuff/command';
import { DLT_LINUX_SLL2, LINK_TYPES } from '@skbuff/pcap-filter';
import { EINTR, ENETDOWN, strerror } from '@skbuff/uapi';
import { defaultDevice, deviceDlts, deviceIndex, isUp, listDevices } from './devices.ts';
import { dump, filter } from './filter.ts';
import { Handler, linkText, plural } from './handler.ts';
import { Live } from './live.ts';
import { failure } from './messages.ts';
import type { TcpdumpOptions } from './options.ts';
import { linkPrinter } from './packet-line.ts';

/** A name, or the number that -D gives it. */
function findDevice(options: TcpdumpOptions, env: CommandEnv): string {
  const name = options.device ?? defaultDevice(env) ?? failure('no suitable device found');
  if (name === 'any' || deviceIndex(env, name) >= 0) return name;
  if (!/^[0-9]+$/.test(name)) failure(`${name}: No such device exists\n(No such device exists)`);
  const listed = listDevices(env).split('\n')[Number(name) - 1]?.replace(/^[0-9]+\./, '').split(' ')[0];
  return listed === undefined || listed === '' ? failure('Invalid adapter index') : listed;
}

/** -L */
function listLinkTypes(env: CommandEnv, device: string, dlts: readonly number[]): number {
  const lines = dlts.map((dlt) => {
    const type = LINK_TYPES.find((known) => known.dlt === dlt);
    return `  ${type?.name ?? dlt} (${type?.description ?? ''})${linkPrinter(dlt) === undefined ? ' (printing not supported)' : ''}\n`;
  });
  env.stdout(`Data link types for ${device} (use option -y to set):\n${lines.join('')}`);
  return 0;
}

/** What the frames of the device begin with, or else what was chosen: by -y, or for `any`; that is said. */
function chosenDlt(env: CommandEnv, options: TcpdumpOptions, device: string, dlts: readonly number[]): number {
  const asked = options.dlt ?? (device === 'any' ? DLT_LINUX_SLL2 : null);
  if (asked === null) return dlts[0] as number;
  const name = LINK_TYPES.find(({ dlt }) => dlt === asked)?.name ?? asked;
  if (!dlts.includes(asked)) failure(`${name} is not one of the DLTs supported by this device`);
  env.stderr(`tcpdump: data link type ${name}\n`);
  return asked;
}

/** The exit status. */
export function fromDevice(options: TcpdumpOptions, env: CommandEnv): number | Promise<number> {
  const device = findDevice(options, env);
  if (options.monitor) failure(`${device}: That device doesn't support monitor mode`);
  const dlts = deviceDlts(env, device);
  if (options.listLinkTypes) return listLinkTypes(env, device, dlts);
  if (device !== 'any' && !isUp(env, device)) failure(`${device}: That device is not up`);
  const dlt = chosenDlt(env, options, device, dlts);
  const insns = filter(options, env, dlt);
  if (options.dflag > 0) return dump(options, env, insns);
  const { snaplen, promiscuous, direction } = options;
  const live = new Live(env, { device, dlt, snaplen, promiscuous: promiscuous && device !== 'any', direction });
  live.setFilter(insns);
  const handler = new Handler(env, options, dlt, snaplen);
  live.start();
  announce(options, env, device, dlt);
  return capture(env, live, handler, options.write === null);
}

function announce(options: TcpdumpOptions, env: CommandEnv, device: string, dlt: number): void {
  const quiet = options.vflag === 0 && options.write === null;
  const head = quiet ? 'tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n' : 'tcpdump: ';
  env.stderr(`${head}listening on ${device}, ${linkText(dlt)}, snapshot length ${options.snaplen} bytes\n`);
}

async function capture(env: CommandEnv, live: Live, handler: Handler, lineByLine: boolean): Promise<number> {
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    env.onSignal(signal, () => {
      stopped = true;
    });
  }
  let status = 0;
  let more = true;
  while (more && !stopped) {
    const packet = await live.next();
    if (packet === -EINTR || packet === null) continue;
    if (typeof packet === 'number') {
      env.stderr(`tcpdump: pcap_loop: ${packet === -ENETDOWN ? 'The interface disappeared' : `recvfrom failed: ${strerror(packet)}`}\n`);
      status = 1;
      break;
    }
    more = handler.packet(packet);
  }
  handler.close();
  // The line is left that `^C` stands in.
  if (stopped && lineByLine) env.stdout('\n');
  const { received, dropped } = live.statistics();
  live.close();
  env.stderr(`${plural(handler.count, 'packet')} captured\n${plural(received, 'packet')} received by filter\n${plural(dropped, 'packet')} dropped by kernel\n`);
  return status;
}

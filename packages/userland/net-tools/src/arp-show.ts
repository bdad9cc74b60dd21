/** Showing /proc/net/arp. */
import type { CommandEnv } from '@skbuff/command';
import { ATF_COM, ATF_DONTPUB, ATF_NETMASK, ATF_PERM, ATF_PUBL, ATF_USETRAILERS, strerror } from '@skbuff/uapi';
import { inetNtoa, inetPton4 } from '@skbuff/wire';
import type { ArpOptions } from './arp.ts';
import { hwByType } from './families.ts';
import { herror, hostName, resolve } from './resolve.ts';

const HEADING = 'Address                  HWtype  HWaddress           Flags Mask            Iface\n';

interface Entry {
  readonly ip: string;
  readonly type: number;
  readonly flags: number;
  readonly hwa: string;
  readonly mask: string;
  readonly dev: string;
}

function entries(env: CommandEnv): Entry[] | number {
  const text = env.readFile('/proc/net/arp');
  if (typeof text === 'number') return text;
  return text
    .split('\n')
    .slice(1)
    .flatMap((line): Entry[] => {
      const [ip, type, flags, hwa, mask, dev] = line.trim().split(/\s+/);
      return dev === undefined ? [] : [{ ip: ip as string, type: Number(type), flags: Number(flags), hwa: hwa as string, mask: mask as string, dev }];
    });
}

/** The exit status. */
export function arpShow(env: CommandEnv, o: ArpOptions, host: string | undefined): number {
  let wanted = '';
  if (host !== undefined) {
    const found = resolve(env, host);
    if (found === null) {
      herror(env, host);
      return 255;
    }
    wanted = inetNtoa(found.addr);
  }
  const list = entries(env);
  if (typeof list === 'number') {
    env.stderr(`/proc/net/arp: ${strerror(-list)}\n`);
    return 255;
  }
  const shown = list.filter((e) => (!o.hwSet || e.type === o.hw.type) && (wanted === '' || e.ip === wanted) && (o.device === '' || e.dev === o.device));
  const bsd = o.all && !o.linux;
  if (!bsd && shown.length > 0) env.stdout(HEADING);
  for (const entry of shown) show(env, o, entry, bsd);
  if (o.verbose) env.stdout(`Entries: ${list.length}\tSkipped: ${list.length - shown.length}\tFound: ${shown.length}\n`);
  if (shown.length > 0) return 0;
  if (host !== undefined && !o.all) env.stdout(`${host} (${wanted}) -- no entry\n`);
  else if (o.hwSet || host !== undefined || o.device !== '') env.stdout(`arp: in ${list.length} entries no match found.\n`);
  return 0;
}

function show(env: CommandEnv, o: ArpOptions, e: Entry, bsd: boolean): void {
  const name = hostName(env, inetPton4(e.ip), o.numeric);
  env.stdout(bsd ? bsdLine(name === e.ip ? '?' : name, e) : linuxLine(name, e));
}

/** `arp_disp_2`. */
function bsdLine(name: string, e: Entry): string {
  const bit = (mask: number, word: string): string => ((e.flags & mask) !== 0 ? word : '');
  const unknown = (e.flags & ATF_PUBL) !== 0 ? '<from_interface> ' : '<incomplete> ';
  const address = (e.flags & ATF_COM) === 0 ? unknown : `${e.hwa} [${hwByType(e.type).name}] `;
  const words = [bit(ATF_NETMASK, `netmask ${e.mask} `), bit(ATF_PERM, 'PERM '), bit(ATF_PUBL, 'PUB '), bit(ATF_DONTPUB, 'DONTPUB '), bit(ATF_USETRAILERS, 'TRAIL ')];
  return `${name} (${e.ip}) at ${address}${words.join('')}on ${e.dev}\n`;
}

/** `arp_disp`. */
function linuxLine(name: string, e: Entry): string {
  const known = (e.flags & ATF_COM) !== 0;
  const published = (e.flags & ATF_PUBL) !== 0;
  const type = known ? hwByType(e.type).name : published ? '*' : '';
  const address = known ? e.hwa : published ? '<from_interface>' : '(incomplete)';
  const letters = ([[ATF_COM, 'C'], [ATF_PERM, 'M'], [ATF_PUBL, 'P'], [ATF_DONTPUB, '!'], [ATF_USETRAILERS, 'T']] as const).map(([mask, letter]) => ((e.flags & mask) !== 0 ? letter : ''));
  const mask = (e.flags & ATF_NETMASK) !== 0 ? e.mask : '';
  return `${name.slice(0, 23).padEnd(23)}  ${type.padEnd(8)}${address.padEnd(20)}${letters.join('').padEnd(6)}${mask.padEnd(15)} ${e.dev}\n`;
}

/** The files that a program finds first in its PATH. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { shellQuote } from '../shell/quote.ts';
import { findProgram, SYSTEM_PATH } from './find-program.ts';

/** Commands of the machine that look at its network or change it, and of which we have none: a wrong answer would be worse than an error. */
const FOREIGN: readonly string[] = [
  ...['tc', 'ss', 'bridge', 'devlink', 'rdma', 'dcb', 'tipc', 'vdpa', 'genl', 'rtmon', 'rtacct', 'lnstat', 'rtstat', 'ctstat', 'ifstat', 'nstat'],
  ...['iptables', 'iptables-save', 'iptables-restore', 'ip6tables', 'ip6tables-save', 'ip6tables-restore', 'nft', 'ebtables', 'arptables', 'ipset', 'conntrack', 'ipvsadm'],
  ...['dhclient', 'dhcpcd', 'udhcpc', 'brctl', 'vconfig', 'tunctl', 'mii-tool', 'rarp', 'ifup', 'ifdown', 'nmcli', 'networkctl', 'wg', 'wg-quick'],
  ...['iw', 'iwconfig', 'iwlist', 'iwpriv', 'wpa_supplicant', 'hostapd'],
];

/** A file that a shell may execute; the paths may hold any character. */
function wrapper(client: string, socket: string, name: string): string {
  // Node opens something in the place of a standard output that is closed, so it is asked here.
  return `#!/bin/sh\nif true 2> /dev/null 3>&1; then set -- open "$@"; else set -- closed "$@"; fi\nexec ${[process.execPath, client, socket, name].map(shellQuote).join(' ')} "$@"\n`;
}

function refusal(name: string): string {
  return `#!/bin/sh\necho '${name}: skbuff has no ${name} yet, and that of the machine knows nothing of its kernel' >&2\nexit 127\n`;
}

/**
 * `sudo` in front of a command, which would otherwise look for it in a PATH of its own and change the real machine. Nobody is asked: these
 * commands need no other user. Programs of the machine run as whoever called.
 */
const SUDO = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    --) shift; break ;;
    -[ughpCrtTUDR]|--user|--group|--host|--prompt|--chdir) shift; [ $# -eq 0 ] || shift ;;
    -i|-s|--login|--shell) shift; [ $# -gt 0 ] || set -- "\${SHELL:-/bin/sh}" ;;
    -v|-k|-K|--validate) exit 0 ;;
    -*) shift ;;
    [A-Za-z_]*=*) export "$1"; shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || { echo 'sudo (of skbuff run): no command to run' >&2; exit 1; }
exec "$@"
`;

/** Writes them into a directory: their names. A command that the machine does not have either is missing here too, so scripts can ask for it. */
export function writeCommands(directory: string, client: string, socket: string, ours: Iterable<string>): ReadonlySet<string> {
  const texts = new Map<string, string>();
  for (const name of FOREIGN) if (typeof findProgram(name, `${process.env['PATH'] ?? ''}:${SYSTEM_PATH}`) === 'string') texts.set(name, refusal(name));
  for (const name of ours) texts.set(name, wrapper(client, socket, name));
  texts.set('sudo', SUDO);
  for (const [name, text] of texts) writeFileSync(path.join(directory, name), text, { mode: 0o755 });
  return new Set(texts.keys());
}

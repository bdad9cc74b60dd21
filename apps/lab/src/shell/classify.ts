import type { ShellCommand } from './script.ts';
import { sysctlPath } from '../topology/units.ts';
import { commandName } from './unwrap.ts';

/** What a runner has to do with a command. */
export type Classification =
  /** The stack has it. */
  | { readonly kind: 'run'; readonly argv: readonly string[] }
  /** Write these sysctls (paths below /proc/sys); print nothing. */
  | { readonly kind: 'sysctl'; readonly settings: readonly { readonly path: string; readonly value: string }[] }
  /** Write this to a file of the node. */
  | { readonly kind: 'file'; readonly path: string; readonly text: string; readonly append: boolean }
  /** Print this; the exit code is 0. */
  | { readonly kind: 'print'; readonly text: string }
  /** Let so much virtual time pass. */
  | { readonly kind: 'sleep'; readonly ns: number }
  /** Do nothing and give this exit code. */
  | { readonly kind: 'status'; readonly code: 0 | 1 }
  /** Passed over; say so. `network`: Linux has such a network command, the stack has not. */
  | { readonly kind: 'note'; readonly network: boolean; readonly note: string };

const NETWORK: ReadonlySet<string> = new Set([
  'ip', 'ping', 'ping6', 'sysctl', 'ss', 'tc', 'bridge', 'nft', 'iptables', 'ip6tables', 'iptables-restore', 'iptables-save', 'ebtables', 'arptables',
  'ipset', 'ethtool', 'ifconfig', 'route', 'arp', 'netstat', 'brctl', 'vconfig', 'nstat', 'rdma', 'devlink', 'dcb', 'tipc', 'wg', 'arping', 'traceroute',
  'traceroute6', 'tracepath', 'mtr', 'tcpdump', 'iperf', 'iperf3', 'nc', 'ncat', 'socat', 'curl', 'wget', 'dig', 'nslookup', 'host', 'conntrack',
  'ndisc6', 'rdisc6', 'radvd', 'radvdump', 'dhclient', 'udhcpc', 'dhcpcd', 'ifup', 'ifdown', 'iw', 'ipvsadm',
]);

/** Decides what a command means, given the commands that the stack has. */
export function classify(command: ShellCommand, available: ReadonlySet<string>): Classification {
  const name = commandName(command.argv[0] ?? '');
  const args = command.argv.slice(1);
  const file = typeof command.stdout === 'object' ? command.stdout : undefined;
  const printed = printedText(name, args);
  if (file !== undefined && printed !== undefined) return writeFile(file, printed);
  if (printed !== undefined) return { kind: 'print', text: printed };
  if (name === 'sleep') return sleep(args);
  if (name === 'true' || name === ':' || name === 'cd') return { kind: 'status', code: 0 };
  if (name === 'false') return { kind: 'status', code: 1 };
  if (available.has(name)) return { kind: 'run', argv: [name, ...args] };
  return (name === 'sysctl' ? sysctlWrite(args) : undefined) ?? unknown(name, command.argv);
}

function unknown(name: string, argv: readonly string[]): Classification {
  const shown = `\`${argv.join(' ').slice(0, 80)}\``;
  const network = NETWORK.has(name);
  const why = network ? `skbuff has no command ${name} yet` : `${name} is no network command, and there is no container to run it in`;
  return { kind: 'note', network, note: `${shown} is passed over: ${why}` };
}

function writeFile({ path, append }: { readonly path: string; readonly append: boolean }, printed: string): Classification {
  const match = /^\/proc\/sys\/(.+)$/.exec(path);
  if (/[*?[]/.test(path)) return { kind: 'note', network: false, note: `nothing is written to ${path}: file name patterns are not supported` };
  if (!match) return { kind: 'file', path, text: printed, append };
  return { kind: 'sysctl', settings: [{ path: match[1]!, value: printed.trim() }] };
}

/** `sysctl -w a.b=1 c.d=2`; reading is not writing and is left to the stack. */
function sysctlWrite(args: readonly string[]): Classification | undefined {
  const words = args.filter((a) => !/^-[wqne]+$/.test(a) && a !== '--write' && a !== '--quiet');
  const settings = words.map((word) => /^([^=\s]+)\s*=\s*(.*)$/s.exec(word));
  if (words.length === 0 || settings.some((s) => s === null)) return undefined;
  return { kind: 'sysctl', settings: settings.map((s) => ({ path: sysctlPath(s![1]!), value: s![2]! })) };
}

function printedText(name: string, args: readonly string[]): string | undefined {
  if (name === 'printf') return args.length > 0 && !args[0]!.includes('%') ? args[0]!.replaceAll('\\n', '\n') : undefined;
  if (name !== 'echo') return undefined;
  const options = args.findIndex((a) => !/^-[neE]+$/.test(a));
  const rest = options < 0 ? [] : args.slice(options);
  const isOpen = args.slice(0, options < 0 ? args.length : options).some((a) => a.includes('n'));
  return rest.join(' ') + (isOpen ? '' : '\n');
}

const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

function sleep(args: readonly string[]): Classification {
  const parts = args.map((a) => /^(\d{1,6}(?:\.\d{1,9})?)([smhd]?)$/.exec(a));
  if (parts.length === 0 || parts.some((p) => p === null)) return { kind: 'note', network: false, note: `\`sleep ${args.join(' ')}\` is passed over: that is no length of time` };
  const seconds = parts.reduce((sum, p) => sum + Number(p![1]) * SECONDS[p![2]!]!, 0);
  return { kind: 'sleep', ns: Math.round(Math.min(seconds, 86_400 * 30) * 1e9) };
}

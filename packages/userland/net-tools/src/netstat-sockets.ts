/** Tables of sockets, from /proc/net/{tcp,udp,udplite,raw,unix}. */
import type { CommandEnv } from '@skbuff/command';
import { gethostbyaddr, getprotobynumber, getservbyport } from '@skbuff/netdb';
import { be32, inetAton, inetNtoa, inetNtop6 } from '@skbuff/wire';
import { bytesOfHex } from './hex.ts';
import type { NetstatOptions } from './netstat-options.ts';
import { hostName } from './resolve.ts';
import { noSupport } from './tool.ts';

/** Columns that an address and its port have. */
const ADDR_WIDTH = 23;

const TCP_STATES = ['', 'ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT1', 'FIN_WAIT2', 'TIME_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK', 'LISTEN', 'CLOSING', 'NEW_SYN_RECV'] as const;
const TCP_ESTABLISHED = 1;
const TCP_LISTEN = 10;

/** Protocols in the order in which they are shown, and their letters. */
const PROTOCOLS: readonly (readonly [letter: string, name: string])[] = [
  ['t', 'tcp'],
  ['S', 'sctp'],
  ['u', 'udp'],
  ['U', 'udplite'],
  ['w', 'raw'],
];

/** One line of such a file. */
interface Row {
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
  readonly state: number;
  readonly txq: number;
  readonly rxq: number;
  readonly timer: number;
  readonly when: number;
  readonly retrans: number;
  readonly uid: number;
  readonly timeout: number;
  readonly inode: string;
}

/** `any`: some protocol was asked for; without one all of them are shown. The exit status. */
export function showSockets(env: CommandEnv, o: NetstatOptions, any: boolean): number {
  if (!any || o.sockets) {
    env.stdout(`Active Internet connections ${which(o)}\nProto Recv-Q Send-Q Local Address           Foreign Address         State      ${columns(o)}\n`);
    for (const [letter, name] of PROTOCOLS) {
      if (any && !o.has(letter)) continue;
      const status = o.shows('inet') ? showProtocol(env, o, name) : 0;
      if (status !== 0) return status;
      if (o.shows('inet6')) showFile(env, o, name, `${name}6`);
    }
  }
  if (!any || o.has('x')) {
    // There are no such sockets here, and so there is no file of them either.
    env.stdout(unixHeading(o));
  }
  return 0;
}

function unixHeading(o: NetstatOptions): string {
  const programs = o.has('p') ? ' PID/Program name    ' : '';
  return `Active UNIX domain sockets ${which(o)}\nProto RefCnt Flags       Type       State         I-Node  ${programs} Path\n`;
}

function which(o: NetstatOptions): string {
  if (o.has('a')) return '(servers and established)';
  return o.has('l') ? '(only servers)' : '(w/o servers)';
}

function columns(o: NetstatOptions): string {
  return `${o.extend > 1 ? ' User       Inode     ' : ''}${o.has('p') ? ' PID/Program name    ' : ''}${o.has('o') ? ' Timer' : ''}`;
}

/** A protocol that was asked for by its own letter must be there; one of many may be missing. */
function showProtocol(env: CommandEnv, o: NetstatOptions, name: string): number {
  const found = showFile(env, o, name, name === 'sctp' ? 'sctp/eps' : name);
  return !found && o.byLetter ? noSupport(env, 'netstat', `AF INET (${name})`) : 0;
}

/** False without the file: of IPv6's nobody complains. */
function showFile(env: CommandEnv, o: NetstatOptions, name: string, file: string): boolean {
  const text = env.readFile(`/proc/net/${file}`);
  if (typeof text === 'number') return false;
  for (const line of text.split('\n').slice(1)) {
    const row = parse(line);
    if (row !== null && wanted(o, name, row)) env.stdout(rowText(env, o, name, file.replace('udplite', 'udpl'), row));
  }
  return true;
}

function parse(line: string): Row | null {
  const w = line.trim().split(/\s+/);
  if (w.length < 10) return null;
  const [local, localPort] = endpoint(w[1] as string);
  const [remote, remotePort] = endpoint(w[2] as string);
  const [txq, rxq] = (w[4] as string).split(':').map((x) => Number.parseInt(x, 16)) as [number, number];
  const [timer, when] = (w[5] as string).split(':').map((x) => Number.parseInt(x, 16)) as [number, number];
  const retrans = Number.parseInt(w[6] as string, 16);
  return { local, localPort, remote, remotePort, state: Number.parseInt(w[3] as string, 16), txq, rxq, timer, when, retrans, uid: Number(w[7]), timeout: Number(w[8]), inode: w[9] as string };
}

/** Addresses are printed as numbers in memory order, four bytes each. An IPv4 address in an IPv6 one is shown as what it is. */
function endpoint(text: string): [addr: string, port: number] {
  const [addr, port] = text.split(':') as [string, string];
  const bytes = bytesOfHex((addr.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).reverse().join('')).join(''));
  return [bytes.length === 4 ? inetNtoa(be32(bytes, 0)) : inetNtop6(bytes).replace(/^::ffff:(?=.*\.)/, ''), Number.parseInt(port, 16)];
}

/** Servers are those that talk to nobody in particular. */
function wanted(o: NetstatOptions, name: string, row: Row): boolean {
  if (o.has('a')) return true;
  const server = name === 'tcp' ? row.state === TCP_LISTEN : (row.remote === '0.0.0.0' || row.remote === '::');
  return server === o.has('l');
}

function stateText(name: string, state: number): string {
  if (name === 'tcp') return TCP_STATES[state] ?? 'UNKNOWN';
  if (name === 'raw') return String(state);
  return state === TCP_ESTABLISHED ? 'ESTABLISHED' : state === 7 ? '' : 'UNKNOWN';
}

/** `shown`: what the protocol is called. */
function rowText(env: CommandEnv, o: NetstatOptions, name: string, shown: string, row: Row): string {
  const local = place(env, o, name, row.local, row.localPort);
  const remote = place(env, o, name, row.remote, row.remotePort);
  const start = `${shown.padEnd(5)} ${String(row.rxq).padStart(6)} ${String(row.txq).padStart(6)} ${local} ${remote} ${stateText(name, row.state).padEnd(11)}`;
  const user = o.extend > 1 ? ` ${userName(env, o, row.uid).padEnd(10)} ${row.inode.padEnd(10)}` : '';
  const program = o.has('p') ? ` ${'-'.padEnd(20)}` : '';
  return `${start}${user}${program}${o.has('o') ? ` ${timerText(row)}` : ''}\n`;
}

/** Host and port in their columns; the host gives way, unless -W. */
function place(env: CommandEnv, o: NetstatOptions, name: string, addr: string, port: number): string {
  const service = port === 0 ? '*' : portName(env, o, name, port);
  const host = hostText(env, addr, o.has('n', '!h'));
  const room = ADDR_WIDTH - service.length - 1;
  const shown = !o.has('W') && host.length > room ? host.slice(0, room) : host;
  return `${shown}:${service}`.padEnd(ADDR_WIDTH);
}

function hostText(env: CommandEnv, addr: string, numeric: boolean): string {
  if (!addr.includes(':')) return hostName(env, inetAton(addr), numeric);
  if (numeric) return addr;
  return addr === '::' ? '[::]' : (gethostbyaddr(env, addr) ?? addr);
}

/** Its name, or the number. What a raw socket has instead of a port is a protocol. */
function portName(env: CommandEnv, o: NetstatOptions, name: string, port: number): string {
  if (o.has('n', '!p')) return String(port);
  const known = name === 'raw' ? getprotobynumber(env, port) : getservbyport(env, port, name);
  return known?.names[0] ?? String(port);
}

function userName(env: CommandEnv, o: NetstatOptions, uid: number): string {
  const text = o.has('n', '!u') ? -1 : env.readFile('/etc/passwd');
  if (typeof text === 'number') return String(uid);
  return new RegExp(`^([^:]+):[^:]*:${uid}:`, 'm').exec(text)?.[1] ?? String(uid);
}

/** Times are in hundredths of a second. */
function timerText({ timer, when, retrans, timeout }: Row): string {
  const names = ['off', 'on', 'keepalive', 'timewait', 'probe'] as const;
  const seconds = timer === 0 ? '0.00' : (when / 100).toFixed(2);
  return `${names[timer] ?? `unkn-${timer}`} (${seconds}/${retrans}/${timeout})`;
}

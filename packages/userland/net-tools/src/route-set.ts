/** `route add` and `route del`: words into a `struct rtentry`. */
import { atoi, type CommandEnv, Exit } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import {
  RTF_DYNAMIC, RTF_GATEWAY, RTF_HOST, RTF_IRTT, RTF_MODIFIED, RTF_MSS, RTF_REINSTATE, RTF_REJECT, RTF_UP, RTF_WINDOW, strerror,
} from '@skbuff/uapi';
import { inetNtoa } from '@skbuff/wire';
import { herror, resolve } from './resolve.ts';
import { E_LOOKUP, E_OPTERR, E_SOCK, int32, sockaddr, openIoctl } from './tool.ts';
import { INET_ROUTE_USAGE } from './usage.ts';

/** Words that are nothing but a flag. */
const WORDS: ReadonlyMap<string, number> = new Map(Object.entries({ reject: RTF_REJECT, mod: RTF_MODIFIED, dyn: RTF_DYNAMIC, reinstate: RTF_REINSTATE }));

/** The usage of this part, which is not that of the command. */
export function inetRouteUsage(env: CommandEnv, status: number): never {
  if (status === 0) env.stdout(INET_ROUTE_USAGE);
  else env.stderr(INET_ROUTE_USAGE);
  throw new Exit(status);
}

/** What the words said. Addresses -1: nothing. */
class Rtentry {
  dst = 0;
  gateway = -1;
  genmask = -1;
  flags = 0;
  metric = 0;
  dev: string | null = null;
  mss = 0;
  window = 0;
  irtt = 0;

  /** The bytes, with the name that `rt_dev` points at behind them; a mask of family AF_INET even if it is none. */
  bytes(withMask: boolean): Uint8Array {
    const b = new Uint8Array(U.RTENTRY_LEN + 16);
    b.set(sockaddr(this.dst), 8);
    if (this.gateway >= 0) b.set(sockaddr(this.gateway), 24);
    if (this.genmask >= 0 || withMask) b.set(sockaddr(Math.max(0, this.genmask)), 40);
    b.set([this.flags & 255, this.flags >> 8], 56);
    b.set(int32(this.metric).subarray(0, 2), 80);
    b.set(int32(this.mss), 96);
    b.set(int32(this.window), 104);
    b.set(int32(this.irtt).subarray(0, 2), 112);
    if (this.dev === null) return b;
    b[88] = U.RTENTRY_LEN;
    b.set(Uint8Array.from(this.dev.slice(0, 15), (c) => c.charCodeAt(0)), U.RTENTRY_LEN);
    return b;
  }
}

/** `INET_setroute`: the exit status. */
export function changeRoute(env: CommandEnv, add: boolean, words: readonly string[]): number {
  if (words.length === 0) inetRouteUsage(env, 0);
  const rt = new Rtentry();
  const rest = [...words];
  const kind = rest[0] === '#net' || rest[0] === '#host' ? (rest.shift() as string) : '';
  target(env, rt, rest.shift() ?? inetRouteUsage(env, E_OPTERR), kind);
  while (rest.length > 0) keyword(env, rt, rest.shift() as string, rest);
  if ((rt.flags & RTF_REJECT) !== 0) rt.dev ??= 'lo';
  checkMask(env, rt);
  const err = openIoctl(env).call(add ? U.SIOCADDRT : U.SIOCDELRT, rt.bytes(add));
  if (err < 0) env.stderr(`${add ? 'SIOCADDRT' : 'SIOCDELRT'}: ${strerror(-err)}\n`);
  return err < 0 ? E_SOCK : 0;
}

function target(env: CommandEnv, rt: Rtentry, word: string, kind: string): void {
  const [host, length] = word.split('/') as [string, string | undefined];
  const found = lookup(env, host);
  rt.dst = found.addr;
  if (length !== undefined) rt.genmask = prefixMask(Number(length));
  const isNet = kind === '' ? found.isNet : kind === '#net';
  rt.flags = RTF_UP | (isNet ? 0 : RTF_HOST);
}

/** Nobody has looked whether it is a length at all. */
function prefixMask(length: number): number {
  return length === 0 ? 0 : length === 32 ? 0xffffffff : ~(0xffffffff >>> length) >>> 0;
}

function lookup(env: CommandEnv, host: string): { readonly addr: number; readonly isNet: boolean } {
  const found = resolve(env, host);
  if (found !== null) return found;
  herror(env, host);
  throw new Exit(E_LOOKUP);
}

function keyword(env: CommandEnv, rt: Rtentry, word: string, rest: string[]): void {
  const next = (): string => rest.shift() ?? inetRouteUsage(env, E_OPTERR);
  const bit = WORDS.get(word);
  if (bit !== undefined) rt.flags |= bit;
  else if (word === 'metric') rt.metric = number(env, next()) + 1;
  else if (word === 'netmask') netmask(env, rt, next());
  else if (word === 'gw' || word === 'gateway') gateway(env, rt, next());
  else if (word === 'mss' || word === 'mtu') mss(env, rt, next());
  else if (word === 'window') {
    rt.flags |= RTF_WINDOW;
    rt.window = atoi(next());
    if (rt.window < 128) wrong(env, 'Invalid window.');
  } else if (word === 'irtt') {
    rt.flags |= RTF_IRTT;
    rt.irtt = atoi(next());
  } else if (word === 'device' || word === 'dev') device(env, rt, next());
  else {
    device(env, rt, word);
    if (rest.length > 0) inetRouteUsage(env, E_OPTERR);
  }
}

function number(env: CommandEnv, word: string): number {
  return /^\d/.test(word) ? atoi(word) : inetRouteUsage(env, E_OPTERR);
}

function netmask(env: CommandEnv, rt: Rtentry, word: string): void {
  if (rt.genmask > 0) inetRouteUsage(env, E_OPTERR);
  rt.genmask = lookup(env, word).addr;
}

function gateway(env: CommandEnv, rt: Rtentry, word: string): void {
  if ((rt.flags & RTF_GATEWAY) !== 0) inetRouteUsage(env, E_OPTERR);
  const found = lookup(env, word);
  if (found.isNet) {
    env.stderr(`route: ${word}: cannot use a NETWORK as gateway!\n`);
    inetRouteUsage(env, E_OPTERR);
  }
  rt.gateway = found.addr;
  rt.flags |= RTF_GATEWAY;
}

function mss(env: CommandEnv, rt: Rtentry, word: string): void {
  rt.flags |= RTF_MSS;
  rt.mss = atoi(word);
  if (rt.mss < 64 || rt.mss > 65536) wrong(env, 'Invalid MSS/MTU.');
}

function device(env: CommandEnv, rt: Rtentry, name: string): void {
  if (rt.dev !== null) inetRouteUsage(env, E_OPTERR);
  rt.dev = name;
}

function wrong(env: CommandEnv, text: string): never {
  env.stderr(`route: ${text}\n`);
  return inetRouteUsage(env, E_OPTERR);
}

function checkMask(env: CommandEnv, rt: Rtentry): void {
  if (rt.genmask <= 0) return;
  const host = ~rt.genmask >>> 0;
  if ((rt.flags & RTF_HOST) !== 0 && host !== 0) wrong(env, `netmask ${hex(host)} doesn't make sense with host route`);
  if ((host & (host + 1)) !== 0) wrong(env, `bogus netmask ${inetNtoa(rt.genmask)}`);
  if ((rt.dst & host) !== 0) wrong(env, "netmask doesn't match route address");
}

function hex(n: number): string {
  return (n >>> 0).toString(16).padStart(8, '0');
}

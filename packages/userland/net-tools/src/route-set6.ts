/** `route -A inet6 add` and `del`: words into a `struct in6_rtmsg`. */
import { atoi, type CommandEnv, Exit } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { inetPton6, setLe16, setLe32 } from '@skbuff/wire';
import { ifindexOf } from './interfaces.ts';
import { noError, resolve6 } from './resolve6.ts';
import { E_LOOKUP, E_OPTERR, E_SOCK, openIoctl } from './tool.ts';
import { INET6_ROUTE_USAGE } from './usage.ts';

const IN6_RTMSG_LEN = 80;
/** Offsets in it. */
const [DST, GATEWAY, DST_LEN, METRIC, FLAGS, IFINDEX] = [0, 32, 52, 56, 72, 76] as const;

/** The usage of this part, which is not that of the command. */
export function inet6RouteUsage(env: CommandEnv, status: number = E_OPTERR): never {
  if (status === 0) env.stdout(INET6_ROUTE_USAGE);
  else env.stderr(INET6_ROUTE_USAGE);
  throw new Exit(status);
}

class In6Rtmsg {
  readonly dst: Uint8Array;
  readonly dstLen: number;
  gateway: Uint8Array | null = null;
  metric = 1;
  flags: number;
  dev: string | null = null;

  constructor(dst: Uint8Array, dstLen: number) {
    this.dst = dst;
    this.dstLen = dstLen;
    this.flags = U.RTF_UP | (dstLen === 128 ? U.RTF_HOST : 0);
  }

  bytes(ifindex: number): Uint8Array {
    const b = new Uint8Array(IN6_RTMSG_LEN);
    b.set(this.dst, DST);
    if (this.gateway !== null) b.set(this.gateway, GATEWAY);
    setLe16(b, DST_LEN, this.dstLen);
    setLe32(b, METRIC, this.metric);
    setLe32(b, FLAGS, this.flags);
    setLe32(b, IFINDEX, ifindex);
    return b;
  }
}

/** `INET6_setroute`: the exit status. */
export function changeRoute6(env: CommandEnv, add: boolean, words: readonly string[]): number {
  const rest = [...words];
  const rt = target(env, rest.shift() ?? inet6RouteUsage(env));
  if (rt === null) return 1;
  while (rest.length > 0) keyword(env, rt, rest.shift() as string, rest);
  const io = openIoctl(env, U.AF_INET6, E_SOCK);
  const ifindex = rt.dev === null ? 0 : ifindexOf(env, io, rt.dev);
  if (rt.dev !== null && ifindex === 0) return E_SOCK;
  const err = io.call(add ? U.SIOCADDRT : U.SIOCDELRT, rt.bytes(ifindex));
  if (err < 0) env.stderr(`${add ? 'SIOCADDRT' : 'SIOCDELRT'}: ${U.strerror(-err)}\n`);
  return err < 0 ? E_SOCK : 0;
}

function target(env: CommandEnv, word: string): In6Rtmsg | null {
  if (word === 'default') return new In6Rtmsg(new Uint8Array(16), 0);
  const [host, length] = word.split(/\/(.*)/s) as [string, string | undefined];
  const dstLen = length === undefined ? 128 : atoi(length);
  if (dstLen < 0 || dstLen > 128) inet6RouteUsage(env);
  const addr = resolve6(env, host);
  return addr === null ? null : new In6Rtmsg(addr, dstLen);
}

function keyword(env: CommandEnv, rt: In6Rtmsg, word: string, rest: string[]): void {
  const next = (): string => rest.shift() ?? inet6RouteUsage(env);
  if (word === 'metric') {
    const metric = next();
    if (!/^\d/.test(metric)) inet6RouteUsage(env);
    rt.metric = atoi(metric);
  } else if (word === 'gw' || word === 'gateway') gateway(env, rt, next());
  else if (word === 'mod') rt.flags |= U.RTF_MODIFIED;
  else if (word === 'dyn') rt.flags |= U.RTF_DYNAMIC;
  else if (word === 'device' || word === 'dev') rt.dev = next();
  else {
    rt.dev = word;
    if (rest.length > 0) inet6RouteUsage(env);
  }
}

function gateway(env: CommandEnv, rt: In6Rtmsg, word: string): void {
  if ((rt.flags & U.RTF_GATEWAY) !== 0) inet6RouteUsage(env);
  rt.gateway = inetPton6(word);
  rt.flags |= U.RTF_GATEWAY;
  if (rt.gateway !== null) return;
  noError(env, word);
  throw new Exit(E_LOOKUP);
}

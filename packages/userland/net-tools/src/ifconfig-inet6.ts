/** `ifconfig IF add|del ADDRESS/LENGTH` for IPv6. */
import { atoi, type CommandEnv, IoctlSocket } from '@skbuff/command';
import * as U from '@skbuff/uapi';
import { inetPton6, setLe32 } from '@skbuff/wire';
import { ifindexOf } from './interfaces.ts';
import { noError } from './resolve6.ts';
import { E_OPTERR, usage } from './tool.ts';
import { IFCONFIG_USAGE } from './usage.ts';

/** `struct in6_ifreq`: address, prefix length, index. */
const IN6_IFREQ_LEN = 24;

/** A socket for addresses of IPv6; null after a complaint that there is none. */
export function openInet6(env: CommandEnv): IoctlSocket | null {
  const io = IoctlSocket.open(env, U.AF_INET6);
  if (typeof io !== 'number') return io;
  env.stderr('No support for INET6 on this system.\n');
  return null;
}

/** False after a complaint. A length that is no number is 0. */
export function changeAddress6(env: CommandEnv, io: IoctlSocket, name: string, word: string, del: boolean): boolean {
  const [host, length] = word.split(/\/(.*)/s) as [string, string | undefined];
  const prefixlen = length === undefined ? 128 : atoi(length);
  if (prefixlen < 0 || prefixlen > 128) usage(env, IFCONFIG_USAGE, E_OPTERR);
  const addr = inetPton6(host);
  if (addr === null) noError(env, host);
  const io6 = addr === null ? null : openInet6(env);
  const ifindex = io6 === null ? 0 : ifindexOf(env, io, name);
  if (addr === null || io6 === null || ifindex === 0) return false;
  const ifreq = new Uint8Array(IN6_IFREQ_LEN);
  ifreq.set(addr);
  setLe32(ifreq, 16, prefixlen);
  setLe32(ifreq, 20, ifindex);
  const err = io6.call(del ? U.SIOCDIFADDR : U.SIOCSIFADDR, ifreq);
  if (err < 0) env.stderr(`${del ? 'SIOCDIFADDR' : 'SIOCSIFADDR'}: ${U.strerror(-err)}\n`);
  return err === 0;
}

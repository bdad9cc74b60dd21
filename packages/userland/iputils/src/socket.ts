/** The sockets of ping: one that finds the source address, one that sends and listens. */
import { SockaddrIn } from '@skbuff/af-inet';
import { type CommandEnv, Exit } from '@skbuff/command';
import {
  AF_INET,
  EACCES,
  EPERM,
  EPROTONOSUPPORT,
  ICMP_DEST_UNREACH,
  ICMP_ECHOREPLY,
  ICMP_FILTER,
  ICMP_PARAMETERPROB,
  ICMP_REDIRECT,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  IPPROTO_ICMP,
  IPPROTO_IP,
  IP_MTU_DISCOVER,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_OPTIONS,
  IP_RECVERR,
  IP_RECVTTL,
  IP_RETOPTS,
  IP_TOS,
  IP_TTL,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_RAW,
  SOL_SOCKET,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SO_MARK,
  SO_SNDBUF,
  strerror,
} from '@skbuff/uapi';
import type { PingOptions } from './options.ts';

export interface PingSocket {
  readonly fd: number;
  /** It hears every ICMP message of the host, with its IP header. */
  readonly raw: boolean;
}

/** `error(2, errno, text)` unless `rc` is a success; gives `rc` back. */
export function must(env: CommandEnv, text: string, rc: number): number {
  if (rc >= 0) return rc;
  env.stderr(`ping: ${text}: ${strerror(-rc)}\n`);
  throw new Exit(2);
}

/** `create_socket`: a ping socket for those who may have one, else a raw one. */
export function createSocket(env: CommandEnv): PingSocket {
  const fd = env.task.socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
  if (fd >= 0) return { fd, raw: false };
  if (fd !== -EACCES && fd !== -EPERM && fd !== -EPROTONOSUPPORT) must(env, 'socket', fd);
  return { fd: must(env, 'socket', env.task.socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)), raw: true };
}

/** UDP port of the socket that only asks for a route. */
const PROBE_PORT = 1025;

/** Asks routing, by way of connect(2), which source address requests to `dst` will have. */
export function probeSource(env: CommandEnv, o: PingOptions, dst: number): number {
  const { task } = env;
  const fd = must(env, 'socket', task.socket(AF_INET, SOCK_DGRAM));
  if (o.device !== null) must(env, `SO_BINDTODEVICE ${o.device}`, task.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, nameBytes(o.device)));
  if (o.tos !== 0) task.setsockopt(fd, IPPROTO_IP, IP_TOS, o.tos);
  const to = new SockaddrIn(dst, PROBE_PORT);
  const err = task.connect(fd, to) as number;
  if (err === -EACCES) {
    if (!o.broadcast) {
      env.stderr('ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n');
      throw new Exit(2);
    }
    env.stderr('WARNING: pinging broadcast address\n');
    must(env, 'cannot set broadcasting', task.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, 1));
    must(env, 'connect', task.connect(fd, to) as number);
  } else must(env, 'connect', err);
  const own = new SockaddrIn();
  must(env, 'getsockname', task.getsockname(fd, own));
  task.close(fd);
  return own.addr;
}

function nameBytes(name: string): Uint8Array {
  return Uint8Array.from([...`${name}\0`], (c) => c.charCodeAt(0));
}

/** Types that a raw socket of ping is to hear of. */
const WANTED = [ICMP_SOURCE_QUENCH, ICMP_DEST_UNREACH, ICMP_TIME_EXCEEDED, ICMP_PARAMETERPROB, ICMP_REDIRECT, ICMP_ECHOREPLY];

/** Bytes of IP options of a request that records its route. */
export const RECORD_ROUTE_LEN = 40;
const IPOPT_NOP = 1;
export const IPOPT_RR = 7;

/** Everything that is set before the first request. */
export function configure(env: CommandEnv, { fd, raw }: PingSocket, o: PingOptions): void {
  const set = (level: number, name: number, value: number | Uint8Array, text: string): void => {
    must(env, text, env.task.setsockopt(fd, level, name, value));
  };
  if (o.device !== null) set(SOL_SOCKET, SO_BINDTODEVICE, nameBytes(o.device), `SO_BINDTODEVICE ${o.device}`);
  if (o.strictSource) must(env, 'bind', env.task.bind(fd, new SockaddrIn(o.source, o.ident > 0 ? o.ident : 0)));
  else if (!raw && o.ident > 0) must(env, 'bind', env.task.bind(fd, new SockaddrIn(0, o.ident)));
  if (o.pmtudisc >= 0) set(IPPROTO_IP, IP_MTU_DISCOVER, o.pmtudisc, 'IP_MTU_DISCOVER');
  if (raw) set(SOL_RAW, ICMP_FILTER, filterBytes(), 'setsockopt(ICMP_FILTER)');
  else {
    set(IPPROTO_IP, IP_RECVTTL, 1, 'IP_RECVTTL');
    set(IPPROTO_IP, IP_RETOPTS, 1, 'IP_RETOPTS');
  }
  set(IPPROTO_IP, IP_RECVERR, 1, 'IP_RECVERR');
  if (o.recordRoute) {
    const bytes = new Uint8Array(RECORD_ROUTE_LEN);
    bytes.set([IPOPT_NOP, IPOPT_RR, RECORD_ROUTE_LEN - 1, 4]);
    set(IPPROTO_IP, IP_OPTIONS, bytes, 'record route');
  }
  if (o.sndbuf > 0) set(SOL_SOCKET, SO_SNDBUF, o.sndbuf, 'setsockopt(SO_SNDBUF)');
  if (o.mark >= 0) set(SOL_SOCKET, SO_MARK, o.mark | 0, 'failed to set mark');
  if (o.tos !== 0) set(IPPROTO_IP, IP_TOS, o.tos, 'setsockopt(IP_TOS)');
  if (o.broadcast) set(SOL_SOCKET, SO_BROADCAST, 1, 'cannot set broadcasting');
  if (!o.multicastLoop) set(IPPROTO_IP, IP_MULTICAST_LOOP, 0, 'cannot disable multicast loopback');
  if (o.ttl < 0) return;
  set(IPPROTO_IP, IP_MULTICAST_TTL, o.ttl, 'cannot set multicast time-to-live');
  set(IPPROTO_IP, IP_TTL, o.ttl, 'cannot set unicast time-to-live');
}

function filterBytes(): Uint8Array {
  let mask = 0xffffffff;
  for (const type of WANTED) mask &= ~(1 << type);
  return Uint8Array.of(mask, mask >>> 8, mask >>> 16, mask >>> 24);
}

/** Errors at the edge: inside everything is a number, the API throws. */
import { errnoName, strerror } from '@skbuff/uapi';

/** A system call that failed. `errno` is positive. */
export class SysError extends Error {
  override readonly name = 'SysError';
  /** `EADDRINUSE` … */
  readonly code: string;
  readonly errno: number;
  /** `bind` … */
  readonly syscall: string;

  /**
   * @param errno positive or negative
   * @param detail the kernel's own explanation (extended acknowledgement), instead of our advice
   */
  constructor(syscall: string, errno: number, detail: string = '') {
    const code = errnoName(errno);
    const advice = detail !== '' ? detail : (ADVICE[`${syscall} ${code}`] ?? ADVICE[code]);
    super(`${syscall} ${code}: ${strerror(errno)}${advice === undefined ? '' : `. ${advice}`}`);
    this.code = code;
    this.errno = Math.abs(errno);
    this.syscall = syscall;
  }
}

/** What to do about it, by call and errno or by errno alone. */
const ADVICE: Readonly<Record<string, string>> = {
  'bind EADDRINUSE': 'Another socket has this address and port: close it, choose another port (0 picks a free one), or set SO_REUSEADDR or SO_REUSEPORT on both.',
  'bind EADDRNOTAVAIL': 'No interface of this host has the address: add it with `ip addr add`, or set IP_FREEBIND.',
  'bind EACCES': 'Ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE.',
  'bind EINVAL': 'The socket is bound already, or the address is too short.',
  'bind EAFNOSUPPORT': 'The address is of another family than the socket.',
  'connect ECONNREFUSED': 'Nobody listens on that port.',
  'connect EACCES': 'A broadcast address needs SO_BROADCAST.',
  'sendto EACCES': 'A broadcast address needs SO_BROADCAST.',
  'sendto EMSGSIZE': 'A datagram carries 65507 bytes at most over IPv4, and no more than the path MTU where fragmenting is forbidden (IP_MTU_DISCOVER).',
  'sendto EDESTADDRREQ': 'Name a destination, or connect the socket first.',
  'socket EAFNOSUPPORT': 'No loaded plugin provides this family: load the package that does (AF_INET: @skbuff/af-inet, AF_INET6: @skbuff/af-inet6).',
  'socket EPROTONOSUPPORT': 'No loaded plugin provides this protocol: load the package that does (UDP: @skbuff/udp, raw: @skbuff/raw; of AF_INET6 @skbuff/udpv6 and @skbuff/rawv6).',
  'socket ESOCKTNOSUPPORT': 'No loaded plugin provides this type of socket: load the package of the protocol (UDP: @skbuff/udp, raw: @skbuff/raw; of AF_INET6 @skbuff/udpv6 and @skbuff/rawv6).',
  'socket EPERM': 'Raw sockets need CAP_NET_RAW.',
  'socket EACCES': 'The group of the task is not in net.ipv4.ping_group_range.',
  ENETUNREACH: 'There is no route to the destination: look at `ip route`.',
  EHOSTUNREACH: 'The destination does not answer, or a router says that it cannot reach it: look at `ip neigh` and `ip route`.',
  ECONNREFUSED: 'The peer answered an earlier packet with port unreachable: nobody listens there.',
  EAGAIN: 'Nothing to do right now: wait with poll or epoll, or let the call wait (no O_NONBLOCK, no MSG_DONTWAIT).',
  EBADF: 'The descriptor is not open.',
  EMFILE: 'The task has too many open descriptors: close some or raise its limit.',
  ENOTCONN: 'Connect the socket first.',
  EPERM: 'The task lacks a capability, or a firewall rule dropped the packet.',
  ENOPROTOOPT: 'The protocol has no such option.',
};

/** Passes a result of 0 or more on and throws {@link SysError} for a negative one. */
export function check(syscall: string, result: number): number;
export function check(syscall: string, result: number | Promise<number>): number | Promise<number>;
export function check(syscall: string, result: number | Promise<number>): number | Promise<number> {
  if (typeof result !== 'number') return result.then((value) => check(syscall, value));
  if (result < 0) throw new SysError(syscall, result);
  return result;
}

/** Sockets of the stack's own that speak IPv6 (`inet_ctl_sock_create` with PF_INET6). */
import { CtlSock } from '@skbuff/inet';
import { type Inet6Sock, Ipv6Pinfo } from './ipv6-sock.ts';

/** Nobody reads the errors of such a socket. */
export class CtlSock6 extends CtlSock implements Inet6Sock {
  readonly pinet6: Ipv6Pinfo = new Ipv6Pinfo();

  localError6(): void {}

  localRxpmtu(): void {}
}

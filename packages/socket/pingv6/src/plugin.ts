/** ICMPv6 datagram sockets as a plugin. */
import { inetRegisterProtosw } from '@skbuff/af-inet';
import { INETSW6, PROC_SOCK6_HEADER, inet6SockrawOps, procSock6Line } from '@skbuff/af-inet6';
import { type Net, type Plugin, pernetUndo } from '@skbuff/core';
import { ICMPV6 } from '@skbuff/icmpv6';
import { PingSock, pingNet } from '@skbuff/ping';
import { procCreateNet } from '@skbuff/procfs';
import { AF_INET6, IPPROTO_ICMPV6, SOCK_DGRAM } from '@skbuff/uapi';
import { pingv6Prot } from './ping6-prot.ts';
import { ping6Receiver } from './ping6-rcv.ts';

/** `@skbuff/pingv6`: `socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6)`, for tasks in net.ipv4.ping_group_range. */
export function pingv6(): Plugin {
  return {
    name: '@skbuff/pingv6',
    requires: ['@skbuff/af-inet6', '@skbuff/icmpv6', '@skbuff/ping', '@skbuff/procfs'],
    init(ctx): void {
      const icmpv6 = ctx.get(ICMPV6);
      pernetUndo(ctx, 'ping6', (net) => [procCreateNet(net, 'icmp6', () => ping6ProcText(net))]);
      inetRegisterProtosw(ctx, INETSW6, {
        type: SOCK_DGRAM,
        protocol: IPPROTO_ICMPV6,
        prot: pingv6Prot,
        ops: inet6SockrawOps,
        isDefault: false,
        reuse: true,
        icsk: false,
        sock: PingSock,
      });
      icmpv6.ping = ping6Receiver;
      ctx.onUnload(() => {
        icmpv6.ping = null;
      });
    },
  };
}

/** The text of /proc/net/icmp6: the table's sockets of this family. */
export function ping6ProcText(net: Net): string {
  const state = pingNet.of(net);
  let text = PROC_SOCK6_HEADER;
  for (const sk of state) if (sk.family === AF_INET6) text += procSock6Line(sk, state.bucket(sk.inetNum), sk.inetSport, sk.inetDport);
  return text;
}

/** Raw sockets of AF_INET6 as a plugin. */
import { inetRegisterProtosw } from '@skbuff/af-inet';
import { INETSW6, PROC_SOCK6_HEADER, inet6SockrawOps, procSock6Line } from '@skbuff/af-inet6';
import type { Net, Plugin } from '@skbuff/core';
import { IPV6, type Raw6Delivery } from '@skbuff/ipv6';
import { procCreateNet } from '@skbuff/procfs';
import { IPPROTO_IP, SOCK_RAW } from '@skbuff/uapi';
import { rawv6Prot } from './raw6-prot.ts';
import { type Ip6RaChain, ip6CallRaChain } from './raw6-ra.ts';
import { raw6IcmpError, raw6LocalDeliver } from './raw6-rcv.ts';
import { Raw6Net, Raw6Sock, raw6Net } from './raw6-sock.ts';

const delivery: Raw6Delivery = { localDeliver: raw6LocalDeliver, icmpError: raw6IcmpError, raChain: ip6CallRaChain };

/** `@skbuff/rawv6`: `socket(AF_INET6, SOCK_RAW, protocol)`, for tasks with CAP_NET_RAW. */
export function rawv6(): Plugin {
  return {
    name: '@skbuff/rawv6',
    requires: ['@skbuff/af-inet6', '@skbuff/ipv6', '@skbuff/procfs'],
    init(ctx): void {
      const ip = ctx.get(IPV6);
      const raChain: Ip6RaChain = { list: [] };
      ctx.pernetSubsys({
        name: 'raw6',
        init(net) {
          const state = new Raw6Net(raChain);
          raw6Net.set(net, state);
          state.undo = procCreateNet(net, 'raw6', () => raw6ProcText(net));
          return 0;
        },
        exit(net) {
          raw6Net.of(net).undo();
          raw6Net.set(net, null);
        },
      });
      inetRegisterProtosw(ctx, INETSW6, {
        type: SOCK_RAW,
        protocol: IPPROTO_IP,
        prot: rawv6Prot,
        ops: inet6SockrawOps,
        isDefault: false,
        reuse: true,
        icsk: false,
        sock: Raw6Sock,
      });
      ip.raw = delivery;
      ctx.onUnload(() => {
        ip.raw = null;
      });
    },
  };
}

/** The text of /proc/net/raw6. */
export function raw6ProcText(net: Net): string {
  let text = PROC_SOCK6_HEADER;
  for (const sk of raw6Net.of(net).hashinfo) text += procSock6Line(sk, sk.inetNum, sk.inetNum, 0);
  return text;
}

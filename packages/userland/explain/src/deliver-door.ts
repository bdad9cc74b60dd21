/** Who takes a packet that has arrived. The tables are asked with the stack's own functions. */
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { udp4LibLookup, udpNet } from '@skbuff/udp';
import { IPPROTO_ICMP, IPPROTO_UDP } from '@skbuff/uapi';
import { inetNtoa } from '@skbuff/wire';
import { icmpName, ipHeaderOf, type IpHeader } from './headers.ts';
import type { Subject } from './model.ts';
import type { Trace } from './trace.ts';

export function atLocalIn(trace: Trace, net: Net, subject: Subject, skb: SkBuff): void {
  const ip = ipHeaderOf(skb);
  if (ip === null) return;
  const dev = skb.dev as NetDevice;
  const found = taker(net, ip, dev);
  if (found !== null) trace.add(net, dev, 'deliver', subject, found[0], found[1]);
}

/** Null: nobody, and the drop that follows says so. */
function taker(net: Net, ip: IpHeader, dev: NetDevice): [fn: string, text: string] | null {
  if (ip.protocol === IPPROTO_ICMP) return ['icmpRcv', icmpName(ip.a, ip.b)];
  if (ip.protocol !== IPPROTO_UDP || udpNet.peek(net) === null) return ['ipProtocolDeliver', `to protocol ${ip.protocol}`];
  const sk = udp4LibLookup(udpNet.of(net).table, ip.saddr, ip.a, ip.daddr, ip.b, dev.ifindex);
  return sk === null ? null : ['udpRcv', `socket ${inetNtoa(sk.inetRcvSaddr)}:${sk.inetNum}`];
}

/** A wrapper around ICMPv6 as IPv6 sees it. */
import { IPV6 } from '@skbuff/ipv6';
import { ICMPV6_PARAMPROB, ICMPV6_PKT_TOOBIG } from '@skbuff/uapi';
import { noteError } from '../icmp-door.ts';
import type { Trace } from '../trace.ts';

export function watchIcmpv6(trace: Trace): () => void {
  const { services } = trace.kernel;
  const ip = services.has(IPV6) ? services.get(IPV6) : null;
  const real = ip?.icmp ?? null;
  if (ip === null || real === null) return () => {};
  ip.icmp = {
    ...real,
    icmpv6Send(skb, type, code, info) {
      noteError(trace, skb, type, code, type === ICMPV6_PKT_TOOBIG ? `, mtu ${info}` : '', () => real.icmpv6Send(skb, type, code, info));
    },
    paramProb(skb, code, pos, reason) {
      noteError(trace, skb, ICMPV6_PARAMPROB, code, `, byte ${pos}`, () => real.paramProb(skb, code, pos, reason));
    },
  };
  return () => {
    ip.icmp = real;
  };
}

/** A wrapper around ICMP as IPv4 sees it. */
import { IPV4 } from '@skbuff/ipv4';
import { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED } from '@skbuff/uapi';
import { noteError } from '../icmp-door.ts';
import type { Trace } from '../trace.ts';

export function watchIcmp(trace: Trace): () => void {
  const ip = trace.kernel.services.get(IPV4);
  const real = ip.icmp;
  if (real === null) return () => {};
  ip.icmp = {
    ...real,
    icmpSend(skb, type, code, info) {
      const mtu = type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED ? `, mtu ${info}` : '';
      noteError(trace, skb, type, code, mtu, () => real.icmpSend(skb, type, code, info));
    },
  };
  return () => {
    ip.icmp = real;
  };
}

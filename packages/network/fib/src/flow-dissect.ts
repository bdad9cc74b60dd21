/** What rules by protocol and port need to know of a received packet (`fib4_rules_early_flow_dissect`). */
import type { SkBuff } from '@skbuff/core';
import type { Flowi4 } from '@skbuff/ipv4';
import { IPPROTO_DCCP, IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from '@skbuff/uapi';
import { be16, IPHDR_FRAG_OFF, IPHDR_PROTOCOL } from '@skbuff/wire';
import type { FibNet } from './fib-net.ts';

/** More fragments, or an offset: ports of fragments do not count, not even the first one's. */
const IP_FRAGMENT = 0x3fff;

function hasPorts(proto: number): boolean {
  return proto === IPPROTO_TCP || proto === IPPROTO_UDP || proto === IPPROTO_UDPLITE || proto === IPPROTO_SCTP || proto === IPPROTO_DCCP;
}

/** Fills in protocol and ports if a rule asks for them, else zeros. */
export function earlyFlowDissect(state: FibNet, skb: SkBuff, fl4: Flowi4): void {
  fl4.proto = 0;
  fl4.sport = 0;
  fl4.dport = 0;
  if ((state.rules?.fldissectUsers ?? 0) === 0) return;
  const { bytes, networkHeader: iph } = skb;
  const proto = bytes[iph + IPHDR_PROTOCOL];
  fl4.proto = proto;
  const ports = iph + (bytes[iph] & 0xf) * 4;
  if (!hasPorts(proto) || (be16(bytes, iph + IPHDR_FRAG_OFF) & IP_FRAGMENT) !== 0 || ports + 4 > skb.tail) return;
  fl4.sport = be16(bytes, ports);
  fl4.dport = be16(bytes, ports + 2);
}

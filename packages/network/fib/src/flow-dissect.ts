/** What rules by protocol and port need to know of a received packet (`fib4_rules_early_flow_dissect`). */
import { type SkBuff, skbFlowDissect } from '@skbuff/core';
import type { Flowi4 } from '@skbuff/ipv4';
import type { FibNet } from './fib-net.ts';

/** Fills in protocol and ports if a rule asks for them, else zeros. */
export function earlyFlowDissect(state: FibNet, skb: SkBuff, fl4: Flowi4): void {
  fl4.proto = 0;
  fl4.sport = 0;
  fl4.dport = 0;
  if ((state.rules?.fldissectUsers ?? 0) === 0) return;
  const { ipProto, source, dest } = skbFlowDissect(skb);
  fl4.proto = ipProto;
  if (source < 0) return;
  fl4.sport = source;
  fl4.dport = dest;
}

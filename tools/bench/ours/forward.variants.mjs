/** Variants of the forwarding bench: the same code without hook checks, and cut off after each stage. Imports nothing. */

/** For P17: every check of a hook point's bit becomes "there is none". */
export const hookless = [{ match: /^[\w.]+\.nf\.mask & NF_BIT_\w+$/, by: '0' }];

const consume = 'skb.consume(); return 0;';

/** What the packet passed before `cut.function` was called. Each body frees the packet. */
export const stages = [
  { name: 'allocate, fill, eth_type_trans', cut: { function: 'netifReceiveSkb', body: consume, imports: '' } },
  { name: 'netif_receive_skb', cut: { function: 'ipRcv', body: consume, imports: '' } },
  { name: 'ip_rcv', cut: { function: 'ipRcvFinish', body: consume, imports: '' } },
  { name: 'route (fib, source check, nexthop dst)', cut: { function: 'ipForward', body: consume, imports: '' } },
  { name: 'ip_forward', cut: { function: 'ipOutput', body: consume, imports: '' } },
  { name: 'ip_output', cut: { function: 'neighOutput', body: consume, imports: '' } },
  { name: 'neighbour, header', cut: { function: 'devQueueXmit', body: consume, imports: '' } },
  { name: 'dev_queue_xmit', cut: { function: 'vethXmit', body: consume, imports: '' } },
];

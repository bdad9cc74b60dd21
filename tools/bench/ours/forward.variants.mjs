/** Variants of the forwarding bench: the same code without hook checks, and cut off after each stage. Imports nothing. */

/** For P17: every check of a hook point's bit becomes "there is none". */
export const hookless = [{ match: /^[\w.]+\.nf\.mask & NF_BIT_\w+$/, by: '0' }];

const consume = 'skb.consume(); return 0;';

/** What the packet passed before `cut.function` was called, for each IP version. Each body frees the packet. */
export const stages = {
  4: stagesOf({
    rcv: 'ipRcv',
    rcvFinish: 'ipRcvFinish',
    forward: 'ipForward',
    output: 'ipOutput',
    names: ['ip_rcv', 'route (fib, source check, nexthop dst)', 'ip_forward', 'ip_output'],
  }),
  6: stagesOf({
    rcv: 'ipv6Rcv',
    rcvFinish: 'ip6RcvFinish',
    forward: 'ip6Forward',
    output: 'ip6Output',
    names: ['ipv6_rcv', 'route (fib6, dst)', 'ip6_forward', 'ip6_output'],
  }),
};

/** @param {{ rcv: string, rcvFinish: string, forward: string, output: string, names: readonly string[] }} family */
function stagesOf({ rcv, rcvFinish, forward, output, names: [received, routed, forwarded, sent] }) {
  const until = (/** @type {string} */ name, /** @type {string} */ fn) => ({ name, cut: { function: fn, body: 'skb.consume(); return 0;', imports: '' } });
  return [
    until('allocate, fill, eth_type_trans', 'netifReceiveSkb'),
    until('netif_receive_skb', rcv),
    until(received, rcvFinish),
    until(routed, forward),
    until(forwarded, output),
    until(sent, 'neighOutput'),
    until('neighbour, header', 'devQueueXmit'),
    until('dev_queue_xmit', 'vethXmit'),
  ];
}

/**
 * The micro-kernel: sk_buff, net_device, notifier chains, pernet operations, hooks, softirq, time and the module loader. It knows
 * no protocol.
 *
 * @packageDocumentation
 */
export * from './assert.ts';
export * from './hooks/nf-hooks.ts';
export * from './module/services.ts';
export * from './module/kernel.ts';
export * from './module/plugin.ts';
export * from './netdevice/dev-activate.ts';
export * from './netdevice/dev-addr-lists.ts';
export * from './netdevice/dev-config.ts';
export * from './netdevice/dev-ethtool.ts';
export * from './netdevice/dev-netns.ts';
export * from './netdevice/dev-notify.ts';
export * from './netdevice/dev-open.ts';
export * from './netdevice/dev-queues.ts';
export * from './netdevice/dev-register.ts';
export * from './netdevice/dev-rx-mode.ts';
export * from './netdevice/dev-stats.ts';
export * from './netdevice/dev-tx.ts';
export * from './netdevice/dst.ts';
export * from './netdevice/ethtool-ops.ts';
export * from './netdevice/features.ts';
export * from './netdevice/features-more.ts';
export * from './netdevice/gro.ts';
export * from './netdevice/gso.ts';
export * from './netdevice/ingress.ts';
export * from './netdevice/link-watch.ts';
export * from './netdevice/napi.ts';
export * from './netdevice/net-sysfs.ts';
export * from './netdevice/netdevice-ops.ts';
export * from './netdevice/netdevice.ts';
export * from './netdevice/offload.ts';
export * from './netdevice/packet-type.ts';
export * from './netdevice/qdisc.ts';
export * from './netdevice/rps.ts';
export * from './netdevice/rtnl-link-ops.ts';
export * from './netdevice/rx-handler.ts';
export * from './netdevice/softnet.ts';
export * from './netdevice/sysfs.ts';
export * from './netdevice/vlan-core.ts';
export * from './notifier/netdev-events.ts';
export * from './notifier/notifier.ts';
export * from './pernet/net-namespace.ts';
export * from './pernet/net.ts';
export * from './pernet/nsid.ts';
export * from './pernet/proc-inum.ts';
export * from './skbuff/arena.ts';
export * from './skbuff/drop-reason.ts';
export * from './skbuff/flow-dissector.ts';
export * from './skbuff/skb-frags.ts';
export * from './skbuff/skb-queue.ts';
export * from './skbuff/skb-vlan.ts';
export * from './skbuff/skb-segment.ts';
export * from './skbuff/skbuff-cache.ts';
export * from './skbuff/skb-scrub.ts';
export * from './skbuff/skbuff.ts';
export * from './softirq/softirq.ts';
export * from './time/clock.ts';
export * from './time/jiffies.ts';
export * from './time/random.ts';
export * from './time/real-clock.ts';
export * from './time/timer.ts';
export * from './time/virtual-clock.ts';

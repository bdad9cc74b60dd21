import { EEXIST, EINVAL, ETH_P_8021AD, ETH_P_8021Q, ETH_P_ALL, ETH_P_IP, NF_ACCEPT, NF_DROP, NF_NETDEV_INGRESS, NFPROTO_NETDEV, PACKET_HOST, PACKET_OTHERHOST } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  devIngressAttach,
  devIngressDetach,
  devIngressQueue,
  devOpen,
  insmod,
  type Kernel,
  type NetDevice,
  NET_RX_DROP,
  NET_RX_SUCCESS,
  netdevRxHandlerRegister,
  netdevRxHandlerUnregister,
  NfHooks,
  type NfHookOps,
  NoqueueQdisc,
  RX_DROPPED,
  RX_HANDLER_ANOTHER,
  RX_HANDLER_CONSUMED,
  RX_HANDLER_PASS,
  SKB_DROP_REASON_HDR_TRUNC,
  SKB_DROP_REASON_NETFILTER_DROP,
  SKB_DROP_REASON_TC_INGRESS,
  SKB_DROP_REASON_UNHANDLED_PROTO,
  type SkBuff,
  nfRegisterNetHook,
  nfUnregisterNetHook,
  netDisableTimestamp,
  netEnableTimestamp,
  softnetTotal,
} from '../src/index.ts';
import { addDevice, boot, packet, putText, recorder, textOf } from './helpers.ts';

function up(kernel: Kernel, name: string): NetDevice {
  const { dev } = addDevice(kernel, { name });
  expect(devOpen(dev)).toBe(0);
  return dev;
}

/** An Ethernet frame as it stands when the driver has looked at its header: `type`, then `payload`. */
function frame(dev: NetDevice, type: number, payload: string | readonly number[]): SkBuff {
  const skb = packet(dev.net.skbs, '', dev);
  putText(skb, 'DDDDDDSSSSSS');
  const at = skb.put(2);
  skb.bytes.set([type >> 8, type & 0xff], at);
  if (typeof payload === 'string') putText(skb, payload);
  else skb.bytes.set(payload, skb.put(payload.length));
  skb.macHeader = skb.data;
  skb.pull(14);
  skb.protocol = type;
  return skb;
}

const text = (s: string): number[] => [...s].map((c) => c.charCodeAt(0));
const tagged = (dev: NetDevice, tci: number, s: string, type: number = ETH_P_8021Q): SkBuff =>
  frame(dev, type, [tci >> 8, tci & 0xff, ETH_P_IP >> 8, ETH_P_IP & 0xff, ...text(s)]);

describe('a received frame', () => {
  it('is stamped, marked with its device, freed of its VLAN tag, and then seen by taps, ingress, VLAN device, rx handler and protocol [RX-13]', () => {
    const kernel = boot();
    const dev = up(kernel, 'real');
    const vlan = up(kernel, 'vlan5');
    const log: string[] = [];
    const see = (who: string) => (skb: SkBuff, d: NetDevice): void => {
      log.push(`${who} ${d.name} iif=${skb.skbIif} stamped=${skb.tstamp !== 0} type=${skb.protocol.toString(16)} vlan=${skb.vlanPresent ? skb.vlanTci : '-'} ${textOf(skb)}`);
    };
    const taker = (who: string, type: number) => ({
      ...recorder(type, []),
      func(skb: SkBuff, d: NetDevice) {
        see(who)(skb, d);
        skb.consume();
        return 0;
      },
    });
    insmod(kernel, { name: 'takers', init: (ctx) => [taker('tap', ETH_P_ALL), { ...taker('tap of device', ETH_P_ALL), dev }, taker('protocol', ETH_P_IP)].forEach((pt) => ctx.packetType(pt)) });
    netEnableTimestamp(kernel.softnet);
    const hook: NfHookOps = { pf: NFPROTO_NETDEV, hooknum: NF_NETDEV_INGRESS, priority: 0, dev, hook: (_priv, skb, state) => (see('ingress hook')(skb, state.in as NetDevice), NF_ACCEPT) };
    nfRegisterNetHook(kernel.initNet, hook);
    devIngressAttach(dev, new NoqueueQdisc(), (skb, d) => (see('ingress qdisc')(skb, d), RX_HANDLER_PASS));
    kernel.softnet.vlanDoReceive = (skb) => {
      see('vlan')(skb, skb.dev as NetDevice);
      if (skb.vlanTci !== 5) return RX_HANDLER_PASS;
      skb.dev = vlan;
      skb.vlanPresent = false;
      return RX_HANDLER_ANOTHER;
    };
    for (const d of [dev, vlan]) netdevRxHandlerRegister(d, (skb) => (see('rx handler')(skb, d), RX_HANDLER_PASS));
    expect(kernel.softnet.netifReceiveSkb(tagged(dev, 5, 'hello'))).toBe(NET_RX_SUCCESS);
    const [i, v] = [dev.ifindex, vlan.ifindex];
    expect(log.splice(0)).toEqual([
      `tap real iif=${i} stamped=true type=800 vlan=5 hello`,
      `tap of device real iif=${i} stamped=true type=800 vlan=5 hello`,
      `ingress qdisc real iif=${i} stamped=true type=800 vlan=5 hello`,
      `ingress hook real iif=${i} stamped=true type=800 vlan=5 hello`,
      `vlan real iif=${i} stamped=true type=800 vlan=5 hello`,
      `tap vlan5 iif=${v} stamped=true type=800 vlan=- hello`,
      `rx handler vlan5 iif=${v} stamped=true type=800 vlan=- hello`,
      `protocol vlan5 iif=${v} stamped=true type=800 vlan=- hello`,
    ]);
    // A VLAN that nobody has: the handler of the device may still take it.
    kernel.softnet.netifReceiveSkb(tagged(dev, 6, 'other'));
    expect(log.map((line) => line.split(' iif')[0])).toEqual(['tap real', 'tap of device real', 'ingress qdisc real', 'ingress hook real', 'vlan real', 'rx handler real', 'protocol real']);
    nfUnregisterNetHook(kernel.initNet, hook);
    devIngressDetach(dev);
    for (const d of [dev, vlan]) netdevRxHandlerUnregister(d);
    netDisableTimestamp(kernel.softnet);
    log.length = 0;
    kernel.softnet.netifReceiveSkb(frame(dev, ETH_P_IP, 'plain'));
    expect(log.map((line) => line.split(' iif')[0])).toEqual(['tap real', 'tap of device real', 'protocol real']);
  });

  it('that nobody takes is freed and counted in rx_dropped [RX-13]', () => {
    const kernel = boot();
    const dev = up(kernel, 'eth0');
    expect(kernel.softnet.netifReceiveSkb(frame(dev, 0x9999, 'x'))).toBe(NET_RX_DROP);
    expect([dev.stats[RX_DROPPED], kernel.skbs.drops[SKB_DROP_REASON_UNHANDLED_PROTO], kernel.skbs.inUse]).toEqual([1, 1, 0]);
  });
});

describe('a VLAN tag in a frame', () => {
  const untagged = (kernel: Kernel, dev: NetDevice, skb: SkBuff): unknown => {
    const seen: unknown[] = [];
    const pt = {
      ...recorder(ETH_P_IP, []),
      func(got: SkBuff) {
        const header = String.fromCharCode(...got.bytes.subarray(got.macHeader, got.macHeader + 12));
        seen.push([textOf(got), header, got.macLen, got.networkHeader === got.data, got.pktType, got.vlanPresent]);
        got.consume();
        return 0;
      },
    };
    kernel.softnet.addPack(pt);
    kernel.softnet.netifReceiveSkb(skb);
    kernel.softnet.removePack(pt);
    void dev;
    return seen;
  };

  it.each([['802.1Q', ETH_P_8021Q], ['802.1ad', ETH_P_8021AD]])('of %s leaves a whole Ethernet header; without a VLAN of that number the frame is another host\'s', (_name, type) => {
    const kernel = boot();
    const dev = up(kernel, 'eth0');
    expect(untagged(kernel, dev, tagged(dev, 0x2007, 'abc', type))).toEqual([['abc', 'DDDDDDSSSSSS', 14, true, PACKET_OTHERHOST, false]]);
    // Number 0: a priority only.
    expect(untagged(kernel, dev, tagged(dev, 0xe000, 'abc', type))).toEqual([['abc', 'DDDDDDSSSSSS', 14, true, PACKET_HOST, false]]);
  });

  it('is taken off a copy where others hold the frame or its bytes', () => {
    const kernel = boot();
    const dev = up(kernel, 'eth0');
    const held = tagged(dev, 0, 'abc').get();
    const before = textOf(held);
    expect(untagged(kernel, dev, held)).toEqual([['abc', 'DDDDDDSSSSSS', 14, true, PACKET_HOST, false]]);
    expect([textOf(held), held.users, held.protocol]).toEqual([before, 1, ETH_P_8021Q]);
    const sharing = held.clone() as SkBuff;
    expect(untagged(kernel, dev, sharing)).toEqual([['abc', 'DDDDDDSSSSSS', 14, true, PACKET_HOST, false]]);
    expect([textOf(held), held.bytes[held.macHeader], softnetTotal(kernel.softnet, 'processed')]).toEqual([before, 'D'.charCodeAt(0), 2]);
    held.consume();
  });

  it('that is cut off is the end of the frame', () => {
    const kernel = boot();
    const dev = up(kernel, 'eth0');
    for (const payload of [[], [0, 5], [0, 5, 8, 0]]) expect(kernel.softnet.netifReceiveSkb(frame(dev, ETH_P_8021Q, payload))).toBe(NET_RX_DROP);
    expect([kernel.skbs.drops[SKB_DROP_REASON_HDR_TRUNC], softnetTotal(kernel.softnet, 'processed')]).toEqual([3, 3]);
  });
});

describe('ingress', () => {
  it('has no queue before a discipline is attached, one at a time [RX-14]', () => {
    const kernel = boot();
    const dev = up(kernel, 'eth0');
    const got: string[] = [];
    insmod(kernel, { name: 'ip', init: (ctx) => ctx.packetType(recorder(ETH_P_IP, got)) });
    expect(devIngressQueue(dev)).toBe(null);
    kernel.softnet.netifReceiveSkb(frame(dev, ETH_P_IP, 'before'));
    const qdisc = new NoqueueQdisc();
    const drop = (skb: SkBuff): number => (skb.kfree(SKB_DROP_REASON_TC_INGRESS), RX_HANDLER_CONSUMED);
    expect([devIngressAttach(dev, qdisc, drop), devIngressAttach(dev, qdisc, drop)]).toEqual([0, -EEXIST]);
    expect(devIngressQueue(dev)?.qdisc === qdisc).toBe(true);
    kernel.softnet.netifReceiveSkb(frame(dev, ETH_P_IP, 'during'));
    expect(kernel.skbs.drops[SKB_DROP_REASON_TC_INGRESS]).toBe(1);
    devIngressDetach(dev);
    kernel.softnet.netifReceiveSkb(frame(dev, ETH_P_IP, 'after'));
    expect([got, devIngressQueue(dev)?.qdisc.kind]).toEqual([['before', 'after'], 'noop']);
  });

  it('has hooks, by priority, of one device each; a drop is the end of the frame', () => {
    const kernel = boot();
    const [dev, other] = [up(kernel, 'eth0'), up(kernel, 'eth1')];
    const got: string[] = [];
    insmod(kernel, { name: 'ip', init: (ctx) => ctx.packetType(recorder(ETH_P_IP, got)) });
    const { nf } = kernel.initNet;
    const hook = (name: string, priority: number, verdict: number): NfHookOps => ({
      pf: NFPROTO_NETDEV,
      hooknum: NF_NETDEV_INGRESS,
      priority,
      dev,
      hook: () => (got.push(name), verdict),
    });
    const hooks = [hook('late', 5, NF_DROP), hook('early', -5, NF_ACCEPT)];
    expect(hooks.map((ops) => nfRegisterNetHook(kernel.initNet, ops))).toEqual([0, 0]);
    for (const d of [dev, other]) kernel.softnet.netifReceiveSkb(frame(d, ETH_P_IP, d.name));
    expect([got.splice(0), kernel.skbs.drops[SKB_DROP_REASON_NETFILTER_DROP]]).toEqual([['early', 'late', 'eth1'], 1]);
    hooks.forEach((ops) => nfUnregisterNetHook(kernel.initNet, ops));
    kernel.softnet.netifReceiveSkb(frame(dev, ETH_P_IP, 'eth0'));
    expect([got, dev.rxDoors]).toEqual([['eth0'], 0]);
    const { dev: _dev, ...nowhere } = hook('x', 0, NF_ACCEPT);
    expect([nfRegisterNetHook(kernel.initNet, nowhere), nfRegisterNetHook(kernel.initNet, { ...hook('x', 0, NF_ACCEPT), hooknum: 7 }), nf instanceof NfHooks]).toEqual([-EINVAL, -EINVAL, true]);
  });
});

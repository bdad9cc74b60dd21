import {
  EINVAL,
  EPERM,
  EHOSTUNREACH,
  ESRCH,
  NF_ACCEPT,
  NF_ARP_IN,
  NF_BR_POST_ROUTING,
  NF_BR_PRE_ROUTING,
  NF_DROP,
  NF_INET_FORWARD,
  NF_INET_LOCAL_IN,
  NF_INET_LOCAL_OUT,
  NF_INET_POST_ROUTING,
  NF_INET_PRE_ROUTING,
  NF_IP_PRI_CONNTRACK,
  NF_IP_PRI_FILTER,
  NF_IP_PRI_MANGLE,
  NF_IP_PRI_NAT_DST,
  NF_IP_PRI_NAT_SRC,
  NF_IP_PRI_RAW,
  NF_QUEUE,
  NF_REPEAT,
  NF_STOLEN,
  NF_STOP,
  NF_VERDICT_FLAG_QUEUE_BYPASS,
  NF_VERDICT_QBITS,
  NFPROTO_ARP,
  NFPROTO_BRIDGE,
  NFPROTO_INET,
  NFPROTO_IPV4,
  NFPROTO_IPV6,
  NFPROTO_NETDEV,
} from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import {
  setupNet,
  DstEntry,
  type Kernel,
  type Net,
  NF_BIT_ARP_IN,
  NF_BIT_BRIDGE_PRE_ROUTING,
  NF_BIT_IPV4_FORWARD,
  NF_BIT_IPV4_LOCAL_IN,
  NF_BIT_IPV4_LOCAL_OUT,
  NF_BIT_IPV4_POST_ROUTING,
  NF_BIT_IPV4_PRE_ROUTING,
  NF_BIT_IPV6_FORWARD,
  NF_BIT_IPV6_LOCAL_IN,
  NF_BIT_IPV6_POST_ROUTING,
  NF_HOOK_OK,
  type NfHookFn,
  type NfHookOps,
  type NfQueueEntry,
  SKB_DROP_REASON_NETFILTER_DROP,
  type SkBuff,
  nfRegisterNetHook,
  nfUnregisterNetHook,
  nfHooksOf,
  nfReinject,
} from '../src/index.ts';
import { addDevice, boot, packet, dstOps } from './helpers.ts';

const HOOK = NF_INET_PRE_ROUTING;

interface Point {
  kernel: Kernel;
  net: Net;
  /** Hooks that were called, and `okfn` when the packet went on by itself. */
  log: string[];
  add(name: string, hook: NfHookFn | number, priority?: number): NfHookOps;
  run(skb?: SkBuff): number;
  skb(): SkBuff;
}

function point(): Point {
  const kernel = boot();
  const net = kernel.initNet;
  const log: string[] = [];
  const p: Point = {
    kernel,
    net,
    log,
    add(name, hook, priority = 0) {
      const ops: NfHookOps = {
        pf: NFPROTO_IPV4,
        hooknum: HOOK,
        priority,
        priv: name,
        hook(priv, skb, state) {
          log.push(priv as string);
          return typeof hook === 'number' ? hook : hook(priv, skb, state);
        },
      };
      expect(nfRegisterNetHook(net, ops)).toBe(0);
      return ops;
    },
    run(skb = p.skb()) {
      const result = net.nf.run(NFPROTO_IPV4, HOOK, null, skb, null, null, (_net, _sk, s) => {
        log.push('okfn');
        s.consume();
        return 0;
      });
      if (result === NF_HOOK_OK) skb.consume();
      return result;
    },
    skb: () => packet(kernel.skbs, 'packet'),
  };
  return p;
}

describe('the hooks of a point', () => {
  it('run by priority, lowest first, equals in the order of registration [NF-18] [NF-12] [NF-16]', () => {
    const p = point();
    p.add('filter', NF_ACCEPT, NF_IP_PRI_FILTER);
    p.add('raw', NF_ACCEPT, NF_IP_PRI_RAW);
    p.add('snat', NF_ACCEPT, NF_IP_PRI_NAT_SRC);
    p.add('conntrack', NF_ACCEPT, NF_IP_PRI_CONNTRACK);
    p.add('dnat', NF_ACCEPT, NF_IP_PRI_NAT_DST);
    p.add('filter again', NF_ACCEPT, NF_IP_PRI_FILTER);
    p.add('mangle', NF_ACCEPT, NF_IP_PRI_MANGLE);
    expect(p.run()).toBe(NF_HOOK_OK);
    expect(p.log).toEqual(['raw', 'conntrack', 'mangle', 'dnat', 'filter', 'filter again', 'snat']);
  });

  it('learn where the packet is [NF-17]', () => {
    const kernel = boot();
    const [a, b] = [addDevice(kernel).dev, addDevice(kernel).dev];
    const net = kernel.initNet;
    const okfn = (): number => 0;
    let seen: unknown;
    nfRegisterNetHook(net, { pf: NFPROTO_IPV4, hooknum: NF_INET_FORWARD, priority: 0, hook: (priv, skb, state) => ((seen = [priv, skb.len, { ...state }]), NF_ACCEPT) });
    const skb = packet(kernel.skbs, 'x');
    expect(net.nf.run(NFPROTO_IPV4, NF_INET_FORWARD, null, skb, a, b, okfn)).toBe(NF_HOOK_OK);
    expect(seen).toEqual([undefined, 1, { hook: NF_INET_FORWARD, pf: NFPROTO_IPV4, in: a, out: b, sk: null, net, okfn }]);
    skb.consume();
  });

  it('are those of one namespace, one family and one place [NF-01] [NF-10] [NF-16] [NF-19]', () => {
    const p = point();
    const other = setupNet(p.kernel) as Net;
    p.add('here', NF_ACCEPT);
    expect([p.net.nf.mask !== 0, other.nf.mask, nfHooksOf(other, NFPROTO_IPV4, HOOK)]).toEqual([true, 0, []]);
    for (const [pf, hooknum] of [[NFPROTO_IPV6, HOOK], [NFPROTO_IPV4, NF_INET_LOCAL_IN], [NFPROTO_IPV4, NF_INET_FORWARD]] as const) {
      const elsewhere: NfHookOps = { pf, hooknum, priority: 0, hook: () => (p.log.push('elsewhere'), NF_ACCEPT) };
      expect(nfRegisterNetHook(p.net, elsewhere)).toBe(0);
      expect(nfHooksOf(p.net, pf, hooknum)).toEqual([elsewhere]);
    }
    p.run();
    expect(p.log).toEqual(['here']);
    expect([NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT, NF_INET_POST_ROUTING]).toEqual([0, 1, 2, 3, 4]);
  });

  it('change for the next packet, not for the one under way [NF-20] [NFI-04] [PAT-05]', () => {
    const p = point();
    const second = p.add('second', NF_ACCEPT, 5);
    const first = p.add('first', () => {
      nfUnregisterNetHook(p.net, second);
      nfUnregisterNetHook(p.net, first);
      p.add('late', NF_ACCEPT, 9);
      return NF_ACCEPT;
    });
    p.run();
    expect(p.log.splice(0)).toEqual(['first', 'second']);
    p.run();
    expect(p.log).toEqual(['late']);
  });
});

describe('the mask', () => {
  it.each([
    ['IPv4 PRE_ROUTING', NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_BIT_IPV4_PRE_ROUTING],
    ['IPv4 LOCAL_IN', NFPROTO_IPV4, NF_INET_LOCAL_IN, NF_BIT_IPV4_LOCAL_IN],
    ['IPv4 FORWARD', NFPROTO_IPV4, NF_INET_FORWARD, NF_BIT_IPV4_FORWARD],
    ['IPv4 LOCAL_OUT', NFPROTO_IPV4, NF_INET_LOCAL_OUT, NF_BIT_IPV4_LOCAL_OUT],
    ['IPv4 POST_ROUTING', NFPROTO_IPV4, NF_INET_POST_ROUTING, NF_BIT_IPV4_POST_ROUTING],
    ['IPv6 FORWARD', NFPROTO_IPV6, NF_INET_FORWARD, NF_BIT_IPV6_FORWARD],
    ['IPv6 POST_ROUTING', NFPROTO_IPV6, NF_INET_POST_ROUTING, NF_BIT_IPV6_POST_ROUTING],
    ['ARP IN', NFPROTO_ARP, NF_ARP_IN, NF_BIT_ARP_IN],
    ['bridge PRE_ROUTING', NFPROTO_BRIDGE, NF_BR_PRE_ROUTING, NF_BIT_BRIDGE_PRE_ROUTING],
    ['IPv4 and IPv6 LOCAL_IN', NFPROTO_INET, NF_INET_LOCAL_IN, NF_BIT_IPV4_LOCAL_IN | NF_BIT_IPV6_LOCAL_IN],
  ])('has a bit for %s while there is a hook', (_name, pf, hooknum, bits) => {
    const net = boot().initNet;
    const { nf } = net;
    const [a, b] = [0, 1].map((priority): NfHookOps => ({ pf, hooknum, priority, hook: () => NF_ACCEPT })) as [NfHookOps, NfHookOps];
    nfRegisterNetHook(net, a);
    nfRegisterNetHook(net, b);
    expect(nf.mask).toBe(bits);
    nfUnregisterNetHook(net, a);
    expect(nf.mask).toBe(bits);
    nfUnregisterNetHook(net, b);
    expect(nf.mask).toBe(0);
  });

  it.each([
    ['a family without points', NFPROTO_NETDEV, 0],
    ['a sixth point of IPv4', NFPROTO_IPV4, 5],
    ['a fourth point of ARP, whose bit is the bridge’s', NFPROTO_ARP, 4],
    ['a point below 0', NFPROTO_IPV6, -1],
    ['a point that is no number', NFPROTO_IPV6, Number.NaN],
  ])('has none for %s: -EINVAL', (_name, pf, hooknum) => {
    const net = boot().initNet;
    const { nf } = net;
    expect([nfRegisterNetHook(net, { pf, hooknum, priority: 0, hook: () => NF_ACCEPT }), nf.mask]).toEqual([-EINVAL, 0]);
    expect(nfRegisterNetHook(net, { pf: NFPROTO_BRIDGE, hooknum: NF_BR_POST_ROUTING, priority: 0, hook: () => NF_ACCEPT })).toBe(0);
  });

  it('sends IPv4 and IPv6 packets to a hook of both', () => {
    const { initNet: net, skbs } = boot();
    const families: number[] = [];
    nfRegisterNetHook(net, { pf: NFPROTO_INET, hooknum: NF_INET_LOCAL_OUT, priority: 0, hook: (_p, _s, state) => (families.push(state.pf), NF_ACCEPT) });
    for (const pf of [NFPROTO_IPV4, NFPROTO_IPV6]) {
      const skb = packet(skbs, 'x');
      net.nf.run(pf, NF_INET_LOCAL_OUT, null, skb, null, null, () => 0);
      skb.consume();
    }
    expect(families).toEqual([NFPROTO_IPV4, NFPROTO_IPV6]);
  });
});

describe('verdicts', () => {
  it('DROP ends the walk and frees the packet, with EPERM or the errno in the verdict [NF-11] [NFI-03]', () => {
    for (const [verdict, result] of [[NF_DROP, -EPERM], [(EHOSTUNREACH << NF_VERDICT_QBITS) | NF_DROP, -EHOSTUNREACH]] as const) {
      const p = point();
      p.add('a', verdict);
      p.add('b', NF_ACCEPT);
      expect([p.run(), p.log]).toEqual([result, ['a']]);
      expect([p.kernel.skbs.inUse, p.kernel.skbs.drops[SKB_DROP_REASON_NETFILTER_DROP]]).toEqual([0, 1]);
    }
  });

  it('STOLEN ends the walk and leaves the packet to the hook [NF-13] [NFI-03]', () => {
    const p = point();
    let kept: SkBuff | null = null;
    p.add('thief', (_priv, skb) => ((kept = skb), NF_STOLEN));
    p.add('b', NF_ACCEPT);
    expect([p.run(), p.log, p.kernel.skbs.inUse]).toEqual([0, ['thief'], 1]);
    (kept as SkBuff | null)?.consume();
  });

  it('STOP accepts without asking the rest', () => {
    const p = point();
    p.add('a', NF_STOP);
    p.add('b', NF_DROP);
    expect([p.run(), p.log]).toEqual([NF_HOOK_OK, ['a']]);
  });

  it('REPEAT asks the same hook again [NF-15]', () => {
    const p = point();
    let times = 0;
    p.add('a', () => (++times < 3 ? NF_REPEAT : NF_ACCEPT));
    p.add('b', NF_ACCEPT);
    expect([p.run(), p.log]).toEqual([NF_HOOK_OK, ['a', 'a', 'a', 'b']]);
  });

  it('that are none drop the packet', () => {
    const p = point();
    p.add('a', 0x77);
    expect([p.run(), p.kernel.skbs.inUse]).toEqual([-EPERM, 0]);
  });
});

describe('QUEUE', () => {
  /** A point whose second of three hooks queues, and a handler that keeps what it gets. */
  function queued(flags = 0): Point & { entries: NfQueueEntry[]; again: (number | null)[] } {
    const p = point();
    const entries: NfQueueEntry[] = [];
    const again: (number | null)[] = [];
    p.add('a', NF_ACCEPT, 1);
    p.add('queue', () => again.shift() ?? ((7 << NF_VERDICT_QBITS) | flags | NF_QUEUE), 2);
    p.add('c', NF_ACCEPT, 3);
    p.net.nf.queueHandler = (entry) => (entries.push(entry), 0);
    return Object.assign(p, { entries, again });
  }

  it('hands the packet to the handler, which holds its route, and the walk ends', () => {
    const p = queued();
    const dst = new DstEntry(addDevice(p.kernel).dev, dstOps());
    const skb = p.skb();
    skb.dstSetNoref(dst);
    expect([p.run(skb), p.log, p.entries.length]).toEqual([0, ['a', 'queue'], 1]);
    expect([p.entries[0]?.queuenum, p.entries[0]?.skb === skb, dst.refcnt]).toEqual([7, true, 2]);
    skb.consume();
    dst.release();
  });

  it.each([
    ['ACCEPT', NF_ACCEPT, ['c', 'okfn']],
    ['STOP', NF_STOP, ['c', 'okfn']],
    ['DROP', NF_DROP, []],
  ])('goes on behind the hook when the answer is %s [NF-14]', (_name, verdict, rest) => {
    const p = queued();
    p.run();
    p.log.length = 0;
    nfReinject(p.entries[0] as NfQueueEntry, verdict);
    expect([p.log, p.kernel.skbs.inUse]).toEqual([rest, 0]);
  });

  it('asks the hook again when the answer is REPEAT, waits once more when it is QUEUE, and forgets the packet when it is STOLEN', () => {
    const p = queued();
    p.again.push(null, NF_ACCEPT);
    p.run();
    nfReinject(p.entries[0] as NfQueueEntry, NF_REPEAT);
    expect(p.log.splice(0)).toEqual(['a', 'queue', 'queue', 'c', 'okfn']);

    const q = queued();
    q.run();
    nfReinject(q.entries[0] as NfQueueEntry, (9 << NF_VERDICT_QBITS) | NF_QUEUE);
    expect([q.entries[1]?.queuenum, q.log]).toEqual([9, ['a', 'queue']]);
    nfReinject(q.entries[1] as NfQueueEntry, NF_STOLEN);
    expect(q.kernel.skbs.inUse).toBe(1);
    q.entries[1]?.skb.consume();
  });

  it('drops when nobody listens, or goes on if the verdict allows that [NF-14]', () => {
    for (const handler of [null, () => -ESRCH]) {
      const p = queued();
      p.net.nf.queueHandler = handler;
      expect([p.run(), p.log.splice(0), p.kernel.skbs.drops[SKB_DROP_REASON_NETFILTER_DROP]]).toEqual([0, ['a', 'queue'], 1]);
      const lenient = queued(NF_VERDICT_FLAG_QUEUE_BYPASS);
      lenient.net.nf.queueHandler = handler;
      expect([lenient.run(), lenient.log]).toEqual([NF_HOOK_OK, ['a', 'queue', 'c']]);
    }
  });

  it('is told to throw away what waits when a hook goes: it would go on in the wrong place', () => {
    const p = queued();
    p.run();
    p.net.nf.queueHookDrop = () => p.entries.splice(0).forEach(({ skb }) => skb.kfree(SKB_DROP_REASON_NETFILTER_DROP));
    const extra = { pf: NFPROTO_IPV4, hooknum: HOOK, priority: 9, hook: () => NF_ACCEPT };
    nfRegisterNetHook(p.net, extra);
    expect([p.entries.length, p.kernel.skbs.inUse]).toEqual([1, 1]);
    nfUnregisterNetHook(p.net, extra);
    expect([p.entries.length, p.kernel.skbs.inUse, p.kernel.skbs.drops[SKB_DROP_REASON_NETFILTER_DROP]]).toEqual([0, 0, 1]);
  });

  it('keeps the state of the packet while other packets pass', () => {
    const p = queued();
    const dev = addDevice(p.kernel).dev;
    const seen: unknown[] = [];
    p.net.nf.run(NFPROTO_IPV4, HOOK, null, p.skb(), dev, null, (_net, _sk, skb) => (seen.push(skb.len), skb.consume(), 0));
    p.again.push(NF_ACCEPT);
    p.run();
    expect(p.entries[0]?.state.in).toBe(dev);
    nfReinject(p.entries[0] as NfQueueEntry, NF_ACCEPT);
    expect(seen).toEqual([6]);
  });
});

describe('a hook that sends a packet itself', () => {
  it('finds its own state unchanged afterwards', () => {
    const p = point();
    const dev = addDevice(p.kernel).dev;
    const depths: unknown[] = [];
    let depth = 0;
    p.add('nested', (_priv, _skb, state) => {
      const mine = ++depth;
      if (mine < 4) {
        const skb = p.skb();
        expect(p.net.nf.run(NFPROTO_IPV4, HOOK, null, skb, mine % 2 === 0 ? dev : null, null, () => mine)).toBe(NF_HOOK_OK);
        skb.consume();
      }
      depths.push([mine, state.in === null, state.okfn(p.net, null, null as never)]);
      return NF_ACCEPT;
    });
    const skb = p.skb();
    p.net.nf.run(NFPROTO_IPV4, HOOK, null, skb, dev, null, () => 99);
    skb.consume();
    expect(depths).toEqual([[4, true, 3], [3, false, 2], [2, true, 1], [1, false, 99]]);
  });
});

import { ETH_P_8021Q, ETH_P_ARP, ETH_P_IP } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { reciprocalScale, SKB_L4_HASH, SKB_SW_HASH, skbClearHash, skbGetHash } from '../src/index.ts';
import { boot, type Flow, ipv4Packet, packet } from './helpers.ts';

describe('the hash of a flow', () => {
  const of = (kernel: ReturnType<typeof boot>, flow: Flow): { hash: number; l4: boolean } => {
    const skb = ipv4Packet(kernel.skbs, flow);
    const hash = skbGetHash(skb);
    const l4 = (skb.bits & SKB_L4_HASH) !== 0;
    skb.consume();
    return { hash, l4 };
  };

  it('is one for both directions, and another for another address, port or protocol [SKB-24]', () => {
    const kernel = boot();
    const there = of(kernel, { src: 1, dst: 2, sport: 10, dport: 20 });
    const back = of(kernel, { src: 2, dst: 1, sport: 20, dport: 10 });
    expect([back, there.l4, there.hash > 0]).toEqual([there, true, true]);
    // Between the same addresses the ports decide which end is first.
    expect(of(kernel, { src: 1, dst: 1, sport: 7, dport: 9 })).toEqual(of(kernel, { src: 1, dst: 1, sport: 9, dport: 7 }));
    const others = [{ src: 3 }, { dst: 3 }, { sport: 11 }, { dport: 21 }, { proto: 6 }, { src: 2, dst: 1 }];
    const hashes = others.map((change) => of(kernel, { src: 1, dst: 2, sport: 10, dport: 20, ...change }).hash);
    expect(new Set([there.hash, ...hashes]).size).toBe(others.length + 1);
  });

  it('says whether ports took part: not in a fragment, nor for a protocol without [SKB-24]', () => {
    const kernel = boot();
    const whole = of(kernel, {});
    const pieces = [of(kernel, { fragOff: 0x2000 }), of(kernel, { fragOff: 5, sport: 999 })];
    expect([whole.l4, ...pieces.map(({ l4 }) => l4)]).toEqual([true, false, false]);
    expect(pieces[0]?.hash).toBe(pieces[1]?.hash);
    expect([of(kernel, { proto: 1 }).l4, of(kernel, { proto: 1, sport: 5 }).hash === of(kernel, { proto: 1 }).hash]).toEqual([false, true]);
  });

  it('is kept until the packet changes its flow; 0 means that there is none, and a computed 0 becomes 1 [SKB-24]', () => {
    const kernel = boot();
    const skb = ipv4Packet(kernel.skbs);
    expect([skb.hash, (skb.bits & SKB_SW_HASH) !== 0]).toEqual([0, false]);
    const first = skbGetHash(skb);
    (skb.bytes as Uint8Array)[skb.networkHeader + 15] = 99;
    expect([skbGetHash(skb), (skb.bits & SKB_SW_HASH) !== 0]).toEqual([first, true]);
    const copy = skb.clone();
    expect([copy?.hash, ((copy?.bits ?? 0) & SKB_L4_HASH) !== 0]).toEqual([first, true]);
    copy?.consume();
    skbClearHash(skb);
    expect([skb.hash, (skb.bits & SKB_L4_HASH) !== 0, skbGetHash(skb) === first]).toEqual([0, false, false]);
    skb.consume();
    // With this seed the hash of a frame of EtherType 0 comes out as 0.
    kernel.skbs.hashRnd = 0;
    const none = packet(kernel.skbs, 'x');
    none.protocol = 0;
    expect([skbGetHash(none), (none.bits & SKB_L4_HASH) !== 0]).toEqual([1, false]);
    none.consume();
  });

  it('looks behind a VLAN tag, and makes do with the EtherType where it knows no more', () => {
    const kernel = boot();
    const plain = ipv4Packet(kernel.skbs);
    const tagged = ipv4Packet(kernel.skbs);
    tagged.networkHeader = tagged.push(4);
    tagged.bytes.set([0, 5, ETH_P_IP >> 8, ETH_P_IP & 0xff], tagged.data);
    tagged.protocol = ETH_P_8021Q;
    expect([skbGetHash(tagged), (tagged.bits & SKB_L4_HASH) !== 0]).toEqual([skbGetHash(plain), true]);
    const arp = packet(kernel.skbs, 'whatever');
    arp.protocol = ETH_P_ARP;
    const short = packet(kernel.skbs, 'too short');
    short.protocol = ETH_P_IP;
    short.networkHeader = short.data;
    expect([skbGetHash(arp) > 0, (arp.bits & SKB_L4_HASH) !== 0, skbGetHash(short) > 0, (short.bits & SKB_L4_HASH) !== 0]).toEqual([true, false, true, false]);
    for (const skb of [plain, tagged, arp, short]) skb.consume();
  });

  it('differs from kernel to kernel, and is the same for the same seed', () => {
    const [a, b, c] = [boot({ seed: 1 }), boot({ seed: 2 }), boot({ seed: 1 })];
    expect([of(a, {}).hash === of(b, {}).hash, of(a, {}).hash === of(c, {}).hash]).toEqual([false, true]);
  });

  it('spreads flows evenly over any number of places', () => {
    const kernel = boot();
    const counts = [0, 0, 0];
    for (let sport = 0; sport < 3000; sport++) counts[reciprocalScale(of(kernel, { sport }).hash, 3)]++;
    for (const count of counts) expect(count).toBeGreaterThan(850);
    expect([reciprocalScale(0, 3), reciprocalScale(0xffffffff, 3)]).toEqual([0, 2]);
  });
});

/** What is the provider's own: gateways as settings, decisions that are kept, a stack without a loopback device. */
import { devOpen, dstCheck, insmod, type NetDevice, rmmod, unregisterNetdevice } from '@skbuff/core';
import { arpBare } from '@skbuff/arp';
import { fibBare } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { createFrameDevice, type FramePort } from '@skbuff/frame-port';
import { icmpBare } from '@skbuff/icmp';
import { IPV4, ipv4Bare, ipv4Multicast, type Rtable } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbourBare } from '@skbuff/neighbour';
import { ethFrame, icmpMessage, ipPacket, knownNeighbours } from '@skbuff/testkit';
import { EINVAL, ENETUNREACH, ESRCH, ETH_P_ARP, ETH_P_IP, IPPROTO_ICMP } from '@skbuff/uapi';
import { be16 } from '@skbuff/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delDefaultGateway, hostRoutes, setDefaultGateway } from '../src/index.ts';
import { Host, ip4 } from './support.ts';

let h: Host;
let a: NetDevice;
let b: NetDevice;

beforeEach(() => {
  h = new Host([neighbourBare(), ipv4Bare(ipv4Multicast), hostRoutes(), knownNeighbours(IPV4), loopback()]);
  a = h.device('a', '10.0.0.1/24');
  b = h.device('b', '10.1.0.1/24');
});

afterEach(() => {
  expect(h.kernel.shutdown()).toEqual({});
});

const out = (daddr: string, oif = 0): string => h.output({ daddr: ip4(daddr), oif }).replace(/ type.*dev/, ' dev').replace(/ ipOutput.*/, '');

describe('default gateways', () => {
  it('takes one that is on the link, and sends by it with an address of the device', () => {
    expect([setDefaultGateway(a, ip4('10.0.0.9')), out('99.0.0.1')]).toEqual([0, '10.0.0.1 > 99.0.0.1 oif 2 dev a via 10.0.0.9']);
  });

  it('refuses others', () => {
    const errors = ['10.1.0.9', '99.0.0.1', '10.0.0.1', '10.0.0.255'].map((addr) => setDefaultGateway(a, ip4(addr)));
    expect(errors).toEqual([-ENETUNREACH, -ENETUNREACH, -EINVAL, -EINVAL]);
    expect(out('99.0.0.1')).toBe(String(-ENETUNREACH));
  });

  it('uses that of the device asked for, else the one that is usable longest', () => {
    setDefaultGateway(b, ip4('10.1.0.9'));
    setDefaultGateway(a, ip4('10.0.0.9'));
    const via = (): string[] => [out('99.0.0.1'), out('99.0.0.1', a.ifindex)].map((text) => text.replace(/.*via /, ''));
    expect(via()).toEqual(['10.1.0.9', '10.0.0.9']);
    h.updown(b, false);
    expect(via()).toEqual(['10.0.0.9', '10.0.0.9']);
    h.updown(b, true);
    expect(via()).toEqual(['10.0.0.9', '10.0.0.9']);
    expect([delDefaultGateway(a), delDefaultGateway(a), out('99.0.0.1').endsWith('via 10.1.0.9')]).toEqual([0, -ESRCH, true]);
  });

  it('forgets that of a device that goes away', () => {
    setDefaultGateway(b, ip4('10.1.0.9'));
    unregisterNetdevice(b);
    expect(out('99.0.0.1')).toBe(String(-ENETUNREACH));
  });
});

describe('decisions', () => {
  it('are shared, and made again after a change of addresses', () => {
    const first = h.route('10.0.0.5');
    const second = h.route('10.0.0.6');
    const check = (): boolean => dstCheck(first);
    expect([first === second, check()]).toEqual([true, true]);
    h.addr(a, '10.2.0.1/24');
    expect(check()).toBe(false);
    first.release();
    second.release();
  });

  it('are lent to received packets: one for all of a kind', () => {
    const dsts = ['10.0.0.1', '10.1.0.1', '10.0.0.255', '255.255.255.255', '99.0.0.1', '99.0.0.2'].map((daddr) => {
      const skb = h.packet(a, { saddr: '10.0.0.2', daddr });
      h.ip.routing?.routeInput(skb, ip4(daddr), ip4('10.0.0.2'), 0, a);
      const rt = skb.dst as Rtable;
      const { dstNoref } = skb;
      skb.consume();
      return { rt, dstNoref };
    });
    expect(dsts.every(({ dstNoref }) => dstNoref)).toBe(true);
    expect([new Set(dsts.map(({ rt }) => rt)).size, dsts[0].rt === dsts[1].rt, dsts[4].rt === dsts[5].rt]).toEqual([3, true, true]);
  });

  it('let go of a device that leaves, whoever holds them', () => {
    const rt = h.route('10.1.0.5');
    unregisterNetdevice(b);
    expect([b.refcount(), dstCheck(rt)]).toEqual([0, false]);
    rt.release();
  });
});

it('does not forward, whatever the setting says', () => {
  h.inDev(a).cnf.forwarding = 1;
  h.receive(a, { saddr: '10.0.0.2', daddr: '10.1.0.5' });
  expect([h.sent, h.drops().IP_INADDRERRORS]).toEqual([0, 1]);
});

it('is exchanged for the FIB while the host runs, and back', () => {
  const answers = (): string[] => [out('10.0.0.5'), h.input(a, '10.0.0.2', '10.0.0.1'), h.input(a, '10.0.0.1', '10.0.0.1')];
  const before = answers();
  const held = h.route('10.0.0.5');
  expect([rmmod(h.kernel, '@skbuff/host-routes'), h.ip.routing, h.ip.inetaddrChain.blocks().length, dstCheck(held)]).toEqual([0, null, 0, false]);
  held.release();
  insmod(h.kernel, fibBare({ table: () => new FibTrie() }));
  expect(answers()).toEqual(before);
  expect(rmmod(h.kernel, '@skbuff/fib')).toBe(0);
  insmod(h.kernel, hostRoutes());
  expect(answers()).toEqual(before);
});

it('answers a ping without a loopback device', () => {
  const tiny = new Host([neighbourBare(), ipv4Bare(), arpBare(), hostRoutes(), icmpBare()]);
  const frames: Uint8Array[] = [];
  const port: FramePort = { onFrame: null, send: (frame) => void frames.push(frame.slice()), close() {} };
  const dev = createFrameDevice(tiny.net, { name: 'eth0', port, address: Uint8Array.of(2, 0, 0, 0, 0, 1) }) as NetDevice;
  devOpen(dev);
  tiny.addr(dev, '10.0.0.1/24');
  tiny.clock.advance(0);
  port.onFrame?.(ethFrame(dev, ipPacket({ saddr: '10.0.0.2', daddr: '10.0.0.1', proto: IPPROTO_ICMP, payload: icmpMessage(8) })));
  tiny.clock.advance(0);
  const [request] = frames;
  expect(frames.map((frame) => be16(frame, 12))).toEqual([ETH_P_ARP]);
  const reply = Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2, ...request.slice(22, 32));
  port.onFrame?.(reply);
  tiny.clock.advance(0);
  expect(frames.map((frame) => [be16(frame, 12), frame[34]]).at(-1)).toEqual([ETH_P_IP, 0]);
  unregisterNetdevice(dev);
  expect(tiny.kernel.shutdown()).toEqual({});
});

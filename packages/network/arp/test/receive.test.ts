/** What arrives: checks, answers, hooks. The answers are those of Linux 6.18 to the same frames. */
import { devOpen, devSetMtu, type NetDevice, NF_BIT_ARP_IN, type NfHookState, type SkBuff, nfRegisterNetHook, nfUnregisterNetHook } from '@skbuff/core';
import { NEIGH_CB_FLAGS } from '@skbuff/neighbour';
import { ARPHRD_IPGRE, IFF_NOARP, NF_ACCEPT, NF_ARP_IN, NF_ARP_OUT, NF_DROP, NFPROTO_ARP, PACKET_LOOPBACK, RTN_LOCAL } from '@skbuff/uapi';
import { beforeEach, describe, expect, it } from 'vitest';
import { arpSend } from '../src/index.ts';
import { type ArpFields, arpFrame, mac } from './frames.ts';
import { MS, useHost } from './support.ts';

const t = useHost();
let dev: NetDevice;
const ANSWER = 'eth0 01 > 02: reply 10.0.0.1 is-at 01 to 10.0.0.2 (02)';
const KNOWN = '10.0.0.2 eth0 02 STALE';

beforeEach(() => {
  dev = t.h.eth('eth0', '01', '10.0.0.1/24');
});

/** Nothing is answered and nothing learned; what was lost, by reason. */
function refused(fields: ArpFields): Record<string, number> {
  expect(t.h.arp(dev, fields)).toEqual([]);
  expect(t.h.neigh()).toEqual([]);
  return t.h.drops();
}

describe('arp_rcv', () => {
  it('answers the sender alone, and takes note of it [ARP-02] [ARP-15] [ARP-19]', () => {
    expect(t.h.arp(dev)).toEqual([ANSWER]);
    expect(t.h.neigh()).toEqual([KNOWN]);
    const hex = [...(t.h.frames.at(-1) as Uint8Array)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(hex).toBe(
      '020000000002' + '020000000001' + '0806' + '0001' + '0800' + '06' + '04' + '0002' + '020000000001' + '0a000001' + '020000000002' + '0a000002',
    );
    expect(t.h.drops()).toEqual({});
  });

  it('drops what is too short, at every length [ARP-15]', () => {
    for (let cut = 0; cut < 28; cut++) expect(refused({ cut })).toEqual({ PKT_TOO_SMALL: cut + 1 });
    expect(t.h.arp(dev, { cut: 28 })).toEqual([ANSWER]);
    expect(t.h.arp(dev, { pad: 18 })).toEqual([ANSWER]);
  });

  it.each([
    ['no hardware address', { hln: 0 }],
    ['short hardware addresses', { hln: 5 }],
    ['long hardware addresses', { hln: 7 }],
    ['no protocol address', { pln: 0 }],
    ['short protocol addresses', { pln: 3 }],
    ['IPv6 addresses', { pln: 16 }],
  ])('drops packets with %s [ARP-15]', (_what, fields) => {
    expect(refused(fields)).toEqual({ NOT_SPECIFIED: 1 });
  });

  it('leaves what is for others alone, which is no loss [ARP-15]', () => {
    expect(refused({ to: '55' })).toEqual({});
    // By unicast, and to a group of the device, it is for us.
    expect(t.h.arp(dev, { to: '01' })).toEqual([ANSWER]);
    expect(t.h.arp(dev, { to: '01:00:5e:00:00:01' })).toEqual([ANSWER]);
  });

  it('does not take part on a device with IFF_NOARP, which is no loss [ARP-14] [ARP-15]', () => {
    const quiet = t.h.device('n0', '21', (d) => (d.flags |= IFF_NOARP));
    expect(devOpen(quiet)).toBe(0);
    t.h.addr(quiet, '10.2.0.1/24');
    expect(t.h.arp(quiet, { tip: '10.2.0.1', sip: '10.2.0.2' })).toEqual([]);
    arpSend(1, 0x0a020002, quiet, 0x0a020001, null, null, null);
    t.h.clock.advance(0);
    expect([t.h.take(), t.h.neigh(), t.h.drops()]).toEqual([[], [], {}]);
  });

  it('leaves a packet that a tap holds too as it is [ARP-15]', () => {
    const { h } = t;
    h.eth('eth1', '11', '10.1.0.1/24');
    h.set({ 'eth0.proxy_arp': 1, 'eth0.forwarding': 1 });
    const held: SkBuff[] = [];
    const pt = { type: 3, dev, net: null, ignoreOutgoing: true, func: (skb: SkBuff): number => (held.push(skb), 0), listFunc: null };
    h.net.softnet.addPack(pt);
    // The request is routed, marked, and waits.
    expect(h.arp(dev, { tip: '10.1.0.5' })).toEqual([]);
    h.net.softnet.removePack(pt);
    expect(held.map((skb) => [skb.cb[NEIGH_CB_FLAGS], skb.dst === null])).toEqual([[0, true]]);
    held[0]?.consume();
    expect(h.during(800 * MS)).toEqual(['eth0 01 > 02: reply 10.1.0.5 is-at 01 to 10.0.0.2 (02)']);
  });
});

it('leaves what this host itself has sent alone, which is no loss [ARP-15]', () => {
  expect(t.h.receive(dev, arpFrame({}), (skb) => (skb.pktType = PACKET_LOOPBACK))).toEqual([]);
  expect([t.h.neigh(), t.h.drops()]).toEqual([[], {}]);
});

it('does not take marks of those before it for its own [ARP-15] [ARP-22]', () => {
  const { h } = t;
  h.eth('eth1', '11', '10.1.0.1/24');
  h.set({ 'eth0.proxy_arp': 1, 'eth0.forwarding': 1 });
  expect(h.receive(dev, arpFrame({ tip: '10.1.0.5' }), (skb) => void skb.cb.fill(-1))).toEqual([]);
  expect(h.during(800 * MS).length).toBe(1);
});

describe('arp_process', () => {
  it.each([1, 6])('takes hardware type %i on Ethernet [ARP-16]', (hrd) => {
    expect(t.h.arp(dev, { hrd })).toEqual([ANSWER]);
  });

  it.each([0, 2, 7, 15, 24, 256, 0xffff])('drops hardware type %i on Ethernet [ARP-16]', (hrd) => {
    expect(refused({ hrd })).toEqual({ NOT_SPECIFIED: 1 });
  });

  it('takes but the own hardware type on other devices, and says it in answers [ARP-16]', () => {
    const { h } = t;
    const other = h.device('odd0', '21', (d) => (d.type = ARPHRD_IPGRE));
    expect(devOpen(other)).toBe(0);
    h.addr(other, '10.2.0.1/24');
    const ask = { sip: '10.2.0.2', tip: '10.2.0.1' };
    for (const hrd of [1, 6]) expect(h.arp(other, { ...ask, hrd })).toEqual([]);
    expect(h.arp(other, { ...ask, hrd: ARPHRD_IPGRE })).toEqual(['odd0 21 > 02: reply 10.2.0.1 is-at 21 to 10.2.0.2 (02)']);
    expect([...(h.frames.at(-1) as Uint8Array).subarray(14, 16)]).toEqual([ARPHRD_IPGRE >> 8, ARPHRD_IPGRE & 0xff]);
  });

  it.each([0x0801, 0x86dd, 0x80, 0x08])('drops protocol type %i [ARP-16]', (pro) => {
    expect(refused({ pro })).toEqual({ NOT_SPECIFIED: 1 });
  });

  it.each([0, 3, 4, 8, 9, 10, 23, 0xffff])('drops operation %i [ARP-16]', (op) => {
    expect(refused({ op })).toEqual({ NOT_SPECIFIED: 1 });
  });

  it('drops everything on a device without IPv4 [ARP-16]', () => {
    const bare = t.h.device('eth9', '29', (d) => (d.minMtu = 0));
    expect(devOpen(bare)).toBe(0);
    expect(devSetMtu(bare, 60)).toBe(0);
    expect(t.h.arp(bare)).toEqual([]);
    expect([t.h.neigh(), t.h.drops()]).toEqual([[], { NOT_SPECIFIED: 1 }]);
  });

  it.each(['224.0.0.1', '239.1.1.1'])('drops requests for the group %s [ARP-17]', (tip) => {
    expect(refused({ tip })).toEqual({ NOT_SPECIFIED: 1 });
  });

  it('drops requests for loopback addresses, but with route_localnet, of all or the interface [ARP-17]', () => {
    expect(refused({ tip: '127.0.0.1' })).toEqual({ NOT_SPECIFIED: 1 });
    expect(refused({ tip: '127.0.0.2', sip: '0.0.0.0' })).toEqual({ NOT_SPECIFIED: 2 });
    const answer = (addr: string): string => `eth0 01 > 02: reply ${addr} is-at 01 to 10.0.0.2 (02)`;
    t.h.set({ 'eth0.route_localnet': 1 });
    expect(t.h.arp(dev, { tip: '127.0.0.2' })).toEqual([answer('127.0.0.2')]);
    t.h.set({ 'eth0.route_localnet': 0, 'all.route_localnet': 1 });
    expect(t.h.arp(dev, { tip: '127.0.0.1' })).toEqual([answer('127.0.0.1')]);
  });

  it.each(['10.0.0.255', '10.0.0.0', '255.255.255.255', '0.0.0.0', '240.0.0.1', '10.0.0.9'])('neither answers nor counts as lost a request for %s [ARP-19]', (tip) => {
    expect(refused({ tip })).toEqual({});
  });

  it.each(['224.0.0.1', '127.0.0.1', '10.0.0.1', '255.255.255.255', '10.1.0.1'])('neither answers nor learns a sender %s, which routing refuses [ARP-19]', (sip) => {
    t.h.eth('eth1', '11', '10.1.0.1/24');
    expect(refused({ sip })).toEqual({});
  });

  it('answers senders of other subnets [ARP-19]', () => {
    expect(t.h.arp(dev, { sip: '10.9.9.9' })).toEqual(['eth0 01 > 02: reply 10.0.0.1 is-at 01 to 10.9.9.9 (02)']);
    expect(t.h.neigh()).toEqual(['10.9.9.9 eth0 02 STALE']);
  });

  it('answers where the packet says, whatever hardware address that is [ARP-19]', () => {
    for (const [sha, shown] of [['-', '-'], ['*', '*'], ['01', '01']] as const) {
      expect(t.h.arp(dev, { sha })).toEqual([`eth0 01 > ${shown}: reply 10.0.0.1 is-at 01 to 10.0.0.2 (${shown})`]);
      expect(t.h.neigh()).toEqual([`10.0.0.2 eth0 ${shown} STALE`]);
    }
  });

  it('answers for addresses that a local route covers [ARP-19]', () => {
    t.h.route('10.8.0.0/24', t.h.lo, { type: RTN_LOCAL, scope: 254, table: 255 });
    expect(t.h.arp(dev, { tip: '10.8.0.5' })).toEqual(['eth0 01 > 02: reply 10.8.0.5 is-at 01 to 10.0.0.2 (02)']);
    expect(t.h.arp(dev, { tip: '10.8.0.5', sip: '0.0.0.0' })).toEqual(['eth0 01 > 02: reply 10.8.0.5 is-at 01 to 0.0.0.0 (02)']);
  });

  it('does not answer senders that reverse path filtering refuses [ARP-19]', () => {
    t.h.eth('eth1', '11', '10.1.0.1/24');
    t.h.set({ 'eth0.rp_filter': 1 });
    expect(refused({ sip: '10.1.0.9' })).toEqual({});
    expect(t.h.arp(dev)).toEqual([ANSWER]);
  });
});

describe('a probe (sender 0.0.0.0)', () => {
  const answer = (addr: string): string => `eth0 01 > 02: reply ${addr} is-at 01 to 0.0.0.0 (02)`;

  it('is answered for each address of the host, and nobody is learned [ARP-18]', () => {
    t.h.eth('eth1', '11', '10.1.0.1/24');
    t.h.set({ 'eth0.arp_accept': 1 });
    expect(t.h.arp(dev, { sip: '0.0.0.0' })).toEqual([answer('10.0.0.1')]);
    expect(t.h.arp(dev, { sip: '0.0.0.0', tip: '10.1.0.1' })).toEqual([answer('10.1.0.1')]);
    expect(t.h.neigh()).toEqual([]);
  });

  it('is not answered for the addresses of others, nor in the form of a reply [ARP-18]', () => {
    expect(refused({ sip: '0.0.0.0', tip: '10.0.0.9' })).toEqual({});
    expect(refused({ op: 2, sip: '0.0.0.0', to: '01', tha: '01' })).toEqual({});
  });

  it('is subject to arp_ignore, not to arp_filter [ARP-18]', () => {
    t.h.set({ 'eth0.arp_filter': 1 });
    expect(t.h.arp(dev, { sip: '0.0.0.0' })).toEqual([answer('10.0.0.1')]);
    t.h.set({ 'eth0.arp_ignore': 8 });
    expect(refused({ sip: '0.0.0.0' })).toEqual({});
  });
});

describe('hooks', () => {
  const hook = (hooknum: number, verdict: number, seen: string[]): { undo: () => void } => {
    const ops = {
      pf: NFPROTO_ARP,
      hooknum,
      priority: 0,
      hook(_priv: unknown, skb: SkBuff, state: NfHookState): number {
        seen.push(`${state.in?.name ?? '-'} ${state.out?.name ?? '-'} op ${skb.bytes[skb.networkHeader + 7]}`);
        return verdict;
      },
    };
    expect(nfRegisterNetHook(t.h.net, ops)).toBe(0);
    return { undo: () => nfUnregisterNetHook(t.h.net, ops) };
  };

  it('see what comes in after the checks of the lengths, and may keep it from being answered and learned [ARP-15]', () => {
    const seen: string[] = [];
    expect(t.h.net.nf.mask & NF_BIT_ARP_IN).toBe(0);
    let { undo } = hook(NF_ARP_IN, NF_ACCEPT, seen);
    t.h.arp(dev, { hln: 5 });
    t.h.arp(dev, { to: '55' });
    expect(seen).toEqual([]);
    expect(t.h.arp(dev)).toEqual([ANSWER]);
    expect(seen).toEqual(['eth0 - op 1']);
    undo();
    t.h.flush();
    ({ undo } = hook(NF_ARP_IN, NF_DROP, seen));
    expect(t.h.arp(dev)).toEqual([]);
    expect(t.h.neigh()).toEqual([]);
    undo();
    expect(t.h.arp(dev)).toEqual([ANSWER]);
  });

  it('see what goes out, and may keep it back [ARP-13]', () => {
    const seen: string[] = [];
    let { undo } = hook(NF_ARP_OUT, NF_ACCEPT, seen);
    expect(t.h.arp(dev)).toEqual([ANSWER]);
    expect(t.h.send('10.0.0.9')).toEqual(['eth0 01 > *: who-has 10.0.0.9 (-) tell 10.0.0.1 (01)']);
    expect(seen).toEqual(['- eth0 op 2', '- eth0 op 1']);
    undo();
    ({ undo } = hook(NF_ARP_OUT, NF_DROP, seen));
    expect(t.h.arp(dev)).toEqual([]);
    expect(t.h.neigh()).toEqual(['10.0.0.2 eth0 02 STALE', '10.0.0.9 eth0 INCOMPLETE']);
    undo();
  });
});

describe('arp_send', () => {
  const send = (...args: [destHw: string | null, srcHw: string | null, targetHw: string | null]): string[] => {
    const [destHw, srcHw, targetHw] = args.map((text) => (text === null ? null : mac(text)));
    arpSend(1, 0x0a000009, dev, 0x0a000001, destHw as Uint8Array | null, srcHw as Uint8Array | null, targetHw as Uint8Array | null);
    t.h.clock.advance(0);
    return t.h.take();
  };

  it('broadcasts without a destination, from the device itself, with an empty target [ARP-12]', () => {
    expect(send(null, null, null)).toEqual(['eth0 01 > *: who-has 10.0.0.9 (-) tell 10.0.0.1 (01)']);
  });

  it('writes the addresses that it is given: the frame goes to one, the packet names another [ARP-12]', () => {
    expect(send('09', '05', '07')).toEqual(['eth0 05 > 09: who-has 10.0.0.9 (07) tell 10.0.0.1 (05)']);
    expect(send(null, null, '07')).toEqual(['eth0 01 > *: who-has 10.0.0.9 (07) tell 10.0.0.1 (01)']);
  });
});

it('survives every single mutated byte of a request and of a reply [ARP-16]', () => {
  t.h.set({ 'eth0.arp_accept': 1 });
  for (const op of [1, 2]) {
    for (let at = 12; at < 42; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const frame = arpFrame({ op, to: '01', tha: '01' });
        frame[at] ^= flip;
        t.h.receive(dev, frame);
      }
    }
  }
  expect(t.h.arp(dev)).toEqual([ANSWER]);
});

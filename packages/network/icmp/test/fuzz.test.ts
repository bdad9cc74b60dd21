/** Whatever comes over the link, nothing throws and nothing is left behind. */
import { Random } from '@skbuff/core';
import { ethFrame, icmpMessage, receiveFrame } from '@skbuff/testkit';
import { ETH_P_IP } from '@skbuff/uapi';
import { ipComputeCsum, setBe16 } from '@skbuff/wire';
import { expect, it } from 'vitest';
import { ipPacket, Router, useRouter } from './support.ts';

const t = useRouter();

/** Whatever it is, the frame says that it is IPv4. */
function receive(packet: Uint8Array): void {
  receiveFrame(t.r.v0, ethFrame(t.r.v0, packet, { type: ETH_P_IP }));
}

const seeds = (): Uint8Array[] => {
  const quoted = ipPacket({ saddr: '10.0.0.1', daddr: '10.0.1.9', payload: new Uint8Array(8) });
  const options = [7, 7, 4, 0, 0, 0, 0, 131, 11, 4, 10, 0, 0, 9, 10, 0, 1, 2, 68, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 148, 4, 0, 0, 1, 0];
  return [
    ipPacket(),
    ipPacket({ options }),
    ipPacket({ daddr: '10.0.1.2', options }),
    ipPacket({ payload: icmpMessage(3, 4, 1400, quoted) }),
    ipPacket({ payload: icmpMessage(5, 1, 0x0a000003, quoted) }),
    ipPacket({ payload: icmpMessage(13, 0, 1, new Uint8Array(12)) }),
    ipPacket({ daddr: '10.0.1.2', proto: 17, ttl: 1 }),
    ipPacket({ daddr: '10.0.1.2', proto: 17, fragOff: 0x4000, payload: new Uint8Array(1400) }),
    ipPacket({ fragOff: 0x2000, payload: new Uint8Array(80) }),
    ipPacket({ fragOff: 10, payload: new Uint8Array(40) }),
    ipPacket({ daddr: '224.0.0.1' }),
  ];
};

function prepare(r: Router): void {
  r.sysctl('net/ipv4/ip_forward', 1);
  r.sysctl('net/ipv4/conf/all/accept_source_route', 1);
  r.sysctl('net/ipv4/icmp_echo_ignore_broadcasts', 0);
  r.sysctl('net/ipv4/icmp_ratelimit', 0);
}

it('survives packets cut at every length, with the header made to agree', () => {
  prepare(t.r);
  for (const packet of seeds()) {
    for (let n = 0; n <= packet.length; n += packet.length > 200 && n > 80 ? 97 : 1) {
      const cut = packet.slice(0, n);
      receive(cut);
      if (n >= 20) {
        setBe16(cut, 2, n);
        setBe16(cut, 10, 0);
        setBe16(cut, 10, ipComputeCsum(cut, 0, Math.min(n, (cut[0] & 15) * 4)));
        receive(cut);
      }
    }
  }
  t.r.clock.advance(31e9);
  expect(t.r.take().length).toBeGreaterThan(100);
});

it('survives frames cut at every length', () => {
  const frame = ethFrame(t.r.v0, ipPacket());
  for (let n = 0; n <= frame.length; n++) receiveFrame(t.r.v0, frame.slice(0, n));
});

it('survives random options', () => {
  prepare(t.r);
  const random = new Random(7);
  const types = [0, 1, 7, 68, 130, 131, 134, 136, 137, 148, 0x99];
  for (let i = 0; i < 20000; i++) {
    const options = Array.from({ length: 4 * (1 + random.below(10)) }, () => random.below(256));
    for (let k = 0, at = 0; k < 4 && at < options.length; k++) {
      options[at] = types[random.below(types.length)] as number;
      const len = random.below(12);
      options[at + 1] = len;
      options[at + 2] = random.below(16);
      at += Math.max(1, len);
    }
    const packet = ipPacket({ daddr: random.below(2) === 0 ? '10.0.0.1' : '10.0.1.2', options: options.slice(0, options.length & ~3).map((b) => b & 0xff), ttl: 1 + random.below(3) });
    receive(packet);
  }
  t.r.clock.advance(31e9);
  const sent = t.r.take();
  expect(sent.length).toBeGreaterThan(1000);
  expect(sent.every(({ ip }) => ipComputeCsum(ip, 0, (ip[0] & 15) * 4) === 0)).toBe(true);
});

it('survives random changes of good packets, with the checksums made right or not', () => {
  prepare(t.r);
  const random = new Random(11);
  const good = seeds();
  for (let i = 0; i < 30000; i++) {
    const packet = (good[random.below(good.length)] as Uint8Array).slice();
    for (let k = random.below(5); k >= 0; k--) packet[random.below(Math.min(packet.length, 90))] = random.below(256);
    if (random.below(4) !== 0) {
      packet[0] = 0x40 | (packet[0] & 15);
      const hlen = Math.min(packet.length, (packet[0] & 15) * 4);
      setBe16(packet, 10, 0);
      setBe16(packet, 10, ipComputeCsum(packet, 0, hlen));
    }
    receive(random.below(3) === 0 ? packet.slice(0, random.below(packet.length + 1)) : packet);
  }
  t.r.clock.advance(31e9);
});

it('survives fragments in any order, of any overlap', () => {
  const random = new Random(13);
  const data = icmpMessage(8, 0, 1, Uint8Array.from({ length: 600 }, (_, i) => i));
  for (let i = 0; i < 10000; i++) {
    // Mostly one of four pieces that fit together, now and then anything.
    const fits = random.below(20) !== 0;
    const from = fits ? random.below(4) * 152 : random.below(76) * 8;
    const to = Math.min(data.length, fits ? from + 152 : from + random.below(40) * 8);
    const last = to === data.length || (!fits && random.below(20) === 0);
    receive(ipPacket({ id: random.below(3), tos: random.below(4), fragOff: (from >> 3) | (last ? 0 : 0x2000), payload: data.slice(from, to) }));
    if (random.below(50) === 0) t.r.clock.advance(random.below(10) * 1e9);
  }
  t.r.clock.advance(31e9);
  const counters = t.r.counters();
  expect(counters['Ip:ReasmReqds']).toBeGreaterThan(9900);
  expect(counters['IpExt:ReasmOverlaps']).toBeGreaterThan(100);
  expect(counters['Ip:ReasmOKs']).toBeGreaterThan(0);
});

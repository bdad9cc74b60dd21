/** Whatever comes over the link, nothing throws and nothing is left behind. */
import { Random } from '@skbuff/core';
import { ethFrame, icmp6Message, receiveFrame } from '@skbuff/testkit';
import { ETH_P_IPV6 } from '@skbuff/uapi';
import { csumFold, csumIpv6Nofold, csumPartial, setBe16 } from '@skbuff/wire';
import { beforeEach, expect, it } from 'vitest';
import { A, FAR, packet, R, useRouter } from './support.ts';

const t = useRouter();
beforeEach(() => {
  for (const name of ['all', 'v0']) for (const kind of ['seg6_enabled', 'rpl_seg_enabled', 'ioam6_enabled']) t.r.sysctl(`net/ipv6/conf/${name}/${kind}`, 1);
  t.r.sysctl('net/ipv6/icmp/ratemask', '');
  t.r.ip.ndisc = { ...(t.r.ip.ndisc as NonNullable<typeof t.r.ip.ndisc>), rcv: () => 0 };
});

/** Whatever it is, the frame says that it is IPv6. */
function receive(bytes: Uint8Array): void {
  receiveFrame(t.r.v0, ethFrame(t.r.v0, bytes, { type: ETH_P_IPV6 }));
}

const OPTIONS = [0, 1, 5, 2, 0, 0, 1, 2, 0, 0, 0x1e, 2, 1, 2, 0, 0];
const RPL = [0, 2, 3, 2, 0x5f, 0x40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 5, 0, 0, 0, 0];
const TRACE = [0, 2, 1, 0, 0x31, 18, 0, 0, 0, 1, 0x08, 2, 0x80, 0, 0, 0, ...new Array<number>(8).fill(0)];
const SRH = [0, 4, 4, 1, 1, 0, 0, 0, ...new Array<number>(15).fill(0), 9, ...[0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]];

function seeds(): Uint8Array[] {
  const quoted = packet({ saddr: R, daddr: A, ext: [[60, OPTIONS], [44, [0, 0, 0, 1, 0, 0, 0, 9]]], payload: new Uint8Array(8) });
  const fragment = (off: number): [number, number[]] => [44, [0, 0, off >> 8, off & 0xff, 0, 0, 0, 7]];
  const error = (type: number): Uint8Array => packet({ payload: icmp6Message(A, R, type, 0, [0, 0, 5, 0x78, ...quoted]) });
  return [
    packet(),
    packet({ ext: [[0, OPTIONS], [60, OPTIONS]] }),
    packet({ ext: [[0, OPTIONS], [43, [0, 0, 0, 0, 0, 0, 0, 0]], fragment(0), [60, OPTIONS]] }),
    packet({ ext: [[43, SRH]] }),
    packet({ ext: [[0, TRACE], [43, RPL]] }),
    packet({ ext: [fragment(1)], payload: new Uint8Array(80) }),
    packet({ ext: [fragment(80)], payload: new Uint8Array(40) }),
    packet({ daddr: FAR, ttl: 1 }),
    packet({ daddr: FAR, ttl: 1, ext: [[60, OPTIONS], fragment(8)] }),
    packet({ proto: 253, ext: [[60, OPTIONS]] }),
    error(1),
    error(2),
    error(99),
  ];
}

it('survives packets cut at every length, with the header made to agree', () => {
  for (const bytes of seeds()) {
    for (let n = 0; n <= bytes.length; n++) {
      const cut = bytes.slice(0, n);
      receive(cut);
      if (n >= 40) {
        setBe16(cut, 4, n - 40);
        receive(cut);
      }
    }
  }
  t.r.clock.advance(61e9);
  expect(t.r.take().length).toBeGreaterThan(100);
});

it('survives random changes of good packets, with the sum made right or not', () => {
  const random = new Random(5);
  const all = seeds();
  for (let i = 0; i < 20000; i++) {
    const bytes = (all[random.below(all.length)] as Uint8Array).slice();
    for (let k = random.below(4) + 1; k > 0; k--) bytes[random.below(3) === 0 ? 4 + random.below(4) : 40 + random.below(bytes.length - 40)] = random.below(256);
    if (bytes[6] === 58 && random.below(2) === 0) {
      setBe16(bytes, 42, 0);
      setBe16(bytes, 42, csumFold(csumPartial(bytes, 40, bytes.length - 40, csumIpv6Nofold(bytes, 8, bytes.length - 40, 58))));
    }
    receive(bytes);
    if (i % 500 === 0) t.r.clock.advance(1e9);
  }
  t.r.clock.advance(61e9);
  expect(t.r.take().length).toBeGreaterThan(1000);
});

it('survives chains of random headers', () => {
  const random = new Random(9);
  const kinds = [0, 43, 43, 44, 51, 60, 60];
  for (let i = 0; i < 20000; i++) {
    const ext = Array.from({ length: 1 + random.below(4) }, (): [number, number[]] => {
      const kind = kinds[random.below(kinds.length)] as number;
      const units = kind === 44 ? 0 : random.below(3);
      const body = Array.from({ length: 8 + units * 8 }, () => random.below(random.below(2) === 0 ? 8 : 256));
      if (random.below(8) !== 0) body[1] = units;
      if (kind === 43 && random.below(2) === 0) body[2] = 4;
      return [kind, body];
    });
    receive(packet({ ext, daddr: random.below(4) === 0 ? FAR : R }));
    if (i % 500 === 0) t.r.clock.advance(1e9);
  }
  t.r.clock.advance(61e9);
  expect(t.r.counters().Ip6InReceives).toBeGreaterThanOrEqual(20000);
});

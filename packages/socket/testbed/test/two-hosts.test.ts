import { AF_INET, IPPROTO_UDP, SOCK_DGRAM } from '@skbuff/uapi';
import { be16, be32, ipComputeCsum } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { TwoHosts, bytes, ipFrame, sin, udpFrame } from '../src/index.ts';

describe('two hosts', () => {
  it('reach each other, count, and leave nothing', () => {
    const bed = new TwoHosts([]);
    const frames = bed.capture(bed.vb);
    bed.inject(bed.vb, ipFrame(bed.vb, 200, bytes('nobody speaks this')));
    expect(bed.icmp.map(({ type, code }) => [type, code])).toEqual([[3, 2]]);
    expect(bed.snmp(bed.b, 'Ip', 'InUnknownProtos')).toBe(1);
    expect(bed.sysctl(bed.a, 'net/ipv4/ip_default_ttl', '9')).toBe(0);
    expect(bed.readSysctl(bed.a, 'net/ipv4/ip_default_ttl')).toBe('9\n');
    expect(bed.ta.socket(AF_INET, SOCK_DGRAM)).toBeLessThan(0);
    expect(frames).toEqual([]);
    expect(bed.close()).toEqual({});
  });

  it('say when something is left', () => {
    const bed = new TwoHosts([]);
    const skb = bed.kernel.skbs.alloc(10);
    expect(Object.keys(bed.close()).length).toBeGreaterThan(0);
    skb?.consume();
  });
});

describe('frames', () => {
  it('are right in what nobody said', () => {
    const bed = new TwoHosts([]);
    const frame = udpFrame({ to: bed.vb, dport: 53 });
    expect([...frame.subarray(0, 6)]).toEqual([...bed.vb.devAddr.subarray(0, 6)]);
    expect(be16(frame, 12)).toBe(0x0800);
    expect(ipComputeCsum(frame, 14, 20)).toBe(0);
    expect(be16(frame, 16)).toBe(frame.length - 14);
    expect(frame[23]).toBe(IPPROTO_UDP);
    expect([be32(frame, 26), be32(frame, 30)]).toEqual([sin('10.0.0.1', 0).addr, sin('10.0.0.2', 0).addr]);
    expect([be16(frame, 34), be16(frame, 36), be16(frame, 38)]).toEqual([1000, 53, 12]);
    const cut = udpFrame({ to: bed.vb, dport: 53, ulen: 99, check: 1, cut: 6, options: [1, 1, 1, 0], ttl: 3 });
    expect(cut.length).toBe(14 + 24 + 6);
    expect([cut[14], cut[22], be16(cut, 38 + 4)]).toEqual([0x46, 3, 99]);
    expect(bed.close()).toEqual({});
  });
});

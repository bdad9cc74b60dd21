import { SOCK_DGRAM } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { TwoHosts, bytes, hostFamilies, ipFrame, sin, udpFrame } from '../src/index.ts';

describe.each(hostFamilies)('two hosts of $name', (family) => {
  it('reach each other and leave nothing', () => {
    const bed = new TwoHosts([], family);
    bed.inject(bed.vb, ipFrame(bed.vb, 200, bytes('nobody speaks this'), {}, family));
    expect(bed.icmp.map(({ net }) => net === bed.b)).toEqual([true]);
    expect(bed.ta.socket(family.af, SOCK_DGRAM)).toBeLessThan(0);
    expect(family.sockaddr(family.hostA, 53).family).toBe(family.af);
    expect(bed.close()).toEqual({});
  });

  it('have the addresses that the test gives them', () => {
    const bed = new TwoHosts([], family);
    const frame = udpFrame({ to: bed.va, saddr: family.hostB, daddr: family.hostA, dport: 53 }, family);
    for (const dev of [bed.va, bed.vb]) bed.inject(dev, frame);
    // The other host is not the one that is meant.
    expect(bed.icmp.map(({ net }) => net === bed.a)).toEqual([true]);
    expect(() => bed.addr(bed.va, family.hostA, family.prefixlen)).toThrow(`${family.hostA}/${family.prefixlen} on va: -17`);
    expect(bed.close()).toEqual({});
  });
});

describe('two hosts', () => {
  it('count, and have settings', () => {
    const bed = new TwoHosts([]);
    const frames = bed.capture(bed.vb);
    bed.inject(bed.vb, ipFrame(bed.vb, 200, bytes('nobody speaks this')));
    expect(bed.icmp.map(({ type, code }) => [type, code])).toEqual([[3, 2]]);
    expect(bed.snmp(bed.b, 'Ip', 'InUnknownProtos')).toBe(1);
    expect(bed.sysctl(bed.a, 'net/ipv4/ip_default_ttl', '9')).toBe(0);
    expect(bed.readSysctl(bed.a, 'net/ipv4/ip_default_ttl')).toBe('9\n');
    expect(sin('10.0.0.1', 53)).toEqual({ family: 2, addr: 0x0a000001, port: 53 });
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

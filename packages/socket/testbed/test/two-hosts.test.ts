import { AF_INET, SOCK_DGRAM } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { TwoHosts, bytes, ipFrame } from '../src/index.ts';

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

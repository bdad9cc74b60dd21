import { NUD_FAILED, NUD_INCOMPLETE, NUD_REACHABLE } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { MS, SEC, useHost } from './support.ts';

const t = useHost();

describe('resolution', () => {
  it('asks, keeps the packets, and sends them in order when the answer comes [ARP-02] [ARP-07] [NEIGH-21]', () => {
    const { h } = t;
    const dev = h.eth('eth0', '01', '10.0.0.1');
    expect(h.send(dev, '10.0.0.2', '10.0.0.1')).toBe(0);
    expect(h.take()).toEqual(['eth0 01 > *: who-has 10.0.0.2 (-) tell 10.0.0.1 (01)']);
    h.send(dev, '10.0.0.2', '10.0.0.9');
    expect(h.take()).toEqual([]);
    h.arp(dev, { op: 2, sha: '02', sip: '10.0.0.2', tha: '01', tip: '10.0.0.1', to: '01' });
    expect(h.take()).toEqual(['eth0 01 > 02: ip 10.0.0.1 > 10.0.0.2', 'eth0 01 > 02: ip 10.0.0.9 > 10.0.0.2']);
    expect(h.state(dev, '10.0.0.2')).toBe(NUD_REACHABLE);
    h.send(dev, '10.0.0.2', '10.0.0.1');
    expect(h.take()).toEqual(['eth0 01 > 02: ip 10.0.0.1 > 10.0.0.2']);
  });

  it('asks three times, a second apart, then fails and reports [NEIGH-15] [NEIGH-16] [NEIGH-17]', () => {
    const { h } = t;
    const dev = h.eth('eth0', '01', '10.0.0.1');
    h.send(dev, '10.0.0.2', '10.0.0.1');
    h.advance(999 * MS);
    expect(h.take().length).toBe(1);
    h.advance(1 * MS);
    expect(h.take().length).toBe(1);
    h.advance(1 * SEC);
    expect(h.take().length).toBe(1);
    expect(h.state(dev, '10.0.0.2')).toBe(NUD_INCOMPLETE);
    h.advance(1 * SEC);
    expect(h.take()).toEqual([]);
    expect(h.state(dev, '10.0.0.2')).toBe(NUD_FAILED);
    expect(h.icmp).toEqual([[3, 1]]);
  });

  it('answers requests for its own address [ARP-19]', () => {
    const { h } = t;
    const dev = h.eth('eth0', '01', '10.0.0.1');
    h.arp(dev, { op: 1, sha: '02', sip: '10.0.0.2', tip: '10.0.0.1' });
    expect(h.take()).toEqual(['eth0 01 > 02: reply 10.0.0.1 is-at 01 to 10.0.0.2 (02)']);
  });
});

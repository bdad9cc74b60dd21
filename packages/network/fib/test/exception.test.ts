/** What ICMP teaches about single destinations: path MTU and redirects; and redirects that this host sends. */
import { devSetMtu, type NetDevice, type SkBuff } from '@skbuff/core';
import { Flowi4, RTCF_REDIRECTED, type Rtable, ipv4Mtu } from '@skbuff/ipv4';
import * as U from '@skbuff/uapi';
import { sysctlOf } from '@skbuff/sysctl';
import { beforeEach, describe, expect, it } from 'vitest';
import { FnheTable } from '../src/index.ts';
import { SEC, ip4, useHost } from './support.ts';

const t = useHost();
let v0: NetDevice;

beforeEach(() => {
  t.h.loUp();
  v0 = t.h.eth('v0', '10.0.0.1/24');
  t.h.route('default', { gw: ip4('10.0.0.9') });
});

function rtOf(daddr: string): Rtable {
  const rt = t.h.output(Object.assign(new Flowi4(), { daddr: ip4(daddr) }));
  if (typeof rt === 'number') throw new Error(`errno ${rt}`);
  rt.release();
  return rt;
}

const mtu = (daddr: string): number => ipv4Mtu(rtOf(daddr));

/** The packet that an ICMP error quotes: `skb.data` at its header. */
function quoted(saddr: string, daddr: string): SkBuff {
  return t.h.packet(v0, saddr, daddr);
}

function fragNeeded(daddr: string, value: number): void {
  const skb = quoted('10.0.0.1', daddr);
  t.h.ip.routing!.updatePmtu!(t.h.net, skb, value);
  skb.consume();
}

describe('path MTU discovery', () => {
  it('lowers the MTU of one destination [FNHE-03 FNHE-05 FIB-12]', () => {
    expect([mtu('99.0.0.1'), mtu('99.0.0.2')]).toEqual([1500, 1500]);
    fragNeeded('99.0.0.1', 1000);
    expect([mtu('99.0.0.1'), mtu('99.0.0.2'), rtOf('99.0.0.1').pmtu]).toEqual([1000, 1500, 1000]);
    expect(rtOf('99.0.0.1') === rtOf('99.0.0.1')).toBe(true);
  });

  it('also for a decision that somebody holds, at once', () => {
    fragNeeded('99.0.0.1', 1000);
    const rt = rtOf('99.0.0.1');
    fragNeeded('99.0.0.1', 900);
    expect([rt.pmtu, mtu('99.0.0.1')]).toEqual([900, 900]);
  });

  it('does not raise it', () => {
    fragNeeded('99.0.0.1', 1000);
    fragNeeded('99.0.0.1', 1200);
    expect(mtu('99.0.0.1')).toBe(1000);
  });

  it('for ten minutes, or as mtu_expires says [FNHE-06]', () => {
    fragNeeded('99.0.0.1', 1000);
    t.h.clock.advance(599 * SEC);
    expect(mtu('99.0.0.1')).toBe(1000);
    t.h.clock.advance(2 * SEC);
    expect(mtu('99.0.0.1')).toBe(1500);
    expect(sysctlOf(t.h.net).write('net/ipv4/route/mtu_expires', '10')).toBe(0);
    fragNeeded('99.0.0.1', 1000);
    t.h.clock.advance(11 * SEC);
    expect(mtu('99.0.0.1')).toBe(1500);
  });

  it('believes nothing below min_pmtu: the MTU is that then, and no more is learned [FNHE-05]', () => {
    fragNeeded('99.0.0.1', 100);
    const rt = rtOf('99.0.0.1');
    expect([mtu('99.0.0.1'), rt.pmtuLocked]).toEqual([552, true]);
    fragNeeded('99.0.0.1', 552);
    expect(mtu('99.0.0.1')).toBe(552);
  });

  it('leaves a locked metric alone [FINFO-15]', () => {
    const metrics = new Uint32Array(18);
    metrics[U.RTAX_MTU] = 1400;
    metrics[U.RTAX_LOCK] = 1 << U.RTAX_MTU;
    t.h.route('99.0.0.0/8', { gw: ip4('10.0.0.9'), metrics });
    fragNeeded('99.0.0.1', 1000);
    expect(mtu('99.0.0.1')).toBe(1400);
    t.h.route('98.0.0.0/8', { gw: ip4('10.0.0.9'), metrics: metrics.with(U.RTAX_LOCK, 0) });
    fragNeeded('98.0.0.1', 1000);
    expect(mtu('98.0.0.1')).toBe(1000);
  });

  it('is forgotten when the cache is flushed, and shown by a dump of the cache', () => {
    fragNeeded('99.0.0.1', 1000);
    rtOf('99.0.0.1');
    const dump = (): number => t.h.talk(t.h.port({ strict: true }), U.RTM_GETROUTE, U.NLM_F_DUMP, { flags: U.RTM_F_CLONED }).msgs.length;
    expect(dump()).toBe(1);
    expect(sysctlOf(t.h.net).write('net/ipv4/route/flush', '1')).toBe(0);
    expect([dump(), mtu('99.0.0.1')]).toEqual([0, 1500]);
  });

  it('follows the MTU of the device down', () => {
    fragNeeded('99.0.0.1', 1000);
    expect(devSetMtu(v0, 900)).toBe(0);
    expect([mtu('99.0.0.1'), mtu('99.0.0.2')]).toEqual([900, 900]);
  });

  it('goes with the route [FNHE-02]', () => {
    fragNeeded('99.0.0.1', 1000);
    rtOf('99.0.0.1');
    const before = t.h.ip.dstOps.entries;
    t.h.unroute('0.0.0.0/0');
    expect(t.h.ip.dstOps.entries).toBeLessThan(before);
  });

  it('says for how long in `ip route get`', () => {
    fragNeeded('99.0.0.1', 1000);
    const reply = t.h.talk(t.h.port(), U.RTM_GETROUTE, 0, { dstLen: 32 }, (b) => b.nlaPutInAddr(U.RTA_DST, ip4('99.0.0.1')));
    const hex = Buffer.from(reply.msgs[0].buf).toString('hex');
    // RTA_METRICS { RTAX_MTU 1000 }, and 600 s in hundredths in RTA_CACHEINFO.
    expect(hex).toContain('0c00080008000200e8030000');
    expect(hex).toContain('60ea0000');
  });
});

describe('a table of exceptions', () => {
  it('keeps chains short: the one unused for longest goes [FNHE-01]', () => {
    const table = new FnheTable(12345);
    const { random } = t.h.kernel;
    for (let i = 0; i < 100_000; i++) {
      const entry = table.add(0x10000000 + i, 1, random);
      entry.stamp = i;
    }
    const all = [...table.all()];
    expect(all.length).toBeLessThanOrEqual(2048 * 11);
    expect(all.length).toBeGreaterThan(2048 * 4);
    expect(Math.max(...all.map((e) => e.stamp))).toBe(99_999);
    expect(all.reduce((sum, e) => sum + e.stamp, 0) / all.length).toBeGreaterThan(60_000);
  });
});

describe('a redirect arrives', () => {
  const known = (text: string): void => {
    const neigh = t.h.ip.arpTbl!.create(v0, ip4(text));
    if (typeof neigh === 'number') throw new Error(String(neigh));
    neigh.nudState = U.NUD_REACHABLE;
  };
  const redirect = (gateway: string, from = '10.0.0.9', daddr = '99.0.0.1'): string => {
    const skb = quoted('10.0.0.1', daddr);
    t.h.ip.routing!.redirect!(t.h.net, skb, ip4(gateway), ip4(from));
    skb.consume();
    return String(t.h.get(daddr)).replace(/.* via /, '');
  };

  beforeEach(() => {
    for (const gateway of ['10.0.0.8', '11.0.0.7']) known(gateway);
  });

  it('moves that destination to the new gateway, and no other [FNHE-04 REDIR-10]', () => {
    expect(redirect('10.0.0.8')).toBe('10.0.0.8');
    expect(t.h.get('99.0.0.2')).toBe('10.0.0.1 > 99.0.0.2 dev v0 via 10.0.0.9');
    expect(rtOf('99.0.0.1').rtFlags & RTCF_REDIRECTED).toBe(RTCF_REDIRECTED);
  });

  it('for five minutes [FNHE-04]', () => {
    redirect('10.0.0.8');
    t.h.clock.advance(299 * SEC);
    expect(t.h.get('99.0.0.1')).toContain('10.0.0.8');
    t.h.clock.advance(2 * SEC);
    expect(t.h.get('99.0.0.1')).toContain('10.0.0.9');
  });

  it.each<[what: string, gateway: string, from: string]>([
    ['not from the present gateway', '10.0.0.8', '10.0.0.5'],
    ['to the present gateway', '10.0.0.9', '10.0.0.9'],
    ['to a group', '224.0.0.1', '10.0.0.9'],
    ['to limited broadcast', '255.255.255.255', '10.0.0.9'],
    ['to nobody', '0.0.0.0', '10.0.0.9'],
    ['to ourselves', '10.0.0.1', '10.0.0.9'],
    ['to a broadcast address', '10.0.0.255', '10.0.0.9'],
  ])('is ignored: %s [REDIR-06 REDIR-07 REDIR-09]', (_what, gateway, from) => {
    expect(redirect(gateway, from)).toBe('10.0.0.9');
  });

  it('is ignored on an interface that does not accept redirects, and the log says so [REDIR-07 REDIR-11]', () => {
    t.h.inDev(v0).cnf.acceptRedirects = 0;
    expect(redirect('10.0.0.8')).toBe('10.0.0.8');
    t.h.state.fnheGenid++;
    t.h.state.cacheFlush();
    t.h.inDev(v0).all.acceptRedirects = 0;
    t.h.inDev(v0).cnf.logMartians = 1;
    expect(redirect('10.0.0.8')).toBe('10.0.0.9');
    expect(t.h.log.slice(-2)).toEqual(['IPv4: Redirect from 10.0.0.9 on v0 about 10.0.0.8 ignored', '  Advised path = 10.0.0.1 -> 99.0.0.1']);
  });

  it('a router wants both settings [REDIR-11]', () => {
    t.h.forwarding();
    t.h.inDev(v0).cnf.acceptRedirects = 0;
    expect(redirect('10.0.0.8')).toBe('10.0.0.9');
  });

  it('without shared media only to a known gateway in the same network [REDIR-08]', () => {
    t.h.inDev(v0).cnf.sharedMedia = 0;
    t.h.inDev(v0).all.sharedMedia = 0;
    expect([redirect('11.0.0.7'), redirect('10.0.0.8')]).toEqual(['10.0.0.9', '10.0.0.9']);
    t.h.route('98.0.0.0/8', { gw: ip4('10.0.0.8') });
    expect(redirect('10.0.0.8')).toBe('10.0.0.8');
  });

  it('to a gateway that nobody knows yet only asks for it [REDIR-10]', () => {
    const neigh = t.h.ip.arpTbl!.create(v0, ip4('10.0.0.7'));
    if (typeof neigh === 'number') throw new Error(String(neigh));
    neigh.nudState = U.NUD_NONE;
    expect(redirect('10.0.0.7')).toBe('10.0.0.9');
    expect(neigh.nudState).toBe(U.NUD_INCOMPLETE);
    neigh.nudState = U.NUD_REACHABLE;
    expect(redirect('10.0.0.7')).toBe('10.0.0.7');
  });
});

describe('redirects that are sent', () => {
  beforeEach(() => {
    t.h.forwarding();
    t.h.route('192.168.0.0/16', { gw: ip4('10.0.0.8') });
  });

  const forward = (saddr = '10.0.0.2', daddr = '192.168.1.1'): void => t.h.receive(v0, saddr, daddr);

  it('name the next hop, and the packet goes on [REDIR-04 REDIR-01 REDIR-05]', () => {
    forward();
    expect(t.h.icmp).toEqual([[U.ICMP_REDIRECT, U.ICMP_REDIR_HOST, '10.0.0.8', '192.168.1.1']]);
    expect(t.h.sent.map((s) => s.dev)).toEqual(['v0']);
    forward('10.0.0.3', '10.0.0.7');
    expect(t.h.icmp[1]).toEqual([U.ICMP_REDIRECT, U.ICMP_REDIR_HOST, '10.0.0.7', '10.0.0.7']);
  });

  it('come again after 40 ms, doubled each time, nine times in all, and anew after 20 s of silence [REDIR-04]', () => {
    const at: number[] = [];
    for (let ms = 0; ms < 30_000; ms += 10) {
      const before = t.h.icmp.length;
      forward();
      if (t.h.icmp.length > before) at.push(ms);
      t.h.clock.advance(SEC / 100);
    }
    expect(at).toEqual([0, 50, 140, 310, 640, 1290, 2580, 5150, 10280]);
    t.h.clock.advance(21 * SEC);
    forward();
    expect(t.h.icmp.length).toBe(10);
  });

  it('are logged as ignored where martians are [REDIR-04]', () => {
    t.h.inDev(v0).cnf.logMartians = 1;
    for (let i = 0; i < 9; i++) {
      forward();
      t.h.clock.advance(10.5 * SEC);
    }
    expect(t.h.log.at(-1)).toBe(`IPv4: host 10.0.0.2/if${v0.ifindex} ignores redirects for 192.168.1.1 to 10.0.0.8`);
  });

  it('are not sent with send_redirects off [REDIR-11]', () => {
    t.h.inDev(v0).cnf.sendRedirects = 0;
    t.h.inDev(v0).all.sendRedirects = 0;
    forward();
    expect([t.h.icmp, t.h.sent.length]).toEqual([[], 1]);
  });
});

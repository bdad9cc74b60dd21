/** Duplicate address detection, what follows it, and what follows a failure. Orders and flags are those of a running 6.18 kernel. */
import { IFA_F_NODAD, IFA_F_OPTIMISTIC, IN6_ADDR_GEN_MODE_NONE, IN6_ADDR_GEN_MODE_RANDOM, IN6_ADDR_GEN_MODE_STABLE_PRIVACY } from '@skbuff/uapi';
import { in6DevGet, INET6_IFADDR_STATE_DAD } from '@skbuff/ipv6';
import { describe, expect, it } from 'vitest';
import { addrconfSetAddrGenMode } from '../src/addrconf-gen.ts';
import { Host, in6, useHost } from './support.ts';

const LL = 'fe80::ff:fe00:61';

describe('an address that is added', () => {
  const t = useHost();

  it('has its prefix route at once, and its own route when detection is over [DAD-01] [DAD-03]', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.run(3);
    t.h.lines();
    expect(t.h.add(dev, '2001:db8::1/64')).toBe(0);
    t.h.quiet = ['mld', 'group', 'RS'];
    t.h.run(3);
    expect(t.h.lines()).toEqual([
      '+ 2001:db8::/64 va table 254 metric 256',
      'addr 2001:db8::1/64 tentative',
      'NS va :: > ff02::1:ff00:1 2001:db8::1 nonce',
      'addr 2001:db8::1/64',
      '+ local 2001:db8::1/128 va table 255 metric 0',
    ]);
  });

  it('is asked for with a nonce that no host with another MAC address has, not even one of the same seed [DAD-02]', () => {
    const hosts = [t.h, new Host(), new Host()];
    hosts.forEach((h, i) => {
      const dev = h.eth('va');
      dev.devAddr[0] = (dev.devAddr[0] as number) + (i === 2 ? 4 : 0);
      h.up(dev);
      h.run(3);
      h.add(dev, '2001:db8::1/64');
      h.run(3);
    });
    const [mine, same, others] = hosts.map(({ nonces }) => nonces);
    expect(mine?.length).toBe(2);
    expect(same).toEqual(mine);
    expect(others?.filter((nonce) => mine?.includes(nonce))).toEqual([]);
    expect(hosts.slice(1).map((h) => h.shutdown())).toEqual([{}, {}]);
  });

  it('is used at once with nodad', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.run(3);
    t.h.lines();
    t.h.add(dev, '2001:db8::1/64', { ifaFlags: IFA_F_NODAD });
    t.h.run(0);
    expect(t.h.lines()).toEqual(['+ 2001:db8::/64 va table 254 metric 256', 'addr 2001:db8::1/64 nodad', '+ local 2001:db8::1/128 va table 255 metric 0']);
  });

  it('is asked for dad_transmits times, a retransmission time apart, with a nonce only where that is wanted [DAD-02]', () => {
    const dev = t.h.eth('va');
    const { cnf } = t.h.up(dev);
    t.h.run(3);
    cnf.dadTransmits = 3;
    cnf.enhancedDad = t.h.state.devconfAll.enhancedDad = 0;
    t.h.retransTime = 200;
    t.h.lines();
    t.h.add(dev, '2001:db8::1/64');
    t.h.run(3);
    const asked = t.h.timed().filter(({ text }) => text.startsWith('NS') || text === 'addr 2001:db8::1/64');
    expect(asked.map(({ text }) => text)).toEqual([...Array<string>(3).fill('NS va :: > ff02::1:ff00:1 2001:db8::1'), 'addr 2001:db8::1/64']);
    expect(asked.map(({ at }) => at - asked[0]!.at)).toEqual([0, 200, 400, 600]);
  });

  it('is not asked for with dad_transmits 0, but waits its random time', () => {
    const dev = t.h.eth('va');
    t.h.idev(dev).cnf.dadTransmits = 0;
    t.h.up(dev);
    t.h.run(1);
    expect(t.h.lines().filter((line) => line.startsWith('NS'))).toEqual([]);
    expect(t.h.addrs(dev)).toEqual([`${LL}/64`]);
  });

  it('is used at once without accept_dad', () => {
    const dev = t.h.eth('va');
    t.h.idev(dev).cnf.acceptDad = 0;
    t.h.up(dev);
    t.h.run(0);
    expect(t.h.addrs(dev)).toEqual([`${LL}/64`]);
  });

  it('waits a random time up to router_solicitation_delay', () => {
    const delays = new Set<number>();
    const dev = t.h.eth('va');
    const { cnf } = t.h.up(dev);
    cnf.rtrSolicitDelay = 100;
    t.h.run(3);
    for (let i = 1; i <= 8; i++) {
      t.h.timed();
      const from = t.h.clock.now() / 1e6;
      t.h.add(dev, `2001:db8::${i}/64`);
      t.h.run(3);
      delays.add(t.h.timed().find(({ text }) => text.startsWith('NS'))!.at - from);
    }
    expect(Math.max(...delays)).toBeLessThanOrEqual(100);
    expect(delays.size).toBeGreaterThan(4);
  });

  it('is told to the link with ndisc_notify', () => {
    const dev = t.h.eth('va');
    t.h.idev(dev).cnf.ndiscNotify = 1;
    t.h.up(dev);
    t.h.run(3);
    expect(t.h.lines().filter((line) => line.startsWith('NA'))).toEqual([`NA va > ff02::1 ${LL} 0011`]);
  });
});

describe('optimistic addresses', () => {
  const t = useHost();

  it('may be used while they are tried, and are asked for without delay [DAD-07]', () => {
    const dev = t.h.eth('va');
    const { cnf } = t.h.idev(dev);
    cnf.optimisticDad = cnf.useOptimistic = cnf.ndiscNotify = 1;
    t.h.up(dev);
    t.h.run(3);
    expect(t.h.timed().filter(({ text }) => !text.startsWith('sync'))).toEqual([
      { at: 0, text: '+ multicast ff00::/8 va table 255 metric 256' },
      { at: 0, text: '+ fe80::/64 va table 254 metric 256' },
      { at: 0, text: '+ local fe80::ff:fe00:61/128 va table 255 metric 0' },
      { at: 0, text: `addr ${LL}/64 optimistic tentative` },
      { at: 0, text: `NS va :: > ff02::1:ff00:61 ${LL} nonce` },
      { at: 1000, text: `addr ${LL}/64` },
      { at: 1000, text: `RS va ${LL} > ff02::2` },
    ]);
  });

  it('are ordinary ones on a router, and after failure [DAD-06]', () => {
    const dev = t.h.eth('va');
    const { cnf } = t.h.up(dev);
    t.h.run(3);
    t.h.add(dev, '2001:db8::2/64', { ifaFlags: IFA_F_OPTIMISTIC });
    t.h.run(0.5);
    expect(t.h.addrs(dev)[0]).toBe('2001:db8::2/64 optimistic tentative');
    t.h.collide(t.h.ifp(dev, '2001:db8::2'));
    t.h.run(0);
    expect(t.h.addrs(dev)[0]).toBe('2001:db8::2/64 dadfailed tentative');
    cnf.optimisticDad = 1;
    t.h.state.devconfAll.forwarding = 1;
    t.h.down(dev);
    t.h.up(dev);
    expect(t.h.addrs(dev)).toEqual([`${LL}/64 tentative`]);
  });
});

describe('an address that somebody else has', () => {
  const t = useHost();

  it('stays tentative and unusable for good, and says so [DAD-04] [DAD-06]', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.run(3);
    t.h.add(dev, '2001:db8::1/64');
    t.h.run(0.01);
    t.h.lines();
    t.h.collide(t.h.ifp(dev, '2001:db8::1'));
    t.h.run(10);
    expect(t.h.lines().filter((line) => line.includes('2001'))).toEqual(['addr 2001:db8::1/64 dadfailed tentative']);
    expect(t.h.kernel.dmesg().at(-1)).toContain('IPv6: va: IPv6 duplicate address 2001:db8::1 used by 02:00:00:00:00:99 detected!');
    expect(t.h.routes.some((rt) => rt.dst.equals(in6('2001:db8::1')))).toBe(false);
  });

  it('goes if it was not there for ever', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.run(3);
    t.h.add(dev, '2001:db8::1/64', { validLft: 100, preferedLft: 100 });
    t.h.run(0.01);
    t.h.collide(t.h.ifp(dev, '2001:db8::1'));
    t.h.run(0);
    expect(t.h.addrs(dev)).toEqual([`${LL}/64`]);
  });

  it('matters only while it is being tried', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.run(3);
    const ifp = t.h.ifp(dev, LL);
    t.h.collide(ifp);
    t.h.run(1);
    expect(t.h.addrs(dev)).toEqual([`${LL}/64`]);
    expect(ifp.state).not.toBe(INET6_IFADDR_STATE_DAD);
  });

  it('ends IPv6 on the link with accept_dad 2, if it is made of the MAC address', () => {
    const dev = t.h.eth('va');
    t.h.idev(dev).cnf.acceptDad = 2;
    t.h.up(dev);
    t.h.run(0.01);
    t.h.lines();
    t.h.collide(t.h.ifp(dev, LL));
    t.h.run(3);
    expect(t.h.lines()).toEqual([
      `addr ${LL}/64 dadfailed tentative`,
      '- multicast ff00::/8 va table 255 metric 256',
      '- fe80::/64 va table 254 metric 256',
      `deladdr ${LL}/64 dadfailed tentative`,
    ]);
    expect(t.h.idev(dev).cnf.disableIpv6).toBe(1);
    expect(t.h.kernel.dmesg().at(-1)).toContain('IPv6: va: IPv6 being disabled!');
  });

  it('is made in another way if it is a stable-privacy one, after idgen_delay, idgen_retries times', () => {
    const dev = t.h.eth('va');
    dev.permAddr.fill(0);
    const { cnf } = t.h.idev(dev);
    cnf.stableSecret = in6('2001:db8:1:2:3:4:5:6');
    cnf.addrGenMode = IN6_ADDR_GEN_MODE_STABLE_PRIVACY;
    t.h.up(dev);
    t.h.run(0.01);
    const first = 'fe80::ff05:eb87:4e94:b3ad';
    t.h.collide(t.h.ifp(dev, first));
    t.h.run(4);
    expect(t.h.addrs(dev)).toEqual(['fe80::aef7:1885:4039:9db/64 stable-privacy', `${first}/64 dadfailed tentative stable-privacy`]);
    t.h.down(dev);
    t.h.state.idgenRetries = 0;
    t.h.up(dev);
    t.h.run(0.01);
    t.h.collide(t.h.ifp(dev, first));
    t.h.run(4);
    expect(t.h.addrs(dev)).toEqual([`${first}/64 dadfailed tentative stable-privacy`]);
  });
});

describe('ways to make a link-local address', () => {
  const t = useHost();

  it('random: a secret is drawn, and stays', () => {
    const dev = t.h.eth('va');
    const { cnf } = t.h.idev(dev);
    cnf.addrGenMode = IN6_ADDR_GEN_MODE_RANDOM;
    t.h.up(dev);
    const first = t.h.addrs(dev);
    expect(first[0]).toMatch(/^fe80::.* tentative stable-privacy$/);
    expect(cnf.stableSecret).not.toBeNull();
    t.h.down(dev);
    t.h.up(dev);
    expect(t.h.addrs(dev)).toEqual(first);
  });

  it('none, until another is chosen: then one is made at once, beside what there is', () => {
    const dev = t.h.eth('va');
    const idev = t.h.idev(dev);
    idev.cnf.addrGenMode = IN6_ADDR_GEN_MODE_NONE;
    t.h.up(dev);
    t.h.run(3);
    expect(t.h.addrs(dev)).toEqual([]);
    addrconfSetAddrGenMode(idev, 0);
    t.h.run(3);
    expect(t.h.addrs(dev)).toEqual([`${LL}/64`]);
    addrconfSetAddrGenMode(idev, IN6_ADDR_GEN_MODE_RANDOM);
    t.h.run(3);
    expect(t.h.addrs(dev)).toHaveLength(2);
    expect(t.h.addrs(dev)[0]).toContain('stable-privacy');
    expect(in6DevGet(dev)).toBe(idev);
  });
});

describe('router solicitations', () => {
  const t = useHost();

  /** Milliseconds between them. */
  function gaps(seconds: number): number[] {
    t.h.run(seconds);
    const at = t.h.timed().flatMap((line) => (line.text.startsWith('RS') ? [line.at] : []));
    return at.slice(1).map((time, i) => time - (at[i] as number));
  }

  it('come after intervals that double, more or less, until they are as long as allowed, and never end', () => {
    const dev = t.h.eth('va');
    const { cnf } = t.h.idev(dev);
    cnf.rtrSolicitMaxInterval = 20_000;
    t.h.up(dev);
    const times = gaps(200);
    const bounds = [[3600, 4400], [6840, 9240], [12_996, 19_404], [18_000, 22_000], [18_000, 22_000], [18_000, 22_000]];
    for (const [i, [from, to]] of bounds.entries()) {
      expect(times[i]).toBeGreaterThanOrEqual(from!);
      expect(times[i]).toBeLessThanOrEqual(to!);
    }
    expect(times.length).toBeGreaterThan(8);
    expect(new Set(times).size).toBeGreaterThan(5);
  });

  it('are as many as router_solicitations says', () => {
    const dev = t.h.eth('va');
    t.h.idev(dev).cnf.rtrSolicits = 4;
    t.h.up(dev);
    expect(gaps(600)).toHaveLength(3);
  });

  it('stop when a router has answered, and are not sent by who does not listen', () => {
    const dev = t.h.eth('va');
    const idev = t.h.up(dev);
    t.h.run(3);
    idev.ifFlags |= 0x20;
    expect(gaps(100)).toEqual([]);
    const vb = t.h.eth('vb');
    t.h.idev(vb).cnf.acceptRa = 0;
    t.h.up(vb);
    const vc = t.h.eth('vc');
    t.h.idev(vc).cnf.rtrSolicits = 0;
    t.h.up(vc);
    const vd = t.h.eth('vd');
    t.h.idev(vd).cnf.forwarding = 1;
    t.h.up(vd);
    t.h.run(100);
    expect(t.h.lines().filter((line) => line.startsWith('RS'))).toEqual([]);
  });
});

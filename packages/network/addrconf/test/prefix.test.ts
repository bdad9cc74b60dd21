/** Prefixes that routers advertise. Orders, flags and lifetimes are those of a running 6.18 kernel that got the same advertisements. */
import type { NetDevice } from '@skbuff/core';
import { IF_RA_RCVD } from '@skbuff/ipv6';
import { IN6_ADDR_GEN_MODE_STABLE_PRIVACY } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { inet6AddrDel, inet6SetIftoken } from '../src/index.ts';
import { flagWords, type Host, in6, useHost } from './support.ts';

const PUBLIC = '2001:db8::ff:fe00:61';

/** A host whose link-local address is in use, and that has heard of a router. */
function ready(h: Host, setup: (dev: NetDevice) => void = () => {}): NetDevice {
  const dev = h.eth('va');
  setup(dev);
  h.up(dev);
  h.run(3);
  h.lines();
  h.idev(dev).ifFlags |= IF_RA_RCVD;
  return dev;
}

describe('a prefix on the link', () => {
  const t = useHost();

  it('has a route for as long as it is valid; the next advertisement says how long that is', () => {
    const dev = ready(t.h);
    t.h.prefix(dev, '2001:db8::', 60, 30, 0x80);
    expect(t.h.lines()).toEqual(['+ 2001:db8::/64 va table 254 metric 256 expires 60']);
    t.h.prefix(dev, '2001:db8::', 600, 30, 0x80);
    t.h.prefix(dev, '2001:db8::', 0xffffffff, 30, 0x80);
    t.h.prefix(dev, '2001:db8::', 0, 0, 0x80);
    t.h.prefix(dev, '2001:db8::', 0, 0, 0x80);
    expect(t.h.lines()).toEqual(['~ 2001:db8::/64 va table 254 metric 256 expires 600', '~ 2001:db8::/64 va table 254 metric 256', '- 2001:db8::/64 va table 254 metric 256']);
    expect(t.h.addrs(dev)).toHaveLength(1);
  });

  it('makes no address unless it has 64 bits, but a route', () => {
    const dev = ready(t.h);
    t.h.prefix(dev, '2001:db8:0:8::', 600, 500, 0xc0, 63);
    t.h.run(3);
    expect(t.h.lines()).toEqual(['+ 2001:db8:0:8::/63 va table 254 metric 256 expires 600']);
  });

  it('is not looked at if the option makes no sense', () => {
    const dev = ready(t.h);
    t.h.prefix(dev, '2001:db8::', 60, 30, 0xc0, 64, 24);
    t.h.prefix(dev, 'fe80::', 60, 30);
    t.h.prefix(dev, 'ff02::', 60, 30);
    t.h.prefix(dev, '2001:db8::', 30, 60);
    t.h.idev(dev).cnf.acceptRaMinLft = 100;
    t.h.prefix(dev, '2001:db8::', 99, 60);
    expect(t.h.lines()).toEqual([]);
    t.h.prefix(dev, '2001:db8::', 100, 60);
    expect(t.h.lines()).toEqual(['+ 2001:db8::/64 va table 254 metric 256 expires 100']);
    t.h.idev(dev).cnf.acceptRaMinLft = -1;
    t.h.prefix(dev, '2001:db8:1::', 0xfffffffe, 60, 0x80);
    expect(t.h.lines()).toEqual([]);
    t.h.prefix(dev, '2001:db8:1::', 0xffffffff, 60, 0x80);
    expect(t.h.lines()).toEqual(['+ 2001:db8:1::/64 va table 254 metric 256']);
  });
});

describe('an address of an advertised prefix', () => {
  const t = useHost();

  it('has the scope of the prefix: of ::/64 that is none', () => {
    const dev = ready(t.h);
    t.h.prefix(dev, '::', 600, 300);
    t.h.prefix(dev, 'fec0::', 600, 300);
    expect(['::ff:fe00:61', 'fec0::ff:fe00:61'].map((addr) => t.h.ifp(dev, addr).scope)).toEqual([0, 0x40]);
    // Of one that was typed in, it is its own.
    t.h.add(dev, '::5/64');
    expect(t.h.ifp(dev, '::5').scope).toBe(0x80);
  });

  it('is made of the MAC address, and tried before it is told [IP6A-05]', () => {
    const dev = ready(t.h);
    t.h.prefix(dev, '2001:db8::', 60, 30);
    t.h.run(3);
    expect(t.h.lines().map((line) => line.replace(/(\d\d) (\d\d)$/, '…'))).toEqual([
      '+ 2001:db8::/64 va table 254 metric 256 expires 60',
      `NS va :: > ff02::1:ff00:61 ${PUBLIC} nonce`,
      `addr ${PUBLIC}/64 mngtmpaddr dynamic …`,
      `+ local ${PUBLIC}/128 va table 255 metric 0`,
    ]);
  });

  it('is deprecated, then goes, when its time is over', () => {
    const dev = ready(t.h);
    const from = t.h.clock.now() / 1e6;
    t.h.prefix(dev, '2001:db8::', 60, 30);
    t.h.run(70);
    const lines = t.h.timed().filter(({ text }) => text.includes('addr'));
    expect(lines.map(({ text }) => text).slice(1)).toEqual([`addr ${PUBLIC}/64 deprecated mngtmpaddr dynamic 30 0`, `deladdr ${PUBLIC}/64 deprecated mngtmpaddr dynamic 0 0`]);
    for (const [i, seconds] of [30, 60].entries()) {
      expect(lines[i + 1]!.at - from).toBeGreaterThanOrEqual(seconds * 1000 - 20);
      expect(lines[i + 1]!.at - from).toBeLessThan(seconds * 1000 + 1250);
    }
  });

  it('loses no more than all but two hours of its time to an advertisement, which nobody has signed', () => {
    const dev = ready(t.h);
    const left = (): number[] => [t.h.ifp(dev, PUBLIC).validLft, t.h.ifp(dev, PUBLIC).preferedLft];
    t.h.prefix(dev, '2001:db8::', 86400, 3600);
    t.h.run(3);
    t.h.prefix(dev, '2001:db8::', 60, 30);
    expect(left()).toEqual([7200, 30]);
    t.h.run(100);
    t.h.prefix(dev, '2001:db8::', 60, 30);
    expect(left()).toEqual([7100, 30]);
    t.h.prefix(dev, '2001:db8::', 9000, 40);
    expect(left()).toEqual([9000, 40]);
    t.h.idev(dev).cnf.raHonorPioLife = 1;
    t.h.prefix(dev, '2001:db8::', 60, 30);
    expect(left()).toEqual([60, 30]);
    expect(t.h.addrs(dev)[0]).toBe(`${PUBLIC}/64 mngtmpaddr`);
  });

  it('is not made without autoconf, its flag, or for a prefix that is to be asked of DHCPv6', () => {
    const dev = ready(t.h);
    const { cnf } = t.h.idev(dev);
    t.h.prefix(dev, '2001:db8::', 60, 30, 0x80);
    cnf.autoconf = 0;
    t.h.prefix(dev, '2001:db8::', 60, 30);
    cnf.autoconf = 1;
    cnf.raHonorPioPflag = 1;
    t.h.prefix(dev, '2001:db8::', 60, 30, 0xd0);
    expect(t.h.addrs(dev)).toHaveLength(1);
    cnf.raHonorPioPflag = 0;
    t.h.prefix(dev, '2001:db8::', 60, 30, 0xd0);
    expect(t.h.addrs(dev)).toHaveLength(2);
  });

  it('is one of max_addresses', () => {
    const dev = ready(t.h);
    t.h.idev(dev).cnf.maxAddresses = 3;
    for (let i = 1; i <= 5; i++) t.h.prefix(dev, `2001:db8:${i}::`, 60, 30);
    expect(t.h.addrs(dev)).toHaveLength(3);
    t.h.idev(dev).cnf.maxAddresses = 0;
    for (let i = 1; i <= 5; i++) t.h.prefix(dev, `2001:db8:${i}::`, 60, 30);
    expect(t.h.addrs(dev)).toHaveLength(6);
  });

  it('is optimistic if the router can be answered without asking', () => {
    const dev = ready(t.h);
    t.h.idev(dev).cnf.optimisticDad = 1;
    t.h.prefix(dev, '2001:db8:1::', 60, 30, 0xc0, 64, 32, false);
    t.h.prefix(dev, '2001:db8:2::', 60, 30);
    expect(t.h.addrs(dev).slice(0, 2).map((line) => line.split(' ').slice(1).join(' '))).toEqual(['optimistic tentative mngtmpaddr', 'tentative mngtmpaddr']);
  });

  it('is made of a secret where that is the way', () => {
    const dev = ready(t.h, (each) => {
      each.permAddr.fill(0);
      const { cnf } = t.h.idev(each);
      cnf.stableSecret = in6('2001:db8:1:2:3:4:5:6');
      cnf.addrGenMode = IN6_ADDR_GEN_MODE_STABLE_PRIVACY;
    });
    t.h.prefix(dev, '2001:db8::', 600, 300);
    t.h.run(3);
    expect(t.h.addrs(dev)).toEqual(['2001:db8::dacf:ed4c:217e:f2f4/64 mngtmpaddr stable-privacy', 'fe80::ff05:eb87:4e94:b3ad/64 stable-privacy']);
  });

  it('is made of the token; with another, the one before goes and routers are asked', () => {
    const dev = ready(t.h);
    const idev = t.h.idev(dev);
    expect(inet6SetIftoken(idev, in6('::5'), null)).toBe(0);
    expect(t.h.lines()).toEqual(['RS va fe80::ff:fe00:61 > ff02::2']);
    t.h.prefix(dev, '2001:db8::', 600, 300);
    t.h.run(3);
    expect(t.h.addrs(dev)[0]).toBe('2001:db8::5/64 mngtmpaddr');
    inet6SetIftoken(idev, in6('::6'), null);
    expect(t.h.addrs(dev)).toHaveLength(1);
    t.h.prefix(dev, '2001:db8::', 600, 300);
    expect(t.h.addrs(dev)[0]).toContain('2001:db8::6/64');
  });

  it('cannot have a token where no router is listened to', () => {
    const dev = ready(t.h);
    const { cnf } = t.h.idev(dev);
    const why = (idev = t.h.idev(dev)): string => {
      const extack = { message: '' };
      expect(inet6SetIftoken(idev, in6('::5'), extack)).toBeLessThan(0);
      return extack.message;
    };
    cnf.rtrSolicits = 0;
    expect(why()).toBe('Router solicitation is disabled on device');
    cnf.acceptRa = 0;
    expect(why()).toBe('ipv6: Router advertisement is disabled on device');
    expect(why(t.h.idev(t.h.net.devGetByName('lo')!))).toBe('ipv6: Device is loopback');
  });
});

describe('temporary addresses', () => {
  const t = useHost();

  /** Lifetimes as of the kernel's run that this is. */
  function temporary(h: Host): NetDevice {
    return ready(h, (dev) => Object.assign(h.idev(dev).cnf, { useTempaddr: 2, tempValidLft: 40, tempPreferedLft: 15, maxDesyncFactor: 3 }));
  }

  it('are made beside the public one, renewed before they are deprecated, and die one after the other', () => {
    const dev = temporary(t.h);
    t.h.prefix(dev, '2001:db8::', 60, 30);
    expect(t.h.addrs(dev).map((line) => line.split('/64')[1])).toEqual([' temporary tentative', ' tentative mngtmpaddr', '']);
    const [first] = t.h.idev(dev).tempaddrList;
    expect(first!.validLft).toBe(40);
    expect(first!.preferedLft).toBeGreaterThan(11);
    expect(first!.preferedLft).toBeLessThanOrEqual(15);
    t.h.run(12);
    // Five seconds before, with the time that detection takes.
    expect(t.h.idev(dev).tempaddrList).toHaveLength(2);
    expect(first!.ifpub!.addr.toString()).toBe(PUBLIC);
    t.h.run(4);
    expect(flagWords(first!.flags)).toBe(' temporary deprecated');
    t.h.run(5);
    expect(t.h.idev(dev).tempaddrList).toHaveLength(3);
    t.h.run(20);
    expect(t.h.idev(dev).tempaddrList.includes(first!)).toBe(false);
    t.h.run(30);
    expect(t.h.addrs(dev)).toEqual(['fe80::ff:fe00:61/64']);
  });

  it('follow the public one, up to their own limits', () => {
    const dev = temporary(t.h);
    t.h.prefix(dev, '2001:db8::', 60, 30);
    t.h.run(3);
    const ift = t.h.idev(dev).tempaddrList[0]!;
    const desync = t.h.idev(dev).desyncFactor;
    t.h.lines();
    t.h.prefix(dev, '2001:db8::', 3600, 1800);
    expect(t.h.lines()).toEqual([
      '~ 2001:db8::/64 va table 254 metric 256 expires 3600',
      `addr ${PUBLIC}/64 mngtmpaddr dynamic 3600 1800`,
      `addr ${ift.addr.toString()}/64 temporary dynamic 37 ${12 - desync}`,
    ]);
    t.h.prefix(dev, '2001:db8::', 10, 5);
    expect([ift.validLft, ift.preferedLft]).toEqual([37, 5]);
  });

  it('go with the public one that the administrator takes away', () => {
    const dev = temporary(t.h);
    t.h.prefix(dev, '2001:db8::', 60, 30);
    t.h.run(3);
    inet6AddrDel(t.h.net, dev, in6(PUBLIC), 64, null);
    expect(t.h.addrs(dev)).toEqual(['fe80::ff:fe00:61/64']);
  });

  it('are made anew if somebody has them, regen_max_retry times', () => {
    const dev = temporary(t.h);
    t.h.prefix(dev, '2001:db8::', 60, 30);
    for (let i = 0; i < 3; i++) {
      t.h.run(0.01);
      const ift = t.h.idev(dev).tempaddrList[0]!;
      t.h.collide(ift);
      t.h.run(0);
      expect(t.h.idev(dev).tempaddrList.includes(ift)).toBe(false);
    }
    expect(t.h.idev(dev).tempaddrList).toHaveLength(0);
    expect(t.h.idev(dev).cnf.useTempaddr).toBe(-1);
    expect(t.h.kernel.dmesg().at(-1)).toContain('IPv6: va: regeneration time exceeded - disabled temporary address support');
  });

  it('are not made for a time that is over at once', () => {
    const dev = temporary(t.h);
    t.h.prefix(dev, '2001:db8::', 60, 5);
    expect(t.h.idev(dev).tempaddrList).toHaveLength(0);
    t.h.prefix(dev, '2001:db8::', 60, 6);
    expect(t.h.idev(dev).tempaddrList).toHaveLength(1);
  });
});

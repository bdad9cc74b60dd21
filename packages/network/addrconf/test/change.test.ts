/** Addresses that are added, changed and taken away, and their routes; in the order of a running 6.18 kernel's messages. */
import { devChangeName, devSetMtu, NETDEV_UP, type NetDevice, NOTIFY_DONE, type NotifierBlock, unregisterNetdevice } from '@skbuff/core';
import { IF_RA_RCVD, type Inet6addrInfo, INFINITY_LIFE_TIME } from '@skbuff/ipv6';
import { procNetOf } from '@skbuff/procfs';
import { IFA_F_MANAGETEMPADDR, IFA_F_NODAD, IFA_F_NOPREFIXROUTE, IFA_F_OPTIMISTIC } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { inet6AddrDel, inet6AddrModify, ipv6DelAddr } from '../src/index.ts';
import { cfg, flagWords, type Host, in6, useHost } from './support.ts';

function ready(h: Host): NetDevice {
  const dev = h.eth('va');
  h.up(dev);
  h.run(3);
  h.idev(dev).ifFlags |= IF_RA_RCVD;
  h.lines();
  return dev;
}

describe('routes of an address', () => {
  const t = useHost();

  it('lead to its prefix and to the other end, and follow metric, other end and noprefixroute', () => {
    const dev = ready(t.h);
    const nodad = { ifaFlags: IFA_F_NODAD };
    t.h.add(dev, '2001:db8:1::1/64', { ...nodad, peerPfx: in6('2001:db8:2::1') });
    t.h.run(0);
    expect(t.h.lines()).toEqual([
      '+ 2001:db8:1::/64 va table 254 metric 256',
      'addr 2001:db8:1::1 peer 2001:db8:2::1/64 nodad',
      '+ local 2001:db8:1::1/128 va table 255 metric 0',
      '+ 2001:db8:2::1/128 va table 254 metric 256',
    ]);
    const ifp = t.h.ifp(dev, '2001:db8:1::1');
    const wanted = cfg('2001:db8:1::1/64', { ...nodad, peerPfx: in6('2001:db8:2::2'), rtPriority: 500 });
    expect(inet6AddrModify(t.h.net, ifp, wanted)).toBe(0);
    expect(t.h.lines()).toEqual([
      'addr 2001:db8:1::1 peer 2001:db8:2::2/64 nodad',
      '- 2001:db8:1::/64 va table 254 metric 256',
      '+ 2001:db8:1::/64 va table 254 metric 500',
      '+ 2001:db8:2::/64 va table 254 metric 500',
    ]);
    inet6AddrModify(t.h.net, ifp, { ...wanted, ifaFlags: IFA_F_NODAD | IFA_F_NOPREFIXROUTE });
    expect(t.h.lines()).toEqual(['addr 2001:db8:1::1 peer 2001:db8:2::2/64 nodad', '- 2001:db8:1::/64 va table 254 metric 500']);
    inet6AddrModify(t.h.net, ifp, wanted);
    expect(t.h.lines()).toEqual(['addr 2001:db8:1::1 peer 2001:db8:2::2/64 nodad', '+ 2001:db8:1::/64 va table 254 metric 500']);
  });

  it('end when it does', () => {
    const dev = ready(t.h);
    t.h.add(dev, '2001:db8::1/64', { ifaFlags: IFA_F_NODAD, validLft: 100, preferedLft: 50 });
    t.h.run(0);
    expect(t.h.lines()[0]).toBe('+ 2001:db8::/64 va table 254 metric 256 expires 100');
    const ifp = t.h.ifp(dev, '2001:db8::1');
    inet6AddrModify(t.h.net, ifp, cfg('2001:db8::1/64', { validLft: 200, preferedLft: 50 }));
    expect(t.h.lines()).toEqual(['addr 2001:db8::1/64 dynamic 200 50']);
    // Only of an address for ever is the route its own.
    inet6AddrModify(t.h.net, ifp, cfg('2001:db8::1/64'));
    t.h.lines();
    // And of one that was for ever until now the kernel's reckoning ends it at once: `ip -6 route` of 6.18 shows `expires -17245650sec`.
    inet6AddrModify(t.h.net, ifp, cfg('2001:db8::1/64', { validLft: 300, preferedLft: 300 }));
    expect(t.h.lines()).toEqual(['addr 2001:db8::1/64 dynamic 300 300', '~ 2001:db8::/64 va table 254 metric 256 expires -4294640']);
  });

  it('stay as long as another address needs them', () => {
    const dev = ready(t.h);
    const nodad = { ifaFlags: IFA_F_NODAD };
    for (const last of [1, 2]) t.h.add(dev, `2001:db8::${last}/64`, nodad);
    t.h.add(dev, '2001:db8::3/64', { ...nodad, validLft: 100, preferedLft: 100 });
    t.h.run(0);
    t.h.lines();
    const del = (last: number): string[] => {
      expect(inet6AddrDel(t.h.net, dev, in6(`2001:db8::${last}`), 64, null)).toBe(0);
      return t.h.lines();
    };
    expect(del(1)).toEqual(['deladdr 2001:db8::1/64 nodad', '- local 2001:db8::1/128 va table 255 metric 0', 'prefsrc 2001:db8::1']);
    expect(del(2)).toEqual([
      'deladdr 2001:db8::2/64 nodad',
      '- local 2001:db8::2/128 va table 255 metric 0',
      '~ 2001:db8::/64 va table 254 metric 256 expires 100',
      'prefsrc 2001:db8::2',
    ]);
    expect(del(3)).toEqual(['deladdr 2001:db8::3/64 nodad dynamic 100 100', '- local 2001:db8::3/128 va table 255 metric 0', 'prefsrc 2001:db8::3']);
  });

  it('keep the end that they have when one of several addresses goes', () => {
    const dev = ready(t.h);
    const nodad = { ifaFlags: IFA_F_NODAD };
    for (const last of [1, 2]) t.h.add(dev, `2001:db8::${last}/64`, nodad);
    t.h.run(0);
    inet6AddrModify(t.h.net, t.h.ifp(dev, '2001:db8::2'), cfg('2001:db8::2/64', { validLft: 100, preferedLft: 100 }));
    t.h.lines();
    inet6AddrDel(t.h.net, dev, in6('2001:db8::1'), 64, null);
    expect(t.h.lines()).toEqual(['deladdr 2001:db8::1/64 nodad', '- local 2001:db8::1/128 va table 255 metric 0', 'prefsrc 2001:db8::1']);
  });

  it('are not there with noprefixroute, but for its own', () => {
    const dev = ready(t.h);
    t.h.add(dev, '2001:db8::1/64', { ifaFlags: IFA_F_NODAD | IFA_F_NOPREFIXROUTE });
    t.h.run(0);
    expect(t.h.lines()).toEqual(['addr 2001:db8::1/64 nodad', '+ local 2001:db8::1/128 va table 255 metric 0']);
    ipv6DelAddr(t.h.ifp(dev, '2001:db8::1'));
    expect(t.h.lines()).toEqual(['deladdr 2001:db8::1/64 nodad', '- local 2001:db8::1/128 va table 255 metric 0', 'prefsrc 2001:db8::1']);
  });
});

describe('inet6addr_chain', () => {
  const t = useHost();

  it('hears of an address before netlink does when it comes, and after that when it goes [NOTI-05]', () => {
    const dev = ready(t.h);
    const nb: NotifierBlock<Inet6addrInfo> = {
      notifierCall: (_nb, event, { ifp }) => {
        t.h.note('chain', `${event === NETDEV_UP ? 'up' : 'down'} ${ifp.addr.toString()}`);
        return NOTIFY_DONE;
      },
    };
    t.h.ip.inet6addrChain.register(nb);
    t.h.add(dev, '2001:db8::1/128', { ifaFlags: IFA_F_NOPREFIXROUTE });
    inet6AddrDel(t.h.net, dev, in6('2001:db8::1'), 128, null);
    t.h.add(dev, '2001:db8::2/128', { ifaFlags: IFA_F_NOPREFIXROUTE });
    t.h.down(dev);
    expect(t.h.lines().filter((line) => /2001/.test(line) && !/prefsrc|^[+-]/.test(line))).toEqual([
      'chain up 2001:db8::1',
      'addr 2001:db8::1/128 tentative',
      'deladdr 2001:db8::1/128 tentative',
      'chain down 2001:db8::1',
      'chain up 2001:db8::2',
      'addr 2001:db8::2/128 tentative',
      'deladdr 2001:db8::2/128 tentative',
      'chain down 2001:db8::2',
    ]);
    t.h.ip.inet6addrChain.unregister(nb);
  });
});

describe('lifetimes', () => {
  const t = useHost();

  it('are kept to a quarter of a second, on whole seconds where that will do', () => {
    const dev = ready(t.h);
    t.h.run(0.9 - ((t.h.clock.now() / 1e9) % 1));
    const from = Math.round(t.h.clock.now() / 1e6);
    t.h.add(dev, '2001:db8::1/64', { ifaFlags: IFA_F_NODAD, validLft: 6, preferedLft: 3 });
    t.h.run(7);
    const changes = t.h.timed().filter(({ text }) => text.includes('deprecated'));
    expect(changes.map(({ at, text }) => [at - from, text])).toEqual([
      [3100, 'addr 2001:db8::1/64 nodad deprecated dynamic 3 0'],
      [6100, 'deladdr 2001:db8::1/64 nodad deprecated dynamic 0 0'],
    ]);
    t.h.run(0.3 - ((t.h.clock.now() / 1e9) % 1) + 1);
    const next = Math.round(t.h.clock.now() / 1e6);
    t.h.add(dev, '2001:db8::1/64', { ifaFlags: IFA_F_NODAD, validLft: 6, preferedLft: 3 });
    t.h.run(7);
    expect(t.h.timed().flatMap(({ at, text }) => (text.includes('deprecated') ? [at - next] : []))).toEqual([3000, 6000]);
  });

  it('may end only for new connections, or be over for them from the start', () => {
    const dev = ready(t.h);
    t.h.add(dev, '2001:db8::1/64', { ifaFlags: IFA_F_NODAD, preferedLft: 2 });
    t.h.add(dev, '2001:db8::2/64', { ifaFlags: IFA_F_NODAD, preferedLft: 0 });
    expect(flagWords(t.h.ifp(dev, '2001:db8::2').flags)).toContain('deprecated');
    t.h.run(200);
    expect(t.h.addrs(dev).slice(0, 2)).toEqual(['2001:db8::2/64 nodad deprecated', '2001:db8::1/64 nodad deprecated']);
    const ifp = t.h.ifp(dev, '2001:db8::1');
    inet6AddrModify(t.h.net, ifp, cfg('2001:db8::1/64'));
    expect(flagWords(ifp.flags)).toBe('');
    t.h.run(200);
    expect([ifp.preferedLft, flagWords(ifp.flags)]).toEqual([INFINITY_LIFE_TIME, '']);
  });

  it('are refused where they make no sense', () => {
    const dev = ready(t.h);
    t.h.add(dev, '2001:db8::1/65', { ifaFlags: IFA_F_NODAD });
    const ifp = t.h.ifp(dev, '2001:db8::1');
    expect(inet6AddrModify(t.h.net, ifp, cfg('2001:db8::1/65', { validLft: 0 }))).toBe(-22);
    expect(inet6AddrModify(t.h.net, ifp, cfg('2001:db8::1/65', { validLft: 1, preferedLft: 2 }))).toBe(-22);
    expect(inet6AddrModify(t.h.net, ifp, cfg('2001:db8::1/65', { ifaFlags: IFA_F_MANAGETEMPADDR }))).toBe(-22);
    // An address that is in use is not optimistic any more.
    t.h.run(0);
    expect(inet6AddrModify(t.h.net, ifp, cfg('2001:db8::1/65', { ifaFlags: IFA_F_OPTIMISTIC }))).toBe(0);
    expect(flagWords(ifp.flags)).toBe('');
  });
});

describe('temporary addresses of one that the administrator gave', () => {
  const t = useHost();

  it('come and go with mngtmpaddr', () => {
    const dev = ready(t.h);
    t.h.idev(dev).cnf.useTempaddr = 1;
    t.h.add(dev, '2001:db8::1/64', { ifaFlags: IFA_F_MANAGETEMPADDR });
    expect(t.h.idev(dev).tempaddrList).toHaveLength(1);
    const ifp = t.h.ifp(dev, '2001:db8::1');
    inet6AddrModify(t.h.net, ifp, cfg('2001:db8::1/64'));
    expect(t.h.idev(dev).tempaddrList).toHaveLength(0);
    inet6AddrModify(t.h.net, ifp, cfg('2001:db8::1/64', { ifaFlags: IFA_F_MANAGETEMPADDR }));
    expect(t.h.idev(dev).tempaddrList).toHaveLength(1);
    inet6AddrDel(t.h.net, dev, in6('2001:db8::1'), 64, null);
    expect(t.h.idev(dev).tempaddrList).toHaveLength(0);
  });
});

describe('/proc/net/dev_snmp6', () => {
  const t = useHost();

  it('has a file for each interface, called as it is, as long as it takes part in IPv6', () => {
    const dev = t.h.eth('va');
    const other = t.h.eth('vb');
    const files = (): string[] => ['va', 'vb', 'vz'].filter((name) => typeof procNetOf(t.h.net).read(`dev_snmp6/${name}`) === 'string');
    expect(files()).toEqual(['va', 'vb']);
    expect(devChangeName(dev, 'vz')).toBe(0);
    expect(files()).toEqual(['vb', 'vz']);
    expect(String(procNetOf(t.h.net).read('dev_snmp6/vz')).split('\n')[0]).toBe(`ifIndex                         \t${dev.ifindex}`);
    devSetMtu(dev, 1000);
    expect(files()).toEqual(['vb']);
    devSetMtu(dev, 1500);
    expect(files()).toEqual(['vb', 'vz']);
    unregisterNetdevice(other);
    expect(files()).toEqual(['vz']);
  });
});

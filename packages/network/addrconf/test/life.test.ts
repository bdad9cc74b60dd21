/** Interfaces and addresses over time. Orders and figures are those of a running 6.18 kernel (`ip -6 -ts monitor`). */
import { callNetdeviceNotifiers, createKernel, devOpen, NETDEV_POST_TYPE_CHANGE, NETDEV_PRE_TYPE_CHANGE, VirtualClock, devChangeFlags, devChangeName, devChangeNetNamespace, devSetMtu, IFF_NO_ADDRCONF, netifCarrierOff, netifCarrierOn, type Net, setupNet } from '@skbuff/core';
import { IF_READY, in6DevGet, ipv6, ipv6GetLladdr } from '@skbuff/ipv6';
import { netlink } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { testDevice } from '@skbuff/testkit';
import { EINVAL, IFA_F_MCAUTOJOIN, IFF_MULTICAST, IFF_NOARP, IFF_UP } from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { addrconf, addrconfDisableIpv6, addrconfFixupForwarding, inet6AddrAdd, inet6AddrDel } from '../src/index.ts';
import { cfg, in6, useHost } from './support.ts';

describe('a link that comes up', () => {
  const t = useHost();

  it('gets routes at once, its link-local address after detection of duplicates, then asks for routers [DAD-01] [DAD-02] [DAD-03] [IP6A-04]', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    expect(t.h.lines()).toEqual(['+ multicast ff00::/8 va table 255 metric 256', '+ fe80::/64 va table 254 metric 256', 'sync up va 1']);
    expect(t.h.addrs(dev)).toEqual(['fe80::ff:fe00:61/64 tentative']);
    t.h.run(3);
    const lines = t.h.timed();
    expect(lines.map(({ text }) => text)).toEqual([
      'NS va :: > ff02::1:ff00:61 fe80::ff:fe00:61 nonce',
      'addr fe80::ff:fe00:61/64',
      '+ local fe80::ff:fe00:61/128 va table 255 metric 0',
      'RS va fe80::ff:fe00:61 > ff02::2',
    ]);
    const [ns, ok] = [lines[0]!, lines[1]!];
    expect(ns.at).toBeGreaterThan(0);
    expect(ns.at).toBeLessThan(1000);
    expect(ok.at - ns.at).toBe(1000);
  });

  it('is in the groups of all nodes and of its solicited-node address [IP6A-13] [IP6A-14] [IP6M-05]', () => {
    const dev = t.h.eth('va');
    expect([...t.h.groups.keys()].filter((key) => key.startsWith('va'))).toEqual(['va ff01::1', 'va ff02::1']);
    t.h.up(dev);
    t.h.run(3);
    expect([...t.h.groups.keys()].filter((key) => key.startsWith('va'))).toEqual(['va ff01::1', 'va ff02::1', 'va ff02::1:ff00:61']);
  });

  it('tells MLD of the device, of its link, and that there is an address to report from', () => {
    t.h.quiet = ['group', '+', 'sync', 'NS', 'RS', 'addr'];
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.run(3);
    t.h.down(dev);
    expect(t.h.lines().filter((line) => line.startsWith('mld'))).toEqual(['mld init va', 'mld up va', 'mld dad complete va', 'mld down va']);
  });

  it('waits for the carrier, and is looked after again when that comes back', () => {
    const dev = t.h.eth('va');
    netifCarrierOff(dev);
    t.h.up(dev);
    t.h.run(3);
    expect(t.h.lines()).toEqual(['sync down va 4']);
    expect(t.h.idev(dev).ifFlags & IF_READY).toBe(0);
    netifCarrierOn(dev);
    t.h.run(3);
    expect(t.h.addrs(dev)).toEqual(['fe80::ff:fe00:61/64']);
    expect(t.h.idev(dev).ifFlags & IF_READY).toBe(IF_READY);
    t.h.lines();
    netifCarrierOff(dev);
    t.h.run(1);
    expect(t.h.lines()).toEqual(['sync down va 4']);
    t.h.quiet = ['group'];
    netifCarrierOn(dev);
    t.h.run(1);
    // Another switch may be behind it: MLD reports again.
    expect(t.h.lines()).toEqual(['mld up va', 'sync up va 16']);
    expect(t.h.addrs(dev)).toEqual(['fe80::ff:fe00:61/64']);
  });

  it('tries an address anew that was given while there was no carrier', () => {
    const dev = t.h.eth('va');
    netifCarrierOff(dev);
    t.h.up(dev);
    expect(t.h.add(dev, '2001:db8::1/64')).toBe(0);
    t.h.run(3);
    expect(t.h.addrs(dev)).toEqual(['2001:db8::1/64 tentative']);
    netifCarrierOn(dev);
    t.h.run(3);
    expect(t.h.addrs(dev)).toEqual(['2001:db8::1/64', 'fe80::ff:fe00:61/64']);
  });

  it('goes through it all again for what is in use when ARP is switched on, without asking', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.run(3);
    devChangeFlags(dev, dev.flags | IFF_NOARP);
    t.h.run(3);
    t.h.lines();
    devChangeFlags(dev, dev.flags & ~IFF_NOARP);
    t.h.run(3);
    expect(t.h.lines().slice(0, 2)).toEqual(['sync up va 16', 'addr fe80::ff:fe00:61/64']);
    // As the kernel: once more than it leaves.
    expect(t.h.groups.get('va ff02::1:ff00:61')).toBe(2);
  });

  it('leaves a device alone whose master does this for it', () => {
    const dev = t.h.eth('va', (each) => {
      each.privFlags |= IFF_NO_ADDRCONF;
    });
    t.h.quiet = ['group'];
    t.h.up(dev);
    t.h.run(2);
    expect(t.h.lines()).toEqual(['mld up va']);
    expect(t.h.addrs(dev)).toEqual([]);
  });

  it('does not detect duplicates, and follows nobody, where there are no neighbours', () => {
    const dev = t.h.eth('va', (each) => {
      each.flags |= IFF_NOARP;
    });
    t.h.up(dev);
    t.h.run(0);
    expect(t.h.addrs(dev)).toEqual(['fe80::ff:fe00:61/64']);
    expect(t.h.idev(dev).cnf.acceptDad).toBe(-1);
    expect(t.h.idev(dev).cnf.useTempaddr).toBe(-1);
    expect([...t.h.groups.keys()].filter((key) => key.includes('ff02::1:ff'))).toEqual([]);
  });
});

describe('the loopback device', () => {
  const t = useHost();

  it('has ::1, from when it is up until it is down [IP6A-06]', () => {
    const lo = t.h.net.devGetByName('lo')!;
    t.h.up(lo);
    expect(t.h.lines()).toEqual(['addr ::1/128', '+ local ::1/128 lo table 255 metric 0', 'sync up lo 1']);
    t.h.down(lo);
    expect(t.h.lines()).toEqual(['- local ::1/128 lo table 255 metric 0', 'deladdr ::1/128']);
    t.h.up(lo);
    expect(t.h.addrs(lo)).toEqual(['::1/128']);
  });

  it('keeps its settings with an MTU below 1280 bytes, but no address while that lasts', () => {
    const lo = t.h.net.devGetByName('lo')!;
    t.h.up(lo);
    t.h.lines();
    devSetMtu(lo, 1200);
    expect(t.h.lines()).toEqual(['- local ::1/128 lo table 255 metric 0', 'deladdr ::1/128']);
    expect(t.h.idev(lo).cnf.mtu6).toBe(65536);
    t.h.down(lo);
    t.h.up(lo);
    expect(t.h.lines().filter((line) => line.includes('addr'))).toEqual(['addr ::1/128', 'deladdr ::1/128']);
    devSetMtu(lo, 1500);
    expect(t.h.addrs(lo)).toEqual([]);
    t.h.down(lo);
    t.h.idev(lo).cnf.mtu6 = 1300;
    t.h.up(lo);
    expect([t.h.addrs(lo), t.h.idev(lo).cnf.mtu6]).toEqual([['::1/128'], 1500]);
  });
});

describe('a device that goes down', () => {
  const t = useHost();

  it('loses routes, then addresses', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.add(dev, '2001:db8::1/64');
    t.h.run(3);
    t.h.lines();
    t.h.down(dev);
    expect(t.h.lines().filter((line) => line.startsWith('deladdr'))).toEqual(['deladdr 2001:db8::1/64', 'deladdr fe80::ff:fe00:61/64']);
    expect(t.h.routes.filter((rt) => rt.dev === dev)).toHaveLength(0);
    expect(t.h.addrs(dev)).toEqual([]);
    expect([...t.h.groups.keys()].filter((key) => key.startsWith('va'))).toEqual(['va ff01::1', 'va ff02::1']);
    expect(t.h.idev(dev).ifFlags).toBe(0);
  });

  it('keeps addresses that were given for ever with keep_addr_on_down, but no link-local ones', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.add(dev, '2001:db8::1/64');
    t.h.add(dev, '2001:db8:3::1/64', { validLft: 100, preferedLft: 50 });
    t.h.run(3);
    t.h.idev(dev).cnf.keepAddrOnDown = 1;
    t.h.lines();
    t.h.down(dev);
    expect(t.h.lines().filter((line) => line.startsWith('deladdr'))).toEqual(['deladdr 2001:db8:3::1/64 dynamic 97 47', 'deladdr fe80::ff:fe00:61/64']);
    expect(t.h.addrs(dev)).toEqual(['2001:db8::1/64 tentative']);
    t.h.up(dev);
    t.h.run(3);
    expect(t.h.lines().filter((line) => /2001/.test(line))).toEqual([
      '+ 2001:db8::/64 va table 254 metric 256',
      'NS va :: > ff02::1:ff00:1 2001:db8::1 nonce',
      'addr 2001:db8::1/64',
      '+ local 2001:db8::1/128 va table 255 metric 0',
    ]);
  });

  it('asks for routers no more', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.run(3);
    t.h.down(dev);
    t.h.lines();
    t.h.run(60);
    expect(t.h.lines()).toEqual([]);
  });
});

describe('a device that comes and goes', () => {
  const t = useHost();

  it('has no IPv6 while its MTU is below 1280 bytes', () => {
    const dev = t.h.eth('va', (each) => {
      each.mtu = 1279;
    });
    expect(in6DevGet(dev)).toBeNull();
    expect(t.h.add(dev, '2001:db8::1/64')).toBe(-EINVAL);
    devSetMtu(dev, 1280);
    expect(t.h.idev(dev).cnf.mtu6).toBe(1280);
    t.h.up(dev);
    t.h.run(3);
    devSetMtu(dev, 1400);
    expect(t.h.idev(dev).cnf.mtu6).toBe(1400);
    expect(t.h.lines()).toContain('mtu va 1400');
    devSetMtu(dev, 1200);
    expect(in6DevGet(dev)).toBeNull();
    expect(t.h.add(dev, '2001:db8::1/64')).toBe(-EINVAL);
    devSetMtu(dev, 1500);
    t.h.run(3);
    expect(t.h.addrs(dev)).toEqual(['fe80::ff:fe00:61/64']);
  });

  it('cannot be called as the directories of all interfaces are', () => {
    const dev = t.h.eth('va');
    expect(devChangeName(dev, 'all')).toBe(-EINVAL);
    expect(devChangeName(dev, 'default')).toBe(-EINVAL);
    expect(dev.name).toBe('va');
    expect(devChangeName(dev, 'vb')).toBe(0);
  });

  it('tells MLD before and after its kind changes', () => {
    t.h.quiet = ['group'];
    const dev = t.h.eth('va');
    t.h.lines();
    callNetdeviceNotifiers(NETDEV_PRE_TYPE_CHANGE, dev);
    callNetdeviceNotifiers(NETDEV_POST_TYPE_CHANGE, dev);
    expect(t.h.lines()).toEqual(['mld unmap va', 'mld remap va']);
  });

  it('starts anew in another namespace', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.add(dev, '2001:db8::1/64');
    t.h.run(3);
    const before = t.h.idev(dev);
    const other = setupNet(t.h.kernel) as Net;
    expect(devChangeNetNamespace(dev, other, null)).toBe(0);
    expect(t.h.idev(dev)).not.toBe(before);
    expect(t.h.addrs(dev)).toEqual([]);
    expect(devChangeNetNamespace(dev, t.h.net, null)).toBe(0);
    other.put();
  });

  it('sorts addresses by scope, the newest first, and takes the oldest link-local one as its own [IP6A-18]', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    t.h.run(3);
    for (const addr of ['2001:db8::1/64', 'fec0::1/64', 'fe80::2/64', '2001:db8::2/64']) t.h.add(dev, addr);
    t.h.run(3);
    expect(t.h.addrs(dev)).toEqual(['2001:db8::2/64', '2001:db8::1/64', 'fec0::1/64', 'fe80::2/64', 'fe80::ff:fe00:61/64']);
    const own = new In6Addr();
    ipv6GetLladdr(dev, own, 0);
    expect(own.toString()).toBe('fe80::ff:fe00:61');
  });
});

describe('settings of interfaces', () => {
  const t = useHost();

  it('takes and gives back addresses with disable_ipv6', () => {
    const dev = t.h.eth('va');
    const idev = t.h.up(dev);
    t.h.add(dev, '2001:db8::1/64');
    t.h.run(3);
    addrconfDisableIpv6(t.h.net, idev.cnf, 1);
    expect(t.h.addrs(dev)).toEqual([]);
    expect(t.h.add(dev, '2001:db8::1/64')).toBe('ipv6: IPv6 is disabled on this device');
    addrconfDisableIpv6(t.h.net, idev.cnf, 0);
    t.h.run(3);
    expect(t.h.addrs(dev)).toEqual(['fe80::ff:fe00:61/64']);
    addrconfDisableIpv6(t.h.net, t.h.state.devconfAll, 1);
    expect([t.h.addrs(dev), t.h.state.devconfDflt.disableIpv6, idev.cnf.disableIpv6]).toEqual([[], 1, 1]);
  });

  it('joins the groups of routers and answers for its subnets while it forwards', () => {
    const dev = t.h.eth('va');
    const idev = t.h.up(dev);
    t.h.add(dev, '2001:db8::1/64');
    t.h.add(dev, '2001:db8:1::1/127');
    t.h.run(3);
    t.h.lines();
    addrconfFixupForwarding(t.h.net, t.h.state.devconfAll, 1);
    expect(t.h.lines()).toEqual(['+ anycast 2001:db8::/128 va table 255 metric 0', '+ anycast fe80::/128 va table 255 metric 0', 'purge default routers']);
    expect([...t.h.groups.entries()].filter(([key]) => key.startsWith('va') && /::2$|:0$/.test(key))).toEqual([
      ['va ff02::2', 1],
      ['va ff01::2', 1],
      ['va ff05::2', 1],
      ['va ff02::1:ff00:0', 2],
    ]);
    expect([t.h.state.devconfDflt.forwarding, idev.cnf.forwarding]).toEqual([1, 1]);
    expect(t.h.eth('vb').flags & IFF_MULTICAST).toBe(IFF_MULTICAST);
    expect(t.h.groups.get('vb ff02::2')).toBe(1);
    addrconfFixupForwarding(t.h.net, idev.cnf, 0);
    expect(t.h.lines()).toEqual(['- anycast 2001:db8::/128 va table 255 metric 0', '- anycast fe80::/128 va table 255 metric 0']);
    expect([...t.h.groups.keys()].filter((key) => key.startsWith('va') && /::2$|:0$/.test(key))).toEqual([]);
  });
});

describe('addresses that are refused', () => {
  const t = useHost();

  it('says why, as the kernel does [IP6A-07]', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    expect(t.h.add(dev, '::/128')).toBe('ipv6: Invalid address');
    expect(t.h.add(dev, '::1/128')).toBe('ipv6: Cannot assign loopback address on this device');
    expect(t.h.add(dev, 'ff02::5/128')).toBe('ipv6: Cannot assign multicast address without "IFA_F_MCAUTOJOIN" flag');
    expect(t.h.add(dev, '2001:db8::1/129')).toBe('ipv6: Invalid prefix length');
    expect(t.h.add(dev, '2001:db8::1/64', { validLft: 10, preferedLft: 20 })).toBe('ipv6: address lifetime invalid');
    expect(t.h.add(dev, '2001:db8::1/65', { ifaFlags: 0x100 })).toBe('ipv6: address with "mngtmpaddr" flag must have a prefix length of 64');
    expect(t.h.add(dev, '2001:db8::1/64')).toBe(0);
    expect(t.h.add(dev, '2001:db8::1/48')).toBe('ipv6: address already assigned');
    const extack = { message: '' };
    expect(inet6AddrDel(t.h.net, dev, in6('2001:db8::9'), 64, extack)).toBeLessThan(0);
    expect(extack.message).toBe('ipv6: address not found');
    expect(dev.flags & IFF_UP).toBe(IFF_UP);
  });

  it('joins a multicast address with autojoin, and leaves it with the address', () => {
    const dev = t.h.eth('va');
    t.h.up(dev);
    expect(t.h.add(dev, 'ff05::99/128', { ifaFlags: IFA_F_MCAUTOJOIN })).toBe(0);
    expect(t.h.groups.get('va ff05::99')).toBe(1);
    expect(t.h.add(dev, 'ff05::99/128', { ifaFlags: IFA_F_MCAUTOJOIN })).toBe('ipv6: address already assigned');
    expect(t.h.groups.get('va ff05::99')).toBe(1);
    expect(inet6AddrDel(t.h.net, dev, in6('ff05::99'), 128, null)).toBe(0);
    expect(t.h.groups.has('va ff05::99')).toBe(false);
  });
});

describe('without routing, neighbour discovery and MLD', () => {
  it('there are addresses all the same', () => {
    const clock = new VirtualClock();
    const kernel = createKernel({ clock, plugins: [netlink(), sysctl(), procfs(), ipv6(), addrconf()] });
    const dev = testDevice(kernel.initNet, 'va', () => {});
    expect(devOpen(dev)).toBe(0);
    expect(inet6AddrAdd(kernel.initNet, dev, cfg('2001:db8::1/64', { validLft: 100, preferedLft: 100 }), null)).toBe(0);
    clock.advance(3e9);
    const idev = in6DevGet(dev)!;
    expect(idev.addrList.map(({ addr, tentative }) => [addr.toString(), tentative])).toEqual([
      ['2001:db8::1', false],
      ['fe80::ff:fe00:61', false],
    ]);
    addrconfFixupForwarding(kernel.initNet, idev.cnf, 1);
    clock.advance(200e9);
    expect(idev.addrList).toHaveLength(1);
    expect(kernel.shutdown()).toEqual({});
  });
});

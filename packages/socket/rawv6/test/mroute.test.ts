/** A raw socket of ICMPv6 as that of a multicast routing daemon. What is expected is what Linux 6.18 said of the same calls. */
import { fibRules } from '@skbuff/fib-rules';
import { icmpv6 } from '@skbuff/icmpv6';
import { ip6mr } from '@skbuff/ip6mr';
import { kernelTask } from '@skbuff/sock';
import { ipFrame, hosts6 } from '@skbuff/testbed';
import * as U from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { open, set6, useLab } from './support.ts';

const t = useLab(() => [icmpv6(), fibRules(), ip6mr()]);

const forwarding = (): string => t.lab.readSysctl(t.lab.b, 'net/ipv6/conf/all/mc_forwarding');

describe('multicast routing', () => {
  it('is for sockets of ICMPv6; one at a time, with CAP_NET_ADMIN', () => {
    const { lab } = t;
    const { tb } = lab;
    const [daemon, second, other] = [open(tb, U.IPPROTO_ICMPV6), open(tb, U.IPPROTO_ICMPV6), open(tb, 253)];
    expect([tb.getsockoptInt(daemon, U.SOL_IPV6, U.MRT6_VERSION), set6(tb, daemon, U.MRT6_INIT), set6(tb, second, U.MRT6_INIT)]).toEqual([773, 0, -U.EADDRINUSE]);
    expect([set6(tb, other, U.MRT6_INIT), tb.getsockoptInt(other, U.SOL_IPV6, U.MRT6_VERSION)]).toEqual([-U.EOPNOTSUPP, -U.EOPNOTSUPP]);
    const user = kernelTask(lab.b, { uid: 1000, caps: [U.CAP_NET_RAW] });
    expect(set6(user, open(user, U.IPPROTO_ICMPV6), U.MRT6_FLUSH)).toBe(-U.EACCES);
    // Whoever has a raw socket may ask for the counters.
    const ask = (request: number): number => tb.ioctl(other, request, new Uint8Array(80)) as number;
    expect([U.SIOCGETMIFCNT_IN6, U.SIOCGETSGCNT_IN6].map(ask)).toEqual([-U.EINVAL, -U.EADDRNOTAVAIL]);
  });

  it('ends with the socket', () => {
    const { tb } = t.lab;
    const fd = open(tb, U.IPPROTO_ICMPV6);
    set6(tb, fd, U.MRT6_INIT);
    expect(forwarding()).toBe('1\n');
    tb.close(fd);
    expect(forwarding()).toBe('0\n');
  });

  it('the daemon hears of packets to groups that nobody knows a way for, in its receive queue', () => {
    const { lab } = t;
    const { tb, vb } = lab;
    const fd = open(tb, U.IPPROTO_ICMPV6);
    const filter = new Uint8Array(32).fill(0xff);
    tb.setsockopt(fd, U.SOL_ICMPV6, U.ICMPV6_FILTER, filter);
    set6(tb, fd, U.MRT6_INIT);
    const mif = new Uint8Array(12);
    mif.set([0, 0, 0, 1, vb.ifindex]);
    expect(set6(tb, fd, U.MRT6_ADD_MIF, mif)).toBe(0);
    lab.inject(vb, ipFrame(vb, 253, Uint8Array.of(1, 2, 3), { daddr: 'ff0e::77' }, hosts6));
    const message = new Uint8Array(200);
    expect(tb.recvfrom(fd, message, U.MSG_DONTWAIT)).toBeGreaterThanOrEqual(40);
    expect([message[0], message[1], message[24], message[25], message[39]]).toEqual([0, U.MRT6MSG_NOCACHE, 0xff, 0x0e, 0x77]);
  });
});

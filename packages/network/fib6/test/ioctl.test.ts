/** SIOCADDRT and SIOCDELRT of AF_INET6, with the bytes of `struct in6_rtmsg`; errnos are those of a Linux 6.18. */
import * as U from '@skbuff/uapi';
import { setLe16, setLe32 } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { ipv6RouteIoctl } from '../src/route6-ioctl.ts';
import { addr6, useHost } from './support.ts';

const t = useHost();

interface Rtmsg {
  readonly dst?: string;
  readonly dstLen?: number;
  readonly gateway?: string;
  readonly metric?: number;
  readonly flags?: number;
  readonly dev?: string;
}

function rtmsg({ dst = '::', dstLen = 0, gateway = '::', metric = 0, flags = U.RTF_UP, dev = '' }: Rtmsg): Uint8Array {
  const bytes = new Uint8Array(80);
  addr6(dst).store(bytes, 0);
  addr6(gateway).store(bytes, 32);
  setLe16(bytes, 52, dstLen);
  setLe32(bytes, 56, metric);
  setLe32(bytes, 72, flags);
  setLe32(bytes, 76, dev === '' ? 0 : t.h.dev(dev).ifindex);
  return bytes;
}

const add = (m: Rtmsg): number => ipv6RouteIoctl(t.h.net, U.SIOCADDRT, rtmsg(m));
const del = (m: Rtmsg): number => ipv6RouteIoctl(t.h.net, U.SIOCDELRT, rtmsg(m));

describe('the old way to change routes', () => {
  beforeEach(() => void t.h.eth('v0', '2001:db8::1/64'));

  it('adds and deletes what the message says, of the main table [IP6T-10]', () => {
    const via = { dst: '2001:db8:5::', dstLen: 48, gateway: '2001:db8::2', flags: U.RTF_UP | U.RTF_GATEWAY };
    expect([add(via), add({ dst: '2001:db8:6::', dstLen: 48, dev: 'v0', metric: 7 })]).toEqual([0, 0]);
    expect(t.h.show()).toEqual([
      '2001:db8::/64 dev v0 metric 256',
      '2001:db8:5::/48 via 2001:db8::2 dev v0 metric 1024',
      '2001:db8:6::/48 dev v0 metric 7',
    ]);
    expect([del(via), del(via), del({ dst: '2001:db8:6::', dstLen: 48 })]).toEqual([0, -U.ESRCH, 0]);
    expect(t.h.show()).toEqual(['2001:db8::/64 dev v0 metric 256']);
  });

  it('is refused as by netlink', () => {
    expect(add({ dst: '2001:db8:5::', dstLen: 129, dev: 'v0' })).toBe(-U.EINVAL);
    expect(add({ dst: '2001:db8:5::', dstLen: 48 })).toBe(-U.ENODEV);
    expect(add({ dst: '2001:db8:5::', dstLen: 48, gateway: '2002::1', flags: U.RTF_UP | U.RTF_GATEWAY })).toBe(-U.EHOSTUNREACH);
    expect(ipv6RouteIoctl(t.h.net, U.SIOCADDRT, new Uint8Array(79))).toBe(-U.EFAULT);
  });
});

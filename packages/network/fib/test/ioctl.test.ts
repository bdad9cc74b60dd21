/** SIOCADDRT and SIOCDELRT; errnos and routes are those of a Linux 6.18 for the same requests. */
import * as U from '@skbuff/uapi';
import { inetNtoa } from '@skbuff/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { ipRtIoctl, type Rtentry } from '../src/index.ts';
import { ip4, useHost } from './support.ts';

const t = useHost();
const NONE: Rtentry = { dst: 0, dstFamily: U.AF_INET, gateway: 0, gatewayFamily: U.AF_INET, genmask: 0, genmaskFamily: U.AF_INET, flags: U.RTF_UP, metric: 0, dev: '', mtu: 0, window: 0, irtt: 0 };

beforeEach(() => {
  t.h.loUp();
  const v0 = t.h.eth('v0', '10.0.0.1/24');
  t.h.addr(v0, '10.0.5.1/24', { label: 'v0:1' });
});

const route = (cmd: number, dst: string, mask: string, more: Partial<Rtentry> = {}): number =>
  ipRtIoctl(t.h.net, cmd, { ...NONE, dst: ip4(dst), genmask: ip4(mask), ...more });
const add = (dst: string, mask: string, more: Partial<Rtentry> = {}): number => route(U.SIOCADDRT, dst, mask, more);
const del = (dst: string, mask: string, more: Partial<Rtentry> = {}): number => route(U.SIOCDELRT, dst, mask, more);
const VIA = { gateway: ip4('10.0.0.9'), flags: U.RTF_UP | U.RTF_GATEWAY };

/** What a route says: scope, gateway, priority, source, advmss, window, rtt. */
function shown(prefix: string, plen: number): (string | number)[] {
  const fi = t.h.state.main!.store.head(ip4(prefix), plen)!.info;
  const [nh] = fi.nhs;
  return [fi.type, fi.scope, nh.dev?.name ?? '', inetNtoa(nh.gw), fi.priority, inetNtoa(fi.prefsrc), ...[U.RTAX_ADVMSS, U.RTAX_WINDOW, U.RTAX_RTT].map((type) => fi.metrics?.[type] ?? 0)];
}

describe('SIOCADDRT and SIOCDELRT', () => {
  it('add and delete routes [FTAB-15]', () => {
    expect([add('10.1.0.0', '255.255.0.0', { dev: 'v0' }), add('10.1.0.0', '255.255.0.0', { dev: 'v0' })]).toEqual([0, -U.EEXIST]);
    expect([del('10.1.0.0', '255.255.0.0'), del('10.1.0.0', '255.255.0.0')]).toEqual([0, -U.ESRCH]);
  });

  it.each<[what: string, dst: string, plen: number, mask: string, more: Partial<Rtentry>, says: (string | number)[]]>([
    ['over a device: scope link', '10.1.0.0', 16, '255.255.0.0', { dev: 'v0' }, [1, 253, 'v0', '0.0.0.0', 0, '0.0.0.0', 0, 0, 0]],
    ['by a gateway: scope universe; the metric is one more', '10.2.0.0', 16, '255.255.0.0', { ...VIA, metric: 6 }, [1, 0, 'v0', '10.0.0.9', 5, '0.0.0.0', 0, 0, 0]],
    ['to a host: the mask does not count', '10.4.0.1', 32, '0.0.0.0', { ...VIA, flags: U.RTF_UP | U.RTF_GATEWAY | U.RTF_HOST }, [1, 0, 'v0', '10.0.0.9', 0, '0.0.0.0', 0, 0, 0]],
    ['rejected', '10.6.0.0', 16, '255.255.0.0', { flags: U.RTF_UP | U.RTF_REJECT }, [7, 254, '', '0.0.0.0', 0, '0.0.0.0', 0, 0, 0]],
    ['without a family of the mask', '0.0.0.0', 0, '0.0.0.0', { ...VIA, genmaskFamily: 0 }, [1, 0, 'v0', '10.0.0.9', 0, '0.0.0.0', 0, 0, 0]],
    ['with metrics', '10.8.0.0', 16, '255.255.0.0', { ...VIA, flags: U.RTF_UP | U.RTF_GATEWAY | U.RTF_MTU | U.RTF_WINDOW | U.RTF_IRTT, mtu: 1000, window: 2000, irtt: 30 }, [1, 0, 'v0', '10.0.0.9', 0, '0.0.0.0', 960, 2000, 240]],
    ['by the label of an address: that is the source', '10.9.0.0', 16, '255.255.0.0', { dev: 'v0:1' }, [1, 253, 'v0', '0.0.0.0', 0, '10.0.5.1', 0, 0, 0]],
    ['by an address of ours: scope link', '10.11.0.0', 16, '255.255.0.0', { ...VIA, gateway: ip4('10.0.0.1') }, [1, 253, 'v0', '10.0.0.1', 0, '0.0.0.0', 0, 0, 0]],
  ])('%s [FTAB-15]', (_what, dst, plen, mask, more, says) => {
    expect(add(dst, mask, more)).toBe(0);
    expect(shown(dst, plen)).toEqual(says);
  });

  it.each<[what: string, dst: string, mask: string, more: Partial<Rtentry>, error: number]>([
    ['a gateway flag without a gateway', '10.3.0.0', '255.255.0.0', { flags: U.RTF_UP | U.RTF_GATEWAY }, -U.EINVAL],
    ['bits beyond the mask', '10.5.0.1', '255.255.0.0', VIA, -U.EINVAL],
    ['a mask with holes', '10.5.0.0', '255.0.255.0', VIA, -U.EINVAL],
    ['an unknown device', '10.7.0.0', '255.255.0.0', { dev: 'nope' }, -U.ENODEV],
    ['an unknown label', '10.9.1.0', '255.255.255.0', { dev: 'v0:7' }, -U.ENODEV],
    ['neither device nor gateway', '10.7.0.0', '255.255.0.0', {}, -U.ENODEV],
    ['another family', '10.7.0.0', '255.255.0.0', { dstFamily: 0 }, -U.EAFNOSUPPORT],
    ['another family of the mask', '10.7.0.0', '255.255.0.0', { genmaskFamily: 0, dev: 'v0' }, -U.EAFNOSUPPORT],
    ['a gateway without its flag', '10.10.0.0', '255.255.0.0', { gateway: ip4('10.0.0.9'), dev: 'v0' }, -U.ENETUNREACH],
  ])('refuse %s [FTAB-15]', (_what, dst, mask, more, error) => {
    expect(add(dst, mask, more)).toBe(error);
  });

  it('delete by gateway, whatever the metric, and rejected ones [FTAB-15]', () => {
    add('10.2.0.0', '255.255.0.0', { ...VIA, metric: 6 });
    add('10.6.0.0', '255.255.0.0', { flags: U.RTF_UP | U.RTF_REJECT });
    expect([del('10.2.0.0', '255.255.0.0', { ...VIA, gateway: ip4('10.0.0.8') }), del('10.2.0.0', '255.255.0.0', VIA), del('10.6.0.0', '255.255.0.0', { flags: U.RTF_UP | U.RTF_REJECT })]).toEqual([-U.ESRCH, 0, 0]);
  });
});

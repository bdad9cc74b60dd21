/** What a link tells and takes of IPv4; against the running kernel in skbuff's test/link-af-oracle.test.ts. */
import { devSetMtu, type Net, type NetDevice, rmmod, setupNet } from '@skbuff/core';
import { NetlinkExtAck, NlMsgBuilder, RTNETLINK, type RtnlAfOps } from '@skbuff/netlink';
import { sysctlOf } from '@skbuff/sysctl';
import { AF_INET, EAFNOSUPPORT, EINVAL, ENODATA, IFLA_INET_CONF } from '@skbuff/uapi';
import { expect, it } from 'vitest';
import { useHost } from './support.ts';

const t = useHost();

function inetAfOps(): Required<{ [K in keyof RtnlAfOps]: NonNullable<RtnlAfOps[K]> }> {
  return t.h.kernel.services.get(RTNETLINK).afOps.find(({ family }) => family === AF_INET) as never;
}

function filled(dev: NetDevice): string | number {
  const b = new NlMsgBuilder();
  const err = inetAfOps().fillLinkAf(b, dev, 0);
  return err === 0 ? Buffer.from(b.buf.subarray(0, b.len)).toString('hex') : err;
}

/** AF_INET { IFLA_INET_CONF { index: value … } }, judged and, if it is good, set. */
function change(dev: NetDevice, ...settings: readonly (readonly [index: number, value: number])[]): number {
  const b = new NlMsgBuilder();
  const family = b.nlaNestStartNoflag(AF_INET);
  const conf = b.nlaNestStartNoflag(IFLA_INET_CONF);
  for (const [index, value] of settings) b.nlaPutU32(index, value);
  b.nlaNestEnd(conf);
  b.nlaNestEnd(family);
  const extack = new NetlinkExtAck();
  return inetAfOps().validateLinkAf(dev, b.buf, family, extack) || inetAfOps().setLinkAf(dev, b.buf, family, extack);
}

it('a link tells all settings, as Linux 6.18 does', () => {
  const dev = t.h.eth('d0');
  t.h.sysctl('net/ipv4/conf/d0/rp_filter', '2');
  t.h.sysctl('net/ipv4/conf/d0/medium_id', '-1');
  expect(filled(dev)).toBe(
    '88000100000000000000000000000000010000000100000001000000010000000200000001000000000000000000000000000000' +
      '00000000ffffffff000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000' +
      '10270000e80300000000000000000000000000000000000001000000',
  );
});

it('a link takes settings, all or none', () => {
  const dev = t.h.eth('d0');
  const read = (file: string): string | number => t.h.sysctlRead(`net/ipv4/conf/d0/${file}`);
  expect([change(dev, [8, 1], [14, 0xffffffff], [2, 1]), read('rp_filter'), read('medium_id'), read('mc_forwarding')]).toEqual([0, '1\n', '-1\n', '1\n']);
  expect([change(dev, [8, 2], [0, 1]), change(dev, [8, 2], [34, 1]), read('rp_filter')]).toEqual([-EINVAL, -EINVAL, '1\n']);
  // It is the interface's own from now on.
  t.h.sysctl('net/ipv4/conf/default/rp_filter', '0');
  t.h.sysctl('net/ipv4/conf/default/arp_ignore', '3');
  expect([read('rp_filter'), read('arp_ignore')]).toEqual(['1\n', '3\n']);
});

it('a link without IPv4 has nothing to tell, and takes nothing', () => {
  const dev = t.h.eth('d0');
  expect(devSetMtu(dev, 60)).toBe(0);
  expect([filled(dev), change(dev, [8, 1]), change(dev, [0, 1])]).toEqual([-ENODATA, -EAFNOSUPPORT, -EAFNOSUPPORT]);
});

it('a loopback begins without IPsec whatever the default is, and after it has lost IPv4 it is like the others', () => {
  const net = setupNet(t.h.kernel) as Net;
  const lo = net.loopbackDev as NetDevice;
  const read = (): string | number => sysctlOf(net).read('net/ipv4/conf/lo/disable_policy');
  sysctlOf(net).write('net/ipv4/conf/default/disable_policy', '5');
  const seen = [read()];
  devSetMtu(lo, 60);
  devSetMtu(lo, 1500);
  expect([...seen, read()]).toEqual(['1\n', '5\n']);
  net.put();
});

it('nothing of it is left when IPv4 goes', () => {
  const { afOps } = t.h.kernel.services.get(RTNETLINK);
  expect(rmmod(t.h.kernel, 'known-neighbours')).toBe(0);
  expect([afOps.length, rmmod(t.h.kernel, '@skbuff/ipv4'), afOps.length]).toEqual([1, 0, 0]);
});

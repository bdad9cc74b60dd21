/** A kernel goes on without the package, as one with `ipv6.disable=1`. */
import { rmmod } from '@skbuff/core';
import { in6DevGet } from '@skbuff/ipv6';
import { procNetOf } from '@skbuff/procfs';
import { sysctlOf } from '@skbuff/sysctl';
import { expect, it } from 'vitest';
import { useHost } from './support.ts';

const t = useHost();

it('leaves nothing behind when it is unloaded', () => {
  const { h } = t;
  const dev = h.eth('v0');
  h.up(dev);
  h.add(dev, '2001:db8::1/64');
  h.run(3);
  expect(sysctlOf(h.net).read('net/ipv6/conf/v0/forwarding')).toBe('0\n');
  expect(rmmod(h.kernel, '@skbuff/addrconf')).toBe(0);
  expect([in6DevGet(dev), sysctlOf(h.net).list('net/ipv6/conf'), procNetOf(h.net).read('if_inet6'), [...h.state.addrs].length]).toEqual([null, [], -2, 0]);
});

/** /proc/net/rt6_stats after each command, as a running Linux 6.18 showed it; but for decisions ever made, of which some are about packets sent meanwhile. */
import { procNetOf } from '@skbuff/procfs';
import { expect, it } from 'vitest';
import { createNet } from '../src/index.ts';
import { SETUP } from './route6-setup.ts';

/** Nodes of trees, of these with routes, routes, decisions for single destinations twice, routes that went. */
const STEPS = [
  ['route add 2001:db8:10::/48 via 2001:db8::2', '000e 0009 000a 0000 0000 0000'],
  ['route add 2001:db8:11::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3', '0010 000a 000c 0000 0000 0000'],
  ['route add blackhole 2001:db8:12::/48', '0012 000b 000d 0000 0000 0000'],
  ['route add default via 2001:db8::9', '0012 000b 000e 0000 0000 0000'],
  ['route add 2001:db8:13::/48 from 2001:db8::/64 via 2001:db8::2', '0016 000c 000f 0000 0000 0000'],
  ['route get 2001:db8:10::5', '0016 000c 000f 0000 0000 0000'],
  ['route add 2001:db8:15::/48 via 2001:db8::2 mtu 1400 table 100', '0017 000d 0010 0000 0000 0000'],
  ['rule add table 100', '0017 000d 0010 0000 0000 0000'],
  ['route del 2001:db8:11::/48', '0015 000c 000e 0000 0000 0002'],
  ['route del 2001:db8:10::/48', '0013 000b 000d 0000 0000 0003'],
] as const;

it('shows statistics of routing as Linux does', async () => {
  const net = createNet({ seed: 1 });
  const host = net.host('h');
  for (const line of SETUP) expect((await host.run(line)).code, line).toBe(0);
  await net.advance(300);
  for (const [line, shown] of STEPS) {
    expect((await host.run(`ip -6 ${line}`)).code, line).toBe(0);
    const numbers = String(procNetOf(host.ns).read('rt6_stats')).trim().split(' ');
    expect(numbers.filter((_number, i) => i !== 2).join(' '), line).toBe(shown);
  }
  expect(net.close()).toEqual({});
});

import { expect, it } from 'vitest';
import { pingOnce } from '../src/ping.ts';

it('a stack of five plugins, without sockets, answers a ping and leaves nothing', () => {
  expect(pingOnce()).toEqual({ line: '40 bytes from 10.0.0.2: icmp_seq=1 ttl=64', leaks: {} });
});

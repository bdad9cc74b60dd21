/** A command that a signal has ended does nothing more, though its code still runs: what waited says so, and whoever does not listen goes round for ever. */
import { Task } from '@skbuff/sock';
import { afterEach, expect, it, vi } from 'vitest';
import { createNet } from '../src/index.ts';

const LINES = ['ping -6 2001:db8::99', 'ping 10.0.0.99', 'tracepath -6 2001:db8::99', 'tracepath 10.0.0.99', 'traceroute -6 2001:db8::99', 'traceroute -6 -I 2001:db8::99', 'traceroute 10.0.0.99', 'ndisc6 2001:db8::99 d0', 'rdisc6 -r 9 d0', 'tcpdump -n -i d0', 'ip monitor'];

afterEach(() => vi.restoreAllMocks());

it.each(LINES)('%s', async (line) => {
  const net = createNet();
  const host = net.host('h');
  host.link.add('d0', 'dummy');
  host.link.set({ dev: 'd0', up: true });
  host.addr.add({ dev: 'd0', cidr: '2001:db8::1/64', nodad: true });
  host.addr.add({ dev: 'd0', cidr: '10.0.0.1/24' });
  await net.advance(3000);
  const running = host.start(line);
  await net.advance(500);
  running.kill('SIGKILL');
  const polls = vi.spyOn(Task.prototype, 'poll');
  expect((await running.done).code).toBe(128 + 9);
  for (let i = 0; i < 1000; i++) await Promise.resolve();
  expect(polls.mock.calls.length).toBeLessThan(3);
  polls.mockRestore();
  expect(net.close()).toEqual({});
});

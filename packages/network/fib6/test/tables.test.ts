import { procNetOf } from '@skbuff/procfs';
import { describe, expect, it } from 'vitest';
import { useHost } from './support.ts';

const t = useHost();

/** Runs the lines as `ip -6 route …`; what each returned. */
const run = (...lines: string[]): string[] => lines.map((line) => t.h.route(line));

describe('adding and removing routes, as Linux 6.18 answered', () => {
  it('knows one from another by prefix and metric, and shares a metric among gateways [IP6T-08]', () => {
    t.h.eth('v0', '2001:db8::1/64', 'fe80::1/64');
    t.h.eth('v1');
    expect(
      run(
        'add 2001:db8:9::/48 via 2001:db8::4',
        'add 2001:db8:9::/48 via 2001:db8::4',
        'append 2001:db8:9::/48 via 2001:db8::6',
        'append 2001:db8:9::/48 via 2001:db8::6',
        'append 2001:db8:9::/48 dev v0',
        'append 2001:db8:9::/48 dev v1',
        'add 2001:db8:9::/48 dev v1 metric 5',
        'add blackhole 2001:db8:d::/48',
        'add unreachable 2001:db8:d::/48',
        'add prohibit 2001:db8:d::/48 metric 7',
      ),
    ).toEqual(['', 'EEXIST', '', 'EEXIST', '', '', '', '', 'EEXIST', '']);
    expect(t.h.show()).toEqual([
      '2001:db8::/64 dev v0 metric 256',
      '2001:db8:9::/48 dev v1 metric 5',
      '2001:db8:9::/48 via 2001:db8::4 dev v0 metric 1024',
      '2001:db8:9::/48 via 2001:db8::6 dev v0 metric 1024',
      '2001:db8:9::/48 dev v0 metric 1024',
      '2001:db8:9::/48 dev v1 metric 1024',
      'prohibit 2001:db8:d::/48 dev lo metric 7',
      'blackhole 2001:db8:d::/48 dev lo metric 1024',
      'fe80::/64 dev v0 metric 256',
    ]);
  });

  it('replaces a route of the same kind, else the first of its metric, with all its siblings [IP6T-08]', () => {
    t.h.eth('v0', '2001:db8::1/64');
    t.h.eth('v1');
    const shown: string[][] = [];
    const step = (...lines: string[]): string[] => {
      const answers = run(...lines);
      shown.push(t.h.show().filter((line) => line.startsWith('2001:db8:99')));
      return answers;
    };
    expect(step('change 2001:db8:99::/48 via 2001:db8::2')).toEqual(['ENOENT Can not replace route - no match found']);
    expect(step('replace 2001:db8:99::/48 via 2001:db8::2', 'replace 2001:db8:99::/48 dev v1')).toEqual(['', '']);
    expect(step('replace 2001:db8:99::/48 dev v0 metric 5', 'change 2001:db8:99::/48 dev v0 metric 6')).toEqual(['', 'ENOENT']);
    expect(step('replace 2001:db8:99::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3')).toEqual(['']);
    expect(step('replace 2001:db8:99::/48 via 2001:db8::8')).toEqual(['']);
    expect(shown).toEqual([
      [],
      ['2001:db8:99::/48 dev v1 metric 1024'],
      ['2001:db8:99::/48 dev v0 metric 5', '2001:db8:99::/48 dev v1 metric 1024'],
      ['2001:db8:99::/48 dev v0 metric 5', '2001:db8:99::/48 via 2001:db8::2 dev v0 metric 1024', '2001:db8:99::/48 via 2001:db8::3 dev v0 metric 1024'],
      ['2001:db8:99::/48 dev v0 metric 5', '2001:db8:99::/48 via 2001:db8::8 dev v0 metric 1024'],
    ]);
  });

  it('deletes what the request says, siblings all at once without a gateway [IP6T-08]', () => {
    t.h.eth('v0', '2001:db8::1/64');
    t.h.eth('v1');
    run('add 2001:db8:10::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3 weight 3', 'append 2001:db8:10::/48 via 2001:db8::9', 'append 2001:db8:10::/48 dev v0', 'append 2001:db8:10::/48 dev v1');
    const left = (): number => t.h.show().filter((line) => line.startsWith('2001:db8:10')).length;
    expect([left(), ...run('del 2001:db8:10::/48 metric 77', 'del 2001:db8:10::/48 proto 4', 'del 2001:db8:10::/48 via 2001:db8::3'), left()]).toEqual([5, 'ESRCH', 'ESRCH', '', 4]);
    expect([...run('del 2001:db8:10::/48'), left(), ...run('del 2001:db8:10::/48'), left()]).toEqual(['', 2, '', 1]);
    expect(run('del 2001:db8:10::/48', 'del 2001:db8:10::/48', 'del 2001:db8:10::/48 table 101')).toEqual(['', 'ESRCH', 'ESRCH FIB table does not exist']);
  });

  it('deletes the route for everybody where a destination has none for sources, and knows an entry of nowhere at ::/0', () => {
    t.h.eth('v0', '2001:db8::1/64');
    expect(run('add 2001:db8:10::/48 via 2001:db8::2', 'del 2001:db8:10::/48 from 2001:db8:5::/48', 'del 2001:db8:10::/48', 'del default', 'del default metric 7', 'del default dev v0')).toEqual(['', '', 'ESRCH', 'ENOENT', 'ESRCH', 'ESRCH']);
  });

  it('makes the table of a route that is refused after all', () => {
    t.h.eth('v0', '2001:db8::1/64');
    expect(run('add 2001:db8:10::/48 via 2001:db9::1 table 101', 'del 2001:db8:10::/48 table 101')).toEqual(['EHOSTUNREACH', 'ESRCH']);
  });

  it('leads by the loopback device only where IPv6 is enabled there, but nowhere in any case', () => {
    t.h.eth('v0', '2001:db8::1/64');
    t.h.idev('lo').cnf.disableIpv6 = 1;
    expect(run('add 2001:db8:10::/48 dev lo', 'add unreachable 2001:db8:11::/48', 'add unreachable 2001:db8:12::/48 dev lo')).toEqual(['EACCES IPv6 is disabled on nexthop device', '', '']);
  });

  it('shows in /proc/net/ipv6_route the entry of nowhere of a table without a default route only', () => {
    t.h.eth('v0', '2001:db8::1/64');
    const nowhere = (): number => String(procNetOf(t.h.net).read('ipv6_route')).split('\n').filter((line) => line.includes(' ffffffff ')).length;
    const before = nowhere();
    expect([...run('add default via 2001:db8::2'), before - nowhere(), ...run('del default'), before - nowhere()]).toEqual(['', 1, '', 0]);
  });

  it('believes onlink unless a route says that the gateway is behind another device', () => {
    t.h.eth('v0', '2001:db8::1/64');
    t.h.eth('v1', '2001:db8:1::1/64');
    expect(run('add 2001:db8:b::/48 via 2001:db8:1::5 dev v0 onlink', 'add prohibit 2001:db8:7::/48', 'add 2001:db8:b::/48 via 2001:db8:7::5 dev v0 onlink')).toEqual(['EINVAL Nexthop has invalid gateway or device mismatch', '', '']);
  });

  it('adds all next hops or none [IP6T-08]', () => {
    t.h.eth('v0', '2001:db8::1/64');
    t.h.eth('v1');
    expect(
      run('add 2001:db8:22::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::2', 'add 2001:db8:23::/48 nexthop via 2001:db8::2 nexthop via 2001:dead::2'),
    ).toEqual(['EEXIST', 'EHOSTUNREACH']);
    expect(t.h.show()).toEqual(['2001:db8::/64 dev v0 metric 256']);
  });

  it('asks of a gateway that it is on a link, and nobody here [IP6T-08]', () => {
    t.h.eth('v0', '2001:db8::1/64', 'fe80::1/64');
    t.h.eth('v1');
    const a = 'add 2001:db8:a::/48 via ';
    expect(
      run(`${a}2001:db8:77::1`, `${a}2001:db8:77::1 dev v0`, `${a}fe80::9`, `${a}2001:db8::1`, `${a}2001:db8::1 dev v0`, `${a}2001:db8::2 dev v1`, `${a}ff02::1 dev v0`, `${a}fe80::1 dev v0`, `${a}fe80::5 dev lo`, `${a}::1 dev v0`, `${a}::ffff:1.2.3.4 dev v0`),
    ).toEqual([
      'EHOSTUNREACH',
      'EHOSTUNREACH',
      'EINVAL Egress device not specified',
      'EINVAL Gateway can not be a local address',
      'EINVAL Gateway can not be a local address',
      'EHOSTUNREACH',
      'EINVAL Invalid gateway address',
      'EINVAL Gateway can not be a local address',
      'EINVAL Egress device can not be loopback device for this route',
      'EINVAL Gateway can not be a local address',
      'EHOSTUNREACH',
    ]);
    expect(run(`${a}fe80::9 dev v0`, 'add 2001:db8:b::/48 via 2001:db8:77::1 dev v0 onlink', 'add 2001:db8:c::/48 via fe80::1 dev v1')).toEqual(['', '', '']);
  });

  it('refuses a preferred source that is not its own, and a device that is down or not there [IP6T-08]', () => {
    t.h.eth('v0', '2001:db8::1/64');
    t.h.eth('v1');
    t.h.down('v1');
    expect(run('add 2001:db8:20::/48 via 2001:db8::2 src 2001:db8::9', 'add 2001:db8:20::/48 dev v1')).toEqual(['EINVAL Invalid source address', 'ENETDOWN Nexthop device is not up']);
  });

  it('changes the time of a route that is there already', () => {
    t.h.eth('v0', '2001:db8::1/64');
    const expires = (): number => {
      const [rt] = [...t.h.state.main.routes()].filter((each) => each.plen === 48);
      return rt.expires === 0 ? 0 : Math.round((rt.expires - t.h.net.timers.jiffies) / 1000);
    };
    expect([...run('add 2001:db8:20::/48 via 2001:db8::2 expires 200'), expires()]).toEqual(['', 200]);
    expect([...run('append 2001:db8:20::/48 via 2001:db8::2 expires 300'), expires()]).toEqual(['EEXIST', 300]);
    expect([...run('append 2001:db8:20::/48 via 2001:db8::2'), expires()]).toEqual(['EEXIST', 0]);
  });
});

/** ntable, maddress, netconf, monitor and dumps on our own stack: no root is needed to see that they work. */
import { netlinkPort, nlmsgAll, NlMsgBuilder, RtGenMsg } from '@skbuff/netlink';
import { sysctlOf } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Stack } from './stack.ts';

let stack: Stack;

beforeEach(() => {
  stack = new Stack();
  stack.ip('link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02');
  stack.ip('link set v0 up');
  stack.ip('link set v1 up');
  stack.clock.advance(2e9);
});

afterEach(() => {
  expect(stack.close()).toEqual({});
});

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('neighbour tables and neighbours', () => {
  it('shows the settings of a table and of an interface, and changes one [TOOL-21]', () => {
    stack.ip('ntable change name arp_cache locktime 1200 dev v0');
    const text = stack.ip('ntable show name arp_cache dev v0');
    expect(text.replace(/reachable \d+ base/, 'reachable R base')).toBe(
      'inet arp_cache \n    dev v0 \n    refcnt 1 reachable R base_reachable 30000 retrans 1000 \n    gc_stale 60000 delay_probe 5000 queue 101 \n' +
        '    app_probes 0 ucast_probes 3 mcast_probes 3 \n    anycast_delay 1000 proxy_delay 800 proxy_queue 64 locktime 1200 \n\n',
    );
    expect(stack.ip('ntable show name arp_cache dev v1')).toContain('locktime 1000 ');
  });

  it('shows the neighbours, and flushes those of an interface [TOOL-19]', () => {
    for (const dev of ['v0', 'v1']) stack.ip(`neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 nud reachable dev ${dev}`);
    expect(stack.ip('neigh show')).toContain('10.0.0.9 dev v0 lladdr 02:00:00:00:00:09 REACHABLE ');
    expect(stack.ip('-6 neigh show')).toBe('');
    stack.ip('neigh flush dev v0');
    expect(stack.ip('neigh show')).toBe('10.0.0.9 dev v1 lladdr 02:00:00:00:00:09 REACHABLE \n');
  });
});

describe('groups', () => {
  it('of the link and of IPv4 are shown; one of the link is set by hand [TOOL-23]', () => {
    stack.ip('maddr add 01:02:03:04:05:06 dev v0');
    expect(stack.ip('maddr show dev v0')).toBe('3:\tv0\n\tlink  01:00:5e:00:00:01\n\tlink  01:02:03:04:05:06 static\n\tinet  224.0.0.1\n');
    stack.ip('maddr del 01:02:03:04:05:06 dev v0');
    expect(stack.ip('-0 maddr show dev v0')).toBe('3:\tv0\n\tlink  01:00:5e:00:00:01\n');
  });
});

describe('monitor', () => {
  it('tells of routes that come and go, and of new links [TLI-03] [TOOL-24]', async () => {
    stack.ip('addr add 10.0.0.1/24 dev v0');
    const { out, kill } = stack.start('ip monitor route link');
    for (const line of ['route add 10.1.0.0/16 via 10.0.0.2', 'route del 10.1.0.0/16', 'link add d0 address 02:00:00:00:00:0d type dummy']) stack.ip(line);
    await settle();
    kill();
    expect(out.stdout).toBe(
      '10.1.0.0/16 via 10.0.0.2 dev v0 \nDeleted 10.1.0.0/16 via 10.0.0.2 dev v0 \n' +
        '4: d0: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN group default \n    link/ether 02:00:00:00:00:0d brd ff:ff:ff:ff:ff:ff\n',
    );
  });

  it('ends when the process does', async () => {
    const monitor = stack.start('ip monitor link');
    await settle();
    monitor.kill();
    expect(await monitor.status).toBe(1);
  });

  it('puts the time before each, in one of two forms', async () => {
    const running = ['-t', '-ts'].map((option) => stack.start(`ip ${option} monitor rule`));
    stack.ip('rule add from 10.0.0.1 table 5');
    await settle();
    for (const { kill } of running) kill();
    expect(running[0]?.out.stdout).toMatch(/^Timestamp: \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} \d+ usec\n32765:\tfrom 10\.0\.0\.1 lookup 5\n$/);
    expect(running[1]?.out.stdout).toMatch(/^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\] 32765:\tfrom 10\.0\.0\.1 lookup 5\n$/);
  });

  it('reads what was recorded in a file', () => {
    const b = new NlMsgBuilder();
    const at = b.nlmsgPut(U.RTM_DELNSID, 0, 0, 0, new RtGenMsg());
    b.nlaPutS32(U.NETNSA_NSID, 7);
    b.nlmsgEnd(at);
    stack.files.set('record', String.fromCharCode(...b.bytes()));
    expect(stack.ip('monitor file record label')).toBe('[NSID]Deleted nsid 7 \n');
  });
});

describe('a dump in a file', () => {
  it('brings addresses, routes and rules back', async () => {
    for (const line of ['addr add 10.0.0.1/24 dev v0', 'route add 10.1.0.0/16 via 10.0.0.2', 'rule add from 10.0.0.1 table 5']) stack.ip(line);
    const before = ['addr show v0', 'route', 'rule'].map((line) => stack.ip(line));
    const dumps = ['rule', 'addr', 'route'].map((object) => [object, stack.ip(`${object} save`)] as const);
    for (const line of ['addr flush dev v0', 'rule flush']) stack.ip(line);
    for (const [object, dump] of dumps) {
      stack.files.set('-', dump);
      expect([object, (await stack.runLater(`ip ${object} restore`)).status]).toEqual([object, 0]);
    }
    expect(['addr show v0', 'route'].map((line) => stack.ip(line))).toEqual(before.slice(0, 2));
    expect(stack.ip('rule')).toContain('32765:\tfrom 10.0.0.1 lookup 5\n');
  });

  it('of routes goes back in an order in which each finds what it needs', async () => {
    stack.ip('addr add 10.0.0.1/24 dev v0');
    for (const route of ['default via 10.0.0.5', '10.1.0.0/16 dev v0', '10.2.0.0/16 via 10.0.0.6 src 10.0.0.1', 'blackhole 10.3.0.0/16']) stack.ip(`route add ${route}`);
    const dump = stack.ip('route save table all');
    for (const line of ['route flush table main', 'route flush table local']) stack.run(`ip ${line}`);
    const { out, kill } = stack.start('ip monitor route');
    stack.files.set('-', dump);
    expect((await stack.runLater('ip route restore')).status).toBe(0);
    await settle();
    kill();
    const order = out.stdout.split('\n').map((line) => /^(?:(?:local|broadcast|blackhole) )?(\S+)/.exec(line)?.[1]);
    expect(order).toEqual(['10.1.0.0/16', '10.3.0.0/16', '10.0.0.1', '10.0.0.0/24', '10.0.0.255', 'default', '10.2.0.0/16', undefined]);
  });

  it('of another kind is refused', async () => {
    stack.ip('addr add 10.0.0.1/24 dev v0');
    stack.files.set('-', stack.ip('route save'));
    expect(await stack.runLater('ip addr restore')).toEqual({ status: 255, stdout: '', stderr: 'Magic mismatch (1 elems, 45311224 magic)\n' });
  });
});

describe('settings of interfaces', () => {
  it('are shown, and a change is announced once', async () => {
    const { out, kill } = stack.start('ip monitor netconf');
    for (const value of ['2\n', '2\n', '0\n']) sysctlOf(stack.net).write('net/ipv4/conf/v0/rp_filter', value);
    await settle();
    kill();
    expect(out.stdout).toBe('inet v0 rp_filter loose \ninet v0 rp_filter off \n');
    expect(stack.ip('-4 netconf show dev v0')).toBe('inet v0 forwarding off rp_filter off mc_forwarding off proxy_neigh off ignore_routes_with_linkdown off \n');
    expect(stack.ip('netconf').split('\n').map((line) => line.split(' ')[1])).toEqual(['lo', 'v1', 'v0', 'all', 'default', undefined]);
  });
});

describe('a rule by protocol and port', () => {
  it('looks into packets that are forwarded', () => {
    sysctlOf(stack.net).write('net/ipv4/ip_forward', '1\n');
    for (const line of ['addr add 10.0.0.1/24 dev v0', 'addr add 10.1.0.1/24 dev v1']) stack.ip(line);
    for (const line of ['route add 10.9.0.0/16 via 10.1.0.2', 'route add 10.9.0.0/16 via 10.1.0.3 table 5']) stack.ip(line);
    stack.ip('rule add ipproto udp dport 53-54 table 5');
    const gateway = (words: string): string | undefined => /via (\S+)/.exec(stack.ip(`route get 10.9.0.1 from 10.0.0.9 iif v0 ${words}`))?.[1];
    expect(['ipproto udp dport 53', 'ipproto udp dport 55', 'ipproto tcp dport 53', 'ipproto udp sport 53'].map(gateway)).toEqual(['10.1.0.3', '10.1.0.2', '10.1.0.2', '10.1.0.2']);
    stack.ip('rule del dport 53-54');
    expect(gateway('ipproto udp dport 53')).toBe('10.1.0.2');
  });
});

describe('rtnetlink', () => {
  /** What the kernel says to a request that is a header and nothing else: an errno, or the type of its answer. */
  function ask(type: number, flags: number): number {
    const port = netlinkPort(stack.net, U.NETLINK_ROUTE);
    if (typeof port === 'number') throw new Error(`netlinkPort ${port}`);
    const b = new NlMsgBuilder();
    const at = b.nlmsgPut(type, U.NLM_F_REQUEST | U.NLM_F_ACK | flags, 1, 0, RtGenMsg.of({ family: U.AF_INET }));
    b.buf.fill(0, b.len, b.len + 32);
    b.put(31);
    b.nlmsgEnd(at);
    port.sendmsg(b.bytes());
    const dgram = port.recvmsg();
    port.close();
    const [first] = typeof dgram === 'number' ? [] : nlmsgAll(dgram.data);
    if (first === undefined) return -U.EAGAIN;
    return first.type === U.NLMSG_ERROR ? new DataView(first.buf.buffer, first.buf.byteOffset).getInt32(first.data, true) : first.type;
  }

  it.each([
    ['LINK', U.RTM_NEWLINK, U.RTM_DELLINK, U.RTM_GETLINK],
    ['ADDR', U.RTM_NEWADDR, U.RTM_DELADDR, U.RTM_GETADDR],
    ['ROUTE', U.RTM_NEWROUTE, U.RTM_DELROUTE, U.RTM_GETROUTE],
    ['NEIGH', U.RTM_NEWNEIGH, U.RTM_DELNEIGH, U.RTM_GETNEIGH],
    ['RULE', U.RTM_NEWRULE, U.RTM_DELRULE, U.RTM_GETRULE],
  ] as const)('%s has a handler for NEW, DEL and GET [RTNL-05] [RTNL-06]', (_name, add, del, get) => {
    expect([ask(add, 0), ask(del, 0)]).not.toContain(-U.EOPNOTSUPP);
    expect(ask(get, U.NLM_F_DUMP)).not.toBe(-U.EOPNOTSUPP);
  });

  it('LINK has SET too; NEIGHTBL has SET and a dump, and NEW only as its answer [RTNL-05] [RTNL-06]', () => {
    expect([ask(U.RTM_SETLINK, 0), ask(U.RTM_SETNEIGHTBL, 0)]).not.toContain(-U.EOPNOTSUPP);
    expect(ask(U.RTM_NEWNEIGHTBL, 0)).toBe(-U.EOPNOTSUPP);
    expect(stack.ip('ntable show')).toContain('arp_cache');
  });
});

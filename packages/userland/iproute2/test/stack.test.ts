/** ip on our own stack: what a line changes, and what one sees of it afterwards. */
import { netlinkPort, nlmsgAll } from '@skbuff/netlink';
import { NETLINK_ROUTE, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTM_DELROUTE, RTM_NEWADDR, RTM_NEWROUTE } from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Stack } from './stack.ts';

let stack: Stack;

beforeEach(() => {
  stack = new Stack();
});

afterEach(() => {
  expect(stack.close()).toEqual({});
});

const run = (line: string): string => {
  const { status, stdout, stderr } = stack.run(`ip ${line}`);
  return `${stdout}${stderr}[${status}]`;
};

function pair(): void {
  stack.ip('link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02');
  stack.ip('link set v0 up');
  stack.ip('link set v1 up');
}

/** Types of the messages that a listener to `groups` hears while `fn` runs. */
function heard(groups: number, fn: () => void): number[] {
  const port = netlinkPort(stack.net, NETLINK_ROUTE);
  if (typeof port === 'number') throw new Error(`netlinkPort ${port}`);
  port.bind(0, groups);
  fn();
  const types: number[] = [];
  for (let dgram = port.recvmsg(); typeof dgram !== 'number'; dgram = port.recvmsg()) types.push(...nlmsgAll(dgram.data).map((nlh) => nlh.type));
  port.close();
  return types;
}

describe('addresses', () => {
  it('are set on the device, with their connected route and a notification [TOOL-15]', () => {
    pair();
    const types = heard(RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE, () => stack.ip('addr add 192.168.0.10/24 dev v0'));
    expect(types).toContain(RTM_NEWADDR);
    expect(types).toContain(RTM_NEWROUTE);
    expect(run('-4 -br addr')).toBe('v0@v1            UP             192.168.0.10/24 \n[0]');
    expect(run('route')).toBe('192.168.0.0/24 dev v0 proto kernel scope link src 192.168.0.10 \n[0]');
  });

  it('are shown under their device: flags, mtu, qdisc, state, qlen, MAC, broadcast, scope, lifetimes [TOOL-16]', () => {
    pair();
    stack.ip('addr add 10.0.0.1/24 brd + dev v0');
    expect(run('addr show v0')).toBe(
      '3: v0@v1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000\n' +
        '    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n' +
        '    inet 10.0.0.1/24 brd 10.0.0.255 scope global v0\n' +
        '       valid_lft forever preferred_lft forever\n[0]',
    );
  });

  it('complain in the words of the kernel, and of ip', () => {
    pair();
    stack.ip('addr add 10.0.0.1/24 dev v0');
    expect(run('addr add 10.0.0.1/24 dev v0')).toBe('Error: ipv4: Address already assigned.\n[2]');
    expect(run('addr del 10.0.0.9/24 dev v0')).toBe('Error: ipv4: Address not found.\n[2]');
    expect(run('addr add 10.0.0.9/24 dev v9')).toBe('Cannot find device "v9"\n[1]');
    expect(run('addr add 10.0.0.9/24 dev')).toBe('Command line is not complete. Try option "help"\n[255]');
  });

  it('run out', () => {
    pair();
    stack.ip('addr add 10.0.0.1/24 dev v0 valid_lft 20 preferred_lft 10');
    stack.clock.advance(12e9);
    expect(run('-4 -o addr')).toMatch(/^3: v0 {4}inet 10\.0\.0\.1\/24 scope global deprecated dynamic v0\\ {7}valid_lft \d+sec preferred_lft 0sec\n\[0\]$/);
    stack.clock.advance(20e9);
    expect(run('-4 -o addr')).toBe('[0]');
  });
});

describe('links', () => {
  it('take mtu, name, alias, queue length, arp, allmulticast and another namespace [TOOL-18]', () => {
    pair();
    stack.ip('link set v1 mtu 1400 txqueuelen 50 alias eins arp off allmulticast on');
    expect(run('link show v1')).toBe(
      '2: v1@v0: <BROADCAST,MULTICAST,NOARP,ALLMULTI,UP,LOWER_UP> mtu 1400 qdisc noqueue state UP mode DEFAULT group default qlen 50\n' +
        '    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff\n    alias eins\n[0]',
    );
    stack.ip('link set v1 down');
    stack.ip('link set v1 name w1');
    expect(run('link show v1')).toBe('Device "v1" does not exist.\n[1]');
    stack.ip('netns add n1');
    stack.ip('link set w1 netns n1');
    expect(run('link show w1')).toBe('Device "w1" does not exist.\n[1]');
    expect(run('-n n1 -br link show w1')).toMatch(/^w1@if3 +DOWN +02:00:00:00:00:02 /);
    expect(run('link set v0 name a-name-too-long-for-linux')).toBe('Error: argument "a-name-too-long-for-linux" is wrong: "name" not a valid ifname\n[255]');
    expect(run('link set v0 name .')).toBe('RTNETLINK answers: Invalid argument\n[2]');
  });

  it('of a kind that nobody knows are refused', () => {
    expect(run('link add x type nosuch')).toBe('Error: Unknown device type.\n[2]');
    stack.ip('link add d0 mtu 9000 type dummy');
    expect(run('-d link show d0')).toContain('\n    dummy numtxqueues 1 numrxqueues 1 ');
  });
});

describe('routes', () => {
  beforeEach(() => {
    pair();
    stack.ip('addr add 10.0.0.1/24 dev v0');
  });

  it('are added with a gateway and deleted, each with a notification [TLI-04]', () => {
    expect(heard(RTMGRP_IPV4_ROUTE, () => stack.ip('route add 10.1.0.0/16 via 10.0.0.2'))).toEqual([RTM_NEWROUTE]);
    expect(run('route show 10.1.0.0/16')).toBe('10.1.0.0/16 via 10.0.0.2 dev v0 \n[0]');
    expect(heard(RTMGRP_IPV4_ROUTE, () => stack.ip('route del 10.1.0.0/16'))).toEqual([RTM_DELROUTE]);
    expect(run('route del 10.1.0.0/16')).toBe('RTNETLINK answers: No such process\n[2]');
  });

  it('are listed, flushed by device, given a default gateway, and looked up for one address [TOOL-25]', () => {
    stack.ip('route add default via 10.0.0.2');
    expect(run('route show')).toBe('default via 10.0.0.2 dev v0 \n10.0.0.0/24 dev v0 proto kernel scope link src 10.0.0.1 \n[0]');
    expect(run('route get 8.8.8.8')).toBe('8.8.8.8 via 10.0.0.2 dev v0 src 10.0.0.1 uid 0 \n    cache \n[0]');
    expect(run('-s route flush dev v0')).toBe('\n*** Round 1, deleting 2 entries ***\n*** Flush is complete after 1 round ***\n[0]');
    expect(run('route show')).toBe('[0]');
    expect(run('route get 8.8.8.8')).toBe('RTNETLINK answers: Network is unreachable\n[2]');
  });
});

describe('neighbours', () => {
  beforeEach(() => {
    pair();
    stack.ip('addr add 10.0.0.1/24 dev v0');
  });

  it('are shown, and forgotten by device', () => {
    stack.ip('neigh add 10.0.0.2 lladdr 02:00:00:00:00:09 nud stale dev v0');
    stack.ip('neigh add 10.0.0.3 lladdr 02:00:00:00:00:0a dev v0');
    expect(run('neigh show 10.0.0.2')).toBe('10.0.0.2 dev v0 lladdr 02:00:00:00:00:09 STALE \n[0]');
    expect(run('neigh flush dev v0')).toBe('[0]');
    expect(run('neigh show')).toBe('10.0.0.3 dev v0 lladdr 02:00:00:00:00:0a PERMANENT \n[0]');
  });

  it('are permanent, and take another address [TOOL-20]', () => {
    stack.ip('neigh add 10.0.0.2 lladdr 02:00:00:00:00:09 dev v0 nud permanent');
    stack.clock.advance(3600e9);
    expect(run('neigh')).toBe('10.0.0.2 dev v0 lladdr 02:00:00:00:00:09 PERMANENT \n[0]');
    stack.ip('neigh change 10.0.0.2 lladdr 02:00:00:00:00:0b dev v0');
    expect(run('neigh')).toBe('10.0.0.2 dev v0 lladdr 02:00:00:00:00:0b PERMANENT \n[0]');
    expect(run('neigh change 10.0.0.9 lladdr 02:00:00:00:00:0b dev v0')).toBe('RTNETLINK answers: No such file or directory\n[2]');
  });
});

describe('namespaces', () => {
  it('get a name when they are added and are listed by it, others are not', () => {
    expect(run('netns list')).toBe('[0]');
    stack.ip('netns add n1');
    stack.ip('netns add n2');
    expect(stack.kernel.netns.list.length).toBe(4);
    expect(run('netns list').split('\n').sort()).toEqual(['[0]', 'n1', 'n2']);
    expect(run('netns add n1')).toBe('Cannot create namespace file "/run/netns/n1": File exists\n[1]');
    expect(run('netns del n3')).toBe('Cannot remove namespace file "/run/netns/n3": No such file or directory\n[1]');
  });

  it('run a command inside', () => {
    stack.ip('netns add n1');
    stack.ip('netns exec n1 ip link add d0 type dummy');
    expect(run('netns exec n1 ip -br link')).toContain('\nd0 ');
    expect(run('-br link')).not.toContain('d0');
    expect(run('netns exec n1 ip link show nosuch')).toBe('Device "nosuch" does not exist.\n[1]');
    expect(run('netns exec n1 nosuch')).toBe('exec of "nosuch" failed: No such file or directory\n[1]');
    expect(run('netns exec n9 ip link')).toBe('Cannot open network namespace "n9": No such file or directory\n[255]');
    expect(run('-all netns exec ip -br link show lo')).toContain('\nnetns: n1\nlo ');
  });

  it('say which one a command is in, and which processes are in one [NETNS-06]', () => {
    stack.ip('netns add n1');
    expect(run('netns identify')).toBe('\n[0]');
    expect(run('netns exec n1 ip netns identify')).toBe('n1\n[0]');
    expect(run('netns exec n1 ip netns pids n1')).toMatch(/^\d+\n\[0\]$/);
  });

  it('take a pair apart, one end in each, and the devices of one die with it', () => {
    stack.ip('netns add n1');
    stack.ip('netns add n2');
    stack.ip('-n n1 link add e1 type veth peer name e2 netns n2');
    expect(run('-n n2 -br link show e2')).toMatch(/^e2@if2 /);
    stack.ip('netns del n2');
    expect(run('-n n1 link show e1')).toBe('Device "e1" does not exist.\n[1]');
  });
});

describe('batches', () => {
  it('run line after line, with comments, quotes and continued lines', () => {
    stack.files.set('b', '# first\nlink add d0 type dummy\n\nlink set d0 alias "two words"\naddr add 10.0.0.1/24 \\\n dev d0\n');
    expect(run('-batch b')).toBe('[0]');
    expect(run('addr show d0')).toContain('inet 10.0.0.1/24 ');
    expect(run('link show d0')).toContain('alias two words');
  });

  it('stop at the first failure, unless forced', () => {
    stack.files.set('b', 'link del nosuch\nlink add d0 type dummy\n');
    expect(run('-b b')).toBe('Cannot find device "nosuch"\nCommand failed b:1\n[1]');
    expect(run('link show d0')).toBe('Device "d0" does not exist.\n[1]');
    expect(run('-force -b b')).toBe('Cannot find device "nosuch"\nCommand failed b:1\n[1]');
    expect(run('-br link show d0')).toMatch(/^d0 /);
    expect(run('-b nosuch')).toBe('Cannot open file "nosuch" for reading: No such file or directory\n[1]');
  });
});

/** ip on our own stack: what a line changes, and what one sees of it afterwards. */
import type { Net } from '@skbuff/core';
import { netlinkPort, NlMsgBuilder, nlmsgAll, nlTalk } from '@skbuff/netlink';
import { SockaddrIn } from '@skbuff/af-inet';
import { kernelTask } from '@skbuff/sock';
import { sysctlOf } from '@skbuff/sysctl';
import {
  AF_INET,
  AF_INET6,
  AF_MPLS,
  EAFNOSUPPORT,
  NETLINK_GET_STRICT_CHK,
  NETLINK_ROUTE,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  RTMGRP_IPV4_IFADDR,
  RTMGRP_IPV4_ROUTE,
  RTM_DELROUTE,
  RTM_GETADDR,
  RTM_GETNEIGH,
  RTM_GETNEIGHTBL,
  RTM_GETNETCONF,
  RTM_GETROUTE,
  RTM_GETRULE,
  RTM_NEWADDR,
  RTM_NEWROUTE,
  SOCK_DGRAM,
} from '@skbuff/uapi';
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

describe('names that all devices have their settings under', () => {
  it('are refused for a new device, with nothing left of it', () => {
    for (const line of ['add all type veth', 'add foo type veth peer name default', 'add default type dummy', 'add all type veth peer name bar']) {
      expect(run(`link ${line}`)).toBe('RTNETLINK answers: Invalid argument\n[2]');
      expect(run('-br link')).toBe('lo               DOWN           00:00:00:00:00:00 <LOOPBACK> \n[0]');
    }
    expect(sysctlOf(stack.net).list('net/ipv4/conf/all').length).toBe(sysctlOf(stack.net).list('net/ipv4/conf/default').length);
    expect(run('link add all0 type veth peer name default0')).toBe('[0]');
  });

  it('are given to a device that is there, which goes without files until it has another one', () => {
    pair();
    stack.ip('addr add 10.0.0.1/24 dev v0');
    const all = sysctlOf(stack.net).list('net/ipv4/conf');
    expect(run('link set v0 name all')).toBe('[0]');
    expect(run('link set v1 name default')).toBe('[0]');
    expect(sysctlOf(stack.net).list('net/ipv4/conf')).toEqual(all.filter((path) => !/conf\/v[01]\//.test(path)));
    expect(sysctlOf(stack.net).list('net/ipv4/neigh').filter((path) => !/neigh\/(lo|default)\//.test(path))).toEqual([]);
    expect(run('route get 10.0.0.9')).toContain('dev all src 10.0.0.1');
    expect(run('link set all name v0')).toBe('[0]');
    expect(sysctlOf(stack.net).list('net/ipv4/conf/v0').length).toBeGreaterThan(20);
    expect(run('link set default name v1')).toBe('[0]');
    expect(sysctlOf(stack.net).list('net/ipv4/conf')).toEqual(all);
  });

  it('follow a device into another namespace, where IPv4 leaves it alone', () => {
    pair();
    stack.ip('netns add other');
    stack.ip('link set v0 name all');
    expect(run('link set all netns other')).toBe('[0]');
    expect(run('-n other addr add 10.0.0.1/24 dev all')).toBe('RTNETLINK answers: No buffer space available\n[2]');
    expect(run('-n other -br link show all')).toContain('all@if');
    stack.ip('link del v1');
    stack.ip('netns del other');
  });
});

describe('the routing cache', () => {
  /** This host, a router, and a host behind a narrow link. */
  function narrow(): void {
    stack.ip('netns add router');
    const router = stack.kernel.netns.list.at(-1) as Net;
    stack.ip('netns add far');
    stack.ip('link add a0 type veth peer name r0 netns router');
    stack.ip('-n router link add r1 mtu 1400 type veth peer name f0 mtu 1400 netns far');
    for (const [where, dev, addr] of [['', 'a0', '10.0.0.1'], ['-n router ', 'r0', '10.0.0.2'], ['-n router ', 'r1', '10.0.1.1'], ['-n far ', 'f0', '10.0.1.2']]) {
      stack.ip(`${where}link set ${dev} up`);
      stack.ip(`${where}addr add ${addr}/24 dev ${dev}`);
    }
    expect(sysctlOf(router).write('net/ipv4/ip_forward', '1')).toBe(0);
    stack.ip('route add 10.0.1.0/24 via 10.0.0.2');
    stack.ip('-n far route add default via 10.0.1.1');
  }

  /** A datagram of 1500 bytes, which may not be fragmented. */
  function send(): void {
    const task = kernelTask(stack.net);
    const fd = task.socket(AF_INET, SOCK_DGRAM);
    task.sendto(fd, new Uint8Array(1472), 0, new SockaddrIn(0x0a000102, 9));
    stack.clock.advance(1e9);
    task.exit();
  }

  const LEARNED = /^10.0.1.2 via 10.0.0.2 dev a0 src 10.0.0.1 uid 0 \n    cache expires 59\dsec mtu 1400 \n\[0\]$/;
  const FORGOTTEN = '10.0.1.2 via 10.0.0.2 dev a0 src 10.0.0.1 uid 0 \n    cache \n[0]';

  it.each(['flush cache', 'flush table cache', '-s route flush cached', '-f mpls route flush cache'])('forgets a learned MTU, and asks again: ip route %s [FNHE-05]', (line) => {
    narrow();
    send();
    expect(run('route get 10.0.1.2')).toMatch(LEARNED);
    expect(run(`-n router route ${line.replace(/^-.* route /, '')}`)).toBe('[0]');
    expect(run('-6 route flush cache')).toBe('[0]');
    expect(run('route get 10.0.1.2')).toMatch(LEARNED);
    expect(run(line.startsWith('-') ? line : `route ${line}`)).toBe(line.startsWith('-s') ? '*** IPv4 routing cache is flushed.\n[0]' : '[0]');
    expect(run('route get 10.0.1.2')).toBe(FORGOTTEN);
    send();
    expect(run('route get 10.0.1.2')).toMatch(LEARNED);
    for (const name of ['far', 'router']) stack.ip(`netns del ${name}`);
  });
});

describe('a family that the kernel does not know', () => {
  /** How many answers of each family a dump has, and what it ends with; the facts are those of a 6.18 kernel without MPLS. */
  function dump(type: number, family: number, length: number, strict: boolean): [families: number[], error: number] {
    const b = new NlMsgBuilder();
    const nlh = b.nlmsgPut(type, NLM_F_REQUEST | NLM_F_DUMP, 1, 0, length);
    b.buf[nlh + 16] = family;
    b.nlmsgEnd(nlh);
    const port = netlinkPort(stack.net, NETLINK_ROUTE);
    if (typeof port === 'number') throw new Error(`netlinkPort ${port}`);
    port.setsockopt(NETLINK_GET_STRICT_CHK, Number(strict));
    const { error, msgs } = nlTalk(port, b.bytes().slice());
    port.close();
    return [msgs.map((m) => m.buf[m.data]), error];
  }

  it.each([AF_INET6, 12, AF_MPLS, 200, 255])('gets what all the others get, but for neighbours and rules: %i', (family) => {
    pair();
    stack.ip('link set lo up');
    stack.ip('addr add 10.0.0.1/24 dev v0');
    stack.ip('neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev v0');
    for (const strict of [false, true]) {
      for (const [type, length] of [[RTM_GETROUTE, 12], [RTM_GETADDR, 8], [RTM_GETNETCONF, 4]] as const) {
        const known = dump(type, AF_INET, length, strict);
        expect(known[0].length).toBeGreaterThan(1);
        expect(dump(type, family, length, strict)).toEqual(known);
      }
      expect(dump(RTM_GETNEIGH, family, 12, strict)).toEqual([[], 0]);
      expect(dump(RTM_GETNEIGHTBL, family, 4, strict)).toEqual([[], 0]);
      expect(dump(RTM_GETRULE, family, 12, strict)).toEqual([[], -EAFNOSUPPORT]);
    }
  });

  it('has nothing that ip would show', () => {
    pair();
    stack.ip('addr add 10.0.0.1/24 dev v0');
    for (const line of ['-6 route', '-6 route show table all', '-6 addr', '-6 neigh', '-6 route flush cache', '-6 netconf', '-6 ntable']) expect(run(line)).toBe('[0]');
    expect(run('-6 rule')).toBe('RTNETLINK answers: Address family not supported by protocol\nDump terminated\n[255]');
    expect(run('-6 route add fc00::/7 dev v0')).toBe('RTNETLINK answers: Operation not supported\n[2]');
  });
});

/** Devices, chains and packets as they show through the whole stack. */
import { SockaddrIn } from '@skbuff/af-inet';
import {
  type Kernel,
  type Net,
  type NetDevice,
  netSysfsList,
  netSysfsRead,
  NETDEV_DOWN,
  NETDEV_UP,
  NETEVENT_NEIGH_UPDATE,
  type NfHookOps,
  type NotifierBlock,
  NOTIFY_DONE,
  type Plugin,
  type SkBuff,
  nfRegisterNetHook,
  nfUnregisterNetHook,
  registerRebootNotifier,
} from '@skbuff/core';
import { type InetaddrInfo, IPV4, type Ipv4 } from '@skbuff/ipv4';
import { NEIGHBOUR, type NeteventData, Neighbour } from '@skbuff/neighbour';
import { procNetOf } from '@skbuff/procfs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet, linux } from '../src/index.ts';

const [AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_RCVMARK, SO_MARK, SO_RXQ_OVFL, SO_RCVBUF, SOL_IP, IP_MTU_DISCOVER] = [2, 2, 1, 75, 36, 40, 8, 0, 10];
const [NFPROTO_IPV4, PRE_ROUTING, LOCAL_IN, LOCAL_OUT, NF_ACCEPT] = [2, 0, 1, 3, 1];
const [NF_IP_PRI_MANGLE, NF_IP_PRI_FILTER] = [-150, 0];
const [EMSGSIZE, MSG_DONTWAIT, MSG_PEEK] = [90, 0x40, 2];
const IPPROTO_UDP = 17;

let net: HostNet;

beforeEach(() => {
  net = createNet({ debug: true, seed: 3 });
});

afterEach(() => {
  expect(net.close()).toEqual({});
});

/** h1 (10.0.1.2) – r (10.0.1.1, 10.0.2.1) – h2 (10.0.2.2) */
function routed(): { h1: Host; r: Host; h2: Host } {
  const [h1, r, h2] = [net.host('h1'), net.router('r'), net.host('h2')];
  net.link(h1, r);
  net.link(r, h2);
  h1.addr.add({ dev: 'eth0', cidr: '10.0.1.2/24' });
  r.addr.add({ dev: 'eth0', cidr: '10.0.1.1/24' });
  r.addr.add({ dev: 'eth1', cidr: '10.0.2.1/24' });
  h2.addr.add({ dev: 'eth0', cidr: '10.0.2.2/24' });
  h1.route.add({ to: 'default', via: '10.0.1.1' });
  h2.route.add({ to: 'default', via: '10.0.2.1' });
  return { h1, r, h2 };
}

function hook(ns: Net, hooknum: number, priority: number, fn: (skb: SkBuff) => void): () => void {
  const ops: NfHookOps = { pf: NFPROTO_IPV4, hooknum, priority, hook: (_priv, skb) => (fn(skb), NF_ACCEPT) };
  expect(nfRegisterNetHook(ns, ops)).toBe(0);
  return () => nfUnregisterNetHook(ns, ops);
}

const devOf = (host: Host, name: string): NetDevice => host.ns.devGetByName(name) as NetDevice;

describe('ip link and the files of a device', () => {
  it('show the same flags, as names and as a number [FLG-06]', () => {
    const h = net.host('h');
    const names: readonly (readonly [string, number])[] = [['LOOPBACK', 8], ['BROADCAST', 2], ['MULTICAST', 0x1000], ['NOARP', 0x80], ['PROMISC', 0x100], ['ALLMULTI', 0x200], ['UP', 1]];
    const agrees = (dev: string): string => {
      const shown = /<(.*)>/.exec(h.ip`link show ${dev}`)?.[1]?.split(',') ?? [];
      const number = Number(netSysfsRead(devOf(h, dev), 'flags'));
      const fromNumber = names.filter(([, bit]) => (number & bit) !== 0).map(([name]) => name);
      expect(shown.filter((name) => names.some(([known]) => known === name)).sort()).toEqual(fromNumber.sort());
      return shown.join(',');
    };
    h.ip`link add d0 type dummy`;
    h.ip`link add v0 type veth peer name v1`;
    expect([agrees('lo'), agrees('d0'), agrees('v0')]).toEqual(['LOOPBACK,UP,LOWER_UP', 'BROADCAST,NOARP', 'BROADCAST,MULTICAST,M-DOWN']);
    h.ip`link set v0 up promisc on allmulticast on`;
    h.ip`link set v1 up`;
    expect([agrees('v0'), netSysfsRead(devOf(h, 'v0'), 'flags')]).toEqual(['BROADCAST,MULTICAST,ALLMULTI,PROMISC,UP,LOWER_UP', '0x1303\n']);
    h.ip`link set d0 up arp on multicast on`;
    expect(agrees('d0')).toBe('BROADCAST,MULTICAST,UP,LOWER_UP');
  });

  it('show its name, which may be any that a policy gives, of 15 characters at most [DEV-01]', () => {
    const h = net.host('h');
    for (const name of ['eth0', 'p2p1', 'em1', 'x23456789012345']) {
      h.ip`link add ${name} type dummy`;
      expect([h.ip`link show ${name}`.split(': ')[1], devOf(h, name).name, netSysfsRead(devOf(h, name), 'uevent')]).toEqual([name, name, `INTERFACE=${name}\nIFINDEX=${devOf(h, name).ifindex}\n`]);
    }
    expect(() => h.ip`link add x234567890123456 type dummy`).toThrow('Attribute failed policy validation.');
    expect(() => h.ip`link add name x234567890123456 type dummy`).toThrow('argument "x234567890123456" is wrong: "name" not a valid ifname');
  });

  it('show its type; Ethernet puts 14 bytes in front of a packet, and so does the loopback [DEV-11] [DEV-12]', async () => {
    const { h1 } = routed();
    const eth0 = devOf(h1, 'eth0');
    expect([netSysfsRead(eth0, 'type'), netSysfsRead(devOf(h1, 'lo'), 'type')]).toEqual(['1\n', '772\n']);
    expect([/link\/(\w+)/.exec(h1.ip`link show eth0`)?.[1], /link\/(\w+)/.exec(h1.ip`link show lo`)?.[1]]).toEqual(['ether', 'loopback']);
    const seen: string[] = [];
    const tap = {
      type: 3, dev: null, net: h1.ns, ignoreOutgoing: false, listFunc: null,
      func(skb: SkBuff, dev: NetDevice) {
        if (skb.protocol === 0x0800 && skb.pktType === 4) seen.push(`${dev.name} ${skb.networkHeader - skb.macHeader} ${dev.hardHeaderLen}`);
        skb.consume();
        return 0;
      },
    };
    h1.ns.softnet.addPack(tap);
    await h1.ping('10.0.2.2', { count: 1 });
    await h1.ping('127.0.0.1', { count: 1 });
    h1.ns.softnet.removePack(tap);
    expect([...new Set(seen)]).toEqual(['eth0 14 14', 'lo 14 14']);
  });

  it('are made with as many queues as asked for [TX-01] [RX-11]', () => {
    const h = net.host('h');
    h.ip`link add q0 numtxqueues 6 numrxqueues 7 type dummy`;
    expect(h.ip`-d link show q0`).toContain('numtxqueues 6 numrxqueues 7');
    const names = [...Array.from({ length: 7 }, (_, i) => `rx-${i}`), ...Array.from({ length: 6 }, (_, i) => `tx-${i}`)];
    expect(netSysfsList(devOf(h, 'q0'), 'queues')).toEqual(names);
    h.ip`link add q1 type dummy`;
    expect(netSysfsList(devOf(h, 'q1'), 'queues')).toEqual(['rx-0', 'tx-0']);
    expect(() => h.ip`link add q2 numtxqueues 5000 type dummy`).toThrow('Invalid number of transmit queues');
  });

  it('have a carrier that the user sets, on a dummy', () => {
    const h = net.host('h');
    h.ip`link add d0 type dummy`;
    h.ip`link set d0 up`;
    h.ip`link set d0 carrier off`;
    expect([netSysfsRead(devOf(h, 'd0'), 'carrier'), h.ip`link show d0`.includes('NO-CARRIER')]).toEqual(['0\n', true]);
    h.ip`link set d0 carrier on`;
    expect(netSysfsRead(devOf(h, 'd0'), 'carrier')).toBe('1\n');
    expect(() => h.ip`link set lo carrier off`).toThrow('Operation not supported');
  });
});

describe('chains', () => {
  it('of IPv4 addresses tell of each that is added or removed; a blocked one does not change while it is called [NTF-06] [NOTI-07]', () => {
    const h = net.host('h');
    h.ip`link add d0 type dummy`;
    const chain = (net.kernel.services.get(IPV4) as Ipv4).inetaddrChain;
    const heard: string[] = [];
    const nb: NotifierBlock<InetaddrInfo> = {
      notifierCall(_nb, event, { ifa }) {
        heard.push(`${event === NETDEV_UP ? 'added' : event === NETDEV_DOWN ? 'removed' : event} ${(ifa.local >>> 0).toString(16)} ${ifa.inDev?.dev.name} ${chain.register(other)}`);
        return NOTIFY_DONE;
      },
    };
    const other: NotifierBlock<InetaddrInfo> = { notifierCall: () => NOTIFY_DONE };
    expect(chain.register(nb)).toBe(0);
    h.ip`addr add 10.0.0.1/24 dev d0`;
    h.ip`addr add 10.0.0.2/24 dev d0`;
    h.ip`addr del 10.0.0.1/24 dev d0`;
    expect(heard.splice(0)).toEqual(['added a000001 d0 -35', 'added a000002 d0 -35', 'removed a000002 d0 -35', 'removed a000001 d0 -35']);
    expect([chain.unregister(nb), chain.unregister(nb)]).toEqual([0, -2]);
    h.ip`addr add 10.0.0.3/24 dev d0`;
    expect(heard).toEqual([]);
  });

  it('of a reboot tell drivers while their devices are still there [NTF-06]', () => {
    const heard: unknown[] = [];
    const driver: Plugin = { name: 'driver', init: (ctx) => registerRebootNotifier(ctx, { notifierCall: (_nb, event, kernel: Kernel) => (heard.push(event, kernel.initNet.devGetByName('lo')?.name), NOTIFY_DONE) }) };
    const other = createNet({ plugins: [...linux(), driver] });
    expect([heard, other.close(), heard]).toEqual([[3, 'lo'], {}, [3, 'lo']]);
  });

  it('of network events tell of a neighbour that has a new address [NOTI-06]', async () => {
    const { h1 } = routed();
    const { netevent } = net.kernel.services.get(NEIGHBOUR);
    const heard: string[] = [];
    const nb: NotifierBlock<NeteventData> = {
      notifierCall(_nb, event, data) {
        if (event === NETEVENT_NEIGH_UPDATE && data instanceof Neighbour && data.dev.net === h1.ns) heard.push((data.k0 >>> 0).toString(16));
        return NOTIFY_DONE;
      },
    };
    expect([netevent.register(nb), netevent.register(nb)]).toEqual([0, -17]);
    await h1.ping('10.0.1.1', { count: 1 });
    expect(new Set(heard)).toEqual(new Set(['a000101']));
    heard.length = 0;
    h1.ip`neigh replace 10.0.1.1 lladdr 02:00:00:00:00:99 dev eth0`;
    expect(heard).toEqual(['a000101']);
    expect([netevent.unregister(nb), netevent.unregister(nb)]).toEqual([0, -2]);
    h1.ip`neigh replace 10.0.1.1 lladdr 02:00:00:00:00:98 dev eth0`;
    expect(heard.length).toBe(1);
  });

  it('of devices and addresses make the routing code take routes away: an address that goes, an interface that goes down [NTF-07] [STA-07]', async () => {
    const { h1 } = routed();
    const routes = (): string[] => h1.ip`route show`.split('\n').map((line) => line.trim()).filter((line) => line !== '');
    h1.ip`link add d0 type dummy`;
    h1.ip`link set d0 up`;
    h1.ip`addr add 10.9.0.1/24 dev d0`;
    h1.ip`route add default via 10.9.0.9 metric 100`;
    const before = ['default via 10.0.1.1 dev eth0', 'default via 10.9.0.9 dev d0 metric 100', '10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.2', '10.9.0.0/24 dev d0 proto kernel scope link src 10.9.0.1'];
    expect(routes()).toEqual(before);
    h1.ip`link set eth0 down`;
    // The alternative that a routing daemon, or somebody with foresight, has installed is what is left.
    expect([routes(), h1.ip`route get 10.0.2.2`.split('\n')[0]?.includes('via 10.9.0.9 dev d0')]).toEqual([[before[1], before[3]], true]);
    h1.ip`addr del 10.9.0.1/24 dev d0`;
    expect(routes()).toEqual([]);
    h1.ip`link set eth0 up`;
    expect(routes()).toEqual([before[2]]);
    h1.ip`route add default via 10.0.1.1`;
    expect((await h1.ping('10.0.2.2', { count: 1 })).replies.length).toBe(1);
  });
});

describe('tables of functions between layers', () => {
  it('let another protocol take a place: a transport in UDP\'s stead [PAT-04]', async () => {
    const got: string[] = [];
    const mine: Plugin = {
      name: 'my-udp',
      requires: ['@skbuff/ipv4'],
      init(ctx) {
        const handler = (skb: SkBuff): number => {
          got.push(String.fromCharCode(...skb.bytes.subarray(skb.data + 8, skb.tail)));
          skb.consume();
          return 0;
        };
        const undo = ctx.get(IPV4).addProtocol(IPPROTO_UDP, { handler, errHandler: null, noPolicy: false });
        if (undo !== null) ctx.onUnload(undo);
      },
    };
    const theirs = net.host('sender');
    expect((net.kernel.services.get(IPV4) as Ipv4).addProtocol(IPPROTO_UDP, { handler: () => 0, errHandler: null, noPolicy: false })).toBe(null);
    const other = createNet({ plugins: [...linux({ ipv6: false }).filter(({ name }) => name !== '@skbuff/udp'), mine] });
    const h = other.host('h');
    // Of a raw socket, since there is no UDP to send by.
    const fd = h.task.socket(AF_INET, 3, IPPROTO_UDP);
    expect(h.task.sendto(fd, Uint8Array.from([0, 1, 0, 2, 0, 10, 0, 0, 104, 105]), 0, new SockaddrIn(0x7f000001, 0))).toBe(10);
    await other.advance(1);
    expect([got, h.task.close(fd), other.close(), theirs.name]).toEqual([['hi'], 0, {}, 'sender']);
  });
});

describe('marks', () => {
  it('set by a hook before routing choose the route and are seen by later hooks and by the reader [SKB-32]', async () => {
    const { h1, r, h2 } = routed();
    const seen: number[] = [];
    const undo = [
      hook(h2.ns, PRE_ROUTING, NF_IP_PRI_MANGLE, (skb) => (skb.mark = 7)),
      hook(h2.ns, LOCAL_IN, NF_IP_PRI_FILTER, (skb) => seen.push(skb.mark)),
    ];
    const server = h2.task.socket(AF_INET, SOCK_DGRAM);
    h2.task.bind(server, new SockaddrIn(0, 5000));
    h2.task.setsockopt(server, SOL_SOCKET, SO_RCVMARK, 1);
    const client = h1.task.socket(AF_INET, SOCK_DGRAM);
    h1.task.sendto(client, Uint8Array.of(1), 0, new SockaddrIn(0x0a000202, 5000));
    await net.advance(10);
    const control: { type: number; data: Uint8Array }[] = [];
    expect(h2.task.recvmsg(server, { iov: [new Uint8Array(10)], control: control as never }, MSG_DONTWAIT)).toBe(1);
    expect([seen, control.map((c) => [c.type, c.data[0]])]).toEqual([[7], [[SO_MARK, 7]]]);
    // The router sends what is marked 9 nowhere.
    r.ip`rule add fwmark 9 table 100`;
    r.ip`route add blackhole default table 100`;
    expect((await h1.ping('10.0.2.2', { count: 1 })).replies.length).toBe(1);
    undo.push(hook(r.ns, PRE_ROUTING, NF_IP_PRI_MANGLE, (skb) => (skb.mark = 9)));
    expect((await h1.ping('10.0.2.2', { count: 1, interval: 10 })).replies.length).toBe(0);
    for (const stop of undo) stop();
    h1.task.close(client);
    h2.task.close(server);
  });

  it('share their place with the count of datagrams lost before this one [SKB-32]', async () => {
    const { h1, h2 } = routed();
    const server = h2.task.socket(AF_INET, SOCK_DGRAM);
    h2.task.bind(server, new SockaddrIn(0, 5000));
    h2.task.setsockopt(server, SOL_SOCKET, SO_RXQ_OVFL, 1);
    h2.task.setsockopt(server, SOL_SOCKET, SO_RCVBUF, 1);
    const client = h1.task.socket(AF_INET, SOCK_DGRAM);
    const buf = new Uint8Array(2000);
    const send = async (): Promise<void> => {
      h1.task.sendto(client, new Uint8Array(1000), 0, new SockaddrIn(0x0a000202, 5000));
      await net.advance(10);
    };
    const receive = (): number[] | number => {
      const control: { type: number; data: Uint8Array }[] = [];
      const n = h2.task.recvmsg(server, { iov: [buf], control: control as never }, MSG_DONTWAIT) as number;
      return n < 0 ? n : control.filter((c) => c.type === SO_RXQ_OVFL).map((c) => c.data[0] as number);
    };
    let fitted = 0;
    for (let i = 0; i < 8; i++) await send();
    for (let got = receive(); typeof got !== 'number'; got = receive()) {
      expect(got).toEqual([]);
      fitted++;
    }
    expect(fitted).toBeLessThan(8);
    await send();
    expect(receive()).toEqual([8 - fitted]);
    h1.task.close(client);
    h2.task.close(server);
  });
});

describe('fragmentation of what a socket sends', () => {
  it.each([
    ['DONT', 0, true, false],
    ['WANT', 1, true, true],
    ['DO', 2, false, true],
    ['PROBE', 3, false, true],
  ])('with path MTU discovery %s: ignore_df and DF are as they should be [SKB-13]', async (_name, mode, ignoreDf, df) => {
    const { h1, h2 } = routed();
    const seen: unknown[] = [];
    const undo = hook(h1.ns, LOCAL_OUT, 0, (skb) => {
      if (skb.bytes[skb.networkHeader + 9] === IPPROTO_UDP) seen.push([skb.ignoreDf, ((skb.bytes[skb.networkHeader + 6] as number) & 0x40) !== 0]);
    });
    const fd = h1.task.socket(AF_INET, SOCK_DGRAM);
    h1.task.setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, mode);
    h1.task.sendto(fd, new Uint8Array(100), 0, new SockaddrIn(0x0a000202, 5000));
    await net.advance(100);
    expect(seen.splice(0)).toEqual([[ignoreDf, df]]);
    const big = h1.task.sendto(fd, new Uint8Array(2000), 0, new SockaddrIn(0x0a000202, 5000));
    expect([big, seen.length > 0]).toEqual(ignoreDf ? [2000, true] : [-EMSGSIZE, false]);
    undo();
    h1.task.close(fd);
    void h2;
  });

  it('that carries DF and is too big for a link on the way draws Fragmentation Needed, and the route learns [SKB-13]', async () => {
    const { h1, r, h2 } = routed();
    for (const [host, dev] of [[r, 'eth1'], [h2, 'eth0']] as const) host.ip`link set ${dev} mtu 1000`;
    const fd = h1.task.socket(AF_INET, SOCK_DGRAM);
    const send = (mode: number): unknown => {
      h1.task.setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, mode);
      return h1.task.sendto(fd, new Uint8Array(1300), 0, new SockaddrIn(0x0a000202, 5000));
    };
    expect(h1.ip`route get 10.0.2.2`).not.toContain('mtu');
    expect(send(2)).toBe(1300);
    await net.advance(100);
    expect(h1.ip`route get 10.0.2.2`).toContain('mtu 1000');
    expect([send(2), send(1)]).toEqual([-EMSGSIZE, 1300]);
    h1.task.close(fd);
  });
});

describe('a frame for another host', () => {
  it('gets as far as IPv4 on a device that lets it in, and no further [RX-16]', async () => {
    const { h1, h2 } = routed();
    const [r1, target] = [devOf(h1, 'eth0'), devOf(net.get('r') as Host, 'eth0')];
    await h1.ping('10.0.2.2', { count: 1 });
    // Its neighbour entry is wrong: frames go by the right wire to somebody who is not there.
    h1.ip`neigh replace 10.0.1.1 lladdr 02:00:00:00:00:77 dev eth0`;
    const seen: number[] = [];
    const tap = { type: 0x0800, dev: target, net: null, ignoreOutgoing: true, listFunc: null, func: (skb: SkBuff) => (seen.push(skb.pktType), skb.consume(), 0) };
    r1.net.softnet.addPack(tap);
    expect((await h1.ping('10.0.2.2', { count: 1, interval: 10 })).replies.length).toBe(0);
    r1.net.softnet.removePack(tap);
    expect([seen, target.stats[24], h2.name]).toEqual([[3], 1, 'h2']);
  });
});

describe('a datagram that is peeked at', () => {
  it('counts once, when it is read [SKB-19]', () => {
    const h = net.host('h');
    const fd = h.task.socket(AF_INET, SOCK_DGRAM);
    h.task.bind(fd, new SockaddrIn(0x7f000001, 5000));
    h.task.sendto(fd, Uint8Array.of(1, 2), 0, new SockaddrIn(0x7f000001, 5000));
    const received = (): string | undefined => String(procNetOf(h.ns).read('snmp')).split('\n').filter((line) => line.startsWith('Udp:'))[1]?.split(' ')[1];
    const counts = [MSG_PEEK, MSG_PEEK, 0].map((flags) => [h.task.recvfrom(fd, new Uint8Array(4), flags | MSG_DONTWAIT), received()]);
    expect(counts).toEqual([[2, '0'], [2, '0'], [2, '1']]);
    h.task.close(fd);
  });
});

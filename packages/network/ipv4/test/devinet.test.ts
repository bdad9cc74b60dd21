import {
  callNetdeviceNotifiers,
  devChangeName,
  devClose,
  devOpen,
  devSetMtu,
  NETDEV_CHANGEADDR,
  NETDEV_DOWN,
  NETDEV_UP,
  type NetDevice,
  type NotifierBlock,
  rmmod,
  unregisterNetdevice,
} from '@skbuff/core';
import { IfAddrMsg, nlmsgAll, nlTalk, NlMsgBuilder, type NlReply } from '@skbuff/netlink';
import {
  EADDRNOTAVAIL,
  EEXIST,
  EINVAL,
  ENODEV,
  IFA_CACHEINFO,
  IFA_F_DEPRECATED,
  IFA_F_PERMANENT,
  IFA_F_SECONDARY,
  IFA_LOCAL,
  IFA_TARGET_NETNSID,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
  RTNLGRP_IPV4_IFADDR,
} from '@skbuff/uapi';
import { formatMac, inetNtoa } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import {
  type InetaddrInfo,
  inDevGet,
  inetAddrOnlink,
  inetAllocIfa,
  inetConfirmAddr,
  inetDelIfa,
  inetInsertIfa,
  inetSelectAddr,
  ipCheckMc,
  ipDevFind,
  ipMcDecGroup,
  ipMcIncGroup,
} from '../src/index.ts';
import { ip4, SEC, useHost } from './support.ts';

const t = useHost();
const addrs = (dev: NetDevice): string[] => t.h.inDev(dev).ifaList.map((ifa) => `${inetNtoa(ifa.local)}/${ifa.prefixlen}`);

/** What `inetaddr_chain` hears. */
function listen(): string[] {
  const heard: string[] = [];
  const nb: NotifierBlock<InetaddrInfo> = {
    notifierCall: (_nb, event, { ifa }) => (heard.push(`${event === NETDEV_UP ? 'up' : event === NETDEV_DOWN ? 'down' : event} ${inetNtoa(ifa.local)}`), 0),
  };
  t.h.ip.inetaddrChain.register(nb);
  return heard;
}

describe('IPv4 of a device', () => {
  it('comes with the device, goes with it, and takes its addresses along', () => {
    const heard = listen();
    const dev = t.h.eth('a', '10.0.0.1');
    expect(inDevGet(dev)?.dev).toBe(dev);
    expect(t.h.sysctlRead('net/ipv4/conf/a/forwarding')).toBe('0\n');
    unregisterNetdevice(dev);
    expect(inDevGet(dev)).toBeNull();
    expect(heard).toEqual(['up 10.0.0.1', 'down 10.0.0.1']);
    expect(t.h.sysctlRead('net/ipv4/conf/a/forwarding')).toBe(-2);
  });

  it('goes when the MTU falls below 68 and comes back, empty, with it', () => {
    const dev = t.h.eth('a', '10.0.0.1');
    expect(devSetMtu(dev, 67)).toBe(0);
    expect(inDevGet(dev)).toBeNull();
    expect(devSetMtu(dev, 68)).toBe(0);
    expect(addrs(dev)).toEqual([]);
    expect(dev.mc.list.map((ha) => formatMac(ha.addr))).toEqual(['01:00:5e:00:00:01']);
  });

  it('gives the loopback device 127.0.0.1/8 when it comes up', () => {
    const lo = t.h.net.loopbackDev as NetDevice;
    expect(addrs(lo)).toEqual(['127.0.0.1/8']);
    expect(t.h.inDev(lo).ifaList[0]).toMatchObject({ scope: 254, label: 'lo', flags: IFA_F_PERMANENT });
    expect(t.h.inDev(lo).cnf).toMatchObject({ disableXfrm: 1, disablePolicy: 1 });
    devClose(lo);
    devOpen(lo);
    expect(addrs(lo)).toEqual(['127.0.0.1/8']);
  });

  it('renames settings and labels with the device: the alias behind the colon stays', () => {
    const dev = t.h.eth('d0', '10.0.0.1');
    for (const [local, label] of [['10.0.0.2', 'd0:x'], ['10.0.1.1', 'd0'], ['10.0.2.1', 'd0:long12'], ['10.0.3.1', 'foo']] as const) {
      t.h.addr(dev, { local: ip4(local), prefixlen: 24, label });
    }
    const labels = (): string[] => t.h.inDev(dev).ifaList.map((ifa) => ifa.label);
    devChangeName(dev, 'eth_long_name15');
    expect(labels()).toEqual(['eth_long_name15', 'eth_long_name:2', 'eth_long:long12', 'eth_long_name:4', 'eth_long_name:x']);
    devChangeName(dev, 'd0');
    expect(labels()).toEqual(['d0', 'd0:2', 'd0:long12', 'd0:4', 'd0:x']);
    expect(t.h.sysctlRead('net/ipv4/conf/d0/arp_filter')).toBe('0\n');
    expect(t.h.sysctlRead('net/ipv4/conf/eth_long_name15/arp_filter')).toBe(-2);
    callNetdeviceNotifiers(NETDEV_CHANGEADDR, dev);
  });

  it('can be unloaded under devices that stay', () => {
    t.h.eth('a', '10.0.0.1');
    expect(rmmod(t.h.kernel, 'known-neighbours')).toBe(0);
    expect(rmmod(t.h.kernel, '@skbuff/ipv4')).toBe(0);
    expect(t.h.kernel.leaks()).not.toHaveProperty('in_device');
  });
});

describe('addresses', () => {
  it('do not repeat, nor differ in scope within a subnet; 0.0.0.0 is none', () => {
    const dev = t.h.eth('a', '10.0.0.1');
    const add = (local: string, scope = 0): number => inetInsertIfa(inetAllocIfa(t.h.inDev(dev), { local: ip4(local), prefixlen: 24, scope }));
    expect([add('10.0.0.1'), add('10.0.0.2', 253), add('0.0.0.0'), add('10.0.0.2')]).toEqual([-EEXIST, -EINVAL, 0, 0]);
    expect(addrs(dev)).toEqual(['10.0.0.1/24', '10.0.0.2/24']);
    expect(t.h.inDev(dev).ifaList[1]?.flags).toBe(IFA_F_SECONDARY);
  });

  it('tell routing about secondaries whose primary changes', () => {
    const calls: string[] = [];
    t.h.routing.ifaddr = {
      addIfaddr: (ifa) => void calls.push(`add ${inetNtoa(ifa.local)}`),
      delIfaddr: (ifa, prim) => void calls.push(`del ${inetNtoa(ifa.local)} of ${inetNtoa(prim.local)}`),
      modifyPrefixMetric: () => {},
    };
    const dev = t.h.eth('a', '10.0.0.1');
    for (const local of ['10.0.0.2', '10.0.0.3']) t.h.addr(dev, { local: ip4(local), prefixlen: 24 });
    t.h.sysctl('net/ipv4/conf/a/promote_secondaries', '1');
    const heard = listen();
    const inDev = t.h.inDev(dev);
    inetDelIfa(inDev, inDev.ifaList[0] as never);
    expect(calls).toEqual(['del 10.0.0.2 of 10.0.0.1', 'del 10.0.0.3 of 10.0.0.1', 'add 10.0.0.3']);
    expect(heard).toEqual(['down 10.0.0.1', 'up 10.0.0.2']);
    expect(inDev.ifaList.map((ifa) => ifa.flags & IFA_F_SECONDARY)).toEqual([0, IFA_F_SECONDARY]);
  });

  it('live as long as they were said to: preferred, deprecated, gone', () => {
    const dev = t.h.eth('a');
    expect(newaddr(dev, '10.0.0.1', [5, 20]).error).toBe(0);
    const flags = (): number | undefined => t.h.inDev(dev).ifaList[0]?.flags;
    expect(flags()).toBe(0);
    t.h.clock.advance(4.5 * SEC);
    expect(flags()).toBe(0);
    t.h.clock.advance(1.6 * SEC);
    expect(flags()).toBe(IFA_F_DEPRECATED);
    t.h.clock.advance(13 * SEC);
    expect(addrs(dev)).toEqual(['10.0.0.1/24']);
    const [line] = dump(dev);
    expect([line?.prefered, line?.valid]).toEqual([0, 1]);
    t.h.clock.advance(2.1 * SEC);
    expect(addrs(dev)).toEqual([]);
  });

  it('are found by address, local prefixes count as the loopback device\'s', () => {
    const dev = t.h.eth('a', '10.0.0.1');
    expect(ipDevFind(t.h.net, ip4('10.0.0.1'))).toBe(dev);
    expect(ipDevFind(t.h.net, ip4('127.0.0.9'))).toBe(t.h.net.loopbackDev);
    expect(ipDevFind(t.h.net, ip4('10.0.0.2'))).toBeNull();
  });
});

describe('choice of an address', () => {
  it('prefers the subnet of the other side, then the first primary that may be used, then another interface', () => {
    const a = t.h.eth('a', '10.0.0.1');
    t.h.addr(a, { local: ip4('10.0.1.1'), prefixlen: 24 });
    t.h.addr(a, { local: ip4('10.0.1.2'), prefixlen: 24 });
    t.h.addr(a, { local: ip4('10.0.2.1'), prefixlen: 24, scope: 253 });
    const b = t.h.eth('b');
    const select = (dev: NetDevice, dst: string, scope: number): string => inetNtoa(inetSelectAddr(dev, ip4(dst), scope));
    expect(select(a, '10.0.1.77', 0)).toBe('10.0.1.1');
    expect(select(a, '10.0.2.77', 0)).toBe('10.0.0.1');
    expect(select(a, '10.0.2.77', 253)).toBe('10.0.2.1');
    expect(select(b, '10.0.1.77', 0)).toBe('10.0.0.1');
    expect(select(t.h.net.loopbackDev as NetDevice, '127.0.0.5', 254)).toBe('127.0.0.1');
    expect(select(t.h.net.loopbackDev as NetDevice, '127.0.0.5', 253)).toBe('10.0.0.1');
    t.h.sysctl('net/ipv4/conf/lo/route_localnet', '1');
    expect(select(t.h.net.loopbackDev as NetDevice, '127.0.0.5', 253)).toBe('127.0.0.1');
  });

  it('confirms an address of ours in a subnet', () => {
    const a = t.h.eth('a', '10.0.0.1');
    t.h.addr(a, { local: ip4('10.0.1.1'), prefixlen: 24 });
    const confirm = (dst: string, local: string, scope = 0, anywhere = false): string =>
      inetNtoa(inetConfirmAddr(t.h.net, anywhere ? null : t.h.inDev(a), ip4(dst), ip4(local), scope));
    expect(confirm('10.0.1.9', '0.0.0.0')).toBe('10.0.1.1');
    expect(confirm('10.0.1.9', '10.0.1.1')).toBe('10.0.1.1');
    expect(confirm('10.0.1.9', '10.0.0.1')).toBe('0.0.0.0');
    expect(confirm('0.0.0.0', '10.0.0.1')).toBe('10.0.0.1');
    expect(confirm('10.0.1.9', '10.0.1.8')).toBe('0.0.0.0');
    expect(confirm('127.0.0.9', '0.0.0.0', 254, true)).toBe('127.0.0.1');
    expect(confirm('127.0.0.9', '0.0.0.0', 0, true)).toBe('0.0.0.0');
    expect(inetAddrOnlink(t.h.inDev(a), ip4('10.0.0.5'), ip4('10.0.0.6'))).toBe(true);
    expect(inetAddrOnlink(t.h.inDev(a), ip4('10.0.0.5'), ip4('10.0.1.6'))).toBe(false);
  });
});

describe('groups', () => {
  it('are counted, filtered while the device is up, and begin with 224.0.0.1 [MC4-01]', () => {
    const dev = t.h.eth('a');
    const inDev = t.h.inDev(dev);
    const filter = (): string[] => dev.mc.list.map((ha) => formatMac(ha.addr));
    ipMcIncGroup(inDev, ip4('239.129.2.3'));
    ipMcIncGroup(inDev, ip4('239.129.2.3'));
    expect(filter()).toEqual(['01:00:5e:00:00:01', '01:00:5e:01:02:03']);
    ipMcDecGroup(inDev, ip4('239.129.2.3'));
    devClose(dev);
    expect(filter()).toEqual([]);
    expect([ipCheckMc(inDev, ip4('239.129.2.3')), ipCheckMc(inDev, ip4('224.0.0.1'))]).toEqual([true, false]);
    devOpen(dev);
    expect(filter().sort()).toEqual(['01:00:5e:00:00:01', '01:00:5e:01:02:03']);
    ipMcDecGroup(inDev, ip4('239.129.2.3'));
    expect(ipMcDecGroup(inDev, ip4('239.129.2.3'))).toBe(false);
    expect(filter()).toEqual(['01:00:5e:00:00:01']);
  });
});

/** RTM_NEWADDR; `life`: preferred and valid seconds. */
function newaddr(dev: NetDevice, local: string, life?: readonly [number, number], type: number = RTM_NEWADDR): NlReply {
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(type, NLM_F_REQUEST | NLM_F_ACK, 7, 0, IfAddrMsg.of({ family: 2, prefixlen: 24, index: dev.ifindex }));
  b.nlaPutInAddr(IFA_LOCAL, ip4(local));
  if (life !== undefined) {
    const at = b.nlaReserve(IFA_CACHEINFO, 16);
    new DataView(b.buf.buffer).setUint32(at, life[0], true);
    new DataView(b.buf.buffer).setUint32(at + 4, life[1], true);
  }
  b.nlmsgEnd(nlh);
  const port = t.h.port();
  port.setsockopt(NETLINK_EXT_ACK, 1);
  return nlTalk(port, b.bytes().slice());
}

interface Line {
  readonly index: number;
  readonly prefered: number;
  readonly valid: number;
  readonly flags: number;
}

function dumpRaw(header: Partial<IfAddrMsg>, strict: boolean, fill: (b: NlMsgBuilder) => void = () => {}): NlReply {
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 9, 0, IfAddrMsg.of({ family: 2, ...header }));
  fill(b);
  b.nlmsgEnd(nlh);
  const port = t.h.port();
  port.setsockopt(NETLINK_EXT_ACK, 1);
  if (strict) port.setsockopt(NETLINK_GET_STRICT_CHK, 1);
  return nlTalk(port, b.bytes().slice());
}

function dump(dev: NetDevice): Line[] {
  return dumpRaw({}, false)
    .msgs.map((nlh) => {
      const view = new DataView(nlh.buf.buffer, nlh.buf.byteOffset + nlh.off + nlh.len - 16);
      return {
        index: new IfAddrMsg().read(nlh.buf, nlh.data).index,
        prefered: view.getUint32(0, true),
        valid: view.getUint32(4, true),
        flags: nlh.flags,
      };
    })
    .filter((line) => line.index === dev.ifindex);
}

describe('netlink', () => {
  it('shows all addresses by interface, those of one, and what it does not understand when asked strictly', () => {
    const a = t.h.eth('a', '10.0.0.1');
    t.h.eth('b', '10.0.1.1');
    expect(dumpRaw({}, false).msgs.length).toBe(3);
    expect(dumpRaw({ index: a.ifindex }, false).msgs.length).toBe(3);
    const one = dumpRaw({ index: a.ifindex }, true);
    expect([one.msgs.length, one.msgs[0]?.flags]).toEqual([1, 0x22]);
    expect(dumpRaw({ index: 99 }, true).error).toBe(-ENODEV);
    expect(dumpRaw({ prefixlen: 24 }, true)).toMatchObject({ error: -EINVAL, extack: 'ipv4: Invalid values in header for address dump request' });
    expect(dumpRaw({}, true, (b) => b.nlaPutInAddr(IFA_LOCAL, 1))).toMatchObject({ error: -EINVAL, extack: 'ipv4: Unsupported attribute in dump request' });
    expect(dumpRaw({}, true, (b) => b.nlaPutS32(IFA_TARGET_NETNSID, 7))).toMatchObject({ error: -EINVAL, extack: 'ipv4: Invalid target network namespace id' });
  });

  it('shows more addresses than fit into one part', () => {
    const a = t.h.eth('a');
    for (let i = 1; i <= 200; i++) t.h.addr(a, { local: ip4(`10.0.0.${i}`), prefixlen: 24 });
    expect(dump(a).length).toBe(200);
  });

  it('refuses with the kernel\'s words', () => {
    const a = t.h.eth('a', '10.0.0.1');
    expect(newaddr(a, '10.0.0.1')).toMatchObject({ error: -EEXIST, extack: 'ipv4: Address already assigned' });
    expect(newaddr(a, '10.0.0.2', [10, 5])).toMatchObject({ error: -EINVAL, extack: 'ipv4: address lifetime invalid' });
    expect(newaddr(a, '10.0.0.9', undefined, RTM_DELADDR)).toMatchObject({ error: -EADDRNOTAVAIL, extack: 'ipv4: Address not found' });
    expect(newaddr({ ifindex: 99 } as NetDevice, '10.0.0.9')).toMatchObject({ error: -ENODEV, extack: 'ipv4: Device not found' });
    expect(newaddr({ ifindex: 99 } as NetDevice, '10.0.0.9', undefined, RTM_DELADDR)).toMatchObject({ error: -ENODEV, extack: 'ipv4: Device not found' });
  });

  it('tells the listeners, and nobody else is bothered', () => {
    const monitor = t.h.port();
    monitor.bind(0, 1 << (RTNLGRP_IPV4_IFADDR - 1));
    const a = t.h.eth('a', '10.0.0.1');
    const types: number[] = [];
    unregisterNetdevice(a);
    for (let dgram = monitor.recvmsg(); typeof dgram !== 'number'; dgram = monitor.recvmsg()) types.push(...nlmsgAll(dgram.data).map((m) => m.type));
    expect(types).toEqual([RTM_NEWADDR, RTM_DELADDR]);
  });
});

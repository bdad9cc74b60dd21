/** A kernel with the link handlers and three kinds of device that behave as Linux's: lo, ifb, veth. */
import { readFileSync } from 'node:fs';
import {
  allocNetdev,
  createKernel,
  setupNet,
  ethMacAddr,
  GSO_MAX_SIZE,
  IFF_LIVE_ADDR_CHANGE,
  IFF_NETNS_LOCAL,
  IFF_NO_QUEUE,
  type Kernel,
  type Net,
  type NetDevice,
  type NetDeviceOps,
  NETDEV_TX_OK,
  netdevOpsDefaults,
  netifCarrierOff,
  netifCarrierOn,
  netifSetTsoMaxSize,
  pernetDevice,
  type Plugin,
  registerNetdevice,
  type RtnlLinkOps,
  SKB_DROP_REASON_DEV_READY,
  unregisterNetdevice,
  VirtualClock,
  rtnlLinkRegister,
} from '@skbuff/core';
import { netlink, type NetlinkPort, netlinkPort, nlaFind, nlaLen, nlmsgAll } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { le16, le32, setLe32 } from '@skbuff/wire';
import { RTNL_LINKS, rtnetlink } from '../src/index.ts';

export const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');
export const unhex = (s: string): Uint8Array => Uint8Array.from(Buffer.from(s, 'hex'));

export function record<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./records/${name}.json`, import.meta.url), 'utf8')) as T;
}

const baseOps: NetDeviceOps = {
  ...netdevOpsDefaults,
  ndoStartXmit(skb) {
    skb.kfree(SKB_DROP_REASON_DEV_READY);
    return NETDEV_TX_OK;
  },
};

function ether(dev: NetDevice): void {
  dev.type = 1;
  dev.addrLen = 6;
  dev.mtu = 1500;
  dev.broadcast.fill(0xff, 0, 6);
  netifSetTsoMaxSize(dev, GSO_MAX_SIZE);
}

export const ifbOps: RtnlLinkOps = {
  kind: 'ifb',
  setup(dev) {
    ether(dev);
    dev.ops = baseOps;
    dev.flags = U.IFF_BROADCAST | U.IFF_NOARP;
    dev.txQueueLen = 32;
  },
  validate: null,
  newlink: null,
  changelink: null,
  dellink: null,
  fillInfo: null,
  getLinkNet: null,
};

interface Veth {
  peer: NetDevice | null;
}
const peerOf = (dev: NetDevice): NetDevice | null => (dev.priv as Veth).peer;

const vethDevOps: NetDeviceOps = {
  ...baseOps,
  ndoSetMacAddress: ethMacAddr,
  ndoOpen(dev) {
    const peer = peerOf(dev);
    if (peer === null) return -U.ENOTCONN;
    if ((peer.flags & U.IFF_UP) !== 0) for (const d of [dev, peer]) netifCarrierOn(d);
    return 0;
  },
  ndoStop(dev) {
    netifCarrierOff(dev);
    const peer = peerOf(dev);
    if (peer !== null) netifCarrierOff(peer);
    return 0;
  },
  ndoGetIflink: (dev) => peerOf(dev)?.ifindex ?? 0,
};

export const vethOps: RtnlLinkOps = {
  kind: 'veth',
  setup(dev) {
    ether(dev);
    dev.ops = vethDevOps;
    dev.priv = { peer: null } satisfies Veth;
    dev.flags = U.IFF_BROADCAST | U.IFF_MULTICAST;
    dev.privFlags |= IFF_NO_QUEUE | IFF_LIVE_ADDR_CHANGE;
    dev.txQueueLen = 1000;
    dev.minMtu = 68;
    dev.maxMtu = 65535;
  },
  validate: null,
  newlink(dev, params) {
    const at = params.data === null ? -1 : nlaFind(params.data.bytes, params.data.off, params.data.len, U.VETH_INFO_PEER);
    const info = params.data === null || at < 0 ? null : { bytes: params.data.bytes, off: at + 4, len: nlaLen(params.data.bytes, at) };
    const peer = params.createPeer!(vethOps, info, 'veth%d');
    if (typeof peer === 'number') return peer;
    const err = registerNetdevice(dev);
    if (err !== 0) {
      unregisterNetdevice(peer);
      return err;
    }
    netifCarrierOff(dev);
    (dev.priv as Veth).peer = peer;
    (peer.priv as Veth).peer = dev;
    return 0;
  },
  changelink: null,
  dellink(dev, queue) {
    const peer = peerOf(dev);
    queue.push(dev);
    if (peer !== null) queue.push(peer);
    for (const d of [dev, peer]) if (d !== null) (d.priv as Veth).peer = null;
  },
  fillInfo: null,
  getLinkNet: (dev) => (peerOf(dev) ?? dev).net,
};

function addLoopback(net: Net): number {
  const setup = (dev: NetDevice): void => {
    ether(dev);
    dev.type = 772;
    dev.broadcast.fill(0);
    dev.flags = U.IFF_LOOPBACK;
    dev.mtu = 65536;
    dev.txQueueLen = 1000;
    dev.privFlags |= IFF_NETNS_LOCAL | IFF_NO_QUEUE;
  };
  const dev = allocNetdev(net, { name: 'lo', setup, ops: baseOps });
  net.loopbackDev = dev;
  return registerNetdevice(dev);
}

/** lo of every namespace, and the kinds ifb and veth. */
export const devices: Plugin = {
  name: 'devices',
  requires: ['@skbuff/rtnetlink'],
  init(ctx) {
    rtnlLinkRegister(ctx, ifbOps);
    rtnlLinkRegister(ctx, vethOps);
    pernetDevice(ctx, {
      name: 'lo',
      init: addLoopback,
      exit(net) {
        if (net.loopbackDev !== null) unregisterNetdevice(net.loopbackDev);
        net.loopbackDev = null;
      },
    });
  },
};

export interface Bench {
  readonly clock: VirtualClock;
  readonly kernel: Kernel;
  readonly a: Net;
  readonly b: Net;
  port(net: Net, groups?: number): NetlinkPort;
}

/** Namespaces a and b, which descriptors 100 and 101 stand for. */
export function makeBench(...plugins: Plugin[]): Bench {
  const clock = new VirtualClock();
  const kernel = createKernel({ clock, plugins: [netlink(), rtnetlink(), devices, ...plugins] });
  const [a, b] = [setupNet(kernel) as Net, setupNet(kernel) as Net];
  kernel.services.get(RTNL_LINKS).netns = {
    byPid: (_port, pid) => (pid === 1 ? kernel.initNet : -U.ESRCH),
    byFd: (_port, fd) => (fd === 100 ? a : fd === 101 ? b : -U.EBADF),
  };
  return {
    clock,
    kernel,
    a,
    b,
    port(net, groups = 0) {
      const port = netlinkPort(net, U.NETLINK_ROUTE) as NetlinkPort;
      port.bind(0, groups);
      port.setsockopt(U.NETLINK_EXT_ACK, 1);
      port.setsockopt(U.NETLINK_CAP_ACK, 1);
      return port;
    },
  };
}

/** What is in the receive queue, a hex string a datagram. */
export function drain(port: NetlinkPort): string[] {
  const out: string[] = [];
  for (;;) {
    const d = port.recvmsg(65536);
    if (typeof d === 'number') {
      if (d === -U.EAGAIN) return out;
      out.push(`errno ${d}`);
    } else out.push(hex(withoutAfSpec(d.data)));
  }
}

/** Link messages without IFLA_AF_SPEC, as they are recorded. */
function withoutAfSpec(data: Uint8Array): Uint8Array {
  return Uint8Array.from(
    nlmsgAll(data).flatMap((nlh) => {
      const msg = [...data.subarray(nlh.off, nlh.off + ((nlh.len + 3) & ~3))];
      if (nlh.type !== U.RTM_NEWLINK && nlh.type !== U.RTM_DELLINK) return msg;
      const b = Uint8Array.from(msg);
      const at = nlaFind(b, 32, nlh.len - 32, U.IFLA_AF_SPEC);
      if (at < 0) return msg;
      msg.splice(at, (le16(b, at) + 3) & ~3);
      const out = Uint8Array.from(msg);
      setLe32(out, 0, le32(b, 0) - ((le16(b, at) + 3) & ~3));
      return [...out];
    }),
  );
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(U)
    .filter(([name, v]) => /^IFLA_[A-Z0-9]+(_[A-Z0-9]+)*$/.test(name) && !/^IFLA_(BR|BRPORT|VXLAN|INFO|INET6?|VF|PORT|BOND|VLAN|XDP|PROTO_DOWN_REASON)_|^IFLA_MAX$/.test(name) && typeof v === 'number')
    .map(([name, v]) => [v as number, name] as const)
    .reverse(),
);

/** The same bytes for people: header words, then an attribute a line. */
export function readable(datagram: string): string[] {
  const data = unhex(datagram);
  return nlmsgAll(data).flatMap((nlh) => {
    const end = nlh.off + nlh.len;
    if (nlh.type !== U.RTM_NEWLINK && nlh.type !== U.RTM_DELLINK) return [hex(data.subarray(nlh.off, end))];
    const lines = [hex(data.subarray(nlh.off, nlh.off + 32))];
    for (let at = nlh.off + 32; at < end; at += (le16(data, at) + 3) & ~3) {
      lines.push(`${NAMES.get(le16(data, at + 2) & 0x3fff) ?? 'IFLA'} ${hex(data.subarray(at, at + le16(data, at)))}`);
    }
    return lines;
  });
}

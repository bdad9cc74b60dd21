import {
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  devChangeNetNamespace,
  devClose,
  devOpen,
  devSetMacAddress,
  devSetMtu,
  DstEntry,
  NET_XMIT_CN,
  NET_XMIT_DROP,
  NETREG_RELEASED,
  registerNetdevice,
  rmmod,
  RX_BYTES,
  RX_DROPPED,
  RX_PACKETS,
  SKB_DROP_REASON_CPU_BACKLOG,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_HDR_TRUNC,
  SKB_DROP_REASON_PKT_TOO_BIG,
  SKB_DROP_REASON_QDISC_DROP,
  SKB_IPVS_PROPERTY,
  SKB_NF_TRACE,
  type SkbExt,
  TX_BYTES,
  TX_DROPPED,
  TX_PACKETS,
  unregisterNetdevice,
  unregisterNetdeviceMany,
  type NetDevice,
  freeNetdev,
} from '@skbuff/core';
import {
  EADDRNOTAVAIL,
  EEXIST,
  EINVAL,
  ENOTCONN,
  IF_OPER_DOWN,
  IF_OPER_LOWERLAYERDOWN,
  IF_OPER_UP,
  NET_ADDR_RANDOM,
  NET_ADDR_SET,
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_OTHERHOST,
  PACKET_OUTGOING,
} from '@skbuff/uapi';
import { createKernel } from '@skbuff/core';
import { describe, expect, it } from 'vitest';
import { vethAlloc, vethCreate, vethLinkOps, vethPeer, vethXmit } from '../src/index.ts';
import { ETH_P_TEST, expectFields, useBench } from './support.ts';

const bench = useBench();

class Ext implements SkbExt {
  refs = 1;
  get(): void {
    this.refs++;
  }
  put(): void {
    this.refs--;
  }
}

describe('a pair', () => {
  it('lies in two namespaces, each end known to the other, with random addresses [VTH-01] [NETNS-10]', () => {
    const { dev, peer } = bench.it.pair();
    expect([dev.net === bench.it.a, peer.net === bench.it.b]).toEqual([true, true]);
    expect([vethPeer(dev) === peer, vethPeer(peer) === dev]).toEqual([true, true]);
    expect([dev.ops.ndoGetIflink?.(dev), vethLinkOps.getLinkNet?.(dev) === peer.net]).toEqual([peer.ifindex, true]);
    expect([dev.addrAssignType, dev.devAddr[0] & 3, dev.devAddr.join() === peer.devAddr.join()]).toEqual([NET_ADDR_RANDOM, 2, false]);
  });

  it('has the values that ip -d link shows [REG-04]', () => {
    const { dev } = bench.it.pair();
    expectFields(dev, { mtu: 1500, minMtu: 68, maxMtu: 65535, txQueueLen: 1000, hardHeaderLen: 14, rtnlLinkOps: vethLinkOps });
  });

  it('gives the peer the lower index in one namespace, as Linux registers it first', () => {
    const { dev, peer } = bench.it.pair({}, bench.it.a);
    expect([peer.ifindex, dev.ifindex]).toEqual([1, 2]);
  });

  it('takes addresses and an MTU', () => {
    const { dev, peer } = bench.it.pair({ address: Uint8Array.of(2, 0, 0, 0, 0, 1), peerAddress: Uint8Array.of(2, 0, 0, 0, 0, 2), mtu: 9000 });
    expect([dev.devAddr[5], peer.devAddr[5], dev.mtu, peer.mtu]).toEqual([1, 2, 9000, 9000]);
    expect([dev.addrAssignType, peer.addrAssignType]).toEqual([NET_ADDR_SET, NET_ADDR_SET]);
  });

  it.each([
    [67, -EINVAL],
    [68, 0],
    [65535, 0],
    [65536, -EINVAL],
  ])('takes MTU %i with %i', (mtu, want) => {
    expect(devSetMtu(bench.it.pair().dev, mtu)).toBe(want);
  });

  it('changes its address while it is up [NDO-05]', () => {
    const { dev } = bench.it.upPair();
    expect(devSetMacAddress(dev, Uint8Array.of(2, 0, 0, 0, 0, 7))).toBe(0);
    expect(devSetMacAddress(dev, Uint8Array.of(3, 0, 0, 0, 0, 7))).toBe(-EADDRNOTAVAIL);
  });

  it.each([
    ['a taken name', { nameA: 've0', nameB: 'x' }, {}, -EEXIST],
    ['a taken peer name', { nameA: 'x', nameB: 've1' }, {}, -EEXIST],
    ['a bad name', { nameA: 'a/b', nameB: 'x' }, {}, -EINVAL],
    ['a small MTU', { nameA: 'x', nameB: 'y' }, { mtu: 67 }, -EINVAL],
    ['a multicast address', { nameA: 'x', nameB: 'y' }, { address: Uint8Array.of(3, 0, 0, 0, 0, 0) }, -EADDRNOTAVAIL],
    ['a short address', { nameA: 'x', nameB: 'y' }, { peerAddress: Uint8Array.of(2, 0) }, -EINVAL],
  ])('is refused for %s, and nothing is left', (_name, { nameA, nameB }, options, want) => {
    bench.it.pair();
    expect(vethCreate(bench.it.a, nameA, bench.it.b, nameB, options)).toBe(want);
    bench.it.clock.advance(0);
    expect([bench.it.a.devList.length, bench.it.b.devList.length, bench.it.kernel.liveDevices]).toEqual([1, 1, 2]);
  });

  it('does not connect two kernels', () => {
    const other = createKernel();
    expect(vethCreate(bench.it.a, 'x', other.initNet, 'y')).toBe(-EINVAL);
  });
});

describe('carrier', () => {
  it('is there only while both ends are up [VTH-01]', () => {
    const { dev, peer } = bench.it.pair();
    const carrier = (): boolean[] => [dev.carrierOk(), peer.carrierOk()];
    expect(carrier()).toEqual([false, false]);
    devOpen(dev);
    expect(carrier()).toEqual([false, false]);
    devOpen(peer);
    expect(carrier()).toEqual([true, true]);
    bench.it.clock.advance(0);
    expect([dev.operstate, peer.operstate]).toEqual([IF_OPER_UP, IF_OPER_UP]);
    devClose(peer);
    expect(carrier()).toEqual([false, false]);
  });

  it('lost on both ends shows as LOWERLAYERDOWN in one namespace, as Linux has it', () => {
    const { dev, peer } = bench.it.upPair({}, bench.it.a);
    devClose(peer);
    bench.it.clock.advance(0);
    expect(dev.operstate).toBe(IF_OPER_LOWERLAYERDOWN);
  });

  it('lost shows as DOWN when the other end lies elsewhere', () => {
    const { dev, peer } = bench.it.upPair();
    devClose(peer);
    bench.it.clock.advance(0);
    expect(dev.operstate).toBe(IF_OPER_DOWN);
  });

  it('cannot come up without a peer', () => {
    const dev = vethAlloc(bench.it.a, 'lone', vethLinkOps, undefined, undefined);
    registerNetdevice(dev);
    expect(devOpen(dev)).toBe(-ENOTCONN);
    unregisterNetdevice(dev);
  });
});

describe('a frame', () => {
  it.each([
    ['the peer', (peer: NetDevice) => peer.devAddr, PACKET_HOST],
    ['everybody', (peer: NetDevice) => peer.broadcast, PACKET_BROADCAST],
    ['somebody else', () => Uint8Array.of(2, 9, 9, 9, 9, 9), PACKET_OTHERHOST],
  ])('to %s arrives, the same memory, on the other side', (_name, dest, want) => {
    const { dev, peer } = bench.it.upPair();
    const skb = bench.it.frame(dev, 60, dest(peer));
    const start = skb.data;
    expect(bench.it.send(skb)).toBe(0);
    expect([bench.it.got.length, bench.it.got[0] === skb, skb.dev === peer]).toEqual([1, true, true]);
    expectFields(skb, { pktType: want, protocol: ETH_P_TEST, data: start + 14, len: 46, macHeader: start, skbIif: peer.ifindex });
  });

  it('is counted where it is sent and where it arrives, with its header [DEV-22]', () => {
    const { dev, peer } = bench.it.upPair();
    bench.it.send(bench.it.frame(dev, 60));
    bench.it.send(bench.it.frame(dev, 100));
    expect([dev.stats[TX_PACKETS], dev.stats[TX_BYTES], dev.stats[RX_PACKETS]]).toEqual([2, 160, 0]);
    expect([peer.stats[RX_PACKETS], peer.stats[RX_BYTES], peer.stats[TX_PACKETS]]).toEqual([2, 160, 0]);
  });

  it('keeps an unfinished checksum and its segments', () => {
    const { dev } = bench.it.upPair();
    const skb = bench.it.frame(dev, 5000);
    skb.ipSummed = CHECKSUM_PARTIAL;
    skb.csumStart = skb.data + 34;
    skb.csumOffset = 16;
    skb.shinfo.gsoSize = 1448;
    expect(bench.it.send(skb)).toBe(0);
    expectFields(bench.it.got[0], { ipSummed: CHECKSUM_PARTIAL, csumStart: skb.csumStart, len: 4986 });
    expect(skb.shinfo.gsoSize).toBe(1448);
  });

  it('loses a sum that covered the header', () => {
    const { dev } = bench.it.upPair();
    const skb = bench.it.frame(dev, 60);
    skb.ipSummed = CHECKSUM_COMPLETE;
    vethXmit(skb, dev);
    expect(skb.ipSummed).toBe(CHECKSUM_NONE);
    bench.it.clock.advance(0);
  });

  it.each([
    ['another namespace', false, { mark: 0, tstamp: 0, bits: 0 }],
    ['the same namespace', true, { mark: 7, tstamp: 9, bits: SKB_IPVS_PROPERTY }],
  ])('forgets in %s what the sender knew about it', (_name, same, want) => {
    const { dev } = bench.it.upPair({}, same ? bench.it.a : bench.it.b);
    const skb = bench.it.frame(dev, 60);
    const dst = new DstEntry(dev, { entries: 0, check: () => false, mtu: () => 0, confirmNeigh: null });
    const [ct, sp, ext] = [new Ext(), new Ext(), new Ext()];
    dst.hold();
    skb.dstSet(dst);
    Object.assign(skb, { mark: 7, tstamp: 9, priority: 6, skbIif: 3, ignoreDf: true, nfct: ct, nfctinfo: 2 });
    skb.bits |= SKB_IPVS_PROPERTY | SKB_NF_TRACE;
    Object.assign(skb, { sp, ext, pktType: PACKET_OUTGOING });
    vethXmit(skb, dev);
    expectFields(skb, { ...want, dst: null, nfct: null, nfctinfo: 0, sp: null, ext: null, priority: 0, skbIif: 0, ignoreDf: false });
    expect([ct.refs, sp.refs, ext.refs, dst.refcnt]).toEqual([0, 0, 0, 1]);
    dst.release();
    bench.it.clock.advance(0);
  });

  it('goes up in a softirq, not inside the sender', () => {
    const { dev } = bench.it.upPair();
    bench.it.kernel.softirq.localBhDisable();
    bench.it.send(bench.it.frame(dev, 60));
    expect(bench.it.got.length).toBe(0);
    bench.it.kernel.softirq.localBhEnable();
    expect(bench.it.got.length).toBe(1);
  });
});

describe('a frame is lost', () => {
  const lost = (dev: NetDevice, peer: NetDevice): number[] => [dev.stats[TX_DROPPED], peer.stats[RX_DROPPED], dev.stats[TX_PACKETS], peer.stats[RX_PACKETS]];

  it.each([
    [1518, 0, [0, 0, 1, 1]],
    [1519, NET_XMIT_DROP, [1, 1, 0, 0]],
  ])('of %i bytes at MTU 1500: one VLAN tag more than MTU and header is the limit', (len, ret, counters) => {
    const { dev, peer } = bench.it.upPair();
    expect(bench.it.send(bench.it.frame(dev, len))).toBe(ret);
    expect(lost(dev, peer)).toEqual(counters);
    expect(bench.it.kernel.skbs.drops[SKB_DROP_REASON_PKT_TOO_BIG]).toBe(ret);
  });

  it('when the other end went down and the queue does not know yet', () => {
    const { dev, peer } = bench.it.upPair();
    devClose(peer);
    expect(bench.it.send(bench.it.frame(dev, 60))).toBe(NET_XMIT_DROP);
    expect(lost(dev, peer)).toEqual([1, 1, 0, 0]);
    expect(bench.it.kernel.skbs.drops[SKB_DROP_REASON_DEV_READY]).toBe(1);
  });

  it('when the other end is down: at the queue, counted by the sender', () => {
    const { dev, peer } = bench.it.upPair();
    devClose(peer);
    bench.it.clock.advance(0);
    expect(bench.it.send(bench.it.frame(dev, 60))).toBe(NET_XMIT_CN);
    expect(lost(dev, peer)).toEqual([1, 0, 0, 0]);
    expect(bench.it.kernel.skbs.drops[SKB_DROP_REASON_QDISC_DROP]).toBe(1);
  });

  it('when it is shorter than a header', () => {
    const { dev, peer } = bench.it.upPair();
    const skb = bench.it.frame(dev, 60);
    skb.trim(13);
    bench.it.send(skb);
    expect(lost(dev, peer)).toEqual([1, 0, 0, 0]);
    expect(bench.it.kernel.skbs.drops[SKB_DROP_REASON_HDR_TRUNC]).toBe(1);
  });

  it('when the backlog is full', () => {
    const { dev, peer } = bench.it.upPair();
    bench.it.kernel.softnet.maxBacklog = 1;
    bench.it.kernel.softirq.localBhDisable();
    for (let i = 0; i < 4; i++) bench.it.send(bench.it.frame(dev, 60));
    bench.it.kernel.softirq.localBhEnable();
    expect(lost(dev, peer)).toEqual([2, 2, 2, 2]);
    expect(bench.it.kernel.skbs.drops[SKB_DROP_REASON_CPU_BACKLOG]).toBe(2);
  });

  it('after the peer is gone', () => {
    const dev = vethAlloc(bench.it.a, 'lone', vethLinkOps, undefined, undefined);
    expect(vethXmit(bench.it.frame(dev, 60), dev)).toBe(NET_XMIT_DROP);
    expect(dev.stats[TX_DROPPED]).toBe(1);
    freeNetdev(dev);
  });
});

describe('the end of a pair', () => {
  it('comes for both when one is deleted [VTH-01]', () => {
    const { dev, peer } = bench.it.upPair();
    const queue: NetDevice[] = [];
    vethLinkOps.dellink?.(peer, queue);
    unregisterNetdeviceMany(queue);
    bench.it.clock.advance(0);
    expect([dev.regState, peer.regState]).toEqual([NETREG_RELEASED, NETREG_RELEASED]);
    expect([bench.it.a.devList.length, bench.it.b.devList.length]).toEqual([0, 0]);
  });

  it('comes for both when one namespace dies [NSP-06] [NETNS-02]', () => {
    const { dev, peer } = bench.it.upPair();
    bench.it.b.put();
    bench.it.clock.advance(0);
    expect([dev.regState, peer.regState, bench.it.a.devList.length]).toEqual([NETREG_RELEASED, NETREG_RELEASED, 0]);
  });

  it('comes when the package is unloaded', () => {
    bench.it.upPair();
    expect(rmmod(bench.it.kernel, '@skbuff/veth')).toBe(0);
    expect([bench.it.a.devList.length, bench.it.b.devList.length]).toEqual([0, 0]);
  });

  it('does not come when one end moves: the pair still works [NSP-05]', () => {
    const { dev, peer } = bench.it.pair({}, bench.it.a);
    expect(devChangeNetNamespace(peer, bench.it.b, null)).toBe(0);
    devOpen(dev);
    devOpen(peer);
    bench.it.clock.advance(0);
    bench.it.send(bench.it.frame(dev, 60));
    expect(bench.it.got.length).toBe(1);
    expect([bench.it.got[0]?.dev === peer, dev.ops.ndoGetIflink?.(dev)]).toEqual([true, peer.ifindex]);
  });
});

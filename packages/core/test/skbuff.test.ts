import { afterEach, describe, expect, it } from 'vitest';
import {
  Arena,
  CHECKSUM_COMPLETE,
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  CHECKSUM_UNNECESSARY,
  DstEntry,
  type DstOps,
  type Kernel,
  LARGE_BLOCK,
  MAX_TCP_HEADER,
  type NetDevice,
  NET_SKB_PAD,
  SKB_CB_LANES,
  SKB_CONSUMED,
  SKB_DROP_REASON_NO_SOCKET,
  SKB_DROP_REASON_NOMEM,
  SKB_GSO_TCPV4,
  SKB_GSO_TCPV6,
  SKB_INHERITED_BITS,
  SKB_NF_TRACE,
  SKB_NOHDR,
  skbCopy,
  skbCopyExpand,
  skbEnsureWritable,
  skbIsGsoV6,
  skbMacHeaderWasSet,
  skbNetworkHeaderLen,
  skbNetworkOffset,
  skbResetMacHeader,
  skbResetTransportHeader,
  skbTailroom,
  skbTransportHeaderWasSet,
  skbTransportOffset,
  SMALL_BLOCK,
  type SkBuff,
  type SkbExt,
  type SkbSock,
  SkbuffCache,
  pskbCopy,
  skbReallocHeadroom,
  skbCowHead,
  skbHeaderRelease,
  skbHeaderCloned,
} from '../src/index.ts';
import { addDevice, addFrag, boot, bytesOf, packet, putText, textOf, dstOps } from './helpers.ts';

let cache = new SkbuffCache(new Arena(1 << 20, true));

afterEach(() => {
  const { inUse, arena } = cache;
  cache = new SkbuffCache(new Arena(1 << 20, true));
  expect({ descriptors: inUse, blocks: arena.blocksInUse }).toEqual({ descriptors: 0, blocks: 0 });
});

function alloc(size: number): SkBuff {
  return cache.alloc(size) as SkBuff;
}

/** An object that counts its holders, as conntrack entries do. */
function counted(): SkbExt & { refs: number } {
  return {
    refs: 1,
    get() {
      this.refs++;
    },
    put() {
      this.refs--;
    },
  };
}

describe('allocation', () => {
  it('gives an empty sk_buff with one holder and all the room behind data [SKO-01] [SKB-36]', () => {
    const skb = alloc(1500);
    expect([skb.len, skb.dataLen, skb.users, skb.shinfo.dataref]).toEqual([0, 0, 1, 1]);
    expect([skb.data, skb.tail]).toEqual([skb.head, skb.head]);
    expect(skbTailroom(skb)).toBeGreaterThanOrEqual(1500);
    expect(skb.shinfo.start + skb.shinfo.size).toBe(skb.end);
    skb.consume();
  });

  it('gives a recycled descriptor back as new: no field of the packet before shows [SKO-01] [SKO-04] [PAT-01]', () => {
    const fresh = alloc(100);
    const blank = scalars(fresh);
    for (const [key, value] of Object.entries(fresh)) {
      if (KEPT.has(key)) continue;
      if (typeof value === 'number' && !POSITION.has(key)) Reflect.set(fresh, key, 7);
      if (typeof value === 'boolean') Reflect.set(fresh, key, true);
    }
    fresh.cb.fill(0x55);
    fresh.shinfo.gsoSize = fresh.shinfo.gsoSegs = fresh.shinfo.gsoType = 3;
    fresh.shinfo.txFlags = fresh.shinfo.ip6FragId = fresh.shinfo.hwtstamps = 3;
    fresh.users = 1;
    fresh.consume();
    const again = alloc(100);
    expect(again).toBe(fresh);
    expect(scalars(again)).toEqual(blank);
    again.consume();
  });

  it('of a receive buffer keeps headroom and sets the device [SKO-03] [SKB-05] [SKI-04]', () => {
    const kernel = boot();
    const { dev } = addDevice(kernel);
    const skb = kernel.skbs.allocRx(dev, 1514) as SkBuff;
    expect([skb.headroom(), skb.len, skb.dev]).toEqual([NET_SKB_PAD, 0, dev]);
    expect(skbTailroom(skb)).toBeGreaterThanOrEqual(1514);
    skb.consume();
  });

  it('charges descriptor, data and shared info as the allocator rounds them [SKB-35]', () => {
    // Seen on Linux 6.18 (SO_MEMINFO of a UDP socket on loopback, which allocates 59 bytes more than the payload).
    for (const [size, truesize] of [[1, 832], [256, 832], [257, 1280], [704, 1280], [705, 2304], [1728, 2304], [1729, 4352], [3776, 4352], [3777, 8448]] as const) {
      const skb = alloc(size);
      expect([size, skb.truesize]).toEqual([size, truesize]);
      skb.consume();
    }
  });

  it('fails with null beyond a large block, and every way when memory is used up, without a trace', () => {
    expect(cache.alloc(LARGE_BLOCK + 1)).toBeNull();
    const small = new SkbuffCache(new Arena(3 * SMALL_BLOCK, true));
    const skb = small.alloc(100) as SkBuff;
    putText(skb, 'linear ');
    addFrag(skb, Uint8Array.from([1, 2, 3]));
    const clone = skb.clone() as SkBuff;
    const filler = small.alloc(100) as SkBuff;
    const before = bytesOf(skb);
    expect(small.alloc(1)).toBeNull();
    expect(small.alloc(5000)).toBeNull();
    expect(skbCopy(skb)).toBeNull();
    expect(pskbCopy(skb, 0)).toBeNull();
    expect(skbReallocHeadroom(skb, 500)).toBeNull();
    expect(small.expandHead(skb, 10, 10)).toBe(-12);
    expect(small.cow(skb, 0)).toBe(-12);
    expect(skbEnsureWritable(skb, 8)).toBe(-12);
    expect(small.linearize(skb)).toBe(-12);
    expect(skb.mayPull(8)).toBe(false);
    expect(skb.pull(9)).toBe(-1);
    expect(skb.trim(8)).toBe(-12);
    expect([bytesOf(skb), bytesOf(clone)]).toEqual([before, before]);
    expect([small.inUse, small.arena.blocksInUse]).toEqual([3, 3]);
    for (const s of [skb, clone, filler]) s.consume();
    expect([small.inUse, small.arena.blocksInUse]).toEqual([0, 0]);
  });

  it('never hands out overlapping memory, however blocks are freed and taken', () => {
    const arena = new Arena(40 * SMALL_BLOCK + 2 * LARGE_BLOCK);
    const taken = [];
    for (let block = arena.allocBlock(1); block !== null; block = arena.allocBlock(taken.length % 20 === 0 ? LARGE_BLOCK : 1)) taken.push(block);
    const ranges = taken.map((b) => [b.start, b.start + b.size] as const).sort((a, b) => a[0] - b[0]);
    for (let i = 1; i < ranges.length; i++) expect(ranges[i]?.[0]).toBeGreaterThanOrEqual(ranges[i - 1]?.[1] as number);
    for (const b of taken) arena.putBlock(b);
    expect(arena.blocksInUse).toBe(0);
    const again = taken.map((b) => arena.allocBlock(b.size));
    expect(new Set(again)).toEqual(new Set(taken));
    for (const b of again) if (b !== null) arena.putBlock(b);
  });
});

/** Fields that belong to the descriptor and not to the packet. */
const KEPT = new Set(['bytes', 'cache', 'shinfo', 'cb', 'users', 'dstNoref']);
/** Set from the block by every allocation. */
const POSITION = new Set(['head', 'data', 'tail', 'end', 'truesize']);

function scalars(skb: SkBuff): Record<string, unknown> {
  const { gsoSize, gsoSegs, gsoType, txFlags, ip6FragId, hwtstamps } = skb.shinfo;
  return {
    ...Object.fromEntries(Object.entries(skb).filter(([key]) => !KEPT.has(key))),
    cb: [...skb.cb],
    shinfo: { gsoSize, gsoSegs, gsoType, txFlags, ip6FragId, hwtstamps },
  };
}

describe('room', () => {
  it('moves from tail to head by reserve, and back into the packet by put and push [SKO-10] [SKO-11] [SKO-12] [SKO-14] [SKB-34]', () => {
    const skb = alloc(500);
    const room = skbTailroom(skb);
    skb.reserve(100);
    expect([skb.headroom(), skbTailroom(skb), skb.len]).toEqual([100, room - 100, 0]);
    const tail = skb.tail;
    expect(skb.put(30)).toBe(tail);
    expect([skb.len, skb.tail, skbTailroom(skb)]).toEqual([30, tail + 30, room - 130]);
    const data = skb.data;
    expect(skb.push(14)).toBe(data - 14);
    expect([skb.len, skb.headroom()]).toEqual([44, 86]);
    expect(skb.head <= skb.data && skb.data <= skb.tail && skb.tail <= skb.end).toBe(true);
    skb.consume();
  });

  it('does not stretch: past end and before head are panics [SKO-11] [SKO-12] [PAT-07]', () => {
    const skb = alloc(10);
    expect(() => skb.put(skbTailroom(skb) + 1)).toThrow(/skb_over_panic/);
    skb.consume();
    const other = alloc(10);
    other.reserve(5);
    expect(() => other.push(6)).toThrow(/skb_under_panic/);
    other.consume();
  });

  it('leaves pulled bytes in memory, and pulls no more than there is [SKO-13] [SKO-16] [SKI-02] [SKI-03]', () => {
    const skb = packet(cache, 'headerpayload');
    skb.resetNetworkHeader();
    expect(skb.pull(6)).toBe(skb.data);
    expect([textOf(skb), skb.len]).toEqual(['payload', 7]);
    expect(String.fromCharCode(...skb.bytes.subarray(skb.networkHeader, skb.networkHeader + 6))).toBe('header');
    expect(skb.pull(8)).toBe(-1);
    expect(textOf(skb)).toBe('payload');
    skb.consume();
  });

  it('is put in front of the payload once, so that no layer has to move it on the way down [SKO-15]', () => {
    const skb = alloc(MAX_TCP_HEADER + 7);
    skb.reserve(MAX_TCP_HEADER);
    putText(skb, 'payload');
    const at = skb.tail - 7;
    for (const header of [20, 20, 20, 14]) skb.push(header);
    expect(String.fromCharCode(...skb.bytes.subarray(at, at + 7))).toBe('payload');
    expect([skb.tail - 7, skb.len]).toEqual([at, 81]);
    skb.consume();
  });

  it('is cleared by putZero and filled by putData', () => {
    const skb = alloc(50);
    skb.bytes.fill(0xa5, skb.head, skb.end);
    const zeros = skb.putZero(3);
    const copied = skb.putData(Uint8Array.from([9, 8, 7, 6]), 1, 2);
    expect([...skb.bytes.subarray(zeros, zeros + 6)]).toEqual([0, 0, 0, 8, 7, 0xa5]);
    expect(copied).toBe(zeros + 3);
    skb.consume();
  });

  it('is trimmed at the end only, and never grows [SKO-21]', () => {
    const skb = packet(cache, 'abcdef');
    expect([skb.trim(9), textOf(skb)]).toEqual([0, 'abcdef']);
    expect([skb.trim(2), textOf(skb), skb.tail - skb.data]).toEqual([0, 'ab', 2]);
    skb.consume();
  });
});

describe('headers', () => {
  it('are positions, unset in a fresh sk_buff [SKB-33] [SKI-03]', () => {
    const skb = packet(cache, 'x'.repeat(60));
    expect([skbMacHeaderWasSet(skb), skbTransportHeaderWasSet(skb)]).toEqual([false, false]);
    skbResetMacHeader(skb);
    skb.pull(14);
    skb.resetNetworkHeader();
    skb.pull(20);
    skbResetTransportHeader(skb);
    expect([skbMacHeaderWasSet(skb), skbTransportHeaderWasSet(skb)]).toEqual([true, true]);
    expect([skb.networkHeader - skb.macHeader, skbNetworkHeaderLen(skb)]).toEqual([14, 20]);
    expect([skbNetworkOffset(skb), skbTransportOffset(skb)]).toEqual([-20, 0]);
    skb.consume();
  });

  it('move with the data when it gets another block [SKO-21]', () => {
    const skb = packet(cache, 'mac network transport');
    skbResetMacHeader(skb);
    skb.networkHeader = skb.data + 4;
    skb.transportHeader = skb.data + 12;
    skb.csumStart = skb.data + 12;
    expect(cache.expandHead(skb, 100, 50)).toBe(0);
    expect([skb.macHeader - skb.data, skbNetworkOffset(skb), skbTransportOffset(skb), skb.csumStart - skb.data]).toEqual([0, 4, 12, 12]);
    expect(skb.innerNetworkHeader).toBe(-1);
    expect(textOf(skb)).toBe('mac network transport');
    skb.consume();
  });

  it('that lie before the headroom of a copy are not set in it', () => {
    const skb = packet(cache, 'mac network');
    skbResetMacHeader(skb);
    skb.pull(4);
    skb.resetNetworkHeader();
    const near = skbCopyExpand(skb, 2, 0) as SkBuff;
    expect([near.macHeader, skbNetworkOffset(near)]).toEqual([-1, 0]);
    const far = skbCopyExpand(skb, 4, 0) as SkBuff;
    expect(String.fromCharCode(...far.bytes.subarray(far.macHeader, far.macHeader + 3))).toBe('mac');
    const shared = pskbCopy(skb, 4) as SkBuff;
    expect(String.fromCharCode(...shared.bytes.subarray(shared.macHeader, shared.macHeader + 3))).toBe('mac');
    for (const s of [skb, near, far, shared]) s.consume();
  });
});

describe('holders', () => {
  it('each free it once; the last one for real [SKO-06] [SKO-07] [SKO-08] [PAT-02]', () => {
    const skb = packet(cache, 'x');
    let freed = 0;
    skb.destructor = () => freed++;
    expect(skb.get()).toBe(skb);
    expect([skb.users, skb.shared()]).toEqual([2, true]);
    skb.consume();
    expect([freed, skb.shared(), cache.inUse]).toEqual([0, false, 1]);
    skb.kfree(SKB_DROP_REASON_NO_SOCKET);
    expect([freed, cache.inUse]).toEqual([1, 0]);
  });

  it('that free it too often are found out', () => {
    const skb = packet(cache, 'x');
    skb.consume();
    expect(() => skb.consume()).toThrow(/refcount underflow/);
  });

  it('count a loss when they drop it and none when they used it [SKO-07] [SKO-08] [SKI-05]', () => {
    const heard: number[] = [];
    cache.dropMonitor = (skb, reason) => heard.push(reason, skb.len);
    packet(cache, 'abc').kfree(SKB_DROP_REASON_NO_SOCKET);
    packet(cache, 'abc').consume();
    packet(cache, 'abc').kfree(SKB_CONSUMED);
    const shared = packet(cache, 'abc').get();
    shared.kfree(SKB_DROP_REASON_NOMEM);
    shared.consume();
    expect(heard).toEqual([SKB_DROP_REASON_NO_SOCKET, 3]);
    expect(cache.drops[SKB_DROP_REASON_NO_SOCKET]).toBe(1);
    expect(cache.drops.reduce((a, b) => a + b)).toBe(1);
  });

  it('get a clone of their own from shareCheck when there are others [SKO-09]', () => {
    const skb = packet(cache, 'shared');
    expect(skb.shareCheck()).toBe(skb);
    skb.get();
    const own = skb.shareCheck() as SkBuff;
    expect(own).not.toBe(skb);
    expect([own.users, skb.users, textOf(own)]).toEqual([1, 1, 'shared']);
    skb.consume();
    own.consume();
  });
});

describe('a clone', () => {
  it('shares the data, has positions of its own, and neither owner nor list [SKO-17] [SKB-14] [SHI-02]', () => {
    const skb = packet(cache, 'abcdef');
    skb.sk = {} as SkbSock;
    skb.destructor = () => {};
    skb.mark = 5;
    skb.cb[3] = 77;
    expect([skb.cloned, skb.isCloned()]).toEqual([false, false]);
    const clone = skb.clone() as SkBuff;
    expect([skb.cloned, clone.cloned, skb.isCloned(), clone.users, skb.shinfo.dataref]).toEqual([true, true, true, 1, 2]);
    expect([clone.sk, clone.destructor, clone.list, clone.next]).toEqual([null, null, null, null]);
    expect([clone.mark, clone.cb[3], clone.shinfo]).toEqual([5, 77, skb.shinfo]);
    clone.pull(3);
    clone.cb[3] = 1;
    expect([textOf(skb), textOf(clone), skb.cb[3]]).toEqual(['abcdef', 'def', 77]);
    skb.consume();
    expect([textOf(clone), clone.isCloned()]).toEqual(['def', false]);
    clone.consume();
  });

  it('carries the control buffer along, which belongs to the present layer [SKB-06] [SKI-11]', () => {
    const skb = packet(cache, 'x');
    for (let i = 0; i < SKB_CB_LANES; i++) skb.cb[i] = -i;
    const clone = skb.clone() as SkBuff;
    expect(SKB_CB_LANES * 4).toBe(48);
    expect([...clone.cb]).toEqual([...skb.cb]);
    clone.cb[11] = 5;
    expect(skb.cb[11]).toBe(-11);
    clone.consume();
    skb.consume();
  });

  it('keeps everything the packet was marked with', () => {
    const skb = packet(cache, 'x');
    const marks = {
      macLen: 14, skbIif: 3, protocol: 0x86dd, pktType: 2, ipSummed: CHECKSUM_COMPLETE, csum: 2 ** 40, csumOffset: 16, priority: 6, mark: 0xffffffff,
      hash: 0xdeadbeef,
      nfctinfo: 2, secmark: 4, vlanPresent: true, vlanProto: 0x8100, vlanTci: 0x2005, queueMapping: 3,
      napiId: 9, tstamp: 1.6e18, traceId: 12,
    };
    Object.assign(skb, marks);
    skb.bits |= SKB_INHERITED_BITS;
    const clone = skb.clone() as SkBuff;
    const copy = skbCopy(skb) as SkBuff;
    expect(clone).toMatchObject(marks);
    expect(copy).toMatchObject(marks);
    expect([clone, copy].map(({ bits }) => bits & SKB_INHERITED_BITS)).toEqual([SKB_INHERITED_BITS, SKB_INHERITED_BITS]);
    for (const s of [skb, clone, copy]) s.consume();
  });

  it('holds route, conntrack entry and extensions for itself [SKB-07] [SKB-16] [SKB-08]', () => {
    const kernel = boot();
    const dst = new DstEntry(addDevice(kernel).dev, dstOps());
    const objects = { nfct: counted(), sp: counted(), ext: counted() };
    const skb = packet(cache, 'x');
    Object.assign(skb, objects);
    skb.dstSet(dst);
    const clone = skb.clone() as SkBuff;
    const refs = (): number[] => [dst.refcnt, objects.nfct.refs, objects.sp.refs, objects.ext.refs];
    expect(refs()).toEqual([2, 2, 2, 2]);
    skb.consume();
    expect(refs()).toEqual([1, 1, 1, 1]);
    clone.consume();
    expect(refs()).toEqual([0, 0, 0, 0]);
  });
});

describe('the owner', () => {
  it('is told once by its destructor, by orphan or when the packet is freed [SKB-04] [SKB-22] [SKB-03]', () => {
    const skb = packet(cache, 'x');
    const told: string[] = [];
    skb.sk = {} as SkbSock;
    skb.destructor = (s) => told.push(s === skb ? 'told' : 'other');
    skb.orphan();
    expect([told, skb.sk, skb.destructor]).toEqual([['told'], null, null]);
    skb.orphan();
    skb.consume();
    expect(told).toEqual(['told']);

    const other = packet(cache, 'y');
    const clone = other.clone() as SkBuff;
    other.destructor = () => told.push('freed');
    clone.consume();
    expect(told).toEqual(['told']);
    other.kfree(SKB_DROP_REASON_NOMEM);
    expect(told).toEqual(['told', 'freed']);
  });

  it('sees the whole packet in its destructor', () => {
    const skb = packet(cache, 'whole');
    addFrag(skb, Uint8Array.from([33]));
    let seen = '';
    skb.destructor = (s) => (seen = `${textOf(s)} ${s.truesize}`);
    const { truesize } = skb;
    skb.consume();
    expect(seen).toBe(`whole! ${truesize}`);
  });
});

describe('the route', () => {
  function route(kernel: Kernel, dev: NetDevice): { dst: DstEntry; counter: DstOps } {
    expect(kernel.liveDevices).toBeGreaterThan(0);
    const counter = dstOps();
    return { dst: new DstEntry(dev, counter), counter };
  }

  it('is released when it was counted and only forgotten when it was borrowed [SKB-07] [PAT-02]', () => {
    const kernel = boot();
    const { dst, counter } = route(kernel, addDevice(kernel).dev);
    const skb = packet(cache, 'x');
    skb.dstSetNoref(dst);
    expect([dst.refcnt, skb.dstNoref]).toEqual([1, true]);
    skb.dstDrop();
    expect([dst.refcnt, skb.dst, skb.dstNoref]).toEqual([1, null, false]);
    skb.dstSetNoref(dst);
    skb.dstForce();
    expect([dst.refcnt, skb.dstNoref]).toEqual([2, false]);
    skb.dstForce();
    skb.dstSet(dst);
    expect([dst.refcnt, counter.entries]).toEqual([1, 1]);
    skb.consume();
    expect([dst.refcnt, counter.entries]).toEqual([0, 0]);
  });

  it('borrowed by a packet is borrowed by its clone', () => {
    const kernel = boot();
    const { dst } = route(kernel, addDevice(kernel).dev);
    const skb = packet(cache, 'x');
    skb.dstSetNoref(dst);
    const clone = skb.clone() as SkBuff;
    expect([clone.dst, clone.dstNoref, dst.refcnt]).toEqual([dst, true, 1]);
    skb.consume();
    clone.consume();
    expect(dst.refcnt).toBe(1);
    dst.release();
    expect(() => dst.release()).toThrow(/released too often/);
  });
});

describe('marks', () => {
  it('have the numbers of the kernel and start as nobody checked [SKB-11]', () => {
    expect([CHECKSUM_NONE, CHECKSUM_UNNECESSARY, CHECKSUM_COMPLETE, CHECKSUM_PARTIAL]).toEqual([0, 1, 2, 3]);
    const skb = alloc(1);
    expect(skb.ipSummed).toBe(CHECKSUM_NONE);
    skb.consume();
  });

  it('tell super-packets by their size, and TCP over IPv6 among them by a bit of the type [SHI-04]', () => {
    const skb = alloc(1);
    expect([skb.isGso(), skbIsGsoV6(skb)]).toEqual([false, false]);
    skb.shinfo.gsoSize = 1448;
    skb.shinfo.gsoType = SKB_GSO_TCPV4;
    expect([skb.isGso(), skbIsGsoV6(skb)]).toEqual([true, false]);
    skb.shinfo.gsoType = SKB_GSO_TCPV6 | (1 << 9);
    expect(skbIsGsoV6(skb)).toBe(true);
    const clone = skb.clone() as SkBuff;
    const copy = skbCopy(skb) as SkBuff;
    expect([clone.isGso(), skbIsGsoV6(copy)]).toEqual([true, true]);
    for (const s of [skb, clone, copy]) s.consume();
  });

  it('of conntrack and tracing are forgotten together [SKB-16]', () => {
    const nfct = counted();
    const skb = alloc(1);
    Object.assign(skb, { nfct, nfctinfo: 2, nfTrace: true });
    skb.nfReset();
    expect([skb.nfct, skb.nfctinfo, (skb.bits & SKB_NF_TRACE) !== 0, nfct.refs]).toEqual([null, 0, false, 0]);
    skb.consume();
  });
});

describe('an owner that keeps the payload only', () => {
  it('leaves the header to its clone, which writes it without a copy while it is the only one [SKB-15] [SHI-02]', () => {
    const skb = packet(cache, 'headerpayload');
    skbHeaderRelease(skb);
    const clone = skb.clone() as SkBuff;
    expect([(skb.bits & SKB_NOHDR) !== 0, (clone.bits & SKB_NOHDR) !== 0, clone.isCloned(), skbHeaderCloned(clone), skbHeaderCloned(skb)]).toEqual([true, false, true, false, true]);
    const { head } = clone;
    expect([skbCowHead(clone, 20), clone.head === head, cache.cow(clone, 20), clone.head === head]).toEqual([0, true, 0, false]);
    clone.consume();
    // Two that want the header: nobody writes it.
    const [a, b] = [skb.clone() as SkBuff, skb.clone() as SkBuff];
    expect([skbHeaderCloned(a), skbHeaderCloned(b)]).toEqual([true, true]);
    // The owner is gone, and its descriptor serves another clone of the same data.
    skb.consume();
    const c = a.clone() as SkBuff;
    b.consume();
    expect([c === skb, skbHeaderCloned(a), skbHeaderCloned(c)]).toEqual([true, true, true]);
    for (const s of [a, c]) s.consume();
    // A header of its own again.
    const own = packet(cache, 'x');
    skbHeaderRelease(own);
    expect([cache.expandHead(own, 0, 0), (own.bits & SKB_NOHDR) !== 0]).toEqual([0, false]);
    own.consume();
  });
});

describe('marks of rules', () => {
  it('begin at 0; a label and a trace go along with clones and copies; a trace ends by itself [SKB-31] [SKB-20]', () => {
    const skb = packet(cache, 'x');
    expect([skb.secmark, (skb.bits & SKB_NF_TRACE) !== 0]).toEqual([0, false]);
    skb.secmark = 0x11223344;
    skb.bits |= SKB_NF_TRACE;
    const others = [skb.clone() as SkBuff, skbCopy(skb) as SkBuff];
    expect(others.map((s) => [s.secmark, (s.bits & SKB_NF_TRACE) !== 0])).toEqual([[0x11223344, true], [0x11223344, true]]);
    skb.nfResetTrace();
    expect([(skb.bits & SKB_NF_TRACE) !== 0, skb.secmark, (others[0].bits & SKB_NF_TRACE) !== 0]).toEqual([false, 0x11223344, true]);
    for (const s of [skb, ...others]) s.consume();
  });
});

describe('freed memory', () => {
  it('is poisoned in a debug kernel, so that a use after free shows', () => {
    const skb = packet(cache, 'secret');
    const { bytes, data } = skb;
    skb.consume();
    expect([...bytes.subarray(data, data + 6)]).toEqual(new Array(6).fill(0x6b));
  });
});

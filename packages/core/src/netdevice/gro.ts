/**
 * Generic receive offload (`net/core/gro.c`): consecutive packets of one flow become one super-packet before they go up.
 *
 *   driver's poll → napiGroReceive → protocol offloads → held, merged, or
 *                                                        normal → list of 8 → netif_receive_skb_list
 *
 * A merged packet gives its payload to the `fragList` of the held one. What is held goes up when the poll ends, or, on a device with
 * `groFlushTimeout`, so long after it.
 */
import { netifReceiveSkbList } from './receive-list.ts';
import { csumFold, equalBytes } from '@skbuff/wire';
import { E2BIG, ENOMEM, ETH_P_IP } from '@skbuff/uapi';
import { SKB_DROP_REASON_NOT_SPECIFIED } from '../skbuff/drop-reason.ts';
import { skbChecksum } from '../skbuff/skb-checksum.ts';
import { GRO_CB_AGE, GRO_CB_COUNT, GRO_CB_FLUSH, GRO_CB_NETWORK, GRO_CB_OFFSET, GRO_CB_SAME_FLOW, GRO_CB_SIZE } from '../skbuff/skb-cb.ts';
import { freeList, skbSetFragList } from '../skbuff/skb-frags.ts';
import { SkBuffHead, skbQueueHead } from '../skbuff/skb-queue.ts';
import { CHECKSUM_UNNECESSARY, type SkBuff } from '../skbuff/skbuff.ts';
import { HrTimer, hrtimerCancel, hrtimerStart } from '../time/hrtimer.ts';
import { NETIF_F_GRO } from './features.ts';
import type { NapiStruct } from './napi.ts';
import type { NetDevice } from './netdevice.ts';

/** Lists of held packets of one NAPI instance, by flow hash, and flows in each. */
export const GRO_HASH_BUCKETS = 8;
export const MAX_GRO_SKBS = 8;

const AGE_MASK = 0x7fffffff;

/** `struct gro_node`: what one NAPI instance holds. */
export class GroNode {
  /** Newest first. */
  readonly hash: readonly SkBuffHead[] = Array.from({ length: GRO_HASH_BUCKETS }, () => new SkBuffHead());
  /** Packets in all lists. */
  held = 0;
  /** `rx_list`: what goes up next, linked by `next`, and packets in it (those in super-packets too). */
  rxFirst: SkBuff | null = null;
  rxLast: SkBuff | null = null;
  rxCount = 0;
  private readonly napi: NapiStruct;
  private readonly dev: NetDevice;
  /** Polls again, so that nothing is held for ever. */
  private readonly timer: HrTimer;

  constructor(napi: NapiStruct, dev: NetDevice) {
    this.napi = napi;
    this.dev = dev;
    this.timer = new HrTimer(() => dev.net.softnet.napiSchedule(napi));
  }

  /** `napi_gro_flush`: held packets go up, the oldest of each list first; with `flushOld` only those of earlier jiffies. */
  flush(flushOld: boolean): void {
    if (this.held === 0) return;
    const now = this.dev.net.timers.jiffies & AGE_MASK;
    for (const bucket of this.hash) {
      for (let skb = bucket.last; skb !== null; skb = bucket.last) {
        if (flushOld && skb.cb[GRO_CB_AGE] === now) break;
        groTake(this, bucket, skb);
      }
    }
  }

  /** `gro_normal_list`: the list of what goes up, goes. */
  normalList(): void {
    if (this.rxFirst === null) return;
    const { softnet } = this.dev.net;
    const first = this.takeNormal();
    if (softnet.busyPollers !== 0) for (let skb = first; skb !== null; skb = skb.next) skb.napiId = this.napi.napiId;
    netifReceiveSkbList(softnet, first);
  }

  private takeNormal(): SkBuff | null {
    const first = this.rxFirst;
    this.rxFirst = null;
    this.rxLast = null;
    this.rxCount = 0;
    return first;
  }

  /**
   * GRO's part of `napi_complete_done`: a device with `groFlushTimeout` that had work keeps what is fresh, and is polled again after that
   * time; else everything goes up. With `napiDeferHardIrqs` it is polled so many times more after its last work: false meanwhile.
   */
  done(workDone: number): boolean {
    const { napi, dev } = this;
    const { timers, kernel } = dev.net;
    let timeout = workDone !== 0 && this.held !== 0 ? dev.groFlushTimeout : 0;
    if (workDone !== 0) napi.deferHardIrqs = dev.napiDeferHardIrqs;
    const defer = napi.deferHardIrqs > 0;
    if (defer) {
      napi.deferHardIrqs--;
      timeout = dev.groFlushTimeout;
    }
    this.flush(timeout !== 0);
    this.normalList();
    if (timeout !== 0) hrtimerStart(timers, this.timer, kernel.clock.now() + timeout);
    return !defer || timeout === 0;
  }

  /** No poll will come: the timer stops. What is held stays held until the instance is enabled again, or deleted. */
  stop(): void {
    hrtimerCancel(this.dev.net.timers, this.timer);
  }

  /** `flush_gro_hash`: frees what is held. */
  purge(): void {
    this.stop();
    for (const bucket of this.hash) {
      for (let skb = bucket.dequeue(); skb !== null; skb = bucket.dequeue()) {
        const list = skb.shinfo.fragList;
        if (list !== null) list.prev = null;
        skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
      }
    }
    freeList(this.takeNormal());
    this.held = 0;
  }
}

/**
 * `napi_gro_receive`: a driver hands over a frame from its poll (as for `netif_rx`: `dev`, `protocol` and `macHeader` set, `data`
 * behind the link-layer header). Takes over the sk_buff. On a device without NETIF_F_GRO nothing is merged.
 */
export function napiGroReceive(napi: NapiStruct, skb: SkBuff): void {
  const node = napi.gro ?? newNode(napi);
  if (!devGroReceive(node, skb)) groNormalOne(node, skb, 1);
}

function newNode(napi: NapiStruct): GroNode {
  const node = new GroNode(napi, napi.dev as NetDevice);
  napi.gro = node;
  return node;
}

/** `dev_gro_receive`: true if the packet is held or was merged; false: it goes up as it is. */
function devGroReceive(node: GroNode, skb: SkBuff): boolean {
  const dev = skb.dev as NetDevice;
  if ((dev.features & NETIF_F_GRO) === 0) return false;
  const { kernel } = dev.net;
  const offload = kernel.offloads?.find(skb.protocol) ?? null;
  const { gsoSize, fragList } = skb.shinfo;
  // Super-packets are as large as they get: no protocol here makes them larger.
  if (offload === null || gsoSize !== 0 || fragList !== null) return false;
  const bucket = node.hash[skb.hash & (GRO_HASH_BUCKETS - 1)] as SkBuffHead;
  groListPrepare(bucket, skb);
  const { cb } = skb;
  cb[GRO_CB_OFFSET] = 0;
  cb[GRO_CB_FLUSH] = 0;
  cb[GRO_CB_SAME_FLOW] = 0;
  cb[GRO_CB_NETWORK] = 0;
  skb.networkHeader = skb.data;
  const done = offload.groReceive(bucket, skb);
  // Asked before `done` goes up: if `skb` is part of it, it may be free afterwards, and somebody else's packet.
  const merged = cb[GRO_CB_SAME_FLOW] !== 0;
  if (done !== null) groTake(node, bucket, done);
  if (merged) return true;
  if (cb[GRO_CB_FLUSH] !== 0) return false;
  if (bucket.qlen >= MAX_GRO_SKBS) groTake(node, bucket, bucket.last as SkBuff);
  cb[GRO_CB_COUNT] = 1;
  cb[GRO_CB_SIZE] = skb.len - cb[GRO_CB_OFFSET];
  cb[GRO_CB_AGE] = kernel.timers.jiffies & AGE_MASK;
  skbQueueHead(bucket, skb);
  node.held++;
  return true;
}

/** `gro_list_prepare`: marks the held packets that came the same way as `skb`. */
function groListPrepare(bucket: SkBuffHead, skb: SkBuff): void {
  const maclen = skb.data - skb.macHeader;
  for (let p = bucket.first; p !== null; p = p.next) p.cb[GRO_CB_SAME_FLOW] = sameWay(p, skb, maclen) ? 1 : 0;
}

function sameWay(p: SkBuff, skb: SkBuff, maclen: number): boolean {
  return (
    p.hash === skb.hash &&
    p.dev === skb.dev &&
    p.vlanPresent === skb.vlanPresent &&
    p.vlanTci === skb.vlanTci &&
    p.sk === skb.sk &&
    p.destructor === skb.destructor &&
    p.nfct === skb.nfct &&
    p.data - p.macHeader === maclen &&
    equalBytes(p.bytes, p.macHeader, skb.bytes, skb.macHeader, maclen)
  );
}

/**
 * `skb_gro_header`: where the header of `len` bytes begins that is `offset` bytes behind `data`, made linear; -1 if the packet is
 * shorter.
 */
export function skbGroHeader(skb: SkBuff, offset: number, len: number): number {
  return skb.mayPull(offset + len) ? skb.data + offset : -1;
}

/** `skb_gro_len`: bytes that no protocol has looked at yet. */
export function skbGroLen(skb: SkBuff): number {
  return skb.len - skb.cb[GRO_CB_OFFSET];
}

/**
 * `__skb_gro_checksum_validate_complete`: whether what no protocol has looked at yet is right, for a packet that nobody vouches for
 * ({@link skbCsumUnnecessary}); `psum`: sum of the pseudo-header. What is found right here is not looked at again.
 */
export function skbGroChecksumValidate(skb: SkBuff, psum: number): boolean {
  if (csumFold(skbChecksum(skb, skb.cb[GRO_CB_OFFSET], skbGroLen(skb), psum)) !== 0) return false;
  skb.ipSummed = CHECKSUM_UNNECESSARY;
  return true;
}

/** `netif_get_gro_max_size`: bytes that a merged packet of this EtherType has to stay below. */
function netifGetGroMaxSize(dev: NetDevice, protocol: number): number {
  return protocol === ETH_P_IP ? dev.groIpv4MaxSize : dev.groMaxSize;
}

/**
 * `skb_gro_receive`: appends the payload of `skb` to the held packet `p`, which owns it then. 0; -E2BIG (it may not wait, or together
 * they are too long) or -ENOMEM, and nothing is done.
 */
export function skbGroReceive(p: SkBuff, skb: SkBuff): number {
  const len = skbGroLen(skb);
  if (skb.cb[GRO_CB_FLUSH] !== 0 || p.len + len >= netifGetGroMaxSize(p.dev as NetDevice, p.protocol)) return -E2BIG;
  // A tap of the sender's may see the same data: its packet stays as it was.
  if (p.isCloned() && p.cache.expandHead(p, 0, 0) !== 0) return -ENOMEM;
  skb.pull(skb.cb[GRO_CB_OFFSET]);
  const info = p.shinfo;
  const first = info.fragList;
  if (first === null) skbSetFragList(p, skb);
  else (first.prev ?? first).next = skb;
  // The first of the list knows the last.
  (info.fragList as SkBuff).prev = skb;
  // The held packet pays for all.
  skb.destructor = null;
  skb.sk = null;
  p.len += len;
  p.dataLen += len;
  p.truesize += skb.truesize;
  p.cb[GRO_CB_COUNT]++;
  skb.cb[GRO_CB_SAME_FLOW] = 1;
  return 0;
}

/** Takes a held packet off its list and lets it go up. */
function groTake(node: GroNode, bucket: SkBuffHead, skb: SkBuff): void {
  bucket.unlink(skb);
  node.held--;
  groComplete(node, skb);
}

/** `napi_gro_complete`: makes a super-packet of what was merged. */
function groComplete(node: GroNode, skb: SkBuff): void {
  const count = skb.cb[GRO_CB_COUNT];
  if (count > 1) {
    const info = skb.shinfo;
    (info.fragList as SkBuff).prev = null;
    info.gsoSize = skb.cb[GRO_CB_SIZE];
    info.gsoSegs = count;
    const offload = (skb.dev as NetDevice).net.kernel.offloads?.find(skb.protocol) ?? null;
    if (offload === null || offload.groComplete(skb, 0) < 0) {
      skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
      return;
    }
  }
  groNormalOne(node, skb, count);
}

/** `gro_normal_one`: into the list of what goes up, which goes when it is long enough. */
function groNormalOne(node: GroNode, skb: SkBuff, segs: number): void {
  const { softnet } = (skb.dev as NetDevice).net;
  if (node.rxLast === null) node.rxFirst = skb;
  else node.rxLast.next = skb;
  node.rxLast = skb;
  node.rxCount += segs;
  if (node.rxCount >= softnet.groNormalBatch) node.normalList();
}

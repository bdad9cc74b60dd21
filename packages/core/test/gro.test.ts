/** Gluing packets of an invented protocol: a letter for the flow, then the payload. Capitals are not to wait. */
import { describe, expect, it } from 'vitest';
import {
  devOpen,
  devSetWantedFeatures,
  GRO_CB_FLUSH,
  GRO_CB_OFFSET,
  GRO_CB_SAME_FLOW,
  insmod,
  type Kernel,
  NAPI_POLL_WEIGHT,
  napiComplete,
  napiDisable,
  napiEnable,
  napiGroReceive,
  type NapiStruct,
  NETIF_F_GRO,
  type NetDevice,
  netifNapiAdd,
  netifNapiDel,
  SKB_GSO_UDP_L4,
  type SkBuff,
  SkBuffHead,
  skbGroHeader,
  skbGroReceive,
  unregisterNetdevice,
  VirtualClock,
  devAddOffload,
} from '../src/index.ts';
import { addDevice, boot, MS, packet, recorder, textOf } from './helpers.ts';

const TYPE = 0x88b5;
const CAPITALS_END = 90;
/** Ends the last packet of a flow. */
const FULL_STOP = 46;

function offload(kernel: Kernel): void {
  insmod(kernel, {
    name: 'offload',
    init: (ctx) =>
      devAddOffload(ctx, {
        type: TYPE,
        gsoSegment: () => null,
        groReceive(held: SkBuffHead, skb: SkBuff): SkBuff | null {
          const at = skbGroHeader(skb, skb.cb[GRO_CB_OFFSET] as number, 1);
          if (at < 0 || (skb.bytes[at] as number) <= CAPITALS_END) {
            skb.cb[GRO_CB_FLUSH] = 1;
            return null;
          }
          skb.cb[GRO_CB_OFFSET] = 1;
          for (let p = held.first; p !== null; p = p.next) {
            if (p.cb[GRO_CB_SAME_FLOW] === 0) continue;
            if (p.bytes[p.data] !== skb.bytes[at]) continue;
            return skbGroReceive(p, skb) === 0 && skb.bytes[skb.tail - 1] !== FULL_STOP ? null : p;
          }
          return null;
        },
        groComplete(skb: SkBuff): number {
          skb.shinfo.gsoType |= SKB_GSO_UDP_L4;
          return 0;
        },
      }),
  });
}

/** A driver with a ring, whose frames go through GRO. */
class Driver {
  readonly ring = new SkBuffHead();
  readonly napi: NapiStruct;
  readonly dev: NetDevice;

  constructor(kernel: Kernel) {
    this.dev = addDevice(kernel, {}).dev;
    devOpen(this.dev);
    this.napi = netifNapiAdd(this.dev, (napi, budget) => {
      let work = 0;
      for (; work < budget; work++) {
        const skb = this.ring.dequeue();
        if (skb === null) break;
        napiGroReceive(napi, skb);
      }
      if (work < budget) napiComplete(this.dev.net.softnet, napi, work);
      return work;
    });
    napiEnable(this.napi);
  }

  frame(text: string, mac = 'mac'): SkBuff {
    const skb = packet(this.dev.net.skbs, mac + text, this.dev);
    skb.protocol = TYPE;
    skb.macHeader = skb.data;
    skb.pull(mac.length);
    return skb;
  }

  /** All of these come in one poll. */
  arrive(...frames: readonly (string | SkBuff)[]): void {
    const { softirq, softnet } = this.dev.net.kernel;
    for (const frame of frames) this.ring.queueTail(typeof frame === 'string' ? this.frame(frame) : frame);
    softirq.localBhDisable();
    softnet.napiSchedule(this.napi);
    softirq.localBhEnable();
  }
}

interface Bench {
  readonly kernel: Kernel;
  readonly clock: VirtualClock;
  readonly driver: Driver;
  /** What came up; glued: `text/size*count`. */
  take(): string[];
}

function bench(): Bench {
  const clock = new VirtualClock();
  const kernel = boot({ clock });
  offload(kernel);
  const got: string[] = [];
  const pt = recorder(TYPE, got, '', {
    func(skb) {
      const { gsoSize, gsoSegs } = skb.shinfo;
      got.push(textOf(skb) + (skb.isGso() ? `/${gsoSize}*${gsoSegs}` : ''));
      skb.consume();
      return 0;
    },
  });
  insmod(kernel, { name: 'listener', init: (ctx) => ctx.packetType(pt) });
  return { kernel, clock, driver: new Driver(kernel), take: () => got.splice(0) };
}

describe('napi_gro_receive', () => {
  it('makes one of the consecutive packets of a flow, and lets it go up at the end of the poll [RX-12]', () => {
    const { driver, take } = bench();
    driver.arrive('aone', 'btwo', 'asix', 'aten', 'b');
    expect(take()).toEqual(['aonesixten/3*3', 'btwo/3*2']);
    driver.arrive('aone');
    driver.arrive('asix');
    expect(take()).toEqual(['aone', 'asix']);
  });

  it('glues nothing on a device with GRO off, until it is on again [RX-12] [FEA-06]', () => {
    const { driver, take } = bench();
    devSetWantedFeatures(driver.dev, 0, NETIF_F_GRO);
    driver.arrive('aone', 'atwo');
    expect(take()).toEqual(['aone', 'atwo']);
    devSetWantedFeatures(driver.dev, NETIF_F_GRO, NETIF_F_GRO);
    driver.arrive('aone', 'atwo');
    expect(take()).toEqual(['aonetwo/3*2']);
  });

  it('glues only what came by one device and one link-layer header, tag, flow hash and owner alike [RX-12]', () => {
    const { kernel, driver, take } = bench();
    const change = (set: (skb: SkBuff) => void): SkBuff => {
      const skb = driver.frame('abc');
      set(skb);
      return skb;
    };
    const others: [string, SkBuff][] = [
      ['mac', driver.frame('abc', 'cam')],
      ['hash', change((skb) => (skb.hash = 8))],
      ['tag', change((skb) => ((skb.vlanPresent = true), (skb.vlanTci = 0)))],
      ['owner', change((skb) => (skb.sk = { net: kernel.initNet, priority: 0, mark: 0, setOwnerW() {} }))],
    ];
    for (const [what, other] of others) {
      driver.arrive('axy', other, 'az');
      expect([what, take()]).toEqual([what, ['axyz/2*2', 'abc']]);
    }
  });

  it('passes on at once what may not wait, what nobody glues, and what is one of many already', () => {
    const { driver, take } = bench();
    const foreign = driver.frame('afor');
    foreign.protocol = 0x88b6;
    const whole = driver.frame('awhole');
    whole.shinfo.gsoSize = 3;
    whole.shinfo.gsoSegs = 2;
    driver.arrive('aone', 'XX', whole, 'atwo', foreign);
    expect(take()).toEqual(['XX', 'awhole/3*2', 'aonetwo/3*2']);
    expect(driver.dev.stats[6]).toBe(1);
  });

  it('holds eight packets of one hash; the ninth flow drives the oldest out [RX-12]', () => {
    const { driver, take } = bench();
    const flows = [...'abcdefgh'];
    const packets = (of: readonly string[], n: number): string[] => of.map((f) => `${f}${n}`);
    driver.arrive(...packets(flows, 1), ...packets(flows, 2));
    expect(take()).toEqual(flows.map((f) => `${f}12/1*2`));
    driver.arrive(...packets(flows, 1), 'i1', ...packets(flows, 2), 'i2');
    expect(take()).toEqual([...packets(flows, 1), 'i1', ...packets(flows, 2), 'i2']);
  });

  it('holds eight for each of eight hashes', () => {
    const { driver, take } = bench();
    const hashed = (text: string, hash: number): SkBuff => {
      const skb = driver.frame(text);
      skb.hash = hash;
      return skb;
    };
    const first = [...'abcdefghij'].map((f, i) => hashed(`${f}1`, i));
    driver.arrive(...first, ...[...'abcdefghij'].map((f, i) => hashed(`${f}2`, i)));
    expect(take().sort()).toEqual([...'abcdefghij'].map((f) => `${f}12/1*2`));
  });

  it('is done with a packet that completes another one before that one is given to somebody', () => {
    const { kernel, driver, take } = bench();
    kernel.softnet.groNormalBatch = 1;
    const answers: SkBuff[] = [];
    // Whoever gets the whole takes the descriptors that are free then.
    const answer = recorder(TYPE, [], '', {
      func(skb) {
        skb.consume();
        return 0;
      },
    });
    insmod(kernel, { name: 'second', init: (ctx) => ctx.packetType(answer) });
    insmod(kernel, {
      name: 'third',
      init: (ctx) =>
        ctx.packetType(recorder(TYPE, [], '', {
          func(skb) {
            skb.consume();
            for (let i = 0; i < 3; i++) answers.push(packet(kernel.skbs, 'answer'));
            return 0;
          },
        })),
    });
    driver.arrive('a1', 'a2.', 'b');
    expect([take(), answers.map((skb) => [skb.users, skb.list, textOf(skb)])]).toEqual([['a12./1*2', 'b'], Array(6).fill([1, null, 'answer'])]);
    for (const skb of answers) skb.consume();
  });

  it('stays below the device’s limit', () => {
    const { driver, take } = bench();
    driver.dev.groMaxSize = 10;
    driver.arrive('aone', 'atwo', 'asix', 'aten');
    expect(take()).toEqual(['aonetwo/3*2', 'asixten/3*2']);
  });

  it('hands up eight packets at a time, counting those that were glued', () => {
    const { kernel, driver, take } = bench();
    const seen: number[] = [];
    const poll = (): void => void seen.push(take().length);
    const letters = Array.from({ length: 8 }, (_, i) => `X${i}`);
    kernel.softirq.localBhDisable();
    for (const text of letters) {
      napiGroReceive(driver.napi, driver.frame(text));
      poll();
    }
    kernel.softnet.groNormalBatch = 2;
    for (const text of ['Y', 'Z']) {
      napiGroReceive(driver.napi, driver.frame(text));
      poll();
    }
    kernel.softirq.localBhEnable();
    expect(seen).toEqual([0, 0, 0, 0, 0, 0, 0, 8, 0, 2]);
  });
});

describe('what is held', () => {
  it('goes up when a poll used its whole weight and time has passed, and stays within one jiffy [RX-12]', () => {
    const { kernel, clock, driver, take } = bench();
    kernel.softirq.localBhDisable();
    napiGroReceive(driver.napi, driver.frame('aold'));
    kernel.softirq.localBhEnable();
    clock.advance(2 * MS);
    // 64 of one flow, then one more of each.
    driver.arrive(...Array.from({ length: 64 }, () => 'b1'), 'a2', 'b2');
    expect(take()).toEqual(['aold', `b${'1'.repeat(64)}2/1*65`, 'a2']);
  });

  it('stays for gro_flush_timeout after the last poll that had work [RX-12]', () => {
    const { clock, driver, take } = bench();
    driver.dev.groFlushTimeout = 300_000;
    driver.arrive('a1');
    clock.advance(200_000);
    driver.arrive('a2');
    clock.advance(299_999);
    expect(take()).toEqual([]);
    clock.advance(1);
    expect(take()).toEqual(['a12/1*2']);
  });

  it('is not kept beyond a jiffy where polls go on', () => {
    const { clock, driver, take } = bench();
    driver.dev.groFlushTimeout = 10 * MS;
    driver.arrive('a1');
    clock.advance(5 * MS);
    driver.arrive('b1');
    expect(take()).toEqual(['a1']);
    clock.advance(10 * MS);
    expect(take()).toEqual(['b1']);
  });

  it('waits while the instance is disabled, and is freed when it is deleted', () => {
    const { kernel, clock, driver, take } = bench();
    driver.dev.groFlushTimeout = 300_000;
    driver.arrive('a1', 'a2', 'b1');
    napiDisable(kernel.softnet, driver.napi);
    clock.advance(MS);
    expect([take(), kernel.skbs.inUse]).toEqual([[], 3]);
    netifNapiDel(driver.dev, driver.napi);
    expect(kernel.skbs.inUse).toBe(0);
  });

  it.each([['its ring is empty', 3], ['its weight is used up', NAPI_POLL_WEIGHT]])('is freed when the instance goes in a poll of its own, after which %s', (_when, frames) => {
    const { kernel, driver, take } = bench();
    kernel.softnet.groNormalBatch = 1;
    driver.dev.groFlushTimeout = MS;
    insmod(kernel, {
      name: 'destroyer',
      init: (ctx) =>
        ctx.packetType(recorder(TYPE, [], '', {
          func(skb) {
            skb.consume();
            napiDisable(kernel.softnet, driver.napi);
            netifNapiDel(driver.dev, driver.napi);
            return 0;
          },
        })),
    });
    driver.arrive('a1', 'X', ...Array.from({ length: frames - 2 }, () => 'b1'));
    expect([take(), kernel.skbs.inUse, driver.dev.napiList.length]).toEqual([['X'], 0, 0]);
  });

  it('is freed with a device whose driver forgot the instance', () => {
    const { kernel, driver } = bench();
    driver.dev.groFlushTimeout = MS;
    driver.arrive('a1', 'a2');
    unregisterNetdevice(driver.dev);
    expect([kernel.skbs.inUse, driver.dev.napiList.length]).toEqual([0, 0]);
  });

  it('leaves alone what a clone shows', () => {
    const { driver, take } = bench();
    const one = driver.frame('aone');
    const clone = one.clone() as SkBuff;
    driver.arrive(one, 'atwo');
    expect([take(), textOf(clone), clone.isGso()]).toEqual([['aonetwo/3*2'], 'aone', false]);
    clone.consume();
  });

  it('pays for what it is given: the owner is charged until all is gone', () => {
    const { kernel, clock, driver, take } = bench();
    const sk = { net: kernel.initNet, priority: 0, mark: 0, charged: 0, setOwnerW() {} };
    const uncharge = (skb: SkBuff): void => void (sk.charged -= skb.truesize);
    const owned = (text: string): SkBuff => {
      const skb = driver.frame(text);
      skb.sk = sk;
      skb.destructor = uncharge;
      sk.charged += skb.truesize;
      return skb;
    };
    driver.dev.groFlushTimeout = MS;
    driver.arrive(owned('a1'), owned('a2'), owned('a3'));
    expect(sk.charged).toBeGreaterThan(0);
    clock.advance(MS);
    expect([take(), sk.charged]).toEqual([['a123/1*3'], 0]);
  });
});

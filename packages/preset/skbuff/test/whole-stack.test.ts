/** The whole stack under conditions that no single package can show. */
import { createKernel, lsmod, type Net, type NetDevice, netifReceiveSkbList, Random, rmmod, setupNet, type SkBuff, VirtualClock } from '@skbuff/core';
import { describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet } from '../src/index.ts';
import { linux } from '../src/linux.ts';

interface Routed {
  readonly net: HostNet;
  readonly clock: VirtualClock;
  readonly h1: Host;
  readonly r1: Host;
  readonly h2: Host;
}

function routed(): Routed {
  const clock = new VirtualClock();
  const net = createNet({ seed: 7, debug: true, clock });
  const h1 = net.host('h1');
  const r1 = net.router('r1');
  const h2 = net.host('h2');
  net.link(h1, r1);
  net.link(r1, h2);
  h1.addr.add({ dev: 'eth0', cidr: '10.0.1.2/24' });
  r1.addr.add({ dev: 'eth0', cidr: '10.0.1.1/24' });
  r1.addr.add({ dev: 'eth1', cidr: '10.0.2.1/24' });
  h2.addr.add({ dev: 'eth0', cidr: '10.0.2.2/24' });
  h1.route.add({ to: 'default', via: '10.0.1.1' });
  h2.route.add({ to: 'default', via: '10.0.2.1' });
  return { net, clock, h1, r1, h2 };
}

/** Frames that `ping` puts on the first link, each direction. */
async function recorded(count: number): Promise<Uint8Array[]> {
  const { net, h1, r1 } = routed();
  const frames: Uint8Array[] = [];
  const dev = r1.ns.devGetByName('eth0') as NetDevice;
  const undo = tap(dev, (skb) => frames.push(skb.bytes.slice(skb.macHeader, skb.tail)));
  await h1.ping('10.0.2.2', { count, interval: 10 });
  undo();
  expect(net.close()).toEqual({});
  return frames;
}

function tap(dev: NetDevice, see: (skb: SkBuff) => void): () => void {
  const pt = {
    type: 3,
    dev,
    net: null,
    ignoreOutgoing: false,
    func(skb: SkBuff): number {
      see(skb);
      skb.consume();
      return 0;
    },
    listFunc: null,
  };
  dev.net.softnet.addPack(pt);
  return () => dev.net.softnet.removePack(pt);
}

/** A frame as if it had come in by `dev`; null when it is too short to be one. */
function received(dev: NetDevice, frame: Uint8Array): SkBuff | null {
  const skb = dev.net.skbs.allocRx(dev, Math.max(frame.length, 14));
  if (skb === null || frame.length < 14) {
    skb?.consume();
    return null;
  }
  skb.putData(frame, 0, frame.length);
  skb.macHeader = skb.data;
  skb.protocol = (frame[12] << 8) | frame[13];
  const own = frame.subarray(0, 6).every((byte, i) => byte === dev.devAddr[i]);
  skb.pktType = own ? 0 : (frame[0] & 1) !== 0 ? 1 : 3;
  skb.pull(14);
  return skb;
}

it('takes options, not a list of plugins nor who makes one', () => {
  expect(() => createNet(linux as never)).toThrow('createNet: the function linux is given where an object of options has to be. Write createNet({ plugins: linux(), seed: 1 })');
  expect(() => createNet(linux() as never)).toThrow('createNet: there is no 0, only plugins, commands');
});

describe('the whole stack', () => {
  it('is unloaded in reverse, plugin by plugin, and leaves nothing', () => {
    const kernel = createKernel({ plugins: linux(), debug: true });
    const extra = setupNet(kernel) as Net;
    expect(extra.devGetByName('lo')?.ifindex).toBe(1);
    for (const { name } of [...lsmod(kernel)].reverse()) expect([name, rmmod(kernel, name)]).toEqual([name, 0]);
    expect(kernel.leaks()).toEqual({ net: 2 });
    expect(kernel.shutdown()).toEqual({});
  });

  it('refuses to unload what another plugin requires, and says who is missing', () => {
    const kernel = createKernel({ plugins: linux() });
    expect(rmmod(kernel, '@skbuff/ipv4')).toBe(-16);
    expect(kernel.shutdown()).toEqual({});
    expect(() => createKernel({ plugins: linux().filter(({ name }) => name !== '@skbuff/netlink') })).toThrow('requires @skbuff/netlink, which is not loaded');
  });

  it('gives a list of frames the same treatment as the frames one by one', async () => {
    const frames = (await recorded(5)).filter((frame) => frame[12] === 8 && frame[13] === 0);
    expect(frames.length).toBeGreaterThan(5);
    const outcome = (asList: boolean): unknown => {
      const { net, clock, r1, h2 } = routed();
      const dev = r1.ns.devGetByName('eth0') as NetDevice;
      const seen: string[] = [];
      const undo = tap(h2.ns.devGetByName('eth0') as NetDevice, (skb) => seen.push([...skb.bytes.subarray(skb.networkHeader, skb.tail)].join(' ')));
      let first: SkBuff | null = null;
      let last: SkBuff | null = null;
      for (const frame of frames) {
        const skb = received(dev, frame) as SkBuff;
        if (!asList) dev.net.softnet.netifReceiveSkb(skb);
        else if (last === null) first = skb;
        else last.next = skb;
        last = skb;
      }
      net.kernel.softirq.localBhDisable();
      netifReceiveSkbList(dev.net.softnet, first);
      net.kernel.softirq.localBhEnable();
      clock.advance(5e9);
      undo();
      return { seen, leaks: net.close() };
    };
    const one = outcome(false) as { seen: string[]; leaks: object };
    expect(one.seen.length).toBeGreaterThan(4);
    expect(outcome(true)).toEqual(one);
    expect(one.leaks).toEqual({});
  });

  it('survives frames truncated at every length and mutated frames into every device', async () => {
    const frames = await recorded(2);
    const { net, clock, h1, r1, h2 } = routed();
    const random = new Random(42);
    const devs = [h1, r1, h2].flatMap((host) => [...host.ns.devList]);
    const inject = (dev: NetDevice, frame: Uint8Array): void => {
      const skb = received(dev, frame);
      if (skb !== null) dev.net.softnet.netifRx(skb);
    };
    for (const frame of frames) {
      for (let n = 0; n <= frame.length; n++) for (const dev of devs) inject(dev, frame.subarray(0, n));
    }
    for (let i = 0; i < 20_000; i++) {
      const frame = (frames[random.below(frames.length)] as Uint8Array).slice();
      frame.set((devs[i % devs.length] as NetDevice).devAddr.subarray(0, 6));
      for (let flips = 1 + random.below(4); flips > 0; flips--) frame[12 + random.below(frame.length - 12)] = random.u32() & 0xff;
      inject(devs[i % devs.length] as NetDevice, frame);
      if (i % 64 === 0) clock.advance(1e6);
    }
    clock.advance(120e9);
    expect((await h1.ping('10.0.2.2', { count: 2 })).replies.length).toBe(2);
    expect(net.close()).toEqual({});
  });
});

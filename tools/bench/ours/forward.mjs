/**
 * The same topology as the kernel's side: a –veth– r –veth– b. Frames of 60 bytes enter r's first device as received frames, in
 * lists of 64, each written into a fresh sk_buff; they are routed by a table of 10 routes beside the connected ones, leave by the
 * second device, and an rx handler of b's device discards them.
 */
import { createKernel, netifReceiveSkbList, setupNet, netdevRxHandlerRegister, RX_HANDLER_CONSUMED, TX_PACKETS, VirtualClock } from '@skbuff/core';
import { ethTypeTrans } from '@skbuff/ethernet';
import { attachCapture, PcapngWriter } from '@skbuff/pcapng';
import { sysctlOf } from '@skbuff/sysctl';
import { inetPton, ipComputeCsum, setBe16 } from '@skbuff/wire';
import { families } from '../lib/families.mjs';
import { DESTINATIONS, manyPrefixes } from '../lib/prefixes.mjs';
import { address, familyOf, must, route, stack, wire } from './topology.mjs';

/** Frames that a poll hands over at once, as NAPI does. */
const LIST = 64;

/** @param {import('./contract.mjs').Options} options */
export function setup(options) {
  const length = options.list ?? LIST;
  const family = families[options.version ?? 4];
  const { frame } = family;
  const clock = new VirtualClock();
  const kernel = createKernel({ clock, plugins: stack(options) });
  const [a, r, b] = [setupNet(kernel), setupNet(kernel), setupNet(kernel)];
  const left = wire(a, 'a0', r, 'r0');
  const right = wire(r, 'r1', b, 'b0');
  clock.advance(1e9);
  address(left.dev, family.source, family.prefixlen);
  address(left.peer, family.router[0], family.prefixlen);
  address(right.dev, family.router[1], family.prefixlen);
  address(right.peer, family.gateway, family.prefixlen);
  must(sysctlOf(r).write(family.version === 6 ? 'net/ipv6/conf/all/forwarding' : 'net/ipv4/ip_forward', '1'), 'forwarding');
  for (const prefix of family.routes) route(r, ...split(prefix), family.gateway);
  const many = options.routes ? manyPrefixes(family.version, options.routes) : undefined;
  for (const { bytes, length: plen } of many?.prefixes ?? []) route(r, bytes, plen, family.gateway);

  const r0 = left.peer;
  const r1 = right.dev;
  const { skbs, softirq, softnet } = kernel;
  const bytes = skbs.arena.bytes;
  const template = skbs.arena.allocBlock(frame);
  writeFrame(bytes, template.start, r0.devAddr, family);
  const fill = many === undefined ? () => {} : destinationsInTurn(bytes, family, many.destinations);

  /** One list of frames through the router. */
  function inject() {
    softirq.localBhDisable();
    let first = null;
    for (let i = 0; i < length; i++) {
      const skb = skbs.allocRx(r0, frame);
      const off = skb.put(frame);
      bytes.copyWithin(off, template.start, template.start + frame);
      fill(off);
      skb.protocol = ethTypeTrans(skb, r0);
      skb.next = first;
      first = skb;
    }
    if (length === 1) softnet.netifReceiveSkb(first);
    else netifReceiveSkbList(softnet, first);
    softirq.localBhEnable();
  }

  inject(); // the first packets wait for ARP
  clock.advance(1e9);
  must(netdevRxHandlerRegister(right.peer, (skb) => {
    skb.consume();
    return RX_HANDLER_CONSUMED;
  }), 'rx handler');
  if (options.capture) attachCapture([r0, r1], new PcapngWriter(() => {}));
  const start = r1.stats[TX_PACKETS];
  inject();
  if (!options.cut && r1.stats[TX_PACKETS] !== start + length) throw new Error('frames do not come out: the topology is not set up right');

  return {
    run(ms) {
      const before = r1.stats[TX_PACKETS];
      const begin = performance.now();
      const end = begin + ms;
      let injected = 0;
      let now = begin;
      do {
        for (let i = 0; i < 1024; i += length) inject();
        injected += 1024;
        now = performance.now();
      } while (now < end);
      return { packets: options.cut ? injected : r1.stats[TX_PACKETS] - before, ns: (now - begin) * 1e6 };
    },
    close() {
      skbs.arena.putBlock(template);
      const leaks = kernel.shutdown();
      if (Object.keys(leaks).length > 0) throw new Error(`leaks: ${JSON.stringify(leaks)}`);
    },
  };
}

/** @param {string} prefix @returns {[dst: string, dstLen: number]} */
function split(prefix) {
  const [dst, dstLen] = prefix.split('/');
  return [dst, Number(dstLen)];
}

/** UDP from the family's source to its destination, 18 bytes of payload. */
function writeFrame(bytes, off, dest, { version, frame, source, destination }) {
  const ip = off + 14;
  const udp = ip + (version === 6 ? 40 : 20);
  bytes.set(dest.subarray(0, 6), off);
  bytes.set([2, 0, 0, 0, 0, 9], off + 6);
  setBe16(bytes, off + 12, version === 6 ? 0x86dd : 0x0800);
  if (version === 6) bytes.set([0x60, 0, 0, 0, 0, frame - 54, 17, 64], ip);
  else bytes.set([0x45, 0, 0, frame - 14, 0, 0, 0, 0, 64, 17, 0, 0], ip);
  const size = version === 6 ? 16 : 4;
  bytes.set(inetPton(familyOf(source), source), udp - 2 * size);
  bytes.set(inetPton(familyOf(source), destination), udp - size);
  if (version === 4) setBe16(bytes, ip + 10, ipComputeCsum(bytes, ip, 20));
  bytes.set([0x11, 0, 7000 >> 8, 7000 & 0xff, 0, frame - (udp - off), 0, 0], udp);
}

/**
 * Every frame to another destination, as far from each other as chance has put them; the header checksum of IPv4 is made anew, which the
 * kernel's source need not do: its frames are told that a device has verified it.
 */
function destinationsInTurn(bytes, { version }, destinations) {
  const size = version === 6 ? 16 : 4;
  const at = version === 6 ? 38 : 30;
  let next = 0;
  return (off) => {
    const from = next * size;
    for (let i = 0; i < size; i++) bytes[off + at + i] = destinations[from + i];
    next = (next + 1) % DESTINATIONS;
    if (version !== 4) return;
    setBe16(bytes, off + 24, 0);
    setBe16(bytes, off + 24, ipComputeCsum(bytes, off + 14, 20));
  };
}
